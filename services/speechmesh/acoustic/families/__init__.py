"""Families of acoustic models. A family is a module with a class; `FAMILIES` names it for voice.yaml."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Utterance
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.acoustic.families.precision import Precision
from speechmesh.acoustic.families.sambert.family import SambertAcoustic
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import Device


class Acoustic(Protocol):
    """A loaded acoustic model. May be called from two threads at once, never for one utterance: see Batcher."""

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Utterance]:
        """Takes a batch of segments up; utterance i belongs to segment i."""
        ...

    def advance(self, utterances: Sequence[Utterance]) -> list[FloatArray]:
        """The next frames [n, M] of each utterance, perhaps none yet; all of them from models that make all at once.

        Utterances may have begun at different times; each gets what it would get alone to 1e-4. When it fails, no
        frames are lost: they come with a later call. An utterance whose frames are not finite is given up.
        """
        ...

    def batch_key(self, segment: AcousticSegment) -> object:
        """Segments may share a batch only when their keys are equal."""
        ...

    def give_back(self) -> None:
        """Gives memory that no run uses back to the device, which a run alone does not."""
        ...


def speak_whole(model: Acoustic, segment: AcousticSegment) -> AcousticResult:
    """All frames of one segment."""
    (utterance,) = model.begin([segment])
    pieces = []
    while not utterance.finished:
        pieces += model.advance([utterance])
    return AcousticResult(np.concatenate(pieces), utterance.frames_per_token)


class Family(Protocol):
    """A family of models, the class of which loads one and warms it; further families add themselves to `FAMILIES`."""

    def __call__(
        self,
        bundle: VoiceBundle,
        threads: int,
        device: Device,
        precision: Precision,
        device_memory_bytes: int,
    ) -> Acoustic:
        """Loads and warms the bundle's model.

        Each of its graphs may take so much of the device's memory for weights and runs; 0: no limit. A family whose
        graphs do not hold in float16 runs them in float32 whatever the precision.

        Raises:
            Incompatible: when the model does not fit the family, or fp16 is asked for and its graphs go wrong there.
        """
        ...

    def memory_bytes(self, bundle: VoiceBundle, device: Device, precision: Precision) -> int:
        """What the bundle's model will hold while it is loaded, told from its files; without what its runs take.

        Raises:
            Incompatible: when the files cannot be read.
        """
        ...


FAMILIES: dict[str, Family] = {
    "parallel": ParallelAcoustic,
    "sambert": SambertAcoustic,
}


def load_acoustic(
    bundle: VoiceBundle,
    *,
    threads: int,
    device: Device = "cpu",
    precision: Precision = "auto",
    device_memory_bytes: int = 0,
) -> Acoustic:
    """Loads and warms the acoustic model of a voice, see Family.

    Raises:
        Incompatible: when the family is unknown or the model does not fit it.
    """
    return _family(bundle)(bundle, threads, device, precision, device_memory_bytes)


def estimate_memory(bundle: VoiceBundle, device: Device = "cpu", precision: Precision = "auto") -> int:
    """Bytes that the acoustic model of a voice will hold while it is loaded.

    Raises:
        Incompatible: when the family is unknown or the model's files cannot be read.
    """
    return _family(bundle).memory_bytes(bundle, device, precision)


def _family(bundle: VoiceBundle) -> Family:
    family = FAMILIES.get(bundle.config.acoustic.family)
    if family is None:
        raise Incompatible(
            f"{bundle.folder}/voice.yaml: acoustic.family {bundle.config.acoustic.family!r} is not one of "
            f"{', '.join(sorted(FAMILIES))}"
        )
    return family
