"""Every encoding, loudness and silence, through three real services."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path

import grpc
import numpy as np
import pytest

from speechmesh.client import SpeechError, SpeechOptions
from speechmesh.client.options import ENCODINGS
from speechmesh.frontend.audio.formats import AudioFormat, Encoding
from speechmesh.frontend.audio.silence import SILENCE_DBFS
from speechmesh.speech.v1 import speech_pb2 as pb
from tests.integration.conftest import MakeMesh, Mesh
from tests.unit.frontend.audio.sounds import FloatArray, decoded, delay, snr_db
from training.voices.loudness import integrated_lufs, true_peak_dbfs

TEXT = "Good morning. The train to Boston leaves at 9:15, from platform 4; please hurry! Are you ready?"
# Least signal to noise in dB of what is heard, against the float samples.
SNR_DB = {
    "pcm_s16le": 50, "pcm_f32le": 70, "wav": 50, "flac": 50, "mp3": 12, "ogg_opus": 8, "aac": 12, "mulaw": 30,
    "alaw": 30,
}  # fmt: skip
needs_av = pytest.mark.skipif(
    find_spec("av") is None, reason="AAC needs the extra `aac`, which is not installed"
)
EVERY_ENCODING = [pytest.param(name, marks=needs_av if name == "aac" else ()) for name in ENCODINGS]


async def speak(mesh: Mesh, text: str = TEXT, **options: object) -> list[pb.SynthesizeResponse]:
    async with mesh.client.synthesize(text, SpeechOptions(**options)) as stream:  # type: ignore[arg-type]
        return [response async for response in stream]


def heard(responses: list[pb.SynthesizeResponse]) -> FloatArray:
    """What a player makes of the whole stream."""
    audio = responses[0].header.audio
    name = next(name for name, value in ENCODINGS.items() if value == audio.encoding)
    form = AudioFormat(Encoding(name), audio.sample_rate_hz, audio.bit_rate)
    return decoded(form, b"".join(response.audio for response in responses))


async def samples(mesh: Mesh, text: str = TEXT, **options: object) -> FloatArray:
    return heard(await speak(mesh, text, encoding="pcm_f32le", **options))


@pytest.mark.parametrize("encoding", EVERY_ENCODING)
async def test_every_encoding_carries_the_same_speech(mesh: Mesh, encoding: str) -> None:
    rate_hz = 8_000 if encoding in ("mulaw", "alaw") else 16_000
    expected = await samples(mesh, sample_rate_hz=rate_hz)
    responses = await speak(mesh, encoding=encoding)
    assert responses[0].header.audio.sample_rate_hz == rate_hz
    assert (responses[0].header.audio.bit_rate > 0) == (encoding in ("mp3", "ogg_opus", "aac"))
    got = heard(responses)
    lag = delay(expected, got)
    assert 0 <= lag <= 1105 + 1
    assert 0 <= len(got) - len(expected) <= 2 * 1152
    assert snr_db(expected, got, lag) > SNR_DB[encoding]
    assert responses[-1].summary.audio_s == pytest.approx(len(expected) / rate_hz, abs=1e-3)


@pytest.mark.parametrize("encoding", EVERY_ENCODING)
async def test_a_stream_comes_in_pieces_whose_offsets_rise(mesh: Mesh, encoding: str) -> None:
    responses = await speak(mesh, TEXT * 2, encoding=encoding)
    with_audio = [response for response in responses if response.audio]
    assert len(with_audio) > 4
    offsets = [response.offset_ms for response in responses]
    assert offsets == sorted(offsets)
    assert offsets[0] == 0.0
    assert len(with_audio[0].audio) < sum(len(response.audio) for response in responses) / 4
    assert 0 < responses[-1].summary.first_audio_ms < responses[-1].summary.total_ms


@pytest.mark.parametrize(
    "options",
    [{"sample_rate_hz": 48_000}, {"encoding": "mp3"}, {"encoding": "flac"}, {"volume_db": 6.0}, {"encoding": "mulaw"}],
)  # fmt: skip
async def test_words_are_at_the_same_times_however_the_audio_is_coded(
    mesh: Mesh, options: dict[str, object]
) -> None:
    def times(responses: list[pb.SynthesizeResponse]) -> list[tuple[str, float, float]]:
        return [(w.spoken_text, w.start_ms, w.end_ms) for response in responses for w in response.words]

    assert times(await speak(mesh, word_timestamps=True, **options)) == times(
        await speak(mesh, word_timestamps=True)
    )


@pytest.mark.parametrize("sample_rate_hz", [16_000, 48_000])
@pytest.mark.parametrize("loudness_lufs", [-30.0, -23.0, -16.0])
async def test_the_loudness_is_what_was_asked_for(
    mesh: Mesh, loudness_lufs: float, sample_rate_hz: int
) -> None:
    out = await samples(mesh, loudness_lufs=loudness_lufs, sample_rate_hz=sample_rate_hz)
    assert integrated_lufs(out, sample_rate_hz) == pytest.approx(loudness_lufs, abs=1.0)
    assert true_peak_dbfs(out) < -0.8


async def test_a_voice_says_how_loud_it_is(mesh: Mesh) -> None:
    (voice,) = await mesh.client.voices()
    out = await samples(mesh)
    assert integrated_lufs(out, 16_000) == pytest.approx(voice.loudness_lufs, abs=1.0)


async def test_volume_comes_on_top_of_the_loudness(mesh: Mesh) -> None:
    out = await samples(mesh, loudness_lufs=-23.0, volume_db=-6.0)
    assert integrated_lufs(out, 16_000) == pytest.approx(-29.0, abs=1.0)


async def test_what_is_made_louder_is_not_clipped_and_as_long_as_before(mesh: Mesh) -> None:
    plain, loud = await samples(mesh), await samples(mesh, volume_db=12.0)
    assert len(plain) == len(loud)
    assert delay(plain, loud) == 0
    assert np.max(np.abs(plain)) * 10 ** (12 / 20) > 1.0  # there was something to limit
    assert true_peak_dbfs(loud) < -0.8
    # A limiter bends the level, clipping the wave itself: what is left between both is little.
    quiet = np.abs(plain) < 0.1
    assert np.sqrt(np.mean(loud[quiet] ** 2)) > 2.5 * np.sqrt(np.mean(plain[quiet] ** 2))


async def test_silence_at_the_ends_is_cut_to_what_was_asked_for(mesh: Mesh) -> None:
    whole = await samples(mesh)
    audible = np.flatnonzero(np.abs(whole) > 10 ** (SILENCE_DBFS / 20))
    first, last = int(audible[0]), int(audible[-1]) + 1
    assert first > 160  # there is something to cut
    assert len(whole) - last > 160
    for leading_ms, trailing_ms in ((0, 0), (5, 5), (None, 0), (0, None)):
        trimmed = await samples(mesh, max_leading_silence_ms=leading_ms, max_trailing_silence_ms=trailing_ms)
        begin = 0 if leading_ms is None else first - 16 * leading_ms
        end = len(whole) if trailing_ms is None else last + 16 * trailing_ms
        np.testing.assert_allclose(trimmed, whole[begin:end], atol=1e-4)


async def test_words_move_with_the_silence_before_them(mesh: Mesh) -> None:
    plain = await speak(mesh, word_timestamps=True, encoding="pcm_f32le")
    moved = await speak(mesh, word_timestamps=True, encoding="pcm_f32le", max_leading_silence_ms=0)
    shift_ms = (len(heard(plain)) - len(heard(moved))) / 16.0
    pairs = zip([w for r in plain for w in r.words], [w for r in moved for w in r.words], strict=True)
    for before, after in pairs:
        assert after.start_ms == pytest.approx(max(before.start_ms - shift_ms, 0.0), abs=0.01)
        assert after.end_ms == pytest.approx(before.end_ms - shift_ms, abs=0.01)


async def test_more_silence_may_be_asked_for_than_the_server_leaves(mesh: Mesh) -> None:
    plain, longer = await samples(mesh), await samples(mesh, max_leading_silence_ms=5_000)
    assert len(longer) >= len(plain)


async def test_the_server_may_cut_the_silence_at_the_end_unasked(make_mesh: MakeMesh, mesh: Mesh) -> None:
    async with make_mesh(frontend={"max_trailing_silence_ms": 0}) as cutting:
        whole, trimmed = await samples(mesh), await samples(cutting)
        asked = await samples(cutting, max_trailing_silence_ms=10_000)
    assert len(trimmed) < len(whole) == len(asked)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"encoding": "ogg_opus", "sample_rate_hz": 22_050}, "audio.sample_rate_hz"),
        ({"encoding": "mp3", "sample_rate_hz": 10_000}, "audio.sample_rate_hz"),
        ({"encoding": "flac", "bit_rate": 64_000}, "audio.bit_rate"),
        ({"encoding": "ogg_opus", "bit_rate": 1}, "audio.bit_rate"),
        ({"loudness_lufs": -41.0}, "audio.loudness_lufs"),
        ({"loudness_lufs": 3.0}, "audio.loudness_lufs"),
        ({"loudness_lufs": float("nan")}, "audio.loudness_lufs"),
        ({"max_leading_silence_ms": 10_001}, "audio.max_leading_silence_ms"),
        ({"max_trailing_silence_ms": 10_001}, "audio.max_trailing_silence_ms"),
    ],
)
async def test_what_cannot_be_had_is_refused_by_name(
    mesh: Mesh, options: dict[str, object], field: str
) -> None:
    with pytest.raises(SpeechError) as caught:
        await speak(mesh, **options)
    assert (caught.value.code, caught.value.field) == (grpc.StatusCode.INVALID_ARGUMENT, field)


async def test_each_turn_of_a_live_stream_is_a_stream_of_its_own(mesh: Mesh) -> None:
    async with asyncio.timeout(60), mesh.client.live(SpeechOptions(encoding="ogg_opus")) as stream:
        for text in ("The first turn.", "And the second."):
            await stream.send(text)
            await stream.end_turn()
        await stream.done()
        turns: dict[int, list[pb.SynthesizeResponse]] = {0: [], 1: []}
        async for response in stream:
            turns[response.turn].append(response.speech)
    for responses in turns.values():
        n_expected = responses[-1].summary.audio_s * 16_000
        assert len(heard(responses)) == pytest.approx(n_expected, abs=1)


@pytest.mark.parametrize(
    "encoding", [e for e in EVERY_ENCODING if e.values[0] not in ("pcm_s16le", "pcm_f32le")]
)
async def test_many_streams_code_at_once_and_each_gets_its_own(
    mesh: Mesh, encoding: str, tmp_path: Path
) -> None:
    texts = [f"This is listener number {n}." for n in range(4)]
    alone = [heard(await speak(mesh, text, encoding=encoding)) for text in texts]
    crowd = await asyncio.gather(*(speak(mesh, text, encoding=encoding) for text in texts * 2))
    for expected, got in zip(alone * 2, map(heard, crowd), strict=True):
        assert len(expected) == len(got)
        # Of samples that differ by 1e-4, as in a crowd, Opus makes another choice now and then.
        assert snr_db(expected, got, 0) > 15
