"""What one caller gets of a request: from each segment's samples, as they come, to coded audio with its times.

`delivery` takes the samples and brings them into the stream; it knows what the caller has already. `levels` says how
loud each segment is, `timeline` when its words, phonemes and marks are reached, `coding` makes the bytes, and
`stage_times` keeps how long the stages took, for the summary.
"""
