"""English text to phones."""
