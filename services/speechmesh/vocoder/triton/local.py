"""Triton on this machine, without a container: the server binary that the PyPI package nvidia-pytriton carries.

Of that package only the files are used, unpacked beside the environment: its own dependencies (numpy below 2)
stay out. The `onnxruntime` backend is ours, see backend/onnxruntime/model.py.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from speechmesh.common.errors import Incompatible

PACKAGE = "nvidia-pytriton==0.7.0"
_BACKEND = Path(__file__).parent / "backend"
_STAMP = "installed"


@dataclass(frozen=True)
class LocalTriton:
    """An installed Triton under `folder`."""

    folder: Path

    @property
    def server(self) -> Path:
        """The server binary."""
        return self.folder / "package/pytriton/tritonserver/bin/tritonserver"

    @property
    def backends(self) -> Path:
        """The backend directory."""
        return self.folder / "backends"

    @property
    def installed(self) -> bool:
        """Whether `install` was completed, for this very package and Python."""
        stamp = self.folder / _STAMP
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == _stamp()

    def command(
        self, repository: Path, *, grpc_port: int, metrics_port: int, otlp_endpoint: str
    ) -> list[str]:
        """The command line that serves `repository`."""
        command = [
            str(self.server),
            f"--model-repository={repository}",
            # All at the start, and from then on as the vocoder service says.
            "--model-control-mode=explicit",
            "--load-model=*",
            f"--backend-directory={self.backends}",
            "--allow-http=false",
            f"--grpc-port={grpc_port}",
            "--grpc-address=127.0.0.1",
            f"--metrics-port={metrics_port}",
            "--metrics-address=127.0.0.1",
            "--allow-gpu-metrics=false",
            "--exit-on-error=true",
            "--disable-auto-complete-config",
            f"--backend-config=python,shm-region-prefix-name={_shared_memory_prefix(grpc_port)}",
            "--log-verbose=0",
        ]
        if otlp_endpoint:
            # rate=0: only requests that carry a trace context are traced.
            command += [
                "--trace-config=mode=opentelemetry",
                "--trace-config=rate=0",
                "--trace-config=level=TIMESTAMPS",
                f"--trace-config=opentelemetry,url={otlp_endpoint.rstrip('/')}/v1/traces",
                "--trace-config=opentelemetry,resource=service.name=triton",
                "--trace-config=opentelemetry,bsp_schedule_delay=500",
            ]
        return command

    def environment(self) -> dict[str, str]:
        """The environment the server and its Python stubs need."""
        libraries = [str(self.folder / "package/nvidia_pytriton.libs"), str(_libpython().parent)]
        return {
            **os.environ,
            "LD_LIBRARY_PATH": os.pathsep.join(libraries),
            # The stub's Python is isolated: it finds its packages by the first `python` on PATH alone.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
            "ORT_DISABLE_TELEMETRY": "1",
            # The stub is one process an instance; BLAS threads would only fight for the cores.
            "OMP_NUM_THREADS": "1",
        }


def _shared_memory_prefix(grpc_port: int) -> str:
    return f"speechmesh_triton_{grpc_port}_"


def remove_leftovers(grpc_port: int) -> None:
    """Removes what a killed Triton on this port left, stub processes and shared memory; before a new one starts."""
    prefix = _shared_memory_prefix(grpc_port)
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile, or is not ours
            command = (process / "cmdline").read_bytes().decode(errors="replace")
            if "triton_python_backend_stub" in command and prefix in command:
                os.kill(int(process.name), signal.SIGKILL)
    for region in Path("/dev/shm").glob(f"{prefix}*"):
        region.unlink(missing_ok=True)


def _python_version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _stamp() -> str:
    """Changes with everything that `install` lays out."""
    backend = (_BACKEND / "onnxruntime/model.py").read_bytes()
    return f"{PACKAGE} python {_python_version()} backend {hashlib.sha256(backend).hexdigest()}"


def _libpython() -> Path:
    """The shared library of the running Python, which Triton's Python stub is linked against.

    Raises:
        Incompatible: when there is none, with what to install.
    """
    name = f"libpython{_python_version()}.so.1.0"
    folders = [sysconfig.get_config_var("LIBDIR"), f"/usr/lib/{platform.machine()}-linux-gnu", "/usr/lib64"]
    for folder in filter(None, folders):
        if (Path(folder) / name).exists():
            return Path(folder) / name
    raise Incompatible(
        f"{name} is missing, which Triton's Python stub needs: apt-get install libpython{_python_version()}, "
        "or use the embedded backend (speechmesh up --backend embedded)"
    )


def install(folder: Path) -> LocalTriton:
    """Downloads and lays out Triton under `folder`; does nothing when it is there already.

    Raises:
        Incompatible: where Triton has no build, or something it needs is missing.
    """
    triton = LocalTriton(folder)
    if triton.installed:
        return triton
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Incompatible(
            f"Triton has no build for {sys.platform} {platform.machine()}; use the embedded backend"
        )
    _libpython()
    folder.mkdir(parents=True, exist_ok=True)
    if not triton.server.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            pip = [
                sys.executable,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
            ]
            target = Path(scratch) / "package"
            subprocess.run([*pip, "--no-compile", "--target", str(target), PACKAGE], check=True)
            target.rename(folder / "package")
    _lay_out_backends(triton)
    (folder / _STAMP).write_text(_stamp(), encoding="utf-8")
    return triton


def _lay_out_backends(triton: LocalTriton) -> None:
    """The backend directory: Triton's python backend with the stub of this Python, and our onnxruntime."""
    source = triton.folder / "package/pytriton/tritonserver"
    stub = source / "python_backend_stubs" / _python_version() / "triton_python_backend_stub"
    if not stub.exists():
        raise Incompatible(f"Triton has no Python stub for Python {_python_version()}; 3.11 to 3.13 have one")
    shutil.rmtree(triton.backends, ignore_errors=True)
    python = triton.backends / "python"
    shutil.copytree(source / "backends/python", python)
    shutil.copy2(stub, python / stub.name)
    for binary in (python / stub.name, triton.server):
        binary.chmod(0o755)
    shutil.copytree(_BACKEND / "onnxruntime", triton.backends / "onnxruntime")
