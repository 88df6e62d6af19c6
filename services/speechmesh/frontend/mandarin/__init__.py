"""The Mandarin text frontend: from Chinese text to initials, finals and tones."""
