from __future__ import annotations

import pytest
import torch

from speechmesh.vocoder.networks.spectral import InverseStft


def random_spectrum(n_fft: int, n_frames: int) -> torch.Tensor:
    parts = torch.randn(2, 2, n_fft // 2 + 1, n_frames, generator=torch.Generator().manual_seed(1))
    return torch.complex(parts[0], parts[1])


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "win_length"), [(64, 16, 64), (64, 16, 48), (64, 20, 64), (48, 10, 40)]
)
@pytest.mark.parametrize("n_frames", [2, 3, 17])
def test_center_equals_torch(n_fft: int, hop_length: int, win_length: int, n_frames: int) -> None:
    spectrum = random_spectrum(n_fft, n_frames)
    ours = InverseStft(n_fft, hop_length, win_length, "center")(spectrum.real, spectrum.imag)
    window = torch.hann_window(win_length)
    theirs = torch.istft(spectrum, n_fft, hop_length, win_length, window, center=True)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("n_fft", "hop_length", "win_length"), [(64, 16, 64), (64, 20, 60), (64, 32, 64)])
@pytest.mark.parametrize("n_frames", [1, 2, 17])
def test_same_gives_hop_samples_a_frame(n_fft: int, hop_length: int, win_length: int, n_frames: int) -> None:
    spectrum = random_spectrum(n_fft, n_frames)
    ours = InverseStft(n_fft, hop_length, win_length, "same")(spectrum.real, spectrum.imag)
    offset, window = (n_fft - win_length) // 2, torch.hann_window(win_length)
    sums = torch.zeros(2, (n_frames - 1) * hop_length + win_length)
    overlap = torch.zeros(sums.shape[1])
    for t, frame in enumerate(torch.fft.irfft(spectrum, dim=1).unbind(-1)):
        place = slice(t * hop_length, t * hop_length + win_length)
        sums[:, place] += frame[:, offset : offset + win_length] * window
        overlap[place] += window**2
    crop = (win_length - hop_length) // 2
    theirs = (sums / overlap)[:, crop : sums.shape[1] - crop]
    assert ours.shape == (2, n_frames * hop_length)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_overlap_is_right_even_for_infinite_spectra() -> None:
    istft = InverseStft(64, 16, 64, "center")
    real = torch.zeros(1, 33, 9)
    real[0, 0, 4] = torch.inf
    wav = istft(real, torch.zeros_like(real))
    assert torch.isfinite(wav[0, : 16 * 2]).all()


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "win_length", "padding"),
    [
        (65, 16, 64, "center"),
        (64, 16, 63, "center"),
        (64, 16, 80, "center"),
        (64, 0, 64, "center"),
        (64, 15, 64, "same"),
        (64, 64, 64, "same"),
    ],
)
def test_sizes_that_cannot_be_inverted_are_refused(
    n_fft: int, hop_length: int, win_length: int, padding: str
) -> None:
    with pytest.raises(ValueError, match="hop_length"):
        InverseStft(n_fft, hop_length, win_length, padding)  # type: ignore[arg-type]
