"""Fixtures that all tests share."""

from __future__ import annotations

import atexit
import faulthandler
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from speechmesh.common.bundle import VoiceBundle, load_bundle

REPOSITORY = Path(__file__).parent.parent
_ENDS_WITHIN_S = 120


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(exitstatus: int | pytest.ExitCode) -> None:
    """Lets the process end for certain.

    Python's own end comes first, which waits for every thread that was left: one that never ends is told with its
    stack, and the run fails. What comes after it, the teardown of native libraries whose threads still run (gRPC, torch
    and ONNX Runtime in one process), is left out: it has hung once, for hours, after all tests had passed.
    """
    faulthandler.dump_traceback_later(_ENDS_WITHIN_S, exit=True, file=2)
    sys.__dict__.pop("last_type", None)  # that of a test
    atexit.register(_end, int(exitstatus))


def _end(exitstatus: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exitstatus or int("last_type" in sys.__dict__))  # an error after the tests is one, too


@pytest.fixture(scope="session")
def voices_dir() -> Path:
    """A folder with one small voice of one speaker and one tier, by which most tests are done sooner."""
    return REPOSITORY / "tests/data/voices"


@pytest.fixture(scope="session")
def english() -> VoiceBundle:
    """The English voice that ships."""
    return load_bundle(REPOSITORY / "voices/english")


@pytest.fixture(scope="session")
def mandarin() -> VoiceBundle:
    """The Mandarin voice that ships."""
    return load_bundle(REPOSITORY / "voices/mandarin")


@pytest.fixture(scope="session")
def bootstrap(voices_dir: Path) -> VoiceBundle:
    return load_bundle(voices_dir / "bootstrap")


@pytest.fixture(scope="session")
def modelscope_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Sambert-HifiGan model laid out as ModelScope has them, of two voices with tiny random weights."""
    folder = tmp_path_factory.mktemp("modelscope") / "speech_sambert-hifigan_tts_tiny"
    goldens = REPOSITORY / "tests/data/goldens"
    for name in ("tiny_a", "tiny_nsf"):
        shutil.copytree(goldens / "sambert/voices" / name / "am", folder / "voices" / name / "am")
        shutil.copytree(goldens / "kantts" / name / "voc", folder / "voices" / name / "voc")
    (folder / "voices/voices.json").write_text(json.dumps({"voices": ["tiny_nsf"]}))
    return folder


@pytest.fixture(scope="session")
def imported_voices(modelscope_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the voices of that model, as the command imports them."""
    # The tests of a GPU run where there is no command line.
    from typer.testing import CliRunner  # noqa: PLC0415

    from speechmesh.cli.main import app  # noqa: PLC0415

    voices = tmp_path_factory.mktemp("imported")
    arguments = ["voice", "import", "sambert-hifigan", modelscope_folder, "--out", voices]
    arguments += ["--tiers", "high=fp32", "--styles", "neutral,happy,sad", "--license", "MIT"]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return voices
