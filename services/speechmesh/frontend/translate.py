"""Between speechmesh.speech.v1 and the frontend's own types."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Literal

from speechmesh.common.bundle import Tier, VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.common.telemetry import current_trace_id
from speechmesh.frontend.audio.formats import Encoding
from speechmesh.frontend.audio_out import AudioChunk, Summary
from speechmesh.frontend.lexicon import RESPELLING, LexiconEntry
from speechmesh.frontend.live.session import EndTurn, Flush, Interrupt, Interrupted, Said, Text
from speechmesh.frontend.request import CheckedRequest, SpeechRequest
from speechmesh.frontend.settings import MAX_LEXICON_ENTRIES
from speechmesh.frontend.style_words import StyleReading
from speechmesh.speech.v1 import speech_pb2 as pb

_ENCODING_TO_PB = {
    Encoding.PCM_S16LE: pb.AUDIO_ENCODING_PCM_S16LE,
    Encoding.PCM_F32LE: pb.AUDIO_ENCODING_PCM_F32LE,
    Encoding.WAV: pb.AUDIO_ENCODING_WAV,
    Encoding.FLAC: pb.AUDIO_ENCODING_FLAC,
    Encoding.MP3: pb.AUDIO_ENCODING_MP3,
    Encoding.OGG_OPUS: pb.AUDIO_ENCODING_OGG_OPUS,
    Encoding.AAC: pb.AUDIO_ENCODING_AAC,
    Encoding.MULAW: pb.AUDIO_ENCODING_MULAW,
    Encoding.ALAW: pb.AUDIO_ENCODING_ALAW,
}
_ENCODINGS = {value: encoding for encoding, value in _ENCODING_TO_PB.items()}
_ENCODINGS[pb.AUDIO_ENCODING_UNSPECIFIED] = Encoding.PCM_S16LE
_TIERS: dict[int, Tier | None] = {
    pb.QUALITY_TIER_UNSPECIFIED: None,
    pb.QUALITY_TIER_AUTO: None,
    pb.QUALITY_TIER_HIGH: "high",
    pb.QUALITY_TIER_BALANCED: "balanced",
    pb.QUALITY_TIER_FAST: "fast",
}
_TIER_TO_PB: dict[Tier | None, pb.QualityTier.ValueType] = {
    None: pb.QUALITY_TIER_UNSPECIFIED,
    "high": pb.QUALITY_TIER_HIGH,
    "balanced": pb.QUALITY_TIER_BALANCED,
    "fast": pb.QUALITY_TIER_FAST,
}


def request_from_pb(message: pb.SynthesizeRequest) -> SpeechRequest:
    """A request off the wire; what it asks for is checked later, against the voice.

    Raises:
        InvalidInput: for an enum value this server does not know.
    """
    if message.audio.encoding not in _ENCODINGS:
        raise InvalidInput("audio.encoding", f"{message.audio.encoding} is not known here")
    if message.quality_tier not in _TIERS:
        raise InvalidInput("quality_tier", f"{message.quality_tier} is not known here")
    return SpeechRequest(
        text=message.ssml if message.WhichOneof("input") == "ssml" else message.text,
        is_ssml=message.WhichOneof("input") == "ssml",
        voice=message.voice.name,
        language=message.voice.language,
        speaker=message.voice.speaker,
        style=message.voice.style,
        style_instruction=message.voice.style_instruction,
        has_prompt=message.HasField("prompt"),
        rate=message.prosody.rate,
        pitch_semitones=message.prosody.pitch_semitones,
        energy_db=message.prosody.energy_db,
        volume_db=message.prosody.volume_db,
        encoding=_ENCODINGS[message.audio.encoding],
        sample_rate_hz=message.audio.sample_rate_hz,
        bit_rate=message.audio.bit_rate,
        loudness_lufs=message.audio.loudness_lufs,
        max_leading_silence_ms=_set_or_none(message.audio, "max_leading_silence_ms"),
        max_trailing_silence_ms=_set_or_none(message.audio, "max_trailing_silence_ms"),
        tier=_TIERS[message.quality_tier],
        word_timestamps=message.word_timestamps,
        phoneme_timestamps=message.phoneme_timestamps,
        lexicon=_lexicon(message.lexicon),
        request_id=message.request_id or uuid.uuid4().hex,
    )


_ALPHABETS = {"ipa": "ipa", "x_sampa": "x-sampa", "arpabet": "arpabet", "pinyin": "pinyin"}


def _lexicon(entries: Sequence[pb.LexiconEntry]) -> tuple[LexiconEntry, ...]:
    """A request's lexicon.

    Raises:
        InvalidInput: when it has more entries than any server takes, or one that says nothing.
    """
    if len(entries) > MAX_LEXICON_ENTRIES:
        raise InvalidInput("lexicon", f"has {len(entries)} entries, {MAX_LEXICON_ENTRIES} are taken at most")
    return tuple(_entry(i, entry) for i, entry in enumerate(entries))


def _entry(index: int, message: pb.LexiconEntry) -> LexiconEntry:
    """An entry of the request's lexicon.

    Raises:
        InvalidInput: when it says nothing.
    """
    how = message.WhichOneof("said")
    if how is None:
        raise InvalidInput(f"lexicon[{index}]", "does not say how the word is said")
    return LexiconEntry(message.written, _ALPHABETS.get(how, RESPELLING), getattr(message, how))


def _set_or_none(
    audio: pb.AudioFormat, name: Literal["max_leading_silence_ms", "max_trailing_silence_ms"]
) -> int | None:
    return int(getattr(audio, name)) if audio.HasField(name) else None


def live_options_from_pb(message: pb.LiveOptions) -> SpeechRequest:
    """The options of a live stream: a request whose text is to come.

    Raises:
        InvalidInput: for an enum value this server does not know.
    """
    return request_from_pb(
        pb.SynthesizeRequest(
            voice=message.voice,
            prosody=message.prosody,
            audio=message.audio,
            quality_tier=message.quality_tier,
            word_timestamps=message.word_timestamps,
            phoneme_timestamps=message.phoneme_timestamps,
            lexicon=message.lexicon,
            request_id=message.request_id,
        )
    )


def said_from_pb(message: pb.SynthesizeLiveRequest) -> Said:
    """What a caller says after it has opened a live stream.

    Raises:
        InvalidInput: for a message that does not belong there.
    """
    match message.WhichOneof("message"):
        case "text":
            return Text(message.text)
        case "flush":
            return Flush()
        case "end_turn":
            return EndTurn()
        case "interrupt":
            return Interrupt(message.interrupt.turn, message.interrupt.heard_ms)
        case "open":
            raise InvalidInput("open", "only the first message opens the stream")
    raise InvalidInput("message", "is none that is known here")


def interrupted_to_pb(turn: int, told: Interrupted) -> pb.SynthesizeLiveResponse:
    """What was heard of an interrupted turn."""
    return pb.SynthesizeLiveResponse(
        turn=turn,
        interrupted=pb.Interrupted(heard_ms=told.heard_ms, text_end=told.text_end, last_word=told.last_word),
    )


def header_to_pb(checked: CheckedRequest) -> pb.StreamHeader:
    """What the stream delivers."""
    return pb.StreamHeader(
        request_id=checked.request.request_id,
        voice=checked.voice.name,
        speaker=checked.speaker.name,
        language=checked.language,
        audio=pb.AudioFormat(
            encoding=_ENCODING_TO_PB[checked.audio.encoding],
            sample_rate_hz=checked.audio.sample_rate_hz,
            bit_rate=checked.audio.bit_rate,
        ),
        trace_id=current_trace_id(),
        style_reading=_style_to_pb(checked.told_style),
    )


def _style_to_pb(told: StyleReading | None) -> pb.StyleReading | None:
    if told is None:
        return None
    return pb.StyleReading(
        style=told.style,
        rate=told.rate,
        pitch_semitones=told.pitch_semitones,
        energy_db=told.energy_db,
        understood=told.understood,
    )


def chunk_to_pb(chunk: AudioChunk, sequence: int) -> pb.SynthesizeResponse:
    """A chunk of audio."""
    response = pb.SynthesizeResponse(
        sequence=sequence,
        audio=chunk.audio,
        offset_ms=chunk.offset_ms,
        segment_index=chunk.segment_index,
        words=[
            pb.WordTiming(
                spoken_text=word.text,
                start_ms=word.start_ms,
                end_ms=word.end_ms,
                text_start=word.start,
                text_end=word.end,
            )
            for word in chunk.times.words
        ],
        phonemes=[
            pb.PhonemeTiming(
                phoneme=phoneme.text,
                start_ms=phoneme.start_ms,
                end_ms=phoneme.end_ms,
                text_start=phoneme.start,
                text_end=phoneme.end,
            )
            for phoneme in chunk.times.phonemes
        ],
        marks=[pb.MarkTiming(name=mark.name, time_ms=mark.start_ms) for mark in chunk.times.marks],
    )
    if info := chunk.segment:
        response.segment.CopyFrom(
            pb.Segment(
                index=info.index,
                spoken_text=info.spoken_text,
                text_start=info.start,
                text_end=info.end,
                quality_tier=_TIER_TO_PB[info.tier],
                duration_ms=info.duration_ms,
                voice=info.voice,
                speaker=info.speaker,
            )
        )
    return response


def summary_to_pb(summary: Summary, sequence: int) -> pb.SynthesizeResponse:
    """The last response."""
    return pb.SynthesizeResponse(
        sequence=sequence,
        offset_ms=summary.audio_s * 1000.0,
        segment_index=max(summary.n_segments - 1, 0),
        summary=pb.Summary(
            audio_s=summary.audio_s,
            n_segments=summary.n_segments,
            first_audio_ms=summary.first_audio_ms,
            total_ms=summary.total_ms,
            voice_revision=summary.voice_revision,
            stages=[
                pb.StageTiming(
                    stage=time.stage,
                    segment_index=time.segment_index,
                    start_ms=time.start_ms,
                    duration_ms=time.duration_ms,
                    compute_ms=time.compute_ms,
                    queue_ms=time.queue_ms,
                    quality_tier=_TIER_TO_PB[time.tier],
                )
                for time in summary.stages
            ],
            warnings=[
                pb.Warning(code=w.code, message=w.message, text_start=w.start, text_end=w.end)
                for w in summary.warnings
            ],
        ),
    )


def voice_to_pb(voice: VoiceBundle) -> pb.Voice:
    """A voice's description."""
    config = voice.config
    return pb.Voice(
        name=voice.name,
        description=config.description,
        languages=config.languages,
        speakers=[pb.Speaker(name=s.name, description=s.description) for s in config.speakers],
        styles=config.styles,
        sample_rate_hz=config.feature_space.sample_rate_hz,
        quality_tiers=[_TIER_TO_PB[tier] for tier in config.vocoders],
        capabilities=pb.Capabilities(
            pitch=config.acoustic.pitch_range_semitones > 0,
            pitch_range_semitones=config.acoustic.pitch_range_semitones,
            energy_range_db=config.acoustic.energy_range_db,
        ),
        revision=voice.revision,
        license=config.license,
        loudness_lufs=config.loudness_lufs or 0.0,
    )
