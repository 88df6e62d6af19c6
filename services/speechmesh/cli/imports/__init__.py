"""Public checkpoints into voice bundles: one file a kind."""
