"""Convolutions by oneDNN, where its library is installed: the extra `fast`.

oneDNN is the library of kernels inside of other frameworks; it comes close to the machine's peak, where XLA's own
convolution reaches a half. It is called with plain arrays: channels last, kernels
as (u, v, inputs, outputs). Without it everything is computed by XLA.

Legend: as in ops/convolution.py; numbers in capitals are oneDNN's own, of version 3.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

_PACKAGES = ("onednn-cpu-gomp",)
_CPU, _IN_ORDER, _F32, _ANY = 1, 1, 3, 1
_TRAINING, _DIRECT = 64, 1
_SRC, _DST, _WEIGHTS, _DIFF = 1, 17, 33, 128
_QUERY_NAME, _QUERY_WEIGHTS, _QUERY_DIFF_WEIGHTS = 8, 131, 132
_turn = Lock()


class _Argument(ctypes.Structure):
    _fields_ = [("place", c_int), ("memory", c_void_p)]


@contextmanager
def _waiting_quietly() -> Iterator[None]:
    """OpenMP reads this when it is loaded: its threads sleep between calls, for XLA's threads to have the cores."""
    key, before = "OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY")
    os.environ[key] = before or "passive"
    try:
        yield
    finally:
        if before is None:
            del os.environ[key]


@cache
def library() -> Any:
    """The library with its engine and stream, or None where it is not installed or cannot be loaded."""
    for package in _PACKAGES:
        try:
            found = [
                Path(str(file.locate()))
                for file in files(package) or ()
                if file.name.startswith("libdnnl.so")
            ]
        except PackageNotFoundError:
            continue
        for path in sorted(found, reverse=True):
            try:
                with _waiting_quietly():
                    return _Library(ctypes.CDLL(str(path.resolve())))
            except OSError:  # the system has no OpenMP for it: as if it were not installed
                continue
    return None


