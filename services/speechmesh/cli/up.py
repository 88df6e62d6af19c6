"""`speechmesh up`: the whole mesh on this machine."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal, cast

import grpc
import typer
from grpc_health.v1 import health_pb2, health_pb2_grpc

from speechmesh.cli.console import err, fail, out
from speechmesh.cli.mesh import STAGES, MeshPlan, Ports
from speechmesh.cli.triton import DEFAULT_FOLDER
from speechmesh.common.bundle import load_bundles
from speechmesh.common.errors import Incompatible

_POLL_S = 0.2
_LOG_TAIL_LINES = 15
_MAX_START_EXITS = 3


def up(
    voices: Annotated[Path, typer.Option(help="Folder of voice bundles.")] = Path("voices"),
    backend: Annotated[
        str, typer.Option(help="Where vocoders run: triton, or embedded in the vocoder service.")
    ] = "triton",
    triton_folder: Annotated[
        Path, typer.Option(envvar="SPEECHMESH_TRITON_FOLDER", help="Where Triton is installed.")
    ] = DEFAULT_FOLDER,
    run_dir: Annotated[Path, typer.Option(help="Logs, model repository and state of this run.")] = Path(
        ".run"
    ),
    trace: Annotated[
        Path | None,
        typer.Option(help="Write every trace into this file (OTLP JSON); see `speechmesh trace`."),
    ] = None,
    otlp: Annotated[
        str, typer.Option(help="Send traces to this OTLP/HTTP receiver, as http://host:4318.")
    ] = "",
    free_ports: Annotated[bool, typer.Option("--free-ports", help="Use any free ports.")] = False,
    start_timeout_s: Annotated[
        float, typer.Option(help="Give up when the mesh is not ready by then.")
    ] = 120.0,
    then: Annotated[
        str, typer.Option(help="Say this through the mesh once it is ready, into hello.wav, with timings.")
    ] = "",
) -> None:
    """Run the three services and Triton on this machine until Ctrl-C."""
    if backend not in ("triton", "embedded"):
        fail(f"--backend {backend!r} is not triton or embedded", 2)
    if trace and otlp:
        fail("give --trace or --otlp, not both", 2)
    try:
        ports = Ports.free() if free_ports else Ports.told()
    except ValueError as error:
        fail(str(error), 2)
    plan = MeshPlan(
        run_dir=run_dir.absolute(),
        voices_dir=voices.absolute(),
        triton_folder=triton_folder.absolute(),
        ports=ports,
        backend=cast(Literal["triton", "embedded"], backend),
        trace_file=trace.absolute() if trace else None,
        otlp_endpoint=f"http://127.0.0.1:{ports.otlp}" if trace else otlp,
    )
    _check(plan)
    with _held(plan.run_dir):
        _run(plan, start_timeout_s, then)


def _run(plan: MeshPlan, start_timeout_s: float, then: str) -> None:
    try:
        for stale in (plan.run_dir / "mesh.json", plan.log("supervisord")):
            stale.unlink(missing_ok=True)
        config = plan.write_supervisor_config()
    except OSError as error:
        fail(f"--run-dir: {error.filename}: {error.strerror}", 2)
    logged = {program: _size(plan.log(program)) for program in plan.programs()}
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "speechmesh.cli.supervise", str(os.getpid()), "-n", "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches us alone; we stop the mesh in order
    )
    try:
        _stop_on_signal()
        _wait_until_ready(plan, supervisor, start_timeout_s, logged)
        _announce(plan)
        if then:
            _say(plan, then)
        supervisor.wait()
        fail(f"the supervisor ended; see {plan.log('supervisord')}")
    except KeyboardInterrupt:
        err.print("stopping the mesh")
    finally:
        _stop(supervisor)


@contextmanager
def _held(run_dir: Path) -> Iterator[None]:
    """Keeps the folder to this mesh: another one would write its files over ours."""
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        file = (run_dir / "lock").open("w", encoding="utf-8")
    except OSError as error:
        fail(f"--run-dir: {error.filename}: {error.strerror}", 2)
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # let go when this process ends, however it does
        except BlockingIOError:
            fail(f"--run-dir: a mesh is running in {run_dir}; stop it, or name another folder", 2)
        yield


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _check(plan: MeshPlan) -> None:
    """Finds what would keep the mesh from starting before anything is started."""
    try:
        load_bundles(plan.voices_dir)
        if plan.backend == "triton":
            from speechmesh.vocoder.triton.local import LocalTriton  # noqa: PLC0415 - needs the vocoder extra

            if not LocalTriton(plan.triton_folder).installed:
                fail(
                    f"Triton is not installed in {plan.triton_folder}: run `speechmesh triton install`, "
                    "or use --backend embedded"
                )
    except Incompatible as error:
        fail(str(error))
    try:
        _ = plan.instances
    except ValueError as error:
        fail(str(error), 2)
    if taken := plan.ports.taken(plan.used_ports()):
        fail(f"ports are taken: {', '.join(taken)}; stop what listens there, or use --free-ports")


def _stop_on_signal() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def _wait_until_ready(
    plan: MeshPlan, supervisor: subprocess.Popen[bytes], timeout_s: float, logged: dict[str, int]
) -> None:
    give_up_at = time.monotonic() + timeout_s
    waiting = list(STAGES)
    with err.status("starting") as status:
        while waiting:
            stage = waiting[0]
            status.update(f"waiting for {stage}; logs are in {plan.run_dir / 'log'}")
            if _serving(getattr(plan.ports, stage)):
                waiting.pop(0)
                continue
            if supervisor.poll() is not None:
                fail(f"the supervisor ended; see {plan.log('supervisord')}")
            if program := _crashing(plan):
                _stop(supervisor)
                fail(f"{program} does not start{_tail(plan, program, logged)}")
            if time.monotonic() > give_up_at:
                _stop(supervisor)
                fail(f"{stage} was not ready within {timeout_s:.0f} s{_tail(plan, stage, logged)}")
            time.sleep(_POLL_S)


def _crashing(plan: MeshPlan) -> str:
    """The program that has ended by itself again and again while the mesh starts; empty when there is none."""
    log = plan.log("supervisord")
    ends = Counter(re.findall(r"exited: (\w+) ", log.read_text(encoding="utf-8") if log.exists() else ""))
    return next((program for program, n_ends in ends.items() if n_ends >= _MAX_START_EXITS), "")


def _tail(plan: MeshPlan, stage: str, logged: dict[str, int]) -> str:
    """The ends of the logs that may tell why a stage did not get ready, without the runs before (bytes `logged`)."""
    text = ""
    for program in ("triton", "vocoder") if stage == "vocoder" else (stage,):
        log = plan.log(program)
        if program in logged and log.exists():
            told = log.read_bytes()
            told = told[logged[program] :] if len(told) >= logged[program] else told  # it was rotated
            lines = told.decode(errors="replace").splitlines()[-_LOG_TAIL_LINES:]
            text += f"\n--- {log}\n" + "\n".join(lines)
    return text


def _serving(port: int) -> bool:
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1.0)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def _announce(plan: MeshPlan) -> None:
    state = {
        "pid": os.getpid(),
        "target": plan.target,
        "ports": asdict(plan.ports),
        "backend": plan.backend,
        "voices": str(plan.voices_dir),
        "repository": str(plan.repository),
        "instances": plan.instances,
    }
    path = plan.run_dir / "mesh.json"
    partial = path.with_suffix(".partial")  # whoever waits for the file must not read half of it
    partial.write_text(json.dumps(state), encoding="utf-8")
    partial.replace(path)
    out.print(f"[bold green]ready[/] on {plan.target} (gRPC; reflection and health are on)", highlight=False)
    if plan.trace_file:
        out.print(
            f"traces go to {plan.trace_file}; see `speechmesh trace {plan.trace_file}`",
            highlight=False,
            markup=False,
        )
    default = plan.ports == Ports()
    target = "" if default else f" --target {plan.target}"
    out.print(f'try: speechmesh say "Hello there." -o out.wav --timings{target}', highlight=False)
    sys.stdout.flush()


def _say(plan: MeshPlan, text: str) -> None:
    command = [sys.executable, "-m", "speechmesh.cli.main", "say", "-o", "hello.wav", "--timings"]
    # Behind "--" a text may begin with a dash.
    command += ["--target", plan.target, "--otlp", plan.otlp_endpoint, "--", text]
    if subprocess.run(command, check=False).returncode:
        fail(f"the mesh did not speak; logs are in {plan.run_dir / 'log'}")
    out.print("serving until Ctrl-C")
    sys.stdout.flush()


def _stop(supervisor: subprocess.Popen[bytes]) -> None:
    if supervisor.poll() is None:
        supervisor.terminate()
        supervisor.wait()
