"""Readers: one a language, behind a Protocol. `READERS` names them for voice.yaml."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.english.options import DEFAULT_OPTIONS, ReadingOptions
from speechmesh.frontend.english.reader import EnglishReader
from speechmesh.frontend.espeak.reader import EspeakReader
from speechmesh.frontend.mandarin.reader import MandarinReader
from speechmesh.frontend.mandarin.sambert_reader import SambertReader
from speechmesh.frontend.plan import TextPlan, TokenSegment
from speechmesh.frontend.segment import SpokenSegment


class Reader(Protocol):
    """Reads one language for one voice. Called from a worker thread."""

    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan:
        """Splits and normalises a text; `segments` is empty when there is nothing to speak."""
        ...

    def tokens(self, segment: SpokenSegment) -> TokenSegment:
        """The tokens of one segment."""
        ...


READERS: dict[str, Callable[[VoiceBundle, ReadingOptions], Reader]] = {
    "english": EnglishReader,
    "espeak": lambda bundle, _: EspeakReader(bundle),
    "mandarin": lambda bundle, _: MandarinReader(bundle),
    "sambert": lambda bundle, _: SambertReader(bundle),
}


def load_reader(bundle: VoiceBundle, options: ReadingOptions = DEFAULT_OPTIONS) -> Reader:
    """Loads and warms the reader that a voice names. The options are heeded in English.

    Raises:
        Incompatible: when there is none of that name, or the voice's token table lacks its phones.
    """
    name = bundle.config.frontend.reader
    if name not in READERS:
        raise Incompatible(
            f"{bundle.folder}/voice.yaml: frontend.reader {name!r} is not one of {', '.join(sorted(READERS))}"
        )
    return READERS[name](bundle, options)
