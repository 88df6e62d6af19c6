"""Splits a spoken text into the segments that the acoustic model speaks one by one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from speechmesh.frontend.recordings.clip import Clip
from speechmesh.frontend.spoken import Pause, PauseMark, SpokenText, Word

# What a cut costs, so that a worse cut is taken only where the better ones leave a piece too long.
_CUT_AT_SENTENCE_LIKE_PAUSE = 0.0
_CUT_AT_PAUSE = 2.0
_CONJUNCTIONS = str.split(
    "and or but nor because although though while if when unless since so which who whose where"
)
_PREPOSITIONS = str.split(
    """
    that than after before until whether as of in on at by for from with without into over under about
    between through during against toward towards among upon within to
    """
)
_ARTICLES = str.split("the a an this these those my your his her its our their")
_CUT_BEFORE = {
    **dict.fromkeys(_CONJUNCTIONS, 60.0),
    **dict.fromkeys(_PREPOSITIONS, 70.0),
    **dict.fromkeys(_ARTICLES, 80.0),
}
_CUT_BETWEEN_WORDS = 100.0
_CUT_WITHIN_TOKEN = 130.0  # inside "$1,299.50"
_CUT_AT_PAUSE_WITHIN_TOKEN = 50.0  # inside "555-0199", whose groups are set off
_TINY_PIECE = 40.0  # worth avoiding, but not at the price of a cut without a pause
_TINY_WORDS = 2
_PIECE = 1.0
_IMBALANCE = 6.0
# Of a segment; the acoustic stage takes 1,000 by default, the pauses at both ends included.
_MOST_TOKENS = 900
_PIECE_LENGTH = 100  # letters or phones of a piece of a word that is longer than a segment may be
_STRONG_PAUSES = frozenset({PauseMark.SEMICOLON, PauseMark.COLON, PauseMark.DASH, PauseMark.ELLIPSIS})


@dataclass(frozen=True, slots=True)
class Manner:
    """How a segment is spoken, over what its request says.

    Attributes:
        rate: factor on the request's.
        pitch_semitones: added to the request's.
        energy_db: added to the request's.
        volume_db: change of level of this segment.
        voice: of the mesh; empty: the request's.
        speaker: of the voice; empty: the request's.
        style: of the voice; empty: the request's.
    """

    rate: float = 1.0
    pitch_semitones: float = 0.0
    energy_db: float = 0.0
    volume_db: float = 0.0
    voice: str = ""
    speaker: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place whose time the caller wants: before the segment's word `word`, or at its end where there is none such.

    Of a recording, 0 is its beginning. One that stands in a pause around the segment is `pause_ms` behind its end, or,
    where that is negative, before its beginning.
    """

    name: str
    word: int
    pause_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """What is spoken in one go, or a recording that is played.

    Attributes:
        items: words and the pauses between them; begins and ends with a word. None of a recording.
        final: the mark that closed it; None where a stretch without marks had to be cut, or the text
            just stops.
        start: where its part of the caller's text begins, in code points.
        end: where it ends, its closing mark included.
        ends_paragraph: whether a paragraph ends with it, whatever its final mark.
        manner: how it is spoken where that differs from the request's way.
        marks: in the order of their places.
        runs_on: whether the next one follows as the next word does: cut for its manner alone, in no pause, or where
            there is to be none.
        pause_before_ms: silence before it.
        pause_after_ms: silence after it.
        clip: the recording; None of what is spoken.
    """

    items: tuple[Word | Pause, ...]
    final: PauseMark | None
    start: int
    end: int
    ends_paragraph: bool = False
    manner: Manner = Manner()
    marks: tuple[Mark, ...] = ()
    runs_on: bool = False
    pause_before_ms: float = 0.0
    pause_after_ms: float = 0.0
    clip: Clip | None = None

    @property
    def words(self) -> tuple[Word, ...]:
        """The words alone."""
        return tuple(item for item in self.items if isinstance(item, Word))

    @property
    def mark_at_end(self) -> int:
        """The `word` of a mark at its end."""
        return 1 if self.clip else len(self.words)


