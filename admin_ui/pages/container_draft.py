"""A draft as the container's pages see it: what each part says, what is wrong with it, and what uses it.

To read and check a container takes long, and a revision never changes: what was found is kept for the next page.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from time import time
from typing import Any

from admin_ui.call import Call
from admin_ui.drafts import reader
from runtime.containers.draft import Draft
from runtime.containers.edits import container_data
from runtime.containers.files import Files, decode_files
from runtime.containers.references import Use, uses
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.containers.workspace import version_files
from runtime.errors import ContainerInvalid, OperatorError, Problem
from runtime.store.control import Control
from runtime.store.versions import hash_of
from runtime.store.workspaces import Revision, Workspace

KEPT = 8
"""Revisions that are kept read."""
CHECKED_S = 3600
"""A check tells of schedules that are over, so it is made again after this time."""


@dataclass(frozen=True)
class Content:
    """What one revision says."""

    files: Files
    data: dict[str, Any]
    """container.yaml; empty where it cannot be read."""
    draft: Draft
    problems: Mapping[str, list[Problem]] = field(default_factory=dict)
    """By part: `tags.meta`, or `consent`."""
    used: Mapping[str, list[Use]] = field(default_factory=dict)
    """By the part that is used."""

    @property
    def templates(self) -> Templates:
        """The templates that it may name; where its own cannot be read, those that come with Firsthand."""
        return self.draft.templates or built_in()

    def parts(self, section: str) -> dict[str, dict[str, Any]]:
        """Returns the parts of a section by id, in the order of the file."""
        found = self.data.get(section)
        if not isinstance(found, dict):
            return {}
        return {id: part if isinstance(part, dict) else {} for id, part in found.items()}

    def users(self, part: str) -> list[str]:
        """Returns the parts that name a part, each once."""
        return list(dict.fromkeys(use.user for use in self.used.get(part, ()) if use.user != part))


@dataclass(frozen=True)
class Opened:
    """A workspace at one of its revisions."""

    workspace: Workspace
    revision: int
    content: Content


class _Kept:
    """The contents that were read last, by what they depend on."""

    def __init__(self) -> None:
        self._found: OrderedDict[tuple[Any, ...], Content] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...]) -> Content | None:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: tuple[Any, ...], content: Content) -> Content:
        with self._lock:
            self._found[key] = content
            while len(self._found) > KEPT:
                self._found.popitem(last=False)
        return content


_kept = _Kept()


@cache
def built_in() -> Templates:
    """Returns the templates that come with Firsthand."""
    return load_templates(BUILT_IN)


def opened(call: Call, revision: int | None = None) -> Opened:
    """Returns the workspace that the path names, at its latest revision or another; OperatorError where there is
    none."""
    with call.admin.read() as control:
        workspace = control.workspaces.get(call.params["workspace"])
        return open_at(call, control, workspace, revision)


def open_at(call: Call, control: Control, workspace: Workspace, revision: int | None = None) -> Opened:
    """Returns a workspace at one of its revisions."""
    found = workspace.latest if revision is None else _revision(control, workspace, revision)
    key = _key(call, found.source)
    content = _kept.get(key)
    if content is None:
        files = decode_files(control.workspaces.source(found.number))
        content = _kept.put(key, content_of(files, reader(call)(files)))
    return Opened(workspace, found.number, content)


def live_content(call: Call, control: Control) -> tuple[int, Content] | None:
    """Returns number and content of the live version; None where nothing is live."""
    live = control.live()
    if live is None:
        return None
    number, snapshot = live
    key = _key(call, f"version {number} {hash_of(snapshot)}")
    content = _kept.get(key)
    if content is None:
        files = version_files(control, number)
        content = _kept.put(key, content_of(files, reader(call)(files)))
    return number, content


def remember(call: Call, workspace: Workspace, files: Files, draft: Draft) -> Content:
    """Keeps what a save has read already, and returns it."""
    return _kept.put(_key(call, workspace.latest.source), content_of(files, draft))


def content_of(files: Files, draft: Draft) -> Content:
    """Returns what files say that were read as this draft."""
    try:
        data = container_data(files)
    except ContainerInvalid:
        data = {}
    problems: dict[str, list[Problem]] = defaultdict(list)
    for problem in draft.problems:
        problems[part_of(problem.path)].append(problem)
    used: dict[str, list[Use]] = defaultdict(list)
    for use in uses(draft.container, draft.templates) if draft.container else ():
        used[use.used].append(use)
    return Content(files, data, draft, dict(problems), dict(used))


def part_of(path: str) -> str:
    """Returns the part that a problem's path lies in: `tags.meta` of `tags.meta.settings.pixel_id`."""
    return ".".join(path.split(".")[:2])


def _key(call: Call, source: str) -> tuple[Any, ...]:
    return source, id(call.admin.policy), int(time() / CHECKED_S)


def _revision(control: Control, workspace: Workspace, number: int) -> Revision:
    for revision in control.workspaces.revisions(workspace):
        if revision.number == number:
            return revision
    hint = "Load the page again."
    raise OperatorError(f"`{workspace.name}` has no revision {number}.", hint=hint)
