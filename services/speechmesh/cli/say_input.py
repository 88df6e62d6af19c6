"""What `speechmesh say` is told to say."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from speechmesh.cli.console import fail
from speechmesh.client import LexiconEntry, read_lexicon

_DOCUMENT = re.compile(r"\s*(<\?xml[\s\S]*?\?>\s*|<!--[\s\S]*?-->\s*)*<speak[\s>/]")


def read_text(text: str | None, file: Path | None) -> str:
    """The text: of the argument, of a file, or of standard input."""
    if text is not None and file is not None:
        fail("give TEXT or --file, not both", 2)
    if file is not None and str(file) != "-":
        try:
            return file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            fail(f"{file}: {error}", 2)
    if text is not None and text != "-":
        try:
            text.encode()  # bytes that are no UTF-8 are lone surrogates in an argument
        except UnicodeEncodeError as error:
            fail(f"TEXT: {error}", 2)
        return text
    if sys.stdin is None or (sys.stdin.isatty() and text is None and file is None):
        fail("give TEXT, --file, or text on standard input", 2)
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"standard input: {error}", 2)


def is_document(text: str) -> bool:
    """Whether a text is an SSML document by its beginning."""
    return _DOCUMENT.match(text) is not None


def lexicon_of(file: Path | None) -> tuple[LexiconEntry, ...]:
    """The entries of a lexicon's file."""
    if file is None:
        return ()
    try:
        return read_lexicon(file)
    except (OSError, ValueError) as error:
        fail(f"{file}: {error}", 2)
