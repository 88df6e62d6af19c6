"""What the configurations of all families share: bounded numbers and one way to refuse them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from speechmesh.common.errors import Incompatible

# Checkpoints are untrusted: the bounds lie far above every published model and far below trouble.
Channels = Annotated[int, Field(ge=1, le=8192)]
Layers = Annotated[int, Field(ge=1, le=128)]
KernelSize = Annotated[int, Field(ge=1, le=1024)]
Dilation = Annotated[int, Field(ge=1, le=1024)]
Rate = Annotated[int, Field(ge=1, le=32)]
FftSize = Annotated[int, Field(ge=16, le=8192)]
HopLength = Annotated[int, Field(ge=1, le=8192)]
SampleRate = Annotated[int, Field(ge=1000, le=384_000)]


class NetworkConfig(BaseModel):
    """Base of the configurations: frozen, and deaf to the many keys that only training needs."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


Config = TypeVar("Config", bound=NetworkConfig)


def parse(kind: type[Config], values: Any, path: Path, section: str = "") -> Config:
    """The configuration in `values`, which were read from `section` of the file `path`.

    Raises:
        Incompatible: naming the file and each key that is missing or out of range.
    """
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        faults = []
        for fault in error.errors(include_url=False):
            key = ".".join(str(part) for part in ([section] if section else []) + list(fault["loc"]))
            faults.append(f"{key}: {fault['msg']}" if key else fault["msg"])
        raise Incompatible(f"{path}: {'; '.join(faults)}") from error
