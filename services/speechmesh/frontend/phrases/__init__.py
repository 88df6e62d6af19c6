"""Audio of phrases that are asked for again and again."""
