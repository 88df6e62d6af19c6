"""The HiFi-GAN of KAN-TTS (Sambert-HifiGan of ModelScope), the layout of github.com/alibaba-damo-academy/KAN-TTS."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import functional

from speechmesh.common.features import FeatureSpace
from speechmesh.common.networks.config import (
    Channels,
    Dilation,
    KernelSize,
    NetworkConfig,
    Rate,
    SampleRate,
)
from speechmesh.common.networks.kantts_audio import KanTtsAudio
from speechmesh.vocoder.networks.kantts_layers import PaddedConv1d, SourceConv1d, TrimmedConvTranspose1d
from speechmesh.vocoder.networks.layers import (
    LAST_LEAKY_SLOPE,
    LEAKY_SLOPE,
    PairedResidualBlock,
    mean_of,
    randomise,
    scale_output,
)
from speechmesh.vocoder.networks.nsf import HarmonicSource

# F0 in Hz and voicing ride behind the mel's bins.
_SOURCE_BINS = 2


class NsfParams(NetworkConfig):
    """Upstream's `nsf_params`; the other keys concern the acoustic model."""

    nb_harmonics: Annotated[int, Field(ge=0, le=255)]
    sampling_rate: SampleRate


class KanTtsHiFiGanConfig(NetworkConfig):
    """Upstream's `Model.Generator.params` and, as `audio`, its `audio_config`."""

    in_channels: Channels
    out_channels: int = 1
    channels: Channels
    kernel_size: KernelSize
    upsample_scales: tuple[Rate, ...] = Field(min_length=1, max_length=8)
    upsample_kernal_sizes: tuple[KernelSize, ...]  # spelt like this upstream
    resblock_kernel_sizes: tuple[KernelSize, ...] = Field(min_length=1, max_length=8)
    resblock_dilations: tuple[Annotated[tuple[Dilation, ...], Field(min_length=1, max_length=16)], ...]
    bias: Literal[True] = True
    causal: bool
    nonlinear_activation: Literal["LeakyReLU"] = "LeakyReLU"
    nonlinear_activation_params: dict[str, float] = Field({"negative_slope": LEAKY_SLOPE})
    nsf_params: NsfParams | None = None
    audio: KanTtsAudio

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuses variants that are not implemented and values that do not fit each other."""
        if self.out_channels != 1:
            raise ValueError(
                f"out_channels {self.out_channels}: multi-band (PQMF) generators are not supported"
            )
        if self.nonlinear_activation_params != {"negative_slope": LEAKY_SLOPE}:
            raise ValueError(f"nonlinear_activation_params: only negative_slope {LEAKY_SLOPE} is supported")
        if math.prod(self.upsample_scales) != self.audio.hop_length:
            raise ValueError(
                f"audio_config.hop_length {self.audio.hop_length} is not the product of upsample_scales"
            )
        if len(self.upsample_kernal_sizes) != len(self.upsample_scales):
            raise ValueError("upsample_kernal_sizes needs one entry for each of upsample_scales")
        if len(self.resblock_dilations) != len(self.resblock_kernel_sizes):
            raise ValueError("resblock_dilations needs one entry for each of resblock_kernel_sizes")
        if self.channels % 2 ** len(self.upsample_scales):
            raise ValueError("channels cannot be halved at each of upsample_scales")
        # A causal transposed convolution loses its last kernel - scale samples, all of them when there are none.
        least = 1 if self.causal else 0
        for scale, kernel in zip(self.upsample_scales, self.upsample_kernal_sizes, strict=True):
            if kernel < scale + least:
                raise ValueError(f"upsample_kernal_sizes: {kernel} is too small to upsample by {scale}")
        if not self.causal:
            self._check_symmetric()
        return self

    def _check_symmetric(self) -> None:
        """Refuses what cannot be padded equally on both sides without a change of length."""
        if any(size % 2 == 0 for size in (self.kernel_size, *self.resblock_kernel_sizes)):
            raise ValueError("kernel_size and resblock_kernel_sizes must be odd unless causal")
        if self.nsf_params and any(stride % 2 for stride in self.source_strides[:-1]):
            raise ValueError(
                "nsf_params: the products of the later upsample_scales must be even unless causal"
            )

    @property
    def source_strides(self) -> tuple[int, ...]:
        """For each stage, by how much the samples are reduced to its rate."""
        scales = self.upsample_scales
        return tuple(math.prod(scales[stage + 1 :]) for stage in range(len(scales)))

    @property
    def n_mels(self) -> int:
        """M: the mel's bins and, with a source, F0 and voicing behind them."""
        return self.in_channels + (_SOURCE_BINS if self.nsf_params else 0)

    @property
    def feature_space(self) -> FeatureSpace:
        """What the generator takes."""
        return self.audio.feature_space(self.n_mels)


