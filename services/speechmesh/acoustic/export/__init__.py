"""Acoustic networks into graphs for ONNX Runtime. Needs the export extra."""
