"""Cases of how a language is read aloud, kept as data that a linguist can read and extend.

`tests/data/reading/<language>.tsv` holds the cases: kind, text, reading and maybe a comment, a tab between any two;
`\\n`, `\\t` and `\\\\` stand for a line's end, a tab and a backslash. A line that begins with `#` is a comment.
`<language>.known_failures.tsv` lists the texts that are read wrong today, each with the reason after a tab. The list
is exact: a text that is read right again must be taken off it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from speechmesh.frontend.spoken import Pause, SpokenText
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "tests" / "data" / "reading"
PASS_RATE = 0.98
"""The least share of a kind's cases that must be read right."""

_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Case:
    """A text, how a careful speaker reads it, and the line of the data file that says so."""

    kind: str
    text: str
    reading: str
    line: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """A case and what the program made of it."""

    case: Case
    heard: str

    @property
    def right(self) -> bool:
        """Whether both say the same."""
        return self.heard == self.case.reading

    def __str__(self) -> str:
        return f"line {self.case.line}: {self.case.text!r}\n  expected {self.case.reading}\n  heard    {self.heard}"


def as_heard(spoken: SpokenText, *, between: str = " ") -> str:
    """Writes a spoken text the way the data files do.

    Words in lower case, the names of letters as capitals, `|` for a pause inside a sentence, `||` for a sentence's
    end; a pause after the last word is not written. A blank stands between any two, or ``between`` between words.
    """
    parts: list[str] = []
    words: list[str] = []
    for item in spoken.items:
        if isinstance(item, Pause):
            if words:
                parts.append(between.join(words))
                words = []
            if parts[-1] in {"|", "||"}:
                parts.pop()
            parts.append("||" if item.mark.ends_sentence else "|")
        else:
            words.append(item.text[0].upper() + item.text[1:] if item.letter_name else item.text)
    if words:
        parts.append(between.join(words))
    elif parts:
        parts.pop()
    return " ".join(parts)


def load_cases(language: str) -> list[Case]:
    """The cases of a language, in the order of its file."""
    cases = []
    for number, fields in _rows(FOLDER / f"{language}.tsv"):
        assert len(fields) in {3, 4}, f"{language}.tsv:{number} must have 3 or 4 fields"
        cases.append(Case(fields[0], fields[1], fields[2], number))
    texts = [(case.kind, case.text) for case in cases]
    twice = sorted({pair for pair in texts if texts.count(pair) > 1})
    assert not twice, f"{language}.tsv has these twice: {twice}"
    return cases


def load_known_failures(language: str) -> set[str]:
    """The texts that a language is known to read wrong."""
    return {fields[0] for _, fields in _rows(FOLDER / f"{language}.known_failures.tsv")}


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    if not path.exists():
        return []
    return [
        (number, [_ESCAPED.sub(lambda match: _ESCAPES[match[1]], field) for field in line.split("\t")])
        for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1)
        if line and not line.startswith("#")
    ]


def judge(cases: Sequence[Case], read: Callable[[Case], str]) -> dict[str, list[Verdict]]:
    """Reads every case and groups the verdicts by kind."""
    verdicts: dict[str, list[Verdict]] = {}
    for case in cases:
        verdicts.setdefault(case.kind, []).append(Verdict(case, read(case)))
    return verdicts


def table(verdicts: dict[str, list[Verdict]]) -> str:
    """How many cases of each kind are read right, a line each."""
    rows = [(kind, sum(verdict.right for verdict in group), len(group)) for kind, group in verdicts.items()]
    rows.append(("all", sum(row[1] for row in rows), sum(row[2] for row in rows)))
    width = max(len(kind) for kind, _, _ in rows)
    return "\n".join(f"{kind:{width}} {right:4} of {count:4}" for kind, right, count in rows)


def check_kind(verdicts: Sequence[Verdict]) -> None:
    """Fails when too many cases of a kind are read wrong, and says which."""
    wrong = [verdict for verdict in verdicts if not verdict.right]
    assert len(verdicts) - len(wrong) >= PASS_RATE * len(verdicts), "\n" + "\n".join(map(str, wrong))


def check_known_failures(verdicts: dict[str, list[Verdict]], known: set[str]) -> None:
    """Fails unless the cases read wrong are exactly the known ones."""
    wrong = {
        verdict.case.text: verdict for group in verdicts.values() for verdict in group if not verdict.right
    }
    unknown = "\n".join(str(verdict) for text, verdict in wrong.items() if text not in known)
    assert not unknown, "\n" + unknown
    assert not known - wrong.keys(), f"read right again, or no case any more: {sorted(known - wrong.keys())}"
