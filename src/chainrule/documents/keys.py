"""Several derivations or workings in one document: the keys of their lines are told apart by a prefix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from chainrule.documents.model import Block, Fold, Formula, Line, Reference


def rekeyed(blocks: Iterable[Block], prefix: str, opens: bool = True) -> tuple[Block, ...]:
    """The same parts, with the prefix before the key of each line and in all links between them.

    opens: whether a page holds the arithmetic of their entries.
    """
    return tuple(_block(block, prefix, opens) for block in blocks)


def _block(block: Block, prefix: str, opens: bool) -> Block:
    if isinstance(block, Fold):
        return replace(block, blocks=rekeyed(block.blocks, prefix, opens))
    if not isinstance(block, Line):
        return block
    return replace(
        block,
        key=prefix + block.key,
        name=_formula(block.name, prefix),
        rows=tuple((sign, _formula(formula, prefix)) for sign, formula in block.rows),
        sources=_references(block.sources, prefix),
        uses=_references(block.uses, prefix),
        array=None if block.array is None else replace(block.array, opens=block.array.opens and opens),
    )


def _formula(formula: Formula, prefix: str) -> Formula:
    return replace(formula, symbols=tuple((name, prefix + key) for name, key in formula.symbols))


def _references(references: Iterable[Reference], prefix: str) -> tuple[Reference, ...]:
    return tuple(Reference(prefix + one.key, _formula(one.name, prefix)) for one in references)
