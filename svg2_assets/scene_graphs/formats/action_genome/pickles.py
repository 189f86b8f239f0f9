"""Pickles of plain values and numpy arrays, read without running anything that they name.

A pickle is a program: it may call whatever it names. Here the few names that a pickled numpy array needs stand for
small recorders of this module, numpy itself is never called, and every other name is an error. Sizes of arrays are
checked against their bytes. The unpickler in Python is used, not the one in C: that one allocates what a file claims
to remember (CPython issue 115952).
"""

from __future__ import annotations

import math
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from svg2_assets.scene.errors import Svg2Error, printable

_DTYPES = frozenset({"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"})
_CORES = ("numpy.core", "numpy._core")
_ALLOWED = {
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): "dtype",
    ("_codecs", "encode"): "encode",
    **{(f"{core}.multiarray", "_reconstruct"): "array" for core in _CORES},
    **{(f"{core}.multiarray", "scalar"): "scalar" for core in _CORES},
    **{(f"{core}.numeric", "_frombuffer"): "buffer" for core in _CORES},  # protocol 5
}


class RefusedPickle(Svg2Error, ValueError):
    """A pickle that holds more than plain values and arrays, or is broken; the text says what."""


@dataclass(slots=True)
class _Dtype:
    """A numpy type as the pickle tells it: kind and bytes of a number, and their order."""

    code: str
    order: str = "="

    def __setstate__(self, state: Any) -> None:
        self.order = str(state[1])

    @property
    def numpy(self) -> np.dtype[Any]:
        order = self.order if self.order in {"<", ">"} else "="
        if self.code not in _DTYPES:
            raise RefusedPickle(f"an array of {printable(self.code)}; expected numbers.")
        return np.dtype(f"{order}{self.code}")


@dataclass(slots=True)
class Array:
    """A numpy array as the pickle tells it, checked when it is asked for."""

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def to_list(self) -> Any:
        """Its numbers, nested as its shape is. Raises `RefusedPickle`."""
        try:
            _, shape, dtype, fortran, data = self.state
        except (TypeError, ValueError) as error:
            raise RefusedPickle("an array without its state.") from error
        whole = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
        if not whole or not isinstance(dtype, _Dtype) or not isinstance(data, bytes | str):
            raise RefusedPickle("an array whose shape, type or bytes are none.")
        kind, raw = dtype.numpy, data.encode("latin1") if isinstance(data, str) else data
        if math.prod(shape) * kind.itemsize != len(raw):
            raise RefusedPickle(f"an array of shape {shape} in {len(raw)} bytes.")
        return np.frombuffer(raw, dtype=kind).reshape(shape, order="F" if fortran else "C").tolist()


@dataclass(slots=True, frozen=True)
class _Name:
    """What the pickle gets for a name. It has no state that the pickle could change."""

    kind: str

    def __call__(self, *given: Any) -> Any:
        if self.kind == "array":
            return Array()
        if self.kind == "dtype":
            return _Dtype(str(given[0]))
        if self.kind == "encode" and given[1:] in {(), ("latin1",)}:
            return str(given[0]).encode("latin1")
        if self.kind == "scalar" and isinstance(given[1], bytes):
            return Array((1, (1,), given[0], False, given[1])).to_list()[0]
        if self.kind == "buffer" and isinstance(given[0], bytes | bytearray):
            data, dtype, shape, order = given
            return Array((1, shape, dtype, order == "F", bytes(data)))
        raise RefusedPickle(f"a call of {self.kind} that no array needs.")

    def __setstate__(self, state: Any) -> None:
        raise RefusedPickle(f"a state for {self.kind}.")


class _Reader(pickle._Unpickler):  # noqa: SLF001 - see above
    """The unpickler, by which nothing is imported."""

    def find_class(self, module: str, name: str) -> _Name:
        kind = _ALLOWED.get((module, name))
        if kind is None:
            said = printable(f"{module}.{name}")
            raise RefusedPickle(f"it names {said}, which numbers, texts and arrays do not need; nothing was run.")
        return _Name(kind)

    def get_extension(self, code: int) -> None:
        raise RefusedPickle(f"it names extension {code}; nothing was run.")

    def persistent_load(self, _: Any) -> None:
        raise RefusedPickle("it names something outside of it; nothing was run.")


def read_pickle(path: Path) -> Any:
    """What a pickle holds: plain values, and `Array` for arrays. All of it is in memory at once.

    Raises `RefusedPickle`, `OSError`.
    """
    with path.open("rb") as file:
        try:
            return _Reader(file, encoding="latin1").load()
        except (RefusedPickle, OSError):
            raise
        except Exception as error:
            raise RefusedPickle(f"no whole pickle: {type(error).__name__}: {printable(str(error))}.") from error
