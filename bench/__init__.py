"""Measures the mesh beside its yardstick and the seed baseline, in one run, as ratios: `python -m bench`."""
