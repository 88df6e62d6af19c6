"""`<audio>`: which recording is played, and how; where none is, its content is read with the rest."""

from __future__ import annotations

import re
from functools import partial
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from speechmesh.frontend.ssml import values
from speechmesh.frontend.ssml.collector import Collector
from speechmesh.frontend.ssml.element import Element, Inside
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import Audio, Playing

# Those of fetching say nothing about a file that is here already.
ATTRIBUTES: Final = (
    "src fetchtimeout fetchhint maxage maxstale clipBegin clipEnd speed repeatCount repeatDur soundLevel"
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LEVEL = re.compile(rf"([+-]?)({values.NUMBER})db", re.ASCII)
_NUMBER = re.compile(values.NUMBER, re.ASCII)
_PERCENT = re.compile(rf"({values.NUMBER})%", re.ASCII)


def audio(element: Element) -> Inside:
    """A recording; what is in the element is gathered by itself, for where it cannot be played."""
    playing = _playing(element)
    if "src" not in element.attributes:
        element.tell("AUDIO_LEFT_OUT", "the attribute src is missing; what it falls back to is read")
        return element.inside()
    if not element.limits.plays_audio:
        element.tell("AUDIO_LEFT_OUT", "audio is not played here; what it falls back to is read")
        return element.inside()
    try:
        path = recording_path(element.attributes["src"].strip())
    except ValueError as error:
        element.tell("AUDIO_LEFT_OUT", f"{error}; what it falls back to is read")
        return element.inside()
    collector, outer, place = Collector(), element.collector, element.place

    def finish(offset: int) -> None:
        fallback = collector.items()
        if collector.leading:
            outer.blank(*collector.leading, element.style)
        outer.audio(
            Audio(path, playing, fallback, place.offset, offset, element.tag_end, place.line, place.column)
        )
        if collector.trailing:
            outer.blank(*collector.trailing, element.style)

    inside = Inside(element.style, collector)
    inside.finish = finish
    return inside


def recording_path(src: str) -> str:
    r"""The path below the folder of recordings that a relative reference names, as `chimes/one%20two.wav`.

    Raises:
        ValueError: when it is an address, absolute, or goes around the folder (`..`, `\\`).
    """
    if _SCHEME.match(src) or src.startswith("//"):
        raise ValueError(f"{shown(src)!r} is an address, and nothing is fetched for a request")
    path = unquote(src, errors="strict") if "%" in src else src
    parts = path.split("/")
    around = path.startswith("/") or "\\" in path or any(part in ("", ".", "..") for part in parts)
    if around or not path.isprintable() or str(PurePosixPath(path)) != path:
        raise ValueError(f"{shown(src)!r} is no path of a file in the folder of recordings")
    return path


def _playing(element: Element) -> Playing:
    plain, limits = Playing(), element.limits
    if element.read("speed", _percent, 100.0) != 100.0:
        element.tell("SSML_ATTRIBUTE_IGNORED", "<audio speed> is not followed")
    asked_db = element.read("soundLevel", _level_db, 0.0)
    level_db = min(max(asked_db, limits.min_volume_db), limits.max_volume_db)
    if level_db != asked_db:
        element.tell("SSML_VALUE_CLAMPED", f"soundLevel of {asked_db:g} dB is taken as {level_db:g} dB")
    time = partial(element.read, reader=values.time_ms, default=None)
    repeat_count = element.read("repeatCount", _count, None)
    if repeat_count == 0:
        element.tell("SSML_ATTRIBUTE_IGNORED", "a repeatCount of 0 is passed over")
        repeat_count = None
    return Playing(
        element.read("clipBegin", values.time_ms, plain.clip_begin_ms),
        time("clipEnd"),
        repeat_count,
        time("repeatDur"),
        level_db,
    )


def _level_db(value: str) -> float:
    match = _LEVEL.fullmatch(value.strip().lower())
    if match is None:
        raise values.wrong(value, "a level such as +6dB or -3.5dB")
    return float(match[2]) * (-1.0 if match[1] == "-" else 1.0)


def _count(value: str) -> float:
    if not _NUMBER.fullmatch(value.strip()):
        raise values.wrong(value, "a number over 0")
    return float(value)


def _percent(value: str) -> float:
    match = _PERCENT.fullmatch(value.strip())
    if match is None or float(match[1]) <= 0:
        raise values.wrong(value, "a percentage such as 80%")
    return float(match[1])
