"""Sambert-HifiGan voices, imported from ModelScope's layout, through the whole mesh with a real Triton."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from speechmesh.acoustic.families import load_acoustic, speak_whole
from speechmesh.cli.segments import acoustic_segment
from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.common.bundle import load_bundles
from speechmesh.frontend.reader import load_reader
from speechmesh.vocoder.offline import vocode
from speechmesh.vocoder.triton.repository import build_repository
from tests.integration.conftest import MakeMesh, Mesh
from tests.integration.triton import Triton, running

TEXT = "今天天气怎么样？我们去公园散步吧，好不好？"


@pytest.fixture(scope="module")
async def mesh(
    make_mesh: MakeMesh, imported_voices: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mesh]:
    repository = tmp_path_factory.mktemp("models")
    build_repository(imported_voices, repository, instances=1, link=True)
    triton = Triton(repository, tmp_path_factory.mktemp("triton") / "log")
    voices = {"voices_dir": imported_voices}
    vocoder = voices | {"backend": "triton", "triton_url": triton.url}
    with running([triton]):
        async with make_mesh(frontend=voices, acoustic=voices, vocoder=vocoder) as made:
            yield made


async def speak(mesh: Mesh, text: str, **options: object) -> np.ndarray:
    async with mesh.client.synthesize(text, SpeechOptions(encoding="pcm_f32le", **options)) as stream:  # type: ignore[arg-type]
        return np.frombuffer(b"".join([response.audio async for response in stream]), "<f4")


def offline(folder: Path, speaker: int, style: str) -> np.ndarray:
    """The text by the graphs alone, segment by segment."""
    bundle = load_bundles(folder)["tiny_a"]
    reader, model = load_reader(bundle), load_acoustic(bundle, threads=1)
    pieces = []
    for part in reader.plan(TEXT, max_words=20, first_max_words=8).segments:
        segment = acoustic_segment(reader.tokens(part), bundle, speaker_id=speaker, style=style)
        pieces.append(vocode(bundle, "high", speak_whole(model, segment).frames))
    return np.concatenate(pieces)


async def test_what_streams_through_the_mesh_is_what_the_graphs_say(
    mesh: Mesh, imported_voices: Path
) -> None:
    wanted = [(0, "F7", "neutral"), (1, "M7", "happy"), (0, "F7", "sad")]
    spoken = await asyncio.gather(
        *(speak(mesh, TEXT, voice="tiny_a", speaker=name, style=style) for _, name, style in wanted)
    )
    for (speaker, _, style), samples in zip(wanted, spoken, strict=True):
        np.testing.assert_allclose(samples, offline(imported_voices, speaker, style), atol=1e-4)
    assert len({samples.tobytes() for samples in spoken}) == len(wanted)


async def test_every_imported_voice_makes_sound_of_the_length_that_its_words_say(mesh: Mesh) -> None:
    for voice in await mesh.client.voices():
        options = SpeechOptions(encoding="pcm_f32le", voice=voice.name, word_timestamps=True)
        async with mesh.client.synthesize(TEXT, options) as stream:
            responses = [response async for response in stream]
        samples = np.frombuffer(b"".join(response.audio for response in responses), "<f4")
        words = [word for response in responses for word in response.words]
        assert np.std(samples) > 1e-3
        assert "".join(word.spoken_text for word in words) == "今天天气怎么样我们去公园散步吧好不好"
        assert 0 < words[-1].end_ms <= 1000 * len(samples) / voice.sample_rate_hz


async def test_a_style_that_the_voice_has_not_is_refused_by_name(mesh: Mesh) -> None:
    with pytest.raises(SpeechError, match="'angry' is not a style of 'tiny_a'") as caught:
        await speak(mesh, TEXT, voice="tiny_a", style="angry")
    assert caught.value.field == "voice.style"
