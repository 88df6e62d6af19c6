"""What an export depends on, as one hash: equal hashes, equal models. Needs neither torch nor onnx."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from speechmesh.vocoder.export.options import Options

# What upstream's projects put into a checkpoint's folder and the exporter reads.
_READ_SUFFIXES = (".pth", ".bin", ".safetensors", ".json", ".yaml", ".yml", ".onnx")
_DEPTH = 3
_LIBRARIES = ("torch", "onnx", "onnxruntime", "numpy")


def fingerprint(options: Options, speech: str) -> str:
    """The hash of the checkpoint, the options, the material and the exporter; `speech` tells the speaking voice."""
    material = options.mels or options.wavs
    content = {
        "checkpoint": checkpoint_sha256(options.checkpoint),
        "configurations": [
            file_sha256(path)
            for path in (options.config, options.feature_space, *_beside(options.checkpoint))
            if path is not None
        ],
        "name": options.name,
        "tiers": options.tiers,
        "target": options.target,
        "edge_frames": options.edge_frames,
        # Of recordings, which may be many, what tells whether they were touched.
        "material": [_touched(path) for path in _files(material)] if material else speech,
        "exporter": _exporter(),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def file_sha256(path: Path) -> str:
    """The hash of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checkpoint_sha256(path: Path) -> str:
    """The hash of a file, or of the names and contents of those files of a folder that an exporter may read."""
    if path.is_file():
        return file_sha256(path)
    digest = hashlib.sha256()
    for file in _files(path):
        if file.suffix in _READ_SUFFIXES and len(file.relative_to(path).parts) <= _DEPTH:
            digest.update(f"{file.relative_to(path)} {file_sha256(file)}\n".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    yield from sorted(file for file in path.rglob("*") if file.is_file())


def _touched(path: Path) -> list[str | int]:
    status = path.stat()
    return [path.name, status.st_size, status.st_mtime_ns]


def _beside(checkpoint: Path) -> list[Path]:
    """The configurations that lie where a checkpoint's file has them."""
    if not checkpoint.is_file() or checkpoint.suffix == ".onnx":
        return []
    folder = checkpoint.parent.parent if checkpoint.parent.name == "ckpt" else checkpoint.parent
    names = [folder / "config.json", folder / "config.yaml", folder.parent / "audio_config.yaml"]
    return [path for path in names if path.is_file()]


def exporter_files() -> list[Path]:
    """The code that makes models: this package, and the passes and networks that other stages share with it."""
    vocoder = Path(__file__).parent.parent
    common = vocoder.parent / "common"
    folders = (vocoder / "export", vocoder / "networks", common / "graphs", common / "networks")
    return [file for folder in folders for file in sorted(folder.rglob("*.py"))]


def _exporter() -> str:
    digest = hashlib.sha256()
    for file in exporter_files():
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
