"""The voices that ship, side by side in one mesh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.conftest import REPOSITORY
from tests.integration.conftest import MakeMesh, Mesh
from training.voices.loudness import integrated_lufs


@pytest.fixture(scope="module")
async def shipped(make_mesh: MakeMesh) -> AsyncIterator[Mesh]:
    voices = {"voices_dir": REPOSITORY / "voices"}
    async with make_mesh(frontend=voices, acoustic=voices, vocoder=voices) as mesh:
        yield mesh


async def speak(mesh: Mesh, text: str, **options: object) -> tuple[list[pb.SynthesizeResponse], np.ndarray]:
    async with mesh.client.synthesize(text, SpeechOptions(encoding="pcm_f32le", **options)) as stream:  # type: ignore[arg-type]
        responses = [response async for response in stream]
    return responses, np.frombuffer(b"".join(r.audio for r in responses), "<f4")


async def test_english_speaks_where_nothing_is_asked_for(shipped: Mesh) -> None:
    responses, _ = await speak(shipped, "Hello.")
    assert (responses[0].header.voice, responses[0].header.language) == ("english", "en-US")
    responses, _ = await speak(shipped, "你好。")
    assert (responses[0].header.voice, responses[0].header.language) == ("mandarin", "zh-CN")


async def test_the_language_finds_the_mandarin_voice_which_times_its_words(shipped: Mesh) -> None:
    text = "2024年3月5日，我花了1,299.50元。你好吗？"
    responses, samples = await speak(shipped, text, language="zh", word_timestamps=True)
    assert (responses[0].header.voice, responses[0].header.language) == ("mandarin", "zh-CN")
    assert len(samples) > 3 * 16_000
    assert np.std(samples) > 0.01
    words = [word for response in responses for word in response.words]
    spoken = "".join(word.spoken_text for word in words)
    assert spoken == "二零二四年三月五日我花了一千二百九十九点五零元你好吗"
    assert text[words[-1].text_start : words[-1].text_end] == "吗"
    starts = [word.start_ms for word in words]
    assert starts == sorted(starts)


async def test_every_speaker_of_every_voice_speaks_at_once_and_none_is_another(shipped: Mesh) -> None:
    texts = {"english": "One after another.", "mandarin": "一个接一个。"}
    wanted = [(v.name, s.name) for v in await shipped.client.voices() for s in v.speakers]
    spoken = await asyncio.gather(
        *(
            # A tier by name: auto is what the machine has time for.
            speak(shipped, texts[voice], voice=voice, speaker=speaker, quality_tier="high")
            for voice, speaker in wanted
        )
    )
    for (voice, speaker), (responses, samples) in zip(wanted, spoken, strict=True):
        assert (responses[0].header.voice, responses[0].header.speaker) == (voice, speaker)
        alone = (await speak(shipped, texts[voice], voice=voice, speaker=speaker, quality_tier="high"))[1]
        np.testing.assert_allclose(samples, alone, atol=1e-4)
    assert len({samples.tobytes() for _, samples in spoken}) == len(wanted)


async def test_pitch_and_effort_reach_the_model(shipped: Mesh) -> None:
    plain = (await speak(shipped, "Hello there."))[1]
    for change in ({"pitch_semitones": 3.0}, {"energy_db": 6.0}):
        changed = (await speak(shipped, "Hello there.", **change))[1]
        assert len(changed) == len(plain)
        assert np.abs(changed - plain).max() > 0.01


@pytest.mark.parametrize(
    ("options", "field", "range_"),
    [
        ({"pitch_semitones": 4.0}, "prosody.pitch_semitones", "-3 to 3 semitones"),
        ({"energy_db": -10.0}, "prosody.energy_db", "-9 to 9 dB"),
    ],
)
async def test_a_shift_that_the_voice_cannot_make_is_refused_with_its_range(
    shipped: Mesh, options: dict[str, float], field: str, range_: str
) -> None:
    with pytest.raises(SpeechError, match=range_) as caught:
        await speak(shipped, "Hello.", **options)
    assert caught.value.field == field


async def test_a_voice_tells_how_far_its_controls_go(shipped: Mesh) -> None:
    (english,) = await shipped.client.voices("en")
    assert english.capabilities.pitch
    assert english.capabilities.pitch_range_semitones == 3.0
    assert english.capabilities.energy_range_db == 9.0
    assert [speaker.name for speaker in english.speakers] == ["rms", "slt", "awb", "alma"]


@pytest.mark.parametrize("tier", ["high", "fast"])
async def test_every_speaker_is_as_loud_as_the_voice_says(shipped: Mesh, tier: str) -> None:
    texts = {
        "english": "The birch canoe slid on the smooth planks. It is easy to tell the depth of a well.",
        "mandarin": "他每天早上六点起床，然后去河边跑步。晚上他喜欢看书。",
    }
    wanted = [(v.name, s.name) for v in await shipped.client.voices() for s in v.speakers]
    for voice, speaker in wanted:
        options = {"voice": voice, "speaker": speaker, "quality_tier": tier, "loudness_lufs": -18.0}
        samples = (await speak(shipped, texts[voice], **options))[1]
        assert integrated_lufs(samples, 16_000) == pytest.approx(-18.0, abs=1.2), (voice, speaker)
