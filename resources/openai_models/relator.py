"""Phase 3 of the `svg2` profile: relations by a vision-language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from resources.llm.users import AsksModels
from svg2_assets.labels.protocols import VerifiedLabel
from svg2_assets.llm.calls import Call, Gateway
from svg2_assets.relations.protocols import RelationResult
from svg2_assets.relations.vlm.messages import prompts_of
from svg2_assets.relations.vlm.pipeline import relate_by_model
from svg2_assets.relations.vlm.planning import planned_calls
from svg2_assets.relations.vlm.settings import RelatorSettings
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult

LOGIC = "1"
"""Raised when the same answer makes other relations."""


class OpenAIRelator(AsksModels):
    """A `RelationExtractor` that shows frames to a model and keeps of its answer what holds up.

    `gateway`: the process's own for None, made when it is first asked.
    """

    Settings = RelatorSettings

    def __init__(self, settings: RelatorSettings | None = None, gateway: Gateway | None = None) -> None:
        super().__init__(gateway)
        self._settings = settings or RelatorSettings()

    @property
    def model_id(self) -> str:
        """The model as it is called for, and the revision of what is made of its answers."""
        return f"{self._settings.model}+relations/{LOGIC}"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting that changes the output, and the versions of the prompts."""
        versions = {name: prompt.version for name, prompt in prompts_of(self._settings.preset).items()}
        return {**self._settings.identity, "prompts": versions}

    def extract(self, source: FrameSource, tracks: TrackingResult, labels: Sequence[VerifiedLabel]) -> RelationResult:
        """All relations of one video. Raises `PhaseError` when no call brought an answer."""
        return relate_by_model(source, tracks, labels, gateway=self.gateway, settings=self._settings)

    def planned_calls(
        self, source: FrameSource, tracks: TrackingResult, labels: Sequence[VerifiedLabel]
    ) -> Iterator[Call]:
        """The calls that `extract` will make when no answer is cut off: for estimates, and to send them ahead."""
        return planned_calls(source, tracks, labels, settings=self._settings)
