"""One input: what a caller could send, and how it is read."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

Entry = tuple[str, str, str]
"""An entry of a request's lexicon: as written, alphabet, as said."""
Step = tuple[int, str]
"""So many more characters of a live text, and what then happens: nothing, `hungry`, `idle` or `flush`."""


@dataclass(frozen=True, slots=True)
class Case:
    """An input.

    Attributes:
        kind: one of `generate.KINDS`.
        reader: `english` or `mandarin`.
        text: plain, or an SSML document where `is_ssml` says so.
        is_ssml: whether it is one.
        language: the request's, for SSML.
        max_words: of a segment.
        first_max_words: of a first sentence that is not cut.
        lexicon: the request's.
        lexicon_file: the deployment's; bytes that are no UTF-8 as half surrogates.
        steps: how a live text arrives; what is left over comes last.
        is_natural: whether it is text whose sentences may be told before all of it is there.
    """

    kind: str
    reader: str
    text: str
    is_ssml: bool = False
    language: str = ""
    max_words: int = 20
    first_max_words: int = 8
    lexicon: tuple[Entry, ...] = ()
    lexicon_file: str = ""
    steps: tuple[Step, ...] = ()
    is_natural: bool = False

    @property
    def n_chars(self) -> int:
        """How long it is, all parts together."""
        return len(self.text) + len(self.lexicon_file) + sum(len("".join(entry)) for entry in self.lexicon)

    def as_json(self) -> str:
        """One line that `from_json` reads; what is as usual is left out."""
        usual = {field.name: field.default for field in dataclasses.fields(self)}
        values = {name: value for name, value in dataclasses.asdict(self).items() if value != usual[name]}
        return json.dumps(values)


def from_json(line: str) -> Case:
    """A case of a line; what is no field of it (`why`) is for people."""
    values: dict[str, Any] = json.loads(line)
    values.pop("why", None)
    values["lexicon"] = tuple(tuple(entry) for entry in values.get("lexicon", ()))
    values["steps"] = tuple((length, how) for length, how in values.get("steps", ()))
    return Case(**values)
