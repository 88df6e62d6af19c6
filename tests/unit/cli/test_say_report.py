"""What `speechmesh say` tells of a request beside its audio."""

from __future__ import annotations

import pytest

from speechmesh.cli.say_report import print_style_reading
from speechmesh.speech.v1 import speech_pb2 as pb


@pytest.mark.parametrize(
    ("reading", "told"),
    [
        (
            pb.StyleReading(
                style="sad", rate=0.8, pitch_semitones=-2.0, energy_db=-3.0, understood=["tired", "slow"]
            ),
            "style: tired, slow: style sad, rate 0.80, pitch -2.0 semitones, effort -3.0 dB",
        ),
        (pb.StyleReading(rate=1.0, understood=["neutral"]), "style: neutral: as it is"),
        (pb.StyleReading(rate=1.0), "no word of the style instruction was understood"),
    ],
)
def test_a_style_in_plain_words_is_told_as_it_was_understood(
    reading: pb.StyleReading, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_style_reading(reading)
    assert told in " ".join(capsys.readouterr().err.split())
