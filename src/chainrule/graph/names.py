"""What a node may be called: a symbol that can be typeset, and nothing else."""

from __future__ import annotations

import re

from chainrule.graph.errors import NamingError

_LONGEST = 80
_TOKEN = re.compile(r"\\[A-Za-z]+|[^\W_]|[_^{}(),'. \[\]+\-*/|=:]", re.UNICODE)
_COMMANDS = frozenset(
    (
        "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi pi rho sigma tau "
        "upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell partial nabla "
        "hat tilde bar dot vec mathbf mathit mathrm mathcal mathbb boldsymbol operatorname text frac top "
        "prime star infty odot "
        "leftarrow rightarrow to ldots dots cdot times"
    ).split()
)


def checked_name(name: str, where: str = "name") -> str:
    """The name itself, where it is a symbol such as x, loss, W_1, \\hat{y} or z^{(1)}.

    Raises NamingError for text that would break a formula: unknown commands, unbalanced
    braces, control characters, or more than 80 characters.
    """
    if not isinstance(name, str) or not name.strip() or len(name) > _LONGEST:
        raise NamingError(
            f"a name of 1 to {_LONGEST} characters",
            repr(name)[:100],
            where,
            "write a symbol, such as x, W_1 or loss",
        )
    position, depth = 0, 0
    while position < len(name):
        match = _TOKEN.match(name, position)
        token = match.group() if match else ""
        depth += (token == "{") - (token == "}")
        if not token or depth < 0 or (token[0] == "\\" and token[1:] not in _COMMANDS):
            break
        position += len(token)
    if position < len(name) or depth:
        raise NamingError(
            "a symbol that can be typeset",
            f"{name!r}, which fails at character {position + 1}",
            where,
            r"use letters, digits, _, ^, balanced braces and commands such as \hat, \theta or \mathrm",
        )
    return name
