"""Compiling without XLA's optimisation, for tests of what is computed rather than of how it is compiled."""

from __future__ import annotations

from typing import Any

from chainrule.diagnosis import flow
from chainrule.lowering import options
from chainrule.training import epochs, evaluation
from chainrule.training.convex import objective

UNOPTIMISED: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
}
"""Small programs compile in a third of the time, large tables in a sixth."""
OPTIMISED = options._CPU
KEPT = (epochs.compiled_epochs, evaluation._compiled, objective._compiled, flow._compiled)


def switch(wanted: bool) -> None:
    """Compile all of chainrule's functions without optimisation from now on, or with it again."""
    chosen = OPTIMISED | UNOPTIMISED if wanted else OPTIMISED
    if options._CPU != chosen:
        options._CPU = chosen
        for kept in KEPT:
            kept.cache_clear()
