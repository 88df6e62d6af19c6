"""WAV files from streams."""

from __future__ import annotations

import wave
from pathlib import Path

from speechmesh.speech.v1 import speech_pb2 as pb

SAMPLE_WIDTH_BYTES = 2


def wav_writer(path: str | Path, header: pb.StreamHeader) -> wave.Wave_write:
    """A WAV file, open for the frames of a stream with this header.

    Raises:
        ValueError: when the stream is not 16-bit PCM.
    """
    if header.audio.encoding != pb.AUDIO_ENCODING_PCM_S16LE:
        raise ValueError("only pcm_s16le goes into a WAV file")
    writer = wave.open(str(path), "wb")  # noqa: SIM115 - the caller closes it
    writer.setnchannels(1)
    writer.setsampwidth(SAMPLE_WIDTH_BYTES)
    writer.setframerate(header.audio.sample_rate_hz)
    return writer
