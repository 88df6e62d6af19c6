"""`python -m bench.gpu`: the networks bare, acoustic and vocoders, on a GPU and on one thread of its host.

It takes neither the mesh nor Triton, and of packages what the acoustic stage has, so that it runs on a machine that is
borrowed for minutes. Where there is no GPU the host's rows alone are measured. A row is a batch of equal items;
`changing` ones have another shape in every run, as texts have and as batches of many streams have.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import itertools
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort

from bench.arguments import voice_bundle
from speechmesh.acoustic.domain import AcousticSegment
from speechmesh.acoustic.families.parallel import ParallelAcoustic
from speechmesh.acoustic.families.precision import graph_for
from speechmesh.acoustic.families.sambert.model import SambertItem, SambertModel
from speechmesh.acoustic.families.sambert.streams import pack_steps
from speechmesh.common.bundle import Tier, VoiceBundle, load_bundle
from speechmesh.common.graphs.half import to_half
from speechmesh.common.graphs.shifted import to_shifted_products
from speechmesh.common.runtime import Device, open_session
from speechmesh.vocoder.backends import NOT_LAST

BATCHES = (1, 8, 32, 64, 128)
SAMBERT_BATCHES = (1, 8, 32, 64)
TOKENS = 60
CHUNKS_FRAMES = (16, 64)
TIERS: tuple[Tier, ...] = ("high", "fast")
# Of each row: so long, and at least so many runs.
_ROW_S, _LEAST_RUNS = 0.25, 2
_SAMBERT_FRAME_S = 0.0125
_STEPS = 8  # of Sambert's decoder in a run, as its family makes them

Feeds = Mapping[str, npt.NDArray[np.generic]]
Run = Callable[[], float]  # runs once, and tells how many seconds of audio came of it


@dataclass(frozen=True)
class Row:
    """What one model, as it is run, takes for a batch.

    `on_device_ms` is without copying inputs and outputs between host and device; None where that was not measured.
    """

    model: str
    variant: str
    device: Device
    batch: int
    shapes: str
    ms: float
    audio_s_per_s: float
    on_device_ms: float | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints tables, then everything as one line of JSON."""
    options = _parser().parse_args(arguments)
    began = time.monotonic()
    devices: list[Device] = ["cpu"]
    if "CUDAExecutionProvider" in ort.get_available_providers():
        devices.insert(0, "cuda")
    else:
        print("no GPU: this ONNX Runtime has no CUDAExecutionProvider", file=sys.stderr)
    bundle = load_bundle(options.voice)
    rows: list[Row] = []
    for part in options.parts:
        for device in devices:
            print(f"{part} on {device}, after {time.monotonic() - began:.0f} s", file=sys.stderr)
            try:
                for row in _PARTS[part](bundle, device):
                    rows.append(row)
            except Exception as error:  # what was measured is told all the same
                print(f"{part} on {device} ended early: {error!s:.500}", file=sys.stderr)
    results = {
        "machine": _machine(),
        "voice": bundle.name,
        "rows": [asdict(row) for row in rows],
        "wall_s": time.monotonic() - began,
    }
    print(_tables(rows))
    print(json.dumps(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=__doc__)
    parser.add_argument(
        "--voice", type=voice_bundle, default="voices/english", help="folder of a voice bundle"
    )
    parser.add_argument("--parts", nargs="+", choices=tuple(_PARTS), default=tuple(_PARTS))
    parser.add_argument("--json", type=Path, help="write the results there too")
    return parser


def _acoustic(bundle: VoiceBundle, device: Device) -> Iterator[Row]:
    """The acoustic model as the stage runs it; on a GPU its file's own convolutions for comparison."""
    frame_s = bundle.config.feature_space.frame_ms / 1000.0
    if device == "cpu":
        model = ParallelAcoustic(bundle, 1, device)
        for batch in BATCHES:
            yield _row(
                "acoustic", "fp32", device, batch, "same", _infer(model, [_segments(batch, TOKENS)], frame_s)
            )
        return
    for variant, model in _acoustic_models(bundle):
        for batch in BATCHES:
            same, others = _segments(batch, TOKENS), _changing_segments(batch)
            run = _infer(model, [same], frame_s)
            bound = _bound(model._session, model._pack(same))
            yield _row("acoustic", variant, device, batch, "same", run, bound)
            yield _row("acoustic", variant, device, batch, "changing", _infer(model, others, frame_s))


def _acoustic_models(bundle: VoiceBundle) -> Iterator[tuple[str, ParallelAcoustic]]:
    yield "fp32", ParallelAcoustic(bundle, 1, "cuda", "fp32")
    yield "fp16", ParallelAcoustic(bundle, 1, "cuda", "fp16")
    path = bundle.folder / bundle.config.acoustic.model
    planned = ParallelAcoustic(bundle, 1, "cuda", "fp32")
    planned._session = open_session(path, device="cuda", content=graph_for(path, "cpu", half=True))
    yield "fp16, convolutions by cuDNN", planned


def _segments(batch: int, n_tokens: int) -> list[AcousticSegment]:
    dice = np.random.default_rng(n_tokens)
    ends = np.arange(n_tokens) % 4 == 3
    return [AcousticSegment(dice.integers(2, 50, n_tokens), ends) for _ in range(batch)]


def _changing_segments(batch: int) -> list[list[AcousticSegment]]:
    """Batches of other lengths each, on average as long."""
    lengths = np.random.default_rng(batch).permutation(np.arange(TOKENS - 20, TOKENS + 21))
    return [_segments(batch, int(n_tokens)) for n_tokens in lengths]


def _infer(model: ParallelAcoustic, batches: Sequence[Sequence[AcousticSegment]], frame_s: float) -> Run:
    turns = itertools.cycle(batches)
    return lambda: sum(len(result.frames) for result in model.infer(next(turns))) * frame_s


def _vocoder(bundle: VoiceBundle, device: Device) -> Iterator[Row]:
    """Both tiers as Triton runs them; on a GPU without planned convolutions for comparison."""
    for tier in TIERS:
        path = bundle.folder / bundle.config.vocoders[tier].model
        model = onnx.load(str(path))
        variants: dict[str, onnx.ModelProto] = {"fp32": model}
        if device == "cuda":
            variants |= {"fp16": to_half(model), "fp16, shifted": to_half(to_shifted_products(model))}
        for variant, graph in variants.items():
            session = open_session(path, device=device, content=graph.SerializeToString())
            for frames, batch in itertools.product(CHUNKS_FRAMES, BATCHES):
                name = f"vocoder {tier}, {frames} frames"
                feeds = _chunks(bundle, tier, batch, frames)
                bound = _bound(session, feeds) if device == "cuda" else None
                yield _row(name, variant, device, batch, "same", _vocode(bundle, session, [feeds]), bound)
                if device == "cuda" and frames == CHUNKS_FRAMES[0]:
                    sizes = (batch, batch + 1)
                    run = _vocode(bundle, session, [_chunks(bundle, tier, n, frames) for n in sizes])
                    yield _row(name, variant, device, batch, "changing", run)


def _chunks(bundle: VoiceBundle, tier: Tier, batch: int, frames: int) -> Feeds:
    """Chunks in the midst of a segment."""
    stateful = bundle.config.vocoders[tier].stateful
    if stateful is None:
        raise SystemExit(f"{bundle.name}, {tier}: only vocoders that carry a state are measured")
    dice = np.random.default_rng(frames)
    mel = dice.uniform(-8.0, -2.0, (batch, frames, bundle.config.feature_space.n_mels))
    return {
        "mel": mel.astype(np.float32),
        "state": np.zeros((batch, stateful.state_size), np.float32),
        "last": np.repeat(NOT_LAST, batch, axis=0),
    }


def _vocode(bundle: VoiceBundle, session: ort.InferenceSession, batches: Sequence[Feeds]) -> Run:
    frame_s = bundle.config.feature_space.frame_ms / 1000.0
    turns = itertools.cycle(batches)

    def run() -> float:
        feeds = next(turns)
        session.run(["wav", "next_state"], feeds)
        batch, frames, _ = feeds["mel"].shape
        return float(batch * frames * frame_s)

    return run


def _sambert(bundle: VoiceBundle, device: Device) -> Iterator[Row]:
    """A Sambert of full size and random weights: steps of its decoder alone, and with the postnet."""
    del bundle
    model = SambertModel(Path(_sambert_graphs().name), 1, device)
    for batch in SAMBERT_BATCHES:
        items = [_sambert_item()] * batch
        yield _row("sambert reader", "fp32", device, batch, "same", _read(model, items))
        run = _decode(model, pack_steps(model.begin(items), _STEPS))
        yield _row(f"sambert decoder, {_STEPS} steps", "fp32", device, batch, "same", run)
        run = _advance(model, items)
        yield _row(f"sambert, {_STEPS} steps and postnet", "fp32", device, batch, "same", run)


@functools.cache
def _sambert_graphs() -> tempfile.TemporaryDirectory[str]:
    """The graphs, until the process ends."""
    # PyTorch, which nothing else here needs.
    from bench import sambert_model  # noqa: PLC0415
    from speechmesh.acoustic.export.sambert import export_sambert  # noqa: PLC0415
    from speechmesh.acoustic.networks.sambert.checkpoint import load_sambert  # noqa: PLC0415

    folder = tempfile.TemporaryDirectory(prefix="speechmesh-bench-gpu-")
    with tempfile.TemporaryDirectory() as checkpoint:
        sambert_model.write_model(Path(checkpoint))
        export_sambert(load_sambert(Path(checkpoint)), Path(folder.name))
    return folder


def _sambert_item() -> SambertItem:
    zeros = np.zeros(TOKENS, np.int64)
    features = np.zeros((TOKENS, 4), np.int64)
    features[:, 0] = np.arange(TOKENS) % 40 + 1
    return SambertItem(features, zeros + 1, zeros)


def _read(model: SambertModel, items: Sequence[SambertItem]) -> Run:
    return lambda: sum(stream.n_frames for stream in model.begin(items)) * _SAMBERT_FRAME_S


def _decode(model: SambertModel, feeds: Feeds) -> Run:
    batch = len(feeds["done"])
    audio_s = batch * _STEPS * model.description.outputs_per_step * _SAMBERT_FRAME_S

    def run() -> float:
        model._decoder.run(["all_frames", "final_last", "final_own"], feeds)
        return audio_s

    return run


def _advance(model: SambertModel, items: Sequence[SambertItem]) -> Run:
    """Runs on, and once in some twenty runs begins again, which counts."""
    streams = model.begin(items)

    def run() -> float:
        if all(stream.finished for stream in streams):
            streams[:] = model.begin(items)
        return sum(len(frames) for frames in model.advance(streams, _STEPS)) * _SAMBERT_FRAME_S

    return run


_PARTS: dict[str, Callable[[VoiceBundle, Device], Iterator[Row]]] = {
    "acoustic": _acoustic,
    "vocoder": _vocoder,
    "sambert": _sambert,
}


def _bound(session: ort.InferenceSession, feeds: Feeds) -> Callable[[], None]:
    """A run whose inputs are on the device already, and whose outputs stay there."""
    binding = session.io_binding()
    for name, value in feeds.items():
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(value, "cuda", 0))
    for output in session.get_outputs():
        binding.bind_output(output.name, "cuda", 0)

    def run() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return run


