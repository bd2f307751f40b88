"""The op record: everything that an operation is, in one place, and the register of all of them.

An op is written as one function with rules hung on it:

    @define(function(r"\\sigma", "σ"), elementwise=True)
    def sigmoid(x):                     # the operands come before the slash or are all there is
        '''Squash any real number into (0, 1).'''
        return 1 / (1 + exp(-x))        # the definition, in simpler ops

    @sigmoid.value                      # the same number, without overflow
    def _(xp, x): ...

    @sigmoid.derivative                 # σ′, for an elementwise op of one operand
    def _(x): ...

There are three kinds. `define`: the body is the definition, in simpler ops. `contraction`: the
definition is an index equation, the body gives the shape. `primitive`: the body gives the
shape, and the value rule says what the op means.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chainrule.graph.errors import ChainruleError, ShapeError
from chainrule.graph.expression import OPERATORS, Expr
from chainrule.graph.notation import Notation, named_function, primed
from chainrule.graph.shape import Shape, elementwise_shape

Rule = Callable[..., Any]
OPS: dict[str, Op] = {}
"""Every op by its name."""
_lift: list[Callable[[Any], Expr]] = []


@dataclass(frozen=True)
class Case:
    """A call that a table of tests makes: shapes of the operands and the op's parameters."""

    shapes: tuple[Shape, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    match: str = ""  # for a case that must fail: a pattern of its message


def case(*shapes: Shape, **params: Any) -> Case:
    """A sample call."""
    return Case(shapes, params)


def error(*shapes: Shape, match: str, **params: Any) -> Case:
    """A call that must be refused with a message that matches."""
    return Case(shapes, params, match)


UNARY = tuple(case(shape) for shape in ((), (3,), (2, 3), (1,), (0,)))
BINARY = tuple(
    case(*pair) for pair in (((), ()), ((3,), (3,)), ((), (3,)), ((2, 3), ()), ((1,), (1,)), ((0,), (0,)))
)


class Op:
    """An operation. Call it on expressions (or numbers) to build an expression."""

    def __init__(self, body: Rule | None, name: str, notation: Any, **facts: Any) -> None:
        self.name = name
        self.__name__ = name
        self.body = body
        self.notation: Notation | Callable[[Expr], Notation | Expr] | None = notation
        self.is_leaf: bool = facts.get("is_leaf", False)
        self.elementwise: bool = facts.get("elementwise", False)
        self.equation: Any = facts.get("equation")
        self.linear: str | None = facts.get("linear")
        """"joint": a linear map of all operands together; "each": linear in each; None: neither is promised."""
        self.domain: tuple[str, ...] = facts.get("domain", ("real",))
        """What each operand may be, for the tests: real, positive, nonzero, probability, distribution."""
        self.samples: Sequence[Case] = facts.get("samples", ())
        self.edges: tuple[float, ...] = facts.get("edges", ())
        """Points at which the value must be finite or the stated limit, without a warning."""
        self.errors: Sequence[Case] = facts.get("errors", ())
        self.public: bool = facts.get("public", True)
        self.defined = facts.get("defined", False)
        self.value_rule: Rule | None = None
        self.gradient_rule: Rule | None = None
        self.batch_sum_rule: Rule | None = None
        self.tidy_rule: Rule | None = None
        self.prime: Op | None = None
        self.identities: dict[str, Rule] = {}
        self.__doc__ = inspect.getdoc(body) if body else None
        if body:
            self.__signature__ = facts.get("signature") or inspect.signature(body)
            self.__module__ = body.__module__
            kinds = inspect.Parameter
            operands = [p for p in self.__signature__.parameters.values() if p.kind is kinds.POSITIONAL_ONLY]
            self.variadic = any(
                p.kind is kinds.VAR_POSITIONAL for p in self.__signature__.parameters.values()
            )
            self.arity = len(operands)
            self.defaults = {
                p.name: p.default for p in self.__signature__.parameters.values() if p.default is not p.empty
            }
            self.operand_names = tuple(p.name for p in operands)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Callable[[str], Op], tuple[str]]:
        return op_named, (self.name,)

    # building expressions

    def __call__(self, *arguments: Any, **keywords: Any) -> Expr:
        try:
            bound = self.__signature__.bind(*arguments, **keywords)
        except TypeError as reason:
            remedy = f"see help(chainrule.{self.name})"
            raise ChainruleError(f"{self.name}{self.__signature__}", str(reason), self.name, remedy) from None
        bound.apply_defaults()
        operands: list[Expr] = []
        params: dict[str, Any] = {}
        for name, value in bound.arguments.items():
            kind = self.__signature__.parameters[name].kind
            if kind is inspect.Parameter.POSITIONAL_ONLY:
                operands.append(_lift[0](value))
            elif kind is inspect.Parameter.VAR_POSITIONAL:
                operands.extend(_lift[0](item) for item in value)
            elif isinstance(value, Expr):
                remedy = "write the definition out instead, with the expression in it"
                raise ChainruleError(
                    f"a plain value for the parameter {name}", repr(value), self.name, remedy
                )
            else:
                params[name] = hashable(value)
        return self.apply(tuple(operands), params)

    def apply(self, operands: tuple[Expr, ...], params: Mapping[str, Any]) -> Expr:
        """The expression of this op on these operands; the shape is checked here."""
        try:
            shape = self._shape(operands, params)
            return Expr(self, operands, params, shape)
        except ChainruleError as fault:
            raise type(fault)(fault.needed, fault.came, self._on(operands), fault.remedy) from None
        except (TypeError, ValueError, LookupError, ArithmeticError) as reason:
            if not params:
                raise
            came = ", ".join(f"{name}={value!r}"[:80] for name, value in params.items())
            remedy = f"see help(chainrule.{self.name})"
            raise ChainruleError(
                f"parameters that {self.name} takes", came, self._on(operands), remedy
            ) from reason

    def _shape(self, operands: tuple[Expr, ...], params: Mapping[str, Any]) -> Shape:
        shapes = tuple(operand.shape for operand in operands)
        if self.elementwise:
            shape = elementwise_shape(self.name, *shapes)
            if params and self.defined and self.definition(operands, params).shape != shape:
                raise ShapeError(
                    "parameters that are numbers", "arrays", self.name, "write the definition out instead"
                )
            if params and not self.defined and self.body is not None:
                self.body(*shapes, **params)
            return shape
        if self.defined:
            return self.definition(operands, params).shape
        if self.body is None:
            raise ChainruleError(
                "an op with a body", repr(self), self.name, "hang a function on it that gives the shape"
            )
        found: Shape = self.body(*shapes, **params)
        return found

    def _on(self, operands: Sequence[Expr]) -> str:
        """Where an error is: the op and the user's names for its operands."""
        called = [
            node.name or ("a constant" if node.is_leaf else f"{node.op.name}(...)") for node in operands
        ]
        listed = ", ".join(called[:-1]) + " and " + called[-1] if len(called) > 1 else "".join(called)
        return f"{self.name} of {listed}" if called else self.name

    # readings of the op

    def tidied(self, *operands: Expr, **params: Any) -> Expr:
        """The expression of this op on these operands, shortened where the op's tidy rule says how."""
        shorter: Expr | None = self.tidy_rule(*operands, **params) if self.tidy_rule else None
        return self.apply(operands, params) if shorter is None else shorter

    def definition(self, operands: tuple[Expr, ...], params: Mapping[str, Any]) -> Expr:
        """What the op means on these operands, in simpler ops."""
        if not self.defined or self.body is None:
            raise ChainruleError(
                "an op that is defined by others", repr(self), "definition", "use its value rule"
            )
        expr: Expr = self.body(*operands, **params)
        return expr

    def notation_of(self, expr: Expr) -> Notation | Expr | None:
        """How this expression is written: a notation; or another expression of the same value, in place of which
        it is written, as 2 x for x 2; None where its definition stands for it."""
        return self.notation(expr) if callable(self.notation) else self.notation

    # rules, as decorators

    def value(self, rule: Rule) -> Rule:
        """Hang the value rule (xp, *arrays, **params) on the op; xp is numpy or jax.numpy."""
        self.value_rule = rule
        return rule

    def gradient(self, rule: Rule) -> Rule:
        """Hang the gradient rule (dy, y, *operands, **params) on the op: what each operand receives."""
        self.gradient_rule = rule
        return rule

    def batch_sum(self, rule: Rule) -> Rule:
        """Hang on the op the sum of its values over a batch: (xp, *arrays with a leading axis, **params)."""
        self.batch_sum_rule = rule
        return rule

    def tidy(self, rule: Rule) -> Rule:
        """Hang on the op how it shortens, e.g. 1 x to x: (*operands, **params) to an expression or None."""
        self.tidy_rule = rule
        return rule

    def derivative(self, rule: Rule) -> Rule:
        """Hang f′ on an elementwise op f of one operand; f′ becomes an op of its own, defined by the rule."""

        def notation(expr: Expr) -> Notation:
            written = self.notation_of(expr)
            return primed(written if isinstance(written, Notation) else named_function(self.name))

        name = f"{self.name}_prime"
        facts = {"elementwise": True, "defined": True, "samples": self.samples, "edges": self.edges}
        example = f'>>> import chainrule as cr\n>>> cr.{name}(cr.data("x", 3)).shape\n(3,)'
        rule.__doc__ = rule.__doc__ or f"The derivative of {self.name}, entry by entry.\n\n{example}"
        rule.__name__ = name
        facts["signature"] = self.__signature__
        self.prime = register(Op(rule, name, notation, domain=self.domain, **facts))
        return rule

    def after(self, inner: Op) -> Callable[[Rule], Rule]:
        """Hang on the op an identity for operands made by another: log after softmax is log_softmax.

        The rule takes the inner op's operands, then this op's further ones, and both ops' parameters. It
        gives an expression, or None where the identity does not hold.
        """

        def hang(rule: Rule) -> Rule:
            self.identities[inner.name] = rule
            return rule

        return hang


