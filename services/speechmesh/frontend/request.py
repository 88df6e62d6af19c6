"""A request for speech, checked against the voice that will speak it."""

from __future__ import annotations

import dataclasses
import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from speechmesh.common.bundle import TIERS, Speaker, Tier, VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend import settings as limits
from speechmesh.frontend.audio.formats import AudioFormat, Encoding, resolve
from speechmesh.frontend.casting import Problem, primary
from speechmesh.frontend.lexicon import LexiconEntry
from speechmesh.frontend.style_words import MAX_CHARS as MAX_STYLE_CHARS
from speechmesh.frontend.style_words import StyleReading, read_style
from speechmesh.frontend.told_language import told_language

# A document may be so many times longer than its text may be.
_MARKUP_FACTOR = 4


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """A request as the caller made it; empty and zero mean the default. Units are in the names.

    `text` is plain, or an SSML document where `is_ssml` says so.
    """

    text: str
    is_ssml: bool = False
    voice: str = ""
    language: str = ""
    speaker: str = ""
    style: str = ""
    style_instruction: str = ""
    has_prompt: bool = False
    rate: float = 0.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    energy_db: float = 0.0
    encoding: Encoding = Encoding.PCM_S16LE
    sample_rate_hz: int = 0
    bit_rate: int = 0
    loudness_lufs: float = 0.0
    max_leading_silence_ms: int | None = None
    max_trailing_silence_ms: int | None = None
    tier: Tier | None = None
    word_timestamps: bool = False
    phoneme_timestamps: bool = False
    lexicon: tuple[LexiconEntry, ...] = ()
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True, slots=True)
class CheckedRequest:
    """A request that can be served: every default resolved.

    `others` is the same for the other voices that its document calls, by name; `gain_db` levels each voice.
    """

    request: SpeechRequest
    voice: VoiceBundle
    language: str
    speaker: Speaker
    style: str
    rate: float
    audio: AudioFormat
    gain_db: float
    max_trailing_silence_ms: int | None
    told_style: StyleReading | None = None
    others: Mapping[str, CheckedRequest] = field(default_factory=dict)

    def spoken_by(self, voice: str) -> CheckedRequest:
        """The request as one of its voices speaks it; empty: its own."""
        return self.others[voice] if voice else self


def _in_range(field_name: str, value: float, low: float, high: float, unit: str = "") -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise InvalidInput(field_name, f"{value:g} is outside {low:g} to {high:g}{unit}")


def _one_of(field_name: str, value: str, names: list[str], what: str) -> str:
    if value and value not in names:
        raise InvalidInput(field_name, f"{value!r} is not {what}; there is {', '.join(names)}")
    return value or names[0]


def speaks(voice: VoiceBundle, language: str) -> str | None:
    """The voice's language that `language` (BCP-47, case ignored) asks for: "en" takes "en-US"; None if it has none."""
    wanted = language.lower()
    for own in voice.config.languages:
        if own.lower() == wanted or own.lower().startswith(wanted + "-"):
            return own
    return None


def choose_voice(request: SpeechRequest, voices: dict[str, VoiceBundle], default: str) -> VoiceBundle:
    """The voice that a request names, else the default one, else the first that speaks its language.

    A request without a voice and a language has its text's language, where that is told and a voice speaks it: of a
    document by the document itself, else by the script of what is read.

    Raises:
        InvalidInput: naming `voice.name` or `voice.language`.
    """
    if request.voice:
        if request.voice not in voices:
            raise InvalidInput(
                "voice.name", f"{request.voice!r} is not a voice here; there is {', '.join(voices)}"
            )
        return voices[request.voice]
    candidates = [voices[default]] if default in voices else []
    candidates += voices.values()
    if not request.language:
        told = told_language(request.text, is_ssml=request.is_ssml)
        # A text is read in whatever region's language there is; a caller who names a region means it.
        able = (voice for wanted in (told, primary(told)) for voice in candidates if speaks(voice, wanted))
        return next(able, candidates[0])
    for voice in candidates:
        if speaks(voice, request.language):
            return voice
    languages = sorted({language for voice in voices.values() for language in voice.config.languages})
    raise InvalidInput(
        "voice.language", f"no voice speaks {request.language!r}; there is {', '.join(languages)}"
    )