def _row(
    model: str,
    variant: str,
    device: Device,
    batch: int,
    shapes: str,
    run: Run,
    on_device: Callable[[], None] | None = None,
) -> Row:
    audio_s, seconds = _timed(run)
    row = Row(model, variant, device, batch, shapes, 1000.0 * seconds, audio_s / seconds)
    if on_device is None:
        return row
    _, device_s = _timed(lambda: on_device() or 0.0)
    return Row(**{**asdict(row), "on_device_ms": 1000.0 * device_s})


def _timed(run: Run) -> tuple[float, float]:
    """Means of a run: seconds of audio that come of it, and seconds that it takes; after one to warm up."""
    run()
    audio_s, n_runs, began = 0.0, 0, time.perf_counter()
    while n_runs < _LEAST_RUNS or time.perf_counter() - began < _ROW_S:
        audio_s += run()
        n_runs += 1
    return audio_s / n_runs, (time.perf_counter() - began) / n_runs


def _machine() -> dict[str, Any]:
    return {
        "cpu": _first_line("/proc/cpuinfo", "model name"),
        "gpu": _gpu(),
        "python": platform.python_version(),
        "onnxruntime": ort.__version__,
        "numpy": np.__version__,
        "onnx": importlib.metadata.version("onnx"),
    }


