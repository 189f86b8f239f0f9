"""Phase 2b of the `svg2` profile, first half: a language model reads the descriptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from resources.llm.users import AsksModels
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.dialogue import parse_descriptions, planned_calls
from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.protocols import Label
from svg2_assets.labels.questions import prompt_of
from svg2_assets.llm.calls import Call, Gateway
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult

RULES = 1  # raised whenever the same answers lead to other labels


class OpenAIParser(AsksModels):
    """A `LabelParser` for free text: one structured call for all objects of a video, a second for bad answers.

    `gateway`: the process's own where none is given.
    """

    Settings = ParserSettings

    def __init__(self, settings: ParserSettings | None = None, gateway: Gateway | None = None) -> None:
        super().__init__(gateway)
        self._settings = settings or ParserSettings()

    @property
    def model_id(self) -> str:
        """Name of the model as the service knows it, and the version of the rules that read its answers."""
        return f"{self._settings.model_name}/labels-{RULES}"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every setting, and the versions of the prompts: a changed prompt makes this phase stale, and no other."""
        settings = self._settings
        prompts = {"prompt": prompt_of(settings).version}
        if not settings.as_upstream:
            prompts["prompt_again"] = prompt_of(settings, again=True).version
        return asdict(settings) | prompts | {"model": settings.model_name}

    def parse(
        self, descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult
    ) -> tuple[Label, ...]:
        """One label a description, in order; see `parse_descriptions` for what is raised."""
        return parse_descriptions(
            descriptions, source=source, tracks=tracks, settings=self._settings, gateway=self.gateway
        )

    def planned_calls(
        self, descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult
    ) -> tuple[Call, ...]:
        """The calls with which `parse` begins: for estimates, and to have them answered by a batch beforehand."""
        return planned_calls(descriptions, source=source, tracks=tracks, settings=self._settings)
