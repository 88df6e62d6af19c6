"""What the measurements' arguments have in common."""

from __future__ import annotations

import argparse
from pathlib import Path


def voice_bundle(told: str) -> Path:
    """The folder of a voice bundle, for argparse, which says what is wrong beside the option's name."""
    folder = Path(told)
    if not (folder / "voice.yaml").is_file():
        raise argparse.ArgumentTypeError(f"{told!r} is no folder of a voice bundle, as voices/english is")
    return folder