def _first_line(path: str, key: str) -> str:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "unknown")


def _gpu() -> str:
    try:
        import pynvml  # noqa: PLC0415 - of the extra acoustic-gpu

        pynvml.nvmlInit()
        return str(pynvml.nvmlDeviceGetName(pynvml.nvmlDeviceGetHandleByIndex(0)))
    except Exception as error:  # its errors share no base with that of a missing package
        return f"none ({type(error).__name__})"


def _tables(rows: Sequence[Row]) -> str:
    """A Markdown table a model: a line each variant, a column each batch, milliseconds and audio seconds a second."""
    lines: list[str] = []
    for model in dict.fromkeys(row.model for row in rows):
        own = [row for row in rows if row.model == model]
        batches = sorted({row.batch for row in own})
        lines += ["", f"**{model}**: ms a run (without copies); audio seconds a second", ""]
        lines += [
            "| | " + " | ".join(f"batch {n}" for n in batches) + " |",
            "|---" * (len(batches) + 1) + "|",
        ]
        for kind in dict.fromkeys((row.device, row.variant, row.shapes) for row in own):
            of_kind = {row.batch: row for row in own if (row.device, row.variant, row.shapes) == kind}
            cells = [_cell(of_kind[n]) if n in of_kind else "" for n in batches]
            lines.append(f"| {kind[0]}, {kind[1]}, {kind[2]} shapes | " + " | ".join(cells) + " |")
    return "\n".join(lines[1:])


def _cell(row: Row) -> str:
    inside = "" if row.on_device_ms is None else f" ({row.on_device_ms:.2f})"
    return f"{row.ms:.2f}{inside}; {row.audio_s_per_s:.0f}"


if __name__ == "__main__":
    sys.exit(main())
