"""SSML documents by chance: trees of elements, whose attributes are right, odd or wrong, and documents that broke."""

from __future__ import annotations

import random
from xml.sax.saxutils import escape, quoteattr

from tests.fuzz.pronunciations import ALPHABETS, said
from tests.fuzz.texts import anything, mistyped, some_text

_NUMBERS = (
    "0",
    "1",
    "-1",
    "+3",
    "0.5",
    "1e9",
    "99999999",
    ".5",
    "5.",
    "",
    "NaN",
    "１",
    "1" * 300,
    "0.0000001",
)
_UNITS = ("%", "st", "Hz", "dB", "ms", "s", "", " s", "x")
_WORDS = {
    "rate": "x-slow slow medium fast x-fast default",
    "pitch": "x-low low medium high x-high default",
    "volume": "silent x-soft soft medium loud x-loud default",
    "strength": "none x-weak weak medium strong x-strong",
    "level": "strong moderate none reduced",
    "gender": "male female neutral",
    "xml:lang": "en-US zh-CN de x cmn-Hans-CN en",
    "interpret-as": "cardinal ordinal digits characters fraction unit date time duration telephone address currency "
    "expletive number spell-out verbatim measure money phone bleep vxml:date",
    "format": "mdy dmy ymd my y md hms hms12 hms24 usd USD EUR ordinal hm ms d yyyymmdd",
    "name": "ann bea english mandarin default a b slt ming mandarin/lan",
    "languages": "en-US zh-CN zh de en:de",
    "required": "name languages gender age",
    "ordering": "name languages gender variant",
    "onvoicefailure": "priorityselect keepexisting processorchoice",
    "onlangfailure": "changevoice ignoretext ignorelang processorchoice",
    "style": "cheerful neutral sad calm",
    "version": "1.0 1.1 2.0",
    "src": "chime.wav chime.wav chime%2Ewav no.wav ../chime.wav http://a/b.mp3",
    "repeatCount": "1 2.5 0.1 0.0000001 99999999 0",
    "soundLevel": "+6dB -3.5dB 0dB +99dB 6",
    "clipBegin": "0s 10ms .1s 9s 99999999s 1",
}
_ATTRIBUTES = {
    "speak": "version xml:lang", "p": "xml:lang", "s": "", "break": "strength time", "mark": "name",
    "bookmark": "mark", "emphasis": "level", "prosody": "rate pitch volume range contour",
    "voice": "name gender languages required ordering onvoicefailure", "lang": "xml:lang onlangfailure",
    "mstts:express-as": "style styledegree role",
    "say-as": "interpret-as format detail", "sub": "alias", "phoneme": "alphabet ph",
    "audio": "src repeatCount soundLevel clipBegin", "desc": "",
    "metadata": "", "lexicon": "uri", "token": "role", "w": "", "unknown": "a",
}  # fmt: skip
_ELEMENTS = tuple(name for name in _ATTRIBUTES if name != "speak")
_HOLD_TEXT = frozenset({"say-as", "sub", "phoneme"})
_SAY_AS = (
    "12", "1,299.50", "2024-03-05", "3/5/2024", "10:30", "10:30:15 pm", "1h30m", "+1 (555) 123-4567 x5", "XIV", "3rd",
    "1/2", "3 1/2", "ABC-12", "$5", "12kg", "25:61", "99999999999999999999", "0/0", "第三", "-5", "damn", "PT2M",
)  # fmt: skip
_ENTITIES = ("&amp;", "&lt;", "&#65;", "&#x1F600;", "&#0;", "&nbsp;", "&#xD800;", "&a;", "&")
_MAX_DEPTH = 5
_BOMB = (
    '<!DOCTYPE speak [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
    "<speak>&c;&c;&c;</speak>"
)


def tree(dice: random.Random, reader: str, n_chars: int) -> str:
    """A document of elements in each other, well-formed but for rare entities."""
    body = ""
    while len(body) < n_chars:
        body += _node(dice, reader, 0)
    return f"<speak{_attributes(dice, 'speak')}>{body}</speak>"


