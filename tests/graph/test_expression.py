"""Nodes are shared, immutable, and gone when nobody holds them."""

import copy
import gc
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pytest
from support.pace import at_pace

import chainrule as cr
from chainrule.graph import expression
from chainrule.graph.walk import leaves, substituted, topological

W, x, b = cr.parameter("W", (3, 3)), cr.data("x", 3), cr.parameter("b", 3)


def test_the_same_expression_is_the_same_object():
    assert W @ x + b is W @ x + b
    assert cr.data("x", 3) is x
    assert cr.softmax(x, axis=-1) is cr.softmax(x)
    assert cr.data("x", 3) is not cr.data("x", (3, 1))
    assert cr.data("x", 3) is not cr.parameter("x", 3)
    assert cr.sum(x, axis=0) is not cr.sum(x)
    assert len({W @ x, W @ x, x}) == 2


def test_threads_that_build_the_same_get_the_same_object(monkeypatch):
    met = Barrier(2, timeout=5)

    class Slow(weakref.WeakValueDictionary):
        def get(self, key, default=None):
            found = super().get(key, default)
            if getattr(key[0], "name", "") == "sigmoid" and found is None:
                met.wait()  # both threads have looked before either has built
            return found

    x = cr.data("x", 3)
    monkeypatch.setattr(expression, "_nodes", Slow(expression._nodes))
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: cr.sigmoid(x), range(2))
    assert one is other


def test_a_name_is_part_of_a_node():
    z = (W @ x).named("z")
    assert z is not W @ x
    assert z is (W @ x).named("z")
    assert z.named("q") is (W @ x).named("q")
    assert z.unnamed is W @ x
    assert x.unnamed is x
    assert x.named("u") is cr.data("u", 3)
    assert z.with_operands((W, b)) is (W @ b).named("z")


@pytest.mark.parametrize("field", ["op", "operands", "params", "shape", "name", "other"])
def test_nothing_of_a_node_can_be_changed(field):
    with pytest.raises(AttributeError, match=f"immutable: cannot set {field}"):
        setattr(W @ x, field, None)
    with pytest.raises(AttributeError, match=f"immutable: cannot delete {field}"):
        delattr(W @ x, field)
    with pytest.raises(TypeError):
        cr.softmax(x).params["axis"] = 0


def test_copies_are_the_node_itself():
    node = cr.sigmoid(W @ x)
    assert copy.copy(node) is node
    assert copy.deepcopy(node) is node
    assert copy.deepcopy({"a": [node]})["a"][0] is node


def test_nodes_that_nobody_holds_are_gone():
    gc.collect()
    before, known = len(expression._nodes), set(expression._nodes.values())
    node = cr.sum(cr.tanh(W @ x + 17.25) ** 3).named("loss")
    held = [weakref.ref(part) for part in topological([node])]
    slope = cr.gradient(node, (W, b, x))
    cr.evaluate(slope, {"W": np.eye(3), "x": [1, 2, 3], "b": [0, 0, 0]})
    assert len(expression._nodes) > before
    del node, slope
    gc.collect()
    assert len(expression._nodes) == before
    kept = [part() for part in held if part() is not None]
    assert W in kept and x in kept  # which this module holds
    assert set(kept) <= known  # and what else somebody held before


def test_a_chain_of_100_000_nodes_is_built_walked_and_freed():
    gc.collect()
    before = len(expression._nodes)
    node = cr.data("t")
    for _ in range(100_000):
        node = cr.tanh(node)
    assert len(topological([node])) == 100_001
    assert leaves([node]) == [cr.data("t")]
    assert cr.leaves([substituted(node, {cr.data("t"): cr.data("s")})]) == [cr.data("s")]
    del node
    gc.collect()
    assert len(expression._nodes) == before


def test_a_walk_visits_each_node_once_and_operands_first():
    node = cr.data("t")
    for _ in range(60):  # as a tree it would have 2**60 nodes
        node = node + cr.tanh(node)
    start = time.process_time()
    order = topological([node, node.operands[1]])
    assert time.process_time() - start < at_pace(1)
    assert len(order) == len(set(order)) == 121
    assert all(order.index(operand) < order.index(part) for part in order for operand in part.operands)


def test_an_expression_is_neither_true_nor_a_number_nor_a_scalars_sequence():
    with pytest.raises(TypeError, match="evaluate it first"):
        bool(x)
    with pytest.raises(TypeError):
        float(cr.sum(x))
    with pytest.raises(TypeError, match="a scalar expression has no length"):
        len(cr.sum(x))
    with pytest.raises(cr.ShapeError, match="at least one axis; came a scalar"):
        list(cr.sum(x))
    assert (x == cr.data("x", 3)) is True
    assert (x == 3) is False
    assert +x is x


def test_numpy_leaves_its_operators_to_us():
    for made in (np.float64(2) * x, np.ones(3) * x, np.ones((2, 3)) @ x, np.ones(3) - x, np.ones(3) / x):
        assert isinstance(made, cr.Expr)
    with pytest.raises(TypeError):
        np.exp(x)
    with pytest.raises(TypeError):
        array = np.ones(3)
        array += x


@pytest.mark.parametrize("other", [None, "a", object(), {}, 1j])
def test_what_is_no_operand_is_refused_on_either_side(other):
    for apply in (
        lambda: x + other,
        lambda: other + x,
        lambda: x * other,
        lambda: other / x,
        lambda: x @ other,
        lambda: other**x,
    ):
        with pytest.raises(cr.ChainruleError, match="needed a number, an array of numbers or an expression"):
            apply()


@pytest.mark.parametrize(
    "params", [{"axis": [0]}, {"axis": {}}, {"axis": "0"}, {"axis": 0.0}, {"axis": True}, {"axis": (0, 1)}]
)
def test_a_parameter_of_the_wrong_kind_is_refused(params):
    with pytest.raises(cr.ShapeError, match="needed an axis from -1 to 0"):
        cr.sum(x, **params)


def test_operands_and_parameters_as_they_are_declared():
    assert cr.sum(x, 0) is cr.sum(x, axis=0) is cr.sum(x, axis=np.int64(0))
    with pytest.raises(cr.ChainruleError, match=r"needed relu\(x, /\); came too many positional arguments"):
        cr.relu(x, 1)
    with pytest.raises(cr.ChainruleError, match="unexpected keyword argument 'size'"):
        cr.relu(x, size=1)
