"""From a script of marked-up text to the segments that are spoken.

Text of one manner is read as one, whatever elements it is in; where the manner changes a segment ends, because a
segment has one rate, one pitch and one speaker. Each voice's text is read by its own reader. Words that a pronunciation
was given for are found by their places.

`planner` walks through the script: it gathers a `stretch` of one `manner` after the other, has each read, and hands
what comes of it to the `sequence`, which knows how segments, recordings, breaks and marks follow each other. The
`plan` is what it leaves.
"""
