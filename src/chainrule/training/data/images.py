"""A folder of images by class: a folder for each class, PNG and JPEG files in it, decoded on demand.

Grey images where every one is grey, otherwise RGB; what is transparent loses its transparency. Images are
turned as their EXIF data says. Hidden files are passed over; any other file that is no PNG or JPEG is
refused.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.graph.errors import DataError
from chainrule.training.data.arrays import ArrayBlock
from chainrule.training.data.later import pa, pil, pilops
from chainrule.training.data.source import Array, file_digest, in_runs, joint_digest, listed, opened, reason
from chainrule.training.data.target import Target

SUFFIXES = (".png", ".jpg", ".jpeg")
COLOURS = {"grey": ("L", 1), "rgb": ("RGB", 3)}
_FORMATS = ("PNG", "JPEG")
_GREY = ("1", "L", "LA")
_PASSED_OVER = ("thumbs.db", "desktop.ini")
_BLOCK = 64  # images
_TURNED = (5, 6, 7, 8)  # the EXIF orientations that swap height and width
_ORIENTATION = 0x0112


class ImageSource:
    """The examples of a folder of images: a Source of ArrayBlock, bytes (rows, channels, height, width).

    folder: with a folder for each class; or, where an encoder knows the target, images without labels, or a
    single one. size: (height, width) to
    which images are resized; None requires one size. colour: "grey", "rgb" or None for the rule above.
    Headers are read when it is opened, pixels when they are needed.
    """

    names: tuple[str, ...] = ()
    largest = 255.0

    def __init__(
        self,
        folder: Path,
        size: tuple[int, int] | None = None,
        colour: str | None = None,
        known: Target | None = None,
        memory: int = 1 << 28,
    ) -> None:
        if colour is not None and colour not in COLOURS:
            raise DataError(
                'colour as "grey" or "rgb"', repr(colour), "open_data", 'write colour="grey" or colour="rgb"'
            )
        self.place, self._size = str(folder), _checked_size(size)
        self.resized = size is not None
        self.target: Target | None = known
        self._labels: Any = None
        if known is None or (folder.is_dir() and any(entry.is_dir() for entry in listed(folder))):
            self._classes(folder)
        else:
            self._files = [folder] if folder.is_file() else _images(folder, folder)
        heads = [_head(path, self._size is None) for path in self._files]
        if self._size is None:
            self._require_one_size([head[0] for head in heads])
        self._colour = colour or ("grey" if all(head[1] in _GREY for head in heads) else "rgb")
        height, width = self._size or heads[0][0]
        self.shape = (COLOURS[self._colour][1], height, width)
        self.kept = len(self._files)
        if 3 * height * width > memory:
            raise DataError(
                f"an image of at most {memory:,} bytes",
                _said((height, width)),
                str(self._files[0]),
                f"resize with a smaller size, or allow more: memory={3 * height * width}",
            )
        self.sizes = [min(_BLOCK, self.kept - i) for i in range(0, self.kept, _BLOCK)]

    def _classes(self, folder: Path) -> None:
        classes = [entry for entry in listed(folder) if entry.is_dir() and not entry.name.startswith(".")]
        stray = [entry for entry in listed(folder) if entry.is_file() and not _passed_over(entry)]
        if not classes:
            came = f"no folder in it, {len(stray)} files"
            raise DataError(
                "a folder for each class, with PNG or JPEG images in it",
                came,
                self.place,
                "move the images into folders named as their classes",
            )
        if stray:
            came = f"a file beside them: {stray[0].name}"
            raise DataError("folders only, one for each class", came, self.place, "move it elsewhere")
        files = [_images(entry, folder) for entry in classes]
        if len(classes) < 2 and self.target is None:
            came = f"only {classes[0].name!r}"
            raise DataError("at least two classes", came, self.place, "a single class has nothing to learn")
        self._files = [path for group in files for path in group]
        names = [entry.name for entry, group in zip(classes, files, strict=True) for _ in group]
        self._labels = pa.array(names, pa.string())
        self.target = self.target or Target("folder", "classes", tuple(entry.name for entry in classes))

    def _require_one_size(self, sizes: Sequence[tuple[int, int]]) -> None:
        for path, size in zip(self._files, sizes, strict=True):
            if size != sizes[0]:
                wish = f"one size, {_said(sizes[0])} (height × width) as {self._files[0].name}"
                raise DataError(wish, _said(size), str(path), f"resize all with size={sizes[0]}")

    def read(self, number: int) -> ArrayBlock:
        """A block of images, decoded."""
        return self.rows(np.arange(number * _BLOCK, number * _BLOCK + self.sizes[number]))

    def rows(self, rows: Array) -> ArrayBlock:
        """Any images, by their numbers."""
        X = (
            np.stack([self._decoded(self._files[row]) for row in rows])
            if len(rows)
            else np.zeros((0, *self.shape), "u1")
        )
        labels = None if self._labels is None else self._labels.take(pa.array(rows))
        return ArrayBlock(X, labels, rows)

    def _decoded(self, path: Path) -> Array:
        """One image, (channels, height, width) bytes."""
        channels, height, width = self.shape
        with _Decoding(path) as image:
            turned = _plain(pilops.exif_transpose(image), path).convert(COLOURS[self._colour][0])
            if self._size is not None and turned.size != (width, height):
                turned = turned.resize((width, height), pil.Resampling.BILINEAR)
            pixels = np.asarray(turned, np.uint8)
        if pixels.shape[:2] != (height, width):
            raise DataError(
                f"the size {_said((height, width))}", _said(pixels.shape[:2]), str(path), "it changed"
            )
        return pixels.reshape(height, width, channels).transpose(2, 0, 1)

    def order(self, rng: np.random.Generator) -> list[int]:
        """The blocks in random order."""
        return in_runs(range(len(self.sizes)), rng)

    def where(self, row: int) -> str:
        """The file."""
        return str(self._files[row])

    def digest(self) -> str:
        """SHA-256 of the lines `sha256sum` prints for the files, by class and name, below the folder."""
        base = Path(self.place)
        base = base if base.is_dir() else base.parent
        return joint_digest((path.relative_to(base).as_posix(), file_digest(path)) for path in self._files)

    def describe(self) -> str:
        """In words, what the examples are read from."""
        return f"{self.place}: {self.kept:,} images, {self._colour}"


class _Decoding:
    """A PNG or JPEG file as an image of Pillow; what its decoders raise becomes a DataError with the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")  # about metadata; what spoils pixels is an exception
        warnings.simplefilter("error", pil.DecompressionBombWarning)
        self._file = opened(self._path)
        try:
            self._image = pil.open(self._file, formats=_FORMATS)
        except Exception as fault:
            self.__exit__(type(fault), fault)
            raise
        return self._image

    def __exit__(self, kind: Any, fault: Any, trace: Any = None) -> None:
        self._file.close()
        self._warnings.__exit__(None, None, None)
        if fault is None or isinstance(fault, DataError) or not isinstance(fault, Exception):
            return
        if not self._path.stat().st_size:
            came = "a file of 0 bytes"
        elif type(fault).__name__ == "UnidentifiedImageError":
            came = "something else"
        else:
            came = reason(fault)
        raise DataError(
            "a PNG or JPEG image that can be decoded", came, str(self._path), "repair or remove it"
        ) from None


