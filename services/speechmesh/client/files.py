"""Audio files from streams, written as the stream comes."""

from __future__ import annotations

import struct
from pathlib import Path
from types import TracebackType
from typing import Self

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

_RIFF_BYTES_AT, _DATA_BYTES_AT = 4, 40
_HEADER_BYTES = 44
_MAX_UINT32 = 0xFFFFFFFF


class AudioFile:
    """A file for the audio of a stream with this header.

    What comes is written as it is; raw 16-bit PCM gets a WAV header where the file is named `.wav`. A stream's WAV
    header does not know the lengths: they are put right when the file is closed.

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
        self._file = Path(path).open("wb")  # noqa: SIM115 - close() closes it
        self._n_bytes = 0
        if wrapped:
            self.write(_wav_header(header.audio.sample_rate_hz))

    def write(self, data: bytes) -> None:
        """The stream's next bytes."""
        self._n_bytes += len(data)
        self._file.write(data)

    def close(self) -> None:
        """Ends the file."""
        with self._file as file:
            # A pipe cannot be gone back in, and its reader has the header already.
            if self._is_wav and self._n_bytes >= _HEADER_BYTES and file.seekable():
                for at, before in ((_RIFF_BYTES_AT, 8), (_DATA_BYTES_AT, _HEADER_BYTES)):
                    file.seek(at)
                    file.write(struct.pack("<I", min(self._n_bytes - before, _MAX_UINT32)))

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
