"""Passes over ONNX graphs that several services use. They need the package `onnx`; ONNX Runtime alone does not."""
