"""Finds the voices in what ModelScope's `speech_sambert-hifigan_tts_*` models come as: a folder, zipped or not."""

from __future__ import annotations

import json
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from speechmesh.common.errors import Incompatible, InvalidInput

_VOICES, _ZIP = "voices", "voices.zip"
_PARTS = ("am", "voc")
# Published voices have about 100 MB each; what unpacks to far more is no model.
_MAX_UNPACKED_BYTES = 16 << 30
_MAX_FILES = 10_000


@dataclass(frozen=True)
class SourceVoice:
    """A voice's name and its folder, with `am` and `voc` in it."""

    name: str
    folder: Path


@contextmanager
def voices_in(path: Path) -> Iterator[list[SourceVoice]]:
    """The voices of a downloaded model, its default one first; unpacked for as long as the block lasts.

    `path` is the model's folder, its `voices` folder or voices.zip, or the folder of one voice.

    Raises:
        InvalidInput: when there is no such folder.
        Incompatible: naming what is missing in it.
    """
    if not path.exists():
        raise InvalidInput("FOLDER", f"{path}: no such file or folder")
    archive = path if path.is_file() else path / _ZIP
    if path.is_file() or (archive.is_file() and not (path / _VOICES).is_dir()):
        with TemporaryDirectory(prefix="speechmesh-import-") as unpacked:
            _unpack(archive, Path(unpacked))
            yield _found(Path(unpacked), str(archive))
        return
    yield _found(path, str(path))


def _found(path: Path, shown: str) -> list[SourceVoice]:
    if all((path / part).is_dir() for part in _PARTS):
        return [SourceVoice(path.resolve().name, path)]
    folder = path / _VOICES if (path / _VOICES).is_dir() else path
    found = {
        child.name: SourceVoice(child.name, child)
        for child in sorted(folder.iterdir())
        if child.is_dir() and all((child / part).is_dir() for part in _PARTS)
    }
    if not found:
        raise Incompatible(
            f"{shown}: no voice in it; a voice is a folder with {' and '.join(_PARTS)}, and a model has them in "
            f"{_VOICES} or {_ZIP}"
        )
    first = [name for name in _listed(folder / "voices.json") if name in found]
    return [found[name] for name in dict.fromkeys([*first, *found])]


def _listed(path: Path) -> list[str]:
    """The names in voices.json, the default one first; none where there is no such file."""
    if not path.is_file():
        return []
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
        return [str(name) for name in content["voices"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Incompatible(f"{path}: is no list of voices: {error}") from None


def _unpack(archive: Path, target: Path) -> None:
    """Unpacks an archive that nobody vouches for.

    Raises:
        Incompatible: when it is broken, too large, or holds what would be written elsewhere.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = packed.infolist()
            if len(members) > _MAX_FILES or sum(m.file_size for m in members) > _MAX_UNPACKED_BYTES:
                raise Incompatible(f"{archive}: unpacks to more than a model can be")
            for member in members:
                inside = (target / member.filename).resolve().is_relative_to(target.resolve())
                if not inside or stat.S_ISLNK(member.external_attr >> 16):
                    raise Incompatible(f"{archive}: {member.filename} points outside of it")
            packed.extractall(target)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise Incompatible(f"{archive}: cannot be unpacked: {error}") from None


def chosen(voices: Sequence[SourceVoice], names: Sequence[str]) -> list[SourceVoice]:
    """The voices of these names, all without names.

    Raises:
        InvalidInput: naming `--voice`.
    """
    by_name = {voice.name: voice for voice in voices}
    if unknown := [name for name in names if name not in by_name]:
        raise InvalidInput("--voice", f"{unknown[0]!r} is not in the model; it has {', '.join(by_name)}")
    return [by_name[name] for name in names] if names else list(voices)
