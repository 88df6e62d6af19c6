"""Feature spaces and frames: what passes between the acoustic stage and the vocoder stage."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from speechmesh.common.errors import Incompatible
from speechmesh.features.v1 import features_pb2 as pb

FloatArray = npt.NDArray[np.float32]

# What fits into the wire's uint32.
_MOST = 2**32 - 1
_KINDS = {"mel": pb.FeatureSpace.KIND_MEL, "latent": pb.FeatureSpace.KIND_LATENT}
_LOG_BASES = {
    "none": pb.FeatureSpace.LOG_BASE_UNSPECIFIED,
    "e": pb.FeatureSpace.LOG_BASE_E,
    "10": pb.FeatureSpace.LOG_BASE_10,
    "decibel": pb.FeatureSpace.LOG_BASE_DECIBEL,
}


class FeatureSpace(BaseModel):
    """The declaration of a feature space; the fields are those of speechmesh.features.v1.FeatureSpace."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    kind: Literal["mel", "latent"]
    latent_name: str = ""
    sample_rate_hz: int = Field(gt=0, le=_MOST)
    hop_length: int = Field(gt=0, le=_MOST)
    n_fft: int = Field(0, ge=0, le=_MOST)
    win_length: int = Field(0, ge=0, le=_MOST)
    n_mels: int = Field(gt=0, le=_MOST)
    f_min_hz: float = Field(0.0, ge=0)
    f_max_hz: float = Field(0.0, ge=0)
    log_base: Literal["none", "e", "10", "decibel"] = "none"
    log_floor: float = Field(0.0, ge=0)
    normalisation: str = "none"
    mel_scale: str = ""
    centred: bool = True

    @property
    def frame_ms(self) -> float:
        """Duration of one frame in milliseconds."""
        return 1000.0 * self.hop_length / self.sample_rate_hz

    @property
    def silence(self) -> float:
        """The value that every bin has in digital silence: the logarithm of the floor.

        Raises:
            Incompatible: for latents and normalised spaces, where no single value means silence.
        """
        if self.kind != "mel" or self.normalisation != "none" or self.log_floor <= 0:
            raise Incompatible("this feature space has no value for silence")
        if self.log_base == "none":
            return self.log_floor
        factor = {"e": 1.0 / np.log(np.e), "10": 1.0 / np.log(10.0), "decibel": 20.0 / np.log(10.0)}
        return float(np.log(self.log_floor) * factor[self.log_base])

    def differences(self, other: FeatureSpace) -> list[str]:
        """The fields in which the two differ, as `n_mels: 80 against 100`; empty when they fit."""
        return [
            f"{name}: {getattr(self, name)} against {getattr(other, name)}"
            for name in type(self).model_fields
            if getattr(self, name) != getattr(other, name)
        ]

    def require_equal(self, other: FeatureSpace, what: str) -> None:
        """Refuses a mismatch.

        Raises:
            Incompatible: naming `what` and each field that differs.
        """
        if differences := self.differences(other):
            raise Incompatible(f"{what}: feature spaces differ in {'; '.join(differences)}")

    def to_proto(self) -> pb.FeatureSpace:
        """The wire form."""
        fields = self.model_dump()
        fields["kind"] = _KINDS[self.kind]
        fields["log_base"] = _LOG_BASES[self.log_base]
        return pb.FeatureSpace(**fields)

    @classmethod
    def from_proto(cls, message: pb.FeatureSpace) -> FeatureSpace:
        """From the wire form.

        Raises:
            pydantic.ValidationError: when a field is out of range.
        """
        fields = {name: getattr(message, name) for name in cls.model_fields}
        fields["kind"] = next((name for name, value in _KINDS.items() if value == message.kind), "")
        fields["log_base"] = next(
            (name for name, value in _LOG_BASES.items() if value == message.log_base), ""
        )
        return cls(**fields)


def pack_frames(frames: FloatArray, first_frame: int) -> pb.Frames:
    """Frames [T, M] as a message."""
    return pb.Frames(
        first_frame=first_frame,
        n_frames=len(frames),
        values=np.ascontiguousarray(frames, dtype="<f4").tobytes(),
        value_type=pb.Frames.VALUE_TYPE_FLOAT32,
    )


def unpack_frames(message: pb.Frames, n_mels: int) -> FloatArray:
    """The frames [T, M] of a message, float32.

    Raises:
        Incompatible: when the bytes are not T x M values of a known type.
    """
    if message.value_type not in (pb.Frames.VALUE_TYPE_UNSPECIFIED, pb.Frames.VALUE_TYPE_FLOAT32):
        raise Incompatible(f"frames.value_type {message.value_type} is not served here")
    if len(message.values) != message.n_frames * n_mels * 4:
        raise Incompatible(
            f"frames.values: {len(message.values)} bytes are not {message.n_frames} frames of {n_mels} float32"
        )
    return np.frombuffer(message.values, dtype="<f4").reshape(message.n_frames, n_mels)
