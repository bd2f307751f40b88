"""What the text of sections 4 and 5 says that is false or loose, in our words and computed."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.notes.relation import Equal, Rate, Relation, Rounded, Same
from chainrule.notes.remark import Remark
from chainrule.notes.section_4_network import B_, U_, W_, X_

n = cr.constant
x, b, θ = cr.data("x"), cr.parameter("b"), cr.parameter(r"\theta")


def _all_neurons() -> Relation:
    """Which z of the example change with x_2."""
    column = np.array(W_)[:, 1]
    return Same(int(np.count_nonzero(column)), 3, "x_2 changes every z of the example")


def _turned() -> Relation:
    """Sliding with and without the kernel turned, for a kernel that is not symmetric."""
    f, g = n([1, 0, -1, 2, 1, 2]), n([1, 2, 3])
    return Equal(cr.correlate(f, g), cr.convolve(f, g))


def _steps() -> Relation:
    side = (5 + 2 * 1 - 3) + 1
    return Same(side * side - 4, 12, "steps left after the first four")


def _sizes() -> Relation:
    return Same(
        (224 + 2 * 1 - 3) + 1,
        112,
        "side of a channel after the first convolution (3 × 3, padding 1, stride 1)",
    )


def _regressed() -> Relation:
    """The slope of a line through the origin by x on y, and by y on x."""
    x, y = n([1, 2, 3]), n([1, 4, 2])
    return Equal((y @ y) / (x @ y), (x @ y) / (x @ x))


def _shifting() -> Relation:
    """The second row of the matrix of (135) for the kernel (1, 2, 3), against the first one shifted."""
    matrix = np.array([np.convolve([1, 2, 3], column) for column in np.eye(4, dtype=int)]).T
    return Same(
        tuple(matrix[1].tolist()),
        (0, *matrix[0, :-1].tolist()),
        "each row is the one above, shifted by one place",
    )


def _flat() -> Relation:
    """The slope of the sigmoid far out."""
    q = cr.sigmoid(n([-30, 0, 30]))
    return Same(bool(np.min(cr.evaluate(q * (1 - q), {})) > 0), False, "σ′ is 0 at −30, 0 or 30")


def _cancelling() -> Relation:
    a = cr.data("a")
    terms = (a, -a)
    return Same(
        cr.evaluate(terms[0] + terms[1], {"a": 1.0}) != 0, True, "a sum with a non-zero term is not zero"
    )


def _example_loss() -> Relation:
    guess = n(U_) @ cr.sigmoid(n(W_) @ n(X_) + n(B_))
    return Rounded((guess - n(1)) ** 2, "0.0144", "ℓ")


NETWORKS = (
    Remark(
        "4",
        "x is regressed on y.",
        "y is regressed on x: the model gives y from x, and the other way round is another line.",
        _regressed,
        loose=True,
    ),
    Remark(
        "4.1.1",
        "Product and sum rule with ∂f/∂θ in front of the bracket.",
        "The operator is ∂/∂θ; with ∂f/∂θ there is a factor too much.",
        lambda: Rate(θ**2 * cr.exp(θ), θ, cr.gradient(θ**2, θ) * (θ**2 * cr.exp(θ))),
        loose=True,
    ),
    Remark(
        "4.2",
        "For a classification problem softmax has to be used.",
        "For more than two classes; for two a sigmoid with one output is the same model, by (44).",
        lambda: Same(
            bool(abs(cr.evaluate(cr.softmax(n([2, 0]))[0] - cr.sigmoid(n(2)), {})) > 1e-12),
            True,
            "two classes need a softmax",
        ),
        loose=True,
    ),
    Remark(
        "4.3.1",
        "A change of x_i affects every z_i.",
        "Each z_k with W_{k,i} ≠ 0: in the example x_2 changes z_2 only. The two i are different indices.",
        _all_neurons,
        loose=True,
    ),
    Remark(
        "4.3.4",
        "The network of the example has the error 0.0144.",
        "0.0142, as (96) corrected.",
        _example_loss,
    ),
    Remark(
        "4.4.1",
        "The next line computes ∂ŷ/∂W_{i,j}.",
        "(103) is ∂ℓ/∂W_{i,j}.",
        lambda: Rate((b * x - θ) ** 2 / 2, b, x),
        loose=True,
    ),
    Remark(
        "4.4.7",
        "Each x_j is contributed by all a_i.",
        "The other way: each x_j contributes to all a_i.",
        lambda: Equal(cr.gradient(cr.sigmoid(b * x), b), n(0)),
        loose=True,
    ),
    Remark(
        "4.4.7",
        "(114) finds the part of the input that causes most of the error.",
        "That is ∂ℓ/∂x = (ŷ − y) ∂ŷ/∂x; (114) is ∂ŷ/∂x alone.",
        lambda: Rate((b * x - θ) ** 2 / 2, x, b),
        loose=True,
    ),
    Remark(
        "4.5.3",
        "With the gradient ∇f(x_n) the parameters do not move.",
        "With a gradient close to zero; the words are missing.",
        None,
        loose=True,
        because="a gradient as such moves them: that is (54)",
    ),
    Remark(
        "4.6",
        "The gradients of the layers run from 1 to L − 1.",
        "From 1 to L: each of the L layers has its W.",
        lambda: Same(
            len(
                [
                    w
                    for w in cr.leaves(
                        [cr.sigmoid(cr.parameter("W_2") * cr.sigmoid(cr.parameter("W_1") * x))]
                    )
                    if w.op.name == "parameter"
                ]
            ),
            2 - 1,
            "matrices of a network of two layers",
        ),
    ),
    Remark(
        "4.6",
        "∂ŷ/∂W⁽ˡ⁾ is there as soon as δ⁽ˡ⁺¹⁾ is.",
        "As soon as δ⁽ˡ⁾ is, by (123) corrected: δ⁽ˡ⁺¹⁾ has as many entries as the next layer has neurons.",
        lambda: Same(
            (cr.parameter("W_2", (4, 3)) @ cr.data("a_1", 3)).shape[0],
            cr.parameter("W_1", (3, 2)).shape[0],
            "entries of δ⁽²⁾ and rows of W⁽¹⁾, for layers of 3 and 4 neurons",
        ),
    ),
    Remark(
        "5.2.1",
        "Sliding a kernel as in (127) is convolution.",
        (
            "It is correlation; convolution, as in (133), turns the kernel first. With symmetric "
            "kernels, as here, both agree."
        ),
        _turned,
        loose=True,
    ),
    Remark(
        "5.2.2",
        "A 3 × 3 kernel over a 5 × 5 image with padding 1: 12 steps are left after the first four.",
        "The result is 5 × 5: 25 steps, 21 are left.",
        _steps,
    ),
    Remark(
        "5.2.3",
        "(134) is for t′ ≠ t.",
        "For every t′; it is (133) with another letter.",
        None,
        loose=True,
        because="with t′ = t both are the same line",
    ),
    Remark(
        "5.2.5",
        "The convolution that the matrix (135) replaces is that of 5.2.1.",
        "(135) turns the kernel and reaches over the ends, as (133) does; the sliding of 5.2.1 does neither.",
        lambda: Same(
            cr.convolve(cr.data("a", 6), cr.data("w", 3), padding="full").shape,
            cr.correlate(cr.data("a", 6), cr.data("w", 3)).shape,
            "sizes of the results of (135) and (127)",
        ),
        loose=True,
    ),
    Remark(
        "5.2.5",
        "The rows of the matrix (135) shift by one place to the right.",
        "The columns shift down by one place; along the first rows and the last the kernel enters and leaves.",
        _shifting,
        loose=True,
    ),
    Remark(
        "5.3",
        "Figure (5.3) shows the network.",
        "Figure 17 does; there is no figure of that number.",
        None,
        loose=True,
        because="the figures run from 1 to 19",
    ),
    Remark(
        "5.3",
        "Each channel of the first pre-activation is 112 × 112.",
        "224 × 224: the convolution keeps the size, the pooling after it halves it, as (142) says.",
        _sizes,
    ),
    Remark(
        "5.3",
        "The kernels are W_{1,1} to W_{3,64} and, in the next layer, W_{1,1} to W_{64,128}.",
        "(137) and (138) have the output first: W_{1,1} to W_{64,3}, and to W_{128,64}.",
        lambda: Same(cr.parameter("W", (64, 3)).shape, (3, 64), "largest indices of the kernels of (137)"),
        loose=True,
    ),
    Remark(
        "5.3",
        "From layer 1 to layer 2: 112 × 112 × 64 to 112 × 112 × 128.",
        "True of configuration A of VGG, after pooling; in B to E layer 2 is a second 224 × 224 × 64.",
        None,
        loose=True,
        because="configuration D (VGG-16) has two convolutions with 64 channels before the first pooling",
    ),
    Remark(
        "5.3",
        "The derivative of ReLU can only be 0 or 1.",
        "At 0 it has none: the slopes from both sides are 0 and 1, and one is chosen.",
        lambda: Rate(cr.absolute(x) / 2 + x / 2, x, n(1)),
        loose=True,
    ),
    Remark(
        "5.3",
        "ReLU prevents exploding gradients.",
        "Its slope is at most 1, but the weights multiply too: with large ones gradients still grow.",
        lambda: Same(
            bool(cr.evaluate(cr.gradient(cr.relu(3 * cr.relu(3 * cr.relu(3 * x))), x), {"x": 1.0}) <= 1),
            True,
            "a chain of ReLU layers does not enlarge a gradient",
        ),
        loose=True,
    ),
    Remark(
        "5.3",
        "ReLU is around six times faster than existing activations.",
        (
            "Six times fewer epochs to 25 % training error on CIFAR-10 than with tanh (Krizhevsky et al. "
            "2012, figure 1): faster learning, not evaluation."
        ),
        None,
        loose=True,
        because="the figure counts epochs",
    ),
    Remark(
        "5.4.1",
        "With stride 0 the result is (N − m + 1) × (N − m + 1).",
        "With stride 1; with stride 0 the kernel never moves.",
        lambda: Same(len({0 * step for step in range(5)}), 5, "places that a stride of 0 visits in 5 steps"),
    ),
    Remark(
        "5.4.1",
        "The indices of z run from 0 to N − m + 1.",
        "From 0 to N − m: there are N − m + 1 of them.",
        lambda: Same(
            cr.correlate(cr.data("f", 6), cr.data("g", 3)).shape[0] - 1,
            6 - 3 + 1,
            "last index of z for N = 6, m = 3",
        ),
    ),
    Remark(
        "5.4.1",
        "The centre moves by (m/2, m/2).",
        "By ((m − 1)/2, (m − 1)/2) for odd m, the whole number of entries beside the centre.",
        lambda: Same(3 / 2 == 3 // 2, True, "m/2 is a whole number for m = 3"),
        loose=True,
    ),
    Remark(
        "5.4.2",
        "(146) is a sum over an entire image.",
        "Over all of z⁽ˡ⁾, with (N − m + 1)² entries; the image a⁽ˡ⁻¹⁾ below has N².",
        lambda: Same(
            cr.correlate2d(cr.data("f", (6, 6)), cr.data("g", (3, 3))).shape,
            (6, 6),
            "size of z for N = 6, m = 3",
        ),
        loose=True,
    ),
    Remark(
        "5.4.2",
        "σ′(z) can be zero.",
        "That of ReLU can; that of the sigmoid is always positive, by (13).",
        _flat,
        loose=True,
    ),
    Remark(
        "5.4.2",
        "As long as one term of the sum is not zero, the sum is not zero.",
        "Terms can cancel.",
        _cancelling,
    ),
    Remark(
        "5.4.3",
        "The user gives the architecture; backward and the descent are done by the software.",
        "The derivatives are; the loss, the step and its size are the user's choice too.",
        None,
        loose=True,
        because="(111) needs 𝓛 and η as well as the network",
    ),
)
