"""Subtitles of what is spoken, in the caller's own words."""
