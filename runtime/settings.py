"""The operator's settings: `FIRSTHAND_*` environment variables, read once into a frozen object."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Settings(BaseSettings):
    """Every setting has a default that is safe, and a description that `firsthand serve --help` and the README show."""

    model_config = SettingsConfigDict(env_prefix="FIRSTHAND_", frozen=True, extra="ignore")

    data_dir: Path = Field(Path("data"), description="Folder of all data files.")
    log: str = Field("sqlite", description="Where hits are logged: `sqlite`.")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        (), description="CIDRs of proxies whose X-Forwarded-For counts, separated by commas. Never `*`."
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
    policy_file: Path | None = Field(
        None, description="YAML file of what scripts may not do here, whatever their manifests ask for."
    )
    drain_s: float = Field(
        5, ge=0, le=15, description="After SIGTERM: seconds of saying `not ready` while still accepting hits."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Lowest level of log lines: debug, info, warning, error."
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

    @model_validator(mode="after")
    def _watermarks(self) -> Settings:
        if self.disk_low_percent > self.disk_high_percent:
            raise ValueError(
                "disk_low_percent is above disk_high_percent: the disk would be full and have room at once"
            )
        return self

    @field_validator("log")
    @classmethod
    def _log(cls, value: str) -> str:
        if value != "sqlite":
            raise ValueError("only `sqlite` is built in this release")
        return value
