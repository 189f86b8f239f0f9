"""What is counted of one system while frames go by: PQ, VPQ and both kinds of STQ. A frame is compared once for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from svg2_assets.evaluation.public import panoptic, vipseg
from svg2_assets.evaluation.public.pairs import FramePair
from svg2_assets.evaluation.public.panoptic import Frame, PanopticQuality, Tally
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Record
from svg2_assets.evaluation.public.step import StepCounts
from svg2_assets.evaluation.public.stq import TrackingQuality
from svg2_assets.evaluation.public.vipseg import VideoPanopticQuality

PQ, VPQ, STQ, STEP = "PQ", "VPQ", "STQ (VIPSeg)", "STQ (STEP)"
T = TypeVar("T")


class Counts(Protocol):
    """A metric while it is counted. `add`, `quality` raise `InvalidBenchmarkInput` where the public program stops."""

    def start(self, video: str) -> None:
        """The frames that come are of another video."""
        ...

    def add(self, pair: FramePair) -> None:
        """Count a frame."""
        ...

    def end(self) -> None:
        """The video has no further frames."""
        ...

    def quality(self) -> Any:
        """Of all that was counted."""
        ...


class ImageCounts:
    """PQ of frames one by one, as `panoptic.quality`."""

    def __init__(self, categories: Sequence[Record]) -> None:
        self._things = panoptic.is_thing(categories)
        self._tallies: dict[int, Tally] = {}

    def start(self, video: str) -> None:
        """Images do not belong together."""

    def add(self, pair: FramePair) -> None:
        """Count a frame."""
        compared = panoptic.compare(pair.true, pair.found, self._things, pair.where, common=pair.common)
        panoptic.add(self._tallies, compared)

    def end(self) -> None:
        """Images do not belong together."""

    def quality(self) -> PanopticQuality:
        """Of all that was counted."""
        return panoptic.averages(self._tallies, self._things)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one system scored. What could not be computed is None, and `failed` says why, by metric."""

    pq: PanopticQuality | None = None
    vpq: VideoPanopticQuality | None = None
    stq: TrackingQuality | None = None
    step: TrackingQuality | None = None
    failed: Mapping[str, str] = field(default_factory=dict)


class Counting:
    """All metrics of one system. One that refuses an input is given up, with the reason; the others go on."""

    def __init__(self, categories: Sequence[Record], windows: Sequence[int], *, images: bool) -> None:
        self._failed: dict[str, str] = {}
        self._counts: dict[str, Counts] = {}
        ways: dict[str, Callable[[], Counts]] = {PQ: lambda: ImageCounts(categories)}
        if not images:
            ways |= {
                VPQ: lambda: vipseg.WindowCounts(categories, windows),
                STQ: lambda: _vipseg_stq(categories),
                STEP: lambda: StepCounts(categories),
            }
        for name, make in ways.items():
            made = self._attempt(name, make)
            if made is not None:
                self._counts[name] = made

    @property
    def open(self) -> bool:
        """Whether there is a metric left to count."""
        return bool(self._counts)

    def start(self, video: str) -> None:
        """The frames that come are of another video."""
        for counts in self._counts.values():
            counts.start(video)

    def add(self, true: Frame, found: Frame, where: str) -> None:
        """Count a frame."""
        try:
            pair = FramePair.of(true, found, where)
        except InvalidBenchmarkInput as error:
            self._failed |= dict.fromkeys(self._counts, str(error))
            self._counts.clear()
            return
        for name, counts in list(self._counts.items()):
            self._attempt(name, counts.add, pair)

    def end(self) -> None:
        """The video has no further frames."""
        for counts in self._counts.values():
            counts.end()

    def figures(self) -> Figures:
        """Of all that was counted."""
        found = {name: self._attempt(name, counts.quality) for name, counts in list(self._counts.items())}
        pq, vpq, stq, step = (found.get(name) for name in (PQ, VPQ, STQ, STEP))
        return Figures(pq, vpq, stq, step, dict(self._failed))

    def _attempt(self, name: str, do: Callable[..., T], *given: FramePair) -> T | None:
        try:
            return do(*given)
        except InvalidBenchmarkInput as error:
            self._failed[name] = str(error)
            self._counts.pop(name, None)
            return None


def _vipseg_stq(categories: Sequence[Record]) -> vipseg.TubeCounts:
    """With the data set's number of classes, or more where the list has higher numbers, as long as 255 is no class."""
    highest = max(panoptic.is_thing(categories), default=0)
    if highest >= vipseg.UNNAMED:
        raise InvalidBenchmarkInput(
            f"categories: expected numbers below {vipseg.UNNAMED}, which is void there, found {highest}."
        )
    count = vipseg.NUM_CLASSES if highest <= vipseg.NUM_CLASSES else highest + 1
    return vipseg.TubeCounts(categories, num_classes=count)
