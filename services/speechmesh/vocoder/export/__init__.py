"""Checkpoints into served models: ONNX, stateful graphs, precisions, their checks. Needs the `export` extra."""
