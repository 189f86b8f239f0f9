"""Phase 2a by any model that sees pictures and speaks OpenAI's chat protocol."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from resources.llm.users import AsksModels
from svg2_assets.descriptions.asking import one_each, portions
from svg2_assets.descriptions.gallery import Gallery, look
from svg2_assets.descriptions.grouped import GroupRule, call_for, groups, read, the_prompt
from svg2_assets.descriptions.presets import ViewRules
from svg2_assets.descriptions.protocols import Description
from svg2_assets.llm.calls import Call, Gateway, Outcome
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """Which model is asked, and what it is shown.

    `frames`: at most so many pictures of an object up close. `options`: further fields of the request; models that
    reason refuse `temperature`, give them `{}` or `{"reasoning_effort": "low"}`. `at_once`: calls whose pictures are
    held in memory and sent together.
    """

    model: str = "gpt-4.1-mini"
    frames: int = 3
    views: ViewRules = field(default_factory=ViewRules)
    groups: GroupRule = field(default_factory=GroupRule)
    options: Mapping[str, Any] = field(default_factory=lambda: {"temperature": 0, "seed": 0})
    at_once: int = 4

    def __post_init__(self) -> None:
        if isinstance(self.views, Mapping):
            object.__setattr__(self, "views", ViewRules(**self.views))
        if isinstance(self.groups, Mapping):
            object.__setattr__(self, "groups", GroupRule(**self.groups))
        if min(self.at_once, self.frames) < 1:
            raise ValueError("at_once and frames must be at least 1")


class VisionDescriber(AsksModels):
    """A `Describer` that shows a model each object outlined, whole and up close, several objects a call."""

    Settings = VisionSettings

    def __init__(self, settings: VisionSettings | None = None, gateway: Gateway | None = None) -> None:
        super().__init__(gateway)
        self._settings = settings or VisionSettings()

    @property
    def model_id(self) -> str:
        """The model asked."""
        return f"vision/{self._settings.model}"

    @property
    def config(self) -> Mapping[str, Any]:
        """What the model is shown and told."""
        shown = {k: v for k, v in asdict(self._settings).items() if k != "at_once"}
        return {**shown, "prompt": the_prompt().version}

    def describe(self, source: FrameSource, tracks: TrackingResult) -> tuple[Description, ...]:
        """One description an object, in order; one that the model does not describe has a reason instead of a text.

        What an answer leaves out is asked once more, object by object. Raises `UnusableBackend` for a key that is
        missing or refused, `PhaseError` where trajectories do not fit the video or nothing at all was described.
        """
        gallery = look(source, tracks, self._settings.views, frames=self._settings.frames)
        found = self._ask(gallery, groups(gallery, gallery.budget.chosen, self._settings.groups))
        again = [i for i, (d, open_) in found.items() if not d.text and open_]
        found |= self._ask(gallery, [(i,) for i in again])
        return one_each(tracks, gallery, {i: d for i, (d, _) in found.items()})

    def planned_calls(self, source: FrameSource, tracks: TrackingResult) -> Iterator[Call]:
        """The calls that `describe` begins with: for estimates, and to have them answered by a batch beforehand."""
        gallery = look(source, tracks, self._settings.views, frames=self._settings.frames)
        for ids in groups(gallery, gallery.budget.chosen, self._settings.groups):
            yield self._call(gallery, ids)

    def _call(self, gallery: Gallery, ids: Sequence[int]) -> Call:
        s = self._settings
        return call_for(gallery, tuple(ids), model=s.model, rule=s.groups, options=s.options)

    def _ask(self, gallery: Gallery, wanted: Iterable[tuple[int, ...]]) -> dict[int, tuple[Description, bool]]:
        """Object id -> description, and whether asking alone may help where it has no text."""
        found: dict[int, tuple[Description, bool]] = {}
        for part in portions(list(wanted), self._settings.at_once):
            calls = [self._call(gallery, ids) for ids in part]
            for ids, answer in zip(part, self.gateway.ask(calls), strict=True):
                open_ = len(ids) > 1 and answer.outcome in _MAY_HELP
                found |= {i: (d, open_) for i, d in read(gallery, ids, answer).items()}
        return found


_MAY_HELP = frozenset({Outcome.OK, Outcome.TRUNCATED, Outcome.INVALID, Outcome.REFUSED})
"""outcomes after which an object asked for alone may be described: its neighbours spoiled the answer"""
