"""The judge is judged: one thing changed in a true statement, and it has to say wrong."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from notes.mutations import changed

import chainrule as cr
from chainrule.notes import EQUATIONS
from chainrule.notes.equation import SIZES, Claim
from chainrule.notes.relation import Equal, Rate, Rounded
from chainrule.notes.verify import drawn, verdict_of

FEW = {33, 34, 53, 80, 81, 86, 121, 126, 129, 142}  # a best point, a step, names, shapes, sizes


def true_claims(eq):
    """The claims of an equation as they are true, with what is printed put right."""
    entry = EQUATIONS[eq]
    return [
        replace(claim, printed=claim.correct or claim.printed, correct=None)
        for claim in entry.claims(entry.sizes[0])
    ]


def differ(claim, before, after, seed):
    """Whether two expressions differ on random inputs, by enough to be told apart."""
    random = np.random.default_rng(seed)
    values = drawn([before, after], claim.given, random)
    one, other = cr.evaluate([before, after], values)
    return not np.allclose(one, other, rtol=1e-6, atol=1e-7, equal_nan=True)


@cache
def judged_mutants(eq):
    """How many changed statements there were, and those that the judge did not call wrong."""
    missed, tried = [], 0
    for at, claim in enumerate(true_claims(eq)):
        for relation, pair in changed(claim.printed):
            if pair is not None and not differ(claim, *pair, seed=eq):
                continue  # an equivalent mutant: x + 0 for x − 0
            tried += 1
            verdict, finding, _ = verdict_of(replace(claim, printed=relation), 10 * eq)
            if verdict != "wrong":
                missed.append((at, relation.written(), finding.evidence))
    return tried, missed


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a mutant may divide by 0 or take the logarithm of −1
@pytest.mark.parametrize("eq", sorted(EQUATIONS))
def test_a_changed_statement_is_wrong(eq):
    tried, missed = judged_mutants(eq)
    assert missed == []
    assert tried >= (1 if eq in FEW else 4)


@pytest.mark.evidence  # ten seconds of processor time
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_kill_rate(capsys):
    found = {eq: judged_mutants(eq) for eq in EQUATIONS}
    tried, missed = (sum(numbers) for numbers in zip(*((n, len(m)) for n, m in found.values()), strict=True))
    with capsys.disabled():
        print(
            f"\n{tried} statements with one thing changed, over {len(found)} equations: the judge calls "
            f"{tried - missed} wrong, {(tried - missed) / tried:.2%}"
        )
    assert tried >= 6000
    assert missed == 0


@pytest.mark.parametrize("eq", [6, 7, 8, 28, 44, 61, 83, 86, 97, 109, 114, 117, 118, 145])
def test_a_repair_that_is_not_true_does_not_make_a_line_imprecise(eq):
    claims = [claim for claim in EQUATIONS[eq].claims(SIZES[0]) if claim.notation]
    for claim in claims:
        relation, _ = next(iter(changed(claim.correct)))
        assert verdict_of(replace(claim, correct=relation), 10 * eq)[0] == "wrong"


t = cr.data("t")
KNOWN = [
    (Rate(cr.sigmoid(t), t, cr.sigmoid(t) * (1 + cr.sigmoid(t))), "sign"),
    (Equal(1 - cr.sigmoid(t), cr.sigmoid(t)), "sign of the argument"),
    (Rounded(cr.sigmoid(cr.constant(2)), "0.880"), "digit cut off"),
    (Rounded(cr.sigmoid(cr.constant(2)), "0.882"), "digit"),
    (Rate(t**2, t, 2 * t + 1e-6), "a small term"),
]


@pytest.mark.parametrize(
    ("relation", "slip"), KNOWN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_known_slips(relation, slip):
    assert verdict_of(Claim(relation), 1)[0] == "wrong"


@pytest.mark.parametrize(
    ("text", "verdict"), [("0.5", "right"), ("0.50", "right"), ("0.4", "wrong"), ("0.51", "wrong")]
)
def test_rounding(text, verdict):
    assert verdict_of(Claim(Rounded(cr.sigmoid(cr.constant(0)), text)), 1)[0] == verdict
