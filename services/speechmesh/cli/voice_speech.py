"""Mels of real sentences for the vocoder's export, said by a voice's own acoustic model."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from speechmesh.common.bundle import VoiceBundle, load_bundles
from speechmesh.common.errors import Incompatible

if TYPE_CHECKING:
    from speechmesh.vocoder.export.material import Utterance
    from speechmesh.vocoder.export.pipeline import Speaker

# Everyday sentences, all of English's phones among them; every third is judged by, the others calibrate.
_SENTENCES = (
    "The birch canoe slid on the smooth planks.",
    "Please take the next train to the city and wait for me there.",
    "A large size in stockings is hard to sell.",
    "The boy was there when the sun rose over the hills.",
    "Kick the ball straight and follow through.",
    "She asked him to close the window before the rain came in.",
    "The hogs were fed chopped corn and garbage.",
    "We usually measure the temperature twice a day in winter.",
    "Four hours of steady work faced us.",
    "The young girl gave no clear response to the teacher.",
    "It snowed, rained, and hailed the same morning.",
    "Nothing in the garden was growing, although it was already May.",
)


@dataclass(frozen=True)
class SpeakingVoices:
    """Voices that may speak, by preference, and what their speech depends on."""

    bundles: tuple[VoiceBundle, ...]

    @property
    def fingerprint(self) -> str:
        """Changes when their acoustic models do; their vocoders do not matter."""
        return " ".join(_mark(bundle) for bundle in self.bundles)

    def load(self) -> tuple[Speaker, ...]:
        """The voices as the exporter takes them; none where the stages' extras are not installed."""
        from speechmesh.vocoder.export.pipeline import Speaker  # noqa: PLC0415 - needs the export extra

        if any(importlib.util.find_spec(module) is None for module in ("onnxruntime", "soxr")):
            return ()
        return tuple(
            Speaker(bundle.name, bundle.config.feature_space, lambda bundle=bundle: _speak(bundle))  # type: ignore[misc]
            for bundle in self.bundles
        )


def speaking_voices(first: VoiceBundle | None, voices: Path) -> SpeakingVoices:
    """The English voices in a folder, `first` before all; none where there is no folder of voices."""
    try:
        others = list(load_bundles(voices).values()) if voices.is_dir() else []
    except Incompatible:  # this command is not about them
        others = []
    bundles = [*([first] if first else []), *others]
    return SpeakingVoices(tuple(b for b in bundles if b.config.frontend.reader == "english"))


def _mark(bundle: VoiceBundle) -> str:
    from speechmesh.vocoder.export.fingerprint import file_sha256  # noqa: PLC0415

    model = file_sha256(bundle.folder / bundle.config.acoustic.model)
    return f"{bundle.name} {model} {bundle.config.feature_space}"


def _speak(bundle: VoiceBundle) -> list[Utterance]:
    from speechmesh.acoustic.families import load_acoustic, speak_whole  # noqa: PLC0415 - needs the acoustic extra
    from speechmesh.cli.segments import acoustic_segment  # noqa: PLC0415
    from speechmesh.frontend.reader import load_reader  # noqa: PLC0415 - needs the frontend extra
    from speechmesh.vocoder.export.material import Utterance  # noqa: PLC0415

    reader, model = load_reader(bundle), load_acoustic(bundle, threads=1)
    utterances = []
    for sentence in _SENTENCES:
        plan = reader.plan(sentence, max_words=40, first_max_words=40)
        segments = [acoustic_segment(reader.tokens(part), bundle) for part in plan.segments]
        frames = [speak_whole(model, segment).frames for segment in segments]
        utterances.append(Utterance(np.concatenate(frames), sentence))
    return utterances
