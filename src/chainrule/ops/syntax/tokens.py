"""The text of an expression as tokens: numbers, names, signs and ends of lines, each with its place.

Text is only ever compared and sliced here; nothing is looked up by it and nothing is run.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import NamedTuple

from chainrule.graph.errors import ParseError
from chainrule.graph.expression import Number

LONGEST_TEXT = 100_000  # characters
LONGEST_NAME = 80  # characters
MOST_DIGITS = 15  # every whole number of 15 digits is exact in float64
_LONGEST_NUMBER = 40  # characters
_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+|\#[^\n]*)
    |(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<name>[^\W\d][\w\u0300-\u036f]*)
    |(?P<break>[\n;])
    |(?P<sign>\*\*|\.\.\.|[-+*/@()\[\],=:.])
    |(?P<text>'[^'\n]*'|"[^"\n]*")""",
    re.VERBOSE,
)
_INSTEAD = {
    "^": "for a power write **",
    "−": "for minus write -",
    "–": "for minus write -",
    "×": "for a product write *",
    "·": "for a product write *",
    "⋅": "for a product write *",
    "⊙": "for the product entry by entry write *",
    "÷": "for a quotient write /",
    "⊘": "for the quotient entry by entry write /",
    "√": "for a root write sqrt(x)",
    "∑": "for a sum write sum(x)",
    "ᵀ": "for the transpose write W.T",
    "⊤": "for the transpose write W.T",
    "′": "for a derivative write sigmoid_prime(z), or cr.gradient in Python",
    "{": "write round brackets",
    "}": "write round brackets",
    "\\": "write names as letters, such as θ or theta, without LaTeX",
    "'": "close the quotation mark on the same line",
    '"': "close the quotation mark on the same line",
    "²": "for a power write **2",
    "³": "for a power write **3",
}


class Token(NamedTuple):
    """A piece of the text: its kind, what it says, where it starts and ends, and a number's value."""

    kind: str  # number, name, sign, text, break or end
    text: str
    start: int
    end: int
    value: Number = 0

    def __str__(self) -> str:
        if self.kind == "end":
            return "the end of the text"
        return "the end of the line" if self.text == "\n" else f"`{shortened(self.text, 40)}`"


