"""A reader for the languages of espeak-ng: blanks and marks make words and pauses, espeak-ng says the words.

Numbers and abbreviations are as espeak-ng reads them; each word is said by itself, so that its place is known and what
two words do to each other at their border is not heard. A voice's token table has IPA's letters, marks of stress and
length among them; what it lacks is left out.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.espeak.library import espeak
from speechmesh.frontend.plan import TextPlan, TokenSegment, TokenWord
from speechmesh.frontend.segment import SpokenSegment, split_segments
from speechmesh.frontend.spoken import Dropped, Pause, PauseMark, SpokenText, Word

_CACHE_WORDS = 16_384
_MARKS = {
    **dict.fromkeys(",،、，", PauseMark.COMMA),
    **dict.fromkeys(";；", PauseMark.SEMICOLON),
    **dict.fromkeys(":：", PauseMark.COLON),
    **dict.fromkeys("—–", PauseMark.DASH),
    **dict.fromkeys("()[]{}", PauseMark.BRACKET),
    **dict.fromkeys("…", PauseMark.ELLIPSIS),
    **dict.fromkeys(".。।", PauseMark.STATEMENT),
    **dict.fromkeys("!！¡", PauseMark.EXCLAMATION),
    **dict.fromkeys("?？؟¿", PauseMark.QUESTION),
}
# A mark within digits or between letters belongs to its word: 3,50 and z.B. and 10:30.
_WORD = re.compile(r"[^\W_]+(?:['’.,:\-][^\W_]+)*|[%€$£¥°+&@]")
_PARAGRAPH = re.compile(r"\s*\n\s*\n\s*|\n")
_OPENING = frozenset("¡¿([{")


class EspeakReader:
    """Reads the first language of one voice."""

    def __init__(self, bundle: VoiceBundle) -> None:
        """Loads the library and says a word.

        Raises:
            Incompatible: when espeak-ng is missing, does not know the language, or the token table has no IPA.
        """
        self._library = espeak()
        self._language = bundle.config.languages[0]
        self._library.require(self._language)
        self._ids = {token: index for index, token in enumerate(bundle.tokens)}
        pause = bundle.config.frontend.pause_token
        if pause not in self._ids:
            raise Incompatible(f"{bundle.folder}: the token table lacks {pause}")
        self._pause_id = self._ids[pause]
        self._longest = max(len(token) for token in bundle.tokens)
        self._said = lru_cache(maxsize=_CACHE_WORDS)(self._tokens_of)
        if not any(self._said(word) for word in ("a", "1")):
            raise Incompatible(f"{bundle.folder}: the token table has no letters of IPA")

    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan:
        """Splits a text at blanks and marks."""
        spoken = _spoken(text)
        segments = split_segments(spoken, max_words=max_words, first_max_words=first_max_words)
        return TextPlan(segments, spoken.dropped)

    def tokens(self, segment: SpokenSegment) -> TokenSegment:
        """The tokens of a segment: a pause, the words' with a pause at each mark, a pause."""
        tokens = [self._pause_id]
        words: list[TokenWord] = []
        for item in segment.items:
            if isinstance(item, Pause):
                if tokens[-1] != self._pause_id:
                    tokens.append(self._pause_id)
            elif said := self._said(item.text):
                words.append(TokenWord(item.text, item.start, item.end, len(tokens), len(said)))
                tokens.extend(said)
        if tokens[-1] != self._pause_id or len(tokens) == 1:
            tokens.append(self._pause_id)
        return TokenSegment(tokens, words)

    def _tokens_of(self, word: str) -> tuple[int, ...]:
        """A word's tokens: of what espeak-ng says the longest pieces that the voice has."""
        said = unicodedata.normalize("NFC", self._library.phonemes(word, self._language))
        found, at = [], 0
        while at < len(said):
            piece = next(
                (said[at : at + n] for n in range(self._longest, 0, -1) if said[at : at + n] in self._ids), ""
            )
            if piece:
                found.append(self._ids[piece])
            at += max(len(piece), 1)
        return tuple(found)


def _spoken(text: str) -> SpokenText:
    """Words and pauses of a text in any language that has blanks between words."""
    items: list[Word | Pause] = []
    dropped: list[Dropped] = []
    at = 0
    while at < len(text):
        if paragraph := _PARAGRAPH.match(text, at):
            _pause(items, PauseMark.PARAGRAPH, at, paragraph.end())
            at = paragraph.end()
        elif word := _WORD.match(text, at):
            items.append(Word(word[0].lower(), at, word.end()))
            at = word.end()
        else:
            character = text[at]
            if character in _MARKS and character not in _OPENING:
                _pause(items, _MARKS[character], at, at + 1)
            elif not character.isspace() and not unicodedata.category(character).startswith(("P", "M", "C")):
                dropped.append(Dropped(character, at, at + 1))
            at += 1
    return SpokenText(tuple(items), tuple(dropped))


def _pause(items: list[Word | Pause], mark: PauseMark, start: int, end: int) -> None:
    """A pause behind the last word; where several marks meet, the strongest is heard."""
    if not items:
        return
    last = items[-1]
    if isinstance(last, Word):
        items.append(Pause(mark, start, end))
    elif mark is PauseMark.PARAGRAPH and last.mark.ends_sentence:
        if last.mark is not PauseMark.PARAGRAPH:
            items.append(Pause(mark, start, end))
    elif last.mark is not PauseMark.PARAGRAPH:
        items[-1] = Pause(max(last.mark, mark, key=lambda m: m.strength), last.start, end)
