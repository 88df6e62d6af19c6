"""A style in plain words becomes what a voice can do of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speechmesh.common.bundle import VoiceBundle
from speechmesh.common.errors import InvalidInput
from speechmesh.frontend.request import SpeechRequest, check
from speechmesh.frontend.style_words import read_style

STYLES = ("neutral", "happy", "sad", "angry", "gentle")


@pytest.mark.parametrize(
    ("words", "style", "signs"),
    [
        ("Speak slowly, in a deep voice.", "", "--0"),
        ("cheerful and quick", "happy", "+++"),
        ("Sound very sad", "sad", "---"),
        ("an angry man shouting loudly", "angry", "+++"),
        ("温柔地、慢慢地说", "gentle", "-0-"),
        ("非常激动", "happy", "+++"),
        ("not too fast, please", "", "000"),
        ("不要太快", "", "000"),
        ("Don't speak so fast.", "", "000"),
        ("Please do not read this loudly", "", "000"),
        ("less cheerful, and slower", "", "-00"),
        ("like a pirate", "", "000"),
        ("WHISPER", "gentle", "---"),
    ],
)
def test_words_ask_for_a_style_a_rate_a_pitch_and_an_effort(words: str, style: str, signs: str) -> None:
    told = read_style(words, STYLES)
    assert told.style == style
    values = (told.rate - 1.0, told.pitch_semitones, told.energy_db)
    assert "".join("0" if abs(v) < 1e-9 else "+" if v > 0 else "-" for v in values) == signs


def test_very_asks_for_more_and_slightly_for_less() -> None:
    rates = [read_style(words, STYLES).rate for words in ("slightly slow", "slow", "very slow", "很慢")]
    assert 1 > rates[0] > rates[1] > rates[2]
    assert rates[2] == rates[3]


def test_a_voice_without_such_a_style_gets_the_nearest_or_none() -> None:
    assert read_style("cheerful", ("neutral", "sad")).style == ""
    assert read_style("excited", ("neutral", "happy")).style == "happy"


@given(st.text(max_size=300))
def test_any_words_stay_within_bounds(words: str) -> None:
    told = read_style(words, STYLES)
    assert 0.6 < told.rate < 1.6
    assert told.style in ("", *STYLES)


def test_a_field_of_its_own_goes_before_the_words_and_ranges_are_the_voices(english: VoiceBundle) -> None:
    def checked(**fields: object) -> object:
        request = SpeechRequest(text="Hello.", style_instruction="very very high, slow", **fields)  # type: ignore[arg-type]
        return check(request, {"english": english}, default_voice="", max_text_chars=100)

    by_words, by_field = checked(), checked(rate=1.3)
    assert by_words.request.pitch_semitones == 3.0  # type: ignore[attr-defined]
    assert by_words.rate == pytest.approx(0.85)  # type: ignore[attr-defined]
    assert by_words.told_style.understood == ("high", "slow")  # type: ignore[attr-defined]
    assert by_field.rate == 1.3  # type: ignore[attr-defined]
    with pytest.raises(InvalidInput, match="longer than 500"):
        check(
            SpeechRequest(text="x", style_instruction="slow " * 200),
            {"english": english},
            default_voice="",
            max_text_chars=100,
        )
