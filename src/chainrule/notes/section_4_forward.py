"""Sections 3 to 4.3, equations (74) to (98): the three models, and the network forward, with its numbers."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.notes.draws import binary, one_hot
from chainrule.notes.equation import DEFINITION, DERIVATIVE, NUMBER, Claim, Claims, Size, equation, under
from chainrule.notes.relation import Brackets, Cases, Entries, Equal, Lowers, Means, Rate, Rounded, Same, Shaped
from chainrule.notes.section_2_softmax import plain_softmax, total_of

σ = cr.sigmoid


def squash(z):  # type: ignore[no-untyped-def]
    """The sigmoid in plain NumPy."""
    return 1 / (1 + np.exp(-z))


@equation(74, "3", DEFINITION, "The cost of every model: the mean loss")
def equation_74(size: Size) -> Claims:
    X, y = cr.data("X", (size.examples, size.features)), cr.data("y", size.examples)
    θ = cr.parameter(r"\theta", size.features)
    losses = [cr.squared_error(X[i] @ θ, y[i]) for i in range(size.examples)]

    def meaning(X, y, θ):
        return np.mean((y - X @ θ) ** 2)

    return [
        Means(cr.mean((y - X @ θ) ** 2), (X, y, θ), meaning, r"\mathcal{L}(\theta)", "index"),
        Equal(cr.mean((y - X @ θ) ** 2), total_of(losses) / size.examples, "index"),
    ]


@equation(75, "3", DEFINITION, "Logistic regression")
def equation_75(size: Size) -> Claims:
    x, y, θ = cr.data("x", size.features), cr.data("y"), cr.parameter(r"\theta", size.features)
    f = σ(x @ θ).named(r"f(x, \theta)")

    def meaning(x, y, θ):
        p = np.array([squash(x @ θ), 1 - squash(x @ θ)])
        return -np.array([y, 1 - y]) @ np.log(p)

    return under(
        {y: binary},
        Means(f, (x, θ), lambda x, θ: squash(x @ θ)),
        Means(cr.binary_cross_entropy(f, y), (x, y, θ), meaning, r"\ell"),
    )


@equation(76, "3", DEFINITION, "Multinomial regression")
def equation_76(size: Size) -> Claims:
    x, y = cr.data("x", size.features), cr.data("y", size.classes)
    θ = cr.parameter(r"\theta", (size.features, size.classes))
    f = cr.softmax(x @ θ).named(r"f(x, \theta)")
    return under(
        {y: one_hot},
        Means(f, (x, θ), lambda x, θ: plain_softmax(x @ θ)),
        Means(cr.cross_entropy(f, y), (x, y, θ), lambda x, y, θ: -np.log(plain_softmax(x @ θ)[y.argmax()]), r"\ell"),
    )


@equation(77, "3", DEFINITION, "Linear regression", "(85) and (99) take half of this loss.")
def equation_77(size: Size) -> Claims:
    x, y, θ = cr.data("x", size.features), cr.data("y"), cr.parameter(r"\theta", size.features)
    f = (x @ θ).named(r"f(x, \theta)")
    return [
        Means(f, (x, θ), lambda x, θ: sum(x * θ)),
        Means((y - f) ** 2, (x, y, θ), lambda x, y, θ: (y - sum(x * θ)) ** 2, r"\ell"),
    ]


@equation(78, "4", DEFINITION, "A layer of neurons", "The bias is in Wx, as 2.3.4 allows.")
def equation_78(size: Size) -> Claims:
    inside, outside = size.widths[:2]
    W, x = cr.parameter("W", (outside, inside)), cr.data("x", inside)
    return [Means(σ(W @ x), (W, x), lambda W, x: squash(np.einsum("ij,j->i", W, x)), "a"), Shaped(σ(W @ x), (outside,))]


def chain(size: Size) -> tuple[cr.Expr, list[cr.Expr], list[cr.Expr]]:
    """An input x, parameters W_1, W_2, W_3 of three layers, and what each layer gives."""
    d, h, k, m = size.widths
    x = cr.data("x", d)
    W = [cr.parameter(rf"\theta_{n}", shape) for n, shape in enumerate(((h, d), (k, h), (m, k)), 1)]
    f = [x]
    for n, one in enumerate(W, 1):
        f.append(σ(one @ f[-1]).named(f"f_{n}"))
    return x, W, f


_UNPAIRED = "a bracket closes that was never opened, before the last parameter"


_PRINTED = Brackets(r"f_L(\ldots f_2(f_1(x; \theta_1); \theta_2) \ldots), \theta_L)")
_PAIRED = Brackets(r"f_L(\ldots f_2(f_1(x; \theta_1); \theta_2) \ldots; \theta_L)")


@equation(79, "4.1", DEFINITION, "A network as a composite function")
def equation_79(size: Size) -> Claims:
    x, W, f = chain(size)
    a, b, c = W
    return [
        Means(
            σ(c @ σ(b @ σ(a @ x))),
            (x, *W),
            lambda x, a, b, c: squash(c @ squash(b @ squash(a @ x))),
            r"f(\theta)",
        ),
        Equal(f[-1], σ(c @ σ(b @ σ(a @ x)))),
        Claim(_PRINTED, _PAIRED, _UNPAIRED, notation=True),
    ]


@equation(80, "4.1", DEFINITION, "All parameters of a network")
def equation_80(size: Size) -> Claims:
    _, W, f = chain(size)
    found = [leaf for leaf in cr.leaves([f[-1]]) if leaf.op.name == "parameter"]
    names = "{θ_1, …, θ_L} are the parameters of f", r"\theta = \{\theta_1, \ldots, \theta_L\}"
    return [Same(sorted(str(leaf.name) for leaf in found), sorted(str(leaf.name) for leaf in W), *names)]


@equation(81, "4.1", DEFINITION, "Gradient descent for a network")
def equation_81(size: Size) -> Claims:
    x, y = cr.data("x", size.features), cr.data("y")
    θ, η = cr.parameter(r"\theta", size.features), cr.constant(0.1)
    f = (x @ θ).named("f_L")
    loss = ((y - f) ** 2 / 2).named(r"\mathcal{L}")
    steps = [
        Lowers(θ - η * cr.gradient(of, θ).named(rf"\nabla {of.name}"), θ, loss) for of in (f, loss)
    ]
    because = "f_L is the network's last layer; what has to descend is the loss 𝓛, as in (111)"
    return [Claim(steps[0], steps[1], because, notation=True)]


def _layers(count: int) -> tuple[list[cr.Expr], list[cr.Expr]]:
    """Scalar layers f_l = σ(θ_l f_{l−1}) and their parameters."""
    f, θ = [cr.data("x")], [cr.parameter(rf"\theta_{n + 1}") for n in range(count)]
    for n, one in enumerate(θ, 1):
        f.append(σ(one * f[-1]).named(f"f_{n}"))
    return f, θ


def _by(of: cr.Expr, by: cr.Expr) -> cr.Expr:
    return cr.gradient(of, by).named(rf"\frac{{\partial {of.name}}}{{\partial {by.name}}}")


@equation(82, "4.1.1", DERIVATIVE, "The chain rule through the layers")
def equation_82() -> Claims:
    because = "the last factor between layers is ∂f_{l+1}/∂f_l; as printed layer l+2 is passed twice"
    claims = [Claim(_PRINTED, _PAIRED, _UNPAIRED, notation=True)]
    for layers in (3, 4):  # L layers, l = 1
        f, θ = _layers(layers)
        before = [_by(f[n], f[n - 1]) for n in range(layers, 2, -1)]
        last = _by(f[1], θ[0])
        printed, correct = [_by(f[3], f[1])], [_by(f[2], f[1])]
        claims.append(
            Claim(
                Rate(f[layers], θ[0], _times([*before, *printed, last])),
                Rate(f[layers], θ[0], _times([*before, *correct, last])),
                because,
            )
        )
    return claims


def _times(factors: list[cr.Expr]) -> cr.Expr:
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total


class Network:
    """The network of section 4.2: x (d,), z = W x + b (h,), a = σ(z), ŷ = U·a, ℓ = ½ (y − ŷ)²."""

    def __init__(self, d: int = 3, h: int = 3) -> None:
        self.x, self.y = cr.data("x", d), cr.data("y")
        self.W, self.b, self.U = cr.parameter("W", (h, d)), cr.parameter("b", h), cr.parameter("U", h)
        self.z = (self.W @ self.x + self.b).named("z")
        self.a = σ(self.z).named("a")
        self.guess = (self.U @ self.a).named(r"\hat{y}")
        self.loss = ((self.y - self.guess) ** 2 / 2).named(r"\ell")


def network(size: Size) -> Network:
    """The network of section 4.2 with widths of a size."""
    return Network(*size.widths[:2])


@equation(83, "4.2", DEFINITION, "A network with one hidden layer")
def equation_83(size: Size) -> Claims:
    n = network(size)
    inside = n.W @ n.x + n.b
    return [
        Means(n.U @ σ(inside), (n.U, n.W, n.x, n.b), lambda U, W, x, b: sum(U * squash(W @ x + b)), r"\hat{y}"),
        Claim(
            Equal(n.z, σ(inside)),
            Equal(n.z, inside),
            "the brace for z is under σ(Wx + b), which is a; z is Wx + b alone, as in (99)",
            notation=True,
        ),
        Equal(n.guess, n.U @ n.a),
    ]


@equation(84, "4.2", DEFINITION, "The network with its entries")
def equation_84() -> Claims:
    n = Network()
    rows = [total_of([n.W[i, j] * n.x[j] for j in range(3)]) + n.b[i] for i in range(3)]
    return [
        Entries(n.z, rows),
        Equal(n.guess, total_of([n.U[i] * σ(row) for i, row in enumerate(rows)])),
        Shaped(n.guess, ()),
    ]


TURNED = "the sign is turned: the derivative of ½ (y − ŷ)² by ŷ is ŷ − y"


@equation(85, "4.2", DERIVATIVE, "The loss and its derivative")
def equation_85() -> Claims:
    y, guess = cr.data("y"), cr.data(r"\hat{y}")
    loss = ((y - guess) ** 2 / 2).named(r"\ell")
    return [
        Means(loss, (y, guess), lambda y, p: 0.5 * (y - p) ** 2),
        Claim(Rate(loss, guess, y - guess), Rate(loss, guess, guess - y), TURNED),
    ]


X_, W_, B_, U_ = [2, 1, 2], [[1, 0, 1], [1, -1, 0], [0, 0, 2]], [1, 1, 1], [-1, 1, 1]
"""The numbers of the example (86)."""
EXAMPLE = {"x": X_, "W": W_, "b": B_, "U": U_, "y": 1}


@equation(86, "4.2.1", DEFINITION, "The numbers of the example")
def equation_86() -> Claims:
    W = cr.constant(W_)
    rows, columns = [cr.constant([v]) for v in (X_, B_)], [cr.constant(v) for v in (X_, B_)]
    because = "X, b and U are set as rows; Wx + b and Uᵀa need columns: transpose them"
    return [
        Claim(
            Shaped(lambda: W @ rows[0] + rows[1], (3,)), Shaped(W @ columns[0] + columns[1], (3,)), because, notation=True,
            spelled="W X + b with X = [2 1 2] and b = [1 1 1], rows",
        ),
        Claim(
            Shaped(lambda: cr.constant([U_]).T @ σ(columns[0]), ()),
            Shaped(cr.constant(U_) @ σ(columns[0]), ()),
            because,
            notation=True,
            spelled="Uᵀ a with U = [−1 1 1], a row",
        ),
    ]


@equation(87, "4.3.1", DEFINITION, "The linear layer, neuron by neuron", "X is the column x.")
def equation_87() -> Claims:
    n = Network()
    claims = []
    for i in range(3):
        terms = total_of([n.W[i, j] * n.x[j] for j in range(3)])
        claims += [Equal(n.z[i], n.W[i] @ n.x + n.b[i]), Equal(n.z[i], terms + n.b[i])]
    return claims


@equation(88, "4.3.1", NUMBER, "The rows of W")
def equation_88() -> Claims:
    return [Equal(cr.constant(W_)[i], cr.constant(row)) for i, row in enumerate(([1, 0, 1], [1, -1, 0], [0, 0, 2]))]


def _numbers() -> list[cr.Expr]:
    """z of the example, each as the sum that is printed."""
    n = cr.constant
    return [total_of([n(w) * n(x) for w, x in zip(row, X_, strict=True)]) + n(b) for row, b in zip(W_, B_, strict=True)]


@equation(89, "4.3.1", NUMBER, "z in numbers")
def equation_89() -> Claims:
    z = cr.constant(W_) @ cr.constant(X_) + cr.constant(B_)
    claims: list[Equal | Rounded] = []
    for i, (row, printed) in enumerate(zip(_numbers(), ("5", "2", "5"), strict=True)):
        claims += [Equal(z[i], row), Rounded(row, printed, f"z_{i + 1}")]
    return claims


_BRACE = "a brace is a choice between its lines; a vector needs square brackets"


@equation(90, "4.3.2", DEFINITION, "The non-linear layer")
def equation_90() -> Claims:
    z = cr.data("z", 3)
    a, entries = σ(z).named("a"), [σ(z[i]) for i in range(3)]
    return [Claim(Cases(a, entries), Entries(a, entries), _BRACE, notation=True)]


@equation(91, "4.3.2", DEFINITION, "The sigmoid again")
def equation_91() -> Claims:
    t = cr.data("t")
    return [Equal(σ(t), 1 / (1 + cr.exp(-t))), Means(1 / (1 + cr.exp(-t)), (t,), squash, r"\sigma(t)")]


@equation(92, "4.3.2", NUMBER, "a in numbers")
def equation_92() -> Claims:
    z = cr.constant([5, 2, 5])
    a, entries = σ(z).named("a"), [σ(cr.constant(n)) for n in (5, 2, 5)]
    cut = "σ(2) is 0.8808, which rounds up"
    claims: list[Claim | Rounded | Equal] = [Claim(Cases(a, entries), Entries(a, entries), _BRACE, notation=True)]
    for n, printed, correct in ((5, "0.993", ""), (2, "0.880", "0.881"), (5, "0.993", "")):
        value = 1 / (1 + cr.exp(-cr.constant(n)))
        claims.append(Claim(Rounded(value, printed), Rounded(value, correct) if correct else None, cut if correct else ""))
    return claims


@equation(93, "4.3.3", DEFINITION, "The output")
def equation_93(size: Size) -> Claims:
    U, a = cr.parameter("U", size.widths[1]), cr.data("a", size.widths[1])
    return [
        Equal(U @ a, total_of([U[i] * a[i] for i in range(size.widths[1])])),
        Means(U @ a, (U, a), lambda U, a: sum(U * a), r"\hat{y}"),
    ]


@equation(94, "4.3.3", NUMBER, "The output in numbers")
def equation_94() -> Claims:
    a = [σ(cr.constant(n)) for n in (5, 2, 5)]
    n = cr.constant
    guess = (n(U_) @ σ(n(W_) @ n(X_) + n(B_))).named(r"\hat{y}")
    printed, correct = (total_of([n(u) * one for u, one in zip(U, a, strict=True)]) for U in ((-1, 1, -1), U_))
    return [
        Claim(Equal(guess, printed), Equal(guess, correct), "U_3 is 1 in (86), not −1"),
        Claim(Rounded(guess, "0.880"), Rounded(guess, "0.881"), "0.8808 rounds up"),
    ]


@equation(95, "4.3.4", DEFINITION, "The squared difference", "Twice the loss of (85) and (99).")
def equation_95() -> Claims:
    y, guess = cr.data("y"), cr.data(r"\hat{y}")
    return [Means((guess - y) ** 2, (guess, y), lambda p, y: (p - y) * (p - y), r"\ell(\hat{y}, y)")]


@equation(96, "4.3.4", NUMBER, "The loss in numbers")
def equation_96() -> Claims:
    n = cr.constant
    exact = ((n(U_) @ σ(n(W_) @ n(X_) + n(B_)) - n(1)) ** 2).named(r"\ell")
    rounded = (n(0.88) - n(1)) ** 2
    because = "0.0144 is the square of a number that was cut off; ŷ − 1 is −0.1192"
    return [Rounded(rounded, "0.0144"), Claim(Rounded(exact, "0.0144"), Rounded(exact, "0.0142"), because)]


@equation(97, "4.3.4", DEFINITION, "The average loss")
def equation_97(size: Size) -> Claims:
    losses = cr.data(r"\ell", size.examples)
    average = cr.mean(losses).named(r"\mathcal{L}")
    because = "it is called the average, as in (74), and lacks the factor 1/N"
    return [
        Claim(
            Equal(average, cr.sum(losses), "index"),
            Equal(average, cr.sum(losses) / size.examples, "index"),
            because,
            notation=True,
        )
    ]


@equation(98, "4.3.5", DEFINITION, "A network with two hidden layers")
def equation_98(size: Size) -> Claims:
    d, h, k, _ = size.widths
    x, y = cr.data("x", d), cr.data("y")
    W1, b1 = cr.parameter("W^{(1)}", (h, d)), cr.parameter("b^{(1)}", h)
    W2, b2 = cr.parameter("W^{(2)}", (k, h)), cr.parameter("b^{(2)}", k)
    U = cr.parameter("U", k)
    z1 = (W1 @ x + b1).named("z^{(1)}")
    a1 = σ(z1).named("a^{(1)}")
    z2 = (W2 @ a1 + b2).named("z^{(2)}")
    a2 = σ(z2).named("a^{(2)}")
    guess = (U @ a2).named(r"\hat{y}")
    loss = ((y - guess) ** 2 / 2).named(r"\ell")

    def first(x, W1, b1):
        return np.einsum("ij,j->i", W1, x) + b1

    def second(x, W1, b1, W2, b2):
        return np.einsum("ij,j->i", W2, squash(first(x, W1, b1))) + b2

    def last(x, W1, b1, W2, b2, U):
        return sum(U * squash(second(x, W1, b1, W2, b2)))

    one, two = (x, W1, b1), (x, W1, b1, W2, b2)
    return [
        Means(z1, one, first),
        Means(a1, one, lambda *v: squash(first(*v))),
        Means(z2, two, second),
        Means(a2, two, lambda *v: squash(second(*v))),
        Means(guess, (*two, U), last),
        Means(loss, (*two, U, y), lambda *v: 0.5 * (v[-1] - last(*v[:-1])) ** 2),
    ]

