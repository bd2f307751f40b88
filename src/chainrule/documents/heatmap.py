"""Large arrays as pictures: a PNG with a pixel for each entry, blue for negative numbers, orange for positive ones."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from chainrule.readings.working import Array

_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (217, 95, 2)
_MOST_TILES = 64
_GAP = 1


def heat_map(values: Array) -> bytes:
    """A PNG of an array of any rank: channels and kernels as tiles, a vector as a row."""
    image = tiled(values)
    largest = float(np.nanmax(np.abs(np.where(np.isfinite(image), image, 0)), initial=0)) or 1.0
    scaled = np.clip(np.nan_to_num(image / largest, posinf=1, neginf=-1), -1, 1)[..., None]
    ends = np.where(scaled < 0, np.array(_NEGATIVE), np.array(_POSITIVE))
    pixels = np.array(_ZERO) + np.abs(scaled) * (ends - np.array(_ZERO))
    alpha = np.where(np.isnan(image), 0, 255)[..., None]
    return png(np.concatenate([pixels, alpha], axis=-1).round().astype(np.uint8))


def tiled(values: Array) -> Array:
    """An array as one matrix; nan stands in the gaps between its tiles."""
    if values.ndim < 3:
        return np.atleast_2d(values).astype(float)
    tiles = values.reshape(-1, *values.shape[-2:])[:_MOST_TILES]
    across = columns_of(values.shape)
    down = -(-len(tiles) // across)
    height, width = values.shape[-2] + _GAP, values.shape[-1] + _GAP
    image = np.full((down * height - _GAP, across * width - _GAP), np.nan)
    for n, tile in enumerate(tiles):
        top, left = n // across * height, n % across * width
        image[top : top + height - _GAP, left : left + width - _GAP] = tile
    return image


def columns_of(shape: tuple[int, ...]) -> int:
    """How many tiles stand side by side."""
    if len(shape) == 4:
        return min(shape[1], _MOST_TILES)
    count = 1
    for size in shape[:-2]:
        count *= size
    return min(count, 8)


def png(pixels: Array) -> bytes:
    """The bytes of a PNG from (height, width, 4) pixels."""
    height, width = pixels.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
