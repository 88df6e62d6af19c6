"""The default voices' family: a non-autoregressive model with predicted durations, one ONNX graph.

Graph contract (B batch, P tokens, T frames, M bins):
    phones  int64 [B, P]  0 = padding        wordend int64 [B, P]  1 on the last phone of a word
    punct   int64 [B]     1 statement, 2 question
    speaker int64 [B]                         speed   float32 [B]   factor on durations; [] in graphs of one for all
    pitch   float32 [B]   semitones          energy  float32 [B]   dB of vocal effort; of graphs that have them
    -> mel  float32 [B, T, M]                 dur     int64 [B, P]  frames per token, 0 for padding
A padded batch gives what the single items give.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Ending, Utterance
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.graph_size import session_bytes
from speechmesh.common.runtime import Device, open_session, shrinking_run_options

_PADDING_ID = 0
_STATEMENT, _QUESTION = 1, 2
_INPUTS = {"phones", "wordend", "punct", "speaker", "speed"}
_PITCH, _ENERGY = "pitch", "energy"
_WARM_UP_TOKENS = (16, 64)


class _Spoken:
    """An utterance whose frames are all there."""

    def __init__(self, result: AcousticResult) -> None:
        self._result = result
        self.frames_per_token = result.frames_per_token
        self.finished = False

    def take(self) -> FloatArray:
        """The frames."""
        self.finished = True
        return self._result.frames


class ParallelAcoustic:
    """Runs the graph above in ONNX Runtime."""

    def __init__(self, bundle: VoiceBundle, threads: int, device: Device = "cpu") -> None:
        """Loads and warms the model.

        Raises:
            Incompatible: when the file is not such a graph.
        """
        path = bundle.folder / bundle.config.acoustic.model
        self._session = open_session(path, threads=threads, device=device)
        inputs = {node.name for node in self._session.get_inputs()}
        self._controls = inputs & {_PITCH, _ENERGY}
        if inputs - self._controls != _INPUTS:
            raise Incompatible(
                f"{path}: inputs are {sorted(inputs)}, family parallel needs {sorted(_INPUTS)}"
            )
        config = bundle.config.acoustic
        for control, most in ((_PITCH, config.pitch_range_semitones), (_ENERGY, config.energy_range_db)):
            if most and control not in self._controls:
                raise Incompatible(f"{path}: has no input {control!r}, but voice.yaml gives it a range")
        speed = next(node for node in self._session.get_inputs() if node.name == "speed")
        self._speed_is_shared = not speed.shape
        self._rate_scale = config.rate_scale
        self._run_options = shrinking_run_options(device)
        pause = bundle.tokens.index(bundle.config.frontend.pause_token)
        for n_tokens in _WARM_UP_TOKENS:
            tokens = np.full(n_tokens, pause, np.int64)
            self.infer([AcousticSegment(tokens, np.zeros(n_tokens, np.bool_))])

    @staticmethod
    def memory_bytes(bundle: VoiceBundle) -> int:
        """See Family."""
        return session_bytes(bundle.folder / bundle.config.acoustic.model)

    def batch_key(self, segment: AcousticSegment) -> object:
        """Whatever the speaker, rate, pitch and energy; only an older graph takes one speed a batch."""
        return segment.rate if self._speed_is_shared else None

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Utterance]:
        """Synthesises a batch of segments of equal keys, all frames at once."""
        return [_Spoken(result) for result in self.infer(segments)]

    def advance(self, utterances: Sequence[Utterance]) -> list[FloatArray]:
        """All frames of each."""
        return [utterance.take() for utterance in utterances if isinstance(utterance, _Spoken)]

    def infer(self, segments: Sequence[AcousticSegment]) -> list[AcousticResult]:
        """Synthesises a batch of segments of equal keys."""
        mel, durations = self._session.run(["mel", "dur"], self._pack(segments), self._run_options)
        return unpack(segments, mel, durations)

    def _pack(self, segments: Sequence[AcousticSegment]) -> dict[str, npt.NDArray[np.generic]]:
        shape = (len(segments), max(len(segment.tokens) for segment in segments))
        phones = np.full(shape, _PADDING_ID, np.int64)
        word_ends = np.zeros(shape, np.int64)
        for row, segment in enumerate(segments):
            phones[row, : len(segment.tokens)] = segment.tokens
            word_ends[row, : len(segment.tokens)] = segment.word_ends
        punct = [_QUESTION if s.ending is Ending.QUESTION else _STATEMENT for s in segments]
        speed = np.array([self._rate_scale / segment.rate for segment in segments], np.float32)
        feed: dict[str, npt.NDArray[np.generic]] = {
            "phones": phones,
            "wordend": word_ends,
            "punct": np.array(punct, np.int64),
            "speaker": np.array([segment.speaker_id for segment in segments], np.int64),
            "speed": speed[:1].reshape(()) if self._speed_is_shared else speed,
        }
        shifts = {_PITCH: [s.pitch_semitones for s in segments], _ENERGY: [s.energy_db for s in segments]}
        return feed | {name: np.array(shifts[name], np.float32) for name in self._controls}


def unpack(
    segments: Sequence[AcousticSegment], mel: npt.NDArray[np.float32], durations: npt.NDArray[np.int64]
) -> list[AcousticResult]:
    """Cuts a batch's `mel` [B, T, M] and `durations` [B, P] into one result a segment, padding dropped."""
    results = []
    for row, segment in enumerate(segments):
        frames_per_token = durations[row, : len(segment.tokens)]
        n_frames = int(frames_per_token.sum())
        # A copy: a view would keep the whole batch in memory for as long as the slowest listener.
        results.append(AcousticResult(mel[row, :n_frames].copy(), frames_per_token.copy()))
    return results
