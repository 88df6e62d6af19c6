"""Vocos for mels (Siuzdak, 2023, arXiv:2306.00814), the layout of github.com/gemelo-ai/vocos."""

from __future__ import annotations

from typing import Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import Channels, FftSize, HopLength, Layers, NetworkConfig, SampleRate
from speechmesh.vocoder.networks.layers import randomise, same_conv
from speechmesh.vocoder.networks.spectral import InverseStft

_EPS = 1e-6
_KERNEL_SIZE = 7
# Upstream's guard against the exponential's excesses.
_MAX_MAGNITUDE = 100.0

Padding = Literal["center", "same"]


class VocosFeatures(NetworkConfig):
    """Arguments of upstream's MelSpectrogramFeatures; the last four are those of its descendants, as torchaudio's."""

    sample_rate: SampleRate
    n_fft: FftSize
    hop_length: HopLength
    n_mels: Channels
    padding: Padding
    f_min: float = Field(0.0, ge=0)
    f_max: float | None = Field(None, ge=0)  # none or 0: up to half the sample rate
    norm: Literal["slaney"] | None = None
    mel_scale: Literal["htk", "slaney"] = "htk"

    @property
    def bands(self) -> str:
        """The scale's name where bands are of the area or height that goes with it, as in LogMel; else both."""
        usual = {"htk": None, "slaney": "slaney"}[self.mel_scale]
        return self.mel_scale if self.norm == usual else f"{self.mel_scale}, norm {self.norm}"


class VocosBackboneConfig(NetworkConfig):
    """Arguments of upstream's VocosBackbone."""

    input_channels: Channels
    dim: Channels
    intermediate_dim: Channels
    num_layers: Layers
    adanorm_num_embeddings: int | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuses the variant that is conditioned on EnCodec's bandwidth."""
        if self.adanorm_num_embeddings is not None:
            raise ValueError("adanorm_num_embeddings: AdaNorm is not supported")
        return self


class VocosHeadConfig(NetworkConfig):
    """Arguments of upstream's ISTFTHead."""

    dim: Channels
    n_fft: FftSize
    hop_length: HopLength
    padding: Padding


