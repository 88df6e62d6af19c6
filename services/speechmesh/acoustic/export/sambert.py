"""A loaded Sambert as the files that its family serves."""

from __future__ import annotations

from pathlib import Path

from speechmesh.acoustic.export.sambert_decoder import export_decoder
from speechmesh.acoustic.export.sambert_postnet import export_postnet
from speechmesh.acoustic.export.sambert_reader import export_reader
from speechmesh.acoustic.families.sambert.description import F0Scale, SambertDescription
from speechmesh.acoustic.families.sambert.model import (
    DECODER_FILE,
    DESCRIPTION_FILE,
    POSTNET_FILE,
    READER_FILE,
)
from speechmesh.acoustic.networks.sambert.checkpoint import SambertVoice


def export_sambert(voice: SambertVoice, folder: Path) -> SambertDescription:
    """Writes the three graphs and their description into a folder."""
    network, config = voice.network, voice.network.config
    export_reader(network, folder / READER_FILE)
    export_decoder(network, folder / DECODER_FILE)
    postnet = export_postnet(network, folder / POSTNET_FILE)
    f0 = None
    if voice.f0 is not None:
        f0 = F0Scale(mean_hz=voice.f0.mean, deviation_hz=voice.f0.deviation)
    vector = voice.speaker_vector
    description = SambertDescription(
        n_mels=config.num_mels,
        outputs_per_step=config.outputs_per_step,
        n_layers=config.decoder_num_layers,
        n_heads=config.decoder_num_heads,
        head_width=config.decoder_num_units // config.decoder_num_heads,
        duration_units=config.dur_pred_lstm_units,
        postnet_lag_frames=postnet.lag_frames,
        postnet_state_size=postnet.state_size,
        speakers=voice.symbols.speakers,
        reads_bytes=voice.symbols.reads_bytes,
        speaker_vector=None if vector is None else tuple(vector.tolist()),
        f0=f0,
    )
    (folder / DESCRIPTION_FILE).write_text(description.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return description