class Tokens:
    """The tokens of a text, read from first to last, and the places that errors name.

    >>> [token.text for token in Tokens("W @ x + 1").all]
    ['W', '@', 'x', '+', '1', '']
    """

    def __init__(self, text: object) -> None:
        self.source = ""
        if not isinstance(text, str):
            came = f"a {type(text).__name__}"
            raise ParseError(
                "a text such as 'W @ x + b'", came, "parse", "write the formula in quotation marks"
            )
        if len(text) > LONGEST_TEXT:
            needed = f"a text of at most {LONGEST_TEXT:,} characters"
            raise ParseError(needed, f"{len(text):,}", "parse", "build so long an expression in Python")
        self.source = text.replace("\r\n", "\n").replace("\r", "\n")
        self._refuse_hidden()
        self.all = self._split()
        self._at = 0

    @property
    def now(self) -> Token:
        """The token that is read next."""
        return self.all[self._at]

    @property
    def after(self) -> Token:
        """The token behind it."""
        return self.all[min(self._at + 1, len(self.all) - 1)]

    @property
    def read_to(self) -> int:
        """Where the token read last ends."""
        return self.all[self._at - 1].end if self._at else 0

    def step(self) -> Token:
        """Read one token."""
        token = self.now
        self._at = min(self._at + 1, len(self.all) - 1)
        return token

    def take(self, sign: str) -> bool:
        """Read this sign if it comes next."""
        found = self.at_sign(sign)
        if found:
            self.step()
        return found

    def at_sign(self, *signs: str) -> bool:
        """Whether one of these signs comes next."""
        return self.now.kind == "sign" and self.now.text in signs

    def place(self, start: int, end: int) -> str:
        """Where a piece of the text stands, for people: line, column and the piece."""
        line = self.source.count("\n", 0, start) + 1
        column = start - self.source.rfind("\n", 0, start)
        piece = " ".join(self.source[start:end].split())
        return f"line {line}, column {column}" + (f", `{shortened(piece, 60)}`" if piece else "")

    def fault(self, needed: str, came: str, start: int, end: int, remedy: str = "") -> ParseError:
        """An error at a piece of the text."""
        return ParseError(needed, came, self.place(start, end), remedy)

    def unexpected(self, needed: str, remedy: str = "", token: Token | None = None) -> ParseError:
        """An error at a token that cannot stand where it does: the next one, if no other is given."""
        token = token or self.now
        return self.fault(needed, str(token), token.start, token.end, remedy)

    def _refuse_hidden(self) -> None:
        if self.source.replace("\n", "").replace("\t", "").isprintable():
            return
        at = next(i for i, c in enumerate(self.source) if c not in "\n\t" and not c.isprintable())
        code = f"the character U+{ord(self.source[at]):04X}"
        name = unicodedata.name(self.source[at], "")
        came = f"{code} ({name.lower()})" if name else code
        remedy = "write a plain space" if unicodedata.category(self.source[at]) == "Zs" else "leave it out"
        raise self.fault("characters that can be seen, spaces and line ends", came, at, at, remedy)

    def _split(self) -> list[Token]:
        tokens: list[Token] = []
        at, depth = 0, 0
        while at < len(self.source):
            match = _TOKEN.match(self.source, at)
            if match is None or match.lastgroup is None:
                raise self._unknown(at)
            kind, text, start, at = match.lastgroup, match.group(), at, match.end()
            if kind == "number":
                tokens.append(Token(kind, text, start, at, self._number(text, start, at)))
            elif kind == "name":
                tokens.append(Token(kind, self._name(text, start, at), start, at))
            elif kind == "sign":
                depth += (text in "([") - (text in ")]")
                tokens.append(Token(kind, text, start, at))
            elif kind == "text" or (kind == "break" and (text == ";" or depth <= 0)):
                tokens.append(Token(kind, text, start, at))
        return [*tokens, Token("end", "", at, at)]

    def _unknown(self, at: int) -> ParseError:
        letter = self.source[at]
        remedy = _INSTEAD.get(letter, "the signs are + - * / @ ** = ( ) [ ] , : ; and .T")
        return self.fault("a number, a name or a sign", f"`{letter}`", at, at + 12, remedy)

    def _name(self, text: str, start: int, end: int) -> str:
        if len(text) > LONGEST_NAME:
            raise self.fault(f"a name of at most {LONGEST_NAME} characters", f"{len(text):,}", start, end)
        name = normal_name(text)
        for i, letter in enumerate(name):
            if (
                not (letter.isalpha() and unicodedata.category(letter) != "Lm")
                and letter not in "_0123456789"
            ):
                if name == text and letter in _INSTEAD:
                    raise self._unknown(start + i)
                needed, remedy = (
                    "a name of letters, digits and _",
                    _INSTEAD.get(letter, "choose a plainer name"),
                )
                raise self.fault(needed, f"`{text}`, with {letter!a}", start, end, remedy)
        if "__" in name or name[0] == "_" or name[-1] == "_":
            needed = "a name with single _ between letters and digits, such as y_hat"
            raise self.fault(needed, f"`{text}`", start, end)
        return name

    def _number(self, text: str, start: int, end: int) -> Number:
        following = self.source[end : end + 1]
        if following == "_":
            remedy = "write the number without _"
            raise self.fault("a number in digits", f"`{shortened(text, 20)}_`", start, end + 1, remedy)
        if following.isalnum() and following not in _INSTEAD:
            remedy = f"for a product write {shortened(text, 20)} * ..."
            raise self.fault("a sign behind a number", f"`{following}`", start, end + 1, remedy)
        if text.isdigit():
            if len(text) > MOST_DIGITS:
                remedy = "write a larger one with a decimal point or an exponent, such as 1e20"
                raise self.fault(
                    f"a whole number of at most {MOST_DIGITS} digits", f"{len(text):,}", start, end, remedy
                )
            if text[0] == "0" and text.strip("0"):
                raise self.fault("a whole number without leading zeros", f"`{text}`", start, end)
            return int(text)
        if len(text) > _LONGEST_NUMBER:
            came = f"{len(text):,}"
            raise self.fault(
                f"a number of at most {_LONGEST_NUMBER} characters", came, start, end, "round it"
            )
        number = float(text)
        mantissa = re.split("[eE]", text)[0]
        if math.isinf(number) or (number == 0 and mantissa.strip("0.")):
            needed = "a number that float64 can hold, 5e-324 to 1.8e308 in size"
            raise self.fault(needed, f"`{text}`", start, end)
        return number


def normal_name(name: str) -> str:
    """A name in one spelling: accents joined to their letters, the micro sign as the letter mu."""
    return unicodedata.normalize("NFC", name).replace("\N{MICRO SIGN}", "\N{GREEK SMALL LETTER MU}")


def shortened(text: str, longest: int) -> str:
    """A text with its middle left out where it is too long to read."""
    half = longest // 2
    return text if len(text) <= longest else f"{text[:half]} … {text[-half:]}"
