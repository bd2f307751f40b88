"""Numbers as the commands write them for a person."""

from __future__ import annotations

from chainrule.documents.numbers import shown

_DIGITS = 4


def number(value: float, sign: bool = False) -> str:
    """A number as workings print it, but whole where it is large. sign: also of positive ones.

    >>> number(308613.2), number(0.012345), number(-3e-7), number(12.0, sign=True)
    ('308,613', '0.01235', '−3×10⁻⁷', '+12')
    """
    size = abs(value)
    text = f"{size:,.0f}" if 1e4 <= size < 1e12 else str(shown(size, _DIGITS))
    return f"{'−' if value < 0 else '+' if sign else ''}{text}"
