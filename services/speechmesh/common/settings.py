"""Settings: one frozen class per service, read from the environment, checked at start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

# gRPC's options are of 32 bits.
_MOST = 2**31 - 1

# Of a service's prefix, but the command line's own.
_COMMAND_LINE = frozenset({"SPEECHMESH_VOCODER_TARGET"})

S = TypeVar("S", bound="ServiceSettings")


class ServiceSettings(BaseSettings):
    """What every service has. A service's variables are `SPEECHMESH_<SERVICE>_<NAME>`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 or [::] inside a container.")
    port: int = Field(0, ge=0, le=65535, description="gRPC port; 0 picks a free one.")
    voices_dir: Path = Field(Path("voices"), description="Folder whose sub-folders are voice bundles.")
    max_message_bytes: int = Field(
        16 * 1024 * 1024,
        ge=1024 * 1024,
        le=_MOST,
        description="Largest gRPC message taken or sent. 512 frames of 80 bins, of the acoustic stage, have 160 KiB.",
    )
    max_streams: int = Field(256, ge=1, description="Streams served at once; one more is refused at once.")
    max_connection_age_s: float = Field(
        60.0,
        gt=0,
        le=_MOST / 1000,
        description="A connection older than this is asked to close once its streams have ended, so that callers "
        "look again and find replicas that have come.",
    )
    stalled_caller_s: float | None = Field(
        None,
        gt=0,
        le=_MOST / 1000,
        description="A stream whose caller takes nothing of what is sent to it for so long is cancelled, also when it "
        "set no deadline; unset: never.",
    )
    drain_grace_s: float = Field(
        20.0,
        ge=0,
        description="After SIGTERM, how long running streams may take to end; those that have not are ended with "
        "UNAVAILABLE and RetryInfo within a second. Below the pod's grace.",
    )
    drain_delay_s: float = Field(
        0.0, ge=0, description="After SIGTERM, how long NOT_SERVING is shown before new streams are refused."
    )
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level logged.")
    otlp_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s/]+.*)?$",
        description="Base URL of an OTLP/HTTP receiver of traces and metrics, as http://host:4318; empty: none.",
    )
    otlp_metrics: bool = Field(
        True,
        description="Whether metrics go to otlp_endpoint, too; false where it takes traces alone, or where Prometheus "
        "scrapes them and they would arrive twice.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port at which Prometheus may scrape /metrics, on `host`; 0: none."
    )


def load(settings: type[S], **overrides: Any) -> S:
    """Reads the settings of a service.

    Raises:
        SystemExit: naming each variable that is wrong, so that a misconfigured service fails at start.
    """
    try:
        return settings(**overrides)
    except ValidationError as error:
        prefix = str(settings.model_config.get("env_prefix", ""))
        lines = []
        for each in error.errors():
            # What is wrong of several together has no place, and names them itself.
            name = ".".join(map(str, each["loc"])).upper() or "*"
            lines.append(f"  {prefix}{name}: {each['msg'].removeprefix('Value error, ')}")
        raise SystemExit("wrong settings:\n" + "\n".join(lines)) from None


def passed_over(settings: ServiceSettings) -> list[str]:
    """Variables of the service's prefix that are none of its settings: misspelt, or another version's."""
    prefix = str(settings.model_config["env_prefix"])
    known = {f"{prefix}{name.upper()}" for name in type(settings).model_fields}
    return sorted(
        name
        for name in os.environ
        if name.upper().startswith(prefix) and name.upper() not in known | _COMMAND_LINE
    )
