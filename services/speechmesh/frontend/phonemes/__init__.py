"""Pronunciations as people write them, in the units of the languages' G2P; for SSML and for lexicons."""
