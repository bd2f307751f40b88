"""Neural networks that show their working.

Write a model once, as mathematics, for one example; read it as a formula, as gradients, as every
number of forward and backward, and as compiled code that trains.

    import chainrule as cr

    x, y = cr.data("x", 3), cr.data("y")
    W, b, U = cr.parameter("W", (3, 3)), cr.parameter("b", 3), cr.parameter("U", 3)
    loss = (U @ cr.sigmoid(W @ x + b) - y) ** 2 / 2
    print(cr.gradient(loss, W))

Every op of the register `cr.OPS` is a name of this module. What needs JAX, scikit-learn or
Matplotlib is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from chainrule.graph.errors import ChainruleError, FeedError, NamingError, ParseError, ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant, data, parameter
from chainrule.graph.op import OPS
from chainrule.graph.walk import leaves
from chainrule.ops import __doc__ as _registers_the_ops  # noqa: F401 - the import enters the ops in the register
from chainrule.readings.formula import __doc__ as _registers_the_formulas  # noqa: F401
from chainrule.readings.gradient import gradient

if TYPE_CHECKING:
    from chainrule.documents.convention import Convention as Convention
    from chainrule.documents.derivation import derive as derive
    from chainrule.documents.working import work as work
    from chainrule.ops.syntax import parse as parse
    from chainrule.readings.agreement import check as check
    from chainrule.readings.compiled import compile as compile
    from chainrule.readings.working import evaluate as evaluate
    from chainrule.training.objective import value_and_gradient as value_and_gradient

__version__ = "0.1.0"

_WHERE = {
    "Convention": "chainrule.documents.convention",
    "derive": "chainrule.documents.derivation",
    "work": "chainrule.documents.working",
    "check": "chainrule.readings.agreement",
    "compile": "chainrule.readings.compiled",
    "evaluate": "chainrule.readings.working",
    "parse": "chainrule.ops.syntax",
    "value_and_gradient": "chainrule.training.objective",
}
"""Public names that are loaded when first used, and the module of each."""

__all__ = [
    "OPS",
    "ChainruleError",
    "Expr",
    "FeedError",
    "NamingError",
    "ParseError",
    "ShapeError",
    "constant",
    "data",
    "gradient",
    "leaves",
    "parameter",
    *_WHERE,
    *(name for name, op in OPS.items() if op.public),
]


def __getattr__(name: str) -> Any:
    if name in OPS and OPS[name].public:
        found: Any = OPS[name]
    elif name in _WHERE:
        found = getattr(import_module(_WHERE[name]), name)
    else:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
