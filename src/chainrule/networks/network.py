"""A network: layers, a head and parameters; trained on batches, readable as mathematics."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.documents.convention import Convention
from chainrule.documents.drawing.canvas import Drawing
from chainrule.documents.working import Working, work
from chainrule.graph.errors import ChainruleError, FeedError
from chainrule.graph.expression import Expr
from chainrule.graph.shape import Shape, as_shape, size_of
from chainrule.lowering.memory import aligned
from chainrule.networks.assembly import assembled
from chainrule.networks.drawing import drawn
from chainrule.networks.feeding import Feeding
from chainrule.networks.heads import head_named
from chainrule.networks.initialisation import checked_seed
from chainrule.networks.layers import Layer, as_layers
from chainrule.networks.mathematics import Mathematics
from chainrule.networks.saving import save
from chainrule.networks.summary import Summary, row_of
from chainrule.networks.wording import layers_from_text, text_of_layers
from chainrule.readings.compiled import checked_dtype
from chainrule.readings.gradient import gradient
from chainrule.training.checkpointing import checked_keeping
from chainrule.training.data.dataset import Dataset
from chainrule.training.data.learning import Encoder
from chainrule.training.evaluation import mean_gradient, means, values
from chainrule.training.history import History
from chainrule.training.loop import Callback, Watch, checked_callbacks, train
from chainrule.training.objective import LAMBDA, checked_reduction
from chainrule.training.optimizers import SGD
from chainrule.training.settings import checked_penalty
from chainrule.training.stepper import Plan
from chainrule.training.stopping import EarlyStopping, checked_rule
from chainrule.training.update import L1, Optimizer
from chainrule.training.windows import Feed

Array = NDArray[Any]


class Network(Mathematics):
    """A neural network, written for one example, trained on many. Notes 4 and (98).

    input_shape: of one example: 64 or (64,) for vectors, (channels, height, width) for images.
    layers: what the input passes through in turn: Linear(128), ReLU() and the like; an op such as
        cr.relu, or any function from expression to expression, is a layer too. Or all of them as text,
        "conv 32 3 relu, pool 2, 64 relu, 10": see `layers_from_text` in networks.wording.
    loss: the head, one of the notes' three models (section 3):
        "cross_entropy" for classes 0 to K − 1, with softmax;
        "binary_cross_entropy" for labels 0 and 1, with sigmoid, after Linear(1);
        "squared_error" or "half_squared_error" for real labels.
    seed: of the first parameters and of the order of the examples. dtype: "float32" or "float64".

    In formulas l counts the layers with parameters: W^{(l)}, b^{(l)}, z^{(l)}, a^{(l)}, pooled p^{(l)};
    the input is x, the output ŷ, the label y, the loss ℓ. After Linear(1) ŷ and y are vectors of one;
    Linear(()) gives scalars.
    Raises ShapeError, naming the layer, where shapes do not fit; ChainruleError for other settings.

    >>> import chainrule as cr
    >>> net = cr.Network(2, [cr.Linear(3), cr.Tanh(), cr.Linear(1)], loss="half_squared_error")
    >>> print(net.expression)
    ℓ = ‖ŷ − y‖²/2
      where ŷ = W⁽²⁾ a⁽¹⁾ + b⁽²⁾
            a⁽¹⁾ = tanh(z⁽¹⁾)
            z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾
    >>> history = net.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=2000, batch_size=4)
    >>> net.predict([[0, 1], [1, 0]]).round(2).tolist()
    [1.0, 1.0]
    """

    def __init__(
        self,
        input_shape: int | Sequence[int],
        layers: Sequence[Layer | Callable[[Expr], Expr]] | str,
        loss: str,
        seed: int = 0,
        dtype: str = "float32",
    ) -> None:
        self.input_shape = as_shape(input_shape, "input_shape of Network")
        if isinstance(layers, str):
            layers = layers_from_text(layers, self.input_shape)
        self.layers = as_layers(layers)
        self.head = head_named(loss)
        self.seed, self.dtype = checked_seed(seed), checked_dtype(dtype)
        self.epochs = 0
        """How many epochs this network was trained for."""
        self.plan: Plan | None = None
        """How `fit` was last asked to train, also where that failed; not part of copies and files."""
        self._numbers: dict[Expr, Array] | None = None
        self._build()

    def _build(self) -> None:
        self._assembly = assembled(self.input_shape, self.layers, self.head)
        self._data = Feeding(self._assembly, self.head, self.dtype)

    def values(self, x: Any, y: Any) -> dict[Expr, Array]:
        """A value for every leaf of `expression`, for one example, as cr.evaluate takes them: float64.

        x: (of the input shape). y: one label, as in `fit`.
        """
        fed = {**self._data.one(x, y), **self._values}
        return {leaf: np.asarray(value, np.float64) for leaf, value in fed.items()}

    def work(self, x: Any, y: Any, convention: Convention | None = None, digits: int = 4) -> Working:
        """Every number of forward and backward for one example, as cr.work gives them.

        x: (of the input shape). y: one label, as in `fit`. convention, digits: as for cr.work. The masks of
        Dropout are 1, as at prediction. Raises FeedError for an example that does not fit.
        """
        values = self.values(x, y) | {mask.leaf: np.ones(mask.leaf.shape) for mask in self._assembly.masks}
        return work(self._assembly.trained, values, (*self.leaves, self.input), convention, digits)

    def draw(self, x: Any = None, y: Any = None, kind: str | None = None) -> Drawing:
        """The network as an SVG: a notebook shows it; `.save(path)` writes it, `str()` is its text.

        kind: "neurons" for fully connected layers, a circle for each neuron and a line for each weight (of wide
        layers some); "blocks" with shapes, layers grouped; "graph" for what is computed from what. None chooses.
        x, y: an example, as for `work`: then each neuron or box shows its numbers, a, z and δ, and each line its
        weight. Raises FeedError for an example that does not fit, ChainruleError for a kind that does not.

        >>> import chainrule as cr
        >>> cr.Network(2, [cr.Linear(3), cr.Tanh(), cr.Linear(1)], loss="half_squared_error").draw().title
        'Network of 13 parameters: Linear(3), Tanh, Linear(1)'
        """
        if (x is None) != (y is None):
            raise FeedError("an example x with its label y", "one of them", "draw", "give both, or neither")
        working = None if x is None else self.work(x, y)
        total = sum(size_of(leaf.shape) for leaf in self.leaves)
        title = f"Network of {total:,} parameters: {', '.join(map(str, self.layers))}"
        return drawn(self.layers, self._assembly, lambda: self._values, kind, working, title)

    # parameters

    @property
    def _values(self) -> dict[Expr, Array]:
        """The parameters; drawn when they are first asked for, so that a large network is quick to build."""
        if self._numbers is None:
            self._numbers = self._assembly.start(self.seed, self.dtype)
        self._numbers = {leaf: aligned(value) for leaf, value in self._numbers.items()}
        return self._numbers

    @property
    def parameters(self) -> dict[str, Array]:
        """The parameters by name, in forward order, weights before biases: copies, to read."""
        return {str(leaf.name): value.copy() for leaf, value in self._values.items()}

    def set_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Replace some or all parameters, by name.

        Raises FeedError for unknown names, other shapes and numbers that are not finite.

        >>> import chainrule as cr
        >>> net = cr.Network(1, [cr.Linear(1)], loss="squared_error")
        >>> net.set_parameters({"W^{(1)}": [[2.0]], "b^{(1)}": [1.0]})
        >>> net.predict([[3.0]]).tolist()
        [7.0]
        """
        known = {str(leaf.name): leaf for leaf in self.leaves}
        new = {}
        for name, value in parameters.items():
            if name not in known:
                raise FeedError(f"one of {', '.join(known)}", repr(name)[:80], "set_parameters")
            try:
                array = np.array(value, self.dtype)
            except (TypeError, ValueError):
                raise FeedError("numbers", repr(value)[:80], f"parameter {name}") from None
            if array.shape != known[name].shape:
                raise FeedError(f"the shape {known[name].shape}", f"{array.shape}", f"parameter {name}")
            if not np.isfinite(array).all():
                raise FeedError("finite numbers", "nan or inf", f"parameter {name}")
            new[known[name]] = array
        self._values.update(new)

    # training and use

    def fit(  # noqa: PLR0913, PLR0917 - the settings of a training run
        self,
        X: Any,
        y: Any = None,
        epochs: int = 10,
        batch_size: int | None = 32,
        optimizer: Optimizer = SGD(0.1, momentum=0.9),  # noqa: B008 - immutable
        l2: float = 0.0,
        validation: tuple[Any, ...] | Dataset | None = None,
        progress: bool | None = None,
        shuffle: bool = True,
        callbacks: Sequence[Callback] = (),
        sample_weight: Any = None,
        early_stopping: EarlyStopping | None = None,
        delta: float | None = None,
        reduce: str = "mean",
        l1: float = 0.0,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        keep: int = 3,
        resume: bool = False,
    ) -> History:
        """Train on examples, from the present parameters on, by minibatches. Notes (74), (111).

        X: (n, *input_shape), finite numbers; a large array is read where it lies and not copied, so that it must
            not be changed meanwhile. y: (n,) class indices, or labels 0 and 1, or real numbers; for
            an output of another shape (n, *shape). Or X a data set of `cr.open_data`, without y: one that does
            not fit in its memory is read while it trains, in another order in each epoch (its `shuffling`
            says how well mixed), at bounded memory.

        ================  =============  =============================================================================
        setting           default        what it does
        ================  =============  =============================================================================
        epochs            10             how often every example is met
        batch_size        32             examples in a step; the last batch may be smaller; None for all of them,
                                         which is gradient descent as in the notes
        optimizer         SGD(0.1, 0.9)  how a step changes the parameters: SGD, Adam, AdamW, RMSprop; their learning
                                         rate may be a schedule: Cosine, WarmUp, ...
        l2, l1            0, 0           λ of notes (62) and λ₁ of λ₁ Σ |W|, on weights only; l1 goes by proximal
                                         steps, which make exact zeros; neither is in the losses of the history
        reduce            "mean"         or "sum", as the notes write the cost: what a step minimises of a batch's
                                         losses; the regulariser is added once
        sample_weight     None           (n,), how much each example's loss counts, 0 or above; a mean is divided by
                                         their sum
        validation        None           (X, y), (X, y, sample_weight) or a data set, to evaluate after each epoch
        early_stopping    None           EarlyStopping(patience=10), to end when the validation gets no better, with
                                         the best
        delta             None           δ of the notes' stopping rule, 2.8: end at the first step with |θ_{n+1} −
                                         θ_n| ≤ δ, over all parameters
        shuffle           True           a new order in each epoch, by the network's seed
        progress          None           a bar on standard error; None shows it on a terminal
        callbacks         ()             functions of the history, called after each epoch; one that returns True ends
                                         the training; `history.parameters` are the parameters at that moment
        checkpoint        None           a folder of this run's own, for its whole state, from which it can go on
                                         after a crash
        checkpoint_every  None           epochs; None for as often as costs less than 2 % of the time; in an epoch of
                                         more than a minute there are some within it
        keep              3              how many of the newest checkpoints stay
        resume            False          go on from the newest checkpoint that is whole, to the same bits as without a
                                         break; where there is none, start. The network is to be as it was before the
                                         run, data and settings the same, but for `epochs`, which may grow. Callbacks
                                         are called for the epochs that are left
        ================  =============  =============================================================================

        The same seed and calls give the same bits on the same machine. Ctrl-C ends the training early with
        what is learned, and the history's `stopped` says so; a second Ctrl-C meanwhile raises at once. Raises
        FeedError for examples that do not fit, TrainingError where the loss is no longer finite; whenever
        something is raised the network stays as it was.
        """
        reduce = checked_reduction(reduce, "fit")
        finder = optimizer if checkpoint is None and delta is None else None  # nothing is written, all is met
        examples = self._data.examples(X, y, self.seed, sample_weight, reduce, finder)
        checked = None if validation is None else self._data.validation(validation)
        l1 = checked_penalty("l1", l1)
        problem = self._data.problem(self.objective(l2, reduce), examples.feed, reduce, sparse=l1 > 0)
        constants = {LAMBDA: float(l2)} if l2 else {}
        constants |= {L1: float(l1)} if l1 else {}
        size = examples.feed.n if batch_size is None else batch_size
        plan = Plan(epochs, size, optimizer, constants, self.seed, bool(shuffle), self.epochs, delta)
        self.plan = plan
        rule = checked_rule(early_stopping, validated=checked is not None)
        keeping = checked_keeping(checkpoint, checkpoint_every, keep, resume)
        facts = {} if keeping is None else self._facts()
        watch = Watch(self.head.metric_name, progress, checked_callbacks(callbacks), rule, keeping, facts)
        new, history = train(problem, list(self._values.values()), plan, examples, watch, checked)
        self._numbers = dict(zip(self.leaves, new, strict=True))
        self.epochs += history.epochs
        return history

    def _facts(self) -> dict[str, str]:
        """What the network is, in words."""
        layers = ", ".join(map(str, self.layers))
        return {"input_shape": str(self.input_shape), "layers": layers, "loss": self.head.name}

    def predict(self, X: Any) -> Array:
        """The label of each example, (n,): the likeliest class, 1 where ŷ is above ½, or ŷ itself."""
        return self.head.predicted(self._output_of(X))

    def predict_proba(self, X: Any) -> Array:
        """Probabilities: of each class (n, K), or of label 1 (n,). Raises ChainruleError for real labels."""
        if not self.head.probabilities:
            raise ChainruleError(
                "a loss whose ŷ is a probability", self.head.name, "predict_proba", "use predict"
            )
        y_hat = self._output_of(X)
        return y_hat if y_hat.ndim == 2 and y_hat.shape[1] > 1 else y_hat.reshape(len(y_hat))

    def predict_logits(self, X: Any) -> Array:
        """What the last layer puts out for each example, z^{(L)}: (n, *shape); log-odds where ŷ is a probability."""
        return values([self.logits], self._values, self._data.inputs(X), self.dtype)[0]

    def evaluate(self, X: Any, y: Any = None, sample_weight: Any = None) -> dict[str, float]:
        """The mean loss, without regulariser, and the metric, as {"loss": ..., "accuracy" or "r2": ...}.

        X, y: as in `fit`; a data set is read at bounded memory. sample_weight: (n,), how much each counts.

        accuracy: the share of right labels. r2: 1 − Σ (ŷ − y)² / Σ (y − ȳ)²: 1 is best, 0 no better than ȳ.
        """
        examples = self._data.examples(X, y, sample_weight=sample_weight)
        loss, mean = means(self._data.reported, self._values, examples.feed, self.dtype)
        return {"loss": loss, self.head.metric_name: examples.score(mean)}

    def feed(self, X: Any, y: Any) -> Feed:
        """Examples as values of the leaves `input` and `label`, checked, in the network's precision.

        X, y: as in `fit`. Raises FeedError where they do not fit.
        """
        return self._data.feed(X, y)

    def losses(self, X: Any, y: Any) -> Array:
        """The loss of each example, (n,), without regulariser; `evaluate` gives their mean."""
        return values([self.expression], self._values, self._data.feed(X, y), self.dtype)[0]

    def gradients(self, X: Any, y: Any) -> dict[str, Array]:
        """The gradient of the mean loss over the examples, by the parameter's name; without regulariser."""
        slopes = mean_gradient(self.expression, self._values, self._data.feed(X, y), self.dtype)
        return {str(leaf.name): slope for leaf, slope in zip(self.leaves, slopes, strict=True)}

    def input_gradient(self, X: Any, y: Any) -> Array:
        """How each example's own loss changes with its input: an array of the shape of X. Notes (114)."""
        slope = gradient(self.expression, self.input)
        return values([slope], self._values, self._data.feed(X, y), self.dtype)[0]

    def summary(self) -> Summary:
        """The table of layers: formula, output shape and number of parameters of each; print it.

        >>> import chainrule as cr
        >>> print(cr.Network(64, [cr.Linear(32), cr.ReLU(), cr.Linear(10)], loss="cross_entropy").summary())
        layer       output                   shape  parameters
        ──────────────────────────────────────────────────────
        Linear(32)  z⁽¹⁾ = W⁽¹⁾ x + b⁽¹⁾     32          2,080
        ReLU        a⁽¹⁾ = ReLU(z⁽¹⁾)        32              0
        Linear(10)  z⁽²⁾ = W⁽²⁾ a⁽¹⁾ + b⁽²⁾  10            330
        softmax     ŷ = softmax(z⁽²⁾)        10              0
        ──────────────────────────────────────────────────────
        total                                            2,410
        as text: "32 relu, 10"
        """
        shapes: list[tuple[Shape, ...]] = [() for _ in self.layers]
        for declared in self._assembly.declared:
            shapes[declared.place] = (*shapes[declared.place], declared.leaf.shape)
        outputs = self._assembly.trained_outputs
        inputs = (self.input, *outputs)
        rows = [row_of(*line) for line in zip(self.layers, inputs, outputs, shapes, strict=False)]
        if self.output is not self.logits:
            rows.append(row_of(self.output.op.name, outputs[-1], self.output, ()))
        return Summary(self.input_shape, tuple(rows), text_of_layers(self.layers, self.input_shape))

    def __repr__(self) -> str:
        settings = f"loss={self.head.name!r}, seed={self.seed}, dtype={self.dtype!r}"
        return f"Network({self.input_shape}, [{', '.join(map(str, self.layers))}], {settings})"

    # files and copies: expressions are built anew from the layers

    def save(
        self,
        path: str | os.PathLike[str],
        encoder: Encoder | None = None,
        classes: Iterable[Any] | None = None,
        training: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the network to a model file, safetensors, for `cr.load`: whole, or not at all.

        encoder: of the data it was trained on, `dataset.encoder`, so that it can be used on raw columns.
        classes: the labels in the order of the class indices. training: facts to keep, as plain data.

        Raises ChainruleError where a layer is a function other than a public op, or of another program;
        DataError where the file cannot be written: what was there before is whole then.
        """
        save(path, self, encoder, classes, training)

    def restore(self, parameters: Sequence[Array], epochs: int) -> None:
        """Take up the state of a file: the parameters, one for each of `leaves`, and the epochs behind them."""
        self._numbers, self.epochs = dict(zip(self.leaves, parameters, strict=True)), epochs

    def __getstate__(self) -> dict[str, Any]:
        state = {
            name: value
            for name, value in vars(self).items()
            if name not in ("_assembly", "_data", "head", "_numbers", "plan")
        }
        drawn = None if self._numbers is None else list(self._numbers.values())
        return state | {"loss": self.head.name, "parameters": drawn}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        self.head, numbers = head_named(state.pop("loss")), state.pop("parameters")
        vars(self).update(state)
        self._build()
        self.plan = None
        self._numbers = None if numbers is None else dict(zip(self.leaves, numbers, strict=True))

    def _output_of(self, X: Any) -> Array:
        return values([self.output], self._values, self._data.inputs(X), self.dtype)[0]
