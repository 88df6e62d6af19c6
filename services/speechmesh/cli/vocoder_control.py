"""`speechmesh vocoder list|load|unload`: the vocoders of a running vocoder service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import grpc
import typer
from rich.table import Column, Table

from speechmesh.cli.console import fail, out

if TYPE_CHECKING:
    from speechmesh.vocoder.v1 import vocoder_pb2 as pb

TargetOption = Annotated[
    str,
    typer.Option(
        "--target", "-t", envvar="SPEECHMESH_VOCODER_TARGET", help="The vocoder service, host:port."
    ),
]
RunDirOption = Annotated[
    Path, typer.Option(help="Of the `speechmesh up` whose Triton gets the voice's files; see --target.")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="VOICE[.TIER]", help="A voice, or one tier of it, as english.fast.")
]
DEFAULT_TARGET = "127.0.0.1:50053"
_TIMEOUT_S = 180.0


def list_models(target: TargetOption = DEFAULT_TARGET) -> None:
    """List the vocoders of a running mesh: what is loaded, in use, and how much memory it takes."""
    from speechmesh.vocoder.v1 import vocoder_pb2  # noqa: PLC0415

    found = _call(target, "ListModels", vocoder_pb2.ListModelsRequest())
    table = Table(*(Column(name, no_wrap=True) for name in ("vocoder", "state")))
    for name in ("in use", "MiB", "precision", "Hz", "revision"):
        table.add_column(name)
    for model in found.models:
        table.add_row(
            f"{model.voice}.{model.tier}",
            _state(model),
            str(model.n_segments),
            f"{model.memory_bytes / 2**20:.1f}",
            model.precision,
            str(model.feature_space.sample_rate_hz),
            model.voice_revision,
        )
    out.print(table)


def load(
    name: NameArgument, target: TargetOption = DEFAULT_TARGET, run_dir: RunDirOption = Path(".run")
) -> None:
    """Load a voice's vocoders, new or changed, without a restart; segments under way end with what they began."""
    from speechmesh.vocoder.v1 import vocoder_pb2  # noqa: PLC0415

    _refresh_repository(run_dir, target)
    voice, _, tier = name.partition(".")
    answer = _call(target, "LoadModel", vocoder_pb2.LoadModelRequest(voice=voice, tier=tier))
    _tell("loaded", answer.models)


def unload(name: NameArgument, target: TargetOption = DEFAULT_TARGET) -> None:
    """Unload a voice's vocoders, once no segment is under way in them."""
    from speechmesh.vocoder.v1 import vocoder_pb2  # noqa: PLC0415

    voice, _, tier = name.partition(".")
    answer = _call(target, "UnloadModel", vocoder_pb2.UnloadModelRequest(voice=voice, tier=tier))
    _tell("unloaded", answer.models)


def _state(model: pb.VocoderModel) -> str:
    if model.loaded:
        return "loaded"
    return "unloaded" if model.disabled else "on demand"


def _tell(what: str, models: Sequence[pb.VocoderModel]) -> None:
    names = ", ".join(
        f"{model.voice}.{model.tier} ({model.memory_bytes / 2**20:.1f} MiB)" for model in models
    )
    out.print(f"{what} {names}", highlight=False)


def _refresh_repository(run_dir: Path, target: str) -> None:
    """Puts the voices' files as they are now where the Triton of this machine's mesh reads them."""
    path = run_dir / "mesh.json"
    if not path.exists():
        return  # a mesh elsewhere: its operator has put the files into Triton's repository
    state = json.loads(path.read_text(encoding="utf-8"))
    ours = target.endswith(f":{state['ports']['vocoder']}") and state["backend"] == "triton"
    if not ours:
        return
    from speechmesh.common.errors import Incompatible  # noqa: PLC0415
    from speechmesh.vocoder.triton.repository import build_repository  # noqa: PLC0415

    try:
        build_repository(
            Path(state["voices"]),
            Path(state["repository"]),
            instances=state["instances"],
            link=True,
            keep=True,
        )
    except Incompatible as error:
        fail(str(error))


def _call(target: str, method: str, request: Any) -> Any:
    from speechmesh.vocoder.v1 import vocoder_pb2_grpc  # noqa: PLC0415

    with grpc.insecure_channel(target) as channel:
        stub = vocoder_pb2_grpc.VocoderServiceStub(channel)
        try:
            return getattr(stub, method)(request, timeout=_TIMEOUT_S)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE and not error.trailing_metadata():
                fail(f"no vocoder service at {target}: {error.details()}")
            fail(f"{error.code().name}: {error.details()}")