class KanTtsHiFiGan(nn.Module):
    """The generator; its parameters are named as upstream's are once weight norm is folded in.

    Checkpoints of NSF models trained before 2023-02-06 look the same but meant a network without the
    transposed convolutions; nothing in the file tells them apart, and they are run as the present upstream would.
    """

    def __init__(self, config: KanTtsHiFiGanConfig) -> None:
        super().__init__()
        self.config = config
        size, channels = config.kernel_size, config.channels
        self.conv_pre = self._conv(config.in_channels, channels, size)
        self.transpose_upsamples = nn.ModuleList()
        self.repeat_upsamples = nn.ModuleList()
        self.conv_blocks = nn.ModuleList()
        self.source_downs = nn.ModuleList()
        for scale, kernel in zip(config.upsample_scales, config.upsample_kernal_sizes, strict=True):
            self._add_stage(channels, channels // 2, scale, kernel)
            channels //= 2
            if config.nsf_params:
                stride = config.source_strides[len(self.source_downs)]
                self.source_downs.append(SourceConv1d(channels, stride, causal=config.causal))
        self.conv_post = self._conv(channels, 1, size)
        self.source_module: HarmonicSource | None = None
        if config.nsf_params:
            nsf = config.nsf_params
            self.source_module = HarmonicSource(
                nsf.nb_harmonics + 1, nsf.sampling_rate, config.upsample_scales
            )

    def _conv(self, in_channels: int, out_channels: int, kernel_size: int, dilation: int = 1) -> PaddedConv1d:
        """A convolution that looks as far ahead as the configuration allows."""
        return PaddedConv1d(in_channels, out_channels, kernel_size, dilation, causal=self.config.causal)

    def _add_stage(self, in_channels: int, out_channels: int, scale: int, kernel: int) -> None:
        """The two ways to upsample by `scale` and the residual blocks after their sum."""
        config = self.config
        self.transpose_upsamples.append(
            nn.Sequential(
                nn.LeakyReLU(LEAKY_SLOPE),
                TrimmedConvTranspose1d(in_channels, out_channels, kernel, scale, causal=config.causal),
            )
        )
        self.repeat_upsamples.append(
            nn.Sequential(
                nn.Upsample(scale_factor=float(scale), mode="nearest"),
                nn.LeakyReLU(LEAKY_SLOPE),
                self._conv(in_channels, out_channels, config.kernel_size),
            )
        )
        self.conv_blocks.extend(
            PairedResidualBlock(out_channels, size, dilations, self._conv)
            for size, dilations in zip(config.resblock_kernel_sizes, config.resblock_dilations, strict=True)
        )

    @classmethod
    def from_config(cls, config: KanTtsHiFiGanConfig, seed: int = 0) -> KanTtsHiFiGan:
        """A generator with random weights whose output for a standard normal mel has a deviation near 0.2."""
        network = cls(config)
        randomise(network, seed)
        scale_output(network, network.conv_post.conv1d, network.before_tanh, config.n_mels, seed)
        return network

    def split(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mel [B, T, M] with a source's bins -> spectrum [B, M - 2, T], F0 in Hz and voicing [B, 1, T]."""
        spectrum, f0, voicing = torch.split(mel.transpose(1, 2), [self.config.in_channels, 1, 1], dim=1)
        return spectrum, f0, voicing

    def before_tanh(self, mel: Tensor) -> Tensor:
        """Mel [B, T, M] -> unbounded samples [B, 1, N] with N = T * hop."""
        if self.source_module is None:
            return self._generate(mel.transpose(1, 2), None)
        spectrum, f0, voicing = self.split(mel)
        return self._generate(spectrum, self.source_module(f0, voicing))

    def forward(self, mel: Tensor) -> Tensor:
        """Mel [B, T, M] -> samples [B, N] in -1..1 with N = T * hop."""
        return torch.tanh(self.before_tanh(mel)).squeeze(1)

    def forward_with_noise(self, mel: Tensor, phase: Tensor, noise: Tensor) -> Tensor:
        """As forward with given phases [H] in radians and noise [B, H, N]; only for models with a source."""
        if self.source_module is None:
            raise ValueError("this model has no source")
        spectrum, f0, voicing = self.split(mel)
        excitation = self.source_module.with_noise(f0, voicing, phase, noise)
        return torch.tanh(self._generate(spectrum, excitation)).squeeze(1)

    def _generate(self, spectrum: Tensor, excitation: Tensor | None) -> Tensor:
        """Spectrum [B, M, T] and, with a source, excitation [B, 1, N] -> [B, 1, N]."""
        x = self.conv_pre(spectrum)
        n_kernels = len(self.config.resblock_kernel_sizes)
        for stage, (repeat, transpose) in enumerate(
            zip(self.repeat_upsamples, self.transpose_upsamples, strict=True)
        ):
            x = x + x.sin()
            x = repeat(x) + transpose(x)
            if excitation is not None:
                x = x + self.source_downs[stage](excitation)
            x = mean_of(list(self.conv_blocks[stage * n_kernels : (stage + 1) * n_kernels]), x)
        out: Tensor = self.conv_post(functional.leaky_relu(x, LAST_LEAKY_SLOPE))
        return out


def _preset(*, nsf: bool) -> KanTtsHiFiGanConfig:
    """The shape of the published 16 kHz voices."""
    return KanTtsHiFiGanConfig(
        in_channels=80,
        channels=256,
        kernel_size=7,
        upsample_scales=(10, 5, 2, 2),
        upsample_kernal_sizes=(20, 11, 4, 4) if nsf else (20, 10, 4, 4),
        resblock_kernel_sizes=(3, 7, 11),
        resblock_dilations=((1, 3, 5, 7),) * 3,
        causal=not nsf,
        nsf_params=NsfParams(nb_harmonics=7, sampling_rate=16000) if nsf else None,
        audio=KanTtsAudio(
            sampling_rate=16000, hop_length=200, n_fft=2048, win_length=1000, fmin=0.0, fmax=8000.0
        ),
    )


CAUSAL_16KHZ = _preset(nsf=False)
NSF_16KHZ = _preset(nsf=True)
