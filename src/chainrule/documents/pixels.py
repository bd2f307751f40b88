"""Images as PNG, a pixel a number: what a network is shown."""

from __future__ import annotations

import numpy as np

from chainrule.documents.heatmap import colour_png, grey_map
from chainrule.readings.working import Array


def image(values: Array) -> bytes:
    """A PNG of an image (height, width) or (channels, height, width): colours of 3 channels, else the first one.

    The smallest number is black, the largest full.
    """
    values = np.asarray(values, float)
    if values.ndim == 2 or values.shape[0] != 3:
        return grey_map(values if values.ndim == 2 else values[0])
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) / ((high - low) or 1.0) * 255
    return colour_png(scaled.round().astype(np.uint8).transpose(1, 2, 0))
