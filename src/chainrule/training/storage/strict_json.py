"""JSON as we write and read it: no key twice, numbers that are finite, nothing nested too deep to read."""

from __future__ import annotations

import json
import math
from typing import Any

from chainrule.graph.errors import ChainruleError, DataError


def to_text(value: Any, where: str) -> str:
    """Plain data (dicts with texts as keys, lists, texts, finite numbers, truth values, None) as JSON.

    Raises ChainruleError, which names `where`, for anything else.

    >>> to_text({"seed": 0, "layers": [1.5, None]}, "save")
    '{"seed":0,"layers":[1.5,null]}'
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        text.encode()
        same = json.loads(text) == value
    except (TypeError, ValueError, RecursionError) as fault:
        raise _not_plain(str(fault), where) from None
    if not same:
        raise _not_plain("tuples, or keys that are no texts", where)
    return text


def from_text(text: str, where: str, remedy: str) -> Any:
    """The data. Raises DataError for text that is no JSON in this form.

    >>> from_text('{"seed": 0}', "model.safetensors", "take another copy")
    {'seed': 0}
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite)
    except RecursionError:
        came = "values nested too deep"
    except ValueError as fault:
        came = str(fault)[:120]
    raise DataError("JSON in its description", came, where, remedy)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:60]!r} twice")
    return found


def _refused(text: str) -> Any:
    raise ValueError(f"the number {text}")


def _finite(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refused(text[:30])


def _not_plain(came: str, where: str) -> ChainruleError:
    needed = "plain data: dicts by text, lists, texts, finite numbers, truth values, None"
    return ChainruleError(needed, came[:120], where, "turn arrays into lists with .tolist()")
