"""What `<prosody>` asks for, as plain numbers.

Labels are absolute: they are relative to the voice, whatever encloses them. Everything else changes what encloses it:
rates multiply, semitones and decibels add up. So `80%` and `0.8` are a factor on the enclosing rate, as the clouds have
it, where SSML 1.1 would have them be one on the voice's.

What a number without a sign means differs. A rate of `50%` is half the rate, as in SSML 1.1 and with Amazon, where
Azure takes it for `+50%`. A pitch of `50%` is `+50%`, as Azure and Google have it. A volume of `10` is a level from 0
to 100, `+10` a change on that scale.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.script import SILENT_DB, Style
from speechmesh.frontend.ssml.values import NUMBER, wrong

Tell = Callable[[str, str], None]
"""Takes a caution's code and message."""

# Rates as Azure documents them; SSML leaves the labels' values to the voice.
RATES: Final = {"x-slow": 0.5, "slow": 0.64, "medium": 1.0, "fast": 1.55, "x-fast": 2.0, "default": 1.0}
PITCHES_SEMITONES: Final = {
    "x-low": -6.0,
    "low": -3.0,
    "medium": 0.0,
    "high": 3.0,
    "x-high": 6.0,
    "default": 0.0,
}
VOLUMES_DB: Final = {
    "silent": SILENT_DB,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 4.0,
    "x-loud": 8.0,
    "default": 0.0,
}
_VALUE = re.compile(rf"(?P<sign>[+-]?)(?P<number>{NUMBER})\s?(?P<unit>%|st|hz|db|)", re.ASCII)
_SEMITONES = 12.0  # of an octave


def changed(style: Style, attributes: Mapping[str, str], limits: Limits, tell: Tell) -> Style:
    """The style inside a `<prosody>` with these attributes; values out of range are clamped, with a caution.

    Raises:
        ValueError: naming the attribute and what its value is not.
    """
    for name, written in attributes.items():
        value = written.strip().lower()
        try:
            if name == "rate":
                rate = _rate(value, style.rate)
                style = replace(style, rate=_clamped(name, rate, limits.min_rate, limits.max_rate, "", tell))
            elif name == "pitch":
                style = replace(style, pitch_semitones=_pitch(value, style.pitch_semitones, limits, tell))
            elif name == "volume":
                style = replace(style, volume_db=_volume(value, style.volume_db, limits, tell))
            elif name in ("range", "contour", "duration"):
                tell("SSML_ATTRIBUTE_IGNORED", f"<prosody {name}> is not followed")
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return style


def _clamped(name: str, value: float, low: float, high: float, unit: str, tell: Tell) -> float:
    within = min(max(value, low), high)
    if within != value:
        tell("SSML_VALUE_CLAMPED", f"{name} of {value:.3g}{unit} is taken as {within:.3g}{unit}")
    return within


def _rate(value: str, enclosing: float) -> float:
    if value in RATES:
        return RATES[value]
    match = _VALUE.fullmatch(value)
    if match is None or match["unit"] not in ("%", "") or (match["sign"] and not match["unit"]):
        raise wrong(value, f"a factor (0.8), a percentage (80%, +10%) or one of {', '.join(RATES)}")
    number = float(match["number"])
    if match["sign"]:
        return enclosing * (1 + _signed(match) / 100)
    return enclosing * (number / 100 if match["unit"] else number)


def _pitch(value: str, enclosing: float, limits: Limits, tell: Tell) -> float:
    most = limits.max_pitch_semitones
    if value in PITCHES_SEMITONES:
        asked = PITCHES_SEMITONES[value]
    else:
        match = _VALUE.fullmatch(value)
        unit = match["unit"] if match else ""
        if match is None or unit not in ("st", "%", "hz"):
            raise wrong(
                value, f"a change (2st, -10%, +5Hz), a pitch in Hz or one of {', '.join(PITCHES_SEMITONES)}"
            )
        if unit == "st":
            asked = enclosing + _signed(match)
        elif unit == "%":
            asked = enclosing + _semitones(1 + _signed(match) / 100)
        else:
            tell(
                "SSML_PITCH_IN_HZ",
                f"Hz are taken as of a voice at {limits.base_pitch_hz:g} Hz; semitones (st) are exact",
            )
            here = limits.base_pitch_hz * 2 ** (enclosing / _SEMITONES) if match["sign"] else 0.0
            asked = _semitones((here + _signed(match)) / limits.base_pitch_hz)
    return _clamped("pitch", asked, -most, most, " semitones", tell)


def _volume(value: str, enclosing: float, limits: Limits, tell: Tell) -> float:
    if value in VOLUMES_DB:
        asked = VOLUMES_DB[value]
    else:
        match = _VALUE.fullmatch(value)
        if match is None or match["unit"] not in ("db", "%", ""):
            raise wrong(value, f"a change (+6dB, -10%, +10), 0 to 100 or one of {', '.join(VOLUMES_DB)}")
        relative = bool(match["sign"]) or match["unit"] == "db"
        if relative and enclosing <= SILENT_DB:
            return SILENT_DB  # no voice at all, whatever is added to it
        if match["unit"] == "db":
            asked = enclosing + _signed(match)
        elif relative and match["unit"]:
            asked = enclosing + _decibels(1 + _signed(match) / 100)
        elif relative:
            asked = _decibels((_amplitude(enclosing) * 100 + _signed(match)) / 100)
        else:
            asked = _decibels(float(match["number"]) / 100)  # 100 is the voice's own level
    if asked <= SILENT_DB:
        return SILENT_DB
    return _clamped("volume", asked, limits.min_volume_db, limits.max_volume_db, " dB", tell)


def _signed(match: re.Match[str]) -> float:
    return float(match["number"]) * (-1 if match["sign"] == "-" else 1)


def _semitones(factor: float) -> float:
    return _SEMITONES * math.log2(factor) if factor > 0 else -math.inf


def _amplitude(level_db: float) -> float:
    return 10 ** (level_db / 20)


def _decibels(factor: float) -> float:
    return 20 * math.log10(factor) if factor > 0 else -math.inf
