"""The vocoder stage: feature frames in, samples out."""
