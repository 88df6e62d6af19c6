"""Folds any Unicode text into the small alphabet that the English recognisers read.

Accents, ligatures, full-width forms and look-alike punctuation become ASCII; symbols with an English
name stay; the rest becomes UNSPEAKABLE and is reported. Each folded character remembers the part of
the caller's text it came from.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from speechmesh.frontend.spoken import Dropped

UNSPEAKABLE = "\ufffc"
"""Stands for one character that cannot be spoken: a boundary between words, never a part of one."""

FRACTIONS = {
    "½": (1, 2), "⅓": (1, 3), "⅔": (2, 3), "¼": (1, 4), "¾": (3, 4), "⅕": (1, 5), "⅖": (2, 5),
    "⅗": (3, 5), "⅘": (4, 5), "⅙": (1, 6), "⅚": (5, 6), "⅐": (1, 7), "⅛": (1, 8), "⅜": (3, 8),
    "⅝": (5, 8), "⅞": (7, 8), "⅑": (1, 9), "⅒": (1, 10),
}  # fmt: skip
SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta",
    "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi",
    "ψ": "psi", "ω": "omega", "Γ": "gamma", "Δ": "delta", "Θ": "theta", "Λ": "lambda", "Ξ": "xi",
    "Π": "pi", "Σ": "sigma", "Φ": "phi", "Ψ": "psi", "Ω": "omega",
}  # fmt: skip
CURRENCY_SYMBOLS = "$€£¥₹₩₽₺₫₱฿₪₦₿₴¢"
_SYMBOLS = "–—−×÷±≈≤≥≠∞√°§©→•№‰∈∉∪∩⊂∀∃∑∫∂¶♯♭"
_KEPT = frozenset(
    string.printable[:95] + "\n" + "".join(FRACTIONS) + "".join(SUPERSCRIPTS) + "".join(GREEK)
    + CURRENCY_SYMBOLS + _SYMBOLS
)  # fmt: skip

# What NFKC would lose or leave; a full stop of a script without spaces also brings its space.
_REPLACED = {
    "\t": " ", "\v": "\n", "\f": "\n\n", "\r": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n\n",
    **dict.fromkeys("‘’‛ʼ´′ʻ＇‵", "'"), **dict.fromkeys("“”„‟«»‹›″「」『』〝〞", '"'),
    **dict.fromkeys("‐‑⁃﹣", "-"), "‒": "–", "―": "—", "⸺": "—", "⁄": "/", "∕": "/", "⋅": "×", "∙": "•",
    **dict.fromkeys("✕✖⨯", "×"), **dict.fromkeys("⇒➔➜➝➞➡⟶⟹⇨", "→"), "∼": "~", "〜": "~", "∣": "|",
    **dict.fromkeys("◦▪‣●○■□▫◆◇⬤❖➢", "•"), "·": "-", "・": "-", "…": "...", "‥": "..", "º": "°", "˚": "°",
    "。": ". ", "｡": ". ", "．": ". ", "、": ", ", "，": ", ", "؟": "? ", "？": "? ", "！": "! ", "،": ", ",
    "؛": "; ", "；": "; ", "：": ": ", "।": ". ", "۔": ". ", "٫": ".", "٬": ",", "٪": "%",
    "¡": "", "¿": "", "™": "", "®": "", "℠": "", "†": "", "‡": "", "\ufeff": "", "₤": "£",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h",
    "Ħ": "H", "ŋ": "ng", "Ŋ": "Ng", "ŧ": "t", "Ŧ": "T", "ſ": "s", "ĸ": "k",
}  # fmt: skip
_AFTER_NUMBERS = {
    "万": "万",
    "萬": "万",
    "亿": "亿",
    "億": "亿",
    "元": "元",
    "圆": "元",
    "円": "円",
    "★": "★",
    "⭐": "★",
}
"""Chinese and Japanese magnitudes and currencies, and stars, that English text has after a number."""
_ASCII = re.compile(r"[ -~]++")
_MARK = "\u0300"  # answers "a combining mark": belongs to the character before it


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Text in the folded alphabet; ``starts[i]:ends[i]`` is what ``text[i]`` came from.

    ``emoji`` names the emoji to be said, by where their UNSPEAKABLE stands in ``text``.
    """

    source: str
    text: str
    starts: list[int]
    ends: list[int]
    dropped: list[Dropped]
    emoji: dict[int, str]


NameEmoji = Callable[[str, int], tuple[str, int] | None]
"""Names the emoji at a position of a text and says where it ends."""


