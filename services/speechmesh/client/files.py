"""Audio files from streams, written as the stream comes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from speechmesh.client.options import ENCODINGS
from speechmesh.speech.v1 import speech_pb2 as pb

# Encodings by the suffix of a file's name, as in SpeechOptions.
ENCODING_BY_SUFFIX = {
    ".wav": "wav",
    ".flac": "flac",
    ".mp3": "mp3",
    ".ogg": "ogg_opus",
    ".opus": "ogg_opus",
    ".aac": "aac",
    ".ulaw": "mulaw",
    ".alaw": "alaw",
    ".pcm": "pcm_s16le",
}

# What else may go into such a file: a WAV header comes of the name, and raw PCM has no name for its samples.
_ALSO_BY_SUFFIX = {".wav": "pcm_s16le", ".pcm": "pcm_f32le"}
_ENCODING_NAMES = {encoding: name for name, encoding in ENCODINGS.items()}

_RIFF_BYTES_AT, _DATA_BYTES_AT = 4, 40
_WAV_HEADER_BYTES = 44
_MAX_UINT32 = 0xFFFFFFFF
# RFC 9639, 8.2: the last 36 bits of these 8 bytes count the samples.
_FLAC_COUNT_AT, _FLAC_COUNT_BYTES, _FLAC_COUNT_BITS = 18, 8, 36


def check_name(path: str | Path, header: pb.StreamHeader) -> None:
    """Looks whether a file's name says the coding of the stream: that of the options does not follow from it.

    Raises:
        ValueError: when it says another one.
    """
    suffix = Path(path).suffix.lower()
    encoding = _ENCODING_NAMES.get(header.audio.encoding, str(header.audio.encoding))
    named = ENCODING_BY_SUFFIX.get(suffix, encoding)
    if encoding not in (named, _ALSO_BY_SUFFIX.get(suffix)):
        raise ValueError(
            f"{path}: the audio is {encoding}; for {suffix} ask for SpeechOptions(encoding={named!r})"
        )


class AudioFile:
    """A file for the audio of a stream with this header.

    What comes is written as it is; raw 16-bit PCM gets a WAV header where the file is named `.wav`. A stream's header
    does not know how long it will be: of WAV and FLAC that is put right when the file is closed (of FLAC only where
    `add` was given the last response; libsndfile, for one, reads no FLAC that lacks it).

    Raises:
        ValueError: when PCM of 32 bits is to go into a `.wav`.
    """

    def __init__(self, path: str | Path, header: pb.StreamHeader) -> None:
        encoding = header.audio.encoding
        named_wav = Path(path).suffix.lower() == ".wav"
        if named_wav and encoding == pb.AUDIO_ENCODING_PCM_F32LE:
            raise ValueError("pcm_f32le does not go into a WAV file")
        wrapped = named_wav and encoding == pb.AUDIO_ENCODING_PCM_S16LE
        self._is_wav = wrapped or encoding == pb.AUDIO_ENCODING_WAV
        self._is_flac = encoding == pb.AUDIO_ENCODING_FLAC
        self._sample_rate_hz = header.audio.sample_rate_hz
        self._file = Path(path).open("wb")  # noqa: SIM115 - close() closes it
        self._head = b""
        self._n_bytes = 0
        self._n_samples = 0
        if wrapped:
            self.write(_wav_header(header.audio.sample_rate_hz))

    def add(self, response: pb.SynthesizeResponse) -> None:
        """The stream's next response: its audio and, of the last one, how long the stream is."""
        self._n_samples = round(response.summary.audio_s * self._sample_rate_hz)
        self.write(response.audio)

    def write(self, data: bytes) -> None:
        """The stream's next bytes."""
        if len(self._head) < _WAV_HEADER_BYTES:
            self._head += data[: _WAV_HEADER_BYTES - len(self._head)]
        self._n_bytes += len(data)
        self._file.write(data)

    def close(self) -> None:
        """Ends the file."""
        with self._file as file:
            if not file.seekable():  # a pipe, whose reader has the header already
                return
            for at, length in self._lengths():
                file.seek(at)
                file.write(length)

    def _lengths(self) -> Iterator[tuple[int, bytes]]:
        """What the header did not know, by its place in the file."""
        if self._is_wav and len(self._head) >= _WAV_HEADER_BYTES:
            for at, before in ((_RIFF_BYTES_AT, 8), (_DATA_BYTES_AT, _WAV_HEADER_BYTES)):
                yield at, struct.pack("<I", min(self._n_bytes - before, _MAX_UINT32))
        if self._is_flac and self._n_samples < 1 << _FLAC_COUNT_BITS:
            told = self._head[_FLAC_COUNT_AT:][:_FLAC_COUNT_BYTES]
            if len(told) == _FLAC_COUNT_BYTES:
                format_bits = int.from_bytes(told, "big") >> _FLAC_COUNT_BITS
                count = format_bits << _FLAC_COUNT_BITS | self._n_samples
                yield _FLAC_COUNT_AT, count.to_bytes(_FLAC_COUNT_BYTES, "big")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wav_header(sample_rate_hz: int) -> bytes:
    """Mono, 16 bits, lengths unknown."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF", _MAX_UINT32, b"WAVE",
        b"fmt ", 16, 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16,
        b"data", _MAX_UINT32,
    )  # fmt: skip
