"""Importing the sam2 package, which hydra must be told of beforehand."""

from __future__ import annotations

import warnings
from functools import lru_cache


@lru_cache(maxsize=1)
def make_importable() -> None:
    """Call before any import of sam2: tell hydra where its configurations lie. Raises `ImportError` without either.

    The package's own `__init__` would do so in words that hydra 1.4 refuses; hydra 1.3 would pull in a parser runtime
    under which dagster's asset selections fail.
    """
    from hydra import initialize_config_module
    from hydra.core.global_hydra import GlobalHydra

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # hydra announces its next release
        if not GlobalHydra.instance().is_initialized():
            initialize_config_module("sam2", version_base=None)
        import sam2  # noqa: F401 - for its side effects, now that there are none left
