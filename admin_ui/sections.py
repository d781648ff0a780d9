"""The sections of the admin port, and so the one list of all its routes."""

from __future__ import annotations

from collections.abc import Iterator

from admin_ui import openapi
from admin_ui.api import accounts, operate, read
from admin_ui.api import templates as template_data
from admin_ui.auth import account, sign_on, users
from admin_ui.auth import pages as sign_in
from admin_ui.pages import (
    audit,
    conditions,
    container,
    container_conflict,
    container_files,
    container_secrets,
    container_templates,
    deliveries,
    events,
    home,
    install,
    install_check,
    live,
    parts,
    parts_actions,
    parts_api,
    parts_form,
    preview,
    publishing,
    refused,
    template_runs,
    templates,
    trace,
    versions,
    workspaces,
)
from admin_ui.routes import Entry

_SECTIONS = (
    operate,
    openapi,
    audit,
    conditions,
    templates,
    template_runs,
    template_data,
    workspaces,
    container,
    container_conflict,
    container_files,
    container_secrets,
    container_templates,
    parts,
    parts_actions,
    parts_api,
    parts_form,
    deliveries,
    events,
    refused,
    preview,
    live,
    publishing,
    read,
    sign_in,
    sign_on,
    account,
    users,
    accounts,
    versions,
    install,
    install_check,
    home,
    trace,
)


def entries() -> Iterator[Entry]:
    """Yields every route; where two match a path, the first one counts."""
    for section in _SECTIONS:
        yield from section.ROUTES
