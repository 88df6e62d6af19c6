"""Makes a Triton model repository of the voice bundles. The stock Triton image loads it unchanged."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path
from typing import Literal

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2 as pb

from speechmesh.common.bundle import load_bundles
from speechmesh.vocoder.backends import (
    FIRST_STATE,
    LAST,
    NOT_LAST,
    Chunk,
    Priority,
    ServedVocoder,
    VocoderModel,
    warmup_chunks,
)

InstanceKind = Literal["cpu", "gpu"]
_KINDS = {"cpu": pb.ModelInstanceGroup.KIND_CPU, "gpu": pb.ModelInstanceGroup.KIND_GPU}
# With one, Triton (2.51, its python backend) holds some chunks for half a second: its batcher misses that the instance
# is free when a stream's next chunk comes just then (5 % of a lone stream's chunks; of 4,400 with two instances none).
LEAST_INSTANCES = 2
# Chunks that may meet in one run at least, where the operator does not say. Runs of 32 make 16 times the audio a second
# that runs of 1 do on a GPU, runs of 128 two fifths more than that, for four times the memory.
DEFAULT_BATCH_SIZE: dict[InstanceKind, int] = {"cpu": 1, "gpu": 32}
_MAX_QUEUED = 512
_MAX_QUEUE_WAIT_US = 10_000_000


def model_config(
    model: ServedVocoder, *, instances: int, kind: InstanceKind, max_batch_size: int = 1
) -> pb.ModelConfig:
    """The config.pbtxt of a vocoder, batched over streams by priority.

    Stateful: `mel` [B, T, M], `state` [B, S], `last` [B, 1] -> `wav` [B, N], `next_state` [B, S]; the batcher keeps
    chunks of different shapes apart, and with them first, middle and last ones. Windows: `mel` -> `wav` alone.

    There are `LEAST_INSTANCES` at least. A run takes as many chunks as the voice says, or `max_batch_size` if that is
    more; each instance keeps the memory of its largest run, which grows with it.
    """
    instances = max(instances, LEAST_INSTANCES)
    max_batch_size = max(max_batch_size, model.config.max_batch_size)
    policy = pb.ModelQueuePolicy(
        max_queue_size=_MAX_QUEUED,
        timeout_action=pb.ModelQueuePolicy.REJECT,
        default_timeout_microseconds=_MAX_QUEUE_WAIT_US,
        allow_timeout_override=True,
    )
    stateful = model.config.stateful
    inputs = {"mel": [-1, model.n_mels]} | ({"state": [-1], "last": [-1]} if stateful else {})
    # The native backend loads no model whose outputs are not, number by number, what the graph says. A first chunk's
    # state is shorter than those that come back, so that the graph leaves its size open for the input alone.
    outputs = {"wav": [-1]} | ({"next_state": [stateful.state_size]} if stateful else {})
    return pb.ModelConfig(
        name=model.name,
        backend="onnxruntime",
        max_batch_size=max_batch_size,
        input=[pb.ModelInput(name=name, data_type=pb.TYPE_FP32, dims=dims) for name, dims in inputs.items()],
        output=[
            pb.ModelOutput(name=name, data_type=pb.TYPE_FP32, dims=dims) for name, dims in outputs.items()
        ],
        instance_group=[pb.ModelInstanceGroup(kind=_KINDS[kind], count=instances)],
        dynamic_batching=pb.ModelDynamicBatching(
            # No delay: a chunk never waits for company, it takes what queued while the last batch ran.
            max_queue_delay_microseconds=0,
            priority_levels=len(Priority),
            default_priority_level=Priority.NORMAL,
            default_queue_policy=policy,
        ),
        parameters={
            name: pb.ModelParameter(string_value=value) for name, value in _runtime_options(kind).items()
        },
        model_warmup=[
            *(_warmup(model, chunk) for chunk in warmup_chunks(model)),
            _warmup(model, _longest_chunk(model), _usual_batch(max_batch_size, instances, kind)),
        ],
    )


def _runtime_options(kind: InstanceKind) -> dict[str, str]:
    """What the onnxruntime backend, native or ours, tells ONNX Runtime."""
    options = {
        # One thread an instance, none spinning: instances and stages share the cores.
        "intra_op_thread_count": "1",
        "inter_op_thread_count": "1",
        "session.intra_op.allow_spinning": "0",
        # Last chunks are of any length: a plan of the memory for each would only pile up. The arena itself keeps what
        # it has; giving pages back after each run cost a third of a large vocoder's time, to fault them in again.
        "enable_mem_pattern": "0",
    }
    if kind == "gpu":
        # By heuristics: an exhaustive search (0, the default) would stop the stream at each length not seen before.
        options["cudnn_conv_algo_search"] = "1"
        # The arena grows by what is asked for (1), not by doubling.
        options["arena_extend_strategy"] = "1"
    return options


def _longest_chunk(model: ServedVocoder) -> Chunk:
    """A stream's last chunk at its longest: it gives the most samples, those held back so far among them."""
    longest = warmup_chunks(model)[-1]
    return dataclasses.replace(longest, last=True)


