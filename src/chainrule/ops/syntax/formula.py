"""Reading one formula by precedence. What is unfinished waits on a stack: Python's recursion is not used."""

from __future__ import annotations

from typing import NamedTuple

from chainrule.graph.errors import ParseError
from chainrule.graph.expression import OPERATORS, Expr
from chainrule.graph.leaves import constant
from chainrule.graph.op import OPS
from chainrule.ops.syntax.builder import Builder, Value
from chainrule.ops.syntax.calls import Call
from chainrule.ops.syntax.names import Names, op_called
from chainrule.ops.syntax.tokens import Token, Tokens, shortened
from chainrule.ops.syntax.values import array, index_key

DEEPEST = 200  # brackets in brackets
_MOST_WAITING = 5 * DEEPEST  # signs and brackets
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "@": 2, "**": 4}
_PREFIX = 3  # stronger than a product, weaker than a power: -x**2 is -(x**2)


class _Sign(NamedTuple):
    """A sign that waits for what stands on its right."""

    token: Token
    strength: int
    prefix: bool = False


class _Bracket(NamedTuple):
    """An open bracket, of a call where there is one."""

    token: Token
    start: int
    call: Call | None = None


class Formulas:
    """Reads the formulas of a text, one after another."""

    def __init__(self, tokens: Tokens, names: Names) -> None:
        self._tokens, self._names = tokens, names
        self._builder = Builder(tokens)
        self._stack: list[_Sign | _Bracket] = []
        self._values: list[Value] = []
        self._due = True  # an operand comes next; otherwise a sign or the end
        self._depth = 0

    def read(self) -> Expr:
        """The formula up to the end of its statement."""
        self._due = True
        while self._due or self._tokens.now.kind not in ("end", "break"):
            token = self._tokens.step()
            if self._due:
                self._operand(token)
            else:
                self._sign(token)
        self._reduce(0)
        if self._stack:
            opening = self._stack[-1].token
            came = f"{self._tokens.now} without it"
            raise self._tokens.fault("`)` for this bracket", came, opening.start, self._tokens.read_to)
        return self._values.pop().expr

    def named(self, token: Token, expr: Expr) -> Expr:
        """An expression under the name that a definition gives it."""
        return self._builder.renamed(expr, self._names.define(token, expr))

    def _operand(self, token: Token) -> None:
        """Read the first token of an operand."""
        sign = token.text if token.kind == "sign" else ""
        if token.kind == "number":
            self._push(constant(token.value), token.start)
        elif token.kind == "name" and self._tokens.at_sign("("):
            call = Call(op_called(self._tokens, token, self._names))
            self._wait(_Bracket(self._tokens.step(), token.start, call))
            self._arguments(token.start, call)
        elif token.kind == "name":
            self._push(self._names[token], token.start)
        elif sign in ("+", "-"):
            self._wait(_Sign(token, _PREFIX, prefix=True))
        elif sign == "(":
            self._wait(_Bracket(token, token.start))
        elif sign == "[":
            entries = array(self._tokens, token)
            self._value(self._builder.build(lambda: constant(entries), token.start, self._tokens.read_to))
        else:
            raise self._no_operand(token)

    def _sign(self, token: Token) -> None:
        """Read what stands behind an operand."""
        sign = token.text if token.kind == "sign" else ""
        if sign in _STRENGTH:
            self._reduce(_STRENGTH[sign] + (sign == "**"))  # powers are read from right to left
            self._wait(_Sign(token, _STRENGTH[sign]))
            self._due = True
        elif sign == "[":
            value, key = self._values.pop(), index_key(self._tokens)
            at = OPERATORS["[]"]
            self._value(self._builder.build(lambda: at(value.expr, key), value.start, self._tokens.read_to))
        elif sign == "." and self._tokens.now.text == "T":
            value, end = self._values.pop(), self._tokens.step().end
            self._value(self._builder.build(lambda: value.expr.T, value.start, end))
        elif sign in (",", ")"):
            self._close(token)
        else:
            raise self._no_sign(token)

    def _value(self, value: Value) -> None:
        self._values.append(value)
        self._due = False

    def _push(self, expr: Expr, start: int) -> None:
        self._value(self._builder.build(lambda: expr, start, self._tokens.read_to))

    def _wait(self, opened: _Sign | _Bracket) -> None:
        self._depth += isinstance(opened, _Bracket)
        if self._depth > DEEPEST or len(self._stack) > _MOST_WAITING:
            needed = f"at most {DEEPEST} brackets within each other, and fewer signs in a row"
            raise self._tokens.unexpected(needed, "name parts of the formula: z = ...; f(z)", opened.token)
        self._stack.append(opened)

    def _close(self, token: Token) -> None:
        """A comma or a closing bracket: what stands before it is complete."""
        self._reduce(0)
        bracket = self._stack[-1] if self._stack else None
        if not isinstance(bracket, _Bracket):
            raise self._tokens.unexpected(f"an opening bracket before `{token.text}`", "", token)
        if bracket.call is not None:
            bracket.call.operands.append(self._values.pop().expr)
            self._arguments(bracket.start, bracket.call, ended=token.text == ")")
        elif token.text == ",":
            raise self._tokens.unexpected("one formula between the brackets", "write arrays as [1, 2]", token)
        else:
            self._shut()
            self._value(Value(self._values.pop().expr, bracket.start, token.end))

    def _shut(self) -> None:
        self._stack.pop()
        self._depth -= 1

    def _arguments(self, start: int, call: Call, ended: bool = False) -> None:
        """Go on in a call, up to its end or to its next operand."""
        self._due = not ended and not call.read(self._tokens)
        if not self._due:
            self._shut()
            call.check(self._tokens, start)
            op, end = call.op, self._tokens.read_to
            self._value(self._builder.build(lambda: op(*call.operands, **call.params), start, end))

    def _reduce(self, strength: int) -> None:
        """Apply the waiting signs that bind at least so strongly."""
        while self._stack and isinstance(self._stack[-1], _Sign) and self._stack[-1].strength >= strength:
            sign = self._stack.pop()
            right = self._values.pop()
            if isinstance(sign, _Sign) and sign.prefix:
                self._values.append(self._builder.signed(sign.token.text, sign.token.start, right))
            else:
                self._values.append(self._builder.binary(sign.token.text, self._values.pop(), right))

    def _no_operand(self, token: Token) -> ParseError:
        remedy = ""
        if token.text == "\n":
            remedy = "a formula goes on over a line end only inside brackets"
        elif token.text == "=":
            remedy = "a definition is one name, = and a formula"
        elif token.kind == "text":
            remedy = "a text can only be the value of a parameter"
        return self._tokens.unexpected("a number, a name, a call or a bracket", remedy, token)

    def _no_sign(self, token: Token) -> ParseError:
        tokens = self._tokens
        if token.text == ".":
            name, end = shortened(tokens.now.text, 40), tokens.now.end
            remedy = f"write {name}(...)" if name in OPS else "no other parts of an expression can be read"
            return tokens.fault("`.T`, the transpose", f"`.{name}`", token.start, end, remedy)
        if token.text == "=":
            return tokens.unexpected("one name alone before `=`", "a definition is name = formula", token)
        if token.text == "]":
            return tokens.unexpected("an opening bracket `[` before `]`", "", token)
        if token.kind in ("number", "name", "text") or token.text == "(":
            return tokens.unexpected("a sign between two operands", "for a product write *", token)
        return tokens.unexpected("a sign such as + or the end of the formula", "", token)
