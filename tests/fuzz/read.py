"""Reads an input the way that the service does, and checks all that comes of it."""

from __future__ import annotations

import dataclasses
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.frontend.casting import Ensemble
from speechmesh.frontend.lexicon import Lexicon, LexiconEntry, read_lexicon, script_of
from speechmesh.frontend.live.text import LiveText
from speechmesh.frontend.marked.plan import MarkedPlan
from speechmesh.frontend.plan import Ending, TextPlan
from speechmesh.frontend.recordings.played import played
from speechmesh.frontend.segment import SpokenSegment
from speechmesh.frontend.ssml.limits import Limits
from speechmesh.frontend.ssml.parse import parse_ssml
from speechmesh.frontend.written import Writing
from tests.fuzz import rules
from tests.fuzz.case import Case
from tests.fuzz.recordings import recordings
from tests.fuzz.voices import VOICES, Voice, voice

MAX_TEXT_CHARS: Final = 20_000
_MAX_RECORDING_S, _MAX_RECORDINGS_S = 2.0, 5.0
_MOST_MESSAGE_CHARS = 1_000  # an error's goes into a trailer, which has room for 8 KiB in all
_ENGLISH = re.compile(r"[A-Za-z0-9]")
_CHINESE = re.compile(r"[0-9A-Za-z\u4e00-\u9fa5]")

Cut = tuple[SpokenSegment, Ending]


def read(case: Case) -> bool:
    """Whether the input is taken; what may be refused is, with a message.

    Raises:
        AssertionError: when a rule is broken.
        Exception: any other is a fault as well.
    """
    speaker = voice(case.reader)
    try:
        lexicons = _lexicons(case)
        writing = Writing(speaker.reader, speaker.config, lexicons)
        if case.is_ssml:
            _read_document(case, writing, speaker)
        elif case.steps:
            _read_live(case, writing, speaker)
        else:
            _read_text(case, writing, speaker)
    except (InvalidInput, Incompatible) as error:
        assert len(str(error)) <= _MOST_MESSAGE_CHARS, f"a message of {len(str(error))} characters: {error}"
        assert case.is_ssml or case.lexicon or case.lexicon_file, f"plain text is refused: {error}"
        return False
    return True


def _lexicons(case: Case) -> list[Lexicon]:
    """The request's, then the deployment's."""
    entries = [(f"lexicon[{i}]", LexiconEntry(*entry)) for i, entry in enumerate(case.lexicon)]
    lexicons = [Lexicon.of(entries)]
    if case.lexicon_file:
        with tempfile.NamedTemporaryFile() as file:
            file.write(case.lexicon_file.encode("utf-8", "surrogateescape"))
            file.flush()
            lexicons.append(read_lexicon(Path(file.name)))
    return lexicons


def _read_text(case: Case, writing: Writing, speaker: Voice) -> None:
    plan = writing.plan(case.text, case.max_words, case.first_max_words)
    _check_plan(case, plan)
    if isinstance(plan, TextPlan):
        rules.check_dropped(case.text, plan.dropped)
        rules.check_nothing_is_lost(case.text, plan, _read_characters(case))
    else:
        script = script_of(case.text, writing.lexicons)
        assert script is not None
        rules.check_told(script.items, plan.segments, lambda item: speaker.config.languages[0])


def _read_document(case: Case, writing: Writing, speaker: Voice) -> None:
    limits = Limits(max_text_chars=MAX_TEXT_CHARS, plays_audio=True)
    others = [voice(name) for name in VOICES if name != case.reader]
    writing = dataclasses.replace(
        writing,
        others=[Writing(each.reader, each.config, writing.lexicons) for each in others],
        keeps_voice=not case.language,
    )
    found = played(
        writing.read_ssml(case.text, limits),
        recordings().find,
        max_s=_MAX_RECORDING_S,
        max_document_s=_MAX_RECORDINGS_S,
    )
    plan = writing.plan_read(found, len(case.text), case.max_words, case.first_max_words, limits)
    _check_plan(case, plan)
    rules.check_clips(plan.clips.values(), recordings().load, _MAX_RECORDING_S, _MAX_RECORDINGS_S)
    ensemble = Ensemble(speaker.config, [each.config for each in others], keeps_voice=not case.language)
    script = parse_ssml(
        case.text, language=ensemble.own.language, limits=limits, language_of=ensemble.language
    )
    rules.check_marks(script.items, plan.segments)
    rules.check_told(script.items, plan.segments, lambda item: ensemble.language(item.style.casting))


def _read_live(case: Case, writing: Writing, speaker: Voice) -> None:
    turn = LiveText(writing.plan, max_words=case.max_words, first_max_words=case.first_max_words)
    taken: list[Cut] = []
    at = 0
    for length, how in case.steps:
        turn.append(case.text[at : at + length])
        at += length
        flushed = at if how == "flush" else 0
        taken += turn.take(hungry=how == "hungry", idle=how == "idle", flushed=flushed)
    turn.append(case.text[at:])
    taken += turn.take(all_of_it=True)
    assert not turn.waiting.strip(), f"{turn.waiting!r} is left over"
    segments = [segment for segment, _ in taken]
    _check_segments(case, segments)
    if any(how for _, how in case.steps):
        return
    plan = writing.plan(case.text, case.max_words, case.first_max_words)
    rules.check_same_is_read(case.text, plan, segments, turn.dropped, _read_characters(case))
    if case.is_natural and isinstance(plan, TextPlan):
        at_once = [(segment, plan.ending(i)) for i, segment in enumerate(plan.segments)]
        rules.check_same_cuts(at_once, taken)


def _read_characters(case: Case) -> re.Pattern[str]:
    """Characters that are read, or told not to be."""
    return _ENGLISH if case.reader == "english" else _CHINESE


def _check_plan(case: Case, plan: TextPlan | MarkedPlan) -> None:
    _check_segments(case, plan.segments)
    for i in range(len(plan.segments)):
        plan.ending(i)
    places = [(part.start, part.end) for part in plan.dropped]
    places += [(warning.start, warning.end) for warning in plan.warnings]
    for start, end in places:
        assert 0 <= start <= end <= len(case.text), f"outside of the input: {start} to {end}"
    for warning in plan.warnings:
        assert len(warning.message) <= _MOST_MESSAGE_CHARS, f"a message of {len(warning.message)} characters"


def _check_segments(case: Case, segments: Sequence[SpokenSegment]) -> None:
    rules.check_segments(case.text, segments, case.max_words)
    for segment in segments:
        if segment.clip:
            continue
        speaker = voice(segment.manner.voice or case.reader)
        rules.check_tokens(segment, speaker.reader.tokens(segment), speaker.table)
