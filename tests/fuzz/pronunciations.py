"""Pronunciations and entries of lexicons by chance: right ones, and what else could stand there."""

from __future__ import annotations

import random
import re

from speechmesh.frontend.english.phones import PHONES
from speechmesh.frontend.phonemes.ipa import SOUNDS
from speechmesh.frontend.phonemes.pinyin_table import SYLLABLES
from tests.fuzz.case import Entry
from tests.fuzz.texts import anything, sentences

ALPHABETS = ("ipa", "x-sampa", "arpabet", "pinyin")
_X_SAMPA = (*'abdefhijklmnoprstuvwxyzTDSZNJLXY29IEAQOUV@36{"%:=-`_ .', "r\\", "@`", "t_S", "_h", "3`", "I\\")
_IPA = (*SOUNDS, "ˈ", "ˌ", "ː", ".", " ", "\u0361", "\u0329", "\u0303", "ʰ", "/", "[")
_SYLLABLES = sorted(SYLLABLES)
_LETTERS = "abcdeghijklmnopqrstuwxyzāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜêü12345' ·-r"
_LONGEST_ENTRY = 110


def said(dice: random.Random, alphabet: str) -> str:
    """A pronunciation in an alphabet, mostly a right one."""
    n = dice.randint(1, 8) if dice.random() < 0.97 else dice.randint(0, 600)
    if dice.random() < 0.03:
        return anything(dice, n)
    if alphabet == "ipa":
        return "".join(dice.choices(_IPA, k=n))
    if alphabet == "x-sampa":
        return "".join(dice.choices(_X_SAMPA, k=n))
    if alphabet == "arpabet":
        return " ".join(phone.upper() for phone in dice.choices(PHONES[1:], k=n))
    if alphabet == "pinyin" and dice.random() < 0.3:
        return "".join(dice.choices(_LETTERS, k=n))
    return " ".join(syllable + dice.choice("1234512345 0r") for syllable in dice.choices(_SYLLABLES, k=n))


def entry(dice: random.Random, reader: str, text: str) -> Entry:
    """An entry, mostly of something that is in the text."""
    own = "pinyin" if reader == "mandarin" else dice.choice(ALPHABETS[:3])
    others = (*ALPHABETS, *["respelling"] * 5, "IPA", "x")
    alphabet = own if dice.random() < 0.7 else dice.choice(others)
    how = dice.choice(sentences(reader))[:30] if alphabet == "respelling" else said(dice, alphabet)
    return _written(dice, text), alphabet, how


def _written(dice: random.Random, text: str) -> str:
    kind = dice.random()
    words = [match[0] for match in re.finditer(r"[^\W_]+", text)]
    if words and kind < 0.7:
        return dice.choice(words)[:_LONGEST_ENTRY]
    if text and kind < 0.97:
        at = dice.randrange(len(text))
        return text[at : at + dice.randint(1, 12)]
    return anything(dice, dice.choice((0, 1, 3, 101)))


def file_of(dice: random.Random, entries: list[Entry]) -> str:
    """A lexicon's file; bytes that are no UTF-8 as half surrogates."""
    lines = ["# words", ""] if dice.random() < 0.5 else []
    lines += ["\t".join(one) for one in entries]
    raw = bytearray(dice.choice(("\n", "\n", "\r\n")).join(lines).encode())
    if raw and dice.random() < 0.2:
        for _ in range(dice.randint(1, 3)):
            raw[dice.randrange(len(raw))] = dice.randrange(256)
    return raw.decode("utf-8", "surrogateescape")
