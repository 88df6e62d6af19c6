from __future__ import annotations

import sys

import pytest
import typer

from speechmesh.cli.say_input import is_document, read_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<speak>Hi.</speak>", True),
        ("\n <?xml version='1.0'?>\n<!-- by hand -->\n<speak version='1.1'>Hi.</speak>", True),
        ("<speak/>", True),
        ("<speaker> is a tag.", False),
        ("Say <speak>.", False),
        ("", False),
    ],
)
def test_a_document_is_told_by_its_beginning(text: str, expected: bool) -> None:
    assert is_document(text) is expected


def test_bytes_of_an_argument_that_are_no_text_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        read_text("caf\udce9", None)
    assert "TEXT: 'utf-8' codec" in capsys.readouterr().err


def test_closed_standard_input_has_no_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(typer.Exit):
        read_text(None, None)
    assert "give TEXT" in capsys.readouterr().err
