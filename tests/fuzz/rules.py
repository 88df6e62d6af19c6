"""What must hold of a reading, whatever was written."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from speechmesh.frontend.mandarin.pinyin import tokens_of
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.plan import Ending, TextPlan, TokenSegment
from speechmesh.frontend.recordings.loaded import LoadedClip
from speechmesh.frontend.recordings.recording import Recording, RecordingFile
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.spoken import Dropped, Word
from speechmesh.frontend.ssml import script as ssml

_SYLLABLE = re.compile(r"[a-zê]+[1-5]")
_MOST_TOKENS = 1_000  # that the acoustic stage takes in a segment
_MOST_PAUSE_MS = 60_000.0
_WORDS_A_CHAR = 20  # "1e9" is few characters and many words
_WORDS_AT_LEAST = 1_000  # an entry of a lexicon may be long


def check_segments(text: str, segments: Sequence[SpokenSegment], max_words: int) -> None:
    """Each has words, no more than it may; places are within the text, and in its order."""
    n_words = sum(len(segment.words) for segment in segments)
    assert n_words <= _WORDS_A_CHAR * len(text) + _WORDS_AT_LEAST, f"{n_words} words"
    begun = 0
    for segment in segments:
        if segment.clip:
            assert not segment.items, "a recording has words"
        else:
            assert segment.words and segment.items[0] == segment.words[0], "no word at the beginning"
            assert segment.items[-1] == segment.words[-1], "no word at the end"
        assert len(segment.words) <= max_words, f"{len(segment.words)} words in a segment"
        assert begun <= segment.start <= segment.end <= len(text), f"{segment.start} to {segment.end}"
        begun = segment.start
        places = [(segment.start, segment.start), *((item.start, item.end) for item in segment.items)]
        for before, after in pairwise([*places, (segment.end, segment.end)]):
            assert before[0] <= after[0] and before[1] <= after[1], f"places go back: {before}, {after}"
        manner = segment.manner
        for value in (manner.rate, manner.pitch_semitones, manner.energy_db, manner.volume_db):
            assert math.isfinite(value), f"{manner}"
        assert manner.rate > 0
        for pause_ms in (segment.pause_before_ms, segment.pause_after_ms):
            assert 0 <= pause_ms <= _MOST_PAUSE_MS, f"a pause of {pause_ms} ms"
        assert all(0 <= mark.word <= segment.mark_at_end for mark in segment.marks), f"{segment.marks}"


def check_tokens(segment: SpokenSegment, tokens: TokenSegment, table: Sequence[str]) -> None:
    """All are of the voice's table; words have tokens of their own, in order, and as they were told."""
    assert len(tokens.tokens) <= _MOST_TOKENS, f"{len(tokens.tokens)} tokens in a segment"
    assert all(0 <= token < len(table) for token in tokens.tokens), "a token of no table"
    assert all(len(values) == len(tokens.tokens) for values in tokens.features.values())
    end = 0
    for word in tokens.words:
        assert word.n_tokens > 0 and word.first_token >= end, f"{word}"
        assert segment.start <= word.start <= word.end <= segment.end, f"{word} outside of its segment"
        end = word.first_token + word.n_tokens
    assert end <= len(tokens.tokens)
    spoken: dict[tuple[str, int, int], list[list[str]]] = {}
    for word in tokens.words:
        said = [table[i] for i in tokens.tokens[word.first_token : word.first_token + word.n_tokens]]
        spoken.setdefault((word.text, word.start, word.end), []).append(said)
    for told in segment.words:
        if told.phones:
            ways = spoken[told.text, told.start, told.end]
            assert any(_is_told(way, told.phones) for way in ways), f"{told} is said as {ways}"


def _is_told(tokens: Sequence[str], phones: Sequence[str]) -> bool:
    """Whether tokens are those of phones, or of syllables, of which a third tone may rise before another."""
    if list(tokens) == list(phones):
        return True
    if not all(_SYLLABLE.fullmatch(phone) for phone in phones):
        return False
    told = [token for syllable in phones for token in tokens_of(syllable)]
    return [token.replace("3", "2") for token in tokens] == [token.replace("3", "2") for token in told]


def check_dropped(text: str, dropped: Sequence[Dropped]) -> None:
    """What is not read is told as it is written, in order."""
    for part in dropped:
        assert part.text == text[part.start : part.end], f"{part}"
    for before, after in pairwise(dropped):
        assert before.end <= after.start, f"{before}, {after}"


