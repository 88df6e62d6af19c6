"""A voice's ONNX graphs, run bare: the text read, one acoustic and one vocoder run a segment, no mesh.

The yardstick and the seed baseline share it, so that all contenders speak the same samples.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speechmesh.acoustic.families import load_acoustic, speak_whole
from speechmesh.cli.segments import acoustic_segment
from speechmesh.common.bundle import VoiceBundle, load_bundle
from speechmesh.common.features import FloatArray
from speechmesh.common.settings import load
from speechmesh.frontend.plan import Ending, TextPlan, TokenSegment
from speechmesh.frontend.reader import load_reader
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk

OpenSession = Callable[[Path], Any]
_STATEMENT, _QUESTION = 1, 2  # the graph's `punct`, see acoustic/families/parallel.py
_S16_MAX = 32767.0


class _Parallel:
    """The graph of a voice of family `parallel`, one run a segment."""

    def __init__(self, bundle: VoiceBundle, open_session: OpenSession) -> None:
        config = bundle.config
        self._session = open_session(bundle.folder / config.acoustic.model)
        speed = next(node for node in self._session.get_inputs() if node.name == "speed")
        self._speed = np.full([1] * len(speed.shape), config.acoustic.rate_scale, np.float32)
        names = {node.name for node in self._session.get_inputs()}
        self._neutral = {name: np.zeros(1, np.float32) for name in ("pitch", "energy") if name in names}
        self._speaker = np.array([config.speakers[0].id], np.int64)

    def speak(self, tokens: TokenSegment, ending: Ending) -> tuple[FloatArray, int]:
        """Frames [T, M] and how many of them are the leading pause."""
        word_ends = np.zeros(len(tokens.tokens), np.int64)
        for word in tokens.words:
            word_ends[word.first_token + word.n_tokens - 1] = 1
        feeds = {
            "phones": np.array([tokens.tokens], np.int64),
            "wordend": word_ends[None],
            "punct": np.array([_QUESTION if ending is Ending.QUESTION else _STATEMENT], np.int64),
            "speaker": self._speaker,
            "speed": self._speed,
            **self._neutral,
        }
        mel, durations = self._session.run(["mel", "dur"], feeds)
        return mel[0, : int(durations.sum())], int(durations[0, 0])


class _OfFamily:
    """A voice of another family: its graphs as the acoustic stage runs them, one segment at a time."""

    def __init__(self, bundle: VoiceBundle) -> None:
        self._bundle = bundle
        self._model = load_acoustic(bundle, threads=1)
        self._lock = threading.Lock()  # a model is called from one thread at a time

    def speak(self, tokens: TokenSegment, ending: Ending) -> tuple[FloatArray, int]:
        """Frames [T, M]; such voices begin without a pause."""
        segment = acoustic_segment(tokens, self._bundle, ending=ending.value)
        with self._lock:
            return speak_whole(self._model, segment).frames, 0


class BareVoice:
    """One voice with its own sessions; threads may share it."""

    def __init__(self, folder: Path, open_session: OpenSession) -> None:
        """Loads and warms a voice bundle; `open_session` decides the sessions' options."""
        bundle = load_bundle(folder)
        self._config = bundle.config
        self._settings = load(FrontendSettings)
        self._reader = load_reader(bundle)
        parallel = bundle.config.acoustic.family == "parallel"
        self._acoustic = _Parallel(bundle, open_session) if parallel else _OfFamily(bundle)
        vocoder = next(iter(self._config.vocoders.values()))
        self._vocoder = open_session(folder / vocoder.model)
        self.sample_rate_hz = self._config.feature_space.sample_rate_hz
        warm_up = "你好。" if bundle.config.languages[0].startswith("zh") else "Warm up. Does it run?"
        self.speak(warm_up)

    def plan(self, text: str) -> TextPlan:
        """The text's segments, as the mesh's frontend cuts them."""
        settings = self._settings
        return self._reader.plan(
            text, max_words=settings.max_segment_words, first_max_words=settings.first_segment_words
        )

    def speak_segment(self, plan: TextPlan, index: int) -> bytes:
        """PCM_S16LE of one segment: acoustic graph, then the vocoder graph on all of its frames."""
        tokens = self._reader.tokens(plan.segments[index])
        mel, pause_frames = self._acoustic.speak(tokens, plan.ending(index))
        mel = mel[self._surplus_pause_frames(plan, index, pause_frames) :]
        return _pcm(run_chunk(self._vocoder, Chunk(np.ascontiguousarray(mel), last=True)).samples)

    def speak(self, text: str) -> bytes:
        """PCM_S16LE of a whole text."""
        plan = self.plan(text)
        return b"".join(self.speak_segment(plan, index) for index in range(len(plan.segments)))

    def _surplus_pause_frames(self, plan: TextPlan, index: int, pause_frames: int) -> int:
        """Leading pause that the mesh cuts off before first words and inside sentences."""
        if index > 0 and plan.ending(index - 1) is not Ending.CONTINUATION:
            return 0
        kept = round(self._settings.lead_silence_ms / self._config.feature_space.frame_ms)
        return max(pause_frames - kept, 0) if kept else 0


def _pcm(samples: npt.NDArray[np.float32]) -> bytes:
    coded: npt.NDArray[np.int16] = np.rint(np.clip(samples, -1.0, 1.0) * _S16_MAX).astype("<i2")
    return coded.tobytes()
