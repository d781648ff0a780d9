"""The operator's settings as the environment gives them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

from runtime.cli.options import data_folder, read_settings, unknown_settings
from runtime.errors import OperatorError
from runtime.model.role import ROLES
from runtime.settings import RoleName, Settings

DEFAULTS = Settings.model_construct()


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"FIRSTHAND_{name.upper()}", raising=False)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings() == DEFAULTS
    assert Settings().trusted_proxies == Settings().allow_addresses == ()


def test_networks_are_lists_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:db8::/32,")
    found = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32")]
    assert Settings().trusted_proxies == tuple(found)


def test_places_are_pairs_of_a_part_and_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_GEO_HEADERS", "country=CF-IPCountry, city = cf-ipcity,")
    assert Settings().geo_headers == (("country", "cf-ipcountry"), ("city", "cf-ipcity"))
    assert DEFAULTS.geo_headers == ()


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TRUSTED_PROXIES", "*", "would let anybody forge an address"),
        ("TRUSTED_PROXIES", "10.0.0.0/99", "does not appear to be"),
        ("ALLOW_ADDRESSES", "localhost", "does not appear to be"),
        ("MAX_URL_BYTES", "100", "greater than or equal to 1024"),
        ("MAX_BODY_BYTES", "many", "valid integer"),
        ("RETENTION_DAYS", "0", "greater than 0"),
        ("DRAIN_S", "60", "less than or equal to 15"),
        ("LOG", "nats", "only `sqlite` is built in this release"),
        ("GEO_HEADERS", "land=cf-ipcountry", "is not one of country, region, city"),
        ("GEO_HEADERS", "country=", "with a header's name after `=`"),
        ("GEO_HEADERS", "country=a b", "with a header's name after `=`"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
    ],
)
def test_a_wrong_setting_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(f"FIRSTHAND_{name}", value)
    with pytest.raises(OperatorError) as error:
        read_settings()
    assert str(error.value).startswith(f"FIRSTHAND_{name}={value}: ")
    assert says in str(error.value)


SIGN_ON = {"OIDC_ISSUER": "https://id.shop.example", "OIDC_CLIENT_ID": "firsthand", "OIDC_ROLES": "a=b=admin, c=viewer"}


def test_roles_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SIGN_ON.items():
        monkeypatch.setenv(f"FIRSTHAND_{name}", value)
    monkeypatch.setenv("FIRSTHAND_OIDC_CLIENT_SECRET", "very-secret")
    assert read_settings().oidc_roles == (("a=b", "admin"), ("c", "viewer"))
    assert "very-secret" not in repr(read_settings())
    assert get_args(RoleName) == ROLES


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"OIDC_ISSUER": "id.shop.example"}, "FIRSTHAND_OIDC_ISSUER is no address"),
        ({"OIDC_ISSUER": "https://id.shop.example?a=b"}, "FIRSTHAND_OIDC_ISSUER is no address"),
        ({"OIDC_CLIENT_ID": ""}, "FIRSTHAND_OIDC_ISSUER needs"),
        ({"OIDC_ROLES": ""}, "FIRSTHAND_OIDC_ISSUER needs"),
        ({"OIDC_ROLES": "a=boss"}, "FIRSTHAND_OIDC_ROLES=boss: Input should be"),
        ({"OIDC_CLIENT_SECRET_FILE": "x"}, "are both given"),
    ],
)
def test_a_single_sign_on_that_cannot_work(monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], says: str) -> None:
    for name, value in (SIGN_ON | {"OIDC_CLIENT_SECRET": "very-secret"} | wrong).items():
        monkeypatch.setenv(f"FIRSTHAND_{name}", value)
    with pytest.raises(OperatorError) as error:
        read_settings()
    assert says in str(error.value)
    assert "very-secret" not in str(error.value)


def test_all_wrong_settings_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRSTHAND_DRAIN_S", "-1")
    monkeypatch.setenv("FIRSTHAND_LOG", "nats")
    with pytest.raises(OperatorError) as error:
        read_settings()
    assert {line.split("=")[0] for line in str(error.value).splitlines()} == {"FIRSTHAND_DRAIN_S", "FIRSTHAND_LOG"}


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError):
        Settings().drain_s = 1


def test_the_data_option_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIRSTHAND_DATA_DIR", str(tmp_path))
    assert data_folder(None) == tmp_path
    with pytest.raises(OperatorError, match="There is no data folder"):
        data_folder(tmp_path / "other")


def test_misspelt_variables_are_found() -> None:
    environment = {"FIRSTHAND_RETENTION": "3", "FIRSTHAND_SECRET_META": "x", "FIRSTHAND_DRAIN_S": "1", "PATH": "/"}
    assert unknown_settings(environment) == ["FIRSTHAND_RETENTION"]
