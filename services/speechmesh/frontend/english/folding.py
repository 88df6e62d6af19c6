"""Folds any Unicode text into the small alphabet that the English recognisers read.

Accents, ligatures, full-width forms and look-alike punctuation become ASCII; symbols with an English
name stay; the rest becomes UNSPEAKABLE and is reported. Each folded character remembers the part of
the caller's text it came from.
"""

from __future__ import annotations

import string
import unicodedata
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
_SYMBOLS = "–—−×÷±≈≤≥≠∞√°§©→•№‰"
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
    "¡": "", "¿": "", "™": "", "®": "", "℠": "", "†": "", "‡": "", "¶": "", "\ufeff": "", "₤": "£",
    "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "đ": "d",
    "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "ı": "i", "ħ": "h",
    "Ħ": "H", "ŋ": "ng", "Ŋ": "Ng", "ŧ": "t", "Ŧ": "T", "ſ": "s", "ĸ": "k",
}  # fmt: skip
_MARK = "\u0300"  # answers "a combining mark": belongs to the character before it


@dataclass(frozen=True, slots=True)
class FoldedText:
    """Text in the folded alphabet; ``starts[i]:ends[i]`` is what ``text[i]`` came from."""

    source: str
    text: str
    starts: list[int]
    ends: list[int]
    dropped: list[Dropped]


def fold(text: str) -> FoldedText:
    """Fold ``text``, never failing whatever it holds; time and space are linear in its length."""
    characters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    runs: list[list[int]] = []  # start, end of each run of unspeakable characters
    for index, character in enumerate(text):
        folded = character if " " <= character <= "~" else _fold_character(character)
        if folded == _MARK:
            if runs and runs[-1][1] == index:
                runs[-1][1] = index + 1
            elif ends:
                ends[-1] = index + 1
            continue
        if folded in GREEK and (_is_greek(text, index - 1) or _is_greek(text, index + 1)):
            folded = UNSPEAKABLE  # part of a Greek word, not a symbol
        if folded == UNSPEAKABLE:
            if runs and runs[-1][1] == index:
                runs[-1][1] = index + 1
                continue
            runs.append([index, index + 1])
        elif not folded and runs and runs[-1][1] == index and character in "\u200d\u200c":
            runs[-1][1] = index + 1  # the joiner inside one emoji
        if character == "\n" and index and text[index - 1] == "\r":
            continue  # CR LF is one line end
        characters.append(folded)
        starts.extend([index] * len(folded))
        ends.extend([index + 1] * len(folded))
    dropped = [Dropped(text[start:end], start, end) for start, end in runs]
    return FoldedText(text, "".join(characters), starts, ends, dropped)


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
