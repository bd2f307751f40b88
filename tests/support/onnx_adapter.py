"""A node of an ONNX model, computed with our ops: for the tests of the ONNX package, and for nothing else.

ONNX tensors carry the batch, our expressions never do: where an ONNX op has a batch axis, the adapter runs
one example after the other, and compiled all at once. Broadcasting is written out with `spread`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import AttributeProto, NodeProto, helper

import chainrule as cr
from chainrule.graph.expression import Expr
from chainrule.ops.windows import windows_of

Array = Any
Handler = Callable[[Sequence[Array], Mapping[str, Any]], Any]


class Unreached(Exception):
    """Our semantics do not reach this node; the message says why."""


def run(node: NodeProto, inputs: Sequence[Array]) -> list[Array]:
    """The outputs of a node; an omitted input is None."""
    given = iter(inputs)
    arrays = [next(given) if name else None for name in node.input]
    attributes = {attribute.name: _plain(attribute) for attribute in node.attribute}
    outputs = HANDLERS[node.op_type](arrays, {**attributes, "outputs": len(node.output)})
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _plain(attribute: AttributeProto) -> Any:
    value = helper.get_attribute_value(attribute)
    return value.decode() if isinstance(value, bytes) else value


# Values of expressions.


def _leaves(*arrays: Array) -> list[Expr]:
    return [cr.data(f"x_{n}", np.shape(array)) for n, array in enumerate(arrays)]


def _value(expr: Expr, leaves: Sequence[Expr], arrays: Sequence[Array]) -> Array:
    return cr.evaluate(expr, dict(zip(leaves, arrays, strict=True)))


def _each(build: Callable[[Expr], Expr], batch: Array, shared: Mapping[Expr, Array]) -> Array:
    """What is built for one example, for each of a batch; the working and the compiled code must agree."""
    x = cr.data("x", batch.shape[1:])
    y = build(x)
    found = np.stack([cr.evaluate(y, {**shared, x: example}) for example in batch])
    compiled = cr.compile(y, batch=True, dtype="float64")({**shared, x: batch})
    np.testing.assert_allclose(compiled, found, rtol=1e-10, atol=1e-10)
    return found


def _broadcast(expr: Expr, shape: tuple[int, ...]) -> Expr:
    """An expression spread to a shape by the rules of NumPy."""
    kept = tuple(
        n for n, size in zip(expr.shape, shape[len(shape) - len(expr.shape) :], strict=True) if n == size
    )
    lead = len(shape) - len(expr.shape)
    along = [axis for axis in range(len(shape)) if axis < lead or expr.shape[axis - lead] != shape[axis]]
    expr = cr.reshape(expr, kept) if kept != expr.shape else expr
    for axis in along:
        expr = cr.spread(expr, axis=axis, size=shape[axis])
    return expr


# Entry by entry.


def _unary(build: Callable[..., Expr], **renamed: str) -> Handler:
    def handler(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
        leaves = _leaves(*arrays)
        params = {ours: attributes[theirs] for theirs, ours in renamed.items() if theirs in attributes}
        return _value(build(*leaves, **params), leaves, arrays)

    return handler


def _gelu(x: Expr, approximate: str = "none") -> Expr:
    return cr.gelu(x, approximate=approximate == "tanh")


def _binary(build: Callable[[Expr, Expr], Expr], whole: bool = True) -> Handler:
    def handler(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
        if not whole and np.issubdtype(arrays[0].dtype, np.integer):
            raise Unreached("a quotient of whole numbers is rounded; ours is a fraction")
        leaves, shape = _leaves(*arrays), np.broadcast_shapes(*(array.shape for array in arrays))
        spread = [leaf if not leaf.shape else _broadcast(leaf, shape) for leaf in leaves]
        return _value(build(*spread), leaves, arrays)

    return handler


# Products of linear algebra.


def _matmul(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    a, b = arrays
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = (m if m.ndim == 1 else np.broadcast_to(m, (*lead, *m.shape[-2:])) for m in (a, b))
    leaves = [cr.data("a", a.shape[-2:]), cr.data("b", b.shape[-2:])]
    product = leaves[0] @ leaves[1]
    found = np.zeros((*lead, *product.shape))
    for at in np.ndindex(lead):
        found[at] = _value(product, leaves, [m if m.ndim == 1 else m[at] for m in (a, b)])
    return found


def _gemm(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    leaves = _leaves(*arrays)
    a, b = (
        leaf.T if attributes.get(name) else leaf
        for leaf, name in zip(leaves, ("transA", "transB"), strict=False)
    )
    y = attributes.get("alpha", 1.0) * (a @ b)
    if len(leaves) > 2:
        y = y + attributes.get("beta", 1.0) * _broadcast(leaves[2], y.shape)
    return _value(y, leaves, arrays)


# Arrangement.


def _reshape(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    x, wanted = arrays[0], [int(size) for size in arrays[1]]
    sizes = [
        x.shape[n] if size == 0 and not attributes.get("allowzero") else size for n, size in enumerate(wanted)
    ]
    if -1 in sizes:
        sizes[sizes.index(-1)] = x.size // -int(np.prod(sizes))
    (leaf,) = _leaves(x)
    return _value(cr.reshape(leaf, tuple(sizes)), [leaf], [x])


def _flatten(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    (x,), axis = arrays, attributes.get("axis", 1) % max(arrays[0].ndim, 1)
    axis = attributes.get("axis", 1) if attributes.get("axis", 1) == x.ndim else axis
    (leaf,) = _leaves(x)
    shape = (int(np.prod(x.shape[:axis])), int(np.prod(x.shape[axis:])))
    return _value(cr.reshape(leaf, shape), [leaf], [x])


def _transpose(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    (leaf,) = _leaves(*arrays)
    axes = attributes.get("perm", range(arrays[0].ndim)[::-1])
    return _value(cr.permute(leaf, tuple(axes)), [leaf], arrays)


def _concatenate(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    leaves = _leaves(*arrays)
    return _value(cr.concatenate(*leaves, axis=attributes["axis"]), leaves, arrays)


def _pad(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    if attributes.get("mode", "constant") != "constant":
        raise Unreached("our padding is of zeros, not of what is inside")
    x, pads = arrays[0], [int(n) for n in arrays[1]]
    value = float(arrays[2]) if len(arrays) > 2 and arrays[2] is not None else 0.0
    axes = [int(a) % x.ndim for a in arrays[3]] if len(arrays) > 3 else list(range(x.ndim))
    widths = [(0, 0)] * x.ndim
    for n, axis in enumerate(axes):
        widths[axis] = (pads[n], pads[n + len(axes)])
    (leaf,) = _leaves(x)
    return _value(cr.pad(leaf - value, tuple(widths)) + value, [leaf], [x])


# Reductions.


def _reduction(reduce: Callable[..., Expr]) -> Handler:
    def handler(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
        x = arrays[0]
        if x.dtype == bool:
            raise Unreached("truth values are not numbers here")
        axes = attributes.get("axes", arrays[1] if len(arrays) > 1 else None)
        if (axes is None or len(axes) == 0) and attributes.get("noop_with_empty_axes"):
            axes = []
        elif axes is None or len(axes) == 0:
            axes = range(x.ndim)
        axes = sorted({int(axis) % x.ndim for axis in axes})
        (leaf,) = _leaves(x)
        y = leaf
        for axis in reversed(axes):
            if reduce is cr.max and not y.shape[axis]:
                raise Unreached("of no entries there is no largest one; ours says so")
            y = reduce(y, axis=axis)
        if attributes.get("keepdims", 1):
            y = cr.reshape(y, tuple(1 if n in axes else size for n, size in enumerate(x.shape)))
        return _value(y, [leaf], [x])

    return handler


# Convolution and pooling.


def _windows(x: tuple[int, ...], size: Sequence[int], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Stride and padding as we say them; SAME_LOWER puts the odd zero before."""
    axes = len(size)
    if axes > 2:
        raise Unreached("images have one axis or two, not three")
    stride = tuple(attributes.get("strides", [1] * axes))
    dilation = tuple(attributes.get("dilations", [1] * axes))
    pads, auto = list(attributes.get("pads", [0] * (2 * axes))), attributes.get("auto_pad", "NOTSET")
    padding: Any = tuple((pads[n], pads[n + axes]) for n in range(axes))
    if auto.startswith("SAME"):
        windows = windows_of("ONNX", x[-axes:], tuple(size), stride, "same", dilation)
        padding = tuple((w.before, w.after) for w in windows)
        padding = padding if auto == "SAME_UPPER" else tuple(pair[::-1] for pair in padding)
    return {"stride": stride, "padding": padding, "dilation": dilation}


