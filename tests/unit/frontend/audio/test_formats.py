from __future__ import annotations

import pytest

from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.audio.coders import make_coder
from speechmesh.frontend.audio.formats import AudioFormat, Encoding, resolve

E = Encoding


@pytest.mark.parametrize(
    ("encoding", "own_hz", "resolved"),
    [
        (E.PCM_S16LE, 22_050, AudioFormat(E.PCM_S16LE, 22_050)),
        (E.FLAC, 22_050, AudioFormat(E.FLAC, 22_050)),
        (E.MULAW, 22_050, AudioFormat(E.MULAW, 8_000)),
        (E.ALAW, 16_000, AudioFormat(E.ALAW, 8_000)),
        (E.MP3, 22_050, AudioFormat(E.MP3, 22_050, 64_000)),
        (E.OGG_OPUS, 16_000, AudioFormat(E.OGG_OPUS, 16_000, 32_000)),
        (E.OGG_OPUS, 22_050, AudioFormat(E.OGG_OPUS, 24_000, 32_000)),
        (E.OGG_OPUS, 44_100, AudioFormat(E.OGG_OPUS, 48_000, 32_000)),
    ],
)
def test_defaults_are_the_voices_or_the_next_that_the_coding_has(
    encoding: Encoding, own_hz: int, resolved: AudioFormat
) -> None:
    assert resolve(encoding, 0, 0, own_hz=own_hz) == resolved


@pytest.mark.parametrize(
    ("encoding", "sample_rate_hz", "bit_rate", "field"),
    [
        (E.PCM_S16LE, 7_999, 0, "audio.sample_rate_hz"),
        (E.PCM_S16LE, 48_001, 0, "audio.sample_rate_hz"),
        (E.OGG_OPUS, 22_050, 0, "audio.sample_rate_hz"),
        (E.MP3, 9_000, 0, "audio.sample_rate_hz"),
        (E.FLAC, 16_000, 64_000, "audio.bit_rate"),
        (E.MULAW, 0, 64_000, "audio.bit_rate"),
        (E.OGG_OPUS, 0, 5_999, "audio.bit_rate"),
        (E.OGG_OPUS, 0, 256_001, "audio.bit_rate"),
        (E.MP3, 8_000, 128_000, "audio.bit_rate"),
        (E.MP3, 48_000, 24_000, "audio.bit_rate"),
    ],
)
def test_what_the_coding_does_not_have_is_refused_by_name(
    encoding: Encoding, sample_rate_hz: int, bit_rate: int, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        resolve(encoding, sample_rate_hz, bit_rate, own_hz=16_000)
    assert caught.value.field == field


def test_a_bit_rate_that_mp3_does_not_have_becomes_the_nearest() -> None:
    assert resolve(E.MP3, 16_000, 70_000, own_hz=16_000).bit_rate == 64_000


def test_aac_is_refused_where_its_extra_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("speechmesh.frontend.audio.formats.find_spec", lambda name: None)
    with pytest.raises(InvalidInput, match="aac") as caught:
        resolve(E.AAC, 0, 0, own_hz=16_000)
    assert caught.value.field == "audio.encoding"


@pytest.mark.parametrize(
    "sample_rate_hz", [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000]
)
def test_libsndfile_takes_every_bit_rate_that_is_offered(sample_rate_hz: int) -> None:
    for bit_rate in (*range(16_000, 64_001, 8_000), *range(64_000, 320_001, 32_000)):
        try:
            form = resolve(E.MP3, sample_rate_hz, bit_rate, own_hz=16_000)
        except InvalidInput:
            continue
        assert make_coder(form).finish() is not None
