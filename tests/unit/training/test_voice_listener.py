"""The listener that judges Mandarin."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from training.voices.listener import Heard, Listener, listen

TABLE = ("<pad>", "pau", "b", "a1", "a4")


class Hears(Listener):
    """Hears in each frame the token whose id is the frame's first value."""

    def __init__(self) -> None:
        super().__init__(1, len(TABLE))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 5.0 * torch.nn.functional.one_hot(x[..., 0].long(), len(TABLE)).float()


@pytest.mark.parametrize(
    ("heard", "wrong", "wrong_tone"),
    [
        ([1, 2, 2, 3, 3, 3, 1], 0, 0),
        ([1, 2, 2, 4, 4, 4, 1], 1, 1),  # another tone
        ([1, 3, 3, 3, 3, 3, 1], 1, 0),  # no initial
        ([1, 2, 2, 3, 3, 2, 1], 0, 0),  # a third of the final's frames are heard as something else
        ([4, 2, 2, 3, 3, 3, 4], 0, 0),  # pauses are not judged
    ],
)
def test_a_syllable_is_right_when_its_initial_and_its_final_are(heard, wrong, wrong_tone):
    into = Heard()
    frames = np.array(heard, np.float32)[:, None]
    listen(Hears(), frames, np.array([1, 2, 3, 1]), np.array([1, 2, 3, 1]), TABLE, into)
    assert (into.n_syllables, into.wrong, into.wrong_tone) == (1, wrong, wrong_tone)
    assert into.percent() == {"syllables": 100.0 * wrong, "tones": 100.0 * wrong_tone}


def test_it_gives_a_score_for_each_token_and_frame():
    x = torch.randn(2, 7, 80 + 2)
    assert Listener(80, 5)(x).shape == (2, 7, 5)
