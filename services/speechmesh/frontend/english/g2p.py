"""English graphemes to phonemes: a word in, the acoustic model's tokens out."""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Final

from speechmesh.frontend.english.homographs import Homographs
from speechmesh.frontend.english.letter_to_sound import LetterToSound
from speechmesh.frontend.english.morphology import Morphology, attach_clitic, split_clitic, split_elision
from speechmesh.frontend.english.phones import PAUSE, Phones, has_vowel, is_vowel, spell
from speechmesh.frontend.english.pronunciations import PronouncingLexicon

CACHE_WORDS: Final = 16_384
"""Upper limit of remembered pronunciations; an average entry takes about 300 bytes."""
_LONGEST_CACHED: Final = 64  # letters: what stands without a blank may be as long as a request
_MOST_APOSTROPHES: Final = 3  # in a word; what has more is a row of signs, each of which would be taken apart

_VALID: Final = re.compile(r"[a-z']*")
_VOWEL_LETTERS: Final = frozenset("aeiouy")


class EnglishG2P:
    """Pronounces English words in the tokens of the English token set.

    Order: letter names, overrides, lexicon, names, morphology, letter-to-sound network. A word with an apostrophe is
    taken apart first ("wednesday's" is "wednesday" and z). Loads everything from the package, once; thread-safe.

    Raises:
        FileNotFoundError: The installation lacks a data file.
        ValueError: The overrides or the network use phones outside the token set.
    """

    def __init__(self) -> None:
        self._lexicon = PronouncingLexicon()
        self._morphology = Morphology(self._lexicon.word, self._lexicon.name)
        self._letter_to_sound = LetterToSound()
        self._homographs = Homographs()
        self._citation = lru_cache(maxsize=CACHE_WORDS)(self._pronounce)

    def phones(self, word: str, *, letter_name: bool = False, next_phone: str | None = None) -> Phones:
        """The tokens of one word ("hh", "ax0", "l", "ow1"); never empty for a word with a letter.

        Args:
            word: Lower-case letters and apostrophes.
            letter_name: Whether to say the names of the letters instead ("a" as in "vitamin a").
            next_phone: The phone that follows in running speech, `pau` before a pause, None when unknown;
                "the" and "to" depend on it.

        Raises:
            ValueError: `word` has characters other than [a-z'].
        """
        if not _VALID.fullmatch(word):
            raise ValueError(f"not a lower-case English word: {word!r}")
        if letter_name:
            return spell(word)
        if next_phone is not None:
            in_context = _in_context(word, next_phone)
            if in_context is not None:
                return in_context
        return self._alone(word)

    def homograph(self, words: Sequence[str], at: int) -> Phones | None:
        """The tokens of `words[at]` where what stands around it decides; None for words of one pronunciation.

        `words` are those of a segment, "" for a pause.
        """
        return self._homographs.phones(words, at)

    def in_role(self, word: str, role: str) -> Phones | None:
        """The tokens of a homograph, in lower case, in a role of `word_roles`; None where the role tells nothing."""
        return self._homographs.in_role(word, role)

    def phrase(self, words: Sequence[str]) -> list[Phones]:
        """The tokens of each word of a phrase that is spoken without a pause and followed by one.

        Raises:
            ValueError: A word has characters other than [a-z'].
        """
        next_phone = PAUSE
        spoken: list[Phones] = []
        for word in reversed(words):
            phones = self.phones(word, next_phone=next_phone)
            spoken.append(phones)
            next_phone = phones[0] if phones else next_phone
        return spoken[::-1]

    @property
    def cached_words(self) -> int:
        """How many pronunciations are remembered; at most `CACHE_WORDS`."""
        return self._citation.cache_info().currsize

    def _alone(self, word: str) -> Phones:
        """The citation form, remembered unless it is of a word that none is."""
        return self._citation(word) if len(word) <= _LONGEST_CACHED else self._pronounce(word)

    def _pronounce(self, word: str) -> Phones:
        if word.count("'") > _MOST_APOSTROPHES:
            word = word.replace("'", "")
            if not word:
                return ()
        override = self._lexicon.override(word)
        if override is not None:
            return override
        if "'" in word:
            return self._pronounce_with_apostrophe(word)
        known = self._lexicon.word(word) or self._lexicon.name(word)
        if known is not None:
            return known
        if not _VOWEL_LETTERS.intersection(word):
            return spell(word)
        derived = self._morphology.pronounce(word)
        if derived is not None:
            return derived
        guessed = self._letter_to_sound.phones(word)
        return guessed if has_vowel(guessed) else spell(word)

    def _pronounce_with_apostrophe(self, word: str) -> Phones:
        clitic = split_clitic(word)
        if clitic is not None:
            base, ending = clitic
            # A single letter before 's is the letter's name: "a's", "b's".
            stem = spell(base) if len(base) == 1 else self._alone(base)
            return attach_clitic(stem, ending)
        elision = split_elision(word)
        if elision is not None:
            prefix, rest = elision
            return prefix + self._alone(rest)
        known = self._lexicon.word(word) or self._lexicon.name(word)
        if known is not None:
            return known
        bare = word.replace("'", "")
        return self._alone(bare) if bare else ()


@cache
def shared_g2p() -> EnglishG2P:
    """The one of this process: its lexicon takes memory."""
    return EnglishG2P()


def _in_context(word: str, next_phone: str) -> Phones | None:
    """The form that a function word takes before `next_phone`; None for words that do not change."""
    if word == "the":
        return ("dh", "iy0") if is_vowel(next_phone) else ("dh", "ax0")
    if word == "to":
        if next_phone == PAUSE:
            return ("t", "uw1")  # "what are you listening to?"
        return ("t", "uw0") if is_vowel(next_phone) else ("t", "ax0")
    return None
