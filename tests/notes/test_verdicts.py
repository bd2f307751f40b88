"""Every equation of the notes is there, is computed, and has the verdict that follows."""

import pytest

from chainrule.notes import EQUATIONS, KINDS, judge, judge_all
from chainrule.notes.prose import REMARKS
from chainrule.notes.relation import Brackets, Rate, Rounded, Same, Shaped

WRONG = {
    10, 17, 22, 23, 24, 25, 28, 35, 39, 47, 60, 82, 85, 92, 94, 96, 100, 104, 105, 108, 110, 113,
    119, 120, 122, 123, 124, 127, 128, 144, 146,
}  # fmt: skip
IMPRECISE = {6, 44, 64, 79, 81, 83, 86, 90, 97, 109, 114, 115, 117, 118, 131, 135, 137, 138, 145}


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
        assert one.values


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
