"""The vocoders' networks in PyTorch, as they are read from checkpoints and exported to ONNX."""
