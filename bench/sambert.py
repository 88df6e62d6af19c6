"""Full-size Sambert-HifiGan on a Chinese news text: the mesh, the same graphs bare, and eager PyTorch in one shot."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench import contenders, sambert_model, scenarios
from bench.contenders import Contender
from bench.eager_baseline import CHECKPOINTS
from bench.figures import ratio
from bench.load import Window
from bench.scenarios import Plan, Tell
from bench.texts import NEWS
from bench.usage import PeakMemory
from speechmesh.cli.imports.modelscope import SourceVoice
from speechmesh.cli.imports.sambert_hifigan import Wanted, import_voice
from speechmesh.common.bundle import Tier, load_bundle
from speechmesh.vocoder.export.steps import silent

_TIERS: dict[Tier, str] = {"high": "fp32", "fast": "int8"}
# Long enough for every listener to hear a text and to ask for the next.
_WINDOW = Window(warm_up_s=30.0, window_s=40.0, max_wait_s=120.0)
_STREAMS = (4, 8, 12, 16)
_REPETITIONS = 5


def build(folder: Path) -> dict[str, Path]:
    """The voice, imported as a user would: bundles of one tier each, by precision."""
    checkpoints = folder / CHECKPOINTS
    sambert_model.write_model(checkpoints)
    wanted = Wanted(sambert_model.NAME, folder / "imported", {"high": "fp32", "fast": "int8"}, license="none")
    bundle, _ = import_voice(SourceVoice(sambert_model.NAME, checkpoints), wanted, silent)
    return {precision: _of_one_tier(bundle.folder, tier, folder) for tier, precision in _TIERS.items()}


def _of_one_tier(source: Path, tier: Tier, folder: Path) -> Path:
    target = folder / f"sambert-{_TIERS[tier]}"
    shutil.copytree(source, target)
    config = yaml.safe_load((source / "voice.yaml").read_text(encoding="utf-8"))
    config |= {"name": target.name, "vocoders": {tier: config["vocoders"][tier]}}
    (target / "voice.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    load_bundle(target)
    return target


def measure(streams: Sequence[int] | None, tell: Tell) -> dict[str, Any]:
    """Single requests in turns, then listeners in real time."""
    with tempfile.TemporaryDirectory(prefix="speechmesh-bench-sambert-") as scratch:
        folder = Path(scratch)
        tell("importing a full-size Sambert-HifiGan")
        voices = build(folder)
        single, cells = {}, []
        for precision, voice in voices.items():
            tell(f"starting Sambert {precision}")
            names = ("eager", "yardstick", "mesh") if precision == "fp32" else ("yardstick", "mesh")
            with _running(names, voice, folder / f"run-{precision}") as started:
                for name, result in _single(started, tell).items():
                    single[name if name == "eager" else f"{name} {precision}"] = result
                # Listeners are counted with the vocoder that a crowd is given.
                mesh = [contender for contender in started if contender.name == "mesh"]
                for n in (streams or _STREAMS) if precision == "int8" else ():
                    tell(f"{n} listeners in real time, Sambert {precision}")
                    cells += [cell | {"contender": f"mesh {precision}"} for cell in _paced(mesh, n)]
                saturated = [c for c in started if c.name != "eager"]
                plan = Plan(concurrencies=(8,), rounds=1, window=Window(8.0, 20.0, 120.0))
                cells += [
                    cell | {"contender": f"{cell['contender']} {precision}, saturated"}
                    for cell in scenarios.closed_loops(saturated, plan, tell)
                ]
        return {"single": single, "closed": cells, "ratios": _ratios(single)}


def _single(started: Sequence[Contender], tell: Tell) -> dict[str, Any]:
    """The news text alone, contenders in turns; peak memory over all of each one's requests."""
    results: dict[str, Any] = {}
    runs: dict[str, list[dict[str, Any]]] = {contender.name: [] for contender in started}
    peaks = dict.fromkeys(runs, 0.0)
    for repetition in range(-1, _REPETITIONS):
        for contender in started:
            tell(f"Sambert, the news text, {contender.name}, {repetition + 1} of {_REPETITIONS}")
            with PeakMemory(contender.processes) as memory:
                result = contender.worker.run({"op": "single", "text": NEWS})
            if "error" in result:
                raise contenders.BenchError(f"{contender.name}: {result['error']}")
            peaks[contender.name] = max(peaks[contender.name], memory.peak_mib)
            if repetition >= 0:
                runs[contender.name].append(result)
    for name, each in runs.items():
        results[name] = {"summary": scenarios.summary(each), "runs": each, "peak_rss_mib": peaks[name]}
    return results


def _paced(mesh: Sequence[Contender], n_streams: int) -> list[dict[str, Any]]:
    return [
        scenarios.closed_cell(contender, n_streams, _WINDOW, paced=True) | {"round": 1} for contender in mesh
    ]


def _ratios(single: dict[str, Any]) -> dict[str, Any]:
    """How many times sooner and faster than eager PyTorch."""

    def median(name: str, figure: str) -> float | None:
        value: float | None = single[name]["summary"][figure]["median"] if name in single else None
        return value

    found: dict[str, Any] = {}
    for name in single:
        if name != "eager":
            # The eager endpoint's first audio is its answer.
            first = ratio(median("eager", "total_ms"), median(name, "ttfa_ms"))
            found[name] = {
                "first_audio": first,
                "total": ratio(median("eager", "total_ms"), median(name, "total_ms")),
            }
    return found


@contextmanager
def _running(names: Sequence[str], voice: Path, scratch: Path) -> Iterator[list[Contender]]:
    with ExitStack() as stack:
        yield [stack.enter_context(contenders.running(name, voice, scratch, "news")) for name in names]
