"""How KAN-TTS's models describe their mels: the part of its configurations that acoustic model and vocoder share."""

from __future__ import annotations

from pydantic import Field

from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import FftSize, HopLength, NetworkConfig, SampleRate


class KanTtsAudio(NetworkConfig):
    """The part of upstream's `audio_config` that describes the mels."""

    sampling_rate: SampleRate
    hop_length: HopLength
    n_fft: FftSize
    win_length: FftSize
    fmin: float = Field(ge=0)
    fmax: float = Field(gt=0)
    norm_type: str = "mean_std"

    def feature_space(self, n_mels: int) -> FeatureSpace:
        """Decibels mapped to 0..1, less the training set's mean, by its deviation, bin by bin.

        `n_mels` counts F0 and voicing, where models have them, as bins.
        """
        return FeatureSpace(
            kind="mel",
            sample_rate_hz=self.sampling_rate,
            hop_length=self.hop_length,
            n_fft=self.n_fft,
            win_length=self.win_length,
            n_mels=n_mels,
            f_min_hz=self.fmin,
            f_max_hz=self.fmax,
            log_base="decibel",
            log_floor=1e-5,
            normalisation=f"kan-tts {self.norm_type.replace('_', '-')}",
        )
