"""Batches from one process to another in a single piece of shared memory.

torch hands over each tensor of a batch in a file of its own, which the receiver opens. A batch of 40 objects in six
windows has over 500 of them; a few batches on their way are more than most processes may hold open.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np

_ALIGNED = 64  # bytes at which arrays begin


@dataclass(frozen=True, slots=True)
class Packed:
    """Anything that pickles: its `skeleton`, and its arrays and tensors at `places` (first and last byte) of `memory`,
    a shared tensor.
    """

    skeleton: bytes
    places: tuple[tuple[int, int], ...]
    memory: Any

    def unpacked(self) -> Any:
        """What was packed; its arrays and tensors lie in the shared memory, which lives as long as they do."""
        view = memoryview(self.memory.numpy()) if self.places else memoryview(b"")
        return pickle.loads(self.skeleton, buffers=[view[a:b] for a, b in self.places])  # noqa: S301 (our own)


def pack(value: Any) -> Packed:
    """`value` with one copy of its arrays, into shared memory."""
    import torch

    buffers: list[pickle.PickleBuffer] = []
    skeleton = io.BytesIO()
    _Pickler(skeleton, protocol=5, buffer_callback=buffers.append).dump(value)
    raw = [buffer.raw() for buffer in buffers]
    places, end = [], 0
    for part in raw:
        places.append((end, end + part.nbytes))
        end += -(-part.nbytes // _ALIGNED) * _ALIGNED
    memory = torch.empty(end, dtype=torch.uint8).share_memory_()
    into = memory.numpy()
    for part, (first, last) in zip(raw, places, strict=True):
        into[first:last] = np.frombuffer(part, dtype=np.uint8)
    return Packed(skeleton.getvalue(), tuple(places), memory)


class _Pickler(pickle.Pickler):
    """Takes tensors for arrays, which know how to leave their bytes to others."""

    def reducer_override(self, value: Any) -> Any:
        import torch

        if isinstance(value, torch.Tensor) and value.device.type == "cpu" and value.dtype != torch.bfloat16:
            return _tensor, (value.detach().numpy(),)
        return NotImplemented


def _tensor(array: Any) -> Any:
    import torch

    return torch.from_numpy(array)
