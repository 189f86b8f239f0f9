"""Pickles of plain values and numpy arrays, read without running anything that they name.

A pickle is a program: it may call whatever it names. Here the few names that a pickled numpy array needs stand for
small recorders of this module, numpy itself is never called, and every other name is an error. Sizes of arrays are
checked against their bytes. The unpickler in Python is used, not the one in C: that one allocates what a file claims
to remember (CPython issue 115952).

A pickle of one large dictionary is read entry by entry: each is handed on when the pickle puts it into the dictionary,
which stays empty. A pickle remembers nearly every value in case that it comes again; of these, what the whole of the
file never asks for again is not kept, which a pass over it finds out first.
"""

from __future__ import annotations

import math
import pickle
import pickletools
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, ClassVar

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

_ASKS = frozenset({"GET", "BINGET", "LONG_BINGET"})


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


class _Handed(dict[Any, Any]):
    """The dictionary that is the whole of a pickle: what is put into it goes on, and it stays empty."""

    def __init__(self, take: Callable[[Any, Any], None]) -> None:
        super().__init__()
        self._take = take

    def __setitem__(self, key: Any, value: Any) -> None:
        self._take(key, value)


class _Memo(dict[int, Any]):
    """What a pickle remembers by number: those numbers alone that it asks for."""

    def __init__(self, asked: Collection[int]) -> None:
        super().__init__()
        self._asked, self._following = asked, 0

    def __setitem__(self, number: int, value: Any) -> None:
        self._following = max(self._following, number + 1)
        if number in self._asked:
            super().__setitem__(number, value)

    def __len__(self) -> int:
        return self._following  # the number that the unpickler gives to what comes without one


class _Reader(pickle._Unpickler):  # noqa: SLF001 - see above
    """The unpickler, by which nothing is imported; entries of a dictionary that is the whole go to `take`."""

    stack: list[Any]
    metastack: list[list[Any]]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]

    def __init__(self, file: IO[bytes], asked: Collection[int], take: Callable[[Any, Any], None]) -> None:
        super().__init__(file, encoding="latin1")
        self.memo, self._take = _Memo(asked), take

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

    def load_empty_dictionary(self) -> None:
        """`{}`, the whole where nothing is open."""
        whole = not self.stack and not self.metastack
        self.append(_Handed(self._take) if whole else {})

    def load_dict(self) -> None:
        """A dictionary of what stands after the last mark, the whole where nothing else is open."""
        items = self.pop_mark()
        whole = not self.stack and not self.metastack
        pairs = zip(items[::2], items[1::2], strict=True)
        if not whole:
            self.append(dict(pairs))
            return
        for key, value in pairs:
            self._take(key, value)
        self.append(_Handed(self._take))

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        **pickle._Unpickler.dispatch,  # noqa: SLF001
        pickle.EMPTY_DICT[0]: load_empty_dictionary,
        pickle.DICT[0]: load_dict,
    }


def read_entries(path: Path, take: Callable[[str, Any], None]) -> None:
    """Give each entry of the dictionary that a pickle holds to `take`: plain values, and `Array` for arrays.

    In memory are one entry, and values that several entries share. Entries before a place that is broken are given.
    Raises `RefusedPickle`, `OSError`, and what `take` raises.
    """

    def taken(key: Any, value: Any) -> None:
        if not isinstance(key, str):
            raise RefusedPickle(f"expected frames by name, found a key of type {type(key).__name__}.")
        take(key, value)

    with path.open("rb") as file:
        try:
            asked = _asked(file)
            file.seek(0)
            whole = _Reader(file, asked, taken).load()
        except (Svg2Error, OSError):
            raise
        except Exception as error:
            raise RefusedPickle(f"no whole pickle: {type(error).__name__}: {printable(str(error))}.") from error
    if not isinstance(whole, _Handed):
        raise RefusedPickle(f"expected frames by name, found {type(whole).__name__}.")


def _asked(file: IO[bytes]) -> set[int]:
    """The numbers of what is remembered that the pickle asks for."""
    return {at for code, at, _ in pickletools.genops(file) if code.name in _ASKS and isinstance(at, int)}
