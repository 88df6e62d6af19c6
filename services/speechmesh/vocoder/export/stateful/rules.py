"""How each operation of an offline graph is done chunk by chunk, so that the joined chunks equal the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

from speechmesh.common.errors import Incompatible
from speechmesh.vocoder.export.stateful.graph import GraphBuilder, Signal


class NotStreamable(Incompatible):
    """The graph has an operation that cannot be done chunk by chunk."""


@dataclass
class Values:
    """What is known of the offline graph's tensors while it is walked."""

    constants: dict[str, npt.NDArray[np.generic]]
    shapes: dict[str, tuple[int, ...]]
    elem_types: dict[str, int]
    signals: dict[str, Signal] = field(default_factory=dict)

    def derived(self, name: str, source: Signal, new_name: str, **changes: int) -> Signal:
        """The signal of output `name`, computed as `new_name` from `source`."""
        shape = self.shapes[name]
        axis = changes.pop("axis", source.axis)
        elem_type = self.elem_types[name]
        return replace(source, name=new_name, shape=shape, axis=axis, elem_type=elem_type, **changes)


Rule = Callable[[GraphBuilder, Values, onnx.NodeProto], None]
RULES: dict[str, Rule] = {}


def _rule(*ops: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        RULES.update(dict.fromkeys(ops, rule))
        return rule

    return register


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def refuse(node: onnx.NodeProto, why: str) -> NotStreamable:
    """The error for a node that cannot be done chunk by chunk."""
    return NotStreamable(f"{node.op_type} {node.name or node.output[0]}: {why}")


def _copy(build: GraphBuilder, node: onnx.NodeProto, inputs: list[str]) -> str:
    """Emits the node itself with other inputs."""
    return build.emit(node.op_type, inputs, **_attributes(node))


_POINTWISE = """
    Abs Atan Ceil Cos Elu Erf Exp Floor Gelu Identity LeakyRelu Log Neg Not PRelu Reciprocal Relu Round Sigmoid Sin
    Softplus Sqrt Tanh Cast Clip Add Sub Mul Div Pow Mod Min Max Equal Greater Less GreaterOrEqual LessOrEqual And Or
    Where BitShift BitwiseXor BitwiseAnd BitwiseOr
""".split()


# These may take a signal in any place; all others as their first input alone.
JOINING = frozenset({*_POINTWISE, "Concat"})


@_rule(*_POINTWISE)
def _pointwise(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Each sample on its own; signals of different lags wait for each other."""
    aligned = _align(build, values, node)
    first = next(signal for signal in aligned if signal is not None)
    for name, signal in zip(node.input, aligned, strict=True):
        if signal is None and name:
            _require_no_time(values, node, name, first)
    inputs = [s.name if s else name for s, name in zip(aligned, node.input, strict=True)]
    # A signal of lower rank would have its time axis elsewhere after broadcasting.
    if any(s and len(s.shape) - s.axis != len(first.shape) - first.axis for s in aligned):
        raise refuse(node, "joins signals whose time axes do not meet")
    name = node.output[0]
    axis = len(values.shapes[name]) - (len(first.shape) - first.axis)
    values.signals[name] = values.derived(name, first, _copy(build, node, inputs), axis=axis)


def _require_no_time(values: Values, node: onnx.NodeProto, name: str, signal: Signal) -> None:
    constant = values.constants[name]
    from_end = len(signal.shape) - signal.axis
    if constant.ndim >= from_end and constant.shape[constant.ndim - from_end] != 1:
        raise refuse(node, "has a constant that changes over time")
    if constant.ndim > len(signal.shape):
        raise refuse(node, "adds axes")


def _align(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> list[Signal | None]:
    """The node's inputs, those that are signals delayed to the largest lag among them; None for constants."""
    signals = [values.signals.get(name) for name in node.input]
    present = [signal for signal in signals if signal is not None]
    if len({(signal.rate, signal.extra) for signal in present}) > 1:
        raise refuse(node, "joins signals of different lengths")
    lag = max(signal.lag for signal in present)
    return [_delay(build, signal, lag - signal.lag) if signal else None for signal in signals]


def _delay(build: GraphBuilder, signal: Signal, n: int) -> Signal:
    """The signal, its last `n` samples kept for the next chunk."""
    if n == 0:
        return signal
    build.require(signal, n + 1)
    before, written = build.history(signal, n, zeros_if_first=0, hint="delay")
    joined = build.emit("Concat", [before, signal.name], axis=signal.axis)
    build.write(signal, joined, n, written)
    name = build.cut_unless_last(joined, signal.axis, n)
    return replace(signal, name=name, lag=signal.lag + n)


@_rule("Conv")
def _conv(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """A convolution over its history and the chunk; what follows the end is zeros, as what precedes the start."""
    signal = values.signals[node.input[0]]
    attributes = _attributes(node)
    kernel, stride, (left, right) = _window(node, attributes)
    reach = (kernel - 1) * _ints(attributes, "dilations", [1])[0] + 1
    if signal.rate % stride:
        raise refuse(node, "has a stride that does not fit the frames")
    # Outputs whose inputs are all there, in output samples behind; see Signal.lag.
    lag = -((-(reach - left + signal.lag)) // stride) - 1
    n_before = lag * stride + left - signal.lag
    extra = (signal.extra + left + right - reach) // stride + 1
    joined = _with_history(build, signal, n_before, zeros_if_first=left, zeros_if_last=right, hint="conv")
    name = node.output[0]
    output = build.emit("Conv", [joined, *node.input[1:]], **{**attributes, "pads": [0, 0]})
    values.signals[name] = values.derived(
        name, signal, output, rate=signal.rate // stride, lag=lag, extra=extra
    )
    build.require(values.signals[name], 1)


def _with_history(
    build: GraphBuilder, signal: Signal, n_before: int, *, zeros_if_first: int, zeros_if_last: int, hint: str
) -> str:
    parts, written = [signal.name], ""
    if n_before:
        before, written = build.history(signal, n_before, zeros_if_first=zeros_if_first, hint=hint)
        build.require(signal, n_before - zeros_if_first)
        parts.insert(0, before)
    if zeros_if_last:
        parts.append(build.zeros_if_last(signal, zeros_if_last))
    if len(parts) == 1:
        return signal.name
    joined = build.emit("Concat", parts, axis=signal.axis)
    if n_before:
        # Zeros after the end are in it too, but after the end nobody reads the state.
        build.write(signal, joined, n_before, written)
    return joined


@_rule("ConvTranspose")
def _conv_transpose(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """An upsampling over the chunk and the few samples before it that reach into its outputs."""
    signal = values.signals[node.input[0]]
    attributes = _attributes(node)
    kernel, stride, (left, right) = _window(node, attributes)
    if (
        _ints(attributes, "dilations", [1]) != [1]
        or _ints(attributes, "output_padding", [0]) != [0]
        or kernel < stride
        or "output_shape" in attributes
    ):
        raise refuse(node, "has dilation, output padding or gaps")
    tail = kernel - stride
    n_before = -(-tail // stride)
    # After the end, `tail` more samples come of the last inputs: zeros as inputs bring them out.
    n_after = -(-(tail - right) // stride) if tail > right else 0
    joined = _with_history(
        build, signal, n_before, zeros_if_first=n_before, zeros_if_last=n_after, hint="upsample"
    )
    # Of the full output: what the history alone makes is cut, and what inputs to come will add to.
    pads = [n_before * stride, tail]
    output = build.emit("ConvTranspose", [joined, *node.input[1:]], **{**attributes, "pads": pads})
    excess = n_after * stride - (tail - right)
    name = node.output[0]
    out = values.derived(
        name,
        signal,
        output,
        rate=signal.rate * stride,
        lag=signal.lag * stride + left,
        extra=(signal.extra - 1) * stride + kernel - left - right,
    )
    cut = build.cut(output, signal.axis, left_if_first=left, right_if_last=excess)
    values.signals[name] = replace(out, name=cut)
    build.require(out, 1)


def _window(node: onnx.NodeProto, attributes: dict[str, Any]) -> tuple[int, int, tuple[int, int]]:
    """Kernel, stride and the zeros, or cut samples, at both ends."""
    kernel = _ints(attributes, "kernel_shape", [])
    if len(kernel) != 1:
        raise refuse(node, "is not one-dimensional, or does not name its kernel's shape")
    (stride,) = _ints(attributes, "strides", [1])
    left, right = _ints(attributes, "pads", [0, 0])
    named = attributes.pop("auto_pad", b"NOTSET")
    if named in (b"SAME_UPPER", b"SAME_LOWER") and stride == 1 and node.op_type == "Conv":
        total = (kernel[0] - 1) * _ints(attributes, "dilations", [1])[0]
        left = total // 2 if named == b"SAME_UPPER" else total - total // 2
        right = total - left
    elif named not in (b"NOTSET", b"VALID"):
        raise refuse(node, "pads by a rule that depends on the length")
    return kernel[0], stride, (left, right)


def _ints(attributes: dict[str, Any], name: str, default: list[int]) -> list[int]:
    value = attributes.get(name, default)
    return [int(v) for v in value] if isinstance(value, list) else default


@_rule("Pad")
def _pad(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Zeros before the start and after the end."""
    signal = values.signals[node.input[0]]
    pads = values.constants.get(node.input[1]) if len(node.input) > 1 else None
    value = values.constants.get(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    mode = _attributes(node).get("mode", b"constant")
    if pads is None or mode != b"constant" or (value is not None and value.any()) or len(node.input) > 3:
        raise refuse(node, "pads by other than a fixed number of zeros")
    by_axis = pads.astype(int).reshape(2, -1)
    left, right = (int(n) for n in by_axis[:, signal.axis])
    if by_axis.sum() != left + right or min(left, right) < 0:
        raise refuse(node, "pads another axis than time")
    parts = [signal.name]
    if left:
        # Zeros of the first chunk alone: a history of no samples otherwise.
        parts.insert(0, build.zeros_if_first(signal, left))
    if right:
        parts.append(build.zeros_if_last(signal, right))
    name = node.output[0]
    output = build.emit("Concat", parts, axis=signal.axis)
    values.signals[name] = values.derived(
        name, signal, output, lag=signal.lag - left, extra=signal.extra + left + right
    )


@_rule("Slice")
def _slice(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Along time: cuts from both ends. Along another axis: as it is."""
    signal = values.signals[node.input[0]]
    parts = [values.constants.get(name) for name in node.input[1:]]
    if len(parts) < 3 or any(part is None for part in parts):  # of old opsets, they are attributes
        raise refuse(node, "has bounds or axes that are not constant inputs")
    starts, ends, axes, steps = [[int(v) for v in part] for part in parts if part is not None] + (
        [[1]] if len(parts) == 3 else []
    )
    rank = len(signal.shape)
    name = node.output[0]
    if signal.axis not in [axis % rank for axis in axes]:
        output = _copy(build, node, [signal.name, *node.input[1:]])
        values.signals[name] = values.derived(name, signal, output)
        return
    left, right = starts[0], -ends[0] if ends[0] < 2**31 - 1 else 0
    if len(axes) != 1 or steps != [1] or left < 0 or right < 0:
        raise refuse(node, "takes other than a cut from both ends of time")
    # What may turn out to be the end is held back.
    held = _delay(build, signal, right)
    if right:
        held = replace(held, name=build.cut(held.name, held.axis, left_if_first=0, right_if_last=right))
    output = build.cut(held.name, held.axis, left_if_first=left, right_if_last=0)
    values.signals[name] = values.derived(
        name, held, output, lag=held.lag + left, extra=held.extra - left - right
    )
    build.require(values.signals[name], 1)


@_rule("Resize")
def _resize(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Each sample repeated a whole number of times."""
    signal = values.signals[node.input[0]]
    attributes = _attributes(node)
    scales = values.constants.get(node.input[2]) if len(node.input) > 2 and node.input[2] else None
    nearest = attributes.get("mode", b"nearest") == b"nearest"
    floors = attributes.get("coordinate_transformation_mode") == b"asymmetric" and (
        attributes.get("nearest_mode") == b"floor"
    )
    if scales is None or not nearest or not floors or len(node.input) > 3:
        raise refuse(node, "does other than repeat each sample a fixed number of times")
    factor = int(scales[signal.axis])
    if factor != scales[signal.axis] or np.delete(scales, signal.axis).tolist() != [1.0] * (len(scales) - 1):
        raise refuse(node, "does not scale time alone by a whole number")
    name = node.output[0]
    output = _copy(build, node, [signal.name, *node.input[1:]])
    values.signals[name] = values.derived(
        name, signal, output, rate=signal.rate * factor, lag=signal.lag * factor, extra=signal.extra * factor
    )


@_rule("CumSum")
def _cumulative_sum(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """A sum that goes on from the chunk before."""
    signal = values.signals[node.input[0]]
    axis = values.constants.get(node.input[1])
    attributes = _attributes(node)
    if axis is None or int(axis.reshape(())) % len(signal.shape) != signal.axis or attributes.get("reverse"):
        raise refuse(node, "does not sum along time")
    before, written = build.history(signal, 1, zeros_if_first=1, hint="sum")
    inclusive = build.emit("Add", [build.emit("CumSum", [signal.name, node.input[1]]), before])
    build.write(signal, inclusive, 1, written)
    build.require(signal, 1)
    name = node.output[0]
    output = build.emit("Sub", [inclusive, signal.name]) if attributes.get("exclusive") else inclusive
    values.signals[name] = values.derived(name, signal, output)


@_rule("Transpose")
def _transpose(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    signal = values.signals[node.input[0]]
    order = _ints(_attributes(node), "perm", list(range(len(signal.shape)))[::-1])
    if order[0] != 0:
        raise refuse(node, "moves the batch axis")
    name = node.output[0]
    output = _copy(build, node, [signal.name])
    values.signals[name] = values.derived(name, signal, output, axis=order.index(signal.axis))


@_rule("Squeeze", "Unsqueeze")
def _squeeze(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    signal = values.signals[node.input[0]]
    axes = values.constants.get(node.input[1]) if len(node.input) > 1 else None
    if axes is None:
        raise refuse(node, "does not name constant axes")
    name = node.output[0]
    rank = max(len(signal.shape), len(values.shapes[name]))
    at = sorted(int(axis) % rank for axis in axes)
    if node.op_type == "Squeeze":
        axis = signal.axis - sum(a < signal.axis for a in at)
    else:
        axis = next(a for a in range(rank) if a not in at and a - sum(b < a for b in at) == signal.axis)
    if 0 in at or (node.op_type == "Squeeze" and signal.axis in at):
        raise refuse(node, "removes or moves the batch or time axis")
    output = _copy(build, node, [signal.name, node.input[1]])
    values.signals[name] = values.derived(name, signal, output, axis=axis)


@_rule("MatMul")
def _matmul(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """A linear map of the last axis, by a constant matrix."""
    signal = values.signals.get(node.input[0])
    matrix = values.constants.get(node.input[1])
    if signal is None or matrix is None or matrix.ndim != 2 or signal.axis == len(signal.shape) - 1:
        raise refuse(node, "is not a constant map of the channels")
    name = node.output[0]
    values.signals[name] = values.derived(name, signal, _copy(build, node, [signal.name, node.input[1]]))


@_rule("LayerNormalization")
def _layer_normalization(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    signal = values.signals[node.input[0]]
    axis = _attributes(node).get("axis", -1)
    if axis not in (-1, len(signal.shape) - 1) or signal.axis == len(signal.shape) - 1:
        raise refuse(node, "does not normalise the channels alone")
    name = node.output[0]
    output = _copy(build, node, [signal.name, *node.input[1:]])
    values.signals[name] = values.derived(name, signal, output)


@_rule("ReduceMean", "ReduceSum")
def _reduce(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    signal = values.signals[node.input[0]]
    axes = values.constants.get(node.input[1]) if len(node.input) > 1 else None
    rank = len(signal.shape)
    if axes is None or not _attributes(node).get("keepdims", 1):
        raise refuse(node, "does not keep its axes")
    if {int(axis) % rank for axis in axes} & {0, signal.axis}:
        raise refuse(node, "reduces time")
    name = node.output[0]
    output = _copy(build, node, [signal.name, node.input[1]])
    values.signals[name] = values.derived(name, signal, output)


@_rule("Concat")
def _concat(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Channels beside each other."""
    aligned = [signal for signal in _align(build, values, node) if signal is not None]
    axis = _attributes(node)["axis"] % len(aligned[0].shape)
    if len(aligned) < len(node.input) or axis in (0, aligned[0].axis):
        raise refuse(node, "joins other than channels of signals")
    name = node.output[0]
    output = _copy(build, node, [signal.name for signal in aligned])
    values.signals[name] = values.derived(name, aligned[0], output)


@_rule("Split")
def _split(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Channels apart."""
    signal = values.signals[node.input[0]]
    attributes = _attributes(node)
    axis = attributes.get("axis", 0) % len(signal.shape)
    if axis in (0, signal.axis) or (len(node.input) > 1 and node.input[1] not in values.constants):
        raise refuse(node, "splits other than channels")
    outputs = [build.name("split") for _ in node.output]
    build.nodes.append(
        helper.make_node("Split", [signal.name, *node.input[1:]], outputs, name=outputs[0], **attributes)
    )
    for name, output in zip(node.output, outputs, strict=True):
        values.signals[name] = values.derived(name, signal, output)


@_rule("Gather")
def _gather(build: GraphBuilder, values: Values, node: onnx.NodeProto) -> None:
    """Fixed channels."""
    signal = values.signals.get(node.input[0])
    index = values.constants.get(node.input[1])
    if signal is None or index is None or index.ndim > 1:
        raise refuse(node, "does not pick fixed channels")
    axis = _attributes(node).get("axis", 0) % len(signal.shape)
    if axis in (0, signal.axis):
        raise refuse(node, "picks moments of time")
    name = node.output[0]
    output = _copy(build, node, [signal.name, node.input[1]])
    after = signal.axis - (index.ndim == 0 and axis < signal.axis)
    values.signals[name] = values.derived(name, signal, output, axis=after)
