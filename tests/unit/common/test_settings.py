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
        ("OTLP_ENDPOINT", "collector:4318"),
        ("OTLP_ENDPOINT", "http://"),
    ],
)
def test_a_value_that_the_server_cannot_take_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"SPEECHMESH_ACOUSTIC_{name}", value)
    with pytest.raises(SystemExit, match=f"SPEECHMESH_ACOUSTIC_{name}: "):
        load(AcousticSettings)


@pytest.mark.parametrize(
    ("settings", "variables", "told"),
    [
        (
            AcousticSettings,
            {"UP_PRESSURE": "3"},
            "SPEECHMESH_ACOUSTIC_*: up_pressure must be below down_pressure, and that below refuse_pressure",
        ),
        (
            VocoderSettings,
            {"TRITON_TIMEOUT_MS": "100"},
            "SPEECHMESH_VOCODER_*: triton_attempt_timeout_ms must be below triton_timeout_ms",
        ),
        (
            VocoderSettings,
            {"TRITON_URL": "a:8001,http://b:8001"},
            "SPEECHMESH_VOCODER_TRITON_URL: 'http://b:8001' is not host:port",
        ),
    ],
)
def test_what_is_wrong_with_a_setting_is_said_in_words(
    monkeypatch: pytest.MonkeyPatch, settings: type[ServiceSettings], variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"{settings.model_config['env_prefix']}{name}", value)
    with pytest.raises(SystemExit) as refused:
        load(settings)
    assert str(refused.value) == f"wrong settings:\n  {told}"


@pytest.mark.parametrize("url", ["a:8001, b:8001", "dns:///triton:8001", "[::1]:8001,10.0.0.7:8001"])
def test_endpoints_of_triton_are_taken_as_grpc_writes_them(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SPEECHMESH_VOCODER_TRITON_URL", url)
    assert load(VocoderSettings).triton_url == url


def test_a_misspelt_setting_is_told_and_another_services_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert passed_over(load(FrontendSettings)) == []
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_STREAM", "3")
    monkeypatch.setenv("SPEECHMESH_FRONTEND_MAX_STREAMS", "4")
    monkeypatch.setenv("speechmesh_frontend_port", "5")  # pydantic takes either case
    monkeypatch.setenv("SPEECHMESH_VOCODER_TARGET", "localhost:50053")
    assert passed_over(load(FrontendSettings)) == ["SPEECHMESH_FRONTEND_MAX_STREAM"]
    assert passed_over(load(VocoderSettings)) == []  # it is `speechmesh vocoder`'s


@pytest.mark.parametrize("settings", ALL)
def test_settings_cannot_be_changed_later(settings: type[ServiceSettings]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(settings).port = 1  # type: ignore[misc]


def test_the_default_ports_are_the_documented_ones() -> None:
    assert [load(settings).port for settings in ALL] == [50051, 50052, 50053]
