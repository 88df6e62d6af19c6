"""The graph that is being built: nodes, constants, the chunk's flags, and the slots of the state."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

# Larger than any length; as the end of a slice: to the end.
_END = 2**40
# Integers go into the state as three digits, which float32 holds exactly.
_INTEGERS = (TensorProto.INT64, TensorProto.INT32)
_BASE = 2**22
_DIGITS = range(3)
# A state of one value marks a first chunk, so no other state is that small.
SMALLEST_STATE = 2


@dataclass(frozen=True, slots=True)
class Signal:
    """A tensor with a time axis, as a chunk makes it.

    `rate` is in samples a frame. When all chunks before this one's end had F frames, F * rate - lag samples of
    the signal exist: those later need frames to come. After the last, F * rate + extra do. `shape` has the sizes of
    its other axes, 0 for batch and time.
    """

    name: str
    rate: int
    lag: int
    extra: int
    axis: int
    shape: tuple[int, ...]
    elem_type: int = TensorProto.FLOAT

    def with_time(self, n: int) -> tuple[int, ...]:
        """Its shape with `n` samples; 0 for the batch."""
        return tuple(n if axis == self.axis else size for axis, size in enumerate(self.shape))


@dataclass(frozen=True, slots=True)
class _Slot:
    """A piece of the flat state: where it is read, and what is written."""

    size: int
    read: str
    written: str


class GraphBuilder:
    """Collects the nodes of a stateful graph.

    A chunk is the first of its stream, the last, both or neither: lengths are all that differs, and slices and
    paddings by the two flags, 0 or 1, make them.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        # Fewest frames of a first chunk that is not the last: with fewer some layer would have no output.
        self.min_first_frames = 1
        self._n_names = 0
        self._cache: dict[tuple[object, ...], str] = {}
        self._slots: list[_Slot] = []

    @property
    def state_size(self) -> int:
        """Values in the state of one stream."""
        return max(sum(slot.size for slot in self._slots), SMALLEST_STATE)

    def name(self, hint: str) -> str:
        """A new name."""
        self._n_names += 1
        return f"stateful/{hint}_{self._n_names}"

    def emit(self, op: str, inputs: list[str], hint: str = "", **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name."""
        output = self.name(hint or op.lower())
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def constant(self, values: npt.ArrayLike, dtype: type = np.int64) -> str:
        """The name of a constant; equal ones share one."""
        array: npt.NDArray[Any] = np.asarray(values, dtype)
        key = ("constant", array.dtype.str, array.shape, array.tobytes())
        if key not in self._cache:
            self._cache[key] = name = self.name("constant")
            self.initializers.append(numpy_helper.from_array(array, name))
        return self._cache[key]

    def _cached(self, op: str, inputs: list[str], **attributes: Any) -> str:
        key = (op, tuple(inputs), tuple(sorted(attributes.items())))
        if key not in self._cache:
            self._cache[key] = self.emit(op, inputs, **attributes)
        return self._cache[key]

    def slice(self, name: str, axis: int, start: str, end: str) -> str:
        """Part of a tensor; `start` and `end` name int64 [1] tensors."""
        return self.emit("Slice", [name, start, end, self.constant([axis])])

    def cut(self, signal: str, axis: int, *, left_if_first: int, right_if_last: int) -> str:
        """A tensor without its first samples in a first chunk, and without its last ones in a last chunk."""
        if left_if_first == right_if_last == 0:
            return signal
        start = self._times("first", left_if_first) if left_if_first else self.constant([0])
        end = self.constant([_END])
        if right_if_last:
            end = self._cached("Add", [end, self._times("is_last", -_END - right_if_last)])
        return self.slice(signal, axis, start, end)

    def cut_unless_last(self, signal: str, axis: int, n: int) -> str:
        """A tensor without its last `n` samples, but whole in a last chunk."""
        end = self._cached("Add", [self.constant([-n]), self._times("is_last", _END)])
        return self.slice(signal, axis, self.constant([0]), end)

    def _times(self, flag: str, n: int) -> str:
        return self._cached("Mul", [flag, self.constant([n])])

    def zeros_if_first(self, signal: Signal, n: int) -> str:
        """`n` samples of zeros to precede `signal` in a first chunk; none in others."""
        return self._zeros(signal, self._times("first", n))

    def zeros_if_last(self, signal: Signal, n: int) -> str:
        """`n` samples of zeros to follow `signal` in a last chunk; none in others."""
        return self._zeros(signal, self._times("is_last", n))

    def _zeros(self, signal: Signal, length: str) -> str:
        key = ("zeros", signal.shape, signal.axis, signal.elem_type, length)
        if key not in self._cache:
            parts = [
                length if axis == signal.axis else self.constant([size])
                for axis, size in enumerate(signal.shape)
            ]
            shape = self.emit("Concat", ["batch", *parts[1:]], axis=0)
            zero = helper.make_tensor("zero", signal.elem_type, [1], [0])
            self._cache[key] = self.emit("ConstantOfShape", [shape], "zeros", value=zero)
        return self._cache[key]

    def history(self, signal: Signal, n: int, *, zeros_if_first: int, hint: str) -> tuple[str, str]:
        """The `n` samples before this chunk's, of which a first chunk has `zeros_if_first` zeros and no more.

        Returns them, and the name under which to write those for the next chunk.
        """
        shape = signal.with_time(n)
        integer = signal.elem_type in _INTEGERS
        size = prod(shape[1:]) * (len(_DIGITS) if integer else 1)
        slot = _Slot(size, self.name(f"{hint}_read"), self.name(f"{hint}_written"))
        self._slots.append(slot)
        flat = self._joined_digits(slot) if integer else slot.read
        shaped = self.emit("Reshape", [flat, self.constant([0, *shape[1:]])])
        if signal.elem_type not in (TensorProto.FLOAT, TensorProto.INT64):
            shaped = self.emit("Cast", [shaped], to=signal.elem_type)
        return self.cut(shaped, signal.axis, left_if_first=n - zeros_if_first, right_if_last=0), slot.written

    def write(self, signal: Signal, joined: str, n: int, written: str) -> None:
        """Keeps the last `n` samples of `joined` for the next chunk."""
        kept = self.slice(joined, signal.axis, self.constant([-n]), self.constant([_END]))
        integer = signal.elem_type in _INTEGERS
        kind = TensorProto.INT64 if integer else TensorProto.FLOAT
        if signal.elem_type != kind:
            kept = self.emit("Cast", [kept], to=kind)
        shape = self.constant([0, -1])
        if integer:
            parts = self._digits(self.emit("Reshape", [kept, shape]))
            self.nodes.append(helper.make_node("Concat", parts, [written], name=written, axis=1))
        else:
            self.nodes.append(helper.make_node("Reshape", [kept, shape], [written], name=written))

    def _digits(self, flat: str) -> list[str]:
        """An int64 as floats that hold it exactly: digits to a base that float32 has bits for."""
        base, digits = self.constant(_BASE), []
        for _ in _DIGITS[:-1]:
            digit = self.emit("Mod", [flat, base])
            flat = self.emit("Div", [self.emit("Sub", [flat, digit]), base])
            digits.append(digit)
        return [self.emit("Cast", [digit], to=TensorProto.FLOAT) for digit in [*digits, flat]]

    def _joined_digits(self, slot: _Slot) -> str:
        digits = [self.name("digit") for _ in _DIGITS]
        sizes = self.constant([slot.size // len(_DIGITS)] * len(_DIGITS))
        self.nodes.append(helper.make_node("Split", [slot.read, sizes], digits, axis=1))
        whole = [self.emit("Cast", [digit], to=TensorProto.INT64) for digit in digits]
        total = whole.pop()
        while whole:
            total = self.emit("Add", [self.emit("Mul", [total, self.constant(_BASE)]), whole.pop()])
        return total

    def require(self, signal: Signal, n: int) -> None:
        """A first chunk must make at least `n` samples of `signal`."""
        self.min_first_frames = max(self.min_first_frames, -(-(n + signal.lag) // signal.rate))

    def finish(self) -> list[onnx.NodeProto]:
        """All nodes, with those that read the flags and the state first and those that write it last."""
        size = self.state_size
        head = [
            helper.make_node("Shape", ["mel"], ["batch"], start=0, end=1),
            helper.make_node("Shape", ["state"], ["state_width"], start=1, end=2),
            helper.make_node("Equal", ["state_width", self.constant([1])], ["is_first"]),
            helper.make_node("Cast", ["is_first"], ["first"], to=TensorProto.INT64),
            helper.make_node("Shape", ["last"], ["last_width"], start=1, end=2),
            helper.make_node("Sub", ["last_width", self.constant([1])], ["is_last"]),
            # A first chunk's state is one zero: the zeros of a whole state are made here, not sent.
            helper.make_node("Expand", ["state", self.constant([1, size])], ["whole_state"]),
        ]
        sizes = [slot.size for slot in self._slots]
        reads, writes = [slot.read for slot in self._slots], [slot.written for slot in self._slots]
        if filler := size - sum(sizes):
            reads.append(self.name("filler"))
            writes.append(reads[-1])
            sizes.append(filler)
        head.append(helper.make_node("Split", ["whole_state", self.constant(sizes)], reads, axis=1))
        joined = helper.make_node("Concat", writes, ["next_state"], axis=1)
        return [*head, *self.nodes, joined]
