"""How a text is to be spoken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from speechmesh.client.lexicon import LexiconEntry
from speechmesh.speech.v1 import speech_pb2 as pb

DEFAULT_TARGET = "localhost:50051"

ENCODINGS = {
    "pcm_s16le": pb.AUDIO_ENCODING_PCM_S16LE,
    "pcm_f32le": pb.AUDIO_ENCODING_PCM_F32LE,
    "wav": pb.AUDIO_ENCODING_WAV,
    "flac": pb.AUDIO_ENCODING_FLAC,
    "mp3": pb.AUDIO_ENCODING_MP3,
    "ogg_opus": pb.AUDIO_ENCODING_OGG_OPUS,
    "aac": pb.AUDIO_ENCODING_AAC,
    "mulaw": pb.AUDIO_ENCODING_MULAW,
    "alaw": pb.AUDIO_ENCODING_ALAW,
}
TIERS = {
    "auto": pb.QUALITY_TIER_AUTO,
    "high": pb.QUALITY_TIER_HIGH,
    "balanced": pb.QUALITY_TIER_BALANCED,
    "fast": pb.QUALITY_TIER_FAST,
}

# Fields that are unsigned on the wire.
_UNSIGNED = ("sample_rate_hz", "bit_rate", "max_leading_silence_ms", "max_trailing_silence_ms")
_MAX_UINT32 = 0xFFFFFFFF

CHANNEL_OPTIONS: list[tuple[str, int | str]] = [
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    # A call whose server's machine vanishes ends, in place of waiting for ever; without calls there are no pings. After
    # its request a call sends nothing: gRPC would ping but once a minute.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.http2.max_pings_without_data", 0),
    # The first is for what TCP does not get rid of, the second for answers that do not come.
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
    # One that comes back is found within seconds, by the attempts at a call (see attempts.py) if it is soon.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
]


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How to speak; empty, zero and None mean the server's default. See speech.proto for each field."""

    voice: str = ""
    language: str = ""
    speaker: str = ""
    style: str = ""
    style_instruction: str = ""
    rate: float = 0.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    energy_db: float = 0.0
    encoding: str = "pcm_s16le"
    sample_rate_hz: int = 0
    bit_rate: int = 0
    loudness_lufs: float = 0.0
    max_leading_silence_ms: int | None = None
    max_trailing_silence_ms: int | None = None
    quality_tier: str = "auto"
    word_timestamps: bool = False
    phoneme_timestamps: bool = False
    lexicon: Sequence[LexiconEntry] = ()
    request_id: str = ""

    def request(self, text: str, *, ssml: bool = False) -> pb.SynthesizeRequest:
        """The request for a text, or for an SSML document.

        Raises:
            ValueError: for an encoding or tier that does not exist, or a number that cannot be sent.
        """
        for name, value, known in (
            ("encoding", self.encoding, ENCODINGS),
            ("quality_tier", self.quality_tier, TIERS),
        ):
            if value not in known:
                raise ValueError(f"{name} {value!r} is not one of {', '.join(known)}")
        for name in _UNSIGNED:
            number = getattr(self, name)
            if number is not None and not 0 <= number <= _MAX_UINT32:
                raise ValueError(f"{name} {number} is outside 0 to {_MAX_UINT32}")
        request = pb.SynthesizeRequest(
            voice=pb.VoiceSelection(
                name=self.voice,
                language=self.language,
                speaker=self.speaker,
                style=self.style,
                style_instruction=self.style_instruction,
            ),
            prosody=pb.Prosody(
                rate=self.rate,
                pitch_semitones=self.pitch_semitones,
                volume_db=self.volume_db,
                energy_db=self.energy_db,
            ),
            audio=pb.AudioFormat(
                encoding=ENCODINGS[self.encoding],
                sample_rate_hz=self.sample_rate_hz,
                bit_rate=self.bit_rate,
                loudness_lufs=self.loudness_lufs,
                max_leading_silence_ms=self.max_leading_silence_ms,
                max_trailing_silence_ms=self.max_trailing_silence_ms,
            ),
            quality_tier=TIERS[self.quality_tier],
            word_timestamps=self.word_timestamps,
            phoneme_timestamps=self.phoneme_timestamps,
            lexicon=[entry.message() for entry in self.lexicon],
            request_id=self.request_id,
        )
        if ssml:
            request.ssml = text
        else:
            request.text = text
        return request

    def live(self) -> pb.LiveOptions:
        """The same for all turns of a live stream.

        Raises:
            ValueError: for an encoding or tier that does not exist, or a number that cannot be sent.
        """
        request = self.request("")
        return pb.LiveOptions(
            voice=request.voice,
            prosody=request.prosody,
            audio=request.audio,
            quality_tier=request.quality_tier,
            word_timestamps=request.word_timestamps,
            phoneme_timestamps=request.phoneme_timestamps,
            lexicon=request.lexicon,
            request_id=request.request_id,
        )
