"""Convolutional networks as a classifier of images."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from chainrule.estimators.network import NetworkClassifier, hidden_layers
from chainrule.estimators.scaling import Scaling
from chainrule.graph.errors import FeedError
from chainrule.graph.shape import Shape, size_of
from chainrule.networks.layers import Flatten, Layer, Linear, ReLU
from chainrule.networks.spatial import Conv2d, MaxPool2d

Array = NDArray[Any]
_CHANNELS = (32, 64)
_SMALLEST = 6  # pixels of a side, below which nothing more is pooled


class ConvolutionalClassifier(NetworkClassifier):
    """A convolutional network for images: labels of any values, two or more.

    layers: before the last, which the labels choose: "auto" for two convolutions of 3 × 3 with 32 and 64 channels,
        max-pooling where the image is large enough, and 128 units; text, "conv 8 5 relu, pool 2, 64 relu"; or layers.
    image_shape: (channels, height, width), for images that come as rows of a table, (n, channels × height × width).
        None: rows are square images of one channel, or one line of pixels; X of the shape (n, height, width) or (n,
        channels, height, width) says it itself.
    The others: as for NeuralNetworkClassifier. Images are divided by their largest number.

    >>> from sklearn.datasets import load_digits
    >>> X, y = load_digits(n_class=2, return_X_y=True)
    >>> model = ConvolutionalClassifier("conv 4 3 relu, pool 2", epochs=20, early_stopping=False)
    >>> bool(model.fit(X, y).score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        layers: Any = "auto",
        *,
        image_shape: Any = None,
        l2: float = 1e-4,
        learning_rate: float = 0.001,
        epochs: int = 100,
        batch_size: Any = "auto",
        early_stopping: bool = True,
        validation_fraction: float = 0.15,
        patience: int = 10,
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
            class_weight=class_weight,
            warm_start=warm_start,
            random_state=random_state,
        )
        self.image_shape = image_shape

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to images X and labels y (n,), of any values. sample_weight: (n,)."""
        return super().fit(self._rows(X), y, sample_weight)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """An epoch more. classes: all labels there will be, in the first call. The others: as for `fit`."""
        return super().partial_fit(self._rows(X), y, classes, sample_weight)

    def decision_function(self, X: Any) -> Array:
        """The logits of each image, (n, K); of two classes the log-odds of the second, (n,)."""
        return super().decision_function(self._rows(X))

    def _rows(self, X: Any) -> Any:
        """Images as rows of a table; their shape is kept."""
        if getattr(X, "ndim", 2) not in (3, 4):
            return X
        self._images = (1, *X.shape[1:]) if X.ndim == 3 else tuple(X.shape[1:])
        return np.asarray(X).reshape(len(X), -1)

    def _shape(self, X: Array) -> Shape:
        p = X.shape[1]
        side = math.isqrt(p)
        square = (1, side, side) if side * side == p else (1, 1, p)
        shape = tuple(self.image_shape or getattr(self, "_images", None) or square)
        if size_of(shape) != p:
            wish = f"{size_of(shape)} pixels, as image_shape={shape}"
            raise FeedError(wish, f"{p} in a row of X", "image_shape", "write (channels, height, width)")
        return shape

    def _hidden(self, shape: Shape) -> list[Layer]:
        if not isinstance(self.layers, str) or self.layers != "auto":
            layers = hidden_layers(self.layers, shape)
            return layers if any(isinstance(layer, Flatten) for layer in layers) else [*layers, Flatten()]
        found: list[Layer] = []
        for channels in _CHANNELS:
            found += [Conv2d(channels, 3, padding="same"), ReLU()]
            if min(shape[1:]) >= _SMALLEST:
                found.append(MaxPool2d(2))
                shape = (channels, shape[1] // 2, shape[2] // 2)
        return [*found, Flatten(), Linear(128), ReLU()]

    def _scaled(self, X: Array, w: Array, y: Array | None) -> Scaling:
        return Scaling.of(X, w, centred=False)
