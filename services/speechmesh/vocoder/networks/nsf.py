"""The source of a neural source-filter vocoder: harmonics of F0 and noise, at the rate of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.vocoder.networks.noise import PositionNoise

_VOICED_FROM = 0.6
_SINE_AMPLITUDE = 0.1
_NOISE_DEVIATION = 0.003
# Unvoiced samples are noise of a third of the sine's amplitude, voiced ones carry very little.
_UNVOICED_GAIN = _SINE_AMPLITUDE / 3.0 / _NOISE_DEVIATION
# Phases are kept in whole 2^-32 of a cycle: sums of those are exact however long the stream.
_PHASE_STEPS = 1 << 32
_GOLDEN_RATIO = (math.sqrt(5.0) - 1.0) / 2.0


class HarmonicSource(nn.Module):
    """F0 and voicing per frame -> excitation per sample (NSF: Wang et al., 2019, arXiv:1810.11946).

    Upstream draws the harmonics' first phases and the noise at random; here both are fixed functions of the
    harmonic and of the sample's position, so that a stream equals the whole and requests repeat.

    Args:
        n_harmonics: H, the rows: F0 itself and its multiples.
        sample_rate_hz: Of the audio.
        rates: Upsampling rates whose product is the hop.
    """

    multiples: Tensor
    phases: Tensor

    def __init__(self, n_harmonics: int, sample_rate_hz: int, rates: Sequence[int]) -> None:
        super().__init__()
        self.sample_rate_hz = sample_rate_hz
        self.rates = tuple(rates)
        self.hop_length = math.prod(rates)
        multiples = torch.arange(1.0, n_harmonics + 1.0, device="cpu")[None, :, None]
        self.register_buffer("multiples", multiples, persistent=False)
        # Multiples of the golden ratio spread over the circle as evenly as any number of harmonics can.
        spread = (multiples - 1.0) * _GOLDEN_RATIO % 1.0
        self.register_buffer("phases", 2.0 * math.pi * spread, persistent=False)
        self.noise = PositionNoise(n_harmonics)
        self.ffn = nn.Sequential(nn.Conv1d(n_harmonics, 1, 1), nn.Tanh())

    def forward(self, f0: Tensor, voicing: Tensor) -> Tensor:
        """F0 in Hz and voicing in 0..1, both [B, 1, T] -> excitation [B, 1, N], N = T * hop."""
        f0, voiced, start, index = self._hold(f0, voicing)
        noise = _NOISE_DEVIATION * self.noise(index)
        return self._mix(self._cycles(f0, start, index), voiced, self.phases, noise)

    def with_noise(self, f0: Tensor, voicing: Tensor, phase: Tensor, noise: Tensor) -> Tensor:
        """As forward with given phases [H] in radians (the first counts as 0) and noise [B, H, N]."""
        f0, voiced, start, index = self._hold(f0, voicing)
        phase = phase.reshape(1, -1, 1) * (self.multiples > 1.0)
        return self._mix(self._cycles(f0, start, index), voiced, phase, noise)

    def _hold(self, f0: Tensor, voicing: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Values of frames [B, 1, T] held over their samples [B, 1, N].

        Returns:
            F0 in Hz, voiced (0 or 1), the cycles of F0 before the frame in 0..1, and the sample's index (int64).
        """
        voiced = (voicing >= _VOICED_FROM).to(f0.dtype)
        # Two steps: a rounded quotient as the factor would be a little too large or small in every frame.
        cycles = f0 * self.hop_length / self.sample_rate_hz
        steps = ((cycles - cycles.floor()) * _PHASE_STEPS).to(torch.int64)
        before = (steps.cumsum(-1) - steps) % _PHASE_STEPS
        held = torch.cat((f0, voiced, before.to(f0.dtype) / _PHASE_STEPS), dim=1)
        for rate in self.rates:  # in small steps, where no rounding can hit the neighbouring frame
            held = functional.interpolate(held, scale_factor=float(rate), mode="nearest")
        f0, voiced, start = torch.split(held, 1, dim=1)
        # Counting ones gives the index; a clip makes them, because the graph must not ask for the length N.
        index = voiced.clamp(1.0, 1.0).to(torch.int64).cumsum(-1) - 1
        return f0, voiced, start, index

    def _cycles(self, f0: Tensor, start: Tensor, index: Tensor) -> Tensor:
        """The cycles of F0 up to and with each sample, modulo 1: [B, 1, N] -> [B, 1, N]."""
        since_start = (index % self.hop_length + 1).to(f0.dtype) * (1.0 / self.sample_rate_hz)
        cycles = start + f0 * since_start
        return cycles - cycles.floor()

    def _mix(self, cycles: Tensor, voiced: Tensor, phase: Tensor, noise: Tensor) -> Tensor:
        """Sines where voiced, noise everywhere, the harmonics summed with learned weights: -> [B, 1, N]."""
        turns = cycles * self.multiples  # [B, H, N]
        sines = (2.0 * math.pi * (turns - turns.floor()) + phase).sin()
        noise_gain = _UNVOICED_GAIN + (1.0 - _UNVOICED_GAIN) * voiced
        out: Tensor = self.ffn(_SINE_AMPLITUDE * voiced * sines + noise_gain * noise)
        return out
