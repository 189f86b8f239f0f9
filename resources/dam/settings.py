"""Settings of the describer that asks DAM's server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from svg2_assets.descriptions.presets import ViewRules

VIDEO_IMAGES = 8
"""what the server takes of a video, no more and no fewer; of an image it takes one"""


@dataclass(frozen=True, slots=True)
class DamSettings:
    """How DAM is asked.

    `base_url`: where its server listens, without `/v1`. `checkpoint`: the weights that it was started with; the server
    does not say, so this is what provenance keeps. `frames`: 8 an object (DAM-3B-Video), or 1 (DAM-3B, too). `views`:
    what it is shown. `question`: asked instead of the prompt file. `at_once`: objects whose pictures are held in memory
    and sent together. `concurrency`: requests under way; the server answers one at a time a worker. `timeout`: seconds
    a request may take, waiting for its turn included. `attempts`: most tries of a request; the server says 500 also to
    what no further try will change.
    """

    base_url: str = "http://127.0.0.1:8000"
    checkpoint: str = "nvidia/DAM-3B-Video"
    frames: int = VIDEO_IMAGES
    views: ViewRules = field(default_factory=ViewRules)
    question: str = ""
    at_once: int = 8
    concurrency: int = 2
    timeout: float = 600.0
    attempts: int = 3

    def __post_init__(self) -> None:
        if isinstance(self.views, Mapping):
            object.__setattr__(self, "views", ViewRules(**self.views))
        if self.frames not in (1, VIDEO_IMAGES):
            raise ValueError(f"frames: DAM's server takes {VIDEO_IMAGES} or 1, found {self.frames}")
        if urlsplit(self.base_url).scheme not in {"http", "https"} or not urlsplit(self.base_url).hostname:
            raise ValueError("base_url: expected an address such as http://127.0.0.1:8000")
        if min(self.at_once, self.concurrency, self.attempts) < 1 or self.timeout <= 0:
            raise ValueError("at_once, concurrency, attempts and timeout must be positive")

    @property
    def output_config(self) -> Mapping[str, Any]:
        """What changes the output; where the server is and how fast it is asked does not."""
        shown = {"frames": self.frames, "views": asdict(self.views)}
        return {"checkpoint": self.checkpoint, "question": self.question, **shown}
