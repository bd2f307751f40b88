"""Images as PNG, a pixel a number: what a network is shown."""

from __future__ import annotations

import numpy as np

from chainrule.documents.heatmap import png
from chainrule.readings.working import Array


def image(values: Array) -> bytes:
    """A PNG of an image (height, width) or (channels, height, width): colours of 3 channels, else the first one.

    The smallest number is black, the largest white.
    """
    values = np.asarray(values, float)
    planes = values[None] if values.ndim == 2 else values[:3] if values.shape[0] == 3 else values[:1]
    low, high = float(planes.min()), float(planes.max())
    scaled = ((planes - low) / ((high - low) or 1.0) * 255).round().astype(np.uint8)
    colours = np.repeat(scaled, 3, axis=0) if len(scaled) == 1 else scaled
    alpha = np.full((1, *colours.shape[1:]), 255, np.uint8)
    return png(np.concatenate([colours, alpha]).transpose(1, 2, 0))
