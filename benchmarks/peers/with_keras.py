"""Keras on its JAX backend: compiled steps, several in a call."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.nets import MOMENTUM, RATE, Conv, Net, Pool
from benchmarks.workload import Job

_STEPS = 16


def _model(net: Net) -> Any:
    import keras
    from keras import layers

    images = len(net.shape) == 3
    made: list[Any] = [keras.Input((*net.shape[1:], net.shape[0]) if images else net.shape)]
    flat = not images
    for place, part in enumerate(net.parts):
        if isinstance(part, Pool):
            made.append(layers.MaxPooling2D(2))
        elif isinstance(part, Conv):
            sides = "same" if part.same else "valid"
            made.append(layers.Conv2D(part.channels, part.size, padding=sides, activation="relu"))
        else:
            made += [] if flat else [layers.Flatten()]
            flat = True
            made.append(layers.Dense(part.units, activation="relu" if place < len(net.parts) - 1 else None))
    model = keras.Sequential(made)
    model.set_weights(channels_last(net))
    return model


def channels_last(net: Net) -> list[np.ndarray]:
    """The first parameters as (in, out) and (u, v, in, out); the first dense layer reads channels last."""
    found, shapes = (
        [],
        [s for s, part in zip(net.shapes(), net.parts, strict=False) if not isinstance(part, Pool)],
    )
    for value, before in zip(net.start(), [s for s in shapes for _ in range(2)], strict=True):
        if value.ndim == 4:
            found.append(value.transpose(2, 3, 1, 0))
        elif value.ndim == 2 and len(before) == 3:
            found.append(value.reshape(-1, *before).transpose(2, 3, 1, 0).reshape(-1, len(value)))
        else:
            found.append(value.T)
    return [np.ascontiguousarray(value) for value in found]


def training(net: Net, X: np.ndarray, y: np.ndarray, batch: int, units: float) -> Job:
    """An epoch a run; the number is the mean loss."""
    import keras

    keras.utils.set_random_seed(0)
    model = _model(net)
    given = np.moveaxis(X, 1, -1).copy() if len(net.shape) == 3 else X.reshape(len(X), *net.shape)
    steps = max(1, min(_STEPS, len(X) // batch))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(RATE, momentum=MOMENTUM), loss, steps_per_execution=steps)

    def run() -> float:
        history = model.fit(given, y, batch_size=batch, epochs=1, verbose=0)
        return float(history.history["loss"][-1])

    return Job(run, units)
