"""Findings about scale, start, depth and learning rate: a suspicion, an experiment, and what it says.

Each experiment changes one thing and asks whether training then gets further than the run that is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from chainrule.diagnosis.cause import Causes
from chainrule.diagnosis.columns import Columns
from chainrule.diagnosis.finding import Finding, Withdrawn
from chainrule.diagnosis.flow import Array, Flow, measured
from chainrule.diagnosis.stages import saturates, shallow
from chainrule.diagnosis.suspicions import AT_START, Suspicion, suspicions, vanishes, vanishing
from chainrule.diagnosis.trial import Outcome, Trials, fresh, rate_of, scaled
from chainrule.networks.layers import Layer, ReLU
from chainrule.networks.network import Network
from chainrule.training.stepper import Plan

WIDE, NARROW = 10.0, 0.1
"""Root mean squares of a column or target outside of these make us try it standardised: steps for 1 do not fit."""
ROUNDED = 2.0**12
"""From this ratio of scales on the squares, which the curvature is made of, differ by more than float32 can hold."""
LEARNED = 0.9
"""A run that has learned so much is not ill, whatever its layers look like."""


@dataclass
class Verdicts:
    """What the experiments said so far."""

    findings: list[Finding] = field(default_factory=list)
    withdrawn: list[Withdrawn] = field(default_factory=list)


@dataclass
class Judge:
    """Judges one run. known: whether the plan is the user's; only then its learning rate is judged.

    unseen: experiments judged on the validation examples, where there are any. before: the measurement at the start;
    now: the one of today.
    """

    net: Network
    trials: Trials
    unseen: Trials | None
    plan: Plan
    known: bool
    causes: Causes
    now: Flow
    before: Flow

    def verdicts(self, columns: Columns, names: Sequence[str]) -> Verdicts:
        """All findings of this file, at most one cause of each kind."""
        found = Verdicts()
        run = self._judged()
        suspected = self._suspected()
        certain = [one for one in suspected if one.name == "symmetric_units"]
        if certain and any(layer.alike for layer in self.now.layers):
            found.findings.append(
                certain[0].confirmed("the numbers alone decide: equal units get equal steps")
            )
            return found
        if self._scale(found, run, columns, names):
            return found
        if run.learned >= LEARNED:
            if not self._memorised(found, suspected):
                why = f"the network learned {run.learned:.0%} of what there is to learn"
                found.withdrawn += [Withdrawn(one.name, why) for one in suspected]
            return found
        control = self.trials.run(self.trials.long)
        if control.beats(run):
            self._of_the_start(found, run, control, suspected)
        elif self._memorised(found, suspected) or self._depth(found, run, suspected):
            return found
        elif self.known:
            self._rate(found, run, control)
        return found

    def _judged(self) -> Outcome:
        """The run that is judged: the network as it was trained, or a short training from its own start."""
        if self.net.epochs:
            return self.trials.as_it_is()
        return self.trials.run(self.trials.long, start=self.net.parameters)

    def _suspected(self) -> tuple[Suspicion, ...]:
        early = suspicions(self.before, self.causes, AT_START)
        names = {one.name for one in early}
        late = suspicions(self.now, self.causes, "now") if self.now is not self.before else ()
        return (*early, *(one for one in late if one.name not in names))

    # scale

    def _scale(self, found: Verdicts, run: Outcome, columns: Columns, names: Sequence[str]) -> bool:
        """Whether the inputs or the target are on a scale that keeps the network from learning."""
        largest = float(columns.scale.max())
        certain = columns.scale_ratio > ROUNDED
        if certain or ((largest > WIDE or 0 < largest < NARROW) and run.learned < LEARNED):
            tried = self.trials.run(self.trials.long, X=standardised(self.trials.X))
            if tried.beats(run):
                found.findings.append(
                    self._unscaled(columns, names, self._compared("standardised columns", tried, run))
                )
                return True
            if certain:
                why = "the ratio alone decides: its square is beyond the 24 bits of float32"
                found.findings.append(self._unscaled(columns, names, why))
                return False
            found.withdrawn.append(Withdrawn("unscaled", self._compared("standardised columns", tried, run)))
        scale = columns.target_scale
        if (scale > WIDE or 0 < scale < NARROW) and run.learned < LEARNED:
            y = np.asarray(self.trials.y, np.float64)
            spread = float(y.std()) or 1.0
            other = Trials(self.net, self.trials.X, (y - y.mean(axis=0)) / spread, self.plan)
            tried = other.run(other.long)
            tried = replace(tried, losses=tried.losses * spread**2)
            if tried.beats(run):
                words = "δ at the output is as large as the labels are, and every gradient with it"
                found.findings.append(
                    Finding(
                        "unscaled",
                        f"The target is on another scale than 1: its root mean square is {scale:.3g}.",
                        {"target_scale": scale},
                        self.causes.output(words),
                        "standardise the target: subtract its mean, divide by its standard deviation",
                        self._compared("a standardised target", tried, run),
                    )
                )
                return True
            found.withdrawn.append(Withdrawn("unscaled", self._compared("a standardised target", tried, run)))
        return False

    def _unscaled(self, columns: Columns, names: Sequence[str], experiment: str) -> Finding:
        j = columns.widest
        name = str(names[j]) if j < len(names) else f"{'channel' if self.trials.X.ndim > 2 else 'column'} {j}"
        ratio = columns.scale_ratio
        beside = f", {ratio:.2g} times that of the median column" if ratio > WIDE else ""
        words = (
            f"the gradient of a weight is as large as its x, and the curvature goes with the square: "
            f"x of {columns.scale[j]:.2g} beside 1 wants a learning rate {columns.scale[j] ** 2:.1g} times as small"
        )
        return Finding(
            "unscaled",
            f"The inputs are not on a scale near 1: the root mean square of {name} is {columns.scale[j]:.3g}{beside}.",
            {"column": j, "scale": columns.scale[j], "ratio": ratio, "scales": columns.scale},
            self.causes.weights(words),
            "standardise the columns: subtract the mean, divide by the standard deviation (open_data does)",
            experiment,
        )

    # start and depth

    def _memorised(self, found: Verdicts, suspected: Sequence[Suspicion]) -> bool:
        """Whether a start that was at fault is made up for on the examples of the training only.

        Layers that cannot learn pass on something fixed, and the last layer may learn that by heart.
        """
        early = [one for one in suspected if one.early]
        if not early or self.unseen is None or not self.net.epochs:
            return False
        run, control = self.unseen.as_it_is(), self.unseen.run(self.unseen.long)
        if not control.beats(run):
            return False
        said = f"{self._compared('a fresh start', control, run)}, on the validation examples"
        found.findings += [one.confirmed(said) for one in early]
        return True

    def _of_the_start(
        self, found: Verdicts, run: Outcome, control: Outcome, suspected: Sequence[Suspicion]
    ) -> None:
        """A fresh start gets further with everything else the same: what is wrong lies in the parameters."""
        said = self._compared("a fresh start", control, run)
        found.findings += [one.confirmed(said) for one in suspected]
        if not suspected:
            words = "the step depends on where the parameters are; from here it does not lead on"
            found.findings.append(
                Finding(
                    "start",
                    f"The network is stuck where it is: {said}.",
                    {"learned": run.learned, "learned_from_fresh_start": control.learned},
                    self.causes.update(self.plan.optimizer, words),
                    "train again from the default start, with biases 0 and weights by He or Glorot",
                    said,
                )
            )

    def _depth(self, found: Verdicts, run: Outcome, suspected: Sequence[Suspicion]) -> bool:
        """Whether the layers themselves make δ vanish, also from a fresh start."""
        for one in suspected:
            if one.name != "vanishing_gradients":
                found.withdrawn.append(Withdrawn(one.name, "a fresh start gets no further"))
        layers = fresh(self.net.layers)
        if not any(saturates(layer) for layer in layers):
            return False
        anew = Network(self.net.input_shape, layers, self.net.head.name, self.net.seed, self.net.dtype)
        flow = measured(anew, self.trials.X[:256], self.trials.y[:256])
        if not vanishes(flow):
            return False
        other: list[Layer] = [ReLU() if saturates(layer) else layer for layer in layers]
        remedies = (
            ("ReLU in their place", other, 1.0),
            ("ReLU in their place and a tenth of the learning rate", other, 0.1),
            ("one hidden layer", shallow(anew), 1.0),
        )
        for what, tried_layers, factor in remedies:
            tried = self.trials.run(self.trials.long, scaled(self.plan.optimizer, factor), tried_layers)
            if tried.beats(run):
                said = self._compared(what, tried, run)
                found.findings.append(vanishing(flow, self.causes, "at a fresh start").confirmed(said))
                return True
        found.withdrawn.append(Withdrawn("vanishing_gradients", self._compared(what, tried, run)))
        return False

    # learning rate

    def _rate(self, found: Verdicts, run: Outcome, control: Outcome) -> None:
        """Whether a smaller rate gets further in the same steps, or a larger one in a tenth of them."""
        rate = rate_of(self.plan.optimizer)
        for power in range(1, 9):
            factor = 10.0**-power
            tried = self.trials.run(self.trials.long, scaled(self.plan.optimizer, factor))
            if tried.beats(run) and max(control.learned, 0) < tried.learned * 2 / 3:
                said = self._compared(f"the learning rate times {factor:g}", tried, run)
                words = "a step that is longer than 2 over the curvature goes uphill on the other side"
                found.findings.append(
                    self._rated("too_large", "long", rate, factor, (tried, run), words, said)
                )
                return
            if power > 1 and np.isfinite(tried.loss):
                break
        for factor in (10.0, 100.0):
            tried = self.trials.run(self.trials.short, scaled(self.plan.optimizer, factor))
            if tried.beats(run):
                said = self._compared(f"the learning rate times {factor:g}", tried, run)
                words = "a step is as long as its learning rate: so many of them lead no further"
                found.findings.append(
                    self._rated("too_small", "short", rate, factor, (tried, run), words, said)
                )
                return

    def _rated(
        self,
        name: str,
        long: str,
        rate: str,
        factor: float,
        outcomes: tuple[Outcome, Outcome],
        words: str,
        said: str,
    ) -> Finding:
        tried, run = outcomes
        return Finding(
            f"learning_rate_{name}",
            f"The steps are too {long}: with the learning rate {rate} the loss is {run.loss:.3g} after "
            f"{run.steps} steps, with {factor:g} times that {tried.loss:.3g} after {tried.steps}.",
            {
                "factor": factor,
                "loss": run.loss,
                "steps": run.steps,
                "loss_then": tried.loss,
                "steps_then": tried.steps,
            },
            self.causes.update(self.plan.optimizer, words),
            f"a learning rate {factor:g} times as large",
            said,
        )

    def _compared(self, what: str, tried: Outcome, run: Outcome) -> str:
        """An experiment beside the run, in words."""
        return (
            f"with {what} {tried.steps} steps reach a loss of {tried.loss:.3g}, where {run.steps} steps came to "
            f"{run.loss:.3g} (a constant prediction: {self.trials.constant:.3g})"
        )


def standardised(X: Array) -> Array:
    """Columns with mean 0 and standard deviation 1; of images each channel."""
    X = np.asarray(X, np.float64)
    axes = (0, *range(2, X.ndim))
    spread = X.std(axis=axes, keepdims=True)
    centred: Array = X - X.mean(axis=axes, keepdims=True)
    return centred / np.where(spread > 0, spread, 1)
