"""SSML 1.1: a document becomes a script of what is to be read, piece by piece."""
