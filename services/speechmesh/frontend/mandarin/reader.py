"""The Mandarin reader: normalisation, segmentation and pinyin, in a voice's token table."""

from __future__ import annotations

from typing import Protocol

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.mandarin import g2p
from speechmesh.frontend.mandarin.normalise import normalise
from speechmesh.frontend.mandarin.pinyin import TOKENS
from speechmesh.frontend.plan import TextPlan, TokenSegment, TokenWord
from speechmesh.frontend.segment import SpokenSegment, split_segments
from speechmesh.frontend.spoken import Pause, Word

_WARM_UP = "2024年3月5日，我花了1,299.50元，买了12kg铜。Hello，你好吗？"


class _Reader(Protocol):
    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan: ...

    def tokens(self, segment: SpokenSegment) -> TokenSegment: ...


def plan_of(text: str, *, max_words: int, first_max_words: int) -> TextPlan:
    """Splits and normalises a Chinese text."""
    spoken = normalise(text)
    segments = split_segments(spoken, max_words=max_words, first_max_words=first_max_words)
    return TextPlan(segments, spoken.dropped)


def warm_up(reader: _Reader, bundle: VoiceBundle) -> None:
    """Reads a sentence, which loads what reading needs.

    Raises:
        Incompatible: when a library is not installed.
    """
    try:
        for segment in reader.plan(_WARM_UP, max_words=20, first_max_words=8).segments:
            reader.tokens(segment)
    except ModuleNotFoundError as error:
        raise Incompatible(
            f"{bundle.folder}: reading Mandarin needs {error.name}: pip install 'speechmesh[frontend]'"
        ) from None


class MandarinReader:
    """Reads Chinese for one voice."""

    def __init__(self, bundle: VoiceBundle) -> None:
        """Loads dictionaries and grammars, and warms up.

        Raises:
            Incompatible: when the voice's token table lacks initials or finals, or a library is not installed.
        """
        ids = {token: index for index, token in enumerate(bundle.tokens)}
        pause = bundle.config.frontend.pause_token
        if missing := sorted({*TOKENS[2:], pause} - ids.keys()):
            raise Incompatible(f"{bundle.folder}: the token table lacks {', '.join(missing)}")
        self._ids = ids
        self._pause_id = ids[pause]
        warm_up(self, bundle)

    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan:
        """Splits and normalises a text."""
        return plan_of(text, max_words=max_words, first_max_words=first_max_words)

    def tokens(self, segment: SpokenSegment) -> TokenSegment:
        """The tokens of a segment: a pause, the words' initials and finals with a pause at each mark, a pause."""
        tokens = [self._pause_id]
        words: list[TokenWord] = []
        phrase: list[Word] = []
        for item in (*segment.items, None):
            if isinstance(item, Word):
                phrase.append(item)
                continue
            for word, spoken in zip(phrase, g2p.phrase(phrase), strict=True):
                if spoken:
                    words.append(TokenWord(word.text, word.start, word.end, len(tokens), len(spoken)))
                    tokens.extend(self._ids[token] for token in spoken)
            phrase = []
            if isinstance(item, Pause) and tokens[-1] != self._pause_id:
                tokens.append(self._pause_id)
        if tokens[-1] != self._pause_id or len(tokens) == 1:
            tokens.append(self._pause_id)
        return TokenSegment(tokens, words)
