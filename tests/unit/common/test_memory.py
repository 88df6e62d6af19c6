from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from speechmesh.common import memory

MIB = 2**20


def test_what_a_process_touches_is_in_its_resident_memory() -> None:
    before = memory.resident_bytes()
    block = bytearray(b"x" * 64 * MIB)
    assert memory.resident_bytes() - before > 50 * MIB
    del block


@pytest.mark.parametrize(
    ("contents", "expected"),
    [
        (["1073741824\n"], 2**30),
        (["max\n"], 0),
        ([None, "536870912\n"], 2**29),
        ([None, "9223372036854771712"], 0),
    ],
)
def test_the_containers_limit_is_read_as_the_kernel_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contents: list[str | None], expected: int
) -> None:
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / str(number))
        if content is not None:
            paths[-1].write_text(content)
    monkeypatch.setattr(memory, "_LIMITS", tuple(paths))
    assert memory.limit_bytes() == expected


FREES = """
from speechmesh.common.memory import release_free, resident_bytes
small = [bytes(2000) for _ in range(50_000)]  # in the C library's heap, and a last one that holds it open
last = [bytes(2000) for _ in range(10)]
full = resident_bytes()
del small
release_free()
print((full - resident_bytes()) // 2**20)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc keeps what was freed")
def test_what_is_free_goes_back_to_the_system() -> None:
    freed_mib = subprocess.run(
        [sys.executable, "-c", FREES], capture_output=True, text=True, check=True
    ).stdout
    assert int(freed_mib) > 80
