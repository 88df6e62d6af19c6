"""Reads version numbers of software: "Python 3.12" is three point twelve, "Ubuntu 22.04" twenty two oh four."""

from __future__ import annotations

import re

from speechmesh.frontend.english import numbers
from speechmesh.frontend.english.reading import Context, Piece, Reading, whole

_SOFTWARE = frozenset(
    str.split(
        """
        android chrome cuda debian django docker excel fedora firefox flask go golang java javascript keras kernel
        kubernetes laravel linux mac mysql nginx node numpy php postgres postgresql python pytorch rails react redis
        release ruby rust safari scala spark swift tensorflow typescript ubuntu unity version versions windows xcode
        """
    )
)
_RELEASE = re.compile(r"(?P<major>\d{1,3})\.(?P<minor>\d\d)(?![\d%]|\.\d|[A-Za-z])", re.ASCII)
_JOINERS = frozenset({"than", "to", "and", "or", "from", "on", "of"})
_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_MACHINE = re.compile(
    rf"{_OCTET}(?:\.{_OCTET}){{3}}(?:(?P<sign>[:/])(?P<more>\d{{1,5}}))?(?![:/.]?\d|[A-Za-z])", re.ASCII
)
_MAC = re.compile(
    r"[0-9A-Fa-f]{2}(?P<sign>[:-])(?:[0-9A-Fa-f]{2}(?P=sign)){4}[0-9A-Fa-f]{2}(?![0-9A-Za-z:-])", re.ASCII
)
_IPV6 = re.compile(
    r"(?=[0-9A-Fa-f:]{0,38}\d)[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){1,7}(?:::)?(?:/(?P<prefix>\d{1,3}))?(?![0-9A-Za-z:])"
    r"|(?=[0-9A-Fa-f:]{0,38}\d)[0-9A-Fa-f]{1,4}::(?:/(?P<whole>\d{1,3}))?(?![0-9A-Za-z:])",
    re.ASCII,
)
_ADDRESS_PART = re.compile(r"[0-9A-Fa-f]++|[:/]", re.ASCII)
_IEEE_802 = re.compile(r"802\.(?P<group>\d{1,2})(?P<letters>(?:[a-z]{1,2}|X)?)(?![A-Za-z0-9]|\.\d)", re.ASCII)
_OF_802 = frozenset(str.split("ieee wireless network networks standard standards frame frames"))
_SIGNS = {":": "colon", "/": "slash"}


def recognise_release(context: Context, position: int) -> Reading | None:
    """Read a version of two numbers after the name of what has versions; both are counts."""
    match = _RELEASE.match(context.text, position)
    if match is None or match["minor"] == "00":
        return None
    previous = context.previous
    if previous not in _SOFTWARE and not (
        previous in _JOINERS and not _SOFTWARE.isdisjoint(context.recent(8).split())
    ):
        return None
    minor = numbers.pair(int(match["minor"]))
    dated = len(match["major"]) == 2 and match["minor"][0] == "0"
    joint = " " if dated else " point "
    return whole(f"{numbers.integer(match['major'])}{joint}{minor}", position, match.end())


def recognise_hardware(context: Context, position: int) -> Reading | None:
    """Read a MAC address by its pairs, and an IPv6 address sign by sign."""
    text = context.text
    mac = _MAC.match(text, position)
    match = mac or _IPV6.match(text, position)
    if match is None or text[position - 1 : position].isalnum():
        return None
    if not mac and "::" not in match[0] and match[0].count(":") != 7:
        return None
    pieces: list[Piece] = []
    for part in _ADDRESS_PART.finditer(text, position, match.end()):
        if part[0] in _SIGNS:
            pieces.append(Piece("," if mac else _SIGNS[part[0]], *part.span()))
        elif pieces and pieces[-1].words == "slash":
            pieces.append(Piece(numbers.integer(part[0]), *part.span()))
        else:
            if mac and pieces and pieces[-1].words != ",":
                pieces.append(Piece(",", part.start() - 1, part.start()))
            signs = (numbers.digits(sign) if sign.isdigit() else sign.upper() for sign in part[0])
            pieces.append(Piece(" ".join(signs), *part.span()))
    return Reading(tuple(pieces), match.end())


def recognise_standard(context: Context, position: int) -> Reading | None:
    """Read a standard of IEEE 802, whose parts are names: "802.11ac" is eight oh two dot eleven A C."""
    match = _IEEE_802.match(context.text, position)
    if match is None:
        return None
    around = (context.adjacent_source.lower(), context.next_word(match.end()).lower())
    if not match["letters"] and _OF_802.isdisjoint(around):
        return None  # an amount
    words = f"eight oh two dot {numbers.integer(match['group'])} {' '.join(match['letters'].upper())}"
    return whole(words.strip(), position, match.end())


def recognise_machine(context: Context, position: int) -> Reading | None:
    """Read an IP address, its octets of three digits digit by digit, with its port or the length of its prefix."""
    match = _MACHINE.match(context.text, position)
    if match is None or context.text[position - 1 : position] in {"v", "V"}:
        return None
    octets = context.text[position : match.start("sign") if match["sign"] else match.end()].split(".")
    words = " dot ".join(
        numbers.digits(octet) if len(octet) == 3 else numbers.integer(octet) for octet in octets
    )
    if not match["sign"]:
        return whole(words, position, match.end())
    more = numbers.integer(match["more"]) if match["sign"] == "/" else numbers.identifier(match["more"])
    return Reading(
        (
            Piece(words, position, match.start("sign")),
            Piece(_SIGNS[match["sign"]], *match.span("sign")),
            Piece(more, *match.span("more")),
        ),
        match.end(),
    )
