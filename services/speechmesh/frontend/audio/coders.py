"""Coders: samples to the bytes of one encoding. One coder a stream, never one a chunk."""

from __future__ import annotations

from typing import Protocol

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.pcm import PcmCoder
from speechmesh.frontend.audio.sndfile import SndfileCoder


class Coder(Protocol):
    """Codes one stream."""

    def code(self, samples: FloatArray) -> bytes:
        """Bytes that are ready, of samples [N] in -1 to 1 and of those before; may be empty."""
        ...

    def finish(self) -> bytes:
        """What is left, and what ends the stream. Nothing is coded afterwards."""
        ...


def has_frames(encoding: Encoding) -> bool:
    """Whether samples are coded many at a time, rather than each by itself."""
    return encoding in (Encoding.FLAC, Encoding.MP3, Encoding.OGG_OPUS, Encoding.AAC)


def is_costly(encoding: Encoding) -> bool:
    """Whether coding takes milliseconds for a second of audio, rather than a tenth of one."""
    return has_frames(encoding)


def make_coder(form: AudioFormat) -> Coder:
    """The coder of a format."""
    if form.encoding in (Encoding.PCM_S16LE, Encoding.PCM_F32LE, Encoding.WAV):
        return PcmCoder(form)
    if form.encoding is Encoding.AAC:
        from speechmesh.frontend.audio.aac import AacCoder  # noqa: PLC0415 - an extra, which may not be installed

        return AacCoder(form)
    return SndfileCoder(form)
