"""A network as an ONNX graph over whole utterances."""

from __future__ import annotations

import warnings
from pathlib import Path

import torch

# The newest that the TorchScript exporter writes.
OPSET = 20
_FAREWELLS = ("You are using the legacy TorchScript-based ONNX export", "The feature will be removed")


def export_onnx(network: torch.nn.Module, n_mels: int, path: Path) -> None:
    """Writes `network` as a graph mel [B, T, n_mels] -> wav [B, N], float32, B and T free.

    The TorchScript exporter, not the newer one: it maps each layer to one node, which the rewriting into a
    streaming graph relies on. It announces its retirement with every call; exactly that is silenced.
    """
    mel = torch.zeros(1, 16, n_mels)
    with warnings.catch_warnings():
        for message in _FAREWELLS:
            warnings.filterwarnings("ignore", message, DeprecationWarning)
        torch.onnx.export(
            network,
            (mel,),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=["mel"],
            output_names=["wav"],
            dynamic_axes={"mel": {0: "B", 1: "T"}, "wav": {0: "B", 1: "N"}},
        )
