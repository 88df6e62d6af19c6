from __future__ import annotations

import pytest

from speechmesh.cli.say_input import is_document


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