@dataclass(slots=True)
class _Sentence:
    """Words, and the pause after each (None where the next word follows at once)."""

    words: list[Word]
    pauses: list[Pause | None]
    ends_paragraph: bool = False


def split_segments(
    spoken: SpokenText, *, max_words: int = 20, first_max_words: int = 8
) -> list[SpokenSegment]:
    """Split a text into segments at sentence ends, and long sentences at their clause pauses.

    Pieces of a long sentence are of about equal length, tiny ones are avoided. Without a pause, a cut
    falls before a conjunction, preposition or article where one is near the bound. The text's first
    segment ends at its sentence's first clause pause, so that its audio is ready early.

    Args:
        spoken: the text.
        max_words: the most words of a segment, at least 1.
        first_max_words: a first sentence of more words is cut at its first clause pause.

    Returns:
        The segments in order, each with at least one word; every word is in exactly one, but for those that are
        longer than a segment may be.
    """
    if max_words < 1:
        raise ValueError("max_words must be at least 1")
    segments: list[SpokenSegment] = []
    for sentence in _sentences(spoken.items):
        begin = 0
        if not segments and len(sentence.words) > first_max_words:
            begin = _first_clause(sentence)
            segments += _split(sentence, 0, begin, max_words)
        segments += _split(sentence, begin, len(sentence.words), max_words)
    return [part for segment in segments for part in bounded(segment)]


def bounded(segment: SpokenSegment) -> list[SpokenSegment]:
    """The segment, or parts of it where it could have more tokens than the acoustic stage takes.

    That is never so of what people write; but a key or a picture in base64 is a word of thousands of letters.
    """
    if sum(_most_tokens(item) for item in segment.items) <= _MOST_TOKENS:
        return [segment]
    parts: list[list[Word | Pause]] = [[]]
    n_tokens = n_words = 0
    most_words = len(segment.words)  # of pieces as well
    for piece in (piece for item in segment.items for piece in _pieces(item)):
        n_tokens += _most_tokens(piece)
        n_words += isinstance(piece, Word)
        if isinstance(piece, Word) and (n_tokens > _MOST_TOKENS or n_words > most_words):
            parts.append([])
            n_tokens, n_words = _most_tokens(piece), 1
        parts[-1].append(piece)
    return [_part(segment, items, is_last=items is parts[-1]) for items in parts]


def _part(segment: SpokenSegment, items: list[Word | Pause], *, is_last: bool) -> SpokenSegment:
    if is_last:
        return dataclasses.replace(segment, items=tuple(items), start=items[0].start)
    last = items.pop() if isinstance(items[-1], Pause) else items[-1]
    final = last.mark if isinstance(last, Pause) else None
    return SpokenSegment(tuple(items), final, items[0].start, last.end, manner=segment.manner)


def _most_tokens(item: Word | Pause) -> int:
    """How many tokens an item has at most: of a word that is spelled, in either language."""
    if isinstance(item, Pause):
        return 1
    return 2 * len(item.phones) or 3 * len(item.text) + 4 * item.text.count("w")


def _pieces(item: Word | Pause) -> list[Word | Pause]:
    """An item as items of a bearable length."""
    if isinstance(item, Pause) or _most_tokens(item) <= _MOST_TOKENS:
        return [item]
    if item.phones:
        told = [item.phones[at : at + _PIECE_LENGTH] for at in range(0, len(item.phones), _PIECE_LENGTH)]
        return [dataclasses.replace(item, phones=phones) for phones in told]
    texts = (item.text[at : at + _PIECE_LENGTH].lstrip("'") for at in range(0, len(item.text), _PIECE_LENGTH))
    return [dataclasses.replace(item, text=text) for text in texts if text]


def _sentences(items: Sequence[Word | Pause]) -> Iterator[_Sentence]:
    sentence = _Sentence([], [])
    finished = False
    for item in items:
        if isinstance(item, Word):
            if finished:
                yield sentence
                sentence, finished = _Sentence([], []), False
            sentence.words.append(item)
            sentence.pauses.append(None)
        elif sentence.words:
            finished = finished or item.mark.ends_sentence
            sentence.ends_paragraph |= item.mark is PauseMark.PARAGRAPH
            sentence.pauses[-1] = sentence.pauses[-1] or item
    if sentence.words:
        yield sentence


