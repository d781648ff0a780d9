"""Users, links, sessions, tokens and failed tries in the control database, by a clock of the test's."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.store import audit
from runtime.store.accounts import Accounts
from runtime.store.control import Control
from runtime.store.failures import FORGET_S, FREE_TRIES, address_key, name_key, wait_s
from runtime.store.invitations import INVITATION_S
from runtime.store.sessions import IDLE_S, LONGEST_S
from runtime.store.users import open_totp, seal_totp
from runtime.text.vault import Vault

NAME, ADDRESS = name_key("ann"), address_key("192.0.2.1")
TRY = {NAME: FREE_TRIES, ADDRESS: 20}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    with Control(tmp_path / "control.db", who="test") as control:
        yield control


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(control: Control, clock: Clock) -> Accounts:
    tell = partial(audit.add, control._db, "test")
    return Accounts(control._connection, control._transaction, tell, clock)


def _told(control: Control) -> list[str]:
    return [f"{row.what} {row.content['did']}" for row in control.audit_log()]


def test_sessions_end_by_idleness_and_by_age(accounts: Accounts, clock: Clock) -> None:
    ann = accounts.add("ann", "admin")
    secret, session = accounts.sign_in(ann, "192.0.2.1", "a browser")
    while clock.now - session.made_at < LONGEST_S - IDLE_S:
        clock.now += IDLE_S - 1
        assert accounts.session(secret) is not None
    clock.now = session.made_at + LONGEST_S
    assert accounts.session(secret) is None
    secret, _ = accounts.sign_in(ann, "192.0.2.1", "a browser")
    clock.now += IDLE_S
    assert accounts.session(secret) is None
    assert accounts.sessions() == []


@pytest.mark.parametrize(
    "values", [{"role": "viewer"}, {"password": "a-hash"}, {"totp": "sealed"}, {"disabled": 1}], ids=str
)
def test_what_changes_a_person_ends_its_sessions(accounts: Accounts, values: dict[str, object]) -> None:
    accounts.add("boss", "admin")
    ann, bob = accounts.add("ann", "admin"), accounts.add("bob", "viewer")
    first, session = accounts.sign_in(ann, "", "")
    second, _ = accounts.sign_in(ann, "", "")
    other, _ = accounts.sign_in(bob, "", "")
    accounts.change("ann", keep="" if "disabled" in values else session.hash, **values)
    assert (accounts.session(first) is None) == ("disabled" in values)
    assert accounts.session(second) is None
    assert accounts.session(other) is not None


def test_somebody_stays_admin(accounts: Accounts) -> None:
    accounts.add("ann", "admin")
    accounts.add("bob", "editor")
    for values in ({"role": "editor"}, {"disabled": 1}):
        with pytest.raises(OperatorError, match="nobody who is an admin"):
            accounts.change("ann", **values)
    assert accounts.known("ann").role == "admin"
    accounts.change("bob", role="admin")
    assert accounts.change("ann", role="viewer").role == "viewer"


def test_a_link_counts_once_and_for_a_time(accounts: Accounts, clock: Clock, control: Control) -> None:
    secret = accounts.invite("editor")
    clock.now += INVITATION_S - 1
    user = accounts.accept(secret, "ann", "a-hash")
    assert user is not None
    assert (user.name, user.role, user.password) == ("ann", "editor", "a-hash")
    assert accounts.accept(secret, "eve", "a-hash") is None
    late = accounts.invite("admin")
    clock.now += INVITATION_S
    assert accounts.invitation(late) is None
    assert accounts.accept(late, "eve", "a-hash") is None
    assert _told(control) == ["user invited", "user added", "user invited"]


def test_a_link_survives_a_name_that_cannot_be_had(accounts: Accounts) -> None:
    accounts.add("ann", "admin")
    secret = accounts.invite("viewer")
    for name in ("ANN", "", "token ci", "a" * 65, "<b>", "\u0430nn", "-x"):
        with pytest.raises(OperatorError):
            accounts.accept(secret, name, "a-hash")
    assert accounts.accept(secret, "bob", "a-hash") is not None


def test_a_new_link_ends_the_one_before(accounts: Accounts) -> None:
    ann = accounts.add("ann", "admin", password="old")
    session, _ = accounts.sign_in(ann, "", "")
    first, second = accounts.invite("admin", ann), accounts.invite("admin", ann)
    assert accounts.accept(first, "ann", "new") is None
    for _ in range(FREE_TRIES + 1):
        accounts.try_now({NAME: FREE_TRIES})
    changed = accounts.accept(second, "whoever", "new")
    assert changed is not None
    assert (changed.name, changed.password) == ("ann", "new")
    assert accounts.session(session) is None
    assert accounts.try_now({NAME: FREE_TRIES}) == 0, "who sets a new password need not wait"


def test_links_can_be_withdrawn(accounts: Accounts) -> None:
    secret = accounts.invite("viewer")
    (link,) = accounts.invitations()
    assert (link.user, link.role) == (None, "viewer")
    accounts.withdraw(link.id)
    assert accounts.invitation(secret) is None
    with pytest.raises(OperatorError):
        accounts.withdraw(link.id)


def test_tokens_end(accounts: Accounts, clock: Clock) -> None:
    short, long = accounts.add_token("a", "viewer", "ann", valid_s=60), accounts.add_token("b", "viewer", "ann")
    assert short.startswith("fh_")
    found = accounts.token(short)
    assert found is not None
    assert (found.name, found.ending, found.used_at) == ("a", short[-4:], None)
    clock.now += 60
    assert accounts.token(short) is None
    assert [token.is_over(clock.now) for token in accounts.tokens()] == [False, True]
    accounts.revoke(accounts.tokens()[0].id)
    assert accounts.token(long) is None
    with pytest.raises(OperatorError):
        accounts.revoke(99)
    for name in ("", "x" * 65, "a\nb"):
        with pytest.raises(OperatorError):
            accounts.add_token(name, "viewer", "ann")


def test_tries_wait_ever_longer_by_name_and_by_address(accounts: Accounts, clock: Clock) -> None:
    assert [accounts.try_now(TRY) for _ in range(FREE_TRIES)] == [0.0] * FREE_TRIES
    assert accounts.try_now(TRY) == 1.0
    clock.now += 1
    assert accounts.try_now(TRY) == 0.0
    assert accounts.try_now(TRY) == 2.0
    assert accounts.try_now({name_key("bob"): FREE_TRIES, ADDRESS: 20}) == 0.0
    for number in range(20 - FREE_TRIES - 2):
        assert accounts.try_now({name_key(f"user{number}"): FREE_TRIES, ADDRESS: 20}) == 0.0
    assert accounts.try_now({name_key("carol"): FREE_TRIES, ADDRESS: 20}) > 0
    assert [wait_s(count) for count in (4, 5, 6, 60, 10_000)] == [0, 1, 2, 900, 900]


def test_success_forgives_the_name_and_not_the_address(accounts: Accounts) -> None:
    """Else who has one account could try the passwords of all others for ever."""
    keys = {ADDRESS: 3}
    for _ in range(2):
        assert accounts.try_now(keys | {name_key("bob"): FREE_TRIES}) == 0.0
        assert accounts.try_now(keys | {NAME: FREE_TRIES}) == 0.0
        accounts.succeeded("ann", "192.0.2.1")
    assert accounts.try_now(keys) == 0.0
    assert accounts.try_now(keys) > 0


def test_failed_tries_are_forgotten_in_the_end(accounts: Accounts, clock: Clock) -> None:
    for _ in range(FREE_TRIES):
        accounts.try_now(TRY)
    clock.now += FORGET_S + 2
    assert [accounts.try_now(TRY) for _ in range(FREE_TRIES)] == [0.0] * FREE_TRIES


def test_they_survive_a_restart(tmp_path: Path) -> None:
    for _ in range(FREE_TRIES):
        with Control(tmp_path / "control.db") as control:
            assert control.accounts.try_now(TRY) == 0.0
    with Control(tmp_path / "control.db") as control:
        assert control.accounts.try_now(TRY) > 0


def test_second_factors_follow_the_master_key(control: Control) -> None:
    old, new = Vault(b"1" * 32), Vault(b"2" * 32)
    user = control.accounts.add("ann", "admin")
    control.accounts.change("ann", totp=seal_totp(old, user.id, "JBSWY3DPEHPK3PXP"))
    assert "JBSWY3DPEHPK3PXP" not in str(control.accounts.user("ann"))
    control.secrets.rotate(old, new)
    assert open_totp(new, control.accounts.known("ann")) == "JBSWY3DPEHPK3PXP"
    with pytest.raises(OperatorError):
        open_totp(old, control.accounts.known("ann"))
    with pytest.raises(OperatorError):
        open_totp(new, control.accounts.known("ann")._replace(id=user.id + 1))
