"""The script: what an SSML document asks to be read, piece by piece, with all that its markup says about it.

A script knows neither readers nor voices: numbers are plain, with their unit in the name, and clamped to the ranges of
`ssml.limits`. Offsets count code points of the caller's document, ends are exclusive.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final

from speechmesh.frontend.ssml.source_map import SourceMap

SILENT_DB: Final = -96.0
"""What `volume="silent"` is: below one step of 16 bits."""


class Emphasis(enum.Enum):
    """How much a piece stands out; NONE forbids emphasis, and is not the same as none being asked for."""

    STRONG = "strong"
    MODERATE = "moderate"
    NONE = "none"
    REDUCED = "reduced"


class OnVoiceFailure(enum.Enum):
    """What is done where no voice has all that a `<voice>` requires."""

    PRIORITY_SELECT = "priorityselect"
    KEEP_EXISTING = "keepexisting"
    PROCESSOR_CHOICE = "processorchoice"


class OnLanguageFailure(enum.Enum):
    """What is done where who speaks does not speak the language of the text."""

    CHANGE_VOICE = "changevoice"
    IGNORE_TEXT = "ignoretext"
    IGNORE_LANGUAGE = "ignorelang"
    PROCESSOR_CHOICE = "processorchoice"


class VoiceFeature(enum.Enum):
    """What a voice is known by, as `<voice required>` and `ordering` name it."""

    NAME = "name"
    LANGUAGES = "languages"
    GENDER = "gender"
    AGE = "age"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """Who speaks, as `<voice>` asks; empty means any.

    Attributes:
        names: the names in order of preference, the first that exists is meant.
        languages: BCP-47 languages that the voice should speak, each of them.
        gender: `male`, `female` or `neutral`.
        required: without which no voice is taken.
        ordering: what counts most comes first.
        on_failure: what is done where no voice has what is required.
    """

    names: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    gender: str = ""
    required: frozenset[VoiceFeature] = frozenset({VoiceFeature.LANGUAGES})
    ordering: tuple[VoiceFeature, ...] = (VoiceFeature.LANGUAGES, VoiceFeature.NAME, VoiceFeature.GENDER)
    on_failure: OnVoiceFailure = OnVoiceFailure.PROCESSOR_CHOICE


@dataclass(frozen=True, slots=True)
class LanguageChange:
    """The language of the text from here on, as `xml:lang` says.

    Attributes:
        language: BCP-47; empty where the text is of no known one.
        on_failure: what is done where who speaks does not speak it.
        is_of_document: whether it is said of the whole document.
    """

    language: str
    on_failure: OnLanguageFailure = OnLanguageFailure.PROCESSOR_CHOICE
    is_of_document: bool = False


Casting = tuple[VoiceChoice | LanguageChange, ...]
"""What is said of who speaks, from the outermost element to the innermost, which starts from what is around it."""


def language_told(casting: Casting) -> str:
    """The language of the innermost `xml:lang`, BCP-47; empty where none is known."""
    changes = (step.language for step in reversed(casting) if isinstance(step, LanguageChange))
    return next(changes, "")


@dataclass(frozen=True, slots=True)
class Style:
    """How a piece is read, all enclosing elements taken together.

    Attributes:
        rate: factor on the voice's speaking rate; 2 is twice as fast.
        pitch_semitones: shift of the voice's pitch.
        volume_db: change of level, over the voice's own; `SILENT_DB` is silence of the text's length.
        emphasis: level of the innermost `<emphasis>`; None without one.
        casting: who speaks, and the text's language; empty: the request's.
        on_language_failure: what holds for an `xml:lang` further inside.
        speaking_style: of `mstts:express-as` ("cheerful"); empty: the request's.
        style_degree: how strongly `speaking_style` is taken, 1 is its usual degree.
        role: of `mstts:express-as` ("OlderAdultMale"); empty: none.
        word_role: of `<w>`, what the word is that the piece consists of, as `english.word_roles` has it; empty: none.
    """

    rate: float = 1.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    emphasis: Emphasis | None = None
    casting: Casting = ()
    on_language_failure: OnLanguageFailure = OnLanguageFailure.PROCESSOR_CHOICE
    speaking_style: str = ""
    style_degree: float = 1.0
    role: str = ""
    word_role: str = ""

    @property
    def language(self) -> str:
        """BCP-47 language of the text, from the innermost `xml:lang`; empty where none is known."""
        return language_told(self.casting)


class SayAsKind(enum.Enum):
    """How the text of `<say-as>` is to be understood; other names of the same kind are folded into these."""

    CARDINAL = "cardinal"
    ORDINAL = "ordinal"
    DIGITS = "digits"
    CHARACTERS = "characters"
    FRACTION = "fraction"
    UNIT = "unit"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    TELEPHONE = "telephone"
    ADDRESS = "address"
    NAME = "name"
    CURRENCY = "currency"
    EXPLETIVE = "expletive"


@dataclass(frozen=True, slots=True)
class SayAs:
    """What `<say-as>` says of its text; `format` ("mdy", "hms12") and `detail` as written, in lower case."""

    kind: SayAsKind
    format: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Phonemes:
    """A pronunciation that was given.

    Attributes:
        alphabet: `ipa`, `x-sampa`, `arpabet` or `pinyin`.
        written: the pronunciation as the caller wrote it.
        phones: the same in the units of `language`'s G2P: phones of `english.phones.PHONES` for `en`, syllables of
            numbered pinyin for `zh`.
        language: `en` or `zh`.
    """

    alphabet: str
    written: str
    phones: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Text:
    """Text that is read in one style.

    White space is collapsed to single blanks, and none stands at the edges of a paragraph or sentence. Pieces
    belong together as they follow each other: their blanks stay with them, so that joining texts makes the sentence.
    At most one of `say_as`, `phonemes` and `alias` is set; such a piece is one element of the document and has no
    blanks at its edges.

    Attributes:
        text: what is written; empty only with `phonemes` or `alias`.
        sources: where each character came from.
        start: where the piece begins in the document.
        end: where it ends.
        style: how it is read.
        say_as: how it is to be understood.
        phonemes: how it is pronounced, instead of what its spelling says.
        alias: what is read instead of `text`.
        begins_word: whether its first word is one of its own even where the text before it touches it.
    """

    text: str
    sources: SourceMap
    start: int
    end: int
    style: Style
    say_as: SayAs | None = None
    phonemes: Phonemes | None = None
    alias: str | None = None
    begins_word: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is read as it is written."""
        return not (self.say_as or self.phonemes) and self.alias is None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not (self.text or self.phonemes or self.alias)


