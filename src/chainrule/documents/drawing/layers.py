"""A graph put into rows, so that edges lead down and cross little; each node has a width and a height."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

Node = TypeVar("Node", bound=Hashable)
_SWEEPS = 8
_ACROSS = 26.0
_WAY = 18.0  # the room of an edge that passes a row


def rows_of(order: Sequence[Node], children: Mapping[Node, Sequence[Node]]) -> dict[Node, int]:
    """The row of each node: below all that it is computed from, and as near to what uses it as possible.

    order: children before what uses them.
    """
    row = dict.fromkeys(order, 0)
    for node in order:
        row[node] = max((row[child] + 1 for child in children[node]), default=0)
    users: dict[Node, list[Node]] = {}
    for node in order:
        for child in children[node]:
            users.setdefault(child, []).append(node)
    for node in reversed(order):
        if node in users and not children[node]:
            row[node] = min(row[user] for user in users[node]) - 1
    return row


def placed(
    order: Sequence[Node],
    children: Mapping[Node, Sequence[Node]],
    sizes: Mapping[Node, tuple[float, float]],
    between: float,
) -> tuple[dict[Node, tuple[float, float]], dict[tuple[Node, Node], list[tuple[float, float]]]]:
    """The middle of each node, and for each edge (child, user) the points on its way.

    between: the room between two rows. Sugiyama, Tagawa and Toda 1981: rows, order by neighbours, places.
    """
    row = rows_of(order, children)
    edges = [(child, node) for node in order for child in dict.fromkeys(children[node])]
    count = max(row.values()) + 1
    ranks: list[list[object]] = [[] for _ in range(count)]
    for node in order:
        ranks[row[node]].append(node)
    width: dict[object, float] = {node: sizes[node][0] for node in order}
    up: dict[object, list[object]] = {}
    down: dict[object, list[object]] = {}
    ways: dict[tuple[Node, Node], list[object]] = {}
    for child, node in edges:
        stops: list[object] = [(child, node, rank) for rank in range(row[child] + 1, row[node])]
        for rank, stop in enumerate(stops, row[child] + 1):
            ranks[rank].append(stop)
            width[stop] = _WAY
        chain = [child, *stops, node]
        ways[child, node] = stops
        for one, other in pairwise(chain):
            up.setdefault(other, []).append(one)
            down.setdefault(one, []).append(other)
    _ordered(ranks, up, down)
    x = _spread(ranks, width, up, down)
    heights = [max((sizes[n][1] for n in order if row[n] == rank), default=0) for rank in range(count)]
    middles, y = [], 0.0
    for height in heights:
        middles.append(y + height / 2)
        y += height + between
    spots = {node: (x[node], middles[row[node]]) for node in order}
    passing = {
        edge: [(x[stop], middles[row[edge[0]] + 1 + n]) for n, stop in enumerate(stops)]
        for edge, stops in ways.items()
    }
    return spots, passing


def _ordered(
    ranks: list[list[object]], up: Mapping[object, list[object]], down: Mapping[object, list[object]]
) -> None:
    """Order each row by the mean place of its neighbours, down and up in turn."""
    for sweep in range(_SWEEPS):
        forth = sweep % 2 == 0
        near = up if forth else down
        for n in range(1, len(ranks)) if forth else range(len(ranks) - 2, -1, -1):
            other = {node: k for k, node in enumerate(ranks[n - 1 if forth else n + 1])}
            wish = {}
            for k, node in enumerate(ranks[n]):
                found = [other[one] for one in near.get(node, ()) if one in other]
                wish[node] = (sum(found) / len(found) if found else k, k)
            ranks[n].sort(key=wish.__getitem__)


def _spread(
    ranks: list[list[object]],
    width: Mapping[object, float],
    up: Mapping[object, list[object]],
    down: Mapping[object, list[object]],
) -> dict[object, float]:
    """Places along the rows: towards the neighbours, without overlap, in the order of the row."""
    x: dict[object, float] = {}
    for rank in ranks:
        at = 0.0
        for node in rank:
            x[node] = at + width[node] / 2
            at += width[node] + _ACROSS
        middle = (at - _ACROSS) / 2
        for node in rank:
            x[node] -= middle
    for sweep in range(2 * _SWEEPS):
        for rank in ranks if sweep % 2 == 0 else reversed(ranks):
            wanted = []
            for node in rank:
                near = [x[one] for one in (*up.get(node, ()), *down.get(node, ()))]
                wanted.append(sum(near) / len(near) if near else x[node])
            x.update(zip(rank, _apart(rank, wanted, width), strict=True))
    return x


def _apart(rank: Sequence[object], wanted: Sequence[float], width: Mapping[object, float]) -> list[float]:
    """The places nearest to those wanted that keep order and distance: neighbours that collide move as one."""
    offsets, at = [], 0.0
    for n, node in enumerate(rank):
        at += (width[rank[n - 1]] + width[node]) / 2 + _ACROSS if n else 0.0
        offsets.append(at)
    groups: list[list[float]] = []  # sum of (wanted − offset), how many
    for want, offset in zip(wanted, offsets, strict=True):
        groups.append([want - offset, 1])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1][0] += total
            groups[-1][1] += count
    shifts = [total / count for total, count in groups for _ in range(int(count))]
    return [offset + shift for offset, shift in zip(offsets, shifts, strict=True)]
