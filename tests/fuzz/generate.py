"""Makes inputs: equal seed and index, equal input."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from tests.fuzz import documents, pronunciations, texts
from tests.fuzz.case import Case, Step

_MOST_STEPS = 40
_LIVE_CHARS = 2_000  # what waits is read again with each step


def _plain(text: Callable[[random.Random, str, int], str]) -> Callable[[random.Random, Case], Case]:
    def make(dice: random.Random, case: Case) -> Case:
        return replace(case, text=text(dice, case.reader, texts.length(dice)))

    return make


def _ssml(document: Callable[[random.Random, str, int], str]) -> Callable[[random.Random, Case], Case]:
    def make(dice: random.Random, case: Case) -> Case:
        text = document(dice, case.reader, texts.length(dice))
        own = "en-US" if case.reader == "english" else "zh-CN"
        case = replace(case, text=text, is_ssml=True, language=own if dice.random() < 0.9 else "")
        return _with_entries(dice, case) if dice.random() < 0.1 else case

    return make


def _with_entries(dice: random.Random, case: Case) -> Case:
    entries = [pronunciations.entry(dice, case.reader, case.text) for _ in range(dice.randint(1, 3))]
    if dice.random() < 0.5:
        return replace(case, lexicon=tuple(entries))
    return replace(case, lexicon_file=pronunciations.file_of(dice, entries))


def _lexicon(dice: random.Random, case: Case) -> Case:
    text = texts.some_text(dice, case.reader, min(1 + texts.length(dice), _LIVE_CHARS))
    return _with_entries(dice, replace(case, text=text))


def _live(dice: random.Random, case: Case) -> Case:
    n_chars = min(texts.length(dice), _LIVE_CHARS)
    is_natural = dice.random() < 0.3
    if is_natural:  # sentences of many times the words of a segment are cut before they end
        case = replace(case, max_words=20, first_max_words=8)
    text = (texts.natural if is_natural else texts.some_text)(dice, case.reader, n_chars)
    hows = (
        ("",)
        if is_natural
        else dice.choice((("",), ("", "", "hungry"), ("", "", "", "hungry", "idle", "flush")))
    )
    longest = max(1, 2 * len(text) // dice.randint(1, _MOST_STEPS))
    steps: list[Step] = []
    left = len(text)
    while left > 0 and len(steps) < _MOST_STEPS:
        steps.append((dice.randint(1, longest), dice.choice(hows)))
        left -= steps[-1][0]
    case = replace(case, text=text, steps=tuple(steps), is_natural=is_natural)
    return _with_entries(dice, case) if dice.random() < 0.1 else case


_MAKERS: Final[dict[str, tuple[float, Callable[[random.Random, Case], Case]]]] = {
    "characters": (2.0, _plain(lambda dice, _, n: texts.anything(dice, n))),
    "sentences": (3.0, _plain(texts.mutated)),
    "repetitions": (1.5, _plain(lambda dice, _, n: texts.repetition(dice, n))),
    "markdown": (1.0, _plain(texts.markdown)),
    "ssml": (2.0, _ssml(documents.tree)),
    "broken-ssml": (1.0, _ssml(documents.broken)),
    "lexicon": (1.0, _lexicon),
    "live": (1.0, _live),
}
KINDS: Final = tuple(_MAKERS)
"""The kinds of inputs."""


def make(seed: int, index: int, kinds: Sequence[str] = KINDS) -> Case:
    """The input of an index."""
    dice = random.Random(f"{seed}/{index}")
    kind = dice.choices(kinds, [_MAKERS[name][0] for name in kinds])[0]
    reader = dice.choice(("english", "mandarin"))
    case = Case(kind, reader, "")
    if dice.random() < 0.1:
        max_words = dice.randint(2, 40)
        case = replace(case, max_words=max_words, first_max_words=dice.randint(2, max_words))
    return _MAKERS[kind][1](dice, case)
