"""What the header of an MP3 frame says, MPEG-1 to 2.5, layer III. After ISO/IEC 11172-3 and 13818-3."""

from __future__ import annotations

HEADER_BYTES = 4
_LAYER_3 = 1
# By the two bits of the version (0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1).
_LOW_KBPS = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_KBPS = {0: _LOW_KBPS, 2: _LOW_KBPS, 3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)}
_RATES_HZ = {0: (11_025, 12_000, 8_000), 2: (22_050, 24_000, 16_000), 3: (44_100, 48_000, 32_000)}
_MPEG_1 = 3
_MONO = 3
# Bytes of side information in stereo and in mono.
_SIDE_BYTES = {0: (17, 9), 2: (17, 9), 3: (32, 17)}


def frame_bytes(header: bytes) -> int:
    """The length of a frame, with its header; 0 where that is none, or leaves the length open."""
    if len(header) < HEADER_BYTES or header[0] != 0xFF or header[1] >> 5 != 7:
        return 0
    version, rate, bit_rate = _version(header), header[2] >> 2 & 3, header[2] >> 4
    if version not in _KBPS or header[1] >> 1 & 3 != _LAYER_3 or rate == 3 or not 0 < bit_rate < 15:
        return 0
    padding = header[2] >> 1 & 1
    bits_per_s = _KBPS[version][bit_rate] * 1000
    return frame_samples(header) // 8 * bits_per_s // _RATES_HZ[version][rate] + padding


def frame_samples(header: bytes) -> int:
    """How many samples of each channel a frame holds."""
    return 1152 if _version(header) == _MPEG_1 else 576


def side_bytes(header: bytes) -> int:
    """The length of the side information behind a frame's header."""
    stereo, mono = _SIDE_BYTES[_version(header)]
    return mono if header[3] >> 6 == _MONO else stereo


def _version(header: bytes) -> int:
    return header[1] >> 3 & 3
