"""Every equation of the notes is there, is computed, and has the verdict that follows."""

import pytest

from chainrule.notes import EQUATIONS, KINDS, judge, judge_all
from chainrule.notes.errata import READ, corrected_latex
from chainrule.notes.printed import printed_latex
from chainrule.notes.prose import REMARKS
from chainrule.notes.relation import Brackets, Rate, Rounded, Same, Shaped

WRONG = {
    10, 17, 22, 23, 24, 25, 35, 39, 60, 81, 82, 85, 92, 94, 96, 100, 104, 105, 108, 110, 113,
    119, 120, 122, 123, 124, 127, 128, 144, 146,
}  # fmt: skip
IMPRECISE = {6, 7, 8, 28, 44, 47, 61, 63, 64, 79, 83, 86, 90, 97, 109, 114, 115, 117, 118, 131, 138, 145}


@pytest.fixture(scope="module")
def judged():
    return {one.equation.eq: one for one in judge_all()}


def test_all_146_are_there():
    assert sorted(EQUATIONS) == list(range(1, 147))


def test_sections_follow_the_order_of_the_notes():
    sections = [[int(part) for part in EQUATIONS[n].section.split(".")] for n in sorted(EQUATIONS)]
    assert sections == sorted(sections)


@pytest.mark.parametrize("eq", range(1, 147))
def test_the_verdict(judged, eq):
    expected = "wrong" if eq in WRONG else "imprecise" if eq in IMPRECISE else "right"
    assert judged[eq].verdict == expected, [line for line in judged[eq].lines if line.verdict != expected]


@pytest.mark.parametrize("eq", sorted(WRONG | IMPRECISE))
def test_every_correction_holds_and_says_why(judged, eq):
    one = judged[eq]
    for line in one.faults:
        assert line.claim.correct is not None, line.statement
        assert line.correct is not None and line.correct.holds, line.correct
        assert line.claim.because, line.statement
    assert one.correct and one.reason and one.evidence and one.correct_latex


def test_no_correction_is_offered_for_a_line_that_is_right(judged):
    assert [
        (eq, line.statement)
        for eq, one in judged.items()
        for line in one.lines
        if line.verdict == "right" and line.claim.correct is not None
    ] == []


@pytest.mark.parametrize("eq", range(1, 147))
def test_every_equation_states_mathematics(judged, eq):
    one = judged[eq]
    assert one.equation.kind in KINDS
    assert one.statement and one.check and one.printed
    kinds = {type(line.claim.printed) for line in one.lines}
    assert kinds - {Brackets, Same, Shaped} or eq in (80, 86, 125, 126, 129, 142), (
        "more than counts and shapes"
    )
    if one.equation.kind == "derivative":
        assert Rate in kinds
    if one.equation.kind == "number" and eq not in (88, 128, 132, 142):
        assert Rounded in kinds


def test_every_equation_that_is_not_right_is_corrected_in_print():
    assert set(READ) == WRONG | IMPRECISE
    for eq in READ:
        assert corrected_latex(eq) != printed_latex(eq)  # and each edit has met what is printed
    assert corrected_latex(13) == printed_latex(13)
    assert r"\mathbf{W}^{(l+1)\top} \delta^{(l+1)}" in corrected_latex(120)


def test_an_edit_that_does_not_meet_what_is_printed(monkeypatch):
    monkeypatch.setitem(READ, 13, (("Ω", "ω"),))
    with pytest.raises(ValueError, match=r"errata of \(13\): needed Ω in the printed equation; came none"):
        corrected_latex(13)


def test_values_are_those_of_the_true_equation(judged):
    expected = {
        8: [19], 88: [1, 0, 1, 1, -1, 0, 0, 0, 2], 89: [5, 2, 5], 127: [0, 2, 0, 4], 128: [0, 2, 0, 4],
        131: [0, 2, 0, 4, -1, 3, -2, 3, 1], 132: [0, 2, 0, 4, -1, 3, -2, 3, 1],
        141: [3.5, 9.5, 6.2, 10, 5.2], 142: [112, 112, 56, 56],
    }  # fmt: skip
    for eq, numbers in expected.items():
        assert judged[eq].values == pytest.approx(numbers, abs=1e-12), eq
    for eq, one in judged.items():
        assert (one.values is not None) == (one.equation.kind == "number"), eq


def test_nothing_is_kept_between_two_calls():
    first, second = judge(94), judge(94)
    assert first is not second
    assert first.as_dict() == second.as_dict()


@pytest.mark.parametrize(
    ("eq", "value"),
    [
        (8, 19.0), (22, 0.9497834462097746), (23, 0.6108643020548935), (24, 1.2039728043259361),
        (25, 0.10536051565782628), (56, -1.6), (57, -1.28), (58, 1.6), (59, 1.28), (89, 5.0),
        (92, 0.8807970779778823), (94, 0.8807970779778823), (96, 0.014209336618611007), (127, 4.0),
    ],
)  # fmt: skip
def test_numbers_at_full_precision(judged, eq, value):
    assert any(abs(found - value) <= 1e-12 for found in judged[eq].values)


@pytest.mark.parametrize("remark", REMARKS, ids=lambda remark: f"{remark.section}: {remark.says[:40]}")
def test_remarks_on_the_text_are_found_as_they_are(remark):
    assert remark.verdict in ("wrong", "imprecise")
    assert remark.evidence and remark.correct
    if not remark.loose:
        assert remark.build is not None, "what is called wrong is computed"


def test_an_equation_there_is_not():
    with pytest.raises(ValueError, match=r"an equation from 1 to 146; came 147"):
        judge(147)
