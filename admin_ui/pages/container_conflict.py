"""Two who changed the same place of a draft: what each of them and what both began with said, to choose from.

The page carries the change itself, so that it is made again with the choice; what was saved in between is not lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast, get_args

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.drafts import writing
from admin_ui.pages.container_draft import opened, remember
from admin_ui.pages.container_edit import Change, save, told
from admin_ui.pages.container_frame import frame, number_of
from admin_ui.refusals import Refused
from admin_ui.routes import Entry
from runtime.containers.merge import Side
from runtime.containers.workspace import Kept, take_in_live
from runtime.errors import MergeConflict, WorkspaceMoved


class MergeAsked(BaseModel, extra="forbid"):
    """How conflicts are to be decided."""

    resolutions: dict[str, Side] = Field({}, description="By a conflict's path.")
    seen: int | None = Field(None, ge=1, description="The `theirs` that came with the conflicts.")


class MergeShown(BaseModel):
    """What came of it."""

    revision: int
    base: int
    merged_with: int | None
    """The version that was taken in; null where it was in already."""


def save_or_ask(call: Call, change: Change, back: str, done: Callable[[Kept], str]) -> Response:
    """Saves a change and opens a page, or shows what both sides changed."""
    name = call.params["workspace"]
    try:
        kept = save(call, name, change, resolutions=_resolutions(call), seen=number_of(call, "seen"))
    except WorkspaceMoved:
        # What was decided is out of date: the conflicts as they are now are asked about anew.
        call = Call(call.request, call.admin, call.who)
        return save_or_ask(call, change, back, done)
    except MergeConflict as error:
        return _ask(call, error, f"/w/{name}/edit", change, back)
    return call.go(back, done=done(kept))


def _ask(call: Call, error: MergeConflict, action: str, change: Change | None, back: str) -> Response:
    sent = orjson.dumps(change.model_dump()).decode() if change else ""
    return call.page(
        "container/conflict.html", status=409, section="container", name=call.params["workspace"], action=action,
        change=sent, back=back, theirs=error.theirs, decided=_resolutions(call),
        conflicts=[each.as_dict() for each in error.conflicts],
    )  # fmt: skip


def _resolutions(call: Call) -> dict[str, Side]:
    return dict(_decided(call))


def _decided(call: Call) -> Iterator[tuple[str, Side]]:
    for number, path in enumerate(call.form.get("path", [])):
        if (side := call.value(f"side.{number}")) in get_args(Side):
            yield path, cast(Side, side)


def _edit_again(call: Call) -> Response:
    """Makes a change again that met a conflict, with what was chosen."""
    try:
        change = Change.model_validate_json((call.form.get("change") or [""])[0])
    except ValueError:
        raise Refused(400, "This form does not say what shall be changed.", "Go back and save again.") from None
    name, back = call.params["workspace"], call.value("back")
    back = back if back.startswith(f"/w/{name}/") and "\\" not in back else f"/w/{name}"
    return save_or_ask(call, change, back, lambda kept: told(kept, "Saved."))


def _merge_page(call: Call) -> Response:
    with call.admin.read() as control:
        live = control.live()
    return call.page("container/merge.html", live=live[0] if live else 0, **frame(call, opened(call)))


def _merge(call: Call) -> Response:
    name = call.params["workspace"]
    asked = MergeAsked(resolutions=_resolutions(call), seen=number_of(call, "seen"))
    try:
        kept = _take_in(call, asked)
    except WorkspaceMoved:
        raise Refused(409, "Another version went live meanwhile.", "Take it in again.") from None
    except MergeConflict as error:
        return _ask(call, error, f"/w/{name}/merge", None, f"/w/{name}/changes")
    done = "Nothing to take in." if kept is None else f"Version {kept.merged_with} was taken in."
    return call.go(f"/w/{name}/changes", done=done)


def _take_in(call: Call, asked: MergeAsked) -> Kept | None:
    with writing(call) as (control, read):
        kept = take_in_live(control, call.params["workspace"], read, resolutions=asked.resolutions, seen=asked.seen)
        if kept is not None:
            remember(call, kept.workspace, kept.files, kept.draft)
        return kept


def _merge_data(call: Call) -> Response:
    try:
        kept = _take_in(call, call.sent(MergeAsked))
    except MergeConflict as error:
        told = {"error": error.message, "hint": "Send `resolutions`, and as `seen` what is here `theirs`."}
        found = [conflict.as_dict() for conflict in error.conflicts]
        return call.data({**told, "problems": [], "theirs": error.theirs, "conflicts": found}, status=409)
    except WorkspaceMoved as error:
        raise Refused(409, error.message, error.hint) from None
    now = opened(call).workspace if kept is None else kept.workspace
    merged = kept.merged_with if kept else None
    shown = MergeShown(revision=now.latest.number, base=now.base, merged_with=merged)
    return call.data(shown.model_dump())


ROUTES = (
    Entry("POST", "/w/{workspace}/edit", _edit_again, "editor"),
    Entry("GET", "/w/{workspace}/merge", _merge_page),
    Entry("POST", "/w/{workspace}/merge", _merge, "editor"),
    Entry(
        "POST", "/api/v1/workspaces/{workspace}/merge", _merge_data, "editor", takes=MergeAsked, gives=MergeShown,
        summary="Takes the live version into a draft of an earlier one; conflicts are told with 409.",
    ),
)  # fmt: skip
