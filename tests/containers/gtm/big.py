"""A large export, generated: folders, gallery and own templates, variables that refer to each other, triggers, tags."""

from __future__ import annotations

from typing import Any

CONTAINER = "190000002"


def text(key: str, value: str) -> dict[str, Any]:
    """A parameter of text."""
    return {"type": "TEMPLATE", "key": key, "value": value}


def flag(key: str, value: bool) -> dict[str, Any]:
    """A parameter that says yes or no."""
    return {"type": "BOOLEAN", "key": key, "value": str(value).lower()}


def table(key: str, *rows: dict[str, str]) -> dict[str, Any]:
    """A parameter that is a table."""
    cells = [[text(name, value) for name, value in row.items()] for row in rows]
    return {"type": "LIST", "key": key, "list": [{"type": "MAP", "map": row} for row in cells]}


def condition(operator: str, subject: str, value: str) -> dict[str, Any]:
    """A condition of a trigger."""
    return {"type": operator, "parameter": [text("arg0", subject), text("arg1", value)]}


def big_export(tags: int = 60) -> dict[str, Any]:
    """An export with `tags` tags, as many triggers, and twice as many variables."""
    version = {
        "accountId": "1",
        "containerId": CONTAINER,
        "containerVersionId": "7",
        "container": {"name": "Big", "usageContext": ["SERVER"], "taggingServerUrls": ["https://t.shop.example"]},
        "folder": [{"folderId": str(number), "name": f"Folder {number}"} for number in range(1, 6)],
        "client": [{"clientId": "1", "name": "GA4", "type": "gaaw_client"}],
        "builtInVariable": [
            {"type": "EVENT_NAME", "name": "Event Name"},
            {"type": "CLIENT_NAME", "name": "Client Name"},
        ],
        "variable": [each for number in range(tags) for each in _variables(number)],
        "trigger": [_trigger(number) for number in range(tags)],
        "tag": [_tag(number) for number in range(tags)],
        "transformation": [_transformation(number) for number in range(10)],
        "customTemplate": [_template(8, "stape-io", "facebook-tag"), _template(9, "somebody", "unheard-of")],
    }
    return {"exportFormatVersion": 2, "exportTime": "2026-11-02 09:15:00", "containerVersion": version}


def _variables(number: int) -> list[dict[str, Any]]:
    before = f"{{{{Field {number - 1}}}}}" if number else "none"
    field = [text("keyPath", f"x-field.{number}"), flag("setDefaultValue", True), text("defaultValue", before)]
    rows = [{"key": str(key), "value": f"{{{{Field {number}}}}} {key}"} for key in range(5)]
    lookup = [text("input", f"{{{{Field {number}}}}}"), table("map", *rows)]
    folder = str(number % 7)
    return [
        {
            "variableId": f"1{number}",
            "name": f"Field {number}",
            "type": "ed",
            "parameter": field,
            "parentFolderId": folder,
        },
        {"variableId": f"2{number}", "name": f"Table {number}", "type": "smm", "parameter": lookup},
    ]


def _trigger(number: int) -> dict[str, Any]:
    filters = [condition("STARTS_WITH", f"{{{{Table {number}}}}}", "a"), condition("LESS", "{{Field 3}}", str(number))]
    event = condition("EQUALS", "{{_event}}", f"event_{number}")
    given = {"customEventFilter": [event], "filter": filters[: number % 3]}
    return {"triggerId": f"3{number}", "name": f"Trigger {number}", "type": "CUSTOM_EVENT", **given}


def _tag(number: int) -> dict[str, Any]:
    parameters = [
        text("pixelId", "1234567890"),
        text("accessToken", f"EAAtok3nBig{number:030d}"),
        text("apiKey", f"plain-tok3n-{number:08d}"),
        table("customDataList", {"name": "shop", "value": f"{{{{Table {number}}}}} – {{{{Field {number}}}}}"}),
    ]
    type = f"cvt_{CONTAINER}_{8 + number % 2}"
    fired = {"firingTriggerId": [f"3{number}"], "blockingTriggerId": [f"3{number + 1}"]}
    return {"tagId": f"4{number}", "name": f"Tag {number % 20}", "type": type, "parameter": parameters, **fired}


def _transformation(number: int) -> dict[str, Any]:
    fields = table("excludedParamsTable", {"excludedParams": f"x-secretive.{number}"})
    affected = table("affectedTags", {"tagReference": f"4{number}"})
    parameters = [fields, affected]
    given = {"transformationId": f"5{number}", "name": f"Step {number}", "type": "tf_exclude_params"}
    return {**given, "parameter": parameters}


def _template(id: int, owner: str, repository: str) -> dict[str, Any]:
    data = '___INFO___\n\n{"type": "TAG", "displayName": "Template"}\n\n___SANDBOXED_JS_FOR_SERVER___\n\nreturn 1;\n'
    reference = {"host": "github.com", "owner": owner, "repository": repository}
    given = {"templateId": str(id), "containerId": CONTAINER, "name": repository}
    return {**given, "templateData": data, "galleryReference": reference}
