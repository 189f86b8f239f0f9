"""How large and how varied a data set is, as values.

The figures are those by which Synthetic Visual Genome 2 describes itself (arXiv 2602.23543, table 1), and what tells
whether the labels can be trusted. `tallying` counts them, `sources` knows of what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from svg2_assets.scene.taxonomy import Category, Verdict

TOP = 20
"""How many names and predicates a table shows; the values hold them all."""
_SPREAD = {"mean", "median", "least", "most", "bins"}


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean, median and extremes of something counted or measured; zeros where there is nothing.

    `bins` is the distribution: how many there are from one power of two (included) to the next (not included), by name
    of the bin, lowest first. All data sets have the same bins, so that they can be laid side by side.
    """

    mean: float = 0.0
    median: float = 0.0
    least: float = 0.0
    most: float = 0.0
    bins: Mapping[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.mean:.4g} (median {self.median:.4g}, {self.least:.4g} to {self.most:.4g})"


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of a data set. Counts by value are ordered, most frequent first; durations are seconds.

    `names` are canonical: what means the same is counted together. `unreadable` videos are known and do not decode;
    nothing else counts them. `verified_share` is the share of objects whose name independent evidence supports,
    `unnamed_share` of those only called `object`.
    """

    videos: int = 0
    unreadable: int = 0
    seconds: float = 0.0
    frames: int = 0
    frames_per_video: Spread = Spread()
    objects: int = 0
    objects_per_video: Spread = Spread()
    object_classes: int = 0
    names: Mapping[str, int] = field(default_factory=dict)
    attributes: int = 0
    attributes_per_object: Spread = Spread()
    attributes_per_video: Spread = Spread()
    attribute_types: Mapping[str, int] = field(default_factory=dict)
    relations: int = 0
    relations_per_video: Spread = Spread()
    relation_classes: int = 0
    predicates: Mapping[str, int] = field(default_factory=dict)
    categories: Mapping[str, int] = field(default_factory=lambda: {c.value: 0 for c in Category})
    spans: int = 0
    span_seconds: Spread = Spread()
    verdicts: Mapping[str, int] = field(default_factory=lambda: {v.value: 0 for v in Verdict})
    verified_share: float = 0.0
    unnamed_share: float = 0.0

    def as_rows(self) -> list[tuple[str, str]]:
        """(figure, value) pairs to print."""
        rows = [(name.replace("_", " "), _text(name, value)) for name, value in self.to_json().items()]
        return [*rows[:2], ("hours", f"{self.seconds / 3600:.3g}"), *rows[2:]]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON types."""
        return asdict(self)

    def distributions(self) -> dict[str, Mapping[str, int]]:
        """What is worth a look as a picture: title -> bin or value -> count."""
        return {
            "objects per video": self.objects_per_video.bins,
            "attributes per video": self.attributes_per_video.bins,
            "relations per video": self.relations_per_video.bins,
            "relations by category": self.categories,
            "length of spans (s)": self.span_seconds.bins,
            "names by verdict": self.verdicts,
        }


def _text(name: str, value: Any) -> str:
    if isinstance(value, dict) and value.keys() == _SPREAD:
        return str(Spread(**value))
    if isinstance(value, dict):
        shown = ", ".join(f"{key} {count}" for key, count in list(value.items())[:TOP])
        return shown + (f" and {len(value) - TOP} more" if len(value) > TOP else "") or "none"
    if name.endswith("_share"):
        return f"{value:.1%}"
    return f"{value:,}"
