"""Large arrays as pictures: a PNG with a pixel for each entry, blue for negative numbers, orange for positive ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np

from chainrule.readings.working import Array

_NEGATIVE, _ZERO, _POSITIVE = (33, 102, 172), (247, 247, 247), (217, 95, 2)
_MOST_TILES = 64
_GAP = 1
_SHADES = 127  # of each sign
_GREYS = np.repeat(np.arange(256)[:, None], 3, axis=1).astype(np.uint8)


def heat_map(values: Array) -> bytes:
    """A PNG of an array of any rank: channels and kernels as tiles, a vector as a row."""
    image = tiled(values)
    largest = float(np.nanmax(np.abs(np.where(np.isfinite(image), image, 0)), initial=0)) or 1.0
    scaled = np.clip(np.nan_to_num(image / largest, posinf=1, neginf=-1), -1, 1)
    shades = np.where(np.isnan(image), 2 * _SHADES + 1, np.round((scaled + 1) * _SHADES))
    return palette_png(shades.astype(np.uint8), _palette(), transparent=2 * _SHADES + 1)


def _palette() -> Array:
    """The colours from the most negative to the most positive, and one for gaps."""
    share = np.linspace(-1, 1, 2 * _SHADES + 1)[:, None]
    ends = np.where(share < 0, np.array(_NEGATIVE), np.array(_POSITIVE))
    colours = np.array(_ZERO) + np.abs(share) * (ends - np.array(_ZERO))
    return np.concatenate([colours, [_ZERO]]).round().astype(np.uint8)


def grey_map(values: Array) -> bytes:
    """A PNG of a matrix in grey: the smallest number is black, the largest white."""
    low, high = float(values.min()), float(values.max())
    shades = (values - low) / ((high - low) or 1.0) * 255
    return palette_png(shades.round().astype(np.uint8), _GREYS)


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


def palette_png(pixels: Array, palette: Array, transparent: int | None = None) -> bytes:
    """The bytes of a PNG from (height, width) numbers of colours; palette: (colours, 3). One byte a pixel."""
    clear = b"\xff" * transparent + b"\x00" if transparent is not None else b""
    parts = ((b"PLTE", palette.tobytes()), *(((b"tRNS", clear),) if clear else ()))
    return _png(pixels[..., None], 3, parts)


def colour_png(pixels: Array) -> bytes:
    """The bytes of a PNG from (height, width, 3) pixels."""
    return _png(pixels, 2, ())


def _png(pixels: Array, kind: int, parts: Iterable[tuple[bytes, bytes]]) -> bytes:
    height, width = pixels.shape[:2]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1).tobytes()
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    every = ((b"IHDR", head), *parts, (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in every
    )
