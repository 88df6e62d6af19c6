"""What each element of SSML does to a script."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from speechmesh.frontend.english.word_roles import known_role
from speechmesh.frontend.ssml import audio, pieces, prosody, values
from speechmesh.frontend.ssml.element import Element, Inside
from speechmesh.frontend.ssml.place import shown
from speechmesh.frontend.ssml.script import (
    BoundaryKind,
    Break,
    BreakStrength,
    Emphasis,
    Mark,
    OnVoiceFailure,
    VoiceChoice,
    VoiceFeature,
)

MIN_STYLE_DEGREE, MAX_STYLE_DEGREE = 0.01, 2.0
_GENDERS = ("male", "female", "neutral", "")
_MEDIA_TIMING: Final = "begin end repeatCount repeatDur soundLevel fadeInDur fadeOutDur"
_VERSIONS = ("1.0", "1.1")
_LANGUAGE_FEATURE = re.compile(r"(?<!\S)language(?!\S)", re.IGNORECASE)
_NUMBER = re.compile(values.NUMBER, re.ASCII)


def _speak(element: Element) -> Inside:
    version = element.attributes.get("version", _VERSIONS[-1]).strip()
    if version not in _VERSIONS:
        element.tell("SSML_VERSION", f"version {shown(version)!r} is read as {_VERSIONS[-1]}")
    for name in ("startmark", "endmark"):
        if name in element.attributes:
            element.tell("SSML_ATTRIBUTE_IGNORED", f"<speak {name}> is not followed: all is read")
    return element.inside() if element.is_root else _block(BoundaryKind.PARAGRAPH, element)


def _par(element: Element) -> Inside:
    element.tell("SSML_ELEMENT_IGNORED", "<par> is not followed: what is in it is read in order")
    return element.inside()


def _media(element: Element) -> Inside:
    for name in _MEDIA_TIMING.split():
        if name in element.attributes:
            element.tell("SSML_ATTRIBUTE_IGNORED", f"<media {name}> is not followed")
    return element.inside()


def _block(kind: BoundaryKind, element: Element) -> Inside:
    element.collector.boundary(kind, element.place.offset)
    inside = element.inside()
    inside.finish = partial(element.collector.boundary, kind)
    return inside


def _break(element: Element) -> Inside:
    strength = element.read("strength", partial(values.member, kind=BreakStrength), BreakStrength.MEDIUM)
    asked = element.read("time", values.time_ms, None)
    duration_ms = None if asked is None else min(asked, element.limits.max_break_ms)
    if asked != duration_ms:
        element.tell("SSML_VALUE_CLAMPED", f"a break of {asked:g} ms is taken as {duration_ms:g} ms")
    element.collector.pause(Break(strength, duration_ms, element.place.offset, element.tag_end))
    return element.inside()


def _mark(attribute: str, element: Element) -> Inside:
    name = element.required(attribute)
    element.collector.mark(Mark(name, element.place.offset, element.tag_end))
    return element.inside()


def _emphasis(element: Element) -> Inside:
    level = element.read("level", partial(values.member, kind=Emphasis), Emphasis.MODERATE)
    return element.inside(replace(element.style, emphasis=level))


def _prosody(element: Element) -> Inside:
    try:
        return element.inside(
            prosody.changed(element.style, element.attributes, element.limits, element.tell)
        )
    except ValueError as error:
        raise element.wrong(str(error)) from None


def _voice(element: Element) -> Inside:
    attributes = element.attributes
    for name in ("age", "variant"):
        if name in attributes:
            element.tell("SSML_ATTRIBUTE_IGNORED", f"<voice {name}> is not followed")
    language = next((name for name in ("language", "languages", "xml:lang") if name in attributes), "")
    gender = "gender" if "gender" in attributes else "xml:gender"  # what some clouds call it
    plain = VoiceChoice()
    choice = VoiceChoice(
        tuple(attributes.get("name", "").split()),
        element.read(language, _languages, ()),
        element.read(gender, partial(values.one_of, names=_GENDERS), ""),
        frozenset(element.read("required", _features, tuple(plain.required))),
        element.read("ordering", _features, plain.ordering),
        element.read("onvoicefailure", partial(values.member, kind=OnVoiceFailure), plain.on_failure),
    )
    # The language of the element's own text is a matter of the voice that is chosen, not the other way round.
    around = element.style.casting
    own = around[-1:] if "xml:lang" in attributes else ()
    casting = (*around[: len(around) - len(own)], choice, *own)
    # Two who speak in turn say no word together, be it that the same voice is found for both.
    element.collector.part()
    inside = element.inside(replace(element.style, casting=casting))
    inside.finish = lambda _: element.collector.part()
    return inside


def _features(value: str) -> tuple[VoiceFeature, ...]:
    """Features of a voice, each once; one cloud writes "language" for what SSML calls "languages"."""
    return values.members(_LANGUAGE_FEATURE.sub(VoiceFeature.LANGUAGES.value, value), VoiceFeature)


def _languages(value: str) -> tuple[str, ...]:
    """Languages; SSML 1.1 writes an accent after a colon."""
    return tuple(values.language(each.partition(":")[0]) for each in value.split())


def _lang(element: Element) -> Inside:
    element.required("xml:lang")
    return element.inside()


def _express_as(element: Element) -> Inside:
    asked = element.read("styledegree", _number, 1.0)
    degree = min(max(asked, MIN_STYLE_DEGREE), MAX_STYLE_DEGREE)
    name, role = (element.attributes.get(key, "").strip() for key in ("style", "role"))
    for attribute, is_asked in (("styledegree", asked != 1.0), ("role", bool(role))):
        if is_asked:
            element.tell("SSML_ATTRIBUTE_IGNORED", f"<mstts:express-as {attribute}> is not followed")
    return element.inside(
        replace(
            element.style,
            speaking_style=name or element.style.speaking_style,
            style_degree=degree,
            role=role or element.style.role,
        )
    )


def _turn(element: Element) -> Inside:
    element.tell("SSML_ATTRIBUTE_IGNORED", "<mstts:turn speaker> is not followed: one voice reads all turns")
    return _block(BoundaryKind.SENTENCE, element)


def _word(element: Element) -> Inside:
    written = element.attributes.get("role", "").strip()
    role = known_role(written)
    if written and not role:
        element.tell("SSML_ATTRIBUTE_IGNORED", f"<{element.name} role> of {shown(written)!r} is not followed")
    element.collector.word_edge()
    inside = element.inside(replace(element.style, word_role=role))
    inside.finish = lambda _: element.collector.word_edge()
    return inside


def _number(value: str) -> float:
    if not _NUMBER.fullmatch(value.strip()):
        raise values.wrong(value, "a number")
    return float(value)


def _unspoken(element: Element) -> Inside:
    return Inside(element.style, element.collector, is_unspoken=True)


def _lexicon(element: Element) -> Inside:
    element.tell("SSML_ELEMENT_IGNORED", "<lexicon> is not followed: nothing is fetched for a request")
    return _unspoken(element)


def unknown(element: Element) -> Inside:
    """An element that is read through."""
    element.tell("SSML_UNKNOWN_ELEMENT", f"<{shown(element.name)}> is unknown; its text is read")
    return element.inside()


_Open = Callable[[Element], Inside]
_PARAGRAPH = partial(_block, BoundaryKind.PARAGRAPH)
_SENTENCE = partial(_block, BoundaryKind.SENTENCE)

# Each with the attributes that it has besides those of any element.
ELEMENTS: Final[dict[str, tuple[_Open, frozenset[str]]]] = {
    name: (opened, frozenset(attributes.split()))
    for name, opened, attributes in (
        ("speak", _speak, "version startmark endmark"),
        ("p", _PARAGRAPH, ""),
        ("paragraph", _PARAGRAPH, ""),
        ("s", _SENTENCE, ""),
        ("sentence", _SENTENCE, ""),
        ("break", _break, "strength time"),
        ("mark", partial(_mark, "name"), "name"),
        ("bookmark", partial(_mark, "mark"), "mark"),
        ("emphasis", _emphasis, "level"),
        ("prosody", _prosody, "rate pitch volume range contour duration"),
        ("voice", _voice, "name language languages gender xml:gender age variant required ordering onvoicefailure"),
        ("lang", _lang, ""),
        ("mstts:express-as", _express_as, "style styledegree role"),
        ("mstts:dialog", Element.inside, ""),
        ("mstts:turn", _turn, "speaker"),
        ("say-as", pieces.say_as, "interpret-as format detail"),
        ("sub", pieces.sub, "alias"),
        ("phoneme", pieces.phoneme, "alphabet ph type"),
        ("audio", audio.audio, audio.ATTRIBUTES),
        ("par", _par, ""),
        ("seq", Element.inside, ""),
        ("media", _media, _MEDIA_TIMING),
        ("desc", _unspoken, ""),
        ("meta", _unspoken, "name http-equiv content"),
        ("metadata", _unspoken, ""),
        ("lexicon", _lexicon, "uri type fetchtimeout maxage maxstale"),
        ("token", _word, "role"),
        ("w", _word, "role"),
    )
}  # fmt: skip
_ANYWHERE = frozenset("xml:lang xml:base xml:id xml:space id onlangfailure".split())


def opened(element: Element) -> Inside:
    """Does what an element does as it begins.

    Raises:
        InvalidInput: with its line and column; an attribute is missing or wrong.
    """
    known = ELEMENTS.get(element.name)
    if known is None:
        return unknown(element)
    for name in element.attributes.keys() - known[1] - _ANYWHERE:
        if name != "xmlns" and not name.startswith(("xmlns:", "xsi:")):
            element.tell(
                "SSML_UNKNOWN_ATTRIBUTE", f"<{element.name}> has no attribute {shown(name)}; it is ignored"
            )
    if "xml:base" in element.attributes:
        element.tell("SSML_ATTRIBUTE_IGNORED", "xml:base is not followed: recordings are of the folder here")
    return known[0](element)
