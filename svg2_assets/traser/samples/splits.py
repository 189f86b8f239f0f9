"""Which split a video belongs to: decided by a hash of its id, so that it stays there whatever is added."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Split(StrEnum):
    """What a sample is for."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class SplitSettings(BaseModel):
    """Shares of the videos held out; the others are for training. Another `salt` draws other ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    val: float = Field(default=0.02, ge=0, le=1)
    test: float = Field(default=0.02, ge=0, le=1)
    salt: str = ""

    @model_validator(mode="after")
    def _leave_some(self) -> SplitSettings:
        if self.val + self.test > 1:
            raise ValueError(f"val and test are shares of one whole: {self.val} + {self.test} is more than 1")
        return self


def split_of(video_id: str, settings: SplitSettings | None = None) -> Split:
    """The split of a video. A larger share of `test` only moves videos into it; `val` lies behind it."""
    shares = settings or SplitSettings()
    place = fraction_of(video_id, salt=shares.salt)
    if place < shares.test:
        return Split.TEST
    return Split.VAL if place < shares.test + shares.val else Split.TRAIN


def fraction_of(text: str, *, salt: str = "") -> float:
    """A number in 0..1 that follows from `text` alone, evenly spread over texts."""
    digest = hashlib.blake2b(f"{salt}\0{text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