def broken(dice: random.Random, reader: str, n_chars: int) -> str:
    """A document that something happened to."""
    kind = dice.random()
    document = tree(dice, reader, n_chars)
    if kind < 0.03:
        return _BOMB
    if kind < 0.06:
        name = dice.choice(_ELEMENTS)
        depth = dice.choice((10, 60, 70, 1_000))
        return f"<speak>{f'<{name}>' * depth}a{f'</{name}>' * dice.choice((depth, 0))}</speak>"
    if kind < 0.09:
        value = anything(dice, dice.choice((100, 4_000, 20_000)))
        name, quoted = dice.choice(("a", "version")), quoteattr(value)
        return f"<speak {name}={quoted}>a<sub alias={quoted}>b</sub></speak>"
    if kind < 0.12:
        unit = dice.choice(
            ("<break/>", "<break time='10s'/>", "<mark name='m'/>", "<s/>", "<p>a</p>", "é<w/>")
        )
        return f"<speak>{unit * dice.randint(1, max(1, n_chars))}a</speak>"
    if kind < 0.2:  # bytes rather than characters
        raw = bytearray(document.encode())
        for _ in range(dice.randint(1, 4)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
        return raw.decode("utf-8", "replace")
    return mistyped(dice, mistyped(dice, document))


def _node(dice: random.Random, reader: str, depth: int) -> str:
    kind = dice.random()
    if kind < 0.45 or depth >= _MAX_DEPTH:
        return _text(dice, reader)
    if kind < 0.48:
        return dice.choice(
            (dice.choice(_ENTITIES[:4]), "<!-- a -->", "<![CDATA[ a<b & ]]>", "<?a b?>", " ", "\r\n")
        )
    name = dice.choice(_ELEMENTS)
    tag = name + _attributes(dice, name)
    if dice.random() < 0.15:
        return f"<{tag}/>"
    if name in _HOLD_TEXT:
        inner = dice.choice(_SAY_AS) if dice.random() < 0.7 else _text(dice, reader)
        return f"<{tag}>{escape(inner) if '&' not in inner else inner}</{name}>"
    inner = "".join(_node(dice, reader, depth + 1) for _ in range(dice.randint(0, 3)))
    return f"<{tag}>{inner}</{name}>"


def _text(dice: random.Random, reader: str) -> str:
    if dice.random() < 0.02:
        return dice.choice(_ENTITIES)
    text = some_text(dice, reader, dice.randint(0, 40))
    # Most control characters are none of XML's.
    return escape("".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff")))


def _attributes(dice: random.Random, element: str) -> str:
    wanted = [name for name in _ATTRIBUTES[element].split() if dice.random() < 0.85]
    if dice.random() < 0.03:
        wanted.append(dice.choice(("id", "xml:lang", "xmlns", "xmlns:a", "b")))
    return "".join(f" {name}={quoteattr(_value(dice, name))}" for name in dict.fromkeys(wanted))


def _value(dice: random.Random, name: str) -> str:
    kind = dice.random()
    if name == "alphabet":
        return dice.choice(ALPHABETS)
    if name == "ph":
        return said(dice, dice.choice(ALPHABETS))
    if name == "time" and kind < 0.8:
        return dice.choice(("500ms", "1.5s", "0s", "10s", "99999s", ".5s"))
    if name in _WORDS and kind < 0.9:
        return dice.choice(_WORDS[name].split())
    if kind < 0.97:
        if name in ("alias", "src", "role", "mark", "detail"):
            return "".join(c for c in some_text(dice, "english", dice.randint(0, 20)) if " " <= c < "\ufffe")
        return dice.choice(("", "+", "-")) + dice.choice(_NUMBERS) + dice.choice(_UNITS)
    return "".join(c for c in anything(dice, dice.choice((3, 100, 1_000))) if " " <= c < "\ufffe")
