"""From the text of a description to a label."""

from __future__ import annotations

from svg2_assets.descriptions.grammar import InvalidDescription, read
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.attributes import attributes_of
from svg2_assets.labels.naming import NamingRule, name_of
from svg2_assets.labels.protocols import Label
from svg2_assets.scene.taxonomy import UNKNOWN_NAME

SURE = 0.9  # chance of being right below which a label says that it is uncertain


def label_of(description: Description, rule: NamingRule | None = None) -> Label:
    """The label that the text of `description` allows; the object id is the description's, whatever the text says.

    A text outside the grammar gives an uncertain `object` that says where the grammar ends.
    """
    try:
        facts = read(description.text)
    except InvalidDescription as error:
        return Label(description.object_id, UNKNOWN_NAME, 0.0, uncertain=True, reason=str(error))
    naming = name_of(facts.reports, facts.extent, rule)
    return Label(
        object_id=description.object_id,
        name=naming.name,
        confidence=naming.confidence,
        attributes=attributes_of(naming.name, facts.statements),
        alternatives=naming.alternatives,
        uncertain=naming.name == UNKNOWN_NAME or naming.confidence < SURE,
        reason=naming.reason,
    )
