"""`python -m bench.soak`: speaks for long through the whole mesh and tells whether its processes stay as they are."""
