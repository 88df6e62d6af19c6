"""`python -m bench.text_work`: how long a text of 120 characters takes to become tokens, in the frontend, when warm.

The texts are those of the reading tests, dense with numbers, codes and names, put together anew each time, so that no
cache of whole texts could help. Times are of one thread: what passed, and what it computed.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import percentile
from speechmesh.common.bundle import load_bundle
from speechmesh.common.errors import Incompatible
from speechmesh.frontend.reader import Reader, load_reader

CASES = Path("tests/data/reading")
_CHARS = 120
_N_WARM, _N_TEXTS = 200, 1000
_PERCENTILES = (50, 90, 99, 100)
_WIDTH = 120  # where the output is no terminal


def main() -> int:
    """Measures and prints; 1 when it could not measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.text_work", description=__doc__)
    parser.add_argument("--voices", type=Path, default=Path("voices"), help="folder of voice bundles")
    options = parser.parse_args()
    table = Table(title=f"Text work of {_N_TEXTS} texts of {_CHARS} characters, ms")
    table.add_column("voice")
    for kind in ("passed", "computed"):
        for at in _PERCENTILES:
            table.add_column(f"{kind} {'max' if at == 100 else f'p{at}'}", justify="right")
    try:
        for voice in ("english", "mandarin"):
            reader = load_reader(load_bundle(options.voices / voice))
            times = [_read(reader, text) for text in texts(CASES / f"{voice}.tsv", _N_WARM + _N_TEXTS)][
                _N_WARM:
            ]
            columns = zip(*times, strict=True)
            table.add_row(
                voice, *(f"{percentile(column, at):.2f}" for column in columns for at in _PERCENTILES)
            )
    except (Incompatible, OSError) as error:
        Console(stderr=True).print(f"text_work: {error}", style="red", highlight=False, markup=False)
        return 1
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    console.print(table)
    return 0


def texts(cases: Path, n: int) -> Iterator[str]:
    """Texts of about 120 characters, of cases in ever new order."""
    lines = [line for line in cases.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    parts = [line.split("\t")[1].replace("\\n", "\n") for line in lines]
    parts = [part if part[-1] in ".!?。！？" else f"{part}." for part in parts if len(part) < _CHARS]
    dice = random.Random(1)
    for _ in range(n):
        text = ""
        while len(text) < _CHARS:
            text = f"{text} {dice.choice(parts)}".strip()
        yield text[: text.rindex(" ")] if len(text) > 1.2 * _CHARS and " " in text else text


def _read(reader: Reader, text: str) -> tuple[float, float]:
    """How many milliseconds passed, and how many were computed, for all segments of a text."""
    passed_s, computed_s = time.perf_counter(), time.thread_time()
    plan = reader.plan(text, max_words=20, first_max_words=8)
    for segment in plan.segments:
        reader.tokens(segment)
    return 1e3 * (time.perf_counter() - passed_s), 1e3 * (time.thread_time() - computed_s)


if __name__ == "__main__":
    sys.exit(main())
