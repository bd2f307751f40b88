"""An expression as a line of code: templates, else the op's definition, else its index equation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from chainrule.documents.code.routing import ROUTING, equation_of_windows, routing
from chainrule.documents.code.table import CALL, HELPERS, LIBRARIES, PRODUCT, SIGN, TEMPLATES
from chainrule.graph.errors import ChainruleError
from chainrule.graph.expression import Expr
from chainrule.graph.leaves import CONSTANT, data
from chainrule.graph.walk import topological
from chainrule.ops.index_equation import Access, Index, IndexEquation, equation_of

Code = tuple[str, int]
"""A piece of code and how strongly it binds."""


class Coder:
    """Writes expressions in one library, and collects the functions that they need."""

    def __init__(
        self,
        library: str,
        names: Mapping[str, str],
        functions: dict[tuple[str, Any], str] | None = None,
        helpers: dict[str, str] | None = None,
    ) -> None:
        self.library_name, self.library = library, LIBRARIES[library]
        self.names = names
        self.functions = functions if functions is not None else {}
        self.helpers = helpers if helpers is not None else {}

    def line(self, expr: Expr) -> str:
        """The right-hand side of a line; named parts are mentioned by their names."""
        done: dict[Expr, Code] = {}

        def children(node: Expr) -> tuple[Expr, ...]:
            if node.is_leaf or (node.name and (node is not expr)):
                return ()
            return self.written_as(node)

        for node in topological([expr], children):
            if node.name and (node is not expr or node.is_leaf):
                done[node] = (self.names[str(node.name)], CALL)
            else:
                done[node] = self.code(node, [done[child] for child in children(node)])
        return done[expr][0]

    def written_as(self, node: Expr) -> tuple[Expr, ...]:
        """What a node is written from: its operands, or its definition where it is written as that."""
        if node.op.name in TEMPLATES or not node.op.defined or self.is_function(node):
            return node.operands
        return (node.op.definition(node.operands, node.params),)

    @staticmethod
    def is_function(node: Expr) -> bool:
        """Whether a node is a call of a function that the code defines, such as sigmoid."""
        return bool(
            node.op.defined
            and node.op.elementwise
            and len(node.operands) == 1
            and node.op.name not in TEMPLATES
        )

    def code(self, node: Expr, parts: list[Code]) -> Code:
        op = node.op
        if op is CONSTANT:
            return self.constant(node)
        if op.name in TEMPLATES:
            return self.filled(node, parts)
        if self.is_function(node):
            return self.function(node, parts)
        if op.defined:
            return parts[0]
        if op.name in ROUTING:
            return self.routed(node, [text for text, _ in parts]), CALL
        if op.equation is not None:
            return self.from_equation(node, [text for text, _ in parts]), CALL
        raise ChainruleError(
            "an op that has a code form, a definition or an index equation",
            op.name,
            "code",
            "give the op a template in documents/code/table.py",
        )

    def filled(self, node: Expr, parts: list[Code]) -> Code:
        template = TEMPLATES[node.op.name]
        places = (*template.operands, *(template.operands[-1:] * len(parts)))
        texts = [
            f"({text})" if strength < place else text
            for (text, strength), place in zip(parts, places, strict=False)
        ]
        if node.op.name in ("maximum", "minimum") and self.library.module == "torch":
            texts = [
                f"torch.tensor({text}, dtype=torch.float64)"
                if operand.op is CONSTANT and not operand.shape
                else text
                for text, operand in zip(texts, node.operands, strict=True)
            ]
        axis = node.params.get("axis")
        values: dict[str, Any] = {
            **{name: literal(value) for name, value in node.params.items()},
            **self.library.names,
            "m": self.library.module,
            "all": ", ".join(texts),
            "along": "" if axis is None else f", {self.library.names['dim']}={axis}",
            "axis_if_given": "" if axis is None else f", {axis}",
        }
        if "key" in node.params:
            values["key"] = ", ".join(map(subscript, node.params["key"]))
            values["slices"] = ", ".join(map(slice_literal, node.params["key"]))
        name = node.op.name
        if name in HELPERS or name in self.library.helpers:
            self.need(name)
        return template.text.format(*texts, **values), template.strength

    def need(self, name: str) -> None:
        """Bring a helper along."""
        text = self.library.helpers.get(name) or HELPERS[name].format(
            m=self.library.module, **self.library.names
        )
        self.helpers[name] = text

    def function(self, node: Expr, parts: list[Code]) -> Code:
        """A call of a function of one number, which is brought along as its definition."""
        key = (node.op.name, tuple(node.params.items()))
        if key not in self.functions:
            same = sum(name == node.op.name for name, _ in self.functions)
            name = self.functions[key] = node.op.name + (f"_{same + 1}" if same else "")
            inner = Coder(self.library_name, {"t": "t"}, self.functions, self.helpers)
            body = inner.line(node.op.definition((data("t"),), node.params))
            self.helpers[name] = f"def {name}(t):\n    return {body}"
        return f"{self.functions[key]}({parts[0][0]})", CALL

    def constant(self, node: Expr) -> Code:
        value = node.params["value"]
        if isinstance(value, tuple):
            return f"{self.library.array.format(_nested([number(v) for v in value], node.shape))}", CALL
        text = number(value)
        if node.shape:
            return f"{self.library.module}.full({node.shape}, {float(value)!r})", CALL
        if isinstance(value, Fraction) and value.denominator != 1:
            return text, PRODUCT
        return text, SIGN if text.startswith("-") else CALL

    def from_equation(self, node: Expr, texts: list[str]) -> str:
        """A call of a function that is the index equation itself, on whole arrays of places."""
        equation = equation_of(node)
        sizes = equation.sizes([operand.shape for operand in node.operands], node.shape)
        self.need("read")
        letters, outer, grids = self.grids(equation, sizes)
        outside = "" if equation.reduce != "max" else ", outside=-float('inf')"
        factors = [self.access(access, f"a{k}", outside) for k, access in enumerate(equation.factors)]
        m = self.library.module
        reduce = "sum" if equation.reduce != "max" else self.library.names["largest"]
        inner = tuple(range(outer, len(letters)))
        product = " * ".join(factors)
        total = f"{m}.{reduce}({product}, {self.library.names['dim']}={inner})" if inner else product
        arguments = ", ".join(f"a{k}" for k in range(len(factors)))
        lines = [f'    """{equation}"""', *grids, f"    return {m}.broadcast_to({total}, {node.shape})"]
        name = self.function_named(
            node.op.name, lambda name: "\n".join([f"def {name}({arguments}):", *lines])
        )
        return f"{name}({', '.join(texts)})"

    def routed(self, node: Expr, texts: list[str]) -> str:
        """A call of the function that follows what max-pooling chose."""
        equation = equation_of_windows(node)
        pooled = node.shape if node.op.name == "at_maximum" else node.operands[0].shape
        sizes = equation.sizes([node.operands[1].shape], pooled)
        grids = self.grids(equation, sizes)[2]
        places = [self.index(index) for index in equation.factors[0].indices]
        self.need("read")
        if node.op.name == "to_maximum":
            self.need("added")
        name = self.function_named(
            node.op.name, lambda name: routing(node, self.library, name, places, grids, pooled)
        )
        return f"{name}({', '.join(texts)})"

    def grids(self, equation: IndexEquation, sizes: Mapping[str, int]) -> tuple[list[str], int, list[str]]:
        """The letters, those of the output first; how many those are; and the arrays of their places, as code."""
        outer = [str(index.letter) for index in equation.output.indices]
        letters = [*outer, *(letter for letter in equation.letters if letter not in outer)]
        code = []
        for k, letter in enumerate(letters):
            axes = ", ".join("-1" if n == k else "1" for n in range(len(letters)))
            code.append(f"    {letter} = {self.library.module}.arange({sizes[letter]}).reshape({axes})")
        return letters, len(outer), code

    def function_named(self, wish: str, write: Callable[[str], str]) -> str:
        """The name of a function that the code brings along; the same function is brought once."""
        for known, text in self.helpers.items():
            if known.startswith(f"{wish}_") and text == write(known):
                return known
        name = f"{wish}_{sum(known.startswith(f'{wish}_') for known in self.helpers) + 1}"
        self.helpers[name] = write(name)
        return name

    def access(self, access: Access, array: str, outside: str) -> str:
        if not access.indices:
            return array
        return f"read({array}, {', '.join(map(self.index, access.indices))}{outside})"

    def index(self, index: Index) -> str:
        parts = [f"{factor} * {letter}" if factor != 1 else letter for factor, letter in index.terms]
        parts += [
            f"{factor} * (({self.index(inner)}) // {by})"
            for factor, inner, by in getattr(index, "rounded", ())
        ]
        if index.offset or not parts:
            parts.append(str(index.offset))
        text = " + ".join(parts).replace("+ -", "- ")
        divisor = getattr(index, "divisor", 1)
        if divisor == 1:
            return text
        self.need("divided")
        return f"divided({text}, {divisor})"


def number(value: Any) -> str:
    """A number as code."""
    if isinstance(value, Fraction):
        return str(value.numerator) if value.denominator == 1 else f"{value.numerator} / {value.denominator}"
    text = repr(value)
    return f"float('{text}')" if "inf" in text or "nan" in text else text


def literal(value: Any) -> str:
    """A parameter as code."""
    if isinstance(value, Fraction):
        return f"({number(value)})" if value.denominator != 1 else number(value)
    if isinstance(value, (int, float)) and value < 0:
        return f"({number(value)})" if not isinstance(value, int) else str(value)
    return repr(value)


def subscript(part: Any) -> str:
    """A place or a slice as code."""
    if isinstance(part, int):
        return str(part)
    start, stop, step = part
    return f"{start}:{'' if stop < 0 else stop}" + (f":{step}" if step != 1 else "")


def slice_literal(part: Any) -> str:
    """A place or a slice as code outside of square brackets."""
    if isinstance(part, int):
        return str(part)
    start, stop, step = part
    return f"slice({start}, {None if stop < 0 else stop}, {step})"


def _nested(entries: list[str], shape: tuple[int, ...]) -> str:
    if len(shape) <= 1:
        return f"[{', '.join(entries)}]"
    size = len(entries) // shape[0] if shape[0] else 0
    return f"[{', '.join(_nested(entries[n * size : (n + 1) * size], shape[1:]) for n in range(shape[0]))}]"