def _first_clause(sentence: _Sentence) -> int:
    """How many words the first clause has, 0 if there is none worth being a segment."""
    count = len(sentence.words)
    for index in range(1, count - 1):
        if sentence.pauses[index] is not None and not _is_within_token(sentence, index):
            return index + 1
    return 0


def _is_within_token(sentence: _Sentence, index: int) -> bool:
    """Whether the comma's pause after word ``index`` is inside a code or a date of digits.

    It touches the words on both sides then. Chinese sets no blank after a comma: the rule is for the words of other
    languages.
    """
    pause = sentence.pauses[index]
    if pause is None or pause.mark is not PauseMark.COMMA or index + 1 >= len(sentence.words):
        return False
    before, after = sentence.words[index], sentence.words[index + 1]
    return after.text.isascii() and pause.start <= before.end and pause.end >= after.start


def _split(sentence: _Sentence, begin: int, end: int, max_words: int) -> Iterator[SpokenSegment]:
    """Cut the words ``begin:end`` into pieces of ``max_words`` at most, at the least total cost."""
    if begin == end:
        return
    cuts = _cheapest_cuts(sentence, begin, end, max_words) if end - begin > max_words else [end]
    for cut in cuts:
        yield _segment(sentence, begin, cut)
        begin = cut


def _cheapest_cuts(sentence: _Sentence, begin: int, end: int, max_words: int) -> list[int]:
    """Dynamic programming over the cuts: the ends of the cheapest pieces, the last of them ``end``."""
    pieces = -(-(end - begin) // max_words)
    target = (end - begin) / pieces
    cut_costs = [_cut_cost(sentence, index) for index in range(begin, end)]
    best = [0.0] + [float("inf")] * (end - begin)
    previous = [0] * (end - begin + 1)
    for stop in range(1, end - begin + 1):
        closing = 0.0 if stop == end - begin else cut_costs[stop]
        for start in range(max(0, stop - max_words), stop):
            cost = best[start] + closing + _piece_cost(stop - start, target)
            if cost < best[stop]:
                best[stop], previous[stop] = cost, start
    cuts = []
    stop = end - begin
    while stop:
        cuts.append(begin + stop)
        stop = previous[stop]
    return cuts[::-1]


def _piece_cost(words: int, target: float) -> float:
    tiny = _TINY_PIECE if words <= _TINY_WORDS else 0.0
    return _PIECE + tiny + _IMBALANCE * (1 - words / target) ** 2


def _cut_cost(sentence: _Sentence, index: int) -> float:
    """What it costs to cut before word ``index``."""
    if index == 0:
        return 0.0
    pause = sentence.pauses[index - 1]
    if pause is not None and _is_within_token(sentence, index - 1):
        return _CUT_AT_PAUSE_WITHIN_TOKEN
    if pause is not None:
        return _CUT_AT_SENTENCE_LIKE_PAUSE if pause.mark in _STRONG_PAUSES else _CUT_AT_PAUSE
    before, after = sentence.words[index - 1], sentence.words[index]
    if (before.start, before.end) == (after.start, after.end):
        return _CUT_WITHIN_TOKEN
    return _CUT_BETWEEN_WORDS if after.letter_name else _CUT_BEFORE.get(after.text, _CUT_BETWEEN_WORDS)


def _segment(sentence: _Sentence, begin: int, end: int) -> SpokenSegment:
    items: list[Word | Pause] = []
    for index in range(begin, end):
        items.append(sentence.words[index])
        pause = sentence.pauses[index]
        if pause is not None and index < end - 1:
            items.append(pause)
    closing = sentence.pauses[end - 1]
    last = closing or sentence.words[end - 1]
    final = closing.mark if closing else None
    ends_paragraph = sentence.ends_paragraph and end == len(sentence.words)
    return SpokenSegment(tuple(items), final, sentence.words[begin].start, last.end, ends_paragraph)