def check(
    request: SpeechRequest,
    voices: dict[str, VoiceBundle],
    *,
    default_voice: str,
    max_text_chars: int,
    max_trailing_silence_ms: int | None = None,
) -> CheckedRequest:
    """Checks every field of a request and resolves its defaults.

    Raises:
        InvalidInput: naming the first field that is wrong.
    """
    field_name = "ssml" if request.is_ssml else "text"
    if not request.text.strip():
        raise InvalidInput(field_name, "is empty")
    most = max_text_chars * (_MARKUP_FACTOR if request.is_ssml else 1)
    if len(request.text) > most:
        raise InvalidInput(field_name, f"has {len(request.text)} characters, {most} are taken")
    return check_options(
        request, voices, default_voice=default_voice, max_trailing_silence_ms=max_trailing_silence_ms
    )


def check_options(
    request: SpeechRequest,
    voices: dict[str, VoiceBundle],
    *,
    default_voice: str,
    max_trailing_silence_ms: int | None = None,
) -> CheckedRequest:
    """Checks every field but the text, which may be to come.

    Raises:
        InvalidInput: naming the first field that is wrong.
    """
    if len(request.request_id) > limits.MAX_REQUEST_ID_CHARS:
        raise InvalidInput("request_id", f"is longer than {limits.MAX_REQUEST_ID_CHARS} characters")
    voice = choose_voice(request, voices, default_voice)
    config = voice.config
    language = speaks(voice, request.language) if request.language else config.languages[0]
    if language is None:
        raise InvalidInput(
            "voice.language",
            f"voice {voice.name!r} does not speak {request.language!r}; it has {', '.join(config.languages)}",
        )
    speaker = _one_of(
        "voice.speaker", request.speaker, [s.name for s in config.speakers], f"a speaker of {voice.name!r}"
    )
    style = _one_of("voice.style", request.style, list(config.styles), f"a style of {voice.name!r}")
    if request.has_prompt:
        raise InvalidInput("prompt", f"voice {voice.name!r} takes no reference prompt")
    _check_prosody(request, voice)
    told = _told_style(request, voice)
    if told is not None:
        request = dataclasses.replace(
            request,
            rate=request.rate or told.rate,
            pitch_semitones=request.pitch_semitones or told.pitch_semitones,
            energy_db=request.energy_db or told.energy_db,
        )
        style = style if request.style else told.style or style
    for name in ("max_leading_silence_ms", "max_trailing_silence_ms"):
        _in_range(f"audio.{name}", getattr(request, name) or 0, 0, limits.MAX_SILENCE_MS, " ms")
    if request.max_trailing_silence_ms is not None:
        max_trailing_silence_ms = request.max_trailing_silence_ms
    if request.tier and request.tier not in config.vocoders:
        raise InvalidInput(
            "quality_tier",
            f"voice {voice.name!r} has no tier {request.tier!r}; it has {', '.join(config.vocoders)}",
        )
    return CheckedRequest(
        request,
        voice,
        language,
        next(s for s in config.speakers if s.name == speaker),
        style,
        request.rate or 1.0,
        resolve(
            request.encoding,
            request.sample_rate_hz,
            request.bit_rate,
            own_hz=config.feature_space.sample_rate_hz,
        ),
        _gain_db(request, voice),
        max_trailing_silence_ms,
        told,
    )


def with_others(checked: CheckedRequest, voices: Iterable[VoiceBundle]) -> CheckedRequest:
    """A request with what it is for other voices, which are as loud as its own as far as they say how loud they are.

    What another voice has not of what the request asks for is as near to it as the voice can.
    """
    return dataclasses.replace(checked, others={voice.name: _for_other(checked, voice) for voice in voices})


