"""Further languages: espeak-ng's phonemes, where it is installed. It is under the GPL: an extra of its own."""
