"""HiFi-GAN generators (Kong et al., 2020, arXiv:2010.05646), the layout of github.com/jik876/hifi-gan."""

from __future__ import annotations

import math
from typing import Literal, Self

import torch
from pydantic import Field, field_validator, model_validator
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import (
    Channels,
    Dilation,
    FftSize,
    HopLength,
    KernelSize,
    NetworkConfig,
    Rate,
    SampleRate,
)
from speechmesh.vocoder.networks.layers import (
    LAST_LEAKY_SLOPE,
    LEAKY_SLOPE,
    PairedResidualBlock,
    SingleResidualBlock,
    mean_of,
    randomise,
    same_conv,
    scale_output,
)


class HiFiGanConfig(NetworkConfig):
    """The part of upstream's config.json that shapes the generator and its features."""

    resblock: Literal["1", "2"]
    upsample_rates: tuple[Rate, ...] = Field(min_length=1, max_length=8)
    upsample_kernel_sizes: tuple[KernelSize, ...]
    upsample_initial_channel: Channels
    resblock_kernel_sizes: tuple[KernelSize, ...] = Field(min_length=1, max_length=8)
    resblock_dilation_sizes: tuple[tuple[Dilation, ...], ...]
    num_mels: Channels = 80
    n_fft: FftSize
    hop_size: HopLength
    win_size: FftSize
    sampling_rate: SampleRate
    fmin: float = Field(0.0, ge=0)
    fmax: float | None = Field(None, gt=0)  # none: up to half the sample rate
    activation: str = ""
    gen_istft_n_fft: int | None = None

    @field_validator("resblock", mode="before")
    @classmethod
    def _as_text(cls, resblock: object) -> object:
        return str(resblock) if type(resblock) is int else resblock  # as some descendants write it

    @field_validator("activation")
    @classmethod
    def _no_bigvgan(cls, activation: str) -> str:
        if activation.startswith("snake"):
            raise ValueError(f"{activation}: BigVGAN's generators are not supported")
        return activation

    @field_validator("gen_istft_n_fft")
    @classmethod
    def _no_istftnet(cls, n_fft: int | None) -> None:
        if n_fft is not None:
            raise ValueError("iSTFTNet's generators are not supported")

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuses values that do not fit each other."""
        if math.prod(self.upsample_rates) != self.hop_size:
            raise ValueError(f"hop_size {self.hop_size} is not the product of upsample_rates")
        if len(self.upsample_kernel_sizes) != len(self.upsample_rates):
            raise ValueError("upsample_kernel_sizes needs one entry for each of upsample_rates")
        for rate, kernel in zip(self.upsample_rates, self.upsample_kernel_sizes, strict=True):
            if kernel < rate or (kernel - rate) % 2:
                raise ValueError(f"upsample_kernel_sizes: {kernel} does not upsample exactly by {rate}")
        if self.upsample_initial_channel % 2 ** len(self.upsample_rates):
            raise ValueError("upsample_initial_channel cannot be halved at each of upsample_rates")
        if any(kernel % 2 == 0 for kernel in self.resblock_kernel_sizes):
            raise ValueError("resblock_kernel_sizes must be odd")
        n_dilations = {"1": 3, "2": 2}[self.resblock]
        if [len(d) for d in self.resblock_dilation_sizes] != [n_dilations] * len(self.resblock_kernel_sizes):
            raise ValueError(
                f"resblock_dilation_sizes needs {n_dilations} dilations for each of resblock_kernel_sizes"
            )
        return self

    @property
    def feature_space(self) -> FeatureSpace:
        """The log mels that the generator takes."""
        return FeatureSpace(
            kind="mel",
            sample_rate_hz=self.sampling_rate,
            hop_length=self.hop_size,
            n_fft=self.n_fft,
            win_length=self.win_size,
            n_mels=self.num_mels,
            f_min_hz=self.fmin,
            f_max_hz=self.sampling_rate / 2 if self.fmax is None else self.fmax,
            log_base="e",
            log_floor=1e-5,
            mel_scale="slaney",
            centred=False,
        )


class HiFiGan(nn.Module):
    """The generator; its parameters are named as upstream's are once weight norm is folded in."""

    def __init__(self, config: HiFiGanConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.upsample_initial_channel
        self.conv_pre = same_conv(config.num_mels, channels, 7)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        block = PairedResidualBlock if config.resblock == "1" else SingleResidualBlock
        for rate, kernel in zip(config.upsample_rates, config.upsample_kernel_sizes, strict=True):
            up = nn.ConvTranspose1d(channels, channels // 2, kernel, rate, padding=(kernel - rate) // 2)
            self.ups.append(up)
            channels //= 2
            self.resblocks.extend(
                block(channels, size, dilations, same_conv)
                for size, dilations in zip(
                    config.resblock_kernel_sizes, config.resblock_dilation_sizes, strict=True
                )
            )
        self.conv_post = same_conv(channels, 1, 7)

    @classmethod
    def from_config(cls, config: HiFiGanConfig, seed: int = 0) -> HiFiGan:
        """A generator with random weights whose output for a standard normal mel has a deviation near 0.2."""
        network = cls(config)
        randomise(network, seed)
        scale_output(network, network.conv_post, network.before_tanh, config.num_mels, seed)
        return network

    def before_tanh(self, mel: Tensor) -> Tensor:
        """Mel [B, T, M] -> unbounded samples [B, 1, N] with N = T * hop."""
        x = self.conv_pre(mel.transpose(1, 2))  # [B, M, T] -> [B, C, T]
        n_kernels = len(self.config.resblock_kernel_sizes)
        for stage, up in enumerate(self.ups):
            x = up(functional.leaky_relu(x, LEAKY_SLOPE))
            x = mean_of(list(self.resblocks[stage * n_kernels : (stage + 1) * n_kernels]), x)
        out: Tensor = self.conv_post(functional.leaky_relu(x, LAST_LEAKY_SLOPE))
        return out

    def forward(self, mel: Tensor) -> Tensor:
        """Mel [B, T, M] -> samples [B, N] in -1..1 with N = T * hop."""
        return torch.tanh(self.before_tanh(mel)).squeeze(1)


def _preset(**values: object) -> HiFiGanConfig:
    """One of upstream's published configurations; all are for 22050 Hz."""
    common = {
        "resblock_kernel_sizes": (3, 7, 11),
        "resblock_dilation_sizes": ((1, 3, 5),) * 3,
        "n_fft": 1024,
        "hop_size": 256,
        "win_size": 1024,
        "sampling_rate": 22050,
        "fmax": 8000,
    }
    return HiFiGanConfig.model_validate(common | values)


V1 = _preset(
    resblock="1",
    upsample_rates=(8, 8, 2, 2),
    upsample_kernel_sizes=(16, 16, 4, 4),
    upsample_initial_channel=512,
)
V2 = _preset(
    resblock="1",
    upsample_rates=(8, 8, 2, 2),
    upsample_kernel_sizes=(16, 16, 4, 4),
    upsample_initial_channel=128,
)
V3 = _preset(
    resblock="2",
    upsample_rates=(8, 8, 4),
    upsample_kernel_sizes=(16, 16, 8),
    upsample_initial_channel=256,
    resblock_kernel_sizes=(3, 5, 7),
    resblock_dilation_sizes=((1, 2), (2, 6), (3, 12)),
)
