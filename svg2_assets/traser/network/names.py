"""Names of weights: in checkpoints, of either layout, and in our network (§6.2 of the released model's specification).

Saved as the released model was: vision tower `visual.`, language model `model.`, resamplers at the top. transformers
since 4.52 has them as `model.visual.` and `model.language_model.` in memory and in checkpoints of other classes.
"""

from __future__ import annotations

WINDOW_RESAMPLER, OBJECT_RESAMPLER = "perceiver_resampler.", "second_perceiver_resampler."
EMBEDDING, HEAD = "backbone.model.language_model.embed_tokens.weight", "backbone.lm_head.weight"

# Longer beginnings first. Of those that mean the same, the first is what is saved.
_BEGINNINGS = (
    (WINDOW_RESAMPLER, "window_resampler."),
    (OBJECT_RESAMPLER, "object_resampler."),
    ("visual.", "backbone.model.visual."),
    ("model.visual.", "backbone.model.visual."),
    ("model.language_model.", "backbone.model.language_model."),
    ("model.", "backbone.model.language_model."),
    ("lm_head.", "backbone.lm_head."),
)
_SAVED = (
    ("window_resampler.", WINDOW_RESAMPLER),
    ("object_resampler.", OBJECT_RESAMPLER),
    ("backbone.model.visual.", "visual."),
    ("backbone.model.language_model.", "model."),
    ("backbone.lm_head.", "lm_head."),
)


def own_name(stored: str) -> str | None:
    """The weight of our network that a checkpoint calls `stored`; None where no such weight can be."""
    return _exchanged(stored, _BEGINNINGS)


def stored_name(own: str) -> str:
    """What a checkpoint calls the weight `own` of our network. `KeyError` where it is none of TRASER's."""
    found = _exchanged(own, _SAVED)
    if found is None:
        raise KeyError(f"{own!r} is no weight of TRASER; merge adapters and unwrap the model before it is saved")
    return found


def is_place(own: str) -> bool:
    """Whether it belongs to what preset `default` adds to the released resamplers."""
    return own.startswith(("window_resampler.", "object_resampler.")) and "_place." in own


def is_resampler(own: str) -> bool:
    """Whether it belongs to a resampler."""
    return own.startswith(("window_resampler.", "object_resampler."))


def _exchanged(name: str, beginnings: tuple[tuple[str, str], ...]) -> str | None:
    for before, after in beginnings:
        if name.startswith(before):
            return after + name.removeprefix(before)
    return None
