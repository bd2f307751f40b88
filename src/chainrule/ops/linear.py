"""Products of linear algebra, each an index equation. A vector is a column.

Legend: A, B matrices or vectors; u, v vectors; y the result; dy its adjoint.
"""

from dataclasses import replace

from chainrule.graph.errors import ShapeError
from chainrule.graph.expression import Expr
from chainrule.graph.notation import APPLIED, CALL, FACTOR, POWER, PRODUCT, Form, Notation, infix
from chainrule.graph.op import case, contraction, error, primitive, sign

_EQUATIONS = {
    (2, 1): "Y[i] = sum(j) A[i,j] * B[j]",
    (1, 2): "Y[j] = sum(i) A[i] * B[i,j]",
    (2, 2): "Y[i,k] = sum(j) A[i,j] * B[j,k]",
    (1, 1): "Y[] = sum(i) A[i] * B[i]",
}


_PLAIN = infix(APPLIED, APPLIED, PRODUCT, right=FACTOR)
_FIRST_TURNED, _LAST_TURNED = (CALL, FACTOR), (PRODUCT, CALL)


def _turned(left: str, right: str, places: tuple[int, int], rows: Notation | None = None) -> Notation:
    """A product of two operands, one of them transposed: left and right as in text."""
    latex = f"{left}{APPLIED}{right}".replace("ᵀ", r"^{\top}")
    return Notation(Form(latex, PRODUCT, places), Form(f"{left}{APPLIED}{right}", PRODUCT, places), rows)


_PRODUCTS = {
    (2, 2): _PLAIN,
    (1, 1): _turned("#1ᵀ", "#2", _FIRST_TURNED, rows=_turned("#1", "#2ᵀ", _LAST_TURNED)),
    (1, 2): _turned("#2ᵀ", "#1", _FIRST_TURNED[::-1], rows=_PLAIN),
    (2, 1): replace(_PLAIN, rows=_turned("#2", "#1ᵀ", _LAST_TURNED[::-1])),
}


def _product(expr: Expr) -> Notation:
    left, right = expr.operands
    return _PRODUCTS[len(left.shape), len(right.shape)]


@sign("@")
@contraction(
    lambda shapes, params: _EQUATIONS[len(shapes[0]), len(shapes[1])],
    _product,
    domain=("real", "real"),
    samples=(
        case((2, 3), (3,)), case((3,), (3, 2)), case((2, 3), (3, 4)), case((3,), (3,)), case((1, 1), (1,)),
        case((2, 0), (0,)), case((0, 2), (2,)), case((0,), (0,)),
    ),
    errors=(
        error((2, 3), (2,), match="last size of A"),
        error((3,), (2,), match="last size of A"),
        error((), (3,), match="a matrix or a vector on each side"),
        error((2, 3, 4), (4,), match="a matrix or a vector on each side"),
    ),
)  # fmt: skip
def matmul(A, B, /):
    """The product A @ B of matrices and vectors; of two vectors it is their inner product.

    A: (m, n) or (n,). B: (n, p) or (n,). Returns (m, p), (m,), (p,) or (). Raises ShapeError
    where the sizes n differ.

    >>> import chainrule as cr
    >>> str(cr.parameter("W", (2, 3)) @ cr.data("x", 3))
    'W x'
    """
    if (len(A), len(B)) not in _EQUATIONS:
        raise ShapeError(
            "a matrix or a vector on each side of @", f"{A} @ {B}", "matmul", "to scale by a number write *"
        )
    if A[-1] != B[0]:
        flipped = len(A) == 2 and A[0] == B[0]
        raise ShapeError(
            "the last size of A to be the first size of B",
            f"{A} @ {B}",
            "matmul",
            "with the matrix transposed, A.T @ B, the sizes would fit"
            if flipped
            else "reshape or transpose one of them; outer(u, v) is the matrix of all products of two vectors",
        )
    return A[:-1] + B[1:]


@matmul.gradient
def _(dy, y, A, B):
    match len(A.shape), len(B.shape):
        case 1, 1:
            return dy * B, dy * A
        case 2, 1:
            return outer(dy, B), A.T @ dy
        case 1, 2:
            return B @ dy, outer(A, dy)
        case _:
            return dy @ B.T, A.T @ dy


@matmul.tidy
def _(A, B):
    for x, other, left in ((A, B, True), (B, A, False)):  # scalars and signs to the front: A (s v) is s (A v)
        if x.name or x.op.name not in ("multiply", "negate"):
            continue
        *scalar, inner = x.operands
        if all(one.shape == () for one in scalar) and inner.shape:
            product = matmul(inner, other) if left else matmul(other, inner)
            return x.op(*scalar, product)
    return None


@contraction(
    "Y[i,j] = u[i] * v[j]",
    _turned("#1", "#2ᵀ", _LAST_TURNED, rows=_turned("#1ᵀ", "#2", _FIRST_TURNED)),
    domain=("real", "real"),
    samples=(case((2,), (3,)), case((1,), (1,)), case((0,), (2,))),
    errors=(error((2, 2), (3,), match="two vectors"), error((), (3,), match="two vectors")),
)
def outer(u, v, /):
    """The outer product u vᵀ: the matrix of all products u_i v_j.

    u: (m,). v: (n,). Returns (m, n). Raises ShapeError for anything but vectors.

    >>> import chainrule as cr
    >>> cr.outer(cr.data("u", 2), cr.data("v", 3)).shape
    (2, 3)
    """
    if len(u) != 1 or len(v) != 1:
        raise ShapeError(
            "two vectors",
            f"{u} and {v}",
            "outer",
            "flatten(A) makes a vector of a matrix; to scale by a number write *",
        )
    return u + v


@outer.gradient
def _(dy, y, u, v):
    return dy @ v, dy.T @ u


@sign("T")
@primitive(
    Notation(Form(r"#1^{\top}", POWER, (CALL,)), Form("#1ᵀ", POWER, (CALL,))),
    linear="joint",
    equation="Y[i,j] = A[j,i]",
    samples=(case((2, 3)), case((1, 1)), case((0, 2))),
    errors=(error((3,), match="a matrix"),),
)
def transpose(A, /):
    """The transposed matrix: rows become columns.

    A: (m, n). Returns (n, m). Raises ShapeError for anything but a matrix.

    >>> import chainrule as cr
    >>> cr.transpose(cr.parameter("W", (2, 3))).shape
    (3, 2)
    """
    if len(A) != 2:
        raise ShapeError(
            "a matrix", f"{A}", "transpose", "a vector is a column already; u @ v and outer(u, v) need no .T"
        )
    return A[::-1]


@transpose.value
def _(xp, A):
    return xp.swapaxes(A, -1, -2)


@transpose.gradient
def _(dy, y, A):
    return (dy.T,)


@transpose.tidy
def _(A):
    return A.operands[0] if A.op is transpose and not A.name else None
