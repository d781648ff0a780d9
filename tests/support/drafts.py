"""A live version with stored hits, and drafts of it: for dry runs, and looks at single hits. Nothing is sent."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from runtime.containers.snapshot import build_snapshot, encode_snapshot
from runtime.containers.templates import BUILT_IN, Templates, load_templates
from runtime.log.sqlite import SqliteLog
from runtime.model.container import Container
from runtime.model.hit import Hit
from runtime.model.snapshot import Snapshot, Template
from runtime.store.control import Control
from runtime.store.files import control_path, log_path
from tests.support.hang import HANG_SOURCE_BODY
from tests.support.programs import hit as stored
from tests.support.programs import template

Plain = dict[str, Any]

FAULTY = "return { map = function(event) return { x = event.nothing.there } end, request = function() end }"
HANGING = f"return {{ map = function(event) {HANG_SOURCE_BODY} end, request = function() end }}"
LIVE: Plain = {
    "container": "shop",
    "domains": ["shop.example"],
    "consent": {"default": "granted"},
    "clients": {"json": {"template": "json_event"}},
    "tags": {
        "hook": {"template": "webhook", "settings": {"endpoint": "https://erp.shop.example/hook"},
                 "triggers": ["everything"]},
        "quiet": {"template": "webhook", "settings": {"endpoint": "https://erp.shop.example/quiet"},
                  "triggers": ["never"]},
    },
    "triggers": {"everything": {"all": []}, "never": {"all": [{"field": "event_name", "is": "equals", "value": "no"}]}},
    "variables": {"note": {"template": "constant", "settings": {"value": "before"}}},
    "transformations": {"more": {"template": "augment", "settings": {"fields": {"note": "{{note}}"}}}},
}  # fmt: skip


class Drafts:
    """One shard's log and the control file of a data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        loaded = load_templates(BUILT_IN)
        extra = [template("destination", id, source) for id, source in (("faulty", FAULTY), ("hanging", HANGING))]
        self._templates = Templates(
            {**loaded.by_key, **{one.key: one for one in extra}}, loaded.shared, loaded.built_in
        )
        self.publish(self.draft())

    def publish(self, snapshot: Snapshot) -> None:
        """Makes it live."""
        with Control(control_path(self.folder)) as control:
            control.publish(encode_snapshot(snapshot), snapshot.hash)

    def draft(self, change: Callable[[Plain], Any] = lambda data: None, *templates: Template) -> Snapshot:
        """Returns the live container with a change made, as a snapshot without a number."""
        data = copy.deepcopy(LIVE)
        change(data)
        known = self._templates
        if templates:
            by_key = {**known.by_key, **{one.key: one for one in templates}}
            known = Templates(by_key, known.shared, known.built_in)
        return build_snapshot(Container.model_validate(data, by_alias=True, by_name=False), known, 0)

    def fill(self, count: int, **changes: Any) -> None:
        """Stores so many hits, each of one event."""
        now_us = int(time.time() * 1e6)
        hits = [self._hit(number, now_us + number, changes) for number in range(count)]
        with closing(SqliteLog(log_path(self.folder, 0), 0)) as log:
            log.append(hits)

    def _hit(self, number: int, at_us: int, changes: Plain) -> Hit:
        event = {"event_name": "purchase", "event_id": f"e{number}", "value": number, "client_id": "c1"}
        event["user_data"] = {"email_address": "jane.roe@mail.example"}
        plain = stored(event, version=1).hit
        return msgspec.structs.replace(plain, client="json", received_us=at_us, **changes)
