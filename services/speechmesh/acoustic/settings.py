"""Settings of the acoustic stage."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from speechmesh.common.settings import ServiceSettings


class AcousticSettings(ServiceSettings):
    """Read from `SPEECHMESH_ACOUSTIC_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="SPEECHMESH_ACOUSTIC_")

    port: int = Field(50052, ge=0, le=65535, description="gRPC port; 0 picks a free one.")
    device: Literal["cpu", "cuda"] = Field(
        "cpu", description="Where the models run; cuda needs onnxruntime-gpu in place of onnxruntime."
    )
    precision: Literal["auto", "fp32", "fp16"] = Field(
        "auto",
        description="What models compute in. fp16: between durations and mels, of families that hold there (parallel; "
        "sambert runs in fp32 all the same). auto: fp16 on cuda, of voices whose mels come out the same, else fp32.",
    )
    device_memory_mib: int = Field(
        0,
        ge=0,
        description="Device memory that each graph's weights and runs may take on cuda; 0: no limit. What a run needs "
        "beyond it is made in smaller batches. CUDA's own libraries take some hundred MiB besides.",
    )
    threads: int = Field(1, ge=1, description="Threads of each model's run.")
    max_batch_items: int = Field(8, ge=1, description="Most segments in one run.")
    max_batch_tokens: int = Field(
        64,
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
    preload: str = Field(
        "*",
        description="Voices that are loaded before health says SERVING: names with commas between, or * for all, as "
        "far as the memory budget reaches. The others are loaded when asked for.",
    )
    model_memory_mib: int = Field(
        0,
        ge=0,
        description="Memory budget for the voices' models, by their families' estimates; 0: none. Voices beyond it "
        "are loaded when asked for, and those not used for the longest time make room.",
    )
    room_timeout_s: float = Field(
        5.0,
        gt=0,
        description="Longest wait of a stream for room in the budget while all voices in it are in use; then refused.",
    )
    frame_cache_mib: int = Field(
        24,
        ge=0,
        description="Memory for frames of recent segments, which are given to those who ask for the same; 0: off.",
    )
    down_pressure: float = Field(
        0.5,
        gt=0,
        description="The stage eases its load by a step when waiting takes more than this share of the time that "
        "listeners have: smaller batches, then cheaper vocoders.",
    )
    up_pressure: float = Field(
        0.1, gt=0, description="A step is taken back when the share has been below this for pressure_up_s."
    )
    refuse_pressure: float = Field(
        2.0,
        gt=0,
        description="When waiting takes more than this share of the time that listeners have, new streams are refused "
        "while anything waits, until the share is below down_pressure.",
    )
    pressure_down_s: float = Field(
        2.0, gt=0, description="Seconds that a step is given to help, before another."
    )
    pressure_up_s: float = Field(10.0, gt=0, description="Seconds of calm before a step is taken back.")
    memory_limit_mib: int = Field(
        0,
        ge=0,
        description="Memory that this process may have; 0: the container's limit if there is one, else none.",
    )
    down_memory: float = Field(
        0.9,
        gt=0,
        le=1,
        description="A step is taken, refusing new streams at last, when resident memory is above this share of the "
        "limit, or on cuda what all processes have of the device's memory above this share of it.",
    )
    up_memory: float = Field(
        0.8,
        gt=0,
        description="A step is taken back when the share has been below this for pressure_up_s; that of refusing new "
        "streams as soon as it has been below down_memory for pressure_down_s.",
    )
    max_segment_tokens: int = Field(1000, ge=1, description="Tokens of one segment; more is refused.")
    max_segments_per_stream: int = Field(8, ge=1, description="Segments of one stream in work at once.")
    max_frames_per_message: int = Field(
        512, ge=1, description="Frames in one message; longer segments are cut."
    )

    @model_validator(mode="after")
    def _has_hysteresis(self) -> AcousticSettings:
        if not self.up_pressure < self.down_pressure < self.refuse_pressure:
            raise ValueError("up_pressure must be below down_pressure, and that below refuse_pressure")
        if self.up_memory >= self.down_memory:
            raise ValueError("up_memory must be below down_memory")
        return self
