"""Weights out of untrusted files: reading, folding of weight norm, and placing into a network.

Nothing is executed or allocated on the file's word: pickles are read with torch's restricted reader, and
shapes are compared with the network's before any tensor is computed with.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from speechmesh.common.errors import Incompatible

MAX_PARAMETERS = 500_000_000
_PARALLEL = "module."
_SHOWN = 3

Network = TypeVar("Network", bound=nn.Module)

# Weight norm's two tensors, as torch named them before and since torch.nn.utils.parametrizations.
_NORMED = {
    ".weight_g": ("magnitude", ".weight"),
    ".weight_v": ("direction", ".weight"),
    ".parametrizations.weight.original0": ("magnitude", ".weight"),
    ".parametrizations.weight.original1": ("direction", ".weight"),
}


def read_weights(path: Path) -> dict[str, Any]:
    """The dictionary in a .safetensors file or in a file of torch.save, zip or legacy, told by content.

    Raises:
        Incompatible: when the file is missing, broken, or a pickle of more than tensors and plain values.
    """
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise Incompatible(f"{path}: cannot be read: {error.strerror}") from error
    try:
        # After its length in 8 bytes the header of safetensors begins; files of torch.save never have { there.
        if head[8:] == b"{":
            content: Any = safetensors.torch.load_file(path)
        else:
            # An open file: given a path, torch would go by its name.
            with path.open("rb") as file:
                content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken pickle may raise anything at all
        raise Incompatible(f"{path}: {_fault(error)}") from error
    if not isinstance(content, dict):
        raise Incompatible(f"{path}: holds a {type(content).__name__}, not a dictionary of weights")
    return content


def _fault(error: Exception) -> str:
    """What is wrong with a file that could not be read, in a line."""
    text = str(error)
    if isinstance(error, pickle.UnpicklingError) and (name := re.search(r"(?:GLOBAL|function) (\S+)", text)):
        return f"refused, since the pickle asks for {name[1]}, which is neither a tensor nor a plain value"
    if isinstance(error, pickle.UnpicklingError):  # its own text is advice to load it unsafely
        return "not a checkpoint of PyTorch's, or a broken one"
    first = text.strip().splitlines()[0][:120] if text.strip() else type(error).__name__
    return f"not a checkpoint, or a broken one ({first.split('. ')[0]})"


def tensors_of(values: Any, path: Path, *, ignore: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """The tensors of a state dict, without the names that begin with one of `ignore`.

    Raises:
        Incompatible: when a value is not a dense tensor of floats.
    """
    if not isinstance(values, Mapping):
        raise Incompatible(f"{path}: the weights are a {type(values).__name__}, not a dictionary")
    named = {str(name): value for name, value in values.items()}
    if named and all(
        name.startswith(_PARALLEL) for name in named
    ):  # training on several GPUs leaves its wrapper's name
        named = {name.removeprefix(_PARALLEL): value for name, value in named.items()}
    kept = {name: value for name, value in named.items() if not name.startswith(ignore)}
    for name, value in kept.items():
        if not _is_dense_floats(value):
            raise Incompatible(f"{path}: {name} is not a dense tensor of floats")
    return kept


def _is_dense_floats(value: Any) -> bool:
    """Whether this is a tensor with floats behind it: pickles may hold sparse ones, and ones without data."""
    return (
        type(value) in (Tensor, nn.Parameter)
        and value.layout == torch.strided
        and value.device.type == "cpu"
        and value.is_floating_point()
    )


def load_network(build: Callable[[], Network], tensors: dict[str, Tensor], path: Path) -> Network:
    """The network that `build` makes, with these weights: eval mode, float32, no gradients.

    Weight norm, where there is any, is folded: w = g * v / ||v||, the norm over all axes but the first.

    Raises:
        Incompatible: naming the first tensors that are missing, unexpected, of another shape or not finite.
    """
    with torch.device("meta"):  # shapes alone: a configuration cannot make us allocate
        network = build()
    expected = {name: value.shape for name, value in network.state_dict().items()}
    n_parameters = sum(shape.numel() for shape in expected.values())
    if n_parameters > MAX_PARAMETERS:
        raise Incompatible(f"{path}: the configuration asks for {n_parameters:,} parameters")
    parts = _parts(tensors, path)
    _require_shapes(expected, parts, path)
    folded = {name: _fold(parts[name]) for name in expected}
    if broken := [name for name, value in folded.items() if not bool(torch.isfinite(value).all())]:
        raise Incompatible(f"{path}: not finite: {_some(broken)}")
    network.load_state_dict(folded, assign=True)
    return network.eval().requires_grad_(False)


def _parts(tensors: dict[str, Tensor], path: Path) -> dict[str, dict[str, Tensor]]:
    """The tensors by the name of the weight that they make up: one plain, or a magnitude and a direction."""
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        weight, part = name, "plain"
        for suffix, (normed_part, replacement) in _NORMED.items():
            if name.endswith(suffix):
                weight, part = name.removesuffix(suffix) + replacement, normed_part
        parts.setdefault(weight, {})[part] = tensor
    for weight, found in parts.items():
        if set(found) not in ({"plain"}, {"magnitude", "direction"}):
            raise Incompatible(
                f"{path}: {weight} has {' and '.join(sorted(found))}, which do not make a weight"
            )
    return parts


def _require_shapes(expected: dict[str, torch.Size], parts: dict[str, dict[str, Tensor]], path: Path) -> None:
    """Compares names and shapes, those of weight norm's tensors too."""
    faults = []
    if missing := [name for name in expected if name not in parts]:
        faults.append(f"missing: {_some(missing)}")
    if unexpected := [name for name in parts if name not in expected]:
        faults.append(f"unexpected: {_some(unexpected)}")
    misshapen = []
    for name, shape in expected.items():
        found = parts.get(name, {})
        for part, tensor in found.items():
            wanted = [shape[0]] + [1] * (len(shape) - 1) if part == "magnitude" else list(shape)
            if list(tensor.shape) != wanted:
                misshapen.append(f"{name} {list(tensor.shape)} instead of {wanted}")
    if misshapen:
        faults.append(f"of another shape than configured: {_some(misshapen)}")
    if faults:
        raise Incompatible(f"{path}: the weights do not fit the configuration; {'; '.join(faults)}")


def _fold(parts: dict[str, Tensor]) -> Tensor:
    """One weight out of its parts, float32, in memory of its own."""
    if "plain" in parts:
        return parts["plain"].to(torch.float32, copy=True).contiguous()
    direction, magnitude = parts["direction"].float(), parts["magnitude"].float()
    norm = direction.square().sum(dim=tuple(range(1, direction.dim())), keepdim=True).sqrt()
    return magnitude * direction / norm


def _some(names: list[str]) -> str:
    """The first few names and how many more there are."""
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
