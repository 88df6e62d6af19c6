"""A checkpoint, or an offline ONNX graph, as a float32 graph that streams."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import yaml
from pydantic import ValidationError

from speechmesh.common.bundle import VocoderConfig
from speechmesh.common.errors import Incompatible, InvalidInput
from speechmesh.common.features import FeatureSpace, FloatArray
from speechmesh.common.runtime import open_session
from speechmesh.vocoder.backends import Chunk
from speechmesh.vocoder.backends.embedded import run_chunk
from speechmesh.vocoder.export.card import Source
from speechmesh.vocoder.export.description import MODEL_FILE
from speechmesh.vocoder.export.fingerprint import checkpoint_sha256
from speechmesh.vocoder.export.measure.receptive_field import context_frames
from speechmesh.vocoder.export.options import LADDER_FRAMES, MAX_BATCH_SIZE, Options
from speechmesh.vocoder.export.stateful import NotStreamable, make_stateful
from speechmesh.vocoder.export.streaming import describe_stateful

PARITY_BOUND = 1e-4
_PARITY_SHAPES = ((1, 16), (1, 61), (2, 40))


@dataclass(frozen=True)
class Offline:
    """An offline graph in a file, what it takes, and where it came from."""

    path: Path
    space: FeatureSpace
    source: Source
    pytorch_to_onnx: float | None


@dataclass(frozen=True)
class Streaming:
    """The float32 graph that streams, and how; `reference` is a file that gives whole utterances."""

    model: onnx.ModelProto
    config: VocoderConfig
    note: str
    reference: Path


def offline_graph(options: Options, work: Path) -> Offline:
    """The offline graph, exported from the checkpoint and compared with it, or the given one.

    Raises:
        InvalidInput: naming the option that does not fit.
        Incompatible: when the checkpoint cannot be read, or its graph computes something else.
    """
    sha256 = checkpoint_sha256(options.checkpoint)
    if options.is_graph:
        space = _read_space(options)
        size = sum(int(np.prod(tensor.dims)) for tensor in _read_graph(options.checkpoint).graph.initializer)
        source = Source(
            file=options.checkpoint.name,
            sha256=sha256,
            architecture="onnx",
            description="An ONNX graph",
            n_parameters=size,
        )
        return Offline(options.checkpoint, space, source, None)
    from speechmesh.vocoder.export.onnx import export_onnx  # noqa: PLC0415 - torch is not needed for graphs
    from speechmesh.vocoder.networks.checkpoint import load_checkpoint  # noqa: PLC0415

    checkpoint = load_checkpoint(options.checkpoint, config=options.config)
    path = work / "offline.onnx"
    export_onnx(checkpoint.network, checkpoint.feature_space.n_mels, path)
    source = Source(
        file=options.checkpoint.name,
        sha256=sha256,
        architecture=checkpoint.architecture,
        description=checkpoint.description,
        n_parameters=checkpoint.n_parameters,
    )
    difference = _pytorch_difference(checkpoint.network, path, checkpoint.feature_space.n_mels)
    return Offline(path, checkpoint.feature_space, source, difference)


def _read_graph(path: Path) -> onnx.ModelProto:
    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # protobuf's, onnx's and the system's share no base
        raise InvalidInput(
            "CHECKPOINT", f"{path}: not an ONNX graph: {str(error).splitlines()[0][:120]}"
        ) from None
    return model


def _read_space(options: Options) -> FeatureSpace:
    path = options.feature_space
    assert path is not None  # Options checks
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(values, dict) and "feature_space" in values:  # a voice.yaml serves as well
            values = values["feature_space"]
        return FeatureSpace.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput("--feature-space", f"{path}: {problems}") from None
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:  # see load_bundle
        raise InvalidInput("--feature-space", f"{path}: {error}") from None


def _pytorch_difference(network: object, path: Path, n_mels: int) -> float:
    """The largest difference of a sample between PyTorch and the graph, in batches of several sizes."""
    import torch  # noqa: PLC0415 - see offline_graph

    assert isinstance(network, torch.nn.Module)
    session = open_session(path)
    random, largest = np.random.default_rng(0), 0.0
    for batch, n_frames in _PARITY_SHAPES:
        mel = random.standard_normal((batch, n_frames, n_mels), dtype=np.float32)
        with torch.inference_mode():
            expected = network(torch.from_numpy(mel)).numpy()
        (wav,) = session.run(["wav"], {"mel": mel})
        if wav.shape != expected.shape:
            raise Incompatible(
                f"the ONNX graph gives samples {wav.shape} where PyTorch gives {expected.shape}"
            )
        if wav.size:
            largest = max(largest, float(np.abs(wav - expected).max()))
    if not largest <= PARITY_BOUND:
        raise Incompatible(
            f"the ONNX graph differs from PyTorch by {largest:.1e}, more than {PARITY_BOUND:g}"
        )
    return largest


def streaming_graph(offline: Offline, edge_frames: int) -> Streaming:
    """The stateful form of an offline graph; itself, in windows, where there is none.

    Raises:
        Incompatible: when graph and feature space do not fit, or it can stream in neither way.
    """
    model = onnx.load(offline.path)
    space = offline.space
    common = {"model": MODEL_FILE, "ladder_frames": LADDER_FRAMES, "max_batch_size": MAX_BATCH_SIZE}
    if {value.name for value in model.graph.input} == {"mel", "state", "last"}:
        config = describe_stateful(open_session(offline.path), space)
        note = f"a state of {config.state_size:,} values a stream, as it came"
        return Streaming(
            model, VocoderConfig(stateful=config, edge_frames=edge_frames, **common), note, offline.path
        )
    _check_shape(model, space)
    try:
        stateful = make_stateful(model)
    except NotStreamable as reason:
        return _windows(model, offline, str(reason), edge_frames, common)
    _check_hop(stateful.hop_length, space)
    state = stateful.config
    note = (
        f"a state of {state.state_size:,} values ({state.state_size * 4 / 1e6:.2f} MB) a stream; samples come "
        f"{1000 * state.lag_samples / space.sample_rate_hz:.0f} ms after their frames"
    )
    return Streaming(
        stateful.model, VocoderConfig(stateful=state, edge_frames=edge_frames, **common), note, offline.path
    )


def _windows(
    model: onnx.ModelProto, offline: Offline, reason: str, edge_frames: int, common: dict[str, object]
) -> Streaming:
    space = offline.space
    if edge_frames:
        raise InvalidInput("--edge-frames", f"only for graphs with a state; {reason}")
    try:
        assert space.silence <= np.inf
    except Incompatible:
        raise Incompatible(
            f"there is no stateful form ({reason}), and no windows, as no value of these features is silence"
        ) from None
    session = open_session(offline.path)
    _check_hop(len(run_chunk(session, _probe(space)).samples) // len(_probe(space).frames), space)
    context = context_frames(session, space.n_mels, space.hop_length)
    note = f"windows with {context} frames of context on each side, measured; no stateful form: {reason}"
    return Streaming(
        model, VocoderConfig.model_validate({"context_frames": context} | common), note, offline.path
    )


def _probe(space: FeatureSpace) -> Chunk:
    frames: FloatArray = np.zeros((64, space.n_mels), np.float32)
    return Chunk(frames)


def _check_shape(model: onnx.ModelProto, space: FeatureSpace) -> None:
    names = [value.name for value in model.graph.input], [value.name for value in model.graph.output]
    if names != (["mel"], ["wav"]):
        raise Incompatible(
            f"the graph takes {names[0]} and gives {names[1]}; a vocoder takes `mel` and gives `wav`"
        )
    dims = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    if len(dims) == 3 and dims[2] == 0 and dims[1] == space.n_mels:
        raise Incompatible("the graph takes `mel` as [B, M, T]; a vocoder takes [B, T, M]")
    n_mels = dims[2] if len(dims) == 3 else 0
    if n_mels != space.n_mels:
        raise Incompatible(
            f"the graph takes {n_mels} bins a frame, the feature space has n_mels: {space.n_mels}"
        )
    if dims[0] or dims[1]:
        raise Incompatible(
            f"the graph takes `mel` of {dims} alone: export it with the axes of batch and time free (dynamic_axes)"
        )


def _check_hop(hop_length: int, space: FeatureSpace) -> None:
    if hop_length != space.hop_length:
        raise Incompatible(
            f"the graph gives {hop_length} samples a frame, the feature space has hop_length: {space.hop_length}"
        )
