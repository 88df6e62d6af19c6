"""How much memory an ONNX graph's weights will take, read from the file without loading it.

Walks protobuf's wire format: field numbers are those of onnx.proto (https://github.com/onnx/onnx). The weights' own
bytes are skipped, so that a large file costs no more than its many small messages.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Iterator
from pathlib import Path

from speechmesh.common.errors import Incompatible

_Data = mmap.mmap | bytes
_Span = tuple[int, int]  # where a message begins and ends in the file
_Sizes = dict[int, int]  # bytes of an element by its type

_VARINT_BITS = 70
_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_INITIALIZER = 1, 5
_NODE_ATTRIBUTE = 5
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH = 5, 6
_TENSOR_DIMS, _TENSOR_TYPE = 1, 2
# Bytes of an element once loaded. float16 and bfloat16 become float32: a CPU has no other floats to compute with.
_LOADED_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 4, 11: 8, 12: 4, 13: 8, 16: 4}
_HALF_BYTES = {10: 2, 16: 2}
_OTHER_TYPE_BYTES = 8
# What a session holds beside its weights: the graph, names, its arena's first regions. Measured 2.7 to 3.2 MiB for the
# default voices' graphs, 4.7 for each of a Sambert of full size.
_SESSION_BYTES = 5 * 2**20


def session_bytes(path: Path, content: bytes | None = None, *, keeps_half: bool = False) -> int:
    """What a session of this graph will hold, without what its runs take: weights as float32 and a fixed part.

    `content` is the graph where it is not as in the file; with `keeps_half` it runs where float16 stays float16.

    Measured on ONNX Runtime's CPU provider: weights take their size as float32, whether stored so or as float16, to
    1 %. The default voices' files of 5.5 MiB, in float16, hold 13.8 MiB, where this says 15.6; the three graphs of a
    Sambert of full size hold 63.0 together, where it says 63.8.

    Raises:
        Incompatible: when the file cannot be read, or is no ONNX graph.
    """
    loaded_bytes = _LOADED_BYTES | _HALF_BYTES if keeps_half else _LOADED_BYTES
    try:
        if content is not None:
            return _model_bytes(content, loaded_bytes)
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _model_bytes(data, loaded_bytes)
    except OSError as error:
        raise Incompatible(f"{path}: {error.strerror}") from None
    except (ValueError, IndexError) as error:
        raise Incompatible(f"{path}: not an ONNX graph ({error})") from None


def _model_bytes(data: _Data, loaded_bytes: _Sizes) -> int:
    graphs = [value for number, value in _fields(data, (0, len(data))) if number == _MODEL_GRAPH]
    if len(graphs) != 1:
        raise ValueError(f"{len(graphs)} graphs")
    return _graph_bytes(data, _span(graphs[0]), loaded_bytes) + _SESSION_BYTES


def _graph_bytes(data: _Data, graph: _Span, loaded_bytes: _Sizes) -> int:
    """Of a graph's weights, and of the graphs and constants within its nodes."""
    total = 0
    for number, value in _fields(data, graph):
        if number == _GRAPH_INITIALIZER:
            total += _tensor_bytes(data, _span(value), loaded_bytes)
        elif number == _GRAPH_NODE:
            for field, attribute in _fields(data, _span(value)):
                if field == _NODE_ATTRIBUTE:
                    total += _attribute_bytes(data, _span(attribute), loaded_bytes)
    return total


def _attribute_bytes(data: _Data, attribute: _Span, loaded_bytes: _Sizes) -> int:
    total = 0
    for number, value in _fields(data, attribute):
        if number == _ATTRIBUTE_GRAPH:
            total += _graph_bytes(data, _span(value), loaded_bytes)
        elif number == _ATTRIBUTE_TENSOR:
            total += _tensor_bytes(data, _span(value), loaded_bytes)
    return total


def _tensor_bytes(data: _Data, tensor: _Span, loaded_bytes: _Sizes) -> int:
    dims: list[int] = []
    element_bytes = _OTHER_TYPE_BYTES
    for number, value in _fields(data, tensor):
        if number == _TENSOR_TYPE and isinstance(value, int):
            element_bytes = loaded_bytes.get(value, _OTHER_TYPE_BYTES)
        elif number == _TENSOR_DIMS:
            if isinstance(value, int):
                dims.append(value)
            else:  # packed: one after the other
                start, end = value
                while start < end:
                    dim, start = _varint(data, start)
                    dims.append(dim)
    return math.prod(dims) * element_bytes


def _fields(data: _Data, message: _Span) -> Iterator[tuple[int, int | _Span]]:
    """A message's fields: their number, and their value or where it lies.

    Raises:
        ValueError: when these are no fields of a message.
    """
    at, end = message
    while at < end:
        tag, at = _varint(data, at)
        value: int | _Span
        match tag & 7:
            case 0:
                value, at = _varint(data, at)
            case 1:
                value, at = 0, at + 8
            case 2:
                length, at = _varint(data, at)
                value, at = (at, at + length), at + length
            case 5:
                value, at = 0, at + 4
            case kind:
                raise ValueError(f"field of kind {kind}")
        if at > end:
            raise ValueError("cut short")
        yield tag >> 3, value


def _span(value: int | _Span) -> _Span:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value


def _varint(data: _Data, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first; and where it ends."""
    value = 0
    for shift in range(0, _VARINT_BITS, 7):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("no number")
