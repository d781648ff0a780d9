"""The operator's policy: what scripts may not do here, whatever their manifests ask for. It denies, it never grants.

A version is stored as it was published; the policy in force is laid over it whenever it is made ready to run.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from pydantic import AfterValidator, model_validator

from runtime.model.part import Part
from runtime.model.permissions import HitField, SettableCookie, Why
from runtime.model.reach import Denied, Rule, covers, one_name
from runtime.model.snapshot import Snapshot, Template

_TEMPLATE = re.compile(r"(?:\*|(?:(?:client|destination|variable|transformation)/)?(?:\*|[a-z][a-z0-9_]*\*?))")
_HOST = re.compile(r"\*|(?:\*\.)?[a-z0-9_:-]+(?:\.[a-z0-9_-]+)*")


def _template(text: str) -> str:
    if not _TEMPLATE.fullmatch(text):
        raise ValueError(f"`{text}` is no template: give its id, its kind and id (destination/webhook), or `*`")
    return text


def _name(text: str) -> str:
    if not text or "*" in text[:-1] or text != text.strip():
        raise ValueError(f"`{text}` is not a name; a `*` may stand at its end")
    return text


def _path(text: str) -> str:
    _name(text)
    if "" in text.split("."):
        raise ValueError(f"`{text}` is not a dotted path such as user_data.email_address")
    return text


def _host(text: str) -> str:
    lower = text.lower().rstrip(".")
    if not _HOST.fullmatch(lower):
        raise ValueError(f"`{text}` is not a host: give a name, `*.name` for all beneath it, or `*`")
    return lower


Name = Annotated[str, AfterValidator(_name)]
HeaderPattern = Annotated[str, AfterValidator(lambda text: _name(text).lower())]
Path = Annotated[str, AfterValidator(_path)]
SecretPattern = Annotated[str, AfterValidator(lambda text: one_name(_name(text)))]
TemplatePattern = Annotated[str, AfterValidator(_template)]
HostPattern = Annotated[str, AfterValidator(_host)]


class CookieDenial(Part):
    """Cookies that scripts may not read, and those that the edge does not set with a client's answer."""

    read: tuple[Name, ...] = ()
    set: tuple[SettableCookie | Literal["*"], ...] = ()


class Denial(Part):
    """One rule: what is taken from which templates."""

    templates: tuple[TemplatePattern, ...]
    """Ids, or kind and id; a `*` may stand at the end."""
    hit: tuple[HitField | Literal["*"], ...] = ()
    event: tuple[Path, ...] = ()
    """Paths as manifests grant them: `user_data` and `user_data.*` take all beneath it, `x-fb-*` all such names."""
    headers: tuple[HeaderPattern, ...] = ()
    cookies: CookieDenial = CookieDenial()
    hosts: tuple[HostPattern, ...] = ()
    secrets: tuple[SecretPattern, ...] = ()
    log: Literal["always"] | None = None
    """`always` takes a script's lines out of the process log again."""
    why: Why
    """Shown in faults and by `firsthand container validate`."""

    @model_validator(mode="after")
    def _something(self) -> Denial:
        taken = (self.hit, self.event, self.headers, self.cookies.read, self.cookies.set, self.hosts, self.secrets)
        if not (any(taken) or self.log):
            raise ValueError("this rule denies nothing: name what it takes away")
        return self

    def concerns(self, key: str) -> bool:
        """Tells whether a template, `<kind>/<id>`, is one of those meant."""
        return any(covers(pattern, key if "/" in pattern else key.partition("/")[2]) for pattern in self.templates)


class Policy(Part):
    """All rules. Without any, manifests alone decide."""

    deny: tuple[Denial, ...] = ()

    def against(self, key: str) -> Denied:
        """Returns what is denied to a template, `<kind>/<id>`."""
        rules = [rule for rule in self.deny if rule.concerns(key)]
        return Denied(
            hit=_rules([(rule.hit, rule) for rule in rules]),
            event=_rules([(rule.event, rule) for rule in rules]),
            headers=_rules([(rule.headers, rule) for rule in rules]),
            cookies_read=_rules([(rule.cookies.read, rule) for rule in rules]),
            cookies_set=_rules([(rule.cookies.set, rule) for rule in rules]),
            hosts=_rules([(rule.hosts, rule) for rule in rules]),
            secrets=_rules([(rule.secrets, rule) for rule in rules]),
            log=_rules([((rule.log,) if rule.log else (), rule) for rule in rules]),
        )

    @property
    def digest(self) -> str:
        """What it is known by: a short digest of its rules, "" where there are none."""
        return sha256(self.model_dump_json().encode()).hexdigest()[:12] if self.deny else ""

    def over(self, snapshot: Snapshot) -> Snapshot:
        """Returns a version as it may run here. Its bytes and its hash stay those of the published one."""
        if not self.deny:
            return snapshot
        templates = {key: self._restricted(template) for key, template in snapshot.templates.items()}
        return msgspec.structs.replace(snapshot, templates=templates)

    def _restricted(self, template: Template) -> Template:
        return msgspec.structs.replace(template, denied=self.against(template.key))


NO_POLICY = Policy()


def _rules(given: list[tuple[tuple[str, ...], Denial]]) -> tuple[Rule, ...]:
    return tuple((pattern, rule.why) for patterns, rule in given for pattern in patterns)