def fold(text: str, name_emoji: NameEmoji | None = None) -> FoldedText:
    """Fold ``text``, never failing whatever it holds; time and space are linear in its length.

    Args:
        text: any string.
        name_emoji: names emoji; without it they are dropped like everything unspeakable.
    """
    folder = _Folder(text)
    index = 0
    while index < len(text):
        plain = _ASCII.match(text, index)
        if plain:
            folder.keep_plain(index, plain.end())
            index = plain.end()
            continue
        folded = _fold_character(text[index])
        emoji = name_emoji(text, index) if name_emoji and folded == UNSPEAKABLE else None
        if emoji:
            folder.keep_emoji(emoji[0], index, emoji[1])
            index = emoji[1]
            continue
        folder.add(folded, index)
        index += 1
    return folder.finish()


class _Folder:
    """Gathers folded characters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._characters: list[str] = []
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._runs: list[list[int]] = []  # start, end of each run of unspeakable characters
        self._emoji: dict[int, str] = {}

    def keep_plain(self, start: int, end: int) -> None:
        """Keep ASCII characters as they are."""
        self._characters.append(self._text[start:end])
        self._starts.extend(range(start, end))
        self._ends.extend(range(start + 1, end + 1))

    def keep_emoji(self, name: str, start: int, end: int) -> None:
        """Keep a place where an emoji is named; the same one again and again is named once."""
        if self._emoji.get(len(self._starts) - 1) == name and self._ends[-1] == start:
            self._ends[-1] = end
            return
        self._emoji[len(self._starts)] = name
        self._keep(UNSPEAKABLE, start, end)

    def add(self, folded: str, index: int) -> None:
        """Add what one character was folded into."""
        character = self._text[index]
        touches_run = bool(self._runs) and self._runs[-1][1] == index
        if folded == _MARK:
            if touches_run:
                self._runs[-1][1] = index + 1
            elif self._ends:
                self._ends[-1] = index + 1
            return
        if folded in GREEK and (_is_greek(self._text, index - 1) or _is_greek(self._text, index + 1)):
            folded = UNSPEAKABLE  # part of a Greek word, not a symbol
        if folded == UNSPEAKABLE and character in _AFTER_NUMBERS and self._ends_in_number():
            folded = _AFTER_NUMBERS[character]
        if folded == UNSPEAKABLE:
            if touches_run:
                self._runs[-1][1] = index + 1
                return
            self._runs.append([index, index + 1])
        elif not folded and touches_run and character in "\u200d\u200c":
            self._runs[-1][1] = index + 1  # the joiner inside one emoji
        if character == "\n" and index and self._text[index - 1] == "\r":
            return  # CR LF is one line end
        self._keep(folded, index, index + 1)

    def _keep(self, folded: str, start: int, end: int) -> None:
        self._characters.append(folded)
        self._starts.extend([start] * len(folded))
        self._ends.extend([end] * len(folded))

    def _ends_in_number(self) -> bool:
        tail = "".join(self._characters[-2:])[-2:]
        return bool(tail) and (
            tail[-1].isdigit() or tail[-1] in "万亿" or (tail[-1] == " " and tail[0].isdigit())
        )

    def finish(self) -> FoldedText:
        """Everything folded."""
        dropped = [Dropped(self._text[start:end], start, end) for start, end in self._runs]
        return FoldedText(
            self._text, "".join(self._characters), self._starts, self._ends, dropped, self._emoji
        )


def _is_greek(text: str, index: int) -> bool:
    return 0 <= index < len(text) and ("Ͱ" <= text[index] <= "Ͽ" or "ἀ" <= text[index] <= "῿")


@lru_cache(maxsize=8192)
def _fold_character(character: str) -> str:
    """The folded form of one character: "" when it is silent, UNSPEAKABLE or _MARK."""
    if character in _REPLACED:
        return _REPLACED[character]
    if character in _KEPT:
        return character
    category = unicodedata.category(character)
    if category in {"Cc", "Cf"}:
        return ""
    if category.startswith("M"):
        return _MARK
    if category.startswith("Z"):
        return " "
    if category == "Nd":
        return str(unicodedata.digit(character))
    folded = "".join(
        _REPLACED.get(part, part)
        for part in unicodedata.normalize("NFKD", character)
        if not unicodedata.category(part).startswith("M")
    )
    return folded if folded and all(part in _KEPT for part in folded) else UNSPEAKABLE
