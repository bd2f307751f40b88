"""What XLA is told for the whole of a compiled function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import jax

from chainrule.lowering.cache import keep_compiled

Function = TypeVar("Function", bound=Callable[..., Any])

_CPU = {"xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT"}
"""Its library YNN computes matrix products only. Its convolutions and sums use one core, XLA's own use all."""


_QUICKLY = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
"""Neither optimised by LLVM, nor written by way of MLIR."""


def jitted(function: Function, quickly: bool = False, **settings: Any) -> Function:
    """jax.jit with the options that pay on this machine; what it compiles is kept for later processes.

    quickly: compiled in a third of the time, for what runs a few times only.
    """
    keep_compiled()
    options = (_CPU | (_QUICKLY if quickly else {})) if jax.default_backend() == "cpu" else {}
    return cast(Function, jax.jit(function, compiler_options=options or None, **settings))
