"""The reader of Sambert's voices: Chinese, with English words in it, as phones, tones and prosodic boundaries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.english.g2p import shared_g2p
from speechmesh.frontend.english.phones import PHONE_SET, spell
from speechmesh.frontend.mandarin.g2p import spoken_syllables
from speechmesh.frontend.mandarin.phrasing import phrase_ends, prosodic_words
from speechmesh.frontend.mandarin.reader import plan_of, warm_up
from speechmesh.frontend.mandarin.sambert_phones import (
    Syllable,
    Symbol,
    boundary,
    english_syllables,
    mandarin_syllable,
    word_symbols,
)
from speechmesh.frontend.plan import TextPlan, TokenSegment, TokenWord
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Pause, PauseMark, Word

FEATURES = ("tone", "syllable_flag", "word_segment")
_WORD, _PHRASE, _MARK, _SENTENCE = 1, 2, 3, 4
_ERHUA = "er5"


@dataclass
class _Tokens:
    """What has been read of a segment."""

    symbols: list[Symbol] = field(default_factory=list)
    words: list[TokenWord] = field(default_factory=list)

    def close(self, strength: int) -> None:
        """A boundary behind the last word; a stronger one takes the place of a weaker."""
        if self.symbols and self.symbols[-1].phone.startswith("#"):
            self.symbols.pop()
        if self.symbols:
            self.symbols.append(boundary(strength))


class SambertReader:
    """Reads Chinese for one voice."""

    def __init__(self, bundle: VoiceBundle) -> None:
        """Loads dictionaries and grammars, and warms up.

        Raises:
            Incompatible: when the voice's token table is not Sambert's, or a library is not installed.
        """
        self._ids = {token: index for index, token in enumerate(bundle.tokens)}
        tables = bundle.token_features
        if missing := sorted(set(FEATURES) - tables.keys()):
            raise Incompatible(f"{bundle.folder}: the token table lacks the features {', '.join(missing)}")
        self._features = {name: {part: i for i, part in enumerate(tables[name])} for name in FEATURES}
        warm_up(self, bundle)

    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan:
        """Splits and normalises a text."""
        return plan_of(text, max_words=max_words, first_max_words=first_max_words)

    def tokens(self, segment: SpokenSegment) -> TokenSegment:
        """The words' phones, a boundary behind each prosodic word, stronger ones at phrases, marks and the end."""
        tokens = _Tokens()
        phrase: list[Word] = []
        for item in segment.items:
            if isinstance(item, Word):
                phrase.append(item)
            elif isinstance(item, Pause):
                self._read(phrase, tokens)
                tokens.close(_MARK)
                phrase = []
        self._read(phrase, tokens)
        ends_sentence = segment.final is None or segment.final.ends_sentence
        tokens.close(_SENTENCE if ends_sentence or segment.final is PauseMark.ELLIPSIS else _MARK)
        symbols = tokens.symbols or [boundary(_SENTENCE)]
        return TokenSegment(
            [self._id(self._ids, symbol.phone) for symbol in symbols],
            tokens.words,
            {
                name: [self._id(self._features[name], getattr(symbol, name)) for symbol in symbols]
                for name in FEATURES
            },
        )

    def _read(self, phrase: Sequence[Word], tokens: _Tokens) -> None:
        """Reads words between which no mark stands."""
        spoken = [(word, said) for word, said in zip(phrase, self._syllables(phrase), strict=True) if said]
        texts, sizes = [word.text for word, _ in spoken], [len(said) for _, said in spoken]
        groups = prosodic_words(texts, sizes)
        ends = phrase_ends(texts, groups, sizes)
        for g, group in enumerate(groups):
            syllables = [syllable for i in group for syllable in spoken[i][1]]
            first = len(tokens.symbols)
            tokens.symbols += word_symbols(syllables)
            for i in group:
                word, said = spoken[i]
                n = sum(len(syllable.phones) for syllable in said)
                tokens.words.append(TokenWord(word.text, word.start, word.end, first, n))
                first += n
            tokens.close(_PHRASE if g in ends else _WORD)

    def _syllables(self, phrase: Sequence[Word]) -> list[list[Syllable]]:
        """The syllables of each word of a phrase."""
        found = []
        for word, said in zip(phrase, spoken_syllables(phrase), strict=True):
            if word.phones and set(word.phones) <= PHONE_SET:
                found.append(english_syllables(word.phones))
            elif word.phones:
                found.append([mandarin_syllable(syllable) for syllable in said])
            elif word.letter_name and len(word.text) == 1:
                found.append(english_syllables(spell(word.text)))
            elif word.text.isascii():
                found.append(english_syllables(shared_g2p().phones(word.text)))
            else:
                found.append([mandarin_syllable(syllable) for syllable in self._with_erhua(word.text, said)])
        return found

    def _with_erhua(self, word: str, syllables: list[str]) -> list[str]:
        """The suffix 儿 as part of the syllable before it, where the voice has such a final."""
        if not (len(syllables) > 1 and word.endswith("儿") and syllables[-1] == _ERHUA):
            return syllables
        before = syllables[-2]
        merged = f"{before[:-1]}r{before[-1]}"
        if before[-2] == "r" or not set(mandarin_syllable(merged).phones) <= self._ids.keys():
            return syllables
        return [*syllables[:-2], merged]

    def _id(self, table: dict[str, int], name: str) -> int:
        """The id of a phone or of a part of a token.

        Raises:
            Incompatible: when the voice has none of that name.
        """
        if name not in table:
            raise Incompatible(f"the voice's token table has no {name!r}")
        return table[name]
