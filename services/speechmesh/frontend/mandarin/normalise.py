"""Chinese text normalisation: from what is written to the words and pauses to speak.

Numbers, dates, money and units are read by WeTextProcessing's grammars (wetext), which say what they replaced; words
are found by jieba. Every word knows the part of the caller's text that it came from.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from speechmesh.frontend.mandarin.folding import FoldedText, fold
from speechmesh.frontend.mandarin.letters import DIGITS
from speechmesh.frontend.spoken import Dropped, Pause, PauseMark, SpokenText, Word

log = logging.getLogger(__name__)

# The grammars' time grows with the length of what they get: a sentence, or a piece of a very long one.
_LONGEST_PIECE = 200
_PIECE = re.compile(rf"[^。！？!?\n]{{0,{_LONGEST_PIECE}}}(?:[。！？!?\n]+|(?<=.)|$)", re.DOTALL)
_MARKS = {
    **dict.fromkeys("（）()【】", PauseMark.BRACKET),
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
_SILENT = frozenset(" \"'“”‘’「」『』《》·~～-_*#`|<>[]{}/\\")
_LATIN = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_LONGEST_ACRONYM = 5


def is_hanzi(character: str) -> bool:
    """Whether it is a Chinese character."""
    return "\u4e00" <= character <= "\u9fff" or "\u3400" <= character <= "\u4dbf" or character == "〇"


@dataclass(frozen=True, slots=True)
class _Written:
    """A character of the normalised text and the span of the folded text that it came from."""

    character: str
    start: int
    end: int


def normalise(text: str) -> SpokenText:
    """The words and pauses of a text, and what of it cannot be spoken."""
    folded = fold(text)
    speaker = _Speaker(folded)
    for match in _PIECE.finditer(folded.text):
        if match[0]:
            speaker.say(list(_normalised(match[0], match.start())))
    return SpokenText(tuple(speaker.items), tuple(speaker.dropped))


class _Speaker:
    """Gathers words and pauses."""

    def __init__(self, folded: FoldedText) -> None:
        self._folded = folded
        self.items: list[Word | Pause] = []
        self.dropped: list[Dropped] = []

    def say(self, written: list[_Written]) -> None:
        start = 0
        for word in _cut("".join(w.character for w in written)):
            self._say(word, written[start : start + len(word)])
            start += len(word)

    def _say(self, word: str, written: list[_Written]) -> None:
        if all(map(is_hanzi, word)):
            self._word(word, written)
            return
        taken = 0
        for i, one in enumerate(written):  # digits and marks, each by itself
            character = one.character
            if i < taken:
                continue
            if is_hanzi(character):
                self._word(character, [one])
            elif latin := _LATIN.match(word, i):
                taken = latin.end()
                self._latin(latin[0], written[i:taken])
            elif character in DIGITS:
                self._word(DIGITS[character], [one])
            elif character in _SILENT:
                continue
            elif character in _MARKS:
                self._pause(_MARKS[character], one)
            else:
                self._drop(one)

    def _latin(self, letters: str, written: list[_Written]) -> None:
        """A word of another language, or the letters of an acronym."""
        if len(letters) > 1 and not (letters.isupper() and len(letters) <= _LONGEST_ACRONYM):
            self._word(letters.lower().replace("’", "'"), written)
            return
        for one in written:
            if one.character.isalpha():
                self._word(one.character.lower(), [one], letter_name=True)

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
        if self.dropped and self.dropped[-1].end == start:
            last = self.dropped.pop()
            self.dropped.append(Dropped(last.text + written.character, last.start, end))
        else:
            self.dropped.append(Dropped(written.character, start, end))

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the folded text in the caller's."""
        return self._folded.places[start], self._folded.places[end - 1] + 1


def _normalised(piece: str, offset: int) -> Iterator[_Written]:
    """The characters of a piece as they are read; `offset` is its place in the folded text."""
    try:
        result = _grammars().normalize_with_mapping(piece)
    except Exception:  # a grammar that cannot trace its own path; what it cannot read is read as it stands
        log.warning("the grammars cannot read %r", piece, exc_info=True)
        yield from (_Written(c, offset + i, offset + i + 1) for i, c in enumerate(piece))
        return
    read = source = 0
    for mapping in result.mappings:
        for i in range(mapping.output_start - read):
            yield _Written(piece[source + i], offset + source + i, offset + source + i + 1)
        span = offset + mapping.input_start, offset + mapping.input_end
        yield from (_Written(c, *span) for c in mapping.output_text)
        read, source = mapping.output_end, mapping.input_end
    for i in range(source, len(piece)):
        yield _Written(piece[i], offset + i, offset + i + 1)


@cache
def _grammars():  # type: ignore[no-untyped-def]  # wetext has no types
    from wetext import Normalizer  # noqa: PLC0415 - loads its grammars: only where Mandarin is spoken

    return Normalizer(lang="zh", operator="tn")


@cache
def _cutter():  # type: ignore[no-untyped-def]  # nor has jieba
    import jieba  # noqa: PLC0415 - its dictionary takes a second and 70 MB

    # By hand, because jieba's own way leaves, and trusts, a cache in the shared temporary folder.
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


def _cut(text: str) -> list[str]:
    words: list[str] = _cutter().lcut(text, HMM=False)
    return words
