"""flite's voices, through a small C program, because its command cannot tell the phones' times."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from speechmesh.common.errors import Incompatible
from training.voices.corpus import Sentence
from training.voices.settings import FliteTeacher
from training.voices.teachers.labels import read_spoken
from training.voices.utterance import Spoken

_SOURCE = Path(__file__).with_name("flite_teacher.c")
_HEADER = Path("/usr/include/flite/flite.h")
_LIBRARIES = [
    *(f"-lflite_cmu_us_{voice}" for voice in ("rms", "slt", "awb", "kal16")),
    *("-lflite_usenglish", "-lflite_cmulex", "-lflite", "-lm"),
]


def flite_missing() -> str:
    """Why flite cannot be used; empty when it can."""
    if not _HEADER.is_file():
        return "flite's headers are not installed: apt-get install flite1-dev"
    if shutil.which("cc") is None:
        return "no C compiler: apt-get install gcc libc6-dev"
    return ""


class Flite:
    """One of flite's voices."""

    def __init__(self, settings: FliteTeacher) -> None:
        """Checks that it is there.

        Raises:
            Incompatible: when flite or the compiler is missing.
        """
        if missing := flite_missing():
            raise Incompatible(missing)
        self._settings = settings

    def speak(self, sentences: Sequence[Sentence]) -> list[Spoken]:
        """Speaks sentences; slower by as much as resampling will make them faster."""
        with tempfile.TemporaryDirectory(prefix="flite_teacher.") as folder:
            program = _compile(Path(folder))
            lines = "".join(f"{sentence.id}|{sentence.text}\n" for sentence in sentences)
            subprocess.run(
                [str(program), self._settings.voice, folder, f"{self._settings.resample:.4f}"],
                input=lines.encode("ascii"),
                check=True,
                capture_output=True,
            )
            spoken = (read_spoken(sentence, Path(folder)) for sentence in sentences)
            return [one for one in spoken if one is not None]


def _compile(folder: Path) -> Path:
    """The program; it takes a fifth of a second, and a hundred sentences take ten."""
    program = folder / "flite_teacher"
    command = ["cc", "-O2", "-o", str(program), str(_SOURCE), *_LIBRARIES]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Incompatible(f"{_SOURCE.name} does not compile: {done.stderr.strip()[-400:]}")
    return program