def _conv(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    x, k = arrays[:2]
    kernel = cr.parameter("K", k.shape)
    params = {**_windows(x.shape, k.shape[2:], attributes), "groups": attributes.get("group", 1)}
    bias = cr.parameter("b", k.shape[:1])

    def build(image: Expr) -> Expr:
        y = (cr.correlate, cr.correlate2d)[k.ndim - 3](image, kernel, **params)
        return y + cr.fill(bias, y.shape[1:]) if len(arrays) > 2 else y

    return _each(build, x, {kernel: k, **({bias: arrays[2]} if len(arrays) > 2 else {})})


def _conv_transpose(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    """The input gradient of a correlation whose result would be x."""
    if len(arrays) > 2:
        raise Unreached("no case of the package has a bias")
    x, k = arrays
    axes, groups = k.ndim - 2, attributes.get("group", 1)
    params = _windows(x.shape, k.shape[2:], {**attributes, "auto_pad": "NOTSET"})
    added = attributes.get("output_padding", [0] * axes)
    spans = [
        params["stride"][n] * (x.shape[2 + n] - 1) + params["dilation"][n] * (k.shape[2 + n] - 1) + 1
        for n in range(axes)
    ]
    sizes = [
        span + more - sum(pair) for span, more, pair in zip(spans, added, params["padding"], strict=True)
    ]
    auto = attributes.get("auto_pad", "NOTSET")
    if auto.startswith("SAME") or "output_shape" in attributes:
        sizes = list(
            attributes.get(
                "output_shape", [n * s for n, s in zip(x.shape[2:], params["stride"], strict=True)]
            )
        )
        missing = [max(span + more - size, 0) for span, more, size in zip(spans, added, sizes, strict=True)]
        upper = auto == "SAME_UPPER"
        params["padding"] = tuple((n // 2, n - n // 2) if upper else (n - n // 2, n // 2) for n in missing)
    kernel, shape = cr.parameter("K", k.shape), (k.shape[1] * groups, *sizes)
    op = cr.OPS["correlate_input_gradient"]
    return _each(
        lambda dy: op(dy, kernel, shape=shape, groups=groups, turned=False, **params), x, {kernel: k}
    )


def _pool_params(x: Array, attributes: Mapping[str, Any]) -> dict[str, Any]:
    size = tuple(attributes["kernel_shape"])
    params = _windows(x.shape, size, attributes)
    if set(params.pop("dilation")) != {1}:
        raise Unreached("the windows of our poolings have no dilation")
    return {"size": size, **params, "ceil_mode": bool(attributes.get("ceil_mode"))}


def _max_pool(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Any:
    (x,) = arrays
    params = _pool_params(x, attributes)
    op = (cr.max_pool, cr.max_pool2d)[x.ndim - 3]
    largest = _each(lambda image: op(image, **params), x, {})
    if attributes["outputs"] == 1:
        return largest
    image, places = _leaves(x[0], x[0])
    chosen = cr.OPS["at_maximum"](places, image, **params)
    numbers = np.arange(x[0].size).reshape(x[0].shape)
    if attributes.get("storage_order"):
        channel = numbers.reshape(len(x[0]), -1)[:, :1, None]
        numbers = channel + np.arange(x[0][0].size).reshape(x.shape[:1:-1]).T
    found = [
        _value(chosen, [image, places], [example, numbers]) + n * x[0].size for n, example in enumerate(x)
    ]
    return largest, np.stack(found)


def _average_pool(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
    (x,) = arrays
    params = _pool_params(x, attributes)
    op, counted = (cr.average_pool, cr.average_pool2d)[x.ndim - 3], bool(attributes.get("count_include_pad"))
    return _each(lambda image: op(image, count_padding=counted, **params), x, {})


def _global_pool(pool: Callable[..., Expr]) -> Handler:
    def handler(arrays: Sequence[Array], attributes: Mapping[str, Any]) -> Array:
        (x,) = arrays
        return _each(lambda image: pool(image, x.shape[2:]), x, {})

    return handler


HANDLERS: dict[str, Handler] = {
    "Add": _binary(lambda a, b: a + b),
    "AveragePool": _average_pool,
    "Concat": _concatenate,
    "Conv": _conv,
    "ConvTranspose": _conv_transpose,
    "Div": _binary(lambda a, b: a / b, whole=False),
    "Elu": _unary(cr.elu, alpha="alpha"),
    "Exp": _unary(cr.exp),
    "Flatten": _flatten,
    "Gelu": _unary(_gelu, approximate="approximate"),
    "Gemm": _gemm,
    "GlobalAveragePool": _global_pool(cr.average_pool2d),
    "GlobalMaxPool": _global_pool(cr.max_pool2d),
    "LeakyRelu": _unary(cr.leaky_relu, alpha="slope"),
    "Log": _unary(cr.log),
    "LogSoftmax": _unary(cr.log_softmax, axis="axis"),
    "MatMul": _matmul,
    "MaxPool": _max_pool,
    "Mul": _binary(lambda a, b: a * b),
    "Pad": _pad,
    "Pow": _binary(lambda a, b: a**b),
    "ReduceMax": _reduction(cr.max),
    "ReduceMean": _reduction(cr.mean),
    "ReduceSum": _reduction(cr.sum),
    "Relu": _unary(cr.relu),
    "Reshape": _reshape,
    "Sigmoid": _unary(cr.sigmoid),
    "Softmax": _unary(cr.softmax, axis="axis"),
    "Softplus": _unary(cr.softplus),
    "Sqrt": _unary(cr.sqrt),
    "Sub": _binary(lambda a, b: a - b),
    "Tanh": _unary(cr.tanh),
    "Transpose": _transpose,
}
"""By the name of the ONNX op."""
