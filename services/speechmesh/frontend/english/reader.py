"""The English reader: normalisation, segmentation and G2P, in a voice's token table."""

from __future__ import annotations

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.english.g2p import shared_g2p
from speechmesh.frontend.english.normalise import normalise
from speechmesh.frontend.english.options import DEFAULT_OPTIONS, ReadingOptions
from speechmesh.frontend.english.phones import PAUSE, PHONES
from speechmesh.frontend.plan import TextPlan, TokenSegment, TokenWord
from speechmesh.frontend.segment import SpokenSegment, split_segments
from speechmesh.frontend.spoken import Pause

_WARM_UP = "Warm up: Dr. Smith paid $1,299.50 on March 3rd, 2024, didn't he?"


class EnglishReader:
    """Reads English for one voice."""

    def __init__(self, bundle: VoiceBundle, options: ReadingOptions = DEFAULT_OPTIONS) -> None:
        """Loads the lexicon and warms up.

        Args:
            bundle: the voice.
            options: what the operator chooses about the reading.

        Raises:
            Incompatible: when the voice's token table lacks phones of the English lexicon.
        """
        ids = {token: index for index, token in enumerate(bundle.tokens)}
        pause = bundle.config.frontend.pause_token
        if missing := sorted({*PHONES, pause} - ids.keys()):
            raise Incompatible(f"{bundle.folder}: the token table lacks {', '.join(missing)}")
        self._ids = ids
        self._pause_id = ids[pause]
        self._options = options
        self._g2p = shared_g2p()
        for segment in self.plan(_WARM_UP, max_words=20, first_max_words=8).segments:
            self.tokens(segment)

    def plan(self, text: str, *, max_words: int, first_max_words: int) -> TextPlan:
        """Splits and normalises a text."""
        spoken = normalise(text, self._options)
        segments = split_segments(spoken, max_words=max_words, first_max_words=first_max_words)
        return TextPlan(segments, spoken.dropped)

    def tokens(self, segment: SpokenSegment) -> TokenSegment:
        """The tokens of a segment: a pause, the words' phones with a pause at each mark, a pause."""
        phones: list[tuple[str, ...]] = []
        next_phone = PAUSE
        # What decides about homographs; a letter's name and a pause tell nothing.
        around = ["" if isinstance(item, Pause) or item.letter_name else item.text for item in segment.items]
        for at in range(len(segment.items) - 1, -1, -1):  # backwards: "the" depends on what follows
            item = segment.items[at]
            if isinstance(item, Pause):
                phones.append((PAUSE,))
            else:
                phones.append(
                    item.phones
                    or (None if item.letter_name else self._g2p.homograph(around, at))
                    or self._g2p.phones(item.text, letter_name=item.letter_name, next_phone=next_phone)
                )
            next_phone = phones[-1][0]
        tokens = [self._pause_id]
        words: list[TokenWord] = []
        for item, spoken in zip(segment.items, reversed(phones), strict=True):
            if isinstance(item, Pause):
                tokens.append(self._pause_id)
                continue
            words.append(TokenWord(item.text, item.start, item.end, len(tokens), len(spoken)))
            tokens.extend(self._ids[phone] for phone in spoken)
        tokens.append(self._pause_id)
        return TokenSegment(tokens, words)
