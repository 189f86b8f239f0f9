"""The size at which a model sees an image, and the largest at which it costs no more than a given number of tokens.

Source: as `svg2_assets.llm.tokens`. The guide does not say what happens to images below the size that it scales down
to; they are taken as they are, as bills show: 512 x 512 pixels at detail `high` cost one tile.
"""

from __future__ import annotations

import math
from functools import cache

from svg2_assets.llm.tokens import PatchRule, image_rule, image_tokens

PATCH = 32
LONGEST_SIDE, SHORTEST_SIDE = 2048, 768


def effective_size(model: str, width: int, height: int) -> tuple[int, int]:
    """(width, height) at which `model` sees an image at detail `high`; it is never enlarged."""
    rule = image_rule(model)
    if isinstance(rule, PatchRule):
        scale = min(1.0, LONGEST_SIDE / max(width, height), math.sqrt(rule.budget * PATCH**2 / (width * height)))
    else:
        scale = min(1.0, LONGEST_SIDE / max(width, height), SHORTEST_SIDE / min(width, height))
    return _scaled(width, height, scale)


@cache
def fitted_size(model: str, width: int, height: int, *, most_tokens: int) -> tuple[int, int]:
    """The largest (width, height), aspect kept and not enlarged, that costs at most `most_tokens`.

    Where none does, the one whose shorter side is a patch.
    """
    widest, highest = effective_size(model, width, height)
    for rows in range(highest, PATCH - 1, -1):
        size = _scaled(widest, highest, rows / highest)
        if image_tokens(model, *size, "high") <= most_tokens:
            return size
    return _scaled(widest, highest, min(1.0, PATCH / min(widest, highest)))


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    # A side that should be 768 must not come out as 769: that is one more row of tiles.
    return max(1, math.floor(width * scale + 1e-6)), max(1, math.floor(height * scale + 1e-6))
