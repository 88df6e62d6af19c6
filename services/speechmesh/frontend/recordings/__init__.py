"""Recordings that a document plays: files of the deployment's folder, decoded within bounds.

`played` finds the file of each element before anything is heard, by way of the `store`, which opens nothing outside of
the folder, and `audio_file`, which tells what can be decoded. What is played of a file is a `clip`. Shortly before its
turn, one ahead (`reel`), it is decoded to a `recording`, of which a `loaded` clip holds on to what is heard.
`recordings` does all that in threads of its own.
"""