class BreakStrength(enum.Enum):
    """How strong a pause is; NONE forbids the pause that would be there."""

    NONE = "none"
    X_WEAK = "x-weak"
    WEAK = "weak"
    MEDIUM = "medium"
    STRONG = "strong"
    X_STRONG = "x-strong"


@dataclass(frozen=True, slots=True)
class Break:
    """A pause: `duration_ms` where the document gives a time, else as long as `strength` is with this voice."""

    strength: BreakStrength
    duration_ms: float | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A place whose time the caller wants to know."""

    name: str
    start: int
    end: int


class BoundaryKind(enum.Enum):
    """What ends where a boundary stands."""

    SENTENCE = "s"
    PARAGRAPH = "p"


@dataclass(frozen=True, slots=True)
class Boundary:
    """A sentence or paragraph ends here, whatever its punctuation says.

    None stands before the first piece, and no two without a text, audio or break between them: the stronger stays.
    """

    kind: BoundaryKind
    offset: int


@dataclass(frozen=True, slots=True)
class Playing:
    """How a recording is played.

    Attributes:
        clip_begin_ms: what is left out at its beginning.
        clip_end_ms: where in it the stretch ends that is played; None: with it.
        repeat_count: how often the stretch is played, over 0; None: once, or as long as `repeat_duration_ms` says.
        repeat_duration_ms: how long it is played at most, all repetitions together; None: as often as is said.
        sound_level_db: how much louder than it was recorded.
    """

    clip_begin_ms: float = 0.0
    clip_end_ms: float | None = None
    repeat_count: float | None = None
    repeat_duration_ms: float | None = None
    sound_level_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording to play; `fallback` is read where it cannot be.

    Attributes:
        path: of a file below the folder of recordings, without `..`.
        playing: how it is played.
        fallback: what stands in the element.
        start: where the element begins in the document.
        end: where its end tag begins.
        tag_end: where its start tag ends.
        line: of its start tag, from 1.
        column: of its start tag, from 1.
    """

    path: str
    playing: Playing
    fallback: tuple[Item, ...]
    start: int
    end: int
    tag_end: int
    line: int
    column: int


Item = Text | Break | Mark | Boundary | Audio
"""One piece of a script."""


@dataclass(frozen=True, slots=True)
class Caution:
    """Something in the document that was not done as written; `code` is stable, in SCREAMING_SNAKE_CASE."""

    code: str
    message: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Script:
    """A document as it is to be read.

    Attributes:
        items: the pieces, in reading order.
        language: of the whole document, from `<speak xml:lang>`; empty where it has none.
        cautions: what was not done as written.
    """

    items: tuple[Item, ...]
    language: str = ""
    cautions: tuple[Caution, ...] = field(default=())

    @property
    def texts(self) -> tuple[Text, ...]:
        """The texts alone, without those that audio falls back to."""
        return tuple(item for item in self.items if isinstance(item, Text))
