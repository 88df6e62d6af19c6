"""The work folder: what a run has made so far. Everything in it is written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel


def _describe() -> str:
    """The commit whose code this is, `-dirty` where training or product differ from it; `?` outside a checkout."""
    commit = _git("rev-parse", "--short", "HEAD")
    made = (":!training/report.md", ":!training/figures")  # by runs such as this one
    changed = _git("status", "--porcelain", "--", "training", "services", *made)
    return f"{commit}{'-dirty' if changed else ''}" if commit else "?"


def _git(*arguments: str) -> str:
    """What git says of this checkout; nothing where there is none."""
    command = ["git", "-C", str(Path(__file__).parents[2]), *arguments]
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return ""


# When the process begins: what is changed and committed while it runs is not what runs.
_COMMIT = _describe()


class Work:
    """Paths below one voice's work folder, and its steps' marks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def sibling(self, voice: str) -> Work:
        """The work folder of another voice, beside this one."""
        return Work(self.folder.parent / voice)

    def is_done(self, step: str, fingerprint: str) -> bool:
        """Whether `step` was finished with these settings."""
        mark = self._mark(step)
        return mark.is_file() and json.loads(mark.read_text())["fingerprint"] == fingerprint

    def mark_done(self, step: str, fingerprint: str, seconds: float) -> None:
        """Notes that `step` is finished, with which code, and how long it took in this and all earlier runs."""
        mark = {"fingerprint": fingerprint, "seconds": round(seconds, 1), "commit": _COMMIT}
        write_json(self._mark(step), mark)

    def seconds(self, step: str) -> float:
        """How long a finished step took; 0 where it is not finished."""
        mark = self._mark(step)
        return float(json.loads(mark.read_text())["seconds"]) if mark.is_file() else 0.0

    def commit(self, step: str) -> str:
        """The commit with whose code a step was finished; `?` where it is not told."""
        mark = self._mark(step)
        return str(json.loads(mark.read_text()).get("commit", "?")) if mark.is_file() else "?"

    def _mark(self, step: str) -> Path:
        return self.folder / "done" / f"{step}.json"


def fingerprint(*parts: BaseModel | str | int | float | None) -> str:
    """A hash of settings: equal settings, equal work."""
    texts = [part.model_dump_json() if isinstance(part, BaseModel) else repr(part) for part in parts]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that becomes `path`, in place of an older one, when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        shutil.rmtree(path, ignore_errors=True)
        part.rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_json(path: Path, value: Any) -> None:
    """Writes a JSON file, whole."""
    with whole_file(path) as part:
        part.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """Reads a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))
