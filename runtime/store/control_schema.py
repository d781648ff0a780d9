"""The tables of the control database, as the migrations that made them. A migration is never changed, only followed."""

from __future__ import annotations

import contextlib

from sqlite_utils import Database, Migrations

from runtime.store import accounts, audit, secrets

MIGRATIONS = Migrations("control")


@MIGRATIONS()
def versions_and_environments(db: Database) -> None:
    """The first tables. AUTOINCREMENT, because a version's number is never used again."""
    db.execute("CREATE TABLE blob (hash TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT")
    db.execute(
        "CREATE TABLE version (number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL REFERENCES blob(hash),"
        " created_at REAL NOT NULL, note TEXT NOT NULL) STRICT"
    )
    db.execute(
        "CREATE TABLE environment (name TEXT PRIMARY KEY, version INTEGER NOT NULL REFERENCES version(number)) STRICT"
    )


@MIGRATIONS()
def commands(db: Database) -> None:
    """What operators ask of the routers. A number is never used again: routers remember the last one that they took."""
    db.execute(
        "CREATE TABLE command (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, body TEXT NOT NULL) STRICT"
    )


@MIGRATIONS()
def audit_log(db: Database) -> None:
    """Who did what, in a chain of hashes."""
    audit.create(db)


@MIGRATIONS()
def workspaces(db: Database) -> None:
    """Drafts. Each save is a revision; its number is never used again, because hits of previews carry it."""
    db.execute(
        "CREATE TABLE workspace (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, base INTEGER NOT NULL,"
        " note TEXT NOT NULL, created_at REAL NOT NULL, state TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE UNIQUE INDEX workspace_open ON workspace (name) WHERE state = 'open'")
    db.execute(
        "CREATE TABLE revision (number INTEGER PRIMARY KEY AUTOINCREMENT, workspace INTEGER NOT NULL REFERENCES"
        " workspace(id), source TEXT NOT NULL REFERENCES blob(hash), snapshot TEXT REFERENCES blob(hash),"
        " at REAL NOT NULL, who TEXT NOT NULL, note TEXT NOT NULL) STRICT"
    )
    db.execute("CREATE INDEX revision_workspace ON revision (workspace, number)")


@MIGRATIONS()
def environments_and_keys(db: Database) -> None:
    """Environments beside `live` answer on hosts of their own; keys sign the links of previews."""
    db.execute("ALTER TABLE environment ADD COLUMN hosts TEXT NOT NULL DEFAULT '[]'")
    db.execute("ALTER TABLE environment ADD COLUMN sends INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE TABLE key (name TEXT PRIMARY KEY, value BLOB NOT NULL, made_at REAL NOT NULL) STRICT")


@MIGRATIONS()
def authors_and_sources(db: Database) -> None:
    """Who made a version, as the audit log told before; and the files that it was made of, where they are known."""
    db.execute("ALTER TABLE version ADD COLUMN who TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE version ADD COLUMN source TEXT REFERENCES blob(hash)")
    db.execute(
        "UPDATE version SET who = coalesce((SELECT audit.who FROM audit WHERE audit.what = 'publish'"
        " AND json_extract(audit.detail, '$.made') AND json_extract(audit.detail, '$.version') = version.number), '')"
    )


@MIGRATIONS()
def who_may_sign_in(db: Database) -> None:
    """Users, sessions, invitations and tokens of the admin port."""
    for table in accounts.TABLES:
        db.execute(table)


@MIGRATIONS()
def secret_store(db: Database) -> None:
    """Secrets, sealed."""
    db.execute(secrets.TABLE)


def known_migrations() -> set[str]:
    """Returns the names of all migrations; a file that has others was written by a newer Firsthand."""
    with contextlib.closing(Database(memory=True)) as blank:
        return {migration.name for migration in MIGRATIONS.pending(blank)}
