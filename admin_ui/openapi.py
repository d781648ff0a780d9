"""The API's document, OpenAPI 3.1, made of the one table of routes and the models that they name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response

from admin_ui.call import Call
from admin_ui.routes import Entry
from runtime import __version__

FILE = Path(__file__).with_name("openapi.json")
"""The document as it is committed; `make docs` writes it."""
_PLACEHOLDER = re.compile(r"\{(\w+)(?::\w+)?\}")
_REFS = "#/components/schemas/{model}"
_PROBLEM = {
    "type": "object",
    "required": ["path", "message", "hint", "severity"],
    "properties": {name: {"type": "string"} for name in ("path", "message", "hint", "severity")},
}
_REFUSAL = {
    "type": "object",
    "required": ["error", "hint", "problems"],
    "properties": {
        "error": {"type": "string"},
        "hint": {"type": "string"},
        "problems": {"type": "array", "items": {"$ref": "#/components/schemas/Problem"}},
    },
}
_REFUSALS = {
    "400": "What was asked for cannot be read.",
    "401": "Nobody is signed in.",
    "403": "The role does not allow it.",
    "404": "There is no such thing.",
    "409": "Somebody else has changed it meanwhile, or it cannot be done now.",
    "412": "It is no longer what If-Match names.",
    "413": "The body is too large.",
    "415": "The body is of another type.",
    "422": "It has problems; all of them are listed.",
    "503": "It cannot be read now; try again.",
}
_REFUSED = {status: {"$ref": f"#/components/responses/{status}"} for status in _REFUSALS}


def document(entries: Iterable[Entry]) -> dict[str, Any]:
    """Returns the document of the routes under /api."""
    schemas: dict[str, Any] = {"Problem": _PROBLEM, "Refusal": _REFUSAL}
    paths: dict[str, Any] = {}
    for entry in entries:
        if entry.is_api:
            path = _PLACEHOLDER.sub(r"{\1}", entry.path)
            paths.setdefault(path, {})[entry.method.lower()] = _operation(entry, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Firsthand", "version": __version__, "summary": "What the admin UI does, for programs."},
        "security": [{"token": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": _refusals(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(entry: Entry, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": entry.summary,
        "description": f"Needs the role {entry.role}.",
        "operationId": _operation_id(entry),
        "parameters": [*_path_parameters(entry), *_query_parameters(entry, schemas)],
        "responses": {str(entry.status): _success(entry, schemas), **_REFUSED},
    }
    if entry.takes is not None:
        schema = _schema(entry.takes, schemas, "validation")
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _operation_id(entry: Entry) -> str:
    words = re.findall(r"\w+", _PLACEHOLDER.sub(r"by_\1", entry.path.removeprefix("/api/v1/")))
    return "_".join([entry.method.lower(), *words])


def _path_parameters(entry: Entry) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in _PLACEHOLDER.findall(entry.path)
    ]


def _query_parameters(entry: Entry, schemas: dict[str, Any]) -> list[dict[str, Any]]:
    if entry.query is None:
        return []
    model = _model_schema(entry.query, schemas, "validation")
    required = model.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in model.get("properties", {}).items()
    ]


def _success(entry: Entry, schemas: dict[str, Any]) -> dict[str, Any]:
    if entry.status == 204:
        return {"description": "Done."}
    schema = {} if entry.gives is None else _schema(entry.gives, schemas, "serialization")
    return {"description": "Done.", "content": {"application/json": {"schema": schema}}}


def _refusals() -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
    return {status: {"description": text, "content": content} for status, text in _REFUSALS.items()}


def _schema(kind: Any, schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    schema = TypeAdapter(kind).json_schema(ref_template=_REFS, mode=mode)
    schemas |= schema.pop("$defs", {})
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        schemas[kind.__name__] = schema
        return {"$ref": _REFS.format(model=kind.__name__)}
    return dict(schema)


def _model_schema(model: type[BaseModel], schemas: dict[str, Any], mode: Any) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=_REFS, mode=mode)
    schemas |= schema.pop("$defs", {})
    return schema


def _show(call: Call) -> Response:
    from admin_ui.sections import entries  # The document is itself one of them.

    return call.data(document(entries()))


def text() -> str:
    """Returns the document of all routes as it is kept beside this file."""
    from admin_ui.sections import entries

    return json.dumps(document(entries()), indent=1, ensure_ascii=False) + "\n"


ROUTES = (Entry("GET", "/api/v1/openapi.json", _show, summary="This document.", gives=dict[str, Any]),)

if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
