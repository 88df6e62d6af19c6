"""Sambert in ONNX Runtime: several streams a run, each at its own step, frames as they are made."""