class _Library:
    def __init__(self, binary: Any) -> None:
        self.binary = binary
        binary.dnnl_primitive_desc_query_md.restype = c_void_p
        binary.dnnl_memory_desc_get_size.restype = c_size_t
        self.engine, self.stream = c_void_p(), c_void_p()
        self("engine_create", byref(self.engine), _CPU, c_size_t(0))
        self("stream_create", byref(self.stream), self.engine, _IN_ORDER)

    def __call__(self, name: str, *arguments: Any) -> None:
        status = getattr(self.binary, f"dnnl_{name}")(*arguments)
        if status:
            raise OSError(f"oneDNN: {name} ended with status {status}")

    def described(self, sizes: Sequence[int], strides: Sequence[int] | None) -> c_void_p:
        """The description of an array; without strides in whatever layout a primitive likes best."""
        made = c_void_p()
        if strides is None:
            self("memory_desc_create_with_tag", byref(made), len(sizes), _numbers(sizes), _F32, _ANY)
        else:
            self(
                "memory_desc_create_with_strides",
                *(byref(made), len(sizes), _numbers(sizes), _F32, _numbers(strides)),
            )
        return made

    def memory(self, description: c_void_p, address: int = 0) -> c_void_p:
        """An array of that description, at an address that may be set later."""
        made = c_void_p()
        self("memory_create", byref(made), description, self.engine, c_void_p(address))
        return made

    def size(self, description: c_void_p) -> int:
        """Bytes of an array of that description."""
        return int(self.binary.dnnl_memory_desc_get_size(description))

    def reorder(self, source: c_void_p, target: c_void_p) -> c_void_p:
        """The primitive that turns arrays of one description into arrays of the other."""
        return self.primitive("reorder", source, self.engine, target, self.engine, None)[0]

    def same_places(self, one: c_void_p, other: c_void_p) -> bool:
        """Whether every entry lies in the same place in both: seen where numbers are turned from one into the other."""
        if self.binary.dnnl_memory_desc_equal(one, other):
            return True
        if self.size(one) != self.size(other):
            return False
        given = np.arange(self.size(one) // 4, dtype=np.float32)
        made = np.empty_like(given)
        ends = _arguments(
            *(
                (place, self.memory(*pair))
                for place, pair in ((_SRC, (one, given.ctypes.data)), (_DST, (other, made.ctypes.data)))
            )
        )
        self("primitive_execute", self.reorder(one, other), self.stream, len(ends), ends)
        self("stream_wait", self.stream)
        return np.array_equal(given, made)

    def name_of(self, description: c_void_p) -> str:
        """The name of the implementation that a primitive's description stands for."""
        found = c_char_p()
        self("primitive_desc_query", description, _QUERY_NAME, 0, byref(found))
        return (found.value or b"").decode()

    def primitive(self, kind: str, *settings: Any) -> tuple[c_void_p, c_void_p]:
        """A primitive and its description."""
        description, made = c_void_p(), c_void_p()
        self(f"{kind}_primitive_desc_create", byref(description), *settings)
        self("primitive_create", byref(made), description)
        return made, description


def _numbers(values: Sequence[int]) -> Any:
    return (c_int64 * len(values))(*values)


class Call:
    """A primitive with its arrays: call it with the addresses of operands and results.

    weights: of which argument the layout is the primitive's own, with the query for it, and the plain layout from
    which, or into which, it is turned.
    """

    def __init__(
        self, primitive: tuple[c_void_p, c_void_p], places: Sequence[int], plain: Sequence[c_void_p]
    ) -> None:
        self.lib = library()
        self.primitive, description = primitive
        if "gemm" in self.lib.name_of(description):
            raise OSError("oneDNN: a convolution by matrix products")
        self.places = list(places)
        self.memories = [self.lib.memory(one) for one in plain]
        self.steps: list[tuple[c_void_p, Any]] = []
        inner = list(self.memories)
        for at, place in enumerate(places):
            if place not in (_WEIGHTS, _WEIGHTS + _DIFF):
                continue
            written = place == _WEIGHTS + _DIFF
            query = _QUERY_DIFF_WEIGHTS if written else _QUERY_WEIGHTS
            liked = c_void_p(self.lib.binary.dnnl_primitive_desc_query_md(description, query, 0))
            if self.lib.same_places(liked, plain[at]):
                continue
            self.room = np.empty(self.lib.size(liked) // 4 + 16, np.float32)
            inner[at] = self.lib.memory(liked, self.room.ctypes.data)
            ends = (liked, plain[at]) if written else (plain[at], liked)
            pair = (inner[at], self.memories[at]) if written else (self.memories[at], inner[at])
            turn = self.lib.reorder(*ends)
            self.steps.append((turn, _arguments((_SRC, pair[0]), (_DST, pair[1]))))
        self.steps.insert(
            0 if self.places[-1] == _WEIGHTS + _DIFF else len(self.steps),
            (self.primitive, _arguments(*zip(self.places, inner, strict=True))),
        )

    def __call__(self, operands: list[int], results: list[int]) -> None:
        with _turn:
            for memory, address in zip(self.memories, operands + results, strict=True):
                self.lib("memory_set_data_handle", memory, c_void_p(address))
            for primitive, arguments in self.steps:
                self.lib("primitive_execute", primitive, self.lib.stream, len(arguments), arguments)
            self.lib("stream_wait", self.lib.stream)


def _arguments(*pairs: tuple[int, c_void_p]) -> Any:
    return (_Argument * len(pairs))(*(_Argument(place, memory) for place, memory in pairs))


# The calls. All arrays are float32.


def convolution(
    kind: str,
    images: tuple[int, ...],
    kernel: tuple[int, ...],
    given: tuple[int, ...],
    steps: tuple[Any, ...],
    kernel_strides: tuple[int, ...],
) -> Call:
    """The value of a convolution that is left open: "result" of (x, k), "input" of (dy, k), "kernel" of (x, dy).

    images, given: (n, h, w, channels) of x and y. kernel: (u, v, inputs, outputs). steps: (strides, dilations, padding
    before, padding after), each a pair. kernel_strides: how far apart the kernel's entries lie along (outputs, inputs,
    u, v). Raises OSError where oneDNN has no such convolution, or only one by its matrix products: those need more
    stack than XLA's threads have, and would end the process.
    """
    lib = library()
    strides, dilations, before, after = (_numbers(pair) for pair in steps)
    dilations = _numbers([number - 1 for number in steps[1]])

    def image(shape: tuple[int, ...]) -> c_void_p:
        n, h, w, c = shape
        described: c_void_p = lib.described((n, c, h, w), (h * w * c, 1, w * c, c))
        return described

    u, v, c, o = kernel
    x, y = image(images), image(given)
    k, liked = lib.described((o, c, u, v), kernel_strides), lib.described((o, c, u, v), None)
    sides = (strides, dilations, before, after)
    forward = ("convolution_forward", lib.engine, _TRAINING, _DIRECT, x, liked, None, y, *sides, None)
    made = lib.primitive(*forward)
    if kind == "result":
        return Call(made, (_SRC, _WEIGHTS, _DST), (x, k, y))
    hint = (*sides, made[1], None)
    if kind == "input":
        back = lib.primitive("convolution_backward_data", lib.engine, _DIRECT, x, liked, y, *hint)
        return Call(back, (_DST + _DIFF, _WEIGHTS, _SRC + _DIFF), (y, k, x))
    back = lib.primitive("convolution_backward_weights", lib.engine, _DIRECT, x, liked, None, y, *hint)
    return Call(back, (_SRC, _DST + _DIFF, _WEIGHTS + _DIFF), (x, y, k))
