"""Tokens: found wherever they stand, taken out wherever they are mentioned."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.containers.gtm.secrets import is_token_name, take_secrets
from runtime.containers.gtm.secrets_file import SECRETS, secrets_text
from runtime.containers.gtm.vault import Vault
from tests.containers.gtm.big import table, text
from tests.containers.gtm.support import imported


@pytest.mark.parametrize(
    "name",
    [
        *("accessToken", "apiAccessToken", "accesstoken", "FBTOKEN", "FB access token", "Bearer", "Authorization"),
        *("apiKey", "x-api-key", "X-API-KEY", "privateKey", "password"),
        *("api_secret", "client_secret", "sharedSecret", "appSecretProof"),
    ],
)
def test_names_of_tokens(name: str) -> None:
    assert is_token_name(name)


@pytest.mark.parametrize(
    "name",
    ["pixelId", "testEventCode", "tokenize", "key", "keyPath", "apiVersion", "secretary", "author", "passengers"],
)
def test_other_names(name: str) -> None:
    assert not is_token_name(name)


def tag(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "Tag", "type": "cvt_1_2", "parameter": list(parameters), **more}


def constant(name: str, value: str) -> dict[str, Any]:
    return {"name": name, "type": "c", "parameter": [text("value", value)]}


def test_a_token_in_a_parameter() -> None:
    version = {"tag": [tag(text("apiToken", "abc"), text("pixelId", "12"))]}
    assert take_secrets(version).values == {"TAG_API_TOKEN": "abc"}
    assert version["tag"][0]["parameter"] == [text("apiToken", "secret:TAG_API_TOKEN"), text("pixelId", "12")]


def test_a_constant_that_a_token_comes_from() -> None:
    version = {"tag": [tag(text("apiToken", "{{Shop}}"))], "variable": [constant("Shop", "s3cr3t-value")]}
    assert take_secrets(version).values == {"SHOP": "s3cr3t-value"}


def test_through_tables_and_defaults() -> None:
    rows = table("map", {"key": "DE", "value": "one-token"}, {"key": "AT", "value": "{{Deep}}"})
    chooser = {"name": "By country", "type": "smm", "parameter": [text("input", "{{Country}}"), rows]}
    country = {"name": "Country", "type": "ed", "parameter": [text("keyPath", "country"), text("defaultValue", "DE")]}
    deep = {"name": "Deep", "type": "ed", "parameter": [text("keyPath", "x"), text("defaultValue", "two-token")]}
    version = {"tag": [tag(text("apiToken", "Bearer {{By country}}"))], "variable": [chooser, country, deep]}
    assert sorted(take_secrets(version).values.values()) == ["one-token", "two-token"]
    assert country["parameter"][1] == text("defaultValue", "DE")


def test_a_cell_without_a_value_is_passed_over() -> None:
    rows = {
        "key": "map",
        "list": [{"map": [{"key": "key", "value": "a"}, {"key": "value"}]}, {"map": [text("value", "t-1")]}],
    }
    version = {"tag": [tag(text("apiToken", "{{L}}"))], "variable": [{"name": "L", "type": "smm", "parameter": [rows]}]}
    assert list(take_secrets(version).values.values()) == ["t-1"]


def test_a_row_that_names_a_token() -> None:
    headers = table("headers", {"key": "X-Shop", "value": "plain"}, {"key": "Authorization", "value": "Bearer abc"})
    version = {"tag": [tag(headers)]}
    assert take_secrets(version).values == {"TAG_AUTHORIZATION": "Bearer abc"}
    assert version["tag"][0]["parameter"][0]["list"][0] == table("", {"key": "X-Shop", "value": "plain"})["list"][0]


def test_in_a_url() -> None:
    version = {"tag": [tag(text("url", "https://u:hunter2222@x.example/?a=1&api_key=k-1234567&b={{B}}"))]}
    assert sorted(take_secrets(version).values.values()) == ["hunter2222", "k-1234567"]
    assert version["tag"][0]["parameter"][0]["value"] == "https://u:***@x.example/?a=1&api_key=***&b={{B}}"


def test_mentions_everywhere() -> None:
    token = "s3cr3t-in-many-places"
    version: dict[str, Any] = {
        "tag": [
            tag(text("apiToken", token), text("label", token), text("sentence", f"uses {token}!"), notes=f"see {token}")
        ],
        "customTemplate": [{"name": token, "templateData": f"// {token}"}],
        "description": token,
        "future": {token: [token]},
    }
    take_secrets(version)
    assert token not in str(version)
    assert version["tag"][0]["parameter"][1]["value"] == "secret:TAG_API_TOKEN"


def test_known_forms_need_no_name() -> None:
    token = "EAA" + "b" * 40
    version = {"variable": [constant("Something", token)]}
    vault = take_secrets(version)
    assert list(vault.values.values()) == [token]
    assert version["variable"][0]["parameter"][0]["value"] == "secret:SOMETHING_TOKEN"


def test_equal_values_are_one_secret_and_names_differ() -> None:
    version = {"tag": [tag(text("token", "same-one")), tag(text("token", "same-one")), tag(text("token", "another"))]}
    assert take_secrets(version).values == {"TAG_TOKEN": "same-one", "TAG_TOKEN_2": "another"}


def test_words_that_are_no_token() -> None:
    version = {"tag": [tag(text("useToken", "true"), text("tokenSecret", ""), {"type": "BOOLEAN", "key": "token"})]}
    assert take_secrets(version).values == {}


def test_the_file_quotes_what_a_shell_would_read() -> None:
    vault = Vault()
    vault.keep("plain-1", "a", "x")
    vault.keep("two words'; rm -rf $HOME", "b", "x")
    vault.demand("c", "to be\nset")
    assert secrets_text(vault).splitlines()[1:] == [
        "FIRSTHAND_SECRET_A=plain-1",
        "FIRSTHAND_SECRET_B='two words'\\''; rm -rf $HOME'",
        "# to be set:",
        "# FIRSTHAND_SECRET_C=",
    ]


def test_a_url_with_a_token_becomes_no_endpoint() -> None:
    template = {"templateId": "2", "galleryReference": {"owner": "stape-io", "repository": "json-http-request-tag"}}
    hook = tag(text("url", "https://x.example/?token=abcdefgh12"))
    found = imported({"containerVersion": {"tag": [hook], "customTemplate": [template]}})
    assert found.container.tags["tag"].paused
    assert "abcdefgh12" not in "".join(body for path, body in found.files.items() if path != SECRETS)