class VocosConfig(NetworkConfig):
    """The three parts of upstream's config.yaml."""

    feature_extractor: VocosFeatures
    backbone: VocosBackboneConfig
    head: VocosHeadConfig

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuses parts that do not fit each other."""
        if self.backbone.input_channels != self.feature_extractor.n_mels:
            raise ValueError("backbone.input_channels and feature_extractor.n_mels differ")
        if self.head.dim != self.backbone.dim:
            raise ValueError("head.dim and backbone.dim differ")
        if self.head.hop_length != self.feature_extractor.hop_length:
            raise ValueError("head.hop_length and feature_extractor.hop_length differ")
        if self.head.n_fft % 2 or self.head.hop_length * 2 > self.head.n_fft or self.head.hop_length % 2:
            raise ValueError("head.n_fft and head.hop_length must be even, and the hop at most half of n_fft")
        return self

    @property
    def feature_space(self) -> FeatureSpace:
        """The log mels that the network takes."""
        features = self.feature_extractor
        return FeatureSpace(
            kind="mel",
            sample_rate_hz=features.sample_rate,
            hop_length=features.hop_length,
            n_fft=features.n_fft,
            win_length=features.n_fft,
            n_mels=features.n_mels,
            f_min_hz=features.f_min,
            f_max_hz=features.f_max or features.sample_rate / 2,
            log_base="e",
            log_floor=1e-7,
            mel_scale=features.bands,
            centred=features.padding == "center",
        )


class ConvNextBlock(nn.Module):
    """A depthwise convolution, then two layers across the channels: [B, C, T] -> [B, C, T].

    ConvNeXt (Liu et al., 2022, arXiv:2201.03545) along time.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        padding = _KERNEL_SIZE // 2
        self.dwconv = nn.Conv1d(channels, channels, _KERNEL_SIZE, padding=padding, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=_EPS)
        self.pwconv1 = nn.Linear(channels, hidden)
        self.pwconv2 = nn.Linear(hidden, channels)
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, T] -> [B, C, T]."""
        y = self.dwconv(x).transpose(1, 2)  # [B, C, T] -> [B, T, C]
        y = self.pwconv2(functional.gelu(self.pwconv1(self.norm(y)))) * self.gamma
        out: Tensor = x + y.transpose(1, 2)  # [B, T, C] -> [B, C, T]
        return out


class VocosBackbone(nn.Module):
    """Mel [B, T, M] -> hidden [B, T, C], all at the rate of frames."""

    def __init__(self, config: VocosBackboneConfig) -> None:
        super().__init__()
        self.embed = same_conv(config.input_channels, config.dim, _KERNEL_SIZE)
        self.norm = nn.LayerNorm(config.dim, eps=_EPS)
        self.convnext = nn.ModuleList(
            ConvNextBlock(config.dim, config.intermediate_dim) for _ in range(config.num_layers)
        )
        self.final_layer_norm = nn.LayerNorm(config.dim, eps=_EPS)

    def forward(self, mel: Tensor) -> Tensor:
        """[B, T, M] -> [B, T, C]."""
        x = self.embed(mel.transpose(1, 2)).transpose(1, 2)  # [B, T, M] -> [B, M, T] -> [B, T, C]
        x = self.norm(x).transpose(1, 2)  # [B, T, C] -> [B, C, T]
        for block in self.convnext:
            x = block(x)
        out: Tensor = self.final_layer_norm(x.transpose(1, 2))  # [B, C, T] -> [B, T, C]
        return out


class IstftHead(nn.Module):
    """Hidden [B, T, C] -> samples [B, N] by way of magnitudes and phases."""

    def __init__(self, config: VocosHeadConfig) -> None:
        super().__init__()
        self.n_bins = config.n_fft // 2 + 1
        self.out = nn.Linear(config.dim, 2 * self.n_bins)
        self.istft = InverseStft(config.n_fft, config.hop_length, config.n_fft, config.padding)

    def forward(self, hidden: Tensor) -> Tensor:
        """[B, T, C] -> [B, N]."""
        spectrum = self.out(hidden).transpose(1, 2)  # [B, T, 2K] -> [B, 2K, T]
        log_magnitude, phase = torch.split(spectrum, self.n_bins, dim=1)
        magnitude = log_magnitude.exp().clamp(max=_MAX_MAGNITUDE)
        out: Tensor = self.istft(magnitude * phase.cos(), magnitude * phase.sin())
        return out


class Vocos(nn.Module):
    """Backbone and head; its parameters are named as upstream's are."""

    def __init__(self, config: VocosConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = VocosBackbone(config.backbone)
        self.head = IstftHead(config.head)

    @classmethod
    def from_config(cls, config: VocosConfig, seed: int = 0) -> Vocos:
        """A network with random weights whose output for a standard normal mel has a deviation near 0.2."""
        network = cls(config)
        randomise(network, seed)
        mel = torch.randn(
            1, 16, config.backbone.input_channels, generator=torch.Generator().manual_seed(seed)
        )
        with torch.no_grad():
            # The upper half of the head's outputs are logarithms of magnitudes: a bias is a gain.
            network.head.out.bias[: network.head.n_bins] += (0.2 / network(mel).std()).log()
        return network.eval().requires_grad_(False)

    def forward(self, mel: Tensor) -> Tensor:
        """Mel [B, T, M] -> samples [B, N], N = hop * (T-1) with padding `center` and hop * T with `same`."""
        out: Tensor = self.head(self.backbone(mel))
        return out


MEL_24KHZ = VocosConfig(
    feature_extractor=VocosFeatures(
        sample_rate=24000, n_fft=1024, hop_length=256, n_mels=100, padding="center"
    ),
    backbone=VocosBackboneConfig(input_channels=100, dim=512, intermediate_dim=1536, num_layers=8),
    head=VocosHeadConfig(dim=512, n_fft=1024, hop_length=256, padding="center"),
)
