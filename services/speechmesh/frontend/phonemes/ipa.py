"""The International Phonetic Alphabet, as dictionaries write English with it, to phones of the English token set.

American and British notation are both taken (`ɹ` and `r`, `oʊ` and `əʊ`, `ɝ` and `ɜː`). What English does not tell
apart is folded: length, aspiration, nasality, dark l. Sounds of French, German and Spanish that words in English text
have (`ˈɡøːtə`, `ˈseɲor`) become those that English speakers say for them. Stress stands before its syllable, as the IPA
has it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.english.phones import PHONE_SET, Phones
from speechmesh.frontend.phonemes.stress import word_phones

_VOWELS: Final = {
    "i": "iy", "ɪ": "ih", "e": "eh", "ɛ": "eh", "æ": "ae", "a": "aa", "ɑ": "aa", "ɒ": "aa", "ɔ": "ao", "o": "ow",
    "ʊ": "uh", "u": "uw", "ʌ": "ah", "ɐ": "ah", "ə": "ax", "ɜ": "er", "ɝ": "er", "ɚ": "er", "ɨ": "ih", "ᵻ": "ih",
    "ʉ": "uw", "ɵ": "uh", "y": "uw", "ʏ": "uh", "ø": "er", "œ": "er",
    "ə˞": "er", "ɜ˞": "er", "ɜɹ": "er", "ɜr": "er", "ɝɹ": "er", "ɝr": "er",
    "ɜːɹ": "er", "ɜːr": "er",
    "eɪ": "ey", "ei": "ey", "ɛɪ": "ey", "aɪ": "ay", "ai": "ay", "ɑɪ": "ay", "aʊ": "aw", "au": "aw", "ɑʊ": "aw",
    "ɔɪ": "oy", "ɔi": "oy", "oɪ": "oy", "oi": "oy", "oʊ": "ow", "ou": "ow", "əʊ": "ow", "əu": "ow",
}  # fmt: skip
_CONSONANTS: Final = {
    **{sound: sound for sound in "p b t d k f v s z m n l r w".split()},
    "g": "g", "ɡ": "g", "θ": "th", "ð": "dh", "ʃ": "sh", "ʒ": "zh", "h": "hh", "ɦ": "hh", "ç": "hh", "ŋ": "ng",
    "ɫ": "l", "ɹ": "r", "ɻ": "r", "ʁ": "r", "ʀ": "r", "ɾ": "d", "ʔ": "t", "ʍ": "w", "j": "y", "x": "k",
    "χ": "k", "ɲ": "n y", "ʎ": "l y",
    "Θ": "th",  # the capital theta of Amazon's older table, which is no symbol of the IPA
    "tʃ": "ch", "ʧ": "ch", "dʒ": "jh", "ʤ": "jh",
}  # fmt: skip
SOUNDS: Final = {**_VOWELS, **_CONSONANTS}
"""What each symbol of the IPA is in English, stress apart; "n y" is n, and before a vowel n and y."""

_LONGEST = max(map(len, SOUNDS))
_STRESS = frozenset("ˈˌ'")
_TIES = frozenset("\u0361\u035c")
_SYLLABIC = frozenset("\u0329\u030d")
_WORD_ENDS = frozenset(" \u00a0\t\n|‖")
# Length, aspiration and such, syllable boundaries, links, and the brackets around a transcription.
_SILENT = frozenset("ːˑ:ʰʲʷˠˤⁿˡ̚.-‿/[]")
_SPOKEN_AGAIN: Final = {
    "ax": "ə", "ah": "ʌ", "er": "ɝ", "iy": "i", "ih": "ɪ", "ey": "eɪ", "eh": "ɛ", "ae": "æ", "aa": "ɑ", "ao": "ɔ",
    "ow": "oʊ", "uh": "ʊ", "uw": "u", "ay": "aɪ", "aw": "aʊ", "oy": "ɔɪ", "g": "ɡ", "th": "θ", "dh": "ð", "sh": "ʃ",
    "zh": "ʒ", "hh": "h", "ng": "ŋ", "r": "ɹ", "y": "j", "ch": "t͡ʃ", "jh": "d͡ʒ",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Symbol:
    """A character of a transcription, and its place in what the caller wrote."""

    character: str
    at: int


def phones_of_ipa(written: str, *, field: str = "phonemes") -> Phones:
    """The English phones of a transcription in the IPA; blanks part words.

    Raises:
        InvalidInput: on `field`, naming the symbol that is no sound of English and its position; or when nothing is
            written.
    """
    return phones_of_symbols(_symbols(written), "IPA", field)


def phones_of_symbols(symbols: Sequence[Symbol], alphabet: str, field: str) -> Phones:
    """The same for symbols that came from another `alphabet`; positions in errors are their `at`."""
    phones = tuple(phone for word in _words(symbols, alphabet, field) for phone in word_phones(word))
    if not phones:
        raise InvalidInput(field, f"{alphabet}: there is no sound in it")
    return phones


def ipa_of_phones(phones: Phones) -> str:
    """English phones in the IPA, the stress mark right before its vowel; `phones_of_ipa` leads back."""
    written: list[str] = []
    for at, phone in enumerate(phones):
        sound, stress = (phone[:-1], phone[-1]) if phone[-1] in "01" else (phone, "")
        symbol = "ɚ" if phone == "er0" else _SPOKEN_AGAIN.get(sound, sound)
        joint = "." if at and written[-1][-1] + symbol[0] in SOUNDS else ""  # t and ʃ that are no affricate
        written.append(f"{joint}{'ˈ' if stress == '1' else ''}{symbol}")
    return "".join(written)


def _symbols(written: str) -> list[Symbol]:
    """The characters, marks over letters apart from their letters, but for letters that mean something as they are."""
    return [
        Symbol(part, at)
        for at, character in enumerate(written)
        for part in (character if character in SOUNDS else unicodedata.normalize("NFD", character))
    ]


def _words(symbols: Sequence[Symbol], alphabet: str, field: str) -> Iterator[list[tuple[str, bool]]]:
    """The sounds of each word and whether they are stressed."""
    word: list[tuple[str, bool]] = []
    stress = False
    kept = [symbol for symbol in symbols if symbol.character not in _TIES]
    at = 0
    while at < len(kept):
        character = kept[at].character
        taken = 1
        if character in _STRESS:
            stress = True
        elif character in _WORD_ENDS:
            yield _as_in_english(word)
            word, stress = [], False
        elif character in _SYLLABIC:
            if word and f"{word[-1][0]}0" not in PHONE_SET:  # a consonant that is a syllable: button
                word.insert(-1, ("ax", stress))
                stress = False
        elif character not in _SILENT and unicodedata.category(character) != "Mn":
            symbol, taken = _longest(kept, at)
            if not symbol:
                raise InvalidInput(
                    field,
                    f"{alphabet}: {character!r} (character {kept[at].at + 1}) is no sound of English",
                )
            sound = SOUNDS[symbol]
            word.append((sound, stress))
            stress = stress and f"{sound}0" not in PHONE_SET  # a stress waits for its syllable's vowel
        at += taken
    yield _as_in_english(word)


def _longest(symbols: Sequence[Symbol], at: int) -> tuple[str, int]:
    """The longest symbol of the table that begins here, and its length; empty where there is none."""
    ahead = "".join(symbol.character for symbol in symbols[at : at + _LONGEST])
    return next(((ahead[:n], n) for n in range(len(ahead), 0, -1) if ahead[:n] in SOUNDS), ("", 0))


def _as_in_english(word: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The word with a schwa and r of one syllable as one sound, and with a glide in `ɲ` and `ʎ` before vowels.

    So `bʌtəɹ` has one, but not `əɹaʊnd`; and `seɲor` is said with a glide, but not `kɔɲ`.
    """
    sounds: list[tuple[str, bool]] = []
    for at, (sound, stressed) in enumerate(word):
        before_vowel = at + 1 < len(word) and f"{word[at + 1][0]}0" in PHONE_SET
        if sound == "r" and sounds and sounds[-1][0] == "ax" and not before_vowel:
            sounds[-1] = ("er", sounds[-1][1])
        else:
            consonant, _, glide = sound.partition(" ")
            sounds.append((consonant, stressed))
            if glide and before_vowel:
                sounds.append((glide, False))
    return sounds
