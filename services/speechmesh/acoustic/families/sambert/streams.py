"""The state of a stream, and how streams at different steps become one run's arrays and come apart again. All pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from speechmesh.acoustic.families.sambert.description import SambertDescription
from speechmesh.common.features import FloatArray

Arrays = dict[str, npt.NDArray[np.generic]]


@dataclass
class Stream:
    """One item under way.

    What it will read: `projected` [S, U] and `memory` [2L, H, S + band, W]. What its last step left: `last` [M], `own`
    [2L, H, band + 1, W]. `waiting` are decoded frames [n, M] that the postnet has not had yet.
    """

    projected: FloatArray
    memory: FloatArray
    durations: npt.NDArray[np.int64]
    n_frames: int
    band: int
    last: FloatArray
    own: FloatArray
    postnet_state: FloatArray
    waiting: FloatArray
    done_steps: int = 0
    decoded_frames: int = 0
    postnet_began: bool = False
    finished: bool = field(default=False)

    @property
    def frames_per_token(self) -> npt.NDArray[np.int64]:
        """See Utterance."""
        return self.durations

    @property
    def n_steps(self) -> int:
        """Steps in all."""
        return len(self.projected)

    @property
    def left_steps(self) -> int:
        """Steps still to make."""
        return self.n_steps - self.done_steps


def streams_of(read: Arrays, description: SambertDescription, token_counts: Sequence[int]) -> list[Stream]:
    """What the reader's graph gave for a batch, as streams that have not begun."""
    kept = 2 * description.n_layers
    streams = []
    for row, n_tokens in enumerate(token_counts):
        n_steps, band = int(read["n_steps"][row]), int(read["bands"][row])
        # Copies: a view would keep the whole batch for as long as its slowest item.
        memory = np.zeros((kept, description.n_heads, n_steps + band, description.head_width), np.float32)
        memory[:, :, :n_steps] = read["memory"][:, row, :, :n_steps]
        streams.append(
            Stream(
                projected=np.array(read["projected"][row, :n_steps], np.float32),
                memory=memory,
                durations=np.array(read["durations"][row, :n_tokens], np.int64),
                n_frames=int(read["n_frames"][row]),
                band=band,
                last=np.zeros(description.n_mels, np.float32),
                own=np.zeros((kept, description.n_heads, band + 1, description.head_width), np.float32),
                postnet_state=np.zeros(description.postnet_state_size, np.float32),
                waiting=np.zeros((0, description.n_mels), np.float32),
                finished=n_steps == 0,
            )
        )
    return streams


def pack_steps(streams: Sequence[Stream], n: int) -> Arrays:
    """Inputs of the decoder's graph for the next `n` steps of each stream; shorter ones are padded behind."""
    width = max(stream.band for stream in streams) + 1
    kept, heads, _, head_width = streams[0].memory.shape
    batch, units = len(streams), streams[0].projected.shape[1]
    projected = np.zeros((batch, n, units), np.float32)
    memory = np.zeros((kept, batch, heads, n + width - 1, head_width), np.float32)
    own = np.zeros((kept, batch, heads, width, head_width), np.float32)
    for row, stream in enumerate(streams):
        now = stream.projected[stream.done_steps : stream.done_steps + n]
        projected[row, : len(now)] = now
        ahead = stream.memory[:, :, stream.done_steps : stream.done_steps + n + width - 1]
        memory[:, row, :, : ahead.shape[2]] = ahead
        own[:, row, :, width - stream.band - 1 :] = stream.own
    return {
        "first": np.zeros(1, np.int64),
        "n": np.array(n, np.int64),
        "done": np.array([stream.done_steps for stream in streams], np.int64),
        "last": np.stack([stream.last for stream in streams]),
        "own": own,
        "projected": projected,
        "memory": memory,
        "bands": np.array([stream.band for stream in streams], np.int64),
        "n_steps": np.array([stream.left_steps for stream in streams], np.int64),
    }


def unpack_steps(
    streams: Sequence[Stream], frames: FloatArray, last: FloatArray, own: FloatArray, outputs_per_step: int
) -> None:
    """Takes what the decoder's graph made, `frames` [n, B, r * M], into the streams."""
    n = len(frames)
    for row, stream in enumerate(streams):
        made = min(n, stream.left_steps)
        decoded = frames[:made, row].reshape(made * outputs_per_step, -1)
        decoded = decoded[: stream.n_frames - stream.decoded_frames]
        stream.waiting = np.concatenate([stream.waiting, decoded])
        stream.decoded_frames += len(decoded)
        stream.done_steps += made
        stream.last = last[row].copy()
        stream.own = own[:, row, :, own.shape[3] - stream.band - 1 :].copy()


def postnet_frames(stream: Stream, lag_frames: int) -> int:
    """How many frames the postnet is given next, those that let out the rest included; 0 for none yet."""
    if stream.finished:
        return 0
    n = len(stream.waiting) + (lag_frames if stream.left_steps == 0 else 0)
    return n if n > (0 if stream.postnet_began else lag_frames) else 0


def pack_postnet(streams: Sequence[Stream], lag_frames: int) -> Arrays:
    """Inputs of the postnet's graph for streams that are given equally many frames and have all begun or none."""
    n = postnet_frames(streams[0], lag_frames)
    mel = np.zeros((len(streams), n, streams[0].waiting.shape[1]), np.float32)
    mask = np.zeros((len(streams), n, 1), np.float32)
    for row, stream in enumerate(streams):
        mel[row, : len(stream.waiting)] = stream.waiting
        mask[row, : len(stream.waiting)] = 1.0
    return {
        "mel": mel,
        "mask": mask,
        "skip": np.array(0 if streams[0].postnet_began else lag_frames, np.int64),
        "state": np.stack([stream.postnet_state for stream in streams]),
    }


def unpack_postnet(streams: Sequence[Stream], state: FloatArray) -> None:
    """Takes the postnet's state into the streams."""
    for row, stream in enumerate(streams):
        stream.waiting = stream.waiting[:0]
        stream.postnet_state = state[row].copy()
        stream.postnet_began = True
        stream.finished = stream.left_steps == 0
