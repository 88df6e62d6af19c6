"""Text in, audio out, through three real services."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from speechmesh.client import SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.conftest import MakeMesh, Mesh

TEXT = "Good morning. The train to Boston leaves at 9:15, from platform 4; please hurry! Are you ready?"


def samples_of(responses: list[pb.SynthesizeResponse]) -> np.ndarray:
    return np.frombuffer(b"".join(response.audio for response in responses), "<i2")


async def speak(mesh: Mesh, text: str = TEXT, **options: object) -> list[pb.SynthesizeResponse]:
    async with mesh.client.synthesize(text, SpeechOptions(**options)) as stream:  # type: ignore[arg-type]
        return [response async for response in stream]


async def test_the_stream_is_numbered_timed_and_summed_up(mesh: Mesh) -> None:
    responses = await speak(mesh)
    assert [response.sequence for response in responses] == list(range(len(responses)))
    assert [response.HasField("header") for response in responses] == [True] + [False] * (len(responses) - 1)
    assert [response.HasField("summary") for response in responses] == [False] * (len(responses) - 1) + [True]
    header, summary = responses[0].header, responses[-1].summary
    assert (header.voice, header.speaker, header.language) == ("bootstrap", "rms", "en-US")
    assert header.audio == pb.AudioFormat(encoding=pb.AUDIO_ENCODING_PCM_S16LE, sample_rate_hz=16_000)
    n_samples = 0
    for response in responses:
        assert response.offset_ms == pytest.approx(n_samples / 16.0)
        n_samples += len(response.audio) // 2
    assert summary.audio_s == pytest.approx(n_samples / 16_000)
    assert 0 < summary.first_audio_ms < summary.total_ms
    assert {stage.stage for stage in summary.stages} == {"text", "acoustic", "vocoder"}
    for stage in summary.stages:
        assert stage.start_ms + stage.duration_ms <= summary.total_ms


async def test_segments_come_in_order_and_cover_the_text(mesh: Mesh) -> None:
    responses = await speak(mesh)
    segments = [response.segment for response in responses if response.HasField("segment")]
    assert [segment.index for segment in segments] == list(range(responses[-1].summary.n_segments))
    assert segments[0].spoken_text == "good morning"
    assert TEXT[segments[0].text_start : segments[0].text_end].startswith("Good morning")
    assert TEXT[segments[-1].text_start : segments[-1].text_end] == "Are you ready?"
    indices = [response.segment_index for response in responses]
    assert indices == sorted(indices)


async def test_the_first_chunk_is_small_and_comes_before_the_rest_is_made(mesh: Mesh) -> None:
    responses = await speak(mesh, TEXT * 3)
    assert len(responses[0].audio) == 8 * 200 * 2  # the ladder's first step
    summary = responses[-1].summary
    last_start = max(stage.start_ms for stage in summary.stages if stage.stage == "acoustic")
    assert summary.first_audio_ms < last_start + summary.total_ms / 2
    first_vocoded = min(s.start_ms + s.duration_ms for s in summary.stages if s.stage == "vocoder")
    assert first_vocoded < summary.total_ms / 2


async def test_the_audio_is_speech_like_in_length_and_level(mesh: Mesh) -> None:
    samples = samples_of(await speak(mesh)) / 32768.0
    assert 5.0 < len(samples) / 16_000 < 12.0
    level_db = 20 * np.log10(np.sqrt(np.mean(samples**2)))
    assert -32 < level_db < -12
    assert np.max(np.abs(samples)) < 0.999
    assert abs(np.mean(samples)) < 0.01


async def test_equal_requests_give_equal_audio_alone_or_in_a_crowd(mesh: Mesh) -> None:
    texts = [f"This is listener number {n}. The answer is {n * 37}." for n in range(8)]
    alone = [samples_of(await speak(mesh, text)) for text in texts]
    crowd = await asyncio.gather(*(speak(mesh, text) for text in texts * 2))
    for expected, got in zip(alone * 2, map(samples_of, crowd), strict=True):
        assert len(expected) == len(got)
        assert np.max(np.abs(expected.astype(int) - got)) <= 4  # 1e-4 of full scale


async def test_words_are_timed_in_order_within_the_audio(mesh: Mesh) -> None:
    responses = await speak(mesh, word_timestamps=True)
    words = [word for response in responses for word in response.words]
    assert [word.spoken_text for word in words[:4]] == ["good", "morning", "the", "train"]
    starts = [word.start_ms for word in words]
    assert starts == sorted(starts)
    assert all(word.start_ms < word.end_ms <= responses[-1].summary.audio_s * 1000 for word in words)
    boston = next(word for word in words if word.spoken_text == "boston")
    assert TEXT[boston.text_start : boston.text_end] == "Boston"
    for response in responses:
        end_ms = response.offset_ms + len(response.audio) / 32.0
        assert all(response.offset_ms <= word.start_ms < end_ms + 1e-6 for word in response.words)


async def test_no_words_come_unasked(mesh: Mesh) -> None:
    assert not any(response.words for response in await speak(mesh))


@pytest.mark.parametrize("sample_rate_hz", [8_000, 22_050, 48_000])
async def test_another_sample_rate_changes_the_length_alone(mesh: Mesh, sample_rate_hz: int) -> None:
    native = await speak(mesh)
    resampled = await speak(mesh, sample_rate_hz=sample_rate_hz)
    assert resampled[0].header.audio.sample_rate_hz == sample_rate_hz
    n_expected = len(samples_of(native)) * sample_rate_hz / 16_000
    assert len(samples_of(resampled)) == pytest.approx(n_expected, abs=2)
    assert resampled[-1].summary.audio_s == pytest.approx(native[-1].summary.audio_s, abs=1e-3)


async def test_float_audio_is_the_same_audio(mesh: Mesh) -> None:
    as_int = samples_of(await speak(mesh))
    raw = b"".join(response.audio for response in await speak(mesh, encoding="pcm_f32le"))
    np.testing.assert_allclose(np.frombuffer(raw, "<f4"), as_int / 32767.0, atol=1e-4)


async def test_volume_is_in_decibels(mesh: Mesh) -> None:
    normal, quiet = [samples_of(await speak(mesh, volume_db=db)).astype(float) for db in (0.0, -20.0)]
    assert np.std(quiet) == pytest.approx(np.std(normal) / 10, rel=0.02)


async def test_rate_changes_the_duration(mesh: Mesh) -> None:
    normal, fast = [(await speak(mesh, rate=rate))[-1].summary.audio_s for rate in (1.0, 1.5)]
    assert fast == pytest.approx(normal / 1.5, rel=0.15)


async def test_what_cannot_be_spoken_is_dropped_and_said_so(mesh: Mesh) -> None:
    text = "Hello 世界, how are you?"
    summary = (await speak(mesh, text))[-1].summary
    (warning,) = summary.warnings
    assert warning.code == "CHARACTERS_DROPPED"
    assert text[warning.text_start : warning.text_end] == "世界"
    assert "世界" in warning.message


async def test_voices_describe_themselves(mesh: Mesh) -> None:
    (voice,) = await mesh.client.voices()
    assert (voice.name, list(voice.languages), voice.sample_rate_hz) == ("bootstrap", ["en-US"], 16_000)
    assert list(voice.quality_tiers) == [pb.QUALITY_TIER_BALANCED]
    assert [v.name for v in await mesh.client.voices("en")] == ["bootstrap"]
    assert await mesh.client.voices("zh") == []


async def test_a_connection_that_is_closed_for_its_age_costs_no_request(make_mesh: MakeMesh) -> None:
    aging = {"max_connection_age_s": 0.2}
    async with make_mesh(frontend=aging, acoustic=aging, vocoder=aging) as mesh:
        give_up_at = time.monotonic() + 2.0
        n_spoken = 0
        while time.monotonic() < give_up_at:
            n_spoken += len(await asyncio.gather(*(speak(mesh, "Old age.") for _ in range(4))))
        assert n_spoken >= 8


async def test_a_long_text_flows_with_few_segments_in_flight(make_mesh: MakeMesh) -> None:
    async with make_mesh(frontend={"max_segments_in_flight": 1}) as mesh:
        summary = (await speak(mesh, TEXT * 2))[-1].summary
        acoustic = [stage for stage in summary.stages if stage.stage == "acoustic"]
        vocoder = [stage for stage in summary.stages if stage.stage == "vocoder"]
        for earlier, later in zip(vocoder, acoustic[1:], strict=False):
            assert later.start_ms >= earlier.start_ms + earlier.duration_ms - 1.0
