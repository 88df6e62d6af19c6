"""Chinese text normalisation: from what is written to the words and pauses to speak.

Numbers, dates, money, codes and signs become characters by rules (see `rewriting`), then jieba finds the words. Every
word knows the part of the caller's text that it came from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from speechmesh.frontend.mandarin.folding import FoldedText, fold
from speechmesh.frontend.mandarin.latin import LATIN, letters_of, spoken_parts
from speechmesh.frontend.mandarin.letters import DIGITS
from speechmesh.frontend.mandarin.rewriting import rewrite
from speechmesh.frontend.mandarin.rule import NOTHING, SILENCE
from speechmesh.frontend.mandarin.segmenting import cut
from speechmesh.frontend.spoken import Dropped, Pause, PauseMark, SpokenText, Word

_MARKS = {
    **dict.fromkeys("（）()【】〔〕", PauseMark.BRACKET),
    **dict.fromkeys("，,、", PauseMark.COMMA),
    **dict.fromkeys("—–", PauseMark.DASH),
    **dict.fromkeys("：:", PauseMark.COLON),
    **dict.fromkeys("；;", PauseMark.SEMICOLON),
    **dict.fromkeys("…", PauseMark.ELLIPSIS),
    **dict.fromkeys("。.", PauseMark.STATEMENT),
    **dict.fromkeys("！!", PauseMark.EXCLAMATION),
    **dict.fromkeys("？?", PauseMark.QUESTION),
    "\n": PauseMark.PARAGRAPH,
}
# Titles are read without a pause around them.
_SILENT = frozenset(" \"'“”‘’「」『』《》〈〉·~～-_*#`|<>[]{}/\\′″")

_NUMERALS = frozenset("一二三四五六七八九十")
_HANZI = "\u3400-\u4dbf\u4e00-\u9fff〇"
_TOKEN = re.compile(rf"(?P<hanzi>[{_HANZI}]+)|(?P<latin>{LATIN.pattern})|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Written:
    """A character of the normalised text and the span of the folded text that it came from."""

    character: str
    start: int
    end: int


def normalise(text: str) -> SpokenText:
    """The words and pauses of a text, and what of it cannot be spoken."""
    folded = fold(text)
    speaker = _Speaker(text, folded)
    written: list[_Written] = []
    position = 0
    for part in rewrite(folded.text):
        written += _as_written(folded.text, position, part.start)
        if written and written[-1].character in _NUMERALS and part.reading[:1] in _NUMERALS:
            written.append(_Written(SILENCE, part.start, part.end))  # 周三15:30 is no 三十五
        written += [_Written(character, part.start, part.end) for character in part.reading or NOTHING]
        position = part.end
    written += _as_written(folded.text, position, len(folded.text))
    speaker.say(written)
    return SpokenText(tuple(speaker.items), tuple(speaker.dropped))


def _as_written(text: str, start: int, end: int) -> list[_Written]:
    """The characters of a part of the folded text that are read as they stand."""
    return [_Written(text[i], i, i + 1) for i in range(start, end)]


class _Speaker:
    """Gathers words and pauses."""

    def __init__(self, text: str, folded: FoldedText) -> None:
        self._text = text
        self._folded = folded
        self.items: list[Word | Pause] = []
        self.dropped: list[Dropped] = []

    def say(self, written: list[_Written]) -> None:
        for token in _TOKEN.finditer("".join(one.character for one in written)):
            start, end = token.span()
            if token["hanzi"]:
                for word in cut(token[0]):
                    self._word(word, written[start : start + len(word)])
                    start += len(word)
            elif token["latin"]:
                self._latin(token[0], written[start:end])
            else:
                self._sign(token[0], written[start])

    def _sign(self, character: str, written: _Written) -> None:
        """A digit or a mark, each by itself."""
        if character in DIGITS:
            self._word(DIGITS[character], [written])
        elif character in _MARKS:
            self._pause(_MARKS[character], written)
        elif character not in _SILENT:
            self._drop(written)

    def _latin(self, letters: str, written: list[_Written]) -> None:
        """Words of another language, and the letters of acronyms."""
        for start, end, spelled in spoken_parts(letters):
            if not spelled:
                self._word(letters[start:end].lower().replace("’", "'"), written[start:end])
                continue
            at = start
            for letter in letters_of(letters[start:end]):
                if letter.isalpha():
                    name = "'".join(letter.lower())  # as English words are: the "u's" of CPUs
                    self._word(name, written[at : at + len(letter)], letter_name=True)
                at += len(letter)

    def _word(self, word: str, written: list[_Written], *, letter_name: bool = False) -> None:
        start, end = self._span(written[0].start, written[-1].end)
        self.items.append(Word(word, start, end, letter_name))

    def _pause(self, mark: PauseMark, written: _Written) -> None:
        if not self.items:
            return  # silence before the first word is not worth a pause
        start, end = self._span(written.start, written.end)
        last = self.items[-1]
        if isinstance(last, Word):
            self.items.append(Pause(mark, start, end))
        elif mark is PauseMark.PARAGRAPH and last.mark.ends_sentence:
            if last.mark is not PauseMark.PARAGRAPH:
                self.items.append(Pause(mark, start, end))
        elif last.mark is not PauseMark.PARAGRAPH:
            self.items[-1] = Pause(max(last.mark, mark, key=lambda m: m.strength), last.start, end)

    def _drop(self, written: _Written) -> None:
        start, end = self._span(written.start, written.end)
        # One character may be several when it is folded.
        if self.dropped and self.dropped[-1].start <= start <= self.dropped[-1].end:
            start = self.dropped.pop().start
        self.dropped.append(Dropped(self._text[start:end], start, end))

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text in the caller's."""
        return self._folded.places[start], self._folded.places[end - 1] + 1
