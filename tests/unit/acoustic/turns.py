"""Lets the voices in argv[1] take turns in a budget of one, and prints the private memory in MiB after each."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from speechmesh.acoustic.engine import AcousticEngine
from speechmesh.acoustic.settings import AcousticSettings


def private_mib() -> float:
    """Resident memory but for files that are mapped."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))


async def main(voices_dir: Path) -> None:
    """The turns."""
    engine = AcousticEngine(AcousticSettings(voices_dir=voices_dir, model_memory_mib=17))
    async with engine.running():
        names = [slot.bundle.name for slot in engine.slots()]
        for turn in range(13):
            async with engine.voice(names[turn % len(names)], ""):
                print(private_mib())


asyncio.run(main(Path(sys.argv[1])))
