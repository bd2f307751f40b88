"""Reads the printed lines of a working back and computes them anew, in 60 digits, knowing nothing of chainrule.

    sum     = product {("+" | "−") product}
    product = ["−"] factor {["×" | "·" | "⊙" | "⊘" | "/" | ""] factor}
    factor  = atom {"²" | "ᵀ" | "^(...)"}
    atom    = number | "[" ... "]" | "(" sum ")" | "‖" sum "‖" | function "(" sum ")"

A vector is a column, a nested list; a product of two arrays side by side is the matrix product.
"""

import functools
import re
from fractions import Fraction

import mpmath

mpmath.mp.dps = 60
TOKEN = re.compile(r"\s+|\d+(?:\.\d+)?(?:×10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?|[A-Za-zσ𝟙₊]+′?|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+|.")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
ONE = mpmath.mpf(1)


def elementwise(f):
    return lambda a: a.map(f)


class Array:
    """A scalar, a column or a matrix of numbers; `flat` marks a column that was transposed."""

    def __init__(self, entries, shape):
        self.entries, self.shape = list(entries), shape

    def map(self, f):
        return Array([f(entry) for entry in self.entries], self.shape)

    def with_(self, other, f):
        if self.shape == other.shape:
            return Array([f(a, b) for a, b in zip(self.entries, other.entries, strict=True)], self.shape)
        if self.shape == ():
            return other.map(lambda b: f(self.entries[0], b))
        assert other.shape == (), (self.shape, other.shape)
        return self.map(lambda a: f(a, other.entries[0]))

    @property
    def T(self):
        rows, columns = self.shape
        return Array(
            [self.entries[r * columns + c] for c in range(columns) for r in range(rows)], (columns, rows)
        )

    def beside(self, other):
        if () in (self.shape, other.shape):
            return self.with_(other, lambda a, b: a * b)
        (n, k), (m, p) = self.shape, other.shape
        assert k == m, (self.shape, other.shape)
        entries = [
            sum((self.entries[i * k + j] * other.entries[j * p + q] for j in range(k)), Fraction(0))
            for i in range(n)
            for q in range(p)
        ]
        return Array(entries, (n, p) if n * p > 1 or (n, p) == self.shape == other.shape else ())


def precise(x):
    return mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x


def of_real(f, **exact):
    """A function of one number; `at` some points it is a fraction."""
    points = exact.get("at", {})
    return elementwise(lambda x: points[x] if x in points else f(precise(x)))


def sigma(x):
    return ONE / (1 + mpmath.exp(-x))


def normalised(a):
    powers = [mpmath.exp(precise(x)) for x in a.entries]
    return Array([p / sum(powers) for p in powers], a.shape)


HALF = Fraction(1, 2)
FUNCTIONS = {
    "σ": of_real(sigma, at={0: HALF}),
    "σ′": of_real(lambda x: sigma(x) * (1 - sigma(x)), at={0: HALF**2}),
    "tanh": of_real(mpmath.tanh, at={0: Fraction(0)}),
    "tanh′": of_real(lambda x: 1 - mpmath.tanh(x) ** 2, at={0: Fraction(1)}),
    "cos": of_real(mpmath.cos, at={0: Fraction(1)}),
    "sin": of_real(mpmath.sin, at={0: Fraction(0)}),
    "exp": of_real(mpmath.exp, at={0: Fraction(1)}),
    "log": of_real(lambda x: mpmath.log(x) if x else -mpmath.inf, at={1: Fraction(0)}),
    "softplus": of_real(lambda x: mpmath.log(1 + mpmath.exp(x))),
    "ReLU": elementwise(lambda x: max(x, Fraction(0))),
    "ReLU′": elementwise(lambda x: Fraction(int(x > 0))),
    "𝟙₊": elementwise(lambda x: Fraction(int(x > 0))),
    "softmax": normalised,
    "max": lambda a, *others: functools.reduce(lambda a, b: a.with_(b, max), others, a),
    "sum": lambda a: Array([sum(a.entries, Fraction(0))], ()),
    "mean": lambda a: Array([sum(a.entries, Fraction(0)) / len(a.entries)], ()),
}


def read(text):
    """The value of a printed right-hand side."""
    reader = Reader(text)
    value = reader.sum()
    assert reader.at == len(reader.tokens), f"{text!r}: stopped before {reader.tokens[reader.at :]}"
    return value


class Reader:
    def __init__(self, text):
        self.tokens = [token for token in TOKEN.findall(text) if not token.isspace()]
        self.at = 0

    @property
    def now(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted=None):
        token = self.now
        assert wanted is None or token == wanted, f"{wanted} expected, came {token!r} in {self.tokens}"
        self.at += 1
        return token

    def sum(self):
        total = self.product()
        while self.now in ("+", "−"):
            sign = self.take()
            part = self.product()
            total = total.with_(part, (lambda a, b: a + b) if sign == "+" else (lambda a, b: a - b))
        return total

    def product(self):
        if self.now == "−":
            self.take()
            return self.product().map(lambda a: -a)
        value = self.factor()
        while self.now and self.now not in "+−)]‖,":
            sign = self.take() if self.now in "×·⊙⊘/" else ""
            part = self.factor()
            if sign in ("", "×", "·"):
                value = (
                    value.beside(part)
                    if sign == "" or () in (value.shape, part.shape)
                    else value.with_(part, lambda a, b: a * b)
                )
            else:
                value = value.with_(part, (lambda a, b: a * b) if sign == "⊙" else quotient)
        return value

    def factor(self):
        value = self.atom()
        while self.now and self.now[0] in "ᵀ^⊙⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
            if self.now == "ᵀ":
                self.take()
                value = value.T
            elif self.now == "^":
                self.take()
                self.take("(")
                self.take("⊙")
                n = int(self.take())
                self.take(")")
                value = value.map(lambda a, n=n: a**n)
            elif self.now == "⊙":
                break
            else:
                n = int(self.take().translate(RAISED))
                value = value.map(lambda a, n=n: a**n)
        return value

    def atom(self):
        token = self.take()
        if token[0].isdigit():
            digits, _, power = token.partition("×10")
            return Array([Fraction(digits) * Fraction(10) ** int((power or "⁰").translate(RAISED))], ())
        if token == "(":
            value = self.sum()
            self.take(")")
            return value
        if token == "‖":
            value = self.sum()
            self.take("‖")
            self.take("²")
            return Array([sum((a * a for a in value.entries), Fraction(0))], ())
        if token == "[":
            return self.array()
        assert token in FUNCTIONS, f"no function {token!r}"
        self.take("(")
        values = [self.sum()]
        while self.now == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return FUNCTIONS[token](*values)

    def array(self):
        rows, nested = [], self.now == "["
        while True:
            if nested:
                self.take("[")
                rows.append([self.sum().entries[0]])
                while self.now == ",":
                    self.take()
                    rows[-1].append(self.sum().entries[0])
                self.take("]")
            else:
                rows.append([self.sum().entries[0]])
            if self.take() == "]":
                return Array([entry for row in rows for entry in row], (len(rows), len(rows[0])))


def quotient(a, b):
    if not b:
        return mpmath.nan
    return a / b if isinstance(a, Fraction) and isinstance(b, Fraction) else precise(a) / precise(b)
