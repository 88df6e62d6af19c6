"""Triton: its model repository made of voice bundles, and the server on this machine."""
