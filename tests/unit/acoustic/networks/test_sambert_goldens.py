"""Our Sambert against what upstream's computed from the same files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from speechmesh.acoustic.networks.sambert.checkpoint import SambertVoice, denormalised, input_of, load_sambert
from speechmesh.acoustic.networks.sambert.network import SambertInput, SambertOutput

GOLDENS = Path(__file__).parents[3] / "data" / "goldens" / "sambert"
CASES = sorted(path.parent for path in GOLDENS.glob("golden/*/*/golden.npz"))
# Upstream's own error of float32 is 2.6e-6; an epsilon of 1e-5 in the norms would be off by 2.5e-5.
TOLERANCE = 1e-5


def symbols_of(case: Path) -> str:
    return (case / "symbols.txt").read_text(encoding="utf-8").split("\t")[1].strip()


def voice_of(case: Path) -> SambertVoice:
    return load_sambert(GOLDENS / "voices" / case.parent.name)


@torch.inference_mode()
def spoken(voice: SambertVoice, cases: list[Path]) -> SambertOutput:
    """The cases as one batch."""
    items = [input_of(voice, symbols_of(case)) for case in cases]
    features, emotion, speaker = (
        pad_sequence(list(column), batch_first=True) for column in zip(*items, strict=True)
    )
    return voice.network(
        SambertInput(features, emotion, speaker, torch.tensor([len(f) for f, _, _ in items]))
    )


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_step_equals_upstreams(case: Path) -> None:
    voice = voice_of(case)
    with np.load(case / "golden.npz") as golden:
        encoded = voice.symbols.encode([s.split("$") for s in symbols_of(case)[1:-1].split("} {")])
        np.testing.assert_array_equal(encoded.features, golden["inputs_ling"][0])
        np.testing.assert_array_equal(encoded.emotion, golden["inputs_emotion"][0])
        output = spoken(voice, [case])
        close(output.variances.pitch, golden["pitch_predictions"])
        close(output.variances.energy, golden["energy_predictions"])
        close(output.variances.log_durations, golden["log_duration_predictions"], 2e-5)
        np.testing.assert_array_equal(output.variances.durations, golden["durations_rounded"])
        n = int(output.n_frames)
        close(output.decoded[0, :n], golden["mel_dec"])
        close(output.mel[0, :n], golden["mel_post"])
        if voice.f0 is not None:
            made = denormalised(output.mel[0, :n].numpy(), voice.f0)
            np.testing.assert_allclose(made[:, :-2], golden["mel_post_denorm"][:, :-2], atol=TOLERANCE)
            np.testing.assert_allclose(made[:, -2], golden["mel_post_denorm"][:, -2], atol=1e-3)
            np.testing.assert_array_equal(made[:, -1], golden["mel_post_denorm"][:, -1])


def close(ours: torch.Tensor, theirs: np.ndarray, atol: float = TOLERANCE) -> None:
    np.testing.assert_allclose(ours.numpy(), theirs, atol=atol, rtol=0)


@pytest.mark.parametrize("voice", sorted({case.parent.name for case in CASES}))
def test_a_batch_of_any_lengths_equals_its_items(voice: str) -> None:
    cases = [case for case in CASES if case.parent.name == voice]
    loaded = voice_of(cases[0])
    together = spoken(loaded, cases)
    for i, case in enumerate(cases):
        with np.load(case / "golden.npz") as golden:
            n = int(together.n_frames[i])
            assert n == len(golden["mel_post"])
            close(together.mel[i, :n], golden["mel_post"])
            assert not together.mel[i, n:].any()
