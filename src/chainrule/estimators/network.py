"""Neural networks as estimators: a classifier and a regressor that do well on ordinary tables as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from chainrule.estimators.classification import Classifier, single
from chainrule.estimators.scaling import Scaling, require_scalable
from chainrule.estimators.training import Course
from chainrule.estimators.weights import checked_weights, class_weighted
from chainrule.graph.errors import ChainruleError
from chainrule.graph.shape import Shape
from chainrule.networks.layers import Layer, Linear, ReLU, as_layers
from chainrule.networks.network import Network
from chainrule.networks.wording import layers_from_text
from chainrule.training.history import History

Array = NDArray[Any]


class NetworkEstimator(BaseEstimator):
    """What the neural estimators share: their settings, and one network from layers to predictions."""

    network_: Network
    _scaling: Scaling

    def __init__(
        self,
        layers: Any = (256, 128),
        *,
        l2: float = 1e-3,
        learning_rate: float = 0.001,
        epochs: int = 200,
        batch_size: Any = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.15,
        patience: int = 30,
        warm_start: bool = False,
        random_state: Any = 0,
    ) -> None:
        self.layers = layers
        self.l2 = l2
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.warm_start = warm_start
        self.random_state = random_state

    def _shape(self, X: Array) -> Shape:
        """The input shape of the network."""
        return X.shape[1:]

    def _hidden(self, shape: Shape) -> list[Layer]:
        """The layers before the last."""
        return hidden_layers(self.layers, shape)

    def _scaled(self, X: Array, w: Array, y: Array | None) -> Scaling:
        return Scaling.of(X, w, y)

    def _train(self, X: Array, y: Array, w: Array, units: Any, loss: str, epochs: int | None = None) -> None:
        """Train a new network, or the present one further. epochs: None for the whole course; or so many, as is."""
        regression = loss == "squared_error"
        further = hasattr(self, "network_") and (self.warm_start or epochs is not None)
        if not further:
            self._scaling = self._scaled(X, w, y if regression else None)
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
            shape = self._shape(X)
            net = Network(shape, [*self._hidden(shape), Linear(units)], loss, seed)
            require_scalable(net, centred=self._scaling.m.ndim > 0)
        else:
            net = self._scaling.on_scaled(self.network_)
        course = Course(
            self.epochs if epochs is None else epochs,
            self.batch_size,
            self.learning_rate,
            float(self.l2),
            bool(self.early_stopping) and epochs is None,
            float(self.validation_fraction),
            self.patience,
        )
        targets = self._scaling.targets(y) if regression else y
        inputs = self._scaling.inputs(X).reshape(len(X), *net.input_shape)
        self._keep(course.run(net, inputs, targets, w, None if regression else y))
        self.network_ = self._scaling.on_raw(net)

    def _keep(self, history: History) -> None:
        self.n_iter_ = history.epochs
        self.loss_curve_ = list(history.loss)
        self.validation_loss_curve_ = list(history.validation_loss)

    def _outputs(self, X: Array) -> Array:
        """What the last layer puts out, (n, units)."""
        net = self.network_
        return np.asarray(net.predict_logits(X.reshape(len(X), *net.input_shape)).reshape(len(X), -1))

    def _read(self, X: Any) -> Array:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, dtype=np.float64, reset=False))


def hidden_layers(layers: Any, shape: Shape) -> list[Layer]:
    """Layers from numbers of units, each followed by ReLU; from text; or as they are."""
    if isinstance(layers, str):
        return layers_from_text(layers, shape) if layers.strip() else []
    if isinstance(layers, int):
        layers = (layers,)
    if not isinstance(layers, Sequence) and not isinstance(layers, np.ndarray):
        raise ChainruleError(
            "numbers of units, text, or layers",
            repr(layers)[:80],
            "layers",
            'write layers=(64, 32) or "64 relu"',
        )
    found: list[Layer] = []
    for layer in layers:
        found += [Linear(int(layer)), ReLU()] if isinstance(layer, (int, np.integer)) else as_layers([layer])
    return found


class NetworkClassifier(Classifier, NetworkEstimator):
    """Classification by a network: what tables and images share."""

    def __init__(
        self,
        layers: Any = (256, 128),
        *,
        l2: float = 0.01,
        learning_rate: float = 0.001,
        epochs: int = 200,
        batch_size: Any = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.15,
        patience: int = 30,
        class_weight: Any = None,
        warm_start: bool = False,
        random_state: Any = 0,
    ) -> None:
        super().__init__(
            layers,
            l2=l2,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            patience=patience,
            warm_start=warm_start,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to examples X (n, p) and labels y (n,), of any values. sample_weight: (n,)."""
        return self._fitted(X, y, None, sample_weight, self.warm_start and hasattr(self, "network_"), None)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """An epoch more, on inputs standardised as the first call found them.

        classes: all labels there will be, in the first call. The others: as for `fit`.
        """
        return self._fitted(X, y, classes, sample_weight, hasattr(self, "network_"), 1)

    def _fitted(
        self, X: Any, y: Any, classes: Any, sample_weight: Any, known: bool, epochs: int | None
    ) -> Self:
        X, y = validate_data(self, X, y, dtype=np.float64, reset=not known)
        y, places = self._indices(y, classes, known)
        w = class_weighted(checked_weights(sample_weight, X), self.class_weight, y)
        two = len(self.classes_) == 2
        loss = "binary_cross_entropy" if two else "cross_entropy"
        self._train(X, places, w, 1 if two else len(self.classes_), loss, epochs)
        return self

    def decision_function(self, X: Any) -> Array:
        """The logits of each example, (n, K); of two classes the log-odds of the second, (n,)."""
        return single(self._outputs(self._read(X)))


