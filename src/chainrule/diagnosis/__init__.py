"""Why a network does not learn, and which parts of the data cause its errors.

Read `stages` (what is measured), `flow` (the numbers), `recorder` (during training), `columns` and `neighbours` (the
data), `trial` (experiments), then `diagnose`.
"""

from chainrule.diagnosis.attribution import (
    Mistake,
    Ranked,
    gradient_times_input,
    integrated_gradients,
    ranked,
    smoothed_gradient,
    worst,
)
from chainrule.diagnosis.columns import Columns, condition
from chainrule.diagnosis.diagnose import diagnose
from chainrule.diagnosis.finding import NAMES, Diagnosis, Finding, Withdrawn
from chainrule.diagnosis.flow import Flow, LayerFlow, Spread, measured
from chainrule.diagnosis.neighbours import Relation, relation
from chainrule.diagnosis.rates import RateTest, learning_rate_test
from chainrule.diagnosis.recorder import Recorder

__all__ = [
    "NAMES",
    "Columns",
    "Diagnosis",
    "Finding",
    "Flow",
    "LayerFlow",
    "Mistake",
    "Ranked",
    "RateTest",
    "Recorder",
    "Relation",
    "Spread",
    "Withdrawn",
    "condition",
    "diagnose",
    "gradient_times_input",
    "integrated_gradients",
    "learning_rate_test",
    "measured",
    "ranked",
    "relation",
    "smoothed_gradient",
    "worst",
]
