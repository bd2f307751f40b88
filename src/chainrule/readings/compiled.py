"""The compiled reading: the value rules of the ops, traced under jax.jit.

The ops are written for one example. On a batch, every node that depends on data is mapped over the
leading axis, and a sum over the batch is pushed down through what is linear, so that the gradient
of a weight matrix is one contraction over the batch and never a sum of outer products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

import jax
import jax.numpy as jnp
import numpy as np

from chainrule.graph.errors import ChainruleError, FeedError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT, DATA
from chainrule.graph.rewrite import stable
from chainrule.graph.walk import by_name, leaves, topological
from chainrule.lowering import BATCH_SUMS, FORMS, HELD_FORMS, products
from chainrule.lowering.entries import entry_by_entry
from chainrule.lowering.held import Held, held
from chainrule.lowering.options import jitted
from chainrule.ops.index_equation import equation_of

Arrays = Mapping[Expr, Any]
Compiled = Callable[[Mapping[Any, Any]], Any]
_DTYPES = ("float32", "float64")
_TOTALS = ("sum", "mean")


@overload
def compile(
    exprs: Expr, batch: bool = False, dtype: str = "float32", quickly: bool = False
) -> Callable[[Mapping[Any, Any]], jax.Array]: ...
@overload
def compile(
    exprs: Sequence[Expr], batch: bool = False, dtype: str = "float32", quickly: bool = False
) -> Callable[[Mapping[Any, Any]], tuple[jax.Array, ...]]: ...
def compile(
    exprs: Expr | Sequence[Expr], batch: bool = False, dtype: str = "float32", quickly: bool = False
) -> Compiled:
    """A fast function for one expression or several: f(values) gives an array, or a tuple of them.

    batch: the values of data leaves have a leading axis, the examples, and so have the results. Where no
        expression depends on data, there is one value for all examples, without that axis.
    dtype: "float32" gives JAX arrays; "float64" gives NumPy arrays, since JAX outside of this function
    would round them. The function is compiled at its first call for each batch size.
    quickly: in about a third of the time, for a function that is called a few times only; its code is slower.
    Raises FeedError, when called, for a value that is missing or does not fit.

    >>> import chainrule as cr
    >>> x = cr.data("x", 2)
    >>> f = cr.compile(x @ x, batch=True)
    >>> f({"x": [[3, 4], [1, 0]]}).tolist()
    [25.0, 1.0]
    """
    several = [exprs] if isinstance(exprs, Expr) else list(exprs)
    dtype = checked_dtype(dtype)
    wanted = leaves(several)

    def values_of(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(traced(several, dict(zip(wanted, arrays, strict=True)), batch, dtype))

    run = jitted(values_of, quickly)

    def call(values: Mapping[Any, Any]) -> Any:
        with precision(dtype):
            results = handed_over(run(fed_arrays(wanted, values, batch, dtype)), dtype)
        return results[0] if isinstance(exprs, Expr) else results

    return call


def checked_dtype(dtype: Any) -> str:
    """The name of a dtype that can be compiled for."""
    try:
        name = str(np.dtype(dtype).name)
    except TypeError:
        name = repr(dtype)
    if name not in _DTYPES:
        raise ChainruleError("float32 or float64", name, "dtype", 'write dtype="float32"')
    return name


def precision(dtype: str) -> Any:
    """The context in which arrays of this dtype keep their precision."""
    return jax.enable_x64(dtype == "float64")


def handed_over(results: Sequence[jax.Array], dtype: str) -> tuple[Any, ...]:
    """Results as the caller may compute with them: in double precision NumPy arrays, which JAX does not round."""
    return tuple(np.asarray(result) for result in results) if dtype == "float64" else tuple(results)


def fed_arrays(wanted: Sequence[Expr], values: Mapping[Any, Any], batch: bool, dtype: str) -> tuple[Any, ...]:
    """The arrays for the leaves in their order, checked: names, shapes, one size of the batch."""
    fed, size = [], None
    for leaf in by_name(wanted).values():
        value = values.get(leaf, values.get(leaf.name))
        if value is None:
            came = f"values for {', '.join(map(_key, values)) or 'nothing'}"
            raise FeedError(f"a value for {leaf.name}", came, "values", f"add it under the key {leaf.name!r}")
        try:
            array = (
                value if isinstance(value, jax.Array) and value.dtype == dtype else np.asarray(value, dtype)
            )
        except (TypeError, ValueError):
            needed, where = f"numbers of the shape {leaf.shape}", f"value of {leaf.op.name} {leaf.name}"
            raise FeedError(
                needed, repr(value)[:80], where, "write a number, a list of them or an array"
            ) from None
        leading = batch and leaf.op is DATA
        if array.shape[leading:] != leaf.shape or (leading and array.ndim == 0):
            wish = "the shape " + (str(("n", *leaf.shape)).replace("'", "") if leading else str(leaf.shape))
            remedy = (
                "the batch is the first axis of data, and parameters have none"
                if batch
                else "one example has no batch axis"
            )
            raise FeedError(wish, f"{array.shape}", f"value of {leaf.op.name} {leaf.name}", remedy)
        if leading:
            size = len(array) if size is None else size
            if len(array) != size:
                came, where = f"{size} and {len(array)}", f"value of data {leaf.name}"
                raise FeedError(
                    "as many examples for each data leaf",
                    came,
                    where,
                    "cut the longer one, or repeat the shorter",
                )
        fed.append(array)
    return tuple(fed)


def _key(key: Any) -> str:
    return str(key.name) if isinstance(key, Expr) else str(key)


def traced(
    exprs: Sequence[Expr],
    arrays: Arrays,
    batch: bool,
    dtype: str = "float32",
    total: Sequence[str | None] = (),
) -> list[Any]:
    """The values of the expressions, for use inside jax.jit.

    arrays: for each leaf an array, plain or held; with batch, data have a leading axis, also data that no expression
    depends on. total: for each expression None for its value for each example, or "sum" or "mean" over
    the batch. Raises FeedError for the mean of no examples.
    """
    return [jnp.asarray(value.plain(), dtype) for value in traced_held(exprs, arrays, batch, dtype, total)]


def traced_held(
    exprs: Sequence[Expr],
    arrays: Arrays,
    batch: bool,
    dtype: str = "float32",
    total: Sequence[str | None] = (),
) -> list[Held]:
    """As `traced`, each value in the order of axes in which the last op left it."""
    how = list(total) or [None] * len(exprs)
    return _Trace(stable(exprs), arrays, batch, dtype, how).results()


class _Trace:
    """One pass over the graph: which nodes differ between examples, which are wanted as totals, their values."""

    def __init__(
        self, exprs: Sequence[Expr], arrays: Arrays, batch: bool, dtype: str, how: Sequence[str | None]
    ) -> None:
        self.exprs, self.arrays, self.dtype, self.how = exprs, arrays, dtype, how
        self.order = topological(exprs, _children)
        self.batched: set[Expr] = set()
        if batch:
            for node in self.order:
                if node.op is DATA or any(child in self.batched for child in _children(node)):
                    self.batched.add(node)
        sizes = [len(array) for leaf, array in arrays.items() if leaf.op is DATA] if batch else []
        self.size = sizes[0] if sizes else None
        if self.size == 0 and "mean" in how:
            raise FeedError(
                "at least one example for a mean",
                "none",
                "values",
                "leave the empty batch out, or take the sum",
            )
        self.totals = self._wanted_totals()
        self.values: dict[Expr, Held] = {}
        self.sums: dict[Expr, Held] = {}

    def results(self) -> list[Held]:
        """The values or totals of the expressions."""
        needed = self._needed_values()
        for node in self.order:
            if node in needed:
                self.values[node] = self._value(node)
            if node in self.totals:
                self.sums[node] = self._sum(node)
        return [self._result(expr, how) for expr, how in zip(self.exprs, self.how, strict=True)]

    def _result(self, expr: Expr, how: str | None) -> Held:
        if how is not None:
            total = self.sums[expr]
            return replace(total, array=total.array / (self.size or 1)) if how == "mean" else total
        value = self.values[expr]
        if self.size is not None and expr not in self.batched:
            return replace(value, array=jnp.broadcast_to(value.array, (self.size, *value.array.shape)))
        return value

    # what has to be computed

    def _wanted_totals(self) -> set[Expr]:
        wanted = {expr for expr, how in zip(self.exprs, self.how, strict=True) if how is not None}
        for node in reversed(self.order):
            if node in wanted:
                wanted.update(self._sums_for(node) or ())
        return wanted

    def _needed_values(self) -> set[Expr]:
        needed = {expr for expr, how in zip(self.exprs, self.how, strict=True) if how is None}
        for node in reversed(self.order):
            if node in self.totals:
                through = self._sums_for(node)
                if through is None:
                    needed.update(_children(node) if self._is_product(node) else (node,))
                else:
                    needed.update(child for child in node.operands if child not in through)
            if node in needed:
                needed.update(_children(node))
        return needed

    def _sums_for(self, node: Expr) -> list[Expr] | None:
        """The operands whose totals give this node's total; None where its own values must be added up."""
        if node not in self.batched or node.is_leaf:
            return None
        if node.op.defined and node.op.value_rule is None:
            return list(_children(node))
        varying = [child for child in node.operands if child in self.batched]
        if node.op.linear == "joint" and node.op.batch_sum_rule is None:
            return list(node.operands)
        if len(varying) == 1 and (
            node.op.linear == "each" or (node.op.name == "divide" and node.operands[0] is varying[0])
        ):
            return varying
        return None

    def _is_product(self, node: Expr) -> bool:
        """Whether the total is one contraction of the operands' values."""
        return node in self.batched and (
            node.op.batch_sum_rule is not None
            or (node.op.value_rule is None and node.op.equation is not None)
        )

    # computing it

    def _value(self, node: Expr) -> Held:
        if node in self.arrays:
            return self._given(node)
        if node.op is CONSTANT:
            return held(_constant(node, self.dtype), len(node.shape))
        children = _children(node)
        return self._made(
            node, [self.values[child] for child in children], [child in self.batched for child in children]
        )

    def _given(self, leaf: Expr) -> Held:
        array = self.arrays[leaf]
        if isinstance(array, Held):
            return array
        return held(jnp.asarray(array, self.dtype), len(leaf.shape))

    def _made(self, node: Expr, operands: list[Held], flags: list[bool]) -> Held:
        """The value from those of the operands; flags: which of them have a leading axis for the examples."""
        rank = len(node.shape)
        if node.op.value_rule is None:
            if node.op.defined:
                return operands[0]
            product: Held = equation_of(node).product(products, operands, flags)
            return product
        form = HELD_FORMS.get(node.op.name)
        made = form(operands, flags, **node.params) if form else None
        if made is not None:
            return made
        if node.op.elementwise and operands:
            return entry_by_entry(_rule(node), operands)
        rule, arrays = _rule(node), [operand.plain() for operand in operands]
        if any(flags):
            return held(jax.vmap(rule, in_axes=[0 if flag else None for flag in flags])(*arrays), rank)
        return held(rule(*arrays), rank)

    def _sum(self, node: Expr) -> Held:
        if node not in self.batched:
            value = self.values[node]
            return replace(value, array=(1 if self.size is None else self.size) * value.array)
        through = self._sums_for(node)
        if through is not None:
            children = _children(node)
            operands = [self.sums[child] if child in through else self.values[child] for child in children]
            return self._made(node, operands, [False] * len(operands))
        if self._is_product(node):
            operands = [self.values[child] for child in node.operands]
            flags = [child in self.batched for child in node.operands]
            rank, op = len(node.shape), node.op
            if op.batch_sum_rule is not None and all(flags):
                form = BATCH_SUMS.get(op.name)
                made = form(operands, **node.params) if form else None
                if made is not None:
                    return made
                return held(op.batch_sum_rule(jnp, *(part.plain() for part in operands), **node.params), rank)
            product: Held = equation_of(node).product(products, operands, flags, total=True)
            return product
        value = self.values[node]
        total = jnp.sum(value.array, axis=-1 if value.last else 0)
        return Held(total, value.order, value.split)


def _children(node: Expr) -> Sequence[Expr]:
    """What a node is computed from: its definition, where the op has no value rule of its own."""
    if node.op.value_rule is None and node.op.defined:
        return (node.op.definition(node.operands, node.params),)
    return node.operands


def _rule(node: Expr) -> Callable[..., Any]:
    form = FORMS.get(node.op.name, node.op.value_rule)
    if form is None:
        raise ChainruleError(
            "an op with a value rule", repr(node.op), "compile", "hang one on the op: @op.value"
        )
    return lambda *arrays: form(jnp, *arrays, **node.params)


def _constant(node: Expr, dtype: str) -> Any:
    value = node.params["value"]
    if isinstance(value, tuple):
        return jnp.asarray(np.array([float(entry) for entry in value], dtype).reshape(node.shape))
    return jnp.full(node.shape, float(value), dtype)
