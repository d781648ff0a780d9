"""Spoils an export in ways that a tool, an editor or an enemy might: the same way for the same seed."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Place = tuple[Any, Any]
"""A dict or a list, and the key or index of something in it."""

_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2.5, 10**18, "", " ", "x", "{{", "}}{{", "{{{{Event Name}}}}", [], {}, [[]], [None],
    {"key": 5}, {"type": "LIST", "list": {"a": 1}}, ["a", {"b": []}], "secret:PLANTED", "true", "\x00\x01\x1b[31m",
    "日本 – Größe", "🦊", "a|b<c>`d`", "line\nline\r\n\u2028line", "../../etc/passwd", "A" * 70_000,
)  # fmt: skip
_TEMPLATES = (
    "",
    "___INFO___",
    '___INFO___\n{"type": "TAG", "displayName": 5}\n___TEMPLATE_PARAMETERS___\n{"not": "a list"}\n',
    '___INFO___\n{"type": "CLIENT"}\n___TEMPLATE_PARAMETERS___\n[[[[{"name": 1}]]], {"type": "TEXT"}, null]\n',
    '___INFO___\n{"type": "MACRO", "displayName": "Long"}\n___SANDBOXED_JS_FOR_SERVER___\n]]--[[ end\n',
    '___INFO___\n{"type": "TAG", "displayName": "A\\u2028B"}\n___SANDBOXED_JS_FOR_SERVER___\n\u2028*/ os.exit()\n',
)


def mutated(data: dict[str, Any], seed: int) -> dict[str, Any]:
    """Returns a copy of an export with one to eight things wrong with it."""
    chance = random.Random(seed)
    spoiled = copy.deepcopy(data)
    for _ in range(chance.randint(1, 8)):
        chance.choice(_MUTATIONS)(spoiled, chance)
    return spoiled


def _places(value: Any) -> Iterator[Place]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in list(inner):
        yield value, key
        yield from _places(part)


def _pick(data: Any, chance: random.Random, wanted: Callable[[Place], bool] = lambda _: True) -> Place | None:
    found = [place for place in _places(data) if wanted(place)]
    return chance.choice(found) if found else None


def _entities(data: Any) -> list[dict[str, Any]]:
    version = data.get("containerVersion", data)
    lists = [part for part in version.values() if isinstance(part, list)] if isinstance(version, dict) else []
    return [each for part in lists for each in part if isinstance(each, dict)]


def _delete(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance)
    if place is not None:
        del place[0][place[1]]


def _change(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: place[1] != "containerVersion")
    if place is not None:
        place[0][place[1]] = copy.deepcopy(chance.choice(_ODD))


def _change_of_entity(data: Any, chance: random.Random) -> None:
    entities = _entities(data)
    if entities and (entity := chance.choice(entities)):
        entity[chance.choice(list(entity))] = copy.deepcopy(chance.choice(_ODD))


def _deepen(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: place[1] != "containerVersion")
    if place is not None:
        for level in range(chance.choice((10, 60, 300))):
            inner = place[0][place[1]]
            place[0][place[1]] = [inner] if level % 2 else {"map": inner, "list": [inner] if level < 3 else []}


def _double(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: isinstance(place[0], list))
    if place is not None:
        place[0].insert(place[1], copy.deepcopy(place[0][place[1]]))


def _reverse(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: isinstance(place[0][place[1]], list))
    if place is not None:
        place[0][place[1]].reverse()


def _rename(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: isinstance(place[1], str) and place[1] != "containerVersion")
    if place is not None:
        place[0][chance.choice(("type", "name", "value", "list", "filter", "future", "x-y"))] = place[0].pop(place[1])


def _same_name(data: Any, chance: random.Random) -> None:
    named = [entity for entity in _entities(data) if isinstance(entity.get("name"), str)]
    if len(named) > 1:
        one, other = chance.sample(named, 2)
        one["name"] = chance.choice((other["name"], other["name"].upper(), "", "…", other["name"] * 9))


def _circle(data: Any, chance: random.Random) -> None:
    entities = [entity for entity in _entities(data) if isinstance(entity.get("name"), str)]
    if not entities:
        return
    entity = chance.choice(entities)
    entity["setupTag"] = [{"tagName": entity["name"]}]
    entity["parentFolderId"] = entity.get("folderId", "1")
    place = _pick(entity.get("parameter"), chance, lambda place: isinstance(place[0][place[1]], str))
    if place is not None:
        place[0][place[1]] = f"{{{{{entity['name']}}}}}"


def _refer(data: Any, chance: random.Random) -> None:
    named = [entity["name"] for entity in _entities(data) if isinstance(entity.get("name"), str)]
    place = _pick(data, chance, lambda place: place[1] == "value" and isinstance(place[0][place[1]], str))
    if place is not None:
        place[0]["value"] = chance.choice(
            ("{{nobody}}", "a {{ Event Name }} b", *(f"{{{{{name}}}}}" for name in named))
        )


def _break_template(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: place[1] == "templateData")
    if place is not None:
        text = str(place[0][place[1]])
        place[0][place[1]] = chance.choice((*_TEMPLATES, text[: len(text) // 2], text[len(text) // 3 :], text * 3))


def _odd_operator(data: Any, chance: random.Random) -> None:
    place = _pick(data, chance, lambda place: place[1] == "type")
    if place is not None:
        place[0]["type"] = chance.choice(
            ("REGEX", "ed", "smm", "tf_allow_params", "sgtmgaaw", "MATCH_REGEX", "cvt_1_2")
        )


_MUTATIONS = (_delete, _change, _change, _change_of_entity, _deepen, _double, _reverse, _rename, _same_name, _circle,
              _refer, _break_template, _odd_operator)  # fmt: skip
