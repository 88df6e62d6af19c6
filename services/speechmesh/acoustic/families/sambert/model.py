"""The three graphs of a Sambert: read items, advance streams by some steps, get their frames."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime as ort

from speechmesh.acoustic.families.sambert.description import SambertDescription, load_description
from speechmesh.acoustic.families.sambert.streams import (
    Arrays,
    Stream,
    pack_postnet,
    pack_steps,
    postnet_frames,
    streams_of,
    unpack_postnet,
    unpack_steps,
)
from speechmesh.common.features import FloatArray
from speechmesh.common.runtime import Device, open_session

DESCRIPTION_FILE = "sambert.json"
READER_FILE, DECODER_FILE, POSTNET_FILE = GRAPH_FILES = ("reader.onnx", "decoder.onnx", "postnet.onnx")
# A voice whose F0 falls under this is held there, as upstream does; from here on a frame counts as voiced.
_MIN_F0_HZ = 30.0
_VOICED_FROM = 0.6


@dataclass(frozen=True)
class SambertItem:
    """Ids of one item's tokens: `features` [P, F], `emotion` and `speaker` [P]; `pace` is a factor on durations."""

    features: npt.NDArray[np.int64]
    emotion: npt.NDArray[np.int64]
    speaker: npt.NDArray[np.int64]
    pace: float = 1.0


class SambertModel:
    """Runs the graphs in a folder. Streams belong to the caller; the model keeps nothing of them."""

    def __init__(
        self, folder: Path, threads: int, device: Device = "cpu", device_memory_bytes: int = 0
    ) -> None:
        """Loads the graphs.

        Raises:
            Incompatible: when a file is missing or not such a graph.
        """
        self.description: SambertDescription = load_description(folder / DESCRIPTION_FILE)
        self._reader, self._decoder, self._postnet = (
            open_session(
                folder / name, threads=threads, device=device, device_memory_bytes=device_memory_bytes
            )
            for name in GRAPH_FILES
        )
        # Of each run; None for ONNX Runtime's own.
        self.run_options: ort.RunOptions | None = None
        self._read_names = [output.name for output in self._reader.get_outputs()]

    def begin(self, items: Sequence[SambertItem]) -> list[Stream]:
        """Reads a batch of items: durations are known, no frame is made yet."""
        values = self._reader.run(None, self._pack_items(items), self.run_options)
        read = dict(zip(self._read_names, values, strict=True))
        return streams_of(read, self.description, [len(item.emotion) for item in items])

    def advance(self, streams: Sequence[Stream], n_steps: int) -> list[FloatArray]:
        """Makes up to `n_steps` steps of each stream; the frames [n, M] of each that are ready, perhaps none.

        Streams may be at different steps; each gets what it would get alone to 1e-4.
        """
        under_way = [stream for stream in streams if stream.left_steps]
        if under_way:
            n = min(n_steps, max(stream.left_steps for stream in under_way))
            frames, last, own = self._decoder.run(
                ["all_frames", "final_last", "final_own"], pack_steps(under_way, n), self.run_options
            )
            unpack_steps(under_way, frames, last, own, self.description.outputs_per_step)
        lag = self.description.postnet_lag_frames
        ready: dict[int, FloatArray] = {}
        alike: dict[tuple[int, bool], list[Stream]] = defaultdict(list)
        for stream in streams:
            if n_given := postnet_frames(stream, lag):
                alike[n_given, stream.postnet_began].append(stream)
        # All runs before any of them counts: should one fail, the frames of the others still wait in their streams.
        made = [
            (
                together,
                *self._postnet.run(["out", "next_state"], pack_postnet(together, lag), self.run_options),
            )
            for together in alike.values()
        ]
        for together, out, state in made:
            unpack_postnet(together, state)
            for row, stream in enumerate(together):
                ready[id(stream)] = self._denormalised(out[row])
        nothing = np.zeros((0, self.description.n_mels), np.float32)
        return [ready.get(id(stream), nothing) for stream in streams]

    def _pack_items(self, items: Sequence[SambertItem]) -> Arrays:
        description = self.description
        batch, longest = len(items), max(len(item.emotion) for item in items)
        features = np.zeros((batch, longest, items[0].features.shape[1]), np.int64)
        emotion, speaker = np.zeros((2, batch, longest), np.int64)
        for row, item in enumerate(items):
            n = len(item.emotion)
            features[row, :n], emotion[row, :n], speaker[row, :n] = item.features, item.emotion, item.speaker
        speakers: npt.NDArray[np.generic] = speaker
        if description.speaker_vector is not None:
            vector = np.array(description.speaker_vector, np.float32)
            speakers = np.ascontiguousarray(np.broadcast_to(vector, (batch, longest, len(vector))))
        state = np.zeros((2, batch, description.duration_units), np.float32)
        return {
            **{"features": features, "emotion": emotion, "speaker": speakers, "hidden": state, "cell": state},
            "lengths": np.array([len(item.emotion) for item in items], np.int64),
            "pace": np.array([item.pace for item in items], np.float32),
            "said": np.zeros((batch, 1), np.float32),
            "first": np.zeros(1, np.int64),
            "n": np.array(longest, np.int64),
        }

    def _denormalised(self, mel: FloatArray) -> FloatArray:
        """Mels [T, M], whose last two bins become F0 in Hz and a decision about voicing, where there are such."""
        f0 = self.description.f0
        out = mel.copy()
        if f0 is not None:
            out[:, -2] = np.maximum(mel[:, -2] * f0.deviation_hz + f0.mean_hz, _MIN_F0_HZ)
            out[:, -1] = mel[:, -1] >= _VOICED_FROM
        return out