def hashable(value: Any) -> Any:
    """A parameter in a form that can be a key: lists become tuples, slices (start, stop, step) stay slices' facts."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return tuple(hashable(item) for item in value)
    return value


def register(op: Op) -> Op:
    """Enter an op in the register; a name can be taken once."""
    if op.name in OPS:
        raise ChainruleError(
            "a name that no op has yet", op.name, "register", "give the function another name"
        )
    OPS[op.name] = op
    return op


def op_named(name: str) -> Op:
    """The op of that name."""
    if name not in OPS:
        raise ChainruleError("the name of an op", name, "ops", f"the ops are {', '.join(sorted(OPS))}")
    return OPS[name]


def leaf_op(name: str) -> Op:
    """The op of a leaf: no operands, no rules."""
    return Op(None, name, None, is_leaf=True, public=False)


def lift_with(lift: Callable[[Any], Expr]) -> None:
    """Say how numbers and arrays become expressions."""
    _lift[:] = [lift]


Builder = TypeVar("Builder", bound=Callable[..., Expr])


def sign(*symbols: str) -> Callable[[Builder], Builder]:
    """Let a function stand behind an operator of expressions."""

    def claim(build: Builder) -> Builder:
        for symbol in symbols:
            OPERATORS[symbol] = build
        return build

    return claim


def define(notation: Any = None, **facts: Any) -> Callable[[Rule], Op]:
    """An op whose body is its definition in simpler ops. Without a notation it is written as its definition."""
    return lambda body: register(Op(body, body.__name__, notation, defined=True, **facts))


def primitive(notation: Any, **facts: Any) -> Callable[[Rule], Op]:
    """An op that its value rule defines. The body gives the shape from the operands' shapes."""
    return lambda body: register(Op(body, body.__name__, notation, **facts))


def contraction(equation: Any, notation: Any, **facts: Any) -> Callable[[Rule], Op]:
    """An op that an index equation defines. The body gives the shape from the operands' shapes."""
    return lambda body: register(Op(body, body.__name__, notation, equation=equation, linear="each", **facts))
