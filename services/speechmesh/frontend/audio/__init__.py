"""Audio out: what becomes of the vocoder's samples on their way to the caller."""
