"""Settings of the acoustic stage."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from speechmesh.common.settings import ServiceSettings


class AcousticSettings(ServiceSettings):
    """Read from `SPEECHMESH_ACOUSTIC_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SPEECHMESH_ACOUSTIC_")

    port: int = Field(50052, ge=0, le=65535, description="gRPC port; 0 picks a free one.")
    threads: int = Field(1, ge=1, description="Threads of each model's run.")
    max_batch_items: int = Field(8, ge=1, description="Most segments in one run.")
    max_batch_tokens: int = Field(
        128,
        ge=1,
        description="Most tokens in one run, padding counted. On a CPU a larger batch gains nothing and "
        "makes the urgent segment in it wait; a GPU wants thousands.",
    )
    max_queued_segments: int = Field(
        512, ge=1, description="Segments that wait; one more is refused at once."
    )
    max_segments_under_way: int = Field(
        64,
        ge=1,
        description="Segments whose frames a model is making little by little; each holds memory, others wait.",
    )
    max_segment_tokens: int = Field(1000, ge=1, description="Tokens of one segment; more is refused.")
    max_segments_per_stream: int = Field(8, ge=1, description="Segments of one stream in work at once.")
    max_frames_per_message: int = Field(
        512, ge=1, description="Frames in one message; longer segments are cut."
    )
