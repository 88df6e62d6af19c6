"""The acoustic stage: segments of tokens in, feature frames out."""