class NeuralNetworkClassifier(NetworkClassifier):
    """A network for a table: labels of any values, two or more. Does well without settings.

    layers: before the last, which the labels choose: units, each with ReLU, as (256, 128); text, "64 tanh, 32 relu
        dropout 0.2"; or layers. The first is a Linear with a bias.
    l2: λ of the regulariser λ/2 Σ W², notes (62). learning_rate: of Adam. epochs: at most. batch_size: or "auto",
        from 16 for few examples to 256.
    early_stopping: whether a part of the examples, validation_fraction, tells when to stop: once it has not been
        predicted better for `patience` epochs. Up to 1,000 examples four such parts vote; of up to 5,000 none is
        lost: the network starts again and learns from all, for as many epochs as were best. With fewer than 5
        examples to hold out there is no early stopping.
    class_weight: by label, "balanced", or None. warm_start: whether `fit` goes on with the network of the last call.
    random_state: of the first parameters, the order of examples, and the held-out part.

    Inputs are standardised inside. After `fit`: classes_, n_iter_ (epochs), loss_curve_ (mean loss by epoch),
    validation_loss_curve_, network_: the model as a Network on the raw columns, with derivation and working.

    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(NeuralNetworkClassifier(epochs=50, early_stopping=False).fit(X, y).score(X, y) > 0.9)
    True
    """


class NeuralNetworkRegressor(MultiOutputMixin, RegressorMixin, NetworkEstimator):
    """A network for a table with real targets, one or several. Does well without settings.

    The settings are those of NeuralNetworkClassifier; l2 is smaller. Inputs and targets are standardised inside;
    network_ is the model as a Network on the raw numbers.

    >>> import numpy as np
    >>> X = np.linspace(-2, 2, 200)[:, None]
    >>> bool(NeuralNetworkRegressor(epochs=50, early_stopping=False).fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.9)
    True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to examples X (n, p) and targets y, (n,) or (n, k). sample_weight: (n,)."""
        return self._fitted(X, y, sample_weight, self.warm_start and hasattr(self, "network_"), None)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """An epoch more, on numbers standardised as the first call found them. The arguments are those of `fit`."""
        return self._fitted(X, y, sample_weight, hasattr(self, "network_"), 1)

    def _fitted(self, X: Any, y: Any, sample_weight: Any, known: bool, epochs: int | None) -> Self:
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True, multi_output=True, reset=not known)
        y = np.asarray(y, np.float64)
        w = checked_weights(sample_weight, X)
        self._axes = y.ndim
        single = y.ndim == 1 or y.shape[1] == 1
        self._train(X, y.ravel() if single else y, w, () if single else y.shape[1], "squared_error", epochs)
        return self

    def predict(self, X: Any) -> Array:
        """ŷ of each example, (n,) or (n, k)."""
        found = self._outputs(self._read(X))
        return np.asarray(found[:, 0] if self._axes == 1 else found)
