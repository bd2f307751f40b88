"""The op record: how calls are bound, how the register is filled, what decorators hang on an op."""

import pickle

import pytest

import chainrule as cr
from chainrule.graph.op import OPS, UNARY, Op, define, op_named, primitive

x = cr.data("x", 3)


@pytest.fixture
def register():
    """The register, as it was, after the test."""
    before = dict(OPS)
    yield OPS
    OPS.clear()
    OPS.update(before)


def test_a_new_op_is_usable_at_once(register):
    @define(elementwise=True, samples=UNARY)
    def cube(x, /):
        """The third power, entry by entry."""
        return x**3

    assert register["cube"] is cube
    assert cr.evaluate(cube(x), {"x": [1, 2, -1]}).tolist() == [1, 8, -1]
    assert cr.evaluate(cr.gradient(cr.sum(cube(x)), x), {"x": [1, 2, -1]}).tolist() == [3, 12, 3]
    assert cr.compile(cube(x), batch=True)({"x": [[1, 2, -1]]}).tolist() == [[1, 8, -1]]

    @cube.value
    def _(xp, x):
        return x * x * x

    @cube.derivative
    def _(x):
        return 3 * x**2

    assert register["cube_prime"] is cube.prime
    assert cube.prime(x).shape == (3,)
    assert cr.evaluate(cr.gradient(cr.sum(cube(x)), x), {"x": [1, 2, -1]}).tolist() == [3, 12, 3]
    assert cr.gradient(cr.sum(cube(x)), x) is cube.prime(x)


def test_a_name_is_taken_once(register):
    with pytest.raises(
        cr.ChainruleError, match=r"register: needed a name that no op has yet; came relu\. Give"
    ):

        @define(elementwise=True)
        def relu(x, /):
            return x


def test_an_op_without_rules_says_which_one_is_missing(register):
    @primitive(None, elementwise=True)
    def bare(x, /):
        """Nothing is known of it but its shape."""

    with pytest.raises(
        cr.ChainruleError, match=r"gradient: needed an op with a gradient rule.*@op\.gradient"
    ):
        cr.gradient(cr.sum(bare(x)), x)
    with pytest.raises(cr.ChainruleError, match="an op with an index equation"):
        cr.evaluate(bare(x), {"x": [1, 2, 3]})
    with pytest.raises(cr.ChainruleError, match="an op that is defined by others"):
        bare.definition((x,), {})


def test_an_op_in_another_process_is_the_op():
    for op in OPS.values():
        assert pickle.loads(pickle.dumps(op)) is op
    with pytest.raises(
        cr.ChainruleError, match=r"ops: needed the name of an op; came nothing\. The ops are absolute, add"
    ):
        op_named("nothing")


def test_every_public_op_is_a_name_of_the_package():
    public = {name for name, op in OPS.items() if op.public}
    assert public <= set(dir(cr))
    assert all(getattr(cr, name) is OPS[name] for name in public)
    for name in {"nothing", *(set(OPS) - public)}:
        with pytest.raises(AttributeError, match=f"module 'chainrule' has no attribute '{name}'"):
            getattr(cr, name)


def test_an_op_shows_its_signature():
    assert isinstance(cr.leaky_relu, Op)
    assert str(cr.leaky_relu.__signature__) == "(x, /, slope=0.01)"
    assert cr.leaky_relu.operand_names == ("x",)
    assert cr.leaky_relu.defaults == {"slope": 0.01}
    assert (cr.matmul.arity, cr.matmul.variadic) == (2, False)
    assert (cr.concatenate.arity, cr.concatenate.variadic) == (0, True)
    assert repr(cr.relu) == "<op relu>"


def test_tidied_builds_the_short_form():
    assert cr.add.tidied(x, cr.constant(0)) is x
    assert cr.add.tidied(x, cr.constant(1)) is x + 1
    assert cr.exp.tidied(x) is cr.exp(x)