def check_nothing_is_lost(text: str, plan: TextPlan, characters: re.Pattern[str]) -> None:
    """Every one of the characters is read, or it is told that it is not."""
    covered = _covered(len(text), plan.segments, plan.dropped)
    lost = [match[0] for match in characters.finditer(text) if not covered[match.start()]]
    assert not lost, f"neither read nor told: {''.join(lost)[:80]!r}"


def check_same_is_read(
    text: str,
    plan: TextPlan | MarkedPlan,
    segments: Sequence[SpokenSegment],
    dropped: Sequence[Dropped],
    characters: re.Pattern[str],
) -> None:
    """A text that comes bit by bit is read where the whole one is."""
    at_once = _covered(len(text), plan.segments, plan.dropped)
    live = _covered(len(text), segments, dropped)
    read = [match.start() for match in characters.finditer(text)]
    lost = [at for at in read if at_once[at] > live[at]]
    assert not lost, f"left out of the live text: {[text[at] for at in lost[:20]]} at {lost[:20]}"


def check_same_cuts(
    at_once: Sequence[tuple[SpokenSegment, Ending]], live: Sequence[tuple[SpokenSegment, Ending]]
) -> None:
    """A text that comes bit by bit has the segments of the whole one."""
    for (whole, ending), (part, own) in zip(at_once, live, strict=False):
        assert _said(whole) == _said(part), f"{_said(part)!r}, at once {_said(whole)!r}"
        assert (whole.start, whole.end, ending) == (part.start, part.end, own)
    assert len(at_once) == len(live)


def check_marks(items: Sequence[ssml.Item], segments: Sequence[SpokenSegment]) -> None:
    """Each mark of a document is in one segment, in the document's order."""
    asked = [item.name for item in _flat(items) if isinstance(item, ssml.Mark)]
    found = [mark.name for segment in segments for mark in segment.marks]
    assert not segments or found == asked, f"marks {found}, asked {asked}"


def check_clips(
    segments: Iterable[SpokenSegment],
    load: Callable[[RecordingFile], Recording],
    max_s: float,
    max_document_s: float,
) -> None:
    """Recordings are within their bounds, each by itself and all together, and have the samples that they say."""
    total_s = 0.0
    for segment in segments:
        clip = segment.clip
        assert clip is not None
        assert 0 < clip.duration_ms <= 1000 * max_s
        loaded = LoadedClip(clip, load(clip.file))
        samples = loaded.samples(0, loaded.n_samples)
        assert len(samples) == loaded.n_samples == clip.stretch.n_samples
        assert abs(samples).max() <= 10 ** (clip.most_gain_db / 20) + 1e-6
        total_s += clip.duration_ms / 1000
    assert total_s <= max_document_s + 1e-6


def check_told(
    items: Sequence[ssml.Item], segments: Sequence[SpokenSegment], language: Callable[[ssml.Text], str]
) -> None:
    """Every pronunciation that was given in the language of its voice is that of a word, where anything is read."""
    words = [word for segment in segments for word in segment.words]
    starts = [word.start for word in words]
    for item in _flat(items):
        if (
            isinstance(item, ssml.Text)
            and item.phonemes
            and language(item).startswith(item.phonemes.language)
        ):
            over = words[bisect_left(starts, item.start) : bisect_left(starts, item.end)]
            phones = item.phonemes.phones
            said = tuple(phone for word in over for phone in word.phones)  # in pieces; an 's may follow
            is_told = said[: len(phones)] == phones
            assert is_told or not over, f"{item.text!r} is not said as told: {item.phonemes}, but {over}"


def _flat(items: Iterable[ssml.Item]) -> Iterator[ssml.Item]:
    """The items, what audio falls back to among them."""
    for item in items:
        if isinstance(item, ssml.Audio):
            yield from _flat(item.fallback)
        else:
            yield item


def _covered(n_chars: int, segments: Sequence[SpokenSegment], dropped: Sequence[Dropped]) -> bytearray:
    """Which characters are read or told to be dropped."""
    covered = bytearray(n_chars)
    parts: list[Word | Dropped] = [word for segment in segments for word in segment.words]
    for part in (*parts, *dropped):
        covered[part.start : part.end] = b"\1" * (part.end - part.start)
    return covered


def _said(segment: SpokenSegment) -> str:
    return " ".join(word.text for word in segment.words)
