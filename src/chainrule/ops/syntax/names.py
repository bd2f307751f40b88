"""What the names in a text stand for: leaves with declared shapes, and what the text itself defines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from chainrule.graph.errors import ParseError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import data as data_leaf
from chainrule.graph.leaves import parameter
from chainrule.graph.op import OPS, Op
from chainrule.graph.shape import Shape, as_shape
from chainrule.ops.syntax.tokens import Token, Tokens, normal_name, shortened
from chainrule.ops.syntax.values import WORDS

MOST_ENTRIES = 2**28  # of one array: 2 GB in float64
MOST_AXES = 8
_ALIASES = {"σ": "sigmoid", "abs": "absolute", "ln": "log", "ReLU": "relu"}
_MOST_LISTED = 10


def limited(shape: Shape, where: str) -> Shape:
    """The shape itself; ShapeError where an array of it could not be handled."""
    entries = 1
    for size in shape[: MOST_AXES + 1]:
        entries *= max(size, 1)
    if len(shape) > MOST_AXES or entries > MOST_ENTRIES:
        came = f"the shape {shortened(str(shape), 60)}"
        raise ShapeError(
            f"at most {MOST_AXES} axes and {MOST_ENTRIES:,} entries", came, where, "make it smaller"
        )
    return shape


def op_called(tokens: Tokens, token: Token, names: Names) -> Op:
    """The op that a text calls by name."""
    op = OPS.get(_ALIASES.get(token.text, token.text))
    if op is not None and op.public:
        return op
    if names.has(token.text):
        remedy = f"for a product write {token.text} * (...)"
        raise tokens.unexpected("an op before a bracket", remedy, token)
    public = [name for name, op in OPS.items() if op.public and not name.endswith("_prime")]
    close = get_close_matches(token.text, [*public, *_ALIASES], 3)
    remedy = f"did you mean {' or '.join(close)}" if close else f"the ops are {', '.join(sorted(public))}"
    raise tokens.unexpected("the name of an op before a bracket", remedy, token)


class Names:
    """The names of one text: `names[token]` is the leaf or the defined expression."""

    def __init__(
        self, tokens: Tokens, shapes: Mapping[str, int | Sequence[int]] | None, data: Sequence[str]
    ) -> None:
        self._tokens = tokens
        self._shapes: dict[str, Shape] = {}
        self._data: set[str] = set()
        self._known: dict[str, Expr] = {}
        self._any_scalar = shapes is None
        if not isinstance(shapes, Mapping | None) or not isinstance(data, Iterable):
            remedy = "write parse(text, shapes={'W': (2, 3)}, data=('x', 'y'))"
            raise ParseError(
                "shapes by name, and a sequence of names for data", "something else", "parse", remedy
            )
        for name in [data] if isinstance(data, str) else data:
            self._data.add(_leaf_name(name, "data"))
        for name, shape in (shapes or {}).items():
            where = f"shape of {_leaf_name(name, 'shapes')}"
            self._shapes[normal_name(name)] = limited(as_shape(shape, where), where)

    def __getitem__(self, token: Token) -> Expr:
        if token.text not in self._known:
            self._known[token.text] = self._leaf(token)
        return self._known[token.text]

    def has(self, name: str) -> bool:
        """Whether the name is a declared leaf, or has come up in the text."""
        return name in self._shapes or name in self._data or name in self._known

    def define(self, token: Token, expr: Expr) -> Expr:
        """Enter a definition; the expression with its name. A leaf keeps the name it has."""
        name = token.text
        if name in OPS or name in WORDS:
            raise self._tokens.unexpected("a name that no op and no value has", "choose another name", token)
        if name in self._shapes or name in self._known:
            remedy = "choose another name: each is defined once, before its use"
            raise self._tokens.unexpected("a name that is not taken yet", remedy, token)
        self._known[name] = expr if expr.is_leaf else expr.named(name)
        return self._known[name]

    def _leaf(self, token: Token) -> Expr:
        name = token.text
        if name in WORDS:
            raise self._tokens.unexpected("a formula", f"{name} can only be the value of a parameter", token)
        if name not in self._shapes:
            if name in OPS:
                raise self._tokens.unexpected("a leaf", f"to apply the op write {name}(...)", token)
            if not self._any_scalar and name not in self._data:
                raise self._missing(token)
        make = data_leaf if name in self._data else parameter
        return make(name, self._shapes.get(name, ()))

    def _missing(self, token: Token) -> ParseError:
        found = [Token("break", "", 0, 0), *self._tokens.all]
        threes = list(zip(found, found[1:], found[2:], strict=False))
        defined = {b.text for a, b, c in threes if a.kind == "break" and b.kind == "name" and c.text == "="}
        if token.text in defined:
            return self._tokens.unexpected("a definition before its use", f"define {token.text} first", token)
        known = {*self._shapes, *self._data, *defined, *OPS, *WORDS}
        used = [
            b.text for a, b, c in threes if b.kind == "name" and a.text != "." and c.text not in ("(", "=")
        ]
        missing = [name for name in dict.fromkeys([token.text, *used]) if name not in known]
        listed = ", ".join(missing[:_MOST_LISTED])
        if len(missing) > _MOST_LISTED:
            listed += f" and {len(missing) - _MOST_LISTED} more"
        close = get_close_matches(token.text, [*self._shapes, *self._data, *self._known], 1)
        remedy = f'give them, as in shapes={{"{token.text}": (3, 2)}}; () is a scalar'
        if close:
            remedy = f"did you mean {close[0]}? Otherwise {remedy}"
        return self._tokens.fault(
            "a shape for every name", f"none for {listed}", token.start, token.end, remedy
        )


def _leaf_name(name: object, where: str) -> str:
    if not isinstance(name, str):
        raise ParseError(
            "names as text", shortened(repr(name), 60), f"{where} of parse", "write 'x', in quotation marks"
        )
    return normal_name(name)
