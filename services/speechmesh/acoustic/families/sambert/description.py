"""What the graphs of a Sambert do not say themselves; written by the export beside them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speechmesh.common.errors import Incompatible


class F0Scale(BaseModel):
    """How a normalised F0 becomes Hz: times `deviation_hz`, plus `mean_hz`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean_hz: float
    deviation_hz: float = Field(gt=0)


class SambertDescription(BaseModel):
    """The content of sambert.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    n_mels: int = Field(ge=1)
    outputs_per_step: int = Field(ge=1, description="Frames that a step of the decoder makes.")
    n_layers: int = Field(ge=1)
    n_heads: int = Field(ge=1)
    head_width: int = Field(ge=1)
    duration_units: int = Field(ge=1, description="Of the LSTM that says durations.")
    postnet_lag_frames: int = Field(ge=0)
    postnet_state_size: int = Field(ge=1)
    speakers: tuple[str, ...] = Field(min_length=1)
    reads_bytes: bool = False
    speaker_vector: tuple[float, ...] | None = Field(None, description="In place of an id.")
    f0: F0Scale | None = Field(None, description="Of models whose last two bins are F0 and voicing.")


def load_description(path: Path) -> SambertDescription:
    """Reads the file.

    Raises:
        Incompatible: naming the file and the field that is wrong.
    """
    try:
        return SambertDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise Incompatible(f"{path}: {faults}") from None
