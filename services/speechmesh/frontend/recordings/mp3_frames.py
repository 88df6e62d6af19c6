"""MP3 whose begin does not say how long it is: its frames do, each by its header.

Where the bit rate changes, what the size and the first frame let expect is wrong by far. Byte for byte after ISO/IEC
11172-3 and 13818-3; the frame that says how many there are is Xing's, which all players know.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

_HEADER_BYTES = 4
_LAYER_3 = 1
# By the two bits of the version (0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1).
_LOW_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBPS = {0: _LOW_KBPS, 2: _LOW_KBPS, 3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)}
_RATES_HZ = {0: (11_025, 12_000, 8_000), 2: (22_050, 24_000, 16_000), 3: (44_100, 48_000, 32_000)}
_MPEG_1 = 3
_MONO = 3
# Bytes of side information in stereo and in mono.
_SIDE_BYTES = {0: (17, 9), 2: (17, 9), 3: (32, 17)}
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
        return self.n_frames * (1152 if _version(self.header) == _MPEG_1 else 576)

    def xing(self) -> bytes:
        """A frame that says how many follow it, which is not played."""
        protected, rates = self.header[1] | 1, (_XING_BIT_RATE << 4) | (self.header[2] & 0x0C)
        header = bytes([self.header[0], protected, rates, self.header[3]])
        told = b"Xing" + _HAS_FRAMES.to_bytes(4, "big") + self.n_frames.to_bytes(4, "big")
        frame = header + bytes(_side_bytes(header)) + told
        return frame.ljust(_frame_bytes(header), b"\0")


def mp3_frames(descriptor: int) -> Mp3Frames | None:
    """The frames of an open MP3 file of layer III.

    Reads the whole file. None where the first frame says how many there are, or they cannot be told for certain.
    """
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    begin = _next(data, _id3_bytes(data))
    if begin is None:
        return None
    header = data[begin : begin + _HEADER_BYTES]
    table_at = begin + _HEADER_BYTES + _side_bytes(header)
    if data[table_at : table_at + 4] in (b"Xing", b"Info"):
        return None
    n_frames, n_other, at = 0, 0, begin
    while at + _HEADER_BYTES <= len(data):
        n_bytes = _frame_bytes(data[at : at + _HEADER_BYTES])
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
        header = data[at : at + _HEADER_BYTES]
        n_bytes = _frame_bytes(header)
        if n_bytes and _is_alike(data, at, like or header) and _is_alike(data, at + n_bytes, header):
            return at
        at += 1
    return None


def _is_alike(data: bytes, at: int, header: bytes) -> bool:
    """Whether a header of the same version, layer and sample rate stands at a place."""
    return (
        len(data) >= at + _HEADER_BYTES
        and data[at] == 0xFF
        and data[at + 1] & 0xFE == header[1] & 0xFE
        and data[at + 2] & 0x0C == header[2] & 0x0C
    )


def _frame_bytes(header: bytes) -> int:
    """The length of the frame that begins so; 0 where none of layer III does, or its length is not told."""
    if len(header) < _HEADER_BYTES or header[0] != 0xFF or header[1] >> 5 != 7:
        return 0
    version, rate, bit_rate = _version(header), header[2] >> 2 & 3, header[2] >> 4
    if version not in _KBPS or header[1] >> 1 & 3 != _LAYER_3 or rate == 3 or not 0 < bit_rate < 15:
        return 0
    padding = header[2] >> 1 & 1
    return (144 if version == _MPEG_1 else 72) * _KBPS[version][bit_rate] * 1000 // _RATES_HZ[version][
        rate
    ] + padding


def _version(header: bytes) -> int:
    return header[1] >> 3 & 3


def _side_bytes(header: bytes) -> int:
    stereo, mono = _SIDE_BYTES[_version(header)]
    return mono if header[3] >> 6 == _MONO else stereo


def _id3_bytes(data: bytes) -> int:
    """The length of the tag at the begin, 0 where there is none: of 7 bits in each byte, and a footer may follow."""
    if not data.startswith(b"ID3") or len(data) < _ID3_HEADER_BYTES:
        return 0
    size = 0
    for byte in data[6:_ID3_HEADER_BYTES]:
        size = size << 7 | byte & 0x7F
    has_footer = data[5] & 0x10
    return size + _ID3_HEADER_BYTES * (2 if has_footer else 1)
