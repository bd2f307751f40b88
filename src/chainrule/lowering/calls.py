"""Calls out of compiled code into a function of addresses: XLA's foreign function interface, through ctypes.

XLA hands a handler one structure, the call frame, with the addresses of operands and results. Nothing is compiled
here and nothing copied; a call costs about 12 microseconds. The structures are those of version 0 of the interface,
in the header xla/ffi/api/c_api.h that comes with jaxlib.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_void_p
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp

from chainrule.graph.shape import Shape

Function = Callable[[list[int], list[int]], None]
_EXECUTE, _INTERNAL = 3, 13
_METADATA = 1
_VERSION = (0, 3)


class _Extension(Structure):
    _fields_ = [("struct_size", c_size_t), ("type", c_int), ("next", c_void_p)]


class _Version(Structure):
    _fields_ = [("struct_size", c_size_t), ("extension", c_void_p), ("major", c_int), ("minor", c_int)]


class _Metadata(Structure):
    _fields_ = [("struct_size", c_size_t), ("version", _Version), ("traits", c_uint32), ("state", c_int64)]


class _MetadataExtension(Structure):
    _fields_ = [("base", _Extension), ("metadata", POINTER(_Metadata))]


class _Buffer(Structure):
    _fields_ = [
        *(("struct_size", c_size_t), ("extension", c_void_p)),
        *(("dtype", c_int), ("data", c_void_p), ("rank", c_int64), ("dims", POINTER(c_int64))),
    ]


class _Buffers(Structure):
    _fields_ = [
        *(("struct_size", c_size_t), ("extension", c_void_p)),
        *(("size", c_int64), ("types", c_void_p), ("buffers", POINTER(POINTER(_Buffer)))),
    ]

    def addresses(self) -> list[int]:
        """Where the arrays lie."""
        return [int(self.buffers[at].contents.data or 0) for at in range(self.size)]


class _ErrorArguments(Structure):
    _fields_ = [("struct_size", c_size_t), ("extension", c_void_p), ("message", c_char_p), ("code", c_int)]


_Create = ctypes.CFUNCTYPE(c_void_p, POINTER(_ErrorArguments))


class _Api(Structure):
    _fields_ = [
        *(("struct_size", c_size_t), ("extension", c_void_p)),
        *(("version", _Version), ("internal", c_void_p), ("error_create", _Create)),
    ]


class _Frame(Structure):
    _fields_ = [
        *(("struct_size", c_size_t), ("extension", POINTER(_Extension)), ("api", POINTER(_Api))),
        *(("context", c_void_p), ("stage", c_int), ("args", _Buffers), ("rets", _Buffers)),
    ]


_Handler = ctypes.CFUNCTYPE(c_void_p, POINTER(_Frame))
_one_at_a_time = Lock()
_handlers: dict[str, Any] = {}  # ctypes keeps no reference to what it calls


def register(name: str, make: Callable[[], Function]) -> None:
    """Make a function of (addresses of operands, addresses of results) the target of that name, for the CPU.

    It is made where the name is new: the name says everything about what is computed.
    """
    with _one_at_a_time:
        if name not in _handlers:
            _handlers[name] = _Handler(_handler(make()))
            capsule = jax.ffi.pycapsule(_handlers[name])  # type: ignore[no-untyped-call]  # JAX has no types for it
            jax.ffi.register_ffi_target(name, capsule, platform="cpu")


def called(name: str, shape: Shape, *operands: Any, **numbers: Any) -> jax.Array:
    """What the target of that name makes of the operands, inside compiled code: float32. numbers: what it is told."""
    result = jax.ShapeDtypeStruct(shape, jnp.float32)  # type: ignore[no-untyped-call]  # JAX has no types for it
    made: jax.Array = jax.ffi.ffi_call(name, result, vmap_method="sequential")(*operands, **numbers)
    return made


def _handler(function: Function) -> Callable[[Any], int | None]:
    def handle(pointer: Any) -> int | None:
        frame = pointer.contents
        if frame.extension and frame.extension.contents.type == _METADATA:
            found = ctypes.cast(frame.extension, POINTER(_MetadataExtension)).contents.metadata.contents
            found.version.major, found.version.minor = _VERSION
            found.traits = 0
        elif frame.stage == _EXECUTE:
            try:
                function(frame.args.addresses(), frame.rets.addresses())
            except Exception as fault:
                return _error(frame.api.contents, fault)
        return None

    return handle


def _error(api: _Api, fault: Exception) -> int:
    size = ctypes.sizeof(_ErrorArguments)
    arguments = _ErrorArguments(size, None, f"{type(fault).__name__}: {fault}".encode(), _INTERNAL)
    created: int = api.error_create(ctypes.byref(arguments))
    return created
