"""Latin letters in Chinese text: which are words, and which are said letter by letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

LATIN: Final = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_LONGEST_ACRONYM: Final = 5
# Longer ones are no words.
_LONGEST_WORD: Final = 40
_VOWELS: Final = frozenset("aeiouyAEIOUY")
# Short runs of capitals that are said as words: acronyms, names, and English words that Chinese writes large.
_WORDS: Final = frozenset(
    """
    NASA NATO OPEC UNESCO UNICEF ASEAN COVID SARS MERS AIDS TOEFL
    WIFI SIM PIN BIOS ASCII ANSI CUDA YAML JSON JAVA RUST LINUX EXCEL WORD BERT YOLO IPAD BUG DEMO
    NEMO LEGO IKEA NIKE ZARA GUCCI PRADA DIOR SONY ASUS INTEL VISA UBER TESLA AUDI JEEP DOTA
    PRO MAX PLUS MINI ULTRA AIR
    LOGO VLOG BLOG BOSS SHOW LIVE SOLO BUFF OFFER PARTY DISCO JAZZ ROCK RAP POP CAFE SALE NEW HOT TOP UP OUT HOLD
    HELLO HAPPY WORLD LOVE GOOD COOL NICE YES YOU CHINA MADE IN TEAM CITY STYLE
    """.split()
)
# Said as one word, though the capitals inside it look like an acronym or another word.
_NO_JOINTS: Final = frozenset("LoRA QLoRA ReLU GeLU BiPAP LaTeX".split())
# What a dot shortens, and how it is said.
ABBREVIATIONS: Final = {
    **{"Dr": "doctor", "Mr": "mister", "Mrs": "missis", "Ms": "miz", "Prof": "professor"},
    "vs": "versus",
}
# Words without a vowel.
_VOWELLESS: Final = frozenset("hmm shh brr psst mr mrs dr".split())
# Not said as words, though they have vowels.
_NO_WORDS: Final = frozenset(
    "SpO SaO PaO PaCO FiO IgG IgM IgA IgE IgD PhD IoT HBsAg HBeAg HbA cTnI CoQ".split()
)
# A word and an acronym in one: OpenAI, ChatGPT, iOS.
_JOINED: Final = re.compile(r"([A-Z]?[a-z]+)([A-Z]{2,})$|([A-Z]{2,})(s)$")


def spoken_parts(letters: str) -> Iterator[tuple[int, int, bool]]:
    """Where each part of a run of letters begins and ends, and whether it is said letter by letter."""
    joined = None if letters in _NO_JOINTS else _JOINED.fullmatch(letters)
    if joined and joined[1]:
        first = joined.end(1)
        yield 0, first, _is_spelled(letters[:first])
        yield first, len(letters), True
    elif joined:  # a plural, whose s is said with the last letter's name
        yield 0, len(letters), True
    else:
        yield 0, len(letters), _is_spelled(letters)


def letters_of(spelled: str) -> Iterator[str]:
    """The letters of a part that is said letter by letter, each with the s of a plural: "U" and "Us" of "CPUs"."""
    plural = _JOINED.fullmatch(spelled)
    yield from spelled[:-2] if plural and plural[4] else spelled
    if plural and plural[4]:
        yield spelled[-2:]


def _is_spelled(letters: str) -> bool:
    if len(letters) == 1 or len(letters) > _LONGEST_WORD:
        return True
    if letters in _WORDS or letters.lower() in _VOWELLESS:
        return False
    if letters.isupper() and len(letters) <= _LONGEST_ACRONYM:
        return True
    return _VOWELS.isdisjoint(letters) or letters in _NO_WORDS
