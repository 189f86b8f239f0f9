"""Phase 2b of the `embedded` profile, first half: the grammar of facts read back, named with care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.naming import NamingRule
from svg2_assets.labels.parsing import label_of
from svg2_assets.labels.protocols import Label
from svg2_assets.scene.graph import Attribute
from svg2_assets.scene.taxonomy import GROUP, AttributeType
from svg2_assets.scene.video import FrameSource
from svg2_assets.trajectories.protocols import TrackingResult


class EmbeddedParser:
    """A `LabelParser` for the texts of `EmbeddedDescriber`; from any other text it learns nothing, and says so."""

    Settings = NamingRule

    def __init__(self, rule: NamingRule | None = None) -> None:
        self._rule = rule or NamingRule()

    @property
    def model_id(self) -> str:
        """Name and revision of the rules."""
        return "embedded-grammar/2"

    @property
    def config(self) -> Mapping[str, Any]:
        """Every threshold."""
        return asdict(self._rule)

    def parse(
        self, descriptions: Sequence[Description], *, source: FrameSource, tracks: TrackingResult
    ) -> tuple[Label, ...]:
        """One label a description, in order; `object` where the evidence names nothing.

        All is read off the texts, but that something is a group, which its trajectory says.
        """
        del source
        groups = {o.id for o in tracks.objects if o.members}
        labels = (label_of(description, self._rule) for description in descriptions)
        return tuple(_as_group(label) if label.object_id in groups else label for label in labels)


def _as_group(label: Label) -> Label:
    return replace(label, attributes=(Attribute(GROUP, AttributeType.OTHER), *label.attributes))
