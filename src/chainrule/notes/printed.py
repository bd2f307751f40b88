"""The numbered equations as the notes print them, in LaTeX: the facts that are judged."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

from chainrule.graph.errors import ChainruleError

_HEAD = re.compile(r"^%% (\d+)\n", re.MULTILINE)


@lru_cache(maxsize=1)
def _all() -> dict[int, str]:
    parts = _HEAD.split(files("chainrule.notes").joinpath("printed.tex").read_text(encoding="utf-8"))
    return {int(number): body.strip() for number, body in zip(parts[1::2], parts[2::2], strict=True)}


def printed_latex(eq: int) -> str:
    """The LaTeX of an equation as printed. Raises ChainruleError for a number there is not."""
    if eq not in _all():
        raise ChainruleError(f"an equation from 1 to {len(_all())}", str(eq), "notes")
    return _all()[eq]