def _head(path: Path, sized: bool) -> tuple[tuple[int, int], str]:
    """Height and width as shown, and the mode, from the header."""
    with _Decoding(path) as image:
        width, height = image.size
        if sized and image.getexif().get(_ORIENTATION) in _TURNED:
            width, height = height, width
        mode = _plain(image, path).mode
    return (height, width), mode


def _plain(image: Any, path: Path) -> Any:
    """Refuse images of more than 8 bits; they would lose what distinguishes them."""
    if image.mode.startswith(("I", "F")):
        raise DataError(
            "an image of 8 bits a channel",
            f"the mode {image.mode}",
            str(path),
            "save it as grey or RGB of 8 bits",
        )
    return image


def _images(folder: Path, base: Path) -> list[Path]:
    """The images of a folder, by name."""
    files = [entry for entry in listed(folder) if not _passed_over(entry)]
    for entry in files:
        if entry.is_dir():
            raise DataError(
                "images in the folder of a class", f"a folder: {entry.name}", str(folder), "one level only"
            )
        if entry.suffix.lower() not in SUFFIXES:
            raise DataError(
                "PNG and JPEG images only", f"{entry.relative_to(base)}", str(base), "move it elsewhere"
            )
    if not files:
        raise DataError("at least one PNG or JPEG image", "an empty folder", str(folder), "remove the folder")
    return files


def _passed_over(entry: Path) -> bool:
    return entry.name.startswith(".") or entry.name.lower() in _PASSED_OVER


def _checked_size(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    try:
        height, width = (int(number) for number in size)
    except (TypeError, ValueError):
        height = width = 0
    if not (0 < height <= 1 << 14 and 0 < width <= 1 << 14):
        raise DataError(
            "size as (height, width), pixels",
            repr(size)[:80],
            "open_data",
            "write it as size=(28, 28), each from 1 to 16384",
        )
    return height, width


def _said(size: Sequence[int]) -> str:
    return f"{size[0]} × {size[1]}"
