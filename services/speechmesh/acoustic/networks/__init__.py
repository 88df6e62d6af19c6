"""Acoustic networks in PyTorch, into which public checkpoints are loaded. Needs the export extra."""
