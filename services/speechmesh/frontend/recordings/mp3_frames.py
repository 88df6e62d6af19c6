"""MP3 whose begin does not say how long it is: its frames do, each by its header.

Where the bit rate changes, what the size and the first frame let expect is wrong by far. Byte for byte after ISO/IEC
11172-3 and 13818-3; the frame that says how many there are is Xing's, which all players know.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from speechmesh.frontend.audio.mp3_header import HEADER_BYTES, frame_bytes, frame_samples, side_bytes

_XING_BIT_RATE = 8  # its place in the tables: a frame of at least 192 bytes, in which there is room
_HAS_FRAMES = 1
_ID3_HEADER_BYTES = 10
# What lies between frames or behind them, tags say, that is passed over; a file with more is none to count in.
_MOST_OTHER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Mp3Frames:
    """The frames of a file.

    Attributes:
        begin: where the first one is, in bytes.
        header: the first one's header.
        n_frames: how many there are, at least 1.
    """

    begin: int
    header: bytes
    n_frames: int

    @property
    def n_samples(self) -> int:
        """Of each channel."""
        return self.n_frames * frame_samples(self.header)

    def xing(self) -> bytes:
        """A frame that says how many follow it, which is not played."""
        protected, rates = self.header[1] | 1, (_XING_BIT_RATE << 4) | (self.header[2] & 0x0C)
        header = bytes([self.header[0], protected, rates, self.header[3]])
        told = b"Xing" + _HAS_FRAMES.to_bytes(4, "big") + self.n_frames.to_bytes(4, "big")
        frame = header + bytes(side_bytes(header)) + told
        return frame.ljust(frame_bytes(header), b"\0")


def mp3_frames(descriptor: int) -> Mp3Frames | None:
    """The frames of an open MP3 file of layer III.

    Reads the whole file. None where the first frame says how many there are, or they cannot be told for certain.
    """
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    begin = _next(data, _id3_bytes(data))
    if begin is None:
        return None
    header = data[begin : begin + HEADER_BYTES]
    table_at = begin + HEADER_BYTES + side_bytes(header)
    if data[table_at : table_at + 4] in (b"Xing", b"Info"):
        return None
    n_frames, n_other, at = 0, 0, begin
    while at + HEADER_BYTES <= len(data):
        n_bytes = frame_bytes(data[at : at + HEADER_BYTES])
        if n_bytes and _is_alike(data, at, header):
            n_frames += at + n_bytes <= len(data)
            at += n_bytes
            continue
        found = _next(data, at + 1, header)
        end = len(data) if found is None else found
        n_other += end - at
        if n_other > _MOST_OTHER_BYTES:
            return None
        at = end
    return Mp3Frames(begin, header, n_frames) if n_frames else None


def _next(data: bytes, at: int, like: bytes | None = None) -> int | None:
    """Where the next frame begins that another one follows, alike."""
    end = at + _MOST_OTHER_BYTES
    while (at := data.find(b"\xff", at, end)) >= 0:
        header = data[at : at + HEADER_BYTES]
        n_bytes = frame_bytes(header)
        if n_bytes and _is_alike(data, at, like or header) and _is_alike(data, at + n_bytes, header):
            return at
        at += 1
    return None


def _is_alike(data: bytes, at: int, header: bytes) -> bool:
    """Whether a header of the same version, layer and sample rate stands at a place."""
    return (
        len(data) >= at + HEADER_BYTES
        and data[at] == 0xFF
        and data[at + 1] & 0xFE == header[1] & 0xFE
        and data[at + 2] & 0x0C == header[2] & 0x0C
    )


def _id3_bytes(data: bytes) -> int:
    """The length of the tag at the begin, 0 where there is none: of 7 bits in each byte, and a footer may follow."""
    if not data.startswith(b"ID3") or len(data) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for byte in data[6:_ID3_HEADER_BYTES]:
        size = size << 7 | byte & 0x7F
    has_footer = data[5] & 0x10
    return size + _ID3_HEADER_BYTES * (2 if has_footer else 1)
