"""The default voices' family: a non-autoregressive model with predicted durations, one ONNX graph.

Graph contract (B batch, P tokens, T frames, M bins):
    phones  int64 [B, P]  0 = padding        wordend int64 [B, P]  1 on the last phone of a word
    punct   int64 [B]     1 statement, 2 question
    speaker int64 [B]                         speed   float32 [B]   factor on durations; [] in graphs of one for all
    pitch   float32 [B]   semitones          energy  float32 [B]   dB of vocal effort; of graphs that have them
    -> mel  float32 [B, T, M]                 dur     int64 [B, P]  frames per token, 0 for padding
A padded batch gives what the single items give.

In float16 what leads to `dur`, to positions and to masks stays float32, so that durations are those of float32; see
common/graphs/half.py. A graph whose mels come out otherwise than in float32 is found when it is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from speechmesh.acoustic.domain import AcousticResult, AcousticSegment, Ending, Utterance
from speechmesh.acoustic.families.precision import Precision, disagreement, graph_for, wants_half
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.common.features import FloatArray
from speechmesh.common.graph_size import session_bytes
from speechmesh.common.runtime import Device, is_out_of_memory, open_session, shrinking_run_options

log = logging.getLogger(__name__)

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

    def __init__(
        self,
        bundle: VoiceBundle,
        threads: int,
        device: Device = "cpu",
        precision: Precision = "auto",
        device_memory_bytes: int = 0,
    ) -> None:
        """Loads and warms the model.

        Raises:
            Incompatible: when the file is not such a graph, does not fit the bundle, or fp16 is asked for and it does
                not hold there.
        """
        self._bundle, self._threads, self._device = bundle, threads, device
        self._device_memory_bytes = device_memory_bytes
        half = wants_half(precision, device)
        self._session = self._open(half=half)
        self._learn_inputs()
        self._rate_scale = bundle.config.acoustic.rate_scale
        self._run_options = shrinking_run_options(device)
        self._require_fit()
        if half and (found := self._disagreement()):
            if precision == "fp16":
                raise Incompatible(f"{self._path}: in fp16 has {found}")
            log.warning("%s runs in fp32: in fp16 it has %s", bundle.name, found)
            self._session = self._open(half=False)
        self._warm_up()

    @property
    def _path(self) -> Path:
        return self._bundle.folder / self._bundle.config.acoustic.model

    def _open(self, *, half: bool) -> ort.InferenceSession:
        return open_session(
            self._path,
            threads=self._threads,
            device=self._device,
            device_memory_bytes=self._device_memory_bytes,
            content=graph_for(self._path, self._device, half=half),
        )

    def _learn_inputs(self) -> None:
        inputs = {node.name for node in self._session.get_inputs()}
        self._controls = inputs & {_PITCH, _ENERGY}
        if inputs - self._controls != _INPUTS:
            raise Incompatible(
                f"{self._path}: inputs are {sorted(inputs)}, family parallel needs {sorted(_INPUTS)}"
            )
        config = self._bundle.config.acoustic
        for control, most in ((_PITCH, config.pitch_range_semitones), (_ENERGY, config.energy_range_db)):
            if most and control not in self._controls:
                raise Incompatible(f"{self._path}: has no input {control!r}, but voice.yaml gives it a range")
        speed = next(node for node in self._session.get_inputs() if node.name == "speed")
        self._speed_is_shared = not speed.shape

    def _require_fit(self) -> None:
        """Refuses a graph that fails on ids that the bundle allows, or makes other frames: each request would fail."""
        config, tokens = self._bundle.config, self._bundle.tokens
        if (pause := config.frontend.pause_token) not in tokens:
            table = self._bundle.folder / config.frontend.tokens
            raise Incompatible(f"{table}: lacks frontend.pause_token {pause!r} of voice.yaml")
        speaker = max(config.speakers, key=lambda each: each.id)
        for what, token_id, speaker_id in (
            (f"token {tokens[-1]!r}, id {len(tokens) - 1}", len(tokens) - 1, 0),
            (f"speaker {speaker.name!r}, id {speaker.id}", tokens.index(pause), speaker.id),
        ):
            segment = AcousticSegment(np.array([token_id]), np.zeros(1, np.bool_), speaker_id=speaker_id)
            try:
                (result,) = self.infer([segment])
            except Exception as error:  # ONNX Runtime's own share no public base
                if is_out_of_memory(error):
                    raise
                raise Incompatible(f"{self._path}: fails on {what}: {error}") from None
        if (n_mels := result.frames.shape[1]) != config.feature_space.n_mels:
            raise Incompatible(
                f"{self._path}: makes {n_mels} bins a frame, feature_space.n_mels of voice.yaml is "
                f"{config.feature_space.n_mels}"
            )

    def _disagreement(self) -> str:
        """In what this model differs from itself in float32 on a CPU, heard on all tokens and speakers."""
        n_tokens = len(self._bundle.tokens)
        tokens = np.arange(1, n_tokens)
        probes = [
            AcousticSegment(np.roll(tokens, shift), np.arange(n_tokens - 1) % 4 == 3, speaker_id=speaker.id)
            for shift, speaker in enumerate(self._bundle.config.speakers)
        ]
        exact = ParallelAcoustic(self._bundle, self._threads, "cpu", "fp32")
        return disagreement(exact.infer(probes), self.infer(probes))

    def _warm_up(self) -> None:
        pause = self._bundle.tokens.index(self._bundle.config.frontend.pause_token)
        for n_tokens in _WARM_UP_TOKENS:
            tokens = np.full(n_tokens, pause, np.int64)
            self.infer([AcousticSegment(tokens, np.zeros(n_tokens, np.bool_))])

    @staticmethod
    def memory_bytes(bundle: VoiceBundle, device: Device = "cpu", precision: Precision = "auto") -> int:
        """See Family."""
        path = bundle.folder / bundle.config.acoustic.model
        half = wants_half(precision, device)
        content = graph_for(path, device, half=True) if half else None
        return session_bytes(path, content, keeps_half=half and device != "cpu")

    def give_back(self) -> None:
        """See Acoustic. On a CPU every run does so."""
        if self._device == "cpu":
            return
        self._run_options = shrinking_run_options(self._device, of_device=True)
        try:
            self._warm_up()
        finally:
            self._run_options = shrinking_run_options(self._device)

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
