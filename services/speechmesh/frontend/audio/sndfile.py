"""FLAC, MP3, Ogg Opus and G.711 by libsndfile, which writes each stream as it would a file."""

from __future__ import annotations

import os
from dataclasses import dataclass

import soundfile

from speechmesh.common.features import FloatArray
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.mp3_header import HEADER_BYTES, frame_bytes
from speechmesh.frontend.audio.pcm import as_s16

# sndfile.h: double, the longest that an Ogg page may wait for more packets. libsndfile's default is a second, its
# least is 50 ms; soundfile has no name for the command.
_SFC_SET_OGG_PAGE_LATENCY_MS = 0x1302
_OGG_PAGE_LATENCY_MS = 50.0
# libFLAC's level 2 of 8: blocks of 1152 samples instead of 4096, by which the first one is there sooner (72 instead of
# 256 ms at 16 kHz); the bytes are a few per cent more.
_FLAC_LEVEL = 2 / 8
# libsndfile asks for bit rates as a compression level from 0 (the highest) to 1 (the lowest).
_OPUS_HIGH, _OPUS_LOW = 256_000, 6_000
_MP3_LADDERS = ((32_000, 320_000, 32_000), (16_000, 160_000, 8_000), (0, 64_000, 8_000))  # from Hz: high, low


@dataclass(frozen=True, slots=True)
class _Kind:
    format: str
    subtype: str
    is_integer: bool  # coded from 16-bit samples, or else from floats


_KINDS = {
    Encoding.FLAC: _Kind("FLAC", "PCM_16", is_integer=True),
    Encoding.MP3: _Kind("MP3", "MPEG_LAYER_III", is_integer=False),
    Encoding.OGG_OPUS: _Kind("OGG", "OPUS", is_integer=False),
    Encoding.MULAW: _Kind("RAW", "ULAW", is_integer=True),
    Encoding.ALAW: _Kind("RAW", "ALAW", is_integer=True),
}


class _Outlet:
    """A file that is only written: bytes at its end are taken out as they come, anything else is ignored.

    At its close libsndfile goes back and writes lengths and checksums into headers. Those are sent already; as they
    are, they say that the length is unknown.
    """

    def __init__(self) -> None:
        self._position = 0
        self._end = 0
        self._bytes = bytearray()

    def write(self, data: bytes) -> int:
        if self._position == self._end:
            self._bytes += data
            self._end += len(data)
        self._position += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """Soundfile asks for it at close."""

    def take(self) -> bytes:
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken


class SndfileCoder:
    """Codes a stream by libsndfile."""

    def __init__(self, form: AudioFormat) -> None:
        kind = _KINDS[form.encoding]
        self._is_integer = kind.is_integer
        self._outlet = _Outlet()
        self._is_mp3_begin = form.encoding is Encoding.MP3
        self._file = soundfile.SoundFile(
            self._outlet,
            "w",
            samplerate=form.sample_rate_hz,
            channels=1,
            format=kind.format,
            subtype=kind.subtype,
            compression_level=_compression_level(form),
            bitrate_mode="CONSTANT" if form.encoding is Encoding.MP3 else None,
        )
        if form.encoding is Encoding.OGG_OPUS:
            _set_ogg_page_latency(self._file)

    def code(self, samples: FloatArray) -> bytes:
        """See Coder."""
        if len(samples):
            self._file.write(as_s16(samples) if self._is_integer else samples)
        return self._take()

    def finish(self) -> bytes:
        """See Coder."""
        self._file.close()
        return self._take()

    def _take(self) -> bytes:
        taken = self._outlet.take()
        if self._is_mp3_begin and taken:
            self._is_mp3_begin = False
            return _without_table(taken)
        return taken


def _compression_level(form: AudioFormat) -> float | None:
    if form.encoding is Encoding.FLAC:
        return _FLAC_LEVEL
    if form.encoding is Encoding.OGG_OPUS:
        return (_OPUS_HIGH - form.bit_rate) / (_OPUS_HIGH - _OPUS_LOW)
    if form.encoding is Encoding.MP3:
        high, low = next(rates for from_hz, *rates in _MP3_LADDERS if form.sample_rate_hz >= from_hz)
        return (high - form.bit_rate) / (high - low)
    return None


def _set_ogg_page_latency(file: soundfile.SoundFile) -> None:
    """Has to reach below soundfile's public surface, for which its version is pinned."""
    latency_ms = soundfile._ffi.new("double *", _OGG_PAGE_LATENCY_MS)
    soundfile._snd.sf_command(
        file._file, _SFC_SET_OGG_PAGE_LATENCY_MS, latency_ms, soundfile._ffi.sizeof("double")
    )


def _without_table(data: bytes) -> bytes:
    """The beginning of an MP3 stream without the frame that LAME leaves empty for a table of contents.

    The table would be filled in at the end. That cannot be sent any more, and without it the frame would be played: a
    gap before the first word. Where a frame is too small for a table, at low bit rates, LAME leaves none, and the first
    frame is audio; that is never all zeros, since LAME fills with its name what silence does not need.
    """
    end = frame_bytes(data)
    return data if any(data[HEADER_BYTES:end]) else data[end:]
