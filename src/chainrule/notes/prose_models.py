"""What the text of section 2 says that is false or loose, in our words and computed."""

from __future__ import annotations

import numpy as np

import chainrule as cr
from chainrule.notes.relation import Equal, Lowers, Relation, Same, Shaped, Within
from chainrule.notes.remark import Remark

n = cr.constant
x, b, θ = cr.data("x"), cr.parameter("b"), cr.parameter(r"\theta")


def _residuals() -> Relation:
    """A flat line through the mean of the labels of a rising line: its residuals sum to 0 too."""
    y, line = n([1, 2, 3]), n([2, 2, 2])
    return Equal(
        cr.sum(y - n([1, 2, 3])) - cr.sum(y - line), cr.sum((y - n([1, 2, 3])) ** 2) - cr.sum((y - line) ** 2)
    )


def _length() -> Relation:
    """The length of the first step of (56) against η."""
    start = n(-2)
    return Equal(cr.absolute(n(0.1) * 2 * start), n(0.1))


def _uphill() -> Relation:
    """Descent on −x², which has a maximum: the step leads away from it."""
    top = x**2
    return Lowers(x - n(0.1) * cr.gradient(-(x**2), x), x, top)


def _parted() -> Relation:
    """The cost of two points on two sides, with a large θ."""
    points, labels = n([1, -1]), n([1, 0])
    q = cr.sigmoid(40 * points)
    cost = -(labels @ cr.log(q) + (1 - labels) @ cr.log(1 - q))
    return Same(bool(cr.evaluate(cost, {}) > 1e-9), True, "the cost of parted classes stays away from 0")


MODELS = (
    Remark(
        "2.1.2",
        "The best line minimises the sum of the residuals.",
        "The sum of their squares: residuals of a bad line can sum to 0 as well.",
        _residuals,
        loose=True,
    ),
    Remark(
        "2.1.3",
        "Figure 2: the red line is the best fit.",
        "It is a curve, σ(xᵀθ + b): no line keeps between 0 and 1.",
        lambda: Within(θ * x + b, 0, 1),
        loose=True,
    ),
    Remark(
        "2.3.1",
        "The sign ᵀ is called the inner product.",
        "ᵀ is the transpose; xᵀθ is the inner product.",
        lambda: Shaped(cr.parameter("W", (2, 3)).T, ()),
        loose=True,
    ),
    Remark(
        "2.3.2",
        "Figure 5: σ(−xᵀθ) with θ = −0.5 is σ(−0.5 x).",
        "σ(xᵀθ) with θ = −0.5 is σ(−0.5 x): the caption turns the sign twice.",
        lambda: Equal(cr.sigmoid(-(x * n(-0.5))), cr.sigmoid(n(-0.5) * x)),
    ),
    Remark(
        "2.3.3",
        "The plots are for b = −1 and b = 1.",
        "Figure 6 shows b = −3 and b = 3.",
        lambda: Same((-3, 3), (-1, 1), "b of the plots"),
    ),
    Remark(
        "2.3.3",
        "Figure 6: σ(x − 3) has b = 3, and σ(x + 3) has b = −3.",
        "By (5) the argument is x θ + b: σ(x − 3) has b = −3, σ(x + 3) has b = 3.",
        lambda: Equal(cr.sigmoid(x + n(3)), cr.sigmoid(x - 3)),
    ),
    Remark(
        "2.3.3",
        "At x = b the value is 0.5, and the curve moves by b to the right.",
        "At x = −b/θ: the curve moves by b/θ to the left.",
        lambda: Equal(cr.sigmoid(b + b), n(0.5)),
    ),
    Remark(
        "2.3.5",
        "dσ(t)/dt is the derivative operator.",
        "It is the derivative of σ; the operator is d/dt.",
        None,
        loose=True,
        because="an operator takes a function, dσ/dt is one",
    ),
    Remark(
        "2.5.3",
        "q_i is σ(x_iᵀθ), with i the example.",
        "In (27) the index of q is the class: q_1 = σ(xᵀθ) and q_2 = 1 − q_1.",
        lambda: Equal(cr.sigmoid(x), 1 - cr.sigmoid(x)),
        loose=True,
    ),
    Remark(
        "2.5.4",
        "The likelihood is the product of Pr(y_i).",
        "Of Pr(y_i | x_i, θ): each label has its own probability, and all share θ.",
        None,
        loose=True,
        because="without x_i and θ all the labels would have one probability",
    ),
    Remark(
        "2.6",
        "Outputs of the classifier such as [0.99, 0.005, 0.005, 0].",
        "A softmax is never 0 (nor 1): every class keeps some probability.",
        lambda: Same(
            bool(np.min(cr.evaluate(cr.softmax(n([9, 4, 4, -20])), {})) > 0), False, "a softmax can be 0"
        ),
        loose=True,
    ),
    Remark(
        "2.7",
        "A θ without error on all data is impossible.",
        "Impossible where classes overlap; where a line parts them the cost comes as near to 0 as one likes.",
        _parted,
        loose=True,
    ),
    Remark(
        "2.7.1",
        "The sum over t_i is 1, with t_i below the sum sign.",
        "Σ_i t_i = 1: the index stands below the sign, the probability behind it.",
        None,
        loose=True,
        because="as set, nothing is summed",
    ),
    Remark(
        "2.7.1",
        "(51) is a likelihood density.",
        "It is a probability: labels are discrete.",
        None,
        loose=True,
        because="the likelihoods of all labellings sum to 1",
    ),
    Remark(
        "2.8",
        "The iteration finds maxima or minima.",
        "With the minus sign it goes downhill and finds minima only.",
        _uphill,
    ),
    Remark(
        "2.8",
        "A step has the length η.",
        "It has the length η |∇f|: the first step of (56) is 0.4 long with η = 0.1.",
        _length,
    ),
    Remark(
        "2.8",
        "The steepest direction is the gradient.",
        "The gradient points up; the steepest way down is its negative.",
        lambda: Lowers(x + n(0.1) * cr.gradient(x**2, x), x, x**2),
        loose=True,
    ),
)
