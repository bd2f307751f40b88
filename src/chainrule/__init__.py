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

import gc
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from chainrule.graph.errors import (
    ChainruleError,
    DataError,
    FeedError,
    NamingError,
    ParseError,
    ShapeError,
    TrainingError,
)
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import constant, data, parameter
from chainrule.graph.op import OPS
from chainrule.graph.version import VERSION
from chainrule.graph.walk import leaves
from chainrule.graph.warnings import (
    ChainruleWarning,
    CheckpointWarning,
    DependentColumnsWarning,
    NoMinimumWarning,
)
from chainrule.ops import __doc__ as _registers_the_ops  # noqa: F401 - the import enters the ops in the register
from chainrule.readings.formula import __doc__ as _registers_the_formulas  # noqa: F401
from chainrule.readings.gradient import gradient

if TYPE_CHECKING:
    from chainrule.documents.convention import Convention as Convention
    from chainrule.documents.derivation import derive as derive
    from chainrule.documents.drawing.computation import draw as draw
    from chainrule.documents.working import work as work
    from chainrule.networks.architectures import lenet5 as lenet5
    from chainrule.networks.architectures import vgg as vgg
    from chainrule.networks.dropout import Dropout as Dropout
    from chainrule.networks.initialisation import Glorot as Glorot
    from chainrule.networks.initialisation import He as He
    from chainrule.networks.initialisation import Normal as Normal
    from chainrule.networks.initialisation import Zeros as Zeros
    from chainrule.networks.layers import ELU as ELU
    from chainrule.networks.layers import GELU as GELU
    from chainrule.networks.layers import Flatten as Flatten
    from chainrule.networks.layers import Layer as Layer
    from chainrule.networks.layers import LeakyReLU as LeakyReLU
    from chainrule.networks.layers import Linear as Linear
    from chainrule.networks.layers import ReLU as ReLU
    from chainrule.networks.layers import Sigmoid as Sigmoid
    from chainrule.networks.layers import Softplus as Softplus
    from chainrule.networks.layers import Tanh as Tanh
    from chainrule.networks.loading import load as load
    from chainrule.networks.loading import load_model as load_model
    from chainrule.networks.network import Network as Network
    from chainrule.networks.spatial import AvgPool1d as AvgPool1d
    from chainrule.networks.spatial import AvgPool2d as AvgPool2d
    from chainrule.networks.spatial import Conv1d as Conv1d
    from chainrule.networks.spatial import Conv2d as Conv2d
    from chainrule.networks.spatial import MaxPool1d as MaxPool1d
    from chainrule.networks.spatial import MaxPool2d as MaxPool2d
    from chainrule.ops.syntax import parse as parse
    from chainrule.ops.toeplitz import toeplitz_entries as toeplitz_entries
    from chainrule.readings.agreement import check as check
    from chainrule.readings.compiled import compile as compile
    from chainrule.readings.structure import depends as depends
    from chainrule.readings.structure import parameter_count as parameter_count
    from chainrule.readings.structure import trace_of_shapes as trace_of_shapes
    from chainrule.readings.working import evaluate as evaluate
    from chainrule.reports.report import report as report
    from chainrule.training.data.opening import open_data as open_data
    from chainrule.training.history import History as History
    from chainrule.training.least_squares import least_squares as least_squares
    from chainrule.training.objective import value_and_gradient as value_and_gradient
    from chainrule.training.optimizers import SGD as SGD
    from chainrule.training.optimizers import Adam as Adam
    from chainrule.training.optimizers import AdamW as AdamW
    from chainrule.training.optimizers import RMSprop as RMSprop
    from chainrule.training.schedules import Constant as Constant
    from chainrule.training.schedules import Cosine as Cosine
    from chainrule.training.schedules import InverseTime as InverseTime
    from chainrule.training.schedules import StepDecay as StepDecay
    from chainrule.training.schedules import WarmUp as WarmUp
    from chainrule.training.stopping import EarlyStopping as EarlyStopping

__version__ = VERSION

_LAYERS = "ELU Flatten GELU Layer LeakyReLU Linear ReLU Sigmoid Softplus Tanh".split()
_SPATIAL = "AvgPool1d AvgPool2d Conv1d Conv2d MaxPool1d MaxPool2d".split()
_STARTS = "Glorot He Normal Zeros".split()
_OPTIMIZERS = "Adam AdamW RMSprop SGD".split()
_SCHEDULES = "Constant Cosine InverseTime StepDecay WarmUp".split()
_WHERE = {
    "Convention": "chainrule.documents.convention",
    "derive": "chainrule.documents.derivation",
    "draw": "chainrule.documents.drawing.computation",
    "work": "chainrule.documents.working",
    "toeplitz_entries": "chainrule.ops.toeplitz",
    "check": "chainrule.readings.agreement",
    "compile": "chainrule.readings.compiled",
    "depends": "chainrule.readings.structure",
    "parameter_count": "chainrule.readings.structure",
    "trace_of_shapes": "chainrule.readings.structure",
    "evaluate": "chainrule.readings.working",
    "report": "chainrule.reports.report",
    "parse": "chainrule.ops.syntax",
    "open_data": "chainrule.training.data.opening",
    "value_and_gradient": "chainrule.training.objective",
    "least_squares": "chainrule.training.least_squares",
    "Network": "chainrule.networks.network",
    "load": "chainrule.networks.loading",
    "load_model": "chainrule.networks.loading",
    "History": "chainrule.training.history",
    **dict.fromkeys(_OPTIMIZERS, "chainrule.training.optimizers"),
    **dict.fromkeys(_SCHEDULES, "chainrule.training.schedules"),
    "EarlyStopping": "chainrule.training.stopping",
    **dict.fromkeys(_LAYERS, "chainrule.networks.layers"),
    "Dropout": "chainrule.networks.dropout",
    "lenet5": "chainrule.networks.architectures",
    "vgg": "chainrule.networks.architectures",
    **dict.fromkeys(_SPATIAL, "chainrule.networks.spatial"),
    **dict.fromkeys(_STARTS, "chainrule.networks.initialisation"),
}
"""Public names that are loaded when first used, and the module of each."""

__all__ = [  # noqa: PLE0604 - all are names: the last two parts are read from tables
    "OPS",
    "ChainruleError",
    "ChainruleWarning",
    "CheckpointWarning",
    "DataError",
    "DependentColumnsWarning",
    "Expr",
    "FeedError",
    "NamingError",
    "NoMinimumWarning",
    "ParseError",
    "ShapeError",
    "TrainingError",
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
        found = getattr(_loaded(_WHERE[name]), name)
    else:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    globals()[name] = found
    return found


def _loaded(name: str) -> ModuleType:
    """A module, loaded without looking for garbage: that would go through all that others have loaded, each time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if collecting:
            gc.enable()


def __dir__() -> list[str]:
    return sorted(__all__)
