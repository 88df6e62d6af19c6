"""Every character of a script knows the part of the caller's document that it came from."""

from __future__ import annotations

import html
import re
from xml.sax.saxutils import escape, quoteattr

from hypothesis import example, given, settings
from hypothesis import strategies as st

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.ssml.reading import plain_text
from speechmesh.frontend.ssml.script import Audio, Item, Script, Text

LIMITS = Limits(max_elements=300, max_depth=12, plays_audio=True)
_WRONG = ["", "x", "a & <b>", "9" * 500]
_ATTRIBUTES: dict[str, dict[str, list[str]]] = {
    "p": {"xml:lang": ["en-US", "zh", "de", ""]},
    "s": {},
    "break": {"time": ["500ms", "2s", "99s", "+.5s"], "strength": ["none", "medium", "x-strong"]},
    "say-as": {
        "interpret-as": ["characters", "date", "telephone", "cardinal", "digits", "time", "x"],
        "format": ["mdy", "hms12", "x", ""],
    },
    "sub": {"alias": ["a  b", "", "&"]},
    "phoneme": {"ph": ["kæt", "zhong1", "K"], "alphabet": ["ipa", "pinyin", "x-arpabet"]},
    "prosody": {
        "rate": ["x-slow", "80%", "+10%", "0.5", "default", "900%"],
        "pitch": ["high", "+2st", "-10%", "+5Hz", "200Hz"],
        "volume": ["silent", "-6dB", "+10%", "50", "loud"],
        "range": ["high"],
    },
    "emphasis": {"level": ["strong", "none"]},
    "voice": {"name": ["anna", "a b"], "gender": ["female"], "xml:lang": ["en"]},
    "lang": {"xml:lang": ["en-US", "zh"]},
    "mark": {"name": ["m", ""]},
    "audio": {
        "src": ["b.mp3", "a/b%20c.wav", "../b.mp3", "https://a.example/b.mp3"],
        "repeatCount": ["2", "0.5", "0"],
        "clipEnd": ["2s"],
    },
    "mstts:express-as": {"style": ["sad"], "styledegree": ["0.5", "7"]},
    "amazon:effect": {"name": ["whispered"]},
}
_HOLD_TEXT = ("say-as", "sub", "phoneme")


def _texts() -> st.SearchStrategy[str]:
    plain = st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
        max_size=8,
    )
    spaced = st.sampled_from([" ", "\n", "\r\n", "\t  ", "12/3", "a b"])
    written = st.one_of(
        plain.map(escape), spaced, st.sampled_from(["&amp;", "&#65;", "&#x1F600;", "&lt;", "&#32;"])
    )
    cdata = plain.filter(lambda text: "]]>" not in text).map(lambda text: f"<![CDATA[{text}]]>")
    return st.one_of(written, cdata, st.just("<!-- - -->"))


@st.composite
def _element(draw: st.DrawFn, content: st.SearchStrategy[str]) -> str:
    name = draw(st.sampled_from(sorted(_ATTRIBUTES)))
    attributes = ""
    for at, (key, values) in enumerate(_ATTRIBUTES[name].items()):
        if at == 0 or draw(st.booleans()):
            value = draw(st.sampled_from(_WRONG if draw(st.integers(0, 60)) == 60 else values))
            attributes += f" {key}={quoteattr(value)}"
    inside = draw(st.lists(_texts() if name in _HOLD_TEXT else content, max_size=4))
    return f"<{name}{attributes}>{''.join(inside)}</{name}>"


_BODIES = st.lists(st.recursive(_texts(), _element, max_leaves=25), max_size=5).map("".join)
_DOCUMENTS = _BODIES.map(lambda body: f"<speak>{body}</speak>")


def _read(document: str) -> Script | None:
    try:
        return parse_ssml(document, limits=LIMITS)
    except InvalidInput as error:
        if not error.description.startswith("has "):
            assert re.match(r"line \d+, column \d+: ", error.description)
        return None


def _all_texts(items: tuple[Item, ...]) -> list[Text]:
    found = [item for item in items if isinstance(item, Text)]
    for item in items:
        if isinstance(item, Audio):
            found += _all_texts(item.fallback)
    return found


_UNHEARD = re.compile(r"<!--.*?-->|<\?.*?\?>|<!\[CDATA\[|\]\]>", re.DOTALL)
# What stands in for a recording is one text, whatever elements are in it.
_UNHEARD_IN_AUDIO = re.compile(rf"{_UNHEARD.pattern}|</?[a-z][^<>]*>", re.DOTALL)


def _check(document: str, script: Script) -> None:
    for text in _all_texts(script.items):
        assert len(text.sources) == len(text.text)
        assert 0 <= text.start <= text.end <= len(document)
        assert "  " not in text.text
        last = text.start
        for at, character in enumerate(text.text):
            start, end = text.sources.span(at, at + 1)
            assert last <= start < end <= text.end
            last = start
            written = document[start:end]
            if character == " ":
                # Between blanks that become one may stand what is not heard: comments, instructions, marks.
                unheard = _UNHEARD_IN_AUDIO if "<audio" in document else _UNHEARD
                assert not html.unescape(unheard.sub("", written)).strip(" \t\r\n")
            else:
                assert character in (written, html.unescape(written)) or ord(character) == _reference(written)
        spoken = plain_text(text, "en-US")
        assert len(spoken.sources) == len(spoken.text)
        for at in range(len(spoken.text)):
            start, end = spoken.sources.span(at, at + 1)
            assert text.start <= start < end <= text.end
    for caution in script.cautions:
        assert 0 <= caution.start <= caution.end <= len(document)
    _check_edges(script)


def _reference(written: str) -> int | None:
    match = re.fullmatch(r"&#(x?)([0-9A-Fa-f]+);", written)
    return int(match[2], 16 if match[1] else 10) if match else None


def _check_edges(script: Script) -> None:
    """No white space at the edges of the whole."""
    texts = script.texts
    if texts and script.items[0] is texts[0]:
        assert not texts[0].text.startswith(" ")
    if texts and script.items[-1] is texts[-1]:
        assert not texts[-1].text.endswith(" ")


@settings(max_examples=300, deadline=10_000)
@example('<speak>0<audio src="b.mp3"> <amazon:effect name="whispered"> </amazon:effect></audio></speak>')
@given(_DOCUMENTS)
def test_every_character_maps_to_itself_or_its_entity(document: str) -> None:
    script = _read(document)
    if script is not None:
        _check(document, script)


@settings(max_examples=300, deadline=10_000)
@given(_BODIES, st.data())
def test_a_mutated_document_is_a_script_or_refused(body: str, data: st.DataObject) -> None:
    document = bytearray(f'<?xml version="1.0"?><speak xml:lang="en">{body}</speak>'.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        kind = data.draw(st.sampled_from(("set", "cut", "double")))
        if kind == "set":
            document[at] = data.draw(st.sampled_from(b"<>&;\"'/= \x00\xff]!?a-") | st.integers(0, 255))
        elif kind == "cut":
            del document[at : at + data.draw(st.integers(1, 20))]
        else:
            document[at:at] = document[at : at + 20]
        if not document:
            return
    text = document.decode("utf-8", "surrogateescape")
    script = _read(text)
    if script is not None:
        _check(text, script)


@settings(max_examples=200, deadline=10_000)
@given(
    st.text(max_size=60) | st.text("<>/&;!?[]\"'= speakbx", max_size=60).map(lambda text: f"<speak>{text}")
)
def test_any_string_is_a_script_or_refused(document: str) -> None:
    script = _read(document)
    if script is not None:
        _check(document, script)
