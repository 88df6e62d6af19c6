from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speechmesh.frontend.encode import PcmEncoder
from speechmesh.frontend.request import Encoding

S16, F32 = Encoding.PCM_S16LE, Encoding.PCM_F32LE


def sine(n_samples: int, frequency_hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / 16_000)).astype(np.float32)


def encode(samples: np.ndarray, cuts: list[int], **options: object) -> np.ndarray:
    encoder = PcmEncoder(
        **{"encoding": F32, "from_hz": 16_000, "to_hz": 16_000, "volume_db": 0.0, **options}  # type: ignore[arg-type]
    )
    pieces = np.split(samples, sorted(cuts))
    coded = [encoder.encode(piece, last=n == len(pieces) - 1) for n, piece in enumerate(pieces)]
    return np.frombuffer(b"".join(coded), "<i2" if options.get("encoding") is S16 else "<f4")


@given(st.lists(st.integers(0, 4000), max_size=5), st.sampled_from([8_000, 16_000, 24_000, 48_000]))
@settings(deadline=None, max_examples=30)
def test_the_cuts_cannot_be_heard(cuts: list[int], to_hz: int) -> None:
    samples = sine(4000)
    np.testing.assert_allclose(
        encode(samples, cuts, to_hz=to_hz), encode(samples, [], to_hz=to_hz), atol=1e-6
    )


@pytest.mark.parametrize("to_hz", [8_000, 22_050, 44_100, 48_000])
def test_resampling_keeps_pitch_and_level(to_hz: int) -> None:
    out = encode(sine(16_000), [1600, 3200], to_hz=to_hz)
    assert len(out) == pytest.approx(to_hz, abs=2)
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out))))
    assert np.argmax(spectrum) * to_hz / len(out) == pytest.approx(440, abs=2)
    assert np.std(out) == pytest.approx(np.std(sine(16_000)), rel=0.01)


def test_sixteen_bits_are_rounded_and_limited() -> None:
    coded = encode(np.array([0.0, 1.0, -1.0, 2.0, -2.0, 0.5], np.float32), [], encoding=S16)
    assert coded.tolist() == [0, 32767, -32767, 32767, -32767, 16384]


def test_the_volume_is_in_decibels_and_limited() -> None:
    coded = encode(np.array([0.1, 0.9], np.float32), [], volume_db=6.0206)
    np.testing.assert_allclose(coded, [0.2, 1.0], atol=1e-4)


def test_the_offset_is_what_came_out() -> None:
    encoder = PcmEncoder(S16, from_hz=16_000, to_hz=8_000, volume_db=0.0)
    n_bytes = 0
    for last in (False, False, True):
        assert encoder.offset_ms == pytest.approx(n_bytes / 16.0)
        n_bytes += len(encoder.encode(sine(1600), last=last))
    assert encoder.offset_ms == pytest.approx(300.0)
