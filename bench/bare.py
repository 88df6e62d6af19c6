"""A voice's ONNX graphs, run bare: the text read, one acoustic and one vocoder run a segment, no mesh.

The yardstick and the seed baseline share it, so that all contenders speak the same samples.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speechmesh.common.bundle import load_bundle
from speechmesh.common.settings import load
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.reader import load_reader
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk

OpenSession = Callable[[Path], Any]
_STATEMENT, _QUESTION = 1, 2  # the graph's `punct`, see acoustic/families/parallel.py
_S16_MAX = 32767.0


class BareVoice:
    """One voice of family `parallel` with its own sessions; threads may share it."""

    def __init__(self, folder: Path, open_session: OpenSession) -> None:
        """Loads and warms a voice bundle; `open_session` decides the sessions' options."""
        bundle = load_bundle(folder)
        self._config = bundle.config
        self._settings = load(FrontendSettings)
        self._reader = load_reader(bundle)
        self._acoustic = open_session(folder / self._config.acoustic.model)
        speed = next(node for node in self._acoustic.get_inputs() if node.name == "speed")
        self._speed = np.full([1] * len(speed.shape), self._config.acoustic.rate_scale, np.float32)
        names = {node.name for node in self._acoustic.get_inputs()}
        self._neutral = {name: np.zeros(1, np.float32) for name in ("pitch", "energy") if name in names}
        vocoder = next(iter(self._config.vocoders.values()))
        self._vocoder = open_session(folder / vocoder.model)
        self.sample_rate_hz = self._config.feature_space.sample_rate_hz
        self.speak("Warm up. Does it run?")

    def plan(self, text: str) -> TextPlan:
        """The text's segments, as the mesh's frontend cuts them."""
        settings = self._settings
        return self._reader.plan(
            text, max_words=settings.max_segment_words, first_max_words=settings.first_segment_words
        )

    def speak_segment(self, plan: TextPlan, index: int) -> bytes:
        """PCM_S16LE of one segment: acoustic graph, then the vocoder graph on all of its frames."""
        tokens = self._reader.tokens(plan.segments[index])
        word_ends = np.zeros(len(tokens.tokens), np.int64)
        for word in tokens.words:
            word_ends[word.first_token + word.n_tokens - 1] = 1
        feeds = {
            "phones": np.array([tokens.tokens], np.int64),
            "wordend": word_ends[None],
            "punct": np.array([_QUESTION if plan.ending(index) is Ending.QUESTION else _STATEMENT], np.int64),
            "speaker": np.array([self._config.speakers[0].id], np.int64),
            "speed": self._speed,
            **self._neutral,
        }
        mel, durations = self._acoustic.run(["mel", "dur"], feeds)
        mel = mel[:, self._surplus_pause_frames(plan, index, int(durations[0, 0])) : int(durations.sum())]
        return _pcm(run_chunk(self._vocoder, Chunk(np.ascontiguousarray(mel[0]), last=True)).samples)

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
