from __future__ import annotations

import pytest

from speechmesh.acoustic.settings import AcousticSettings
from speechmesh.common.settings import ServiceSettings, load, passed_over
from speechmesh.frontend.settings import FrontendSettings
from speechmesh.vocoder.settings import VocoderSettings

ALL = [FrontendSettings, AcousticSettings, VocoderSettings]


@pytest.mark.parametrize("settings", ALL)
def test_every_setting_is_described(settings: type[ServiceSettings]) -> None:
    assert all(field.description for field in settings.model_fields.values())


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_TEXT_CHARS", "77")
    assert load(FrontendSettings).max_text_chars == 77


def test_a_wrong_setting_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEECHMESH_VOCODER_PORT", "notaport")
    with pytest.raises(SystemExit, match="SPEECHMESH_VOCODER_PORT"):
        load(VocoderSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAX_CONNECTION_AGE_S", "inf"),
        ("MAX_CONNECTION_AGE_S", "1e12"),
        ("MAX_MESSAGE_BYTES", str(2**31)),
        ("MAX_MESSAGE_BYTES", str(64 * 1024)),  # the stages' own messages would not pass
        ("DRAIN_GRACE_S", "nan"),
        ("DRAIN_DELAY_S", "inf"),
        ("MAX_STREAMS", "0"),
    ],
)
def test_a_number_that_the_server_cannot_take_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SPEECHMESH_ACOUSTIC_{name}", value)
    with pytest.raises(SystemExit, match=f"SPEECHMESH_ACOUSTIC_{name}: "):
        load(AcousticSettings)


def test_a_misspelt_setting_is_told_and_another_services_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passed_over(load(FrontendSettings)) == []
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_STREAM", "3")
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_STREAMS", "4")
    monkeypatch.setenv("speechmesh_frontend_port", "5")  # pydantic takes either case
    monkeypatch.setenv("SPEECHMESH_VOCODER_TARGET", "localhost:50053")
    assert passed_over(load(FrontendSettings)) == ["SPEECHMESH_FRONTEND_MAX_STREAM"]


@pytest.mark.parametrize("settings", ALL)
def test_settings_cannot_be_changed_later(settings: type[ServiceSettings]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(settings).port = 1  # type: ignore[misc]


def test_the_default_ports_are_the_documented_ones() -> None:
    assert [load(settings).port for settings in ALL] == [50051, 50052, 50053]
