"""Build hook: generates the gRPC stubs from protos/ into the package, for wheels and editable installs."""

from __future__ import annotations

import importlib.resources
import shutil
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
PROTOS = ROOT / "protos"
OUT = ROOT / "services"


def generate_stubs(protos: Path = PROTOS, out: Path = OUT) -> list[Path]:
    """Compiles every proto under `protos` to Python (and typed .pyi) below `out`; the path is the proto package.

    Raises:
        RuntimeError: when protoc reports an error (its message is on stderr).
    """
    from grpc_tools import protoc  # noqa: PLC0415 - a requirement of the build only

    sources = sorted(protos.rglob("*.proto"))
    well_known = importlib.resources.files("grpc_tools") / "_proto"
    plugin_path = Path(sys.executable).parent
    args = ["protoc", f"-I{protos}", f"-I{well_known}", f"--python_out={out}", f"--grpc_python_out={out}"]
    for plugin in ("mypy", "mypy_grpc"):
        binary = shutil.which(f"protoc-gen-{plugin}") or shutil.which(
            f"protoc-gen-{plugin}", path=str(plugin_path)
        )
        if binary:
            args += [f"--plugin=protoc-gen-{plugin}={binary}", f"--{plugin}_out={out}"]
    if protoc.main([*args, *map(str, sources)]):
        raise RuntimeError("protoc failed; see its message above")
    folders = {out / source.relative_to(protos).parent for source in sources}
    for folder in folders:
        for level in (folder, *folder.parents):
            if level == out:
                break
            init = level / "__init__.py"
            if not init.exists():
                init.write_text('"""Generated from protos/; see hatch_build.py."""\n')
    return sorted(folders)


class StubsHook(BuildHookInterface):  # type: ignore[misc]
    """Runs `generate_stubs` before files are collected."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generates the stubs in place."""
        generate_stubs()


if __name__ == "__main__":
    for generated in generate_stubs():
        sys.stdout.write(f"{generated.relative_to(ROOT)}\n")
