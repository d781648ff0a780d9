"""What all handlers of the admin port share: the data folder, the settings, the page templates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from admin_ui import filters
from admin_ui.assets import asset
from admin_ui.workbench import Workbench
from runtime.explain.metrics import Metrics
from runtime.model.policy import NO_POLICY, Policy
from runtime.settings import Settings
from runtime.store.control import Control
from runtime.store.files import control_path

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Admin:
    """One admin process."""

    settings: Settings
    ready: Callable[[], bool] | None
    """Asks the collector whether it takes hits; None where there is none to ask."""
    policy: Policy
    pages: Environment
    metrics: Metrics
    one_scrape: Lock
    workbench: Workbench

    @classmethod
    def make(cls, settings: Settings, ready: Callable[[], bool] | None = None, policy: Policy = NO_POLICY) -> Admin:
        """Makes what handlers share."""
        data_dir = settings.data_dir
        return cls(settings, ready, policy, _pages(), Metrics(data_dir, ready), Lock(), Workbench(data_dir))

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return self.settings.data_dir

    def control(self, who: str = "", *, rehearsal: bool = False) -> Control:
        """Opens the control database for writing, in the name of who asks; close it."""
        return Control(control_path(self.data_dir), who=who, rehearsal=rehearsal)

    def read(self) -> Control:
        """Opens the control database to look only; close it. OperatorError where there is none."""
        return Control.read(control_path(self.data_dir))


def _pages() -> Environment:
    pages = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals["asset"] = asset
    pages.filters |= filters.FILTERS
    return pages
