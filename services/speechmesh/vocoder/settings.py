"""Settings of the vocoder stage."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic_settings import SettingsConfigDict

from speechmesh.common.settings import ServiceSettings

# host:port, an IPv6 address in brackets; gRPC's `dns:///` before it is allowed.
_TARGET = re.compile(r"\s*(dns:///)?(\[[0-9A-Fa-f:.]+\]|[^\s,:/\[\]]+):[0-9]{1,5}\s*")


def _targets(urls: str) -> str:
    for url in urls.split(","):
        if not _TARGET.fullmatch(url):
            raise ValueError(f"{url!r} is not host:port")
    return urls


class VocoderSettings(ServiceSettings):
    """Read from `SPEECHMESH_VOCODER_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SPEECHMESH_VOCODER_")

    port: int = Field(50053, ge=0, le=65535, description="gRPC port; 0 picks a free one.")
    backend: Literal["triton", "embedded"] = Field(
        "triton", description="Where the networks run: in a Triton server, or in this process."
    )
    triton_url: Annotated[str, AfterValidator(_targets)] = Field(
        "127.0.0.1:8001",
        description="Triton's gRPC endpoints: host:port, several with commas between. Each address of a name is an "
        "endpoint of its own, so a headless Service stands for all of its pods.",
    )
    triton_timeout_ms: int = Field(
        10_000, ge=1, description="Longest wait for one chunk, with its queueing and being redone elsewhere."
    )
    triton_attempt_timeout_ms: int = Field(
        3_000,
        ge=1,
        description="Longest wait for one chunk at one endpoint, which is taken for hung after it; above the "
        "longest run of a batch, below triton_timeout_ms. Three quarters of it may pass in Triton's queue.",
    )
    triton_resolve_interval_s: float = Field(
        3.0, gt=0, description="How often the names in triton_url are looked up again."
    )
    embedded_workers: int = Field(2, ge=1, description="Chunks that the embedded backend runs at once.")
    max_running_chunks: int = Field(
        4,
        ge=1,
        description="Chunks that this process sends to each Triton at once, and half as many urgent ones beside them; "
        "the others wait by deadline. All vocoder processes together should send twice a Triton's instances on a CPU, "
        "its largest batch times its instances and more on a GPU. What goes beyond waits in Triton, by priority alone.",
    )
    max_queued_chunks: int = Field(
        512, ge=1, description="Chunks that wait for their turn; one more is refused at once."
    )
    overload_patience_ms: int = Field(
        5_000,
        ge=0,
        description="A stream that has given audio waits so long beyond its listener's last audio while the backend "
        "is full; a new one is refused at once.",
    )
    max_segments_ahead: int = Field(
        1, ge=1, description="Segments of one stream that are vocoded before the listener has got to them."
    )
    max_chunk_ms: float = Field(
        50.0,
        gt=0,
        description="Chunks expected to take longer are not cut, lest they hold up other listeners.",
    )
    max_segment_frames: int = Field(20_000, ge=1, description="Frames of one segment; more is refused.")
    urgent_slack_ms: int = Field(
        250, description="A chunk whose listener has less audio left than this goes first (priority 1)."
    )
    relaxed_slack_ms: int = Field(
        1_500, description="A chunk whose listener has more audio left than this goes last (priority 3)."
    )
    triton_instances: int = Field(
        2, ge=1, description="Instances of each model on a Triton server, as its repository says."
    )
    model_memory_mib: int = Field(
        0,
        ge=0,
        description="Memory budget for the vocoders' weights on each server, all copies counted; 0: none. Vocoders "
        "beyond it are loaded when asked for, and those not used for the longest time make room. Only where one "
        "vocoder process has the Tritons to itself: each keeps its own account, and would unload what another uses.",
    )
    unload_timeout_s: float = Field(
        30.0,
        gt=0,
        description="Longest wait for segments to end before their vocoder is unloaded or replaced.",
    )
    auto_down_pressure: float = Field(
        0.5,
        gt=0,
        description="Tier `auto` steps down when waiting takes more than this share of the time that listeners have.",
    )
    auto_up_pressure: float = Field(
        0.1, gt=0, description="Tier `auto` steps up again when the share has been below this for auto_up_s."
    )
    auto_down_s: float = Field(
        2.0, gt=0, description="Seconds that a step down is given to help, before another."
    )
    auto_up_s: float = Field(10.0, gt=0, description="Seconds of calm before a step up.")

    @model_validator(mode="after")
    def _has_hysteresis(self) -> VocoderSettings:
        if self.auto_up_pressure >= self.auto_down_pressure:
            raise ValueError("auto_up_pressure must be below auto_down_pressure")
        return self

    @model_validator(mode="after")
    def _leaves_time_to_redo(self) -> VocoderSettings:
        if self.triton_attempt_timeout_ms >= self.triton_timeout_ms:
            raise ValueError("triton_attempt_timeout_ms must be below triton_timeout_ms")
        return self
