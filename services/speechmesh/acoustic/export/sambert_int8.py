"""Sambert's decoder in eight bits: weights a channel, activations as they come."""

from __future__ import annotations

import logging
from pathlib import Path

from onnxruntime.quantization import QuantType, quantize_dynamic

from speechmesh.acoustic.families.sambert.model import DECODER_FILE


def quantise_decoder(folder: Path) -> None:
    """Replaces the decoder in an export's folder; the reader, which decides durations, and the postnet stay."""
    path = folder / DECODER_FILE
    partial = path.with_suffix(".int8.onnx")
    # The step is the body of a loop, where the quantiser looks only when told to.
    options = {"EnableSubgraph": True, "MatMulConstBOnly": True}
    logging.disable(logging.WARNING)  # it asks for preparations that do nothing for this graph
    try:
        quantize_dynamic(path, partial, weight_type=QuantType.QInt8, per_channel=True, extra_options=options)
    finally:
        logging.disable(logging.NOTSET)
    partial.replace(path)