def shortfalls(checked: CheckedRequest) -> list[Problem]:
    """What of a request its other voices cannot do as asked."""
    request, told = checked.request, []
    for name, other in checked.others.items():
        if request.tier != other.request.tier:
            message = f"voice {name} has no tier {request.tier!r}: it speaks in {other.request.tier!r}"
            told.append(Problem("TIER_UNKNOWN", message))
        if request.style and request.style != other.style:
            message = f"voice {name} has no style {request.style!r}: it speaks in {other.style!r}"
            told.append(Problem("STYLE_UNKNOWN", message))
        if request.loudness_lufs and other.voice.config.loudness_lufs is None:
            message = f"voice {name} does not say how loud it is: it is as loud as it comes"
            told.append(Problem("LOUDNESS_UNKNOWN", message))
    return told


def _for_other(checked: CheckedRequest, voice: VoiceBundle) -> CheckedRequest:
    config, wanted = voice.config, checked.request.tier
    if wanted is not None:
        at = TIERS.index(wanted)
        wanted = min(config.vocoders, key=lambda tier: abs(TIERS.index(tier) - at))
    loudness = checked.voice.config.loudness_lufs, config.loudness_lufs
    louder_db = loudness[0] - loudness[1] if loudness[0] is not None and loudness[1] is not None else 0.0
    return dataclasses.replace(
        checked,
        request=dataclasses.replace(checked.request, tier=wanted),
        voice=voice,
        language=config.languages[0],
        speaker=config.speakers[0],
        style=checked.style if checked.style in config.styles else config.styles[0],
        gain_db=checked.gain_db + louder_db,
        told_style=None,
    )


def _told_style(request: SpeechRequest, voice: VoiceBundle) -> StyleReading | None:
    """What the voice can do of a style in plain words; None where there are no such words.

    Raises:
        InvalidInput: when they are too many.
    """
    if not request.style_instruction.strip():
        return None
    if len(request.style_instruction) > MAX_STYLE_CHARS:
        raise InvalidInput("voice.style_instruction", f"is longer than {MAX_STYLE_CHARS} characters")
    told = read_style(request.style_instruction, voice.config.styles)
    acoustic = voice.config.acoustic
    most_pitch, most_energy = acoustic.pitch_range_semitones, acoustic.energy_range_db
    return dataclasses.replace(
        told,
        pitch_semitones=min(max(told.pitch_semitones, -most_pitch), most_pitch),
        energy_db=min(max(told.energy_db, -most_energy), most_energy),
    )


def _gain_db(request: SpeechRequest, voice: VoiceBundle) -> float:
    """One gain for the whole stream.

    A stream cannot know its own loudness before it is over, and a gain that follows what has been heard so far pumps.
    Voices are trained on levelled speech: what they say is as loud as they are, to about 1 LU.
    """
    if not request.loudness_lufs:
        return request.volume_db
    low, high = limits.MIN_LOUDNESS_LUFS, limits.MAX_LOUDNESS_LUFS
    _in_range("audio.loudness_lufs", request.loudness_lufs, low, high, " LUFS")
    if voice.config.loudness_lufs is None:
        raise InvalidInput(
            "audio.loudness_lufs",
            f"voice {voice.name!r} does not say how loud it is (`loudness_lufs` in its voice.yaml)",
        )
    return request.loudness_lufs - voice.config.loudness_lufs + request.volume_db


def _check_prosody(request: SpeechRequest, voice: VoiceBundle) -> None:
    if request.rate:
        _in_range("prosody.rate", request.rate, limits.MIN_RATE, limits.MAX_RATE)
    acoustic = voice.config.acoustic
    for name, value, most, unit in (
        ("pitch_semitones", request.pitch_semitones, acoustic.pitch_range_semitones, " semitones"),
        ("energy_db", request.energy_db, acoustic.energy_range_db, " dB"),
    ):
        if value and not most:
            raise InvalidInput(f"prosody.{name}", f"voice {voice.name!r} takes none")
        _in_range(f"prosody.{name}", value, -most, most, f"{unit}, as far as voice {voice.name!r} goes")
    _in_range("prosody.volume_db", request.volume_db, limits.MIN_VOLUME_DB, limits.MAX_VOLUME_DB, " dB")
