from __future__ import annotations

import pytest

import speechmesh.client
from speechmesh.client import LexiconEntry, SpeechOptions
from speechmesh.client.options import ENCODINGS, TIERS
from speechmesh.speech.v1 import speech_pb2 as pb


def test_the_public_surface_is_what_is_exported() -> None:
    assert sorted(speechmesh.client.__all__) == [
        "AsyncClient",
        "AsyncLiveStream",
        "AsyncSpeechStream",
        "AudioFile",
        "Client",
        "LexiconEntry",
        "LiveStream",
        "SpeechError",
        "SpeechOptions",
        "SpeechStream",
        "SubtitleFile",
        "read_lexicon",
    ]
    assert all(hasattr(speechmesh.client, name) for name in speechmesh.client.__all__)


OPTIONS = SpeechOptions(
    voice="v", language="en-US", speaker="s", style="y", style_instruction="as a pirate", rate=1.5,
    pitch_semitones=1.0, volume_db=-3.0, energy_db=2.0, encoding="mp3", sample_rate_hz=8000, bit_rate=32_000,
    loudness_lufs=-16.0, max_leading_silence_ms=0, max_trailing_silence_ms=200, quality_tier="fast",
    word_timestamps=True, phoneme_timestamps=True, lexicon=[LexiconEntry("nginx", respelling="engine x")],
    request_id="r",
)  # fmt: skip
FIELDS = {
    "voice": pb.VoiceSelection(
        name="v", language="en-US", speaker="s", style="y", style_instruction="as a pirate"
    ),
    "prosody": pb.Prosody(rate=1.5, pitch_semitones=1.0, volume_db=-3.0, energy_db=2.0),
    "audio": pb.AudioFormat(
        encoding=pb.AUDIO_ENCODING_MP3,
        sample_rate_hz=8000,
        bit_rate=32_000,
        loudness_lufs=-16.0,
        max_leading_silence_ms=0,
        max_trailing_silence_ms=200,
    ),
    "quality_tier": pb.QUALITY_TIER_FAST,
    "word_timestamps": True,
    "phoneme_timestamps": True,
    "lexicon": [pb.LexiconEntry(written="nginx", respelling="engine x")],
    "request_id": "r",
}


def test_every_option_reaches_the_request() -> None:
    assert OPTIONS.request("text") == pb.SynthesizeRequest(text="text", **FIELDS)  # type: ignore[arg-type]
    assert OPTIONS.request("<speak/>", ssml=True) == pb.SynthesizeRequest(ssml="<speak/>", **FIELDS)  # type: ignore[arg-type]


def test_every_option_reaches_a_live_stream() -> None:
    assert OPTIONS.live() == pb.LiveOptions(**FIELDS)  # type: ignore[arg-type]
    assert {field.name for field in pb.LiveOptions.DESCRIPTOR.fields} == set(FIELDS)


@pytest.mark.parametrize("field", ["encoding", "quality_tier"])
def test_a_name_that_does_not_exist_is_refused_before_the_call(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} 'x' is not one of"):
        SpeechOptions(**{field: "x"}).request("text")  # type: ignore[arg-type]


def test_the_client_knows_every_value_of_the_contract() -> None:
    assert set(ENCODINGS.values()) | {0} == set(pb.AudioEncoding.values())
    assert set(TIERS.values()) | {0} == set(pb.QualityTier.values())


@pytest.mark.parametrize(
    "field", ["sample_rate_hz", "bit_rate", "max_leading_silence_ms", "max_trailing_silence_ms"]
)
@pytest.mark.parametrize("number", [-1, 2**32])
def test_a_number_that_cannot_be_sent_is_named(field: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"{field} {number} is outside 0 to 4294967295"):
        SpeechOptions(**{field: number}).request("text")  # type: ignore[arg-type]
