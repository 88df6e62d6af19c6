"""Sambert's postnet as a graph that streams with its state: frames in pieces, nothing computed twice.

Each FSMN layer looks some frames ahead, so what comes out is `lag_frames` behind what went in. The end of an item is
told by frames that are masked, `lag_frames` of them, which let out the rest. The LSTM behind the layers must not hear
what comes out before an item's first frame: the first run of an item says with `skip` how much of it to leave out.

The graph (B batch, n frames of a run, M bins):
    mel  [B, n, M], mask [B, n, 1]    decoded frames; 0 where masked
    skip int64 []                     `lag_frames` in an item's first run, which must be longer; else 0
    state [B, state_size]             zeros at the start
    -> out [B, n - skip, M], next_state
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from speechmesh.acoustic.export.loops import export_step
from speechmesh.acoustic.networks.sambert.layers import FsmnFeedForward, FsmnMemory
from speechmesh.acoustic.networks.sambert.network import Postnet, Sambert


@dataclass(frozen=True)
class PostnetStream:
    """How the graph streams."""

    lag_frames: int
    state_size: int


class _State:
    """Cuts pieces out of a flat state, and puts the next one together."""

    def __init__(self, flat: Tensor | None) -> None:
        self._flat = flat
        self._place = 0
        self._kept: list[Tensor] = []

    def take(self, batch: Tensor, n_rows: int, n_columns: int) -> Tensor:
        """[B, rows, columns]; zeros where there is no state, to learn its size."""
        size = n_rows * n_columns
        self._place += size
        if self._flat is None:
            return batch.new_zeros(batch.shape[0], n_rows, n_columns)
        piece = self._flat[:, self._place - size : self._place]
        return piece.reshape(batch.shape[0], n_rows, n_columns)

    def keep(self, x: Tensor, n_rows: int) -> None:
        """The last rows of [B, T, C]."""
        self._kept.append(x[:, x.shape[1] - n_rows :].flatten(1))

    def next(self) -> Tensor:
        return torch.cat(self._kept, dim=1)


class StreamingPostnet(nn.Module):
    """See the module."""

    def __init__(self, postnet: Postnet, n_mels: int) -> None:
        super().__init__()
        self._n_mels = n_mels
        self.postnet = postnet
        self.layers = [
            (feed_forward, memory)
            for feed_forward, memory in zip(postnet.fsmn.ffn_lst, postnet.fsmn.memory_block_lst, strict=True)
            if isinstance(feed_forward, FsmnFeedForward) and isinstance(memory, FsmnMemory)
        ]
        self.lag_frames = sum(memory.right for _, memory in self.layers)

    def forward(self, mel: Tensor, mask: Tensor, skip: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        """See the module."""
        old = _State(state)
        x, n_channels = mel * mask, self._n_mels
        delayed = torch.cat((old.take(mel, self.lag_frames, self._n_mels), x), dim=1)
        old.keep(delayed, self.lag_frames)
        for feed_forward, memory in self.layers:
            n_memory = memory.conv_dw.out_channels
            around = memory.left + memory.right
            heard = torch.cat((old.take(mel, around, n_memory), self._heard(feed_forward, x, mask)), dim=1)
            old.keep(heard, around)
            # What the layer gives is `right` frames behind what it hears; so is the mask behind it.
            y = memory.conv_dw(heard.transpose(1, 2)).transpose(1, 2)
            now = slice(memory.left, heard.shape[1] - memory.right)
            y = y + heard[:, now]
            if n_memory == n_channels:
                before = torch.cat((old.take(mel, memory.right, n_channels), x), dim=1)
                old.keep(before, memory.right)
                y = y + before[:, : before.shape[1] - memory.right]
            masks = torch.cat((old.take(mel, memory.right, 1), mask), dim=1)
            old.keep(masks, memory.right)
            x, mask, n_channels = y, masks[:, : masks.shape[1] - memory.right], n_memory
        units = self.postnet.lstm.hidden_size
        hidden, cell = (old.take(mel, 1, units).transpose(0, 1).contiguous() for _ in range(2))
        out, (hidden, cell) = self.postnet.lstm(x[:, skip:], (hidden, cell))
        for part in (hidden, cell):
            old.keep(part.transpose(0, 1), 1)
        now_out = delayed[:, : delayed.shape[1] - self.lag_frames]
        return now_out[:, skip:] + self.postnet.fc(out), old.next()

    @staticmethod
    def _heard(feed_forward: FsmnFeedForward, x: Tensor, mask: Tensor) -> Tensor:
        out: Tensor = feed_forward(x.transpose(1, 2)).transpose(1, 2) * mask
        return out


def export_postnet(network: Sambert, path: Path) -> PostnetStream:
    """Writes the graph, and says how it streams."""
    n_mels = network.config.num_mels
    postnet = StreamingPostnet(network.mel_postnet, n_mels).eval()
    n_frames = postnet.lag_frames + 5
    mel, mask = torch.zeros(2, n_frames, n_mels), torch.ones(2, n_frames, 1)
    skip = torch.tensor(postnet.lag_frames)
    with torch.inference_mode():
        state = postnet(mel, mask, skip, None)[1]
    model = export_step(
        postnet,
        (mel, mask, skip, torch.zeros(state.shape)),
        ("mel", "mask", "skip", "state"),
        ("out", "next_state"),
        {
            **{name: {0: "B", 1: "n"} for name in ("mel", "mask", "out")},
            **{name: {0: "B"} for name in ("state", "next_state")},
        },
        path,
    )
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return PostnetStream(postnet.lag_frames, state.shape[1])
