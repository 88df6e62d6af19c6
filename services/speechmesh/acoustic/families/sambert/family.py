"""Sambert as a family of the acoustic stage."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from speechmesh.acoustic.domain import AcousticSegment, Utterance
from speechmesh.acoustic.families.precision import Precision
from speechmesh.acoustic.families.sambert.model import GRAPH_FILES, SambertItem, SambertModel
from speechmesh.acoustic.families.sambert.streams import Stream
from speechmesh.acoustic.families.sambert.symbols import EMOTIONS, Symbols
from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FloatArray
from speechmesh.common.graph_size import session_bytes
from speechmesh.common.runtime import Device, shrinking_run_options

log = logging.getLogger(__name__)

# Steps a run, of an utterance that has given nothing yet and of one that has: early first audio, then fewer runs.
_FIRST_FRAMES, _LATER_STEPS = 6, 8
_NO_EMOTION = 0
_PAUSE_MARK = "#"
_WARM_UP_TOKENS = (8, 40)


class SambertAcoustic:
    """Runs the graphs in the folder of the bundle's acoustic model.

    A segment's `features` [P, F] are the ids of tone, syllable flag and word segment, none of voices that read bytes;
    its style is an emotion's name without `emotion_`. Token ids are one more than the checkpoint's.

    Its graphs run in float32 whatever the precision: the reader decides durations to its end, the postnet whether a
    frame is voiced, and the decoder hears its own frames for a whole segment, so that errors add up. Nor would float16
    be faster there: a step's matrices are small, and it takes the time of its operators' launches.
    """

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
            Incompatible: when its files are not such graphs, or the bundle names speakers or emotions that it has not.
        """
        path = bundle.folder / bundle.config.acoustic.model
        if precision == "fp16":
            log.warning("%s runs in fp32: its family does not hold in fp16", bundle.name)
        self._device = device
        self._model = SambertModel(path.parent, threads, device, device_memory_bytes)
        description = self._model.description
        self._symbols = Symbols(description.speakers, description.reads_bytes)
        self._emotions = {name.removeprefix("emotion_"): i for i, name in enumerate(EMOTIONS)}
        if unknown := sorted(set(bundle.config.styles) - self._emotions.keys()):
            raise Incompatible(f"{bundle.folder}/voice.yaml: styles: Sambert knows no {', '.join(unknown)}")
        if (n := max(speaker.id for speaker in bundle.config.speakers)) >= len(description.speakers):
            raise Incompatible(f"{bundle.folder}/voice.yaml: speakers: the model has none of id {n}")
        if description.n_mels != (n := bundle.config.feature_space.n_mels):
            raise Incompatible(
                f"{path}: n_mels: {description.n_mels}, feature_space.n_mels of voice.yaml is {n}"
            )
        if bundle.tokens != self._symbols.tokens or bundle.token_features != self._symbols.token_features:
            raise Incompatible(
                f"{bundle.folder}/{bundle.config.frontend.tokens}: is not Sambert's token table"
            )
        self._n_features = len(bundle.token_features)
        self._pauses = np.array([i for i, t in enumerate(bundle.tokens) if t.startswith(_PAUSE_MARK)])
        lag, per_step = description.postnet_lag_frames, description.outputs_per_step
        self._first_steps = -(-(lag + _FIRST_FRAMES) // per_step)
        self._default_style = bundle.config.styles[0]
        for n_tokens in _WARM_UP_TOKENS:
            self._warm_up(n_tokens)

    @staticmethod
    def memory_bytes(bundle: VoiceBundle, device: Device = "cpu", precision: Precision = "auto") -> int:
        """See Family."""
        del device, precision
        folder = (bundle.folder / bundle.config.acoustic.model).parent
        return sum(session_bytes(folder / name) for name in GRAPH_FILES)

    def batch_key(self, segment: AcousticSegment) -> object:
        """Whatever the speaker, emotion and rate."""
        return None

    def give_back(self) -> None:
        """See Acoustic."""
        self._model.run_options = shrinking_run_options(self._device, of_device=True)
        try:
            self._warm_up(_WARM_UP_TOKENS[0])
        finally:
            self._model.run_options = None

    def begin(self, segments: Sequence[AcousticSegment]) -> list[Utterance]:
        """Reads the segments: their durations are known then."""
        return list(self._model.begin([self._item(segment) for segment in segments]))

    def advance(self, utterances: Sequence[Utterance]) -> list[FloatArray]:
        """Some steps of each."""
        streams = [utterance for utterance in utterances if isinstance(utterance, Stream)]
        fresh = any(not stream.postnet_began for stream in streams)
        return self._model.advance(streams, self._first_steps if fresh else _LATER_STEPS)

    def _item(self, segment: AcousticSegment) -> SambertItem:
        n = len(segment.tokens)
        given = np.zeros((n, 0), np.int64) if segment.features is None else segment.features
        if given.shape != (n, self._n_features):
            raise InvalidInput("segment.features", f"are {list(given.shape)}, not {[n, self._n_features]}")
        emotion = np.full(n, self._emotions[segment.style or self._default_style])
        if not self._symbols.reads_bytes:
            emotion[np.isin(segment.tokens, self._pauses)] = _NO_EMOTION
        features = np.concatenate([segment.tokens[:, None] - 1, given], axis=1)
        return SambertItem(features, emotion, np.full(n, segment.speaker_id), 1.0 / segment.rate)

    def _warm_up(self, n_tokens: int) -> None:
        zeros = np.zeros((n_tokens, self._n_features), np.int64)
        segment = AcousticSegment(
            np.ones(n_tokens, np.int64), np.zeros(n_tokens, np.bool_), features=zeros, rate=1.0
        )
        (utterance,) = self.begin([segment])
        while not utterance.finished:
            self.advance([utterance])
