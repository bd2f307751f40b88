"""Reading a call: operands are formulas, parameters are plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chainrule.graph.errors import ParseError
from chainrule.graph.expression import Expr
from chainrule.graph.op import Op
from chainrule.ops.syntax.tokens import Token, Tokens
from chainrule.ops.syntax.values import check_parameter, literal, parameter_names


@dataclass
class Call:
    """A call of an op, with what has been read of it."""

    op: Op
    operands: list[Expr] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=dict)

    @property
    def usage(self) -> str:
        """How the op is called."""
        listed = self.op.__signature__.parameters.values()
        return f"it is called as {self.op.name}({', '.join(map(str, listed))})"

    def read(self, tokens: Tokens) -> bool:
        """Read parameters up to the bracket that closes the call; False where an operand comes first."""
        while not tokens.take(")"):
            if not self._parameter(tokens):
                return False
            if not tokens.take(",") and not tokens.at_sign(")"):
                remedy = "the value of a parameter is written out, not computed"
                raise tokens.unexpected(f"a comma or `)` in the call of {self.op.name}", remedy)
        return True

    def check(self, tokens: Tokens, start: int) -> None:
        """Raise ParseError where an operand or a parameter is missing."""
        op, n = self.op, len(self.operands)
        due = [name for name in parameter_names(op, required=True) if name not in self.params]
        if n == op.arity + op.variadic * max(n - op.arity, 0) and not due:
            return
        needed = f"{op.name} with {op.arity} operand{'s' * (op.arity != 1)}: {', '.join(op.operand_names)}"
        came = f"{n}"
        if n == op.arity:
            needed, came = f"{op.name} with {' and '.join(due)}", f"a call without {' and '.join(due)}"
        raise tokens.fault(needed, came, start, tokens.read_to, self.usage)

    def _parameter(self, tokens: Tokens) -> bool:
        op, first = self.op, tokens.now
        by_name = first.kind == "name" and tokens.after.text == "="
        if not by_name and (op.variadic or len(self.operands) < op.arity):
            if self.params:
                raise tokens.unexpected(f"the operands of {op.name} before its parameters")
            return False
        left = [name for name in parameter_names(op) if name not in self.params]
        name = first.text if by_name else next(iter(left), "")
        if name not in left:
            raise self._no_parameter(tokens, first, by_name)
        if by_name:
            tokens.step()
            tokens.step()
        start = tokens.now.start
        value = literal(tokens)
        check_parameter(op, name, value, tokens, start)
        self.params[name] = value
        return True

    def _no_parameter(self, tokens: Tokens, token: Token, by_name: bool) -> ParseError:
        names = parameter_names(self.op)
        if not by_name:
            most = self.op.arity + len(names)
            needed = f"at most {most} argument{'s' * (most != 1)} for {self.op.name}"
            return tokens.unexpected(needed, self.usage)
        if token.text in self.op.operand_names:
            remedy = f"leave out `{token.text} =`"
            return tokens.unexpected(f"the operands of {self.op.name} by their place", remedy, token)
        if token.text in names:
            return tokens.unexpected(f"each parameter of {self.op.name} once", "", token)
        needed = f"a parameter of {self.op.name}: {' or '.join(names) or 'it has none'}"
        return tokens.unexpected(needed, self.usage, token)
