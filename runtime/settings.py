"""The operator's settings: `FIRSTHAND_*` environment variables, read once into a frozen object."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
RoleName = Literal["viewer", "editor", "publisher", "admin"]
"""The roles of `runtime.model.role`, which settings must not reach up to."""

_PLACE_PARTS = ("country", "region", "city")
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


class Settings(BaseSettings):
    """Every setting has a default that is safe, and a description that `firsthand serve --help` and the README show."""

    model_config = SettingsConfigDict(env_prefix="FIRSTHAND_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of all data files.")
    log: str = Field("sqlite", description="Where hits are logged: `sqlite`.")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="CIDRs of proxies whose X-Forwarded-For counts, separated by commas. Never `*`."
    )
    geo_headers: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field(
        (),
        description="Headers in which trusted proxies tell where a visitor is, for example "
        "`country=cf-ipcountry,region=cf-region-code,city=cf-ipcity`.",
    )
    geo_db: Path | None = Field(
        None,
        description="File in MaxMind's format that tells where addresses are. It is opened when the server starts; put "
        "a newer one in its place by renaming.",
    )
    allow_addresses: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="CIDRs that outgoing requests may reach although they are not public, separated by commas."
    )
    max_url_bytes: int = Field(16 * 1024, ge=1024, le=32 * 1024, description="Longest request target, in bytes.")
    max_body_bytes: int = Field(
        4 * 1024 * 1024, ge=1024, description="Ceiling for any body, in bytes; a client's manifest may ask for less."
    )
    retention_days: float = Field(30, gt=0, description="How long hits, attempts and dead letters stay, in days.")
    retention_bytes: int = Field(
        10 << 30,
        ge=1 << 20,
        description="How large each of a shard's two files may grow, in bytes; then the oldest goes that no tag needs.",
    )
    disk_high_percent: float = Field(
        90,
        gt=0,
        le=100,
        description="Where so much of the disk is used, hits are refused with 503 until there is room.",
    )
    disk_low_percent: float = Field(
        85, gt=0, le=100, description="Hits are accepted again where no more than this of the disk is used."
    )
    master_key_file: Path | None = Field(
        None, description="File of the master key that seals the secret store; default `master.key` in the data folder."
    )
    policy_file: Path | None = Field(
        None, description="YAML file of what scripts may not do here, whatever their manifests ask for."
    )
    read_only: bool = Field(
        False,
        description="Whether only `serve --container` and `container apply` change what is live, and nobody drafts.",
    )
    admin_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Host names under which the admin port is reached beside loopback ones, separated by commas. "
        "Needed where it is bound elsewhere or stands behind a proxy; browsers keep no session there without TLS.",
    )
    oidc_issuer: str = Field("", description="OpenID provider for single sign-on: its issuer address; empty = none.")
    oidc_client_id: str = Field("", description="What the provider knows Firsthand by.")
    oidc_client_secret: SecretStr | None = Field(None, description="The client's secret, where the provider gave one.")
    oidc_client_secret_file: Path | None = Field(None, description="File that holds it instead.")
    oidc_role_claim: str = Field(
        "groups", description="Claim of the ID token that tells somebody's groups; dots lead into nested claims."
    )
    oidc_roles: Annotated[tuple[tuple[str, RoleName], ...], NoDecode] = Field(
        (),
        description="Which role each group has, for example `tag-admins=admin,marketing=editor`. Who is in none of "
        "them cannot sign in by it.",
    )
    drain_s: float = Field(
        5, ge=0, le=15, description="After SIGTERM: seconds of saying `not ready` while still accepting hits."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log lines: debug, info, warning, error."
    )

    @field_validator("admin_hosts", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return (
            tuple(name.strip().lower() for name in value.split(",") if name.strip())
            if isinstance(value, str)
            else value
        )

    @field_validator("trusted_proxies", "allow_addresses", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parts = [part.strip() for part in value.split(",") if part.strip()]
        if "*" in parts:
            raise ValueError("`*` would let anybody forge an address: list the proxies' networks")
        return tuple(ipaddress.ip_network(part, strict=False) for part in parts)

    @field_validator("geo_headers", mode="before")
    @classmethod
    def _places(cls, value: Any) -> Any:
        return (
            tuple(_named_part(part) for part in value.split(",") if part.strip()) if isinstance(value, str) else value
        )

    @model_validator(mode="after")
    def _watermarks(self) -> Settings:
        if self.disk_low_percent > self.disk_high_percent:
            raise ValueError(
                "disk_low_percent is above disk_high_percent: the disk would be full and have room at once"
            )
        return self

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _roles(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        # The last `=` parts them: a group's own name may hold one.
        pairs = [part.rpartition("=") for part in value.split(",") if part.strip()]
        return tuple((group.strip(), role.strip()) for group, _, role in pairs)

    @model_validator(mode="after")
    def _single_sign_on(self) -> Settings:
        if not self.oidc_issuer:
            return self
        if not re.fullmatch(r"https?://[^\s?#]+", self.oidc_issuer):
            raise ValueError(
                "FIRSTHAND_OIDC_ISSUER is no address: take the provider's, with https:// and without a query"
            )
        if not (self.oidc_client_id and self.oidc_roles):
            raise ValueError(
                "FIRSTHAND_OIDC_ISSUER needs FIRSTHAND_OIDC_CLIENT_ID, and FIRSTHAND_OIDC_ROLES for who may do what"
            )
        if self.oidc_client_secret and self.oidc_client_secret_file:
            raise ValueError(
                "FIRSTHAND_OIDC_CLIENT_SECRET and FIRSTHAND_OIDC_CLIENT_SECRET_FILE are both given: take one"
            )
        return self

    @field_validator("log")
    @classmethod
    def _log(cls, value: str) -> str:
        if value != "sqlite":
            raise ValueError("only `sqlite` is built in this release")
        return value


def _named_part(text: str) -> tuple[str, str]:
    """Reads `country=cf-ipcountry`: which part of a place a header tells."""
    part, _, header = (each.strip().lower() for each in text.partition("="))
    if part not in _PLACE_PARTS or not _HEADER.fullmatch(header):
        raise ValueError(f"`{text.strip()}` is not one of country, region, city with a header's name after `=`")
    return part, header
