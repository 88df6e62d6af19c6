"""FLAC that was written as a stream: its header does not say how long it is, its last frame does.

Byte for byte after RFC 9639: 8.2 (STREAMINFO), 9.1 (frame header), 9.3 (frame footer).
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from speechmesh.frontend.recordings.with_head import WithHead

_MAGIC = b"fLaC"
_BLOCK_HEADER_BYTES = 4
_STREAMINFO_AT, _STREAMINFO_BYTES = 8, 34
_LAST_BLOCK = 0x80  # flag in a metadata block's first byte
_MOST_BLOCKS = 64  # of metadata; a stream has two or three
# Sample rate (20 bits), channels less one (3), bits of a sample less one (5), samples in total (36).
_PACKED_AT, _PACKED_BYTES, _TOTAL_BITS = 18, 8, 36
_HEADER_BYTES = 16  # the longest header of a frame
# Places that look like a frame's begin, and those of them whose header is right, that are looked at in search of the
# last one. In a file that nobody made to keep us busy, the first is it.
_MOST_PLACES, _MOST_FRAMES = 1_000, 4
_MOST_FRAME_BYTES = 1 << 19  # 16,384 samples of 8 channels and 24 bits


def total_samples(descriptor: int) -> int | None:
    """How many samples an open FLAC file has, by its last frame; of each channel.

    None where it is no such file, does not begin with its first frame, or does not end with a whole one.
    """
    size = os.fstat(descriptor).st_size
    head = os.pread(descriptor, _STREAMINFO_AT + _STREAMINFO_BYTES, 0)
    if len(head) < _STREAMINFO_AT + _STREAMINFO_BYTES or not head.startswith(_MAGIC):
        return None
    begin = _first_frame_at(descriptor)
    first = _frame(os.pread(descriptor, _HEADER_BYTES, begin)) if begin is not None else None
    if begin is None or first is None or first.number:
        return None
    n_tail = min(_most_frame_bytes(head), size - begin)
    tail = os.pread(descriptor, n_tail, size - n_tail)
    last = _last_frame(tail, first.sync)
    return last.end(first.n_samples) if last is not None else None


def with_length(descriptor: int, n_samples: int) -> WithHead:
    """An open FLAC file whose header says how long it is."""
    packed = int.from_bytes(os.pread(descriptor, _PACKED_BYTES, _PACKED_AT), "big")
    packed = (packed >> _TOTAL_BITS << _TOTAL_BITS) | n_samples
    head = os.pread(descriptor, _PACKED_AT, 0) + packed.to_bytes(_PACKED_BYTES, "big")
    return WithHead(descriptor, head, len(head))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame's header: `number` counts frames where all but the last are equally long, else samples."""

    sync: bytes
    number: int
    n_samples: int

    def end(self, n_each: int) -> int:
        """Where it ends, in samples; `n_each` is how long its stream's first frame is."""
        is_fixed = self.sync == b"\xff\xf8"
        return self.number * (n_each if is_fixed else 1) + self.n_samples


def _first_frame_at(descriptor: int) -> int | None:
    """Where the metadata ends."""
    at = len(_MAGIC)
    for _ in range(_MOST_BLOCKS):
        header = os.pread(descriptor, _BLOCK_HEADER_BYTES, at)
        if len(header) < _BLOCK_HEADER_BYTES:
            return None
        at += _BLOCK_HEADER_BYTES + int.from_bytes(header[1:], "big")
        if header[0] & _LAST_BLOCK:
            return at
    return None


def _most_frame_bytes(head: bytes) -> int:
    """How long a frame is at most: as long as its samples are uncoded, which a coder falls back to."""
    n_samples = int.from_bytes(head[_STREAMINFO_AT + 2 : _STREAMINFO_AT + 4], "big")
    packed = int.from_bytes(head[_PACKED_AT : _PACKED_AT + _PACKED_BYTES], "big")
    n_channels, bits = ((packed >> 41) & 0x7) + 1, ((packed >> _TOTAL_BITS) & 0x1F) + 1
    return min(n_channels * (n_samples * (bits + 1) // 8 + 16) + 2 * _HEADER_BYTES, _MOST_FRAME_BYTES)


def _last_frame(tail: bytes, sync: bytes) -> _Frame | None:
    """The frame that ends where a file does, by its checksum; None where none does."""
    at, n_checked = len(tail), 0
    for _ in range(_MOST_PLACES):
        at = tail.rfind(sync, 0, at)
        if at < 0 or n_checked == _MOST_FRAMES:
            break
        if (frame := _frame(tail[at : at + _HEADER_BYTES])) is not None:
            n_checked += 1
            if _checksum(tail[at:-2], _CRC_16, 16) == int.from_bytes(tail[-2:], "big"):
                return frame
    return None


def _frame(data: bytes) -> _Frame | None:
    """The frame whose header begins here; None where none does."""
    if len(data) < 6 or data[0] != 0xFF or data[1] not in (0xF8, 0xF9):
        return None
    code, rate_code = data[2] >> 4, data[2] & 0xF
    n_number = _number_bytes(data[4])
    # Behind the number stand the lengths and rates that have no code of their own.
    n_more = {6: 1, 7: 2}.get(code, 0)
    n_header = 4 + n_number + n_more + {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    if not n_number or not code or len(data) <= n_header:
        return None
    if _checksum(data[:n_header], _CRC_8, 8) != data[n_header]:
        return None
    number = data[4] & (0x7F >> n_number if n_number > 1 else 0x7F)
    for byte in data[5 : 4 + n_number]:
        number = (number << 6) | (byte & 0x3F)
    if n_more:
        n_samples = int.from_bytes(data[4 + n_number : 4 + n_number + n_more], "big") + 1
    elif code == 1:
        n_samples = 192
    else:
        n_samples = 576 << (code - 2) if code < 6 else 256 << (code - 8)
    return _Frame(data[:2], number, n_samples)


def _number_bytes(first: int) -> int:
    """How many bytes a coded number has that begins so; 0 where none does. As UTF-8, but up to 7 bytes."""
    n_ones = next((n for n in range(8) if not first & (0x80 >> n)), 8)
    return {0: 1, 1: 0, 8: 0}.get(n_ones, n_ones)


def _crc_table(polynomial: int, bits: int) -> tuple[int, ...]:
    """What each byte makes of a checksum of 8 or 16 bits."""
    top, mask = 1 << (bits - 1), (1 << bits) - 1
    table = []
    for byte in range(256):
        value = byte << (bits - 8)
        for _ in range(8):
            value = ((value << 1) ^ (polynomial if value & top else 0)) & mask
        table.append(value)
    return tuple(table)


_CRC_8, _CRC_16 = _crc_table(0x07, 8), _crc_table(0x8005, 16)


def _checksum(data: bytes, table: tuple[int, ...], bits: int) -> int:
    """The checksum of some bytes."""
    value, mask = 0, (1 << bits) - 1
    for byte in data:
        value = ((value << 8) & mask) ^ table[(value >> (bits - 8)) ^ byte]
    return value
