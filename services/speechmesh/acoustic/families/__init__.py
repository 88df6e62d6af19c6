"""Families of acoustic models. A family is a module with a class; `FAMILIES` names it for voice.yaml."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible


class Acoustic(Protocol):
    """A loaded acoustic model."""

    def infer(self, segments: Sequence[AcousticSegment]) -> list[AcousticResult]:
        """Synthesises a batch; result i belongs to segment i and equals what it gives alone to 1e-4.

        Called from one worker thread at a time.
        """
        ...

    def batch_key(self, segment: AcousticSegment) -> object:
        """Segments may share a batch only when their keys are equal."""
        ...


FAMILIES: dict[str, Callable[[VoiceBundle, int], Acoustic]] = {"parallel": ParallelAcoustic}


def load_acoustic(bundle: VoiceBundle, *, threads: int) -> Acoustic:
    """Loads and warms the acoustic model of a voice.

    Raises:
        Incompatible: when the family is unknown or the model does not fit it.
    """
    family = FAMILIES.get(bundle.config.acoustic.family)
    if family is None:
        raise Incompatible(
            f"{bundle.folder}/voice.yaml: acoustic.family {bundle.config.acoustic.family!r} is not one of "
            f"{', '.join(sorted(FAMILIES))}"
        )
    return family(bundle, threads)
