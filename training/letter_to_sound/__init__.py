"""The network that pronounces unknown English words."""
