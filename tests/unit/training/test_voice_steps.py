"""Which steps are done anew when another voice's settings change."""

from __future__ import annotations

import pytest

from training.voices import steps
from training.voices.settings import VoiceSettings, load_settings
from training.voices.steps import fingerprints


def changed_steps(monkeypatch: pytest.MonkeyPatch, of: str, other: VoiceSettings) -> set[str]:
    """The steps of the voice `of` that are made anew when the voice `other` is as given."""
    settings = load_settings(of)
    before = fingerprints(settings)
    with monkeypatch.context() as patch:
        patch.setattr(steps, "load_settings", lambda name: other if name == other.name else settings)
        after = fingerprints(settings)
    return {name for name, sum_ in after.items() if sum_ != before[name]}


def test_a_voice_that_borrows_vocoders_is_bundled_anew_with_them(monkeypatch):
    english = load_settings("english")
    tier = english.vocoders["fast"].model_copy(update={"steps": 12})
    other = english.model_copy(update={"vocoders": english.vocoders | {"fast": tier}})
    assert changed_steps(monkeypatch, "mandarin", other) == {"bundle", "evaluate", "report"}


def test_a_change_of_one_tier_leaves_the_others_as_they_are():
    english = load_settings("english")
    tier = english.vocoders["fast"].model_copy(update={"steps": 12})
    other = english.model_copy(update={"vocoders": english.vocoders | {"fast": tier}})
    before, after = fingerprints(english), fingerprints(other)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"vocoder.fast", "finished.fast", "bundle", "evaluate", "report"}


def test_a_tier_is_trained_anew_with_the_one_whose_discriminators_it_starts_with():
    english = load_settings("english")
    tier = english.vocoders["high"].model_copy(update={"steps": 12})
    other = english.model_copy(update={"vocoders": english.vocoders | {"high": tier}})
    assert fingerprints(english)["vocoder.fast"] != fingerprints(other)["vocoder.fast"]


def test_vocoders_are_trained_anew_when_a_voice_that_they_hear_speaks_otherwise(monkeypatch):
    mandarin = load_settings("mandarin")
    ming = mandarin.speakers[0]
    ming = ming.model_copy(update={"teacher": ming.teacher.model_copy(update={"pitch": 70})})
    other = mandarin.model_copy(update={"speakers": (ming, *mandarin.speakers[1:])})
    changed = changed_steps(monkeypatch, "english", other)
    vocoders = {"vocoder.high", "vocoder.fast", "finished.high", "finished.fast"}
    assert changed == vocoders | {"bundle", "evaluate", "report"}


def test_a_change_of_the_further_steps_leaves_the_training_before_them_as_it_is(monkeypatch):
    english = load_settings("english")
    assert english.finishing is not None
    other = english.model_copy(update={"finishing": english.finishing.model_copy(update={"steps": 12})})
    assert changed_steps(monkeypatch, "mandarin", other) == {"bundle", "evaluate", "report"}
    before, after = fingerprints(english), fingerprints(other)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"finished.high", "finished.fast", "bundle", "evaluate", "report"}


def test_vocoders_are_trained_anew_when_a_voice_that_they_hear_predicts_otherwise(monkeypatch):
    mandarin = load_settings("mandarin")
    other = mandarin.model_copy(update={"acoustic": mandarin.acoustic.model_copy(update={"steps": 12})})
    vocoders = {"vocoder.high", "vocoder.fast", "finished.high", "finished.fast"}
    assert changed_steps(monkeypatch, "english", other) == vocoders | {"bundle", "evaluate", "report"}
