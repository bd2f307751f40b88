"""Numbers as the commands write them for a person."""

from __future__ import annotations


def number(value: float, sign: bool = False) -> str:
    """A number with four significant digits or more: whole where it is large. sign: also of positive ones.

    >>> number(308613.2), number(0.012345), number(-3e-7), number(12.0, sign=True)
    ('308,613', '0.01235', '-3e-07', '+12')
    """
    plus = "+" if sign else ""
    return f"{value:{plus},.0f}" if 1e4 <= abs(value) < 1e12 else f"{value:{plus}.4g}"
