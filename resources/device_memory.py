"""What torch keeps of a device's memory, and how it says that there is no more."""

from __future__ import annotations

import gc


def ran_out_of_memory(error: RuntimeError) -> bool:
    """Whether `error` is torch's way to say so; MPS has no class of its own for it."""
    import torch

    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def free_device_memory() -> None:
    """Give back what torch keeps for later."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    elif torch.backends.mps.is_available():
        torch.mps.empty_cache()
