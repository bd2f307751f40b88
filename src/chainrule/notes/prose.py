"""What the text around the equations says that is false or loose, by section, in our words and computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.notes.equation import IMPRECISE, RIGHT, WRONG
from chainrule.notes.relation import Equal, Lowers, Rate, Relation, Rounded, Same, Shaped
from chainrule.notes.section_4_network import B_, U_, W_, X_
from chainrule.notes.verify import Finding, found

n = cr.constant
x, b, θ = cr.data("x"), cr.parameter("b"), cr.parameter(r"\theta")


@dataclass(frozen=True)
class Remark:
    """A remark on a sentence: what it says, what is true, and the relation that shows it.

    build: the sentence as a relation, to be found false; None for a sentence about words or history.
    loose: whether a reader repairs it easily.
    """

    section: str
    says: str
    correct: str
    build: Callable[[], Relation] | None
    loose: bool = False
    because: str = ""

    @cached_property
    def finding(self) -> Finding:
        """What was computed for the sentence."""
        if self.build is None:
            return Finding(False, self.because)
        return found(self.build(), {}, 3)

    @property
    def verdict(self) -> str:
        """right where the sentence proves true, else imprecise or wrong."""
        return RIGHT if self.finding.holds else IMPRECISE if self.loose else WRONG

    @property
    def evidence(self) -> str:
        """What was computed, in words."""
        return self.finding.evidence

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        return {
            "section": self.section,
            "says": self.says,
            "verdict": self.verdict,
            "correct": self.correct,
            "evidence": self.evidence,
        }


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


def _cancelling() -> Relation:
    a = cr.data("a")
    terms = (a, -a)
    return Same(
        cr.evaluate(terms[0] + terms[1], {"a": 1.0}) != 0, True, "a sum with a non-zero term is not zero"
    )


def _example_loss() -> Relation:
    guess = n(U_) @ cr.sigmoid(n(W_) @ n(X_) + n(B_))
    return Rounded((guess - n(1)) ** 2, "0.0144", "ℓ")


REMARKS = (
    Remark(
        "2.1.2",
        "The best line minimises the sum of the residuals.",
        "The sum of their squares: residuals of a bad line can sum to 0 as well.",
        _residuals,
        loose=True,
    ),
    Remark(
        "2.3.1",
        "The sign ⊤ is called the inner product.",
        "⊤ is the transpose; x⊤θ is the inner product.",
        lambda: Shaped(cr.parameter("W", (2, 3)).T, ()),
        loose=True,
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
        "2.6",
        "Outputs of the classifier such as [0.99, 0.005, 0.005, 0].",
        "A softmax is never 0 (nor 1): every class keeps some probability.",
        lambda: Same(
            bool(np.min(cr.evaluate(cr.softmax(n([9, 4, 4, -20])), {})) > 0), False, "a softmax can be 0"
        ),
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
    Remark(
        "4.1.1",
        "Product and sum rule with ∂f/∂θ in front of the bracket.",
        "The operator is ∂/∂θ; with ∂f/∂θ there is a factor too much.",
        lambda: Rate(θ**2 * cr.exp(θ), θ, cr.gradient(θ**2, θ) * (θ**2 * cr.exp(θ))),
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
        "5.2.2",
        "A 3 × 3 kernel over a 5 × 5 image with padding 1: 12 steps are left after the first four.",
        "The result is 5 × 5: 25 steps, 21 are left.",
        _steps,
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
        "As long as one term of the sum is not zero, the sum is not zero.",
        "Terms can cancel.",
        _cancelling,
    ),
)


def remarks(section: str | None = None) -> list[Remark]:
    """The remarks on a section and those below it; all without one."""
    if section is None:
        return list(REMARKS)
    parts = section.split(".")
    return [remark for remark in REMARKS if remark.section.split(".")[: len(parts)] == parts]