def _usual_batch(max_batch_size: int, instances: int, kind: InstanceKind) -> int:
    """Chunks that may meet in one run as the settings advise, see `max_running_chunks` of the vocoder service.

    A batch of them is run at the start, since ONNX Runtime keeps the memory of its largest run: what the model takes
    is then known when it is ready, and does not grow by a tenth whenever more long chunks meet than ever before.
    """
    return min(2 * instances, max_batch_size) if kind == "cpu" else max_batch_size


def _warmup(model: ServedVocoder, chunk: Chunk, batch_size: int = 1) -> pb.ModelWarmup:
    shapes: dict[str, tuple[int, ...]] = {"mel": chunk.frames.shape}
    stage = ""
    if model.config.stateful is not None:
        state = FIRST_STATE if chunk.state is None else chunk.state[None]
        shapes |= {"state": state.shape[1:], "last": (LAST if chunk.last else NOT_LAST).shape[1:]}
        stage = "first_" if chunk.state is None else "last_" if chunk.last else ""
    return pb.ModelWarmup(
        name=f"{stage}{len(chunk.frames)}_frames_by_{batch_size}",
        batch_size=batch_size,
        inputs={
            name: pb.ModelWarmup.Input(data_type=pb.TYPE_FP32, dims=shape, zero_data=True)
            for name, shape in shapes.items()
        },
    )


def build_repository(
    voices_dir: Path,
    out: Path,
    *,
    instances: int,
    kind: InstanceKind = "cpu",
    max_batch_size: int | None = None,
    link: bool = False,
    keep: bool = False,
) -> list[str]:
    """Writes one model per voice and tier under `out`; returns their names.

    A vocoder that has changed has a new name. Models no longer there are removed, or with `keep` are left: a running
    server may be asked for the old ones until the vocoder service has taken in the new ones.
    `max_batch_size` is in chunks, see `model_config`; None: `DEFAULT_BATCH_SIZE`.
    `link` makes hard links to the bundles' files rather than copies, where the file system can.

    Raises:
        Incompatible: when a bundle is broken.
    """
    max_batch_size = max_batch_size or DEFAULT_BATCH_SIZE[kind]
    out.mkdir(parents=True, exist_ok=True)
    models = [
        VocoderModel(bundle, tier)
        for bundle in load_bundles(voices_dir).values()
        for tier in bundle.config.vocoders
    ]
    if not keep:
        for stale in {path.name for path in out.iterdir() if path.is_dir()} - {
            model.name for model in models
        }:
            shutil.rmtree(out / stale)
    for model in models:
        folder = out / model.name
        version = folder / "1"
        version.mkdir(parents=True, exist_ok=True)
        _place(model.bundle.folder / model.config.model, version / "model.onnx", link=link)
        config = model_config(model, instances=instances, kind=kind, max_batch_size=max_batch_size)
        (folder / "config.pbtxt").write_text(text_format.MessageToString(config), encoding="utf-8")
    return [model.name for model in models]


def _place(source: Path, target: Path, *, link: bool) -> None:
    target.unlink(missing_ok=True)
    if link:
        try:
            os.link(source.resolve(), target)
            return
        except OSError:  # another file system
            pass
    shutil.copyfile(source, target)
