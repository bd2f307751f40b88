"""The notes, executable: each numbered equation is a live object that is computed and judged at every call.

`judge(94)` says whether equation (94) is right, wrong or imprecise as printed, what it has to be, and on what
evidence. `judge_all()` does so for all 146.
"""

from chainrule.notes import (  # noqa: F401 - the sections enter their equations
    section_2_derivatives,
    section_2_descent,
    section_2_entropy,
    section_2_sigmoid,
    section_2_softmax,
    section_3_models,
    section_4_backward,
    section_4_deep,
    section_4_forward,
    section_4_network,
    section_5_backward,
    section_5_convolution,
    section_5_vgg,
)
from chainrule.notes.equation import EQUATIONS, KINDS, VERDICTS
from chainrule.notes.judgement import Judgement, judge, judge_all

__all__ = ["EQUATIONS", "KINDS", "VERDICTS", "Judgement", "judge", "judge_all"]
