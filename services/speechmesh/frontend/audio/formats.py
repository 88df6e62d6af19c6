"""What audio can be coded as: encodings, with the sample rates and bit rates that each takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from importlib.util import find_spec

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.settings import MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ


class Encoding(Enum):
    """Coding of the audio bytes."""

    PCM_S16LE = "pcm_s16le"
    PCM_F32LE = "pcm_f32le"
    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"
    OGG_OPUS = "ogg_opus"
    AAC = "aac"
    MULAW = "mulaw"
    ALAW = "alaw"


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """How a stream is coded, every default resolved; `bit_rate` in bits per second, 0 where the coding has none."""

    encoding: Encoding
    sample_rate_hz: int
    bit_rate: int = 0


@dataclass(frozen=True, slots=True)
class _BitRates:
    """Bits per second. `steps`: all that there are, by the lowest sample rate they hold for; empty: any in between."""

    default: int
    low: int
    high: int
    steps: Mapping[int, Sequence[int]] | None = None


def _kilo(*values: int) -> tuple[int, ...]:
    return tuple(1000 * value for value in values)


# The constant bit rates of MPEG-2.5, MPEG-2 and MPEG-1, but for the lowest of each, which libsndfile 1.2 refuses.
_MP3_STEPS = {
    8_000: _kilo(16, 24, 32, 40, 48, 56, 64),
    16_000: _kilo(16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    32_000: _kilo(40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_BIT_RATES = {
    Encoding.MP3: _BitRates(64_000, 16_000, 320_000, _MP3_STEPS),
    Encoding.OGG_OPUS: _BitRates(32_000, 6_000, 256_000),
    Encoding.AAC: _BitRates(64_000, 16_000, 256_000),
}
_MPEG_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_SAMPLE_RATES = {
    Encoding.MP3: _MPEG_RATES,
    Encoding.OGG_OPUS: (8_000, 12_000, 16_000, 24_000, 48_000),
    Encoding.AAC: _MPEG_RATES,
}
# What a frame of AAC may hold bounds its bit rate: 6144 bits for each 1024 samples.
_AAC_BITS_PER_SAMPLE = 6
# G.711 is telephony's: any rate can be had, but 8 kHz is what is meant.
_DEFAULT_SAMPLE_RATES = {Encoding.MULAW: 8_000, Encoding.ALAW: 8_000}


def resolve(encoding: Encoding, sample_rate_hz: int, bit_rate: int, *, own_hz: int) -> AudioFormat:
    """The format that a caller gets: 0 means the default, which of the sample rate is the voice's own, `own_hz`.

    Where the coding does not have the voice's own rate, the default is the next higher one that it has. A bit rate
    between two that the coding has becomes the nearer one.

    Raises:
        InvalidInput: naming the field of `audio` that is wrong.
    """
    if encoding is Encoding.AAC and find_spec("av") is None:
        raise InvalidInput(
            "audio.encoding",
            "this server has no AAC: it needs the extra `aac` (pip install 'speechmesh[aac]')",
        )
    rate_hz = _sample_rate_hz(encoding, sample_rate_hz, own_hz)
    return AudioFormat(encoding, rate_hz, _bit_rate(encoding, bit_rate, rate_hz))


def _sample_rate_hz(encoding: Encoding, wanted_hz: int, own_hz: int) -> int:
    known = _SAMPLE_RATES.get(encoding)
    if not wanted_hz:
        default_hz = _DEFAULT_SAMPLE_RATES.get(encoding, own_hz)
        if known is None:
            return default_hz
        return next((rate for rate in known if rate >= default_hz), known[-1])
    if known and wanted_hz not in known:
        names = ", ".join(map(str, known))
        raise InvalidInput("audio.sample_rate_hz", f"{encoding.value} has no {wanted_hz} Hz; it has {names}")
    if not MIN_SAMPLE_RATE_HZ <= wanted_hz <= MAX_SAMPLE_RATE_HZ:
        raise InvalidInput(
            "audio.sample_rate_hz",
            f"{wanted_hz} is outside {MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz",
        )
    return wanted_hz


def _bit_rate(encoding: Encoding, wanted: int, sample_rate_hz: int) -> int:
    rates = _BIT_RATES.get(encoding)
    if rates is None:
        if wanted:
            raise InvalidInput("audio.bit_rate", f"{encoding.value} has none to choose")
        return 0
    steps = None
    low, high = rates.low, rates.high
    if rates.steps:
        steps = rates.steps[max(lowest for lowest in rates.steps if lowest <= sample_rate_hz)]
        low, high = steps[0], steps[-1]
    if encoding is Encoding.AAC:
        high = min(high, _AAC_BITS_PER_SAMPLE * sample_rate_hz)
    if wanted and not low <= wanted <= high:
        raise InvalidInput(
            "audio.bit_rate",
            f"{wanted} is outside {low} to {high}, for {encoding.value} at {sample_rate_hz} Hz",
        )
    bit_rate = wanted or min(rates.default, high)
    return min(steps, key=lambda step: abs(step - bit_rate)) if steps else bit_rate
