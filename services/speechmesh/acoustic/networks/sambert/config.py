"""What shapes a Sambert, as upstream's config.yaml says it (section Model.KanTtsSAMBERT.params)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from speechmesh.common.networks.config import Channels, KernelSize, Layers, NetworkConfig

Heads = Annotated[int, Field(ge=1, le=64)]
Shift = Annotated[int, Field(ge=0, le=512)]


class FsmnConfig(NetworkConfig):
    """A stack of FSMN layers: feed-forward networks with a memory along time."""

    n_layers: Layers
    n_inputs: Channels
    n_hidden: Channels
    n_memory: Channels
    filter_size: KernelSize
    shifts: tuple[Shift, ...]


class SambertConfig(NetworkConfig):
    """Upstream's names; training's keys are ignored."""

    max_len: Annotated[int, Field(ge=1, le=100_000)]
    embedding_dim: Channels
    encoder_num_layers: Layers
    encoder_num_heads: Heads
    encoder_num_units: Channels
    encoder_ffn_inner_dim: Channels
    encoder_projection_units: Channels
    speaker_units: Channels
    emotion_units: Channels
    predictor_filter_size: KernelSize
    predictor_fsmn_num_layers: Layers
    predictor_num_memory_units: Channels
    predictor_ffn_inner_dim: Channels
    predictor_shift: Shift | tuple[Shift, ...]
    predictor_lstm_units: Channels
    dur_pred_prenet_units: tuple[Channels, Channels]
    dur_pred_lstm_units: Channels
    decoder_num_layers: Layers
    decoder_num_heads: Heads
    decoder_num_units: Channels
    decoder_ffn_inner_dim: Channels
    decoder_prenet_units: tuple[Channels, Channels]
    num_mels: Channels
    outputs_per_step: Annotated[int, Field(ge=1, le=16)]
    postnet_filter_size: KernelSize
    postnet_fsmn_num_layers: Layers
    postnet_num_memory_units: Channels
    postnet_ffn_inner_dim: Channels
    postnet_shift: Shift | tuple[Shift, ...]
    postnet_lstm_units: Channels
    nsf: bool = Field(False, alias="NSF")
    nsf_norm_type: str = "mean_std"
    nsf_f0_global_minimum: float = 30.0
    nsf_f0_global_maximum: float = 730.0
    speaker_embedding: bool = Field(False, alias="SE", description="A speaker is a vector, not an id.")
    filled_pause: bool = Field(False, alias="FP")

    @field_validator("filled_pause")
    @classmethod
    def _no_filled_pauses(cls, filled_pause: bool) -> bool:
        if filled_pause:
            raise ValueError("models with filled pauses are not supported")
        return filled_pause

    @model_validator(mode="after")
    def _fits(self) -> SambertConfig:
        for what, units, heads in (
            ("encoder", self.encoder_num_units, self.encoder_num_heads),
            ("decoder", self.decoder_num_units, self.decoder_num_heads),
        ):
            if units % heads:
                raise ValueError(f"{what}_num_units must be divisible by {what}_num_heads")
        if not self.nsf_f0_global_minimum < self.nsf_f0_global_maximum:
            raise ValueError("nsf_f0_global_minimum must be below nsf_f0_global_maximum")
        if self.embedding_dim % 2:
            raise ValueError("embedding_dim must be even")
        _ = self.predictor, self.postnet
        return self

    @property
    def n_context(self) -> int:
        """Channels of a token's text, speaker and emotion together."""
        return self.encoder_projection_units + self.speaker_units + self.emotion_units

    @property
    def n_memory(self) -> int:
        """Channels of the decoder's memory: the text of a step's frames, speaker and emotion of the first."""
        text = self.outputs_per_step * self.encoder_projection_units
        return text + self.speaker_units + self.emotion_units

    @property
    def predictor(self) -> FsmnConfig:
        """The FSMN of the pitch and energy predictors."""
        return FsmnConfig(
            n_layers=self.predictor_fsmn_num_layers,
            n_inputs=self.n_context,
            n_hidden=self.predictor_ffn_inner_dim,
            n_memory=self.predictor_num_memory_units,
            filter_size=self.predictor_filter_size,
            shifts=_shifts(self.predictor_shift, self.predictor_fsmn_num_layers, self.predictor_filter_size),
        )

    @property
    def postnet(self) -> FsmnConfig:
        """The FSMN of the postnet."""
        return FsmnConfig(
            n_layers=self.postnet_fsmn_num_layers,
            n_inputs=self.num_mels,
            n_hidden=self.postnet_ffn_inner_dim,
            n_memory=self.postnet_num_memory_units,
            filter_size=self.postnet_filter_size,
            shifts=_shifts(self.postnet_shift, self.postnet_fsmn_num_layers, self.postnet_filter_size),
        )


def _shifts(shift: int | tuple[int, ...], n_layers: int, filter_size: int) -> tuple[int, ...]:
    shifts = (shift,) * n_layers if isinstance(shift, int) else shift
    if len(shifts) != n_layers:
        raise ValueError(f"a shift has {len(shifts)} values for {n_layers} layers")
    if not filter_size % 2 or max(shifts) > (filter_size - 1) // 2:
        raise ValueError("a filter size must be odd, and a shift at most half of it")
    return shifts
