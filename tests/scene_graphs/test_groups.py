"""What shows several objects at once is told, shown as such, and painted no second time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resources.embedded.parser import EmbeddedParser
from svg2_assets.descriptions.protocols import Description
from svg2_assets.scene.document import read, write
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.assemble import assemble
from svg2_assets.scene_graphs.groups import groups_of
from svg2_assets.scene_graphs.preview.overlay import shown_by_frame
from svg2_assets.scene_graphs.show import object_rows
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from svg2_assets.trajectories.rows import from_rows, to_rows
from tests.scene_graphs import scenes

VIDEO = scenes.video()


def tracked() -> TrackingResult:
    """A rider (0), a horse (1), and both as one foreground (2)."""
    boxes = {0: (40, 10, 20, 40), 1: (20, 40, 80, 60), 2: (20, 10, 80, 90)}
    paths = {i: scenes.box_object(VIDEO, i, box, frames=range(10)).trajectory for i, box in boxes.items()}
    found = [TrackedObject(i, path, Origin.DISCOVERED, 0.9) for i, path in paths.items()]
    found[2] = replace(found[2], origin=Origin.SALIENT, members=(0, 1))
    return TrackingResult(tuple(found))


def graph() -> SceneGraph:
    return assemble(VIDEO, tracked(), labels=[], relations=[])


def test_members_are_kept_in_the_store_and_in_documents() -> None:
    rows = to_rows(VIDEO, tracked())
    assert [o.members for o in from_rows(rows["trajectories"], rows["masks"]).objects] == [(), (), (0, 1)]
    assert groups_of(read(write(graph()))) == {2: (0, 1)}


def test_users_read_whom_a_group_shows_and_see_it_once() -> None:
    found = {row.id: row.attributes for row in object_rows(graph())}
    assert found == {0: (), 1: (), 2: (("other", "group of 0 and 1"),)}
    assert {o.id for o, _ in shown_by_frame(graph(), {3})[3]} == {0, 1}


def test_the_parser_marks_a_group_and_nothing_else() -> None:
    texts = [Description(i, "") for i in range(3)]
    labels = EmbeddedParser().parse(texts, source=scenes.GreySource(VIDEO), tracks=tracked())
    assert [[(a.type.value, a.value) for a in label.attributes] for label in labels] == [[], [], [("other", "group")]]


@pytest.mark.parametrize(
    "told",
    [None, [2], {"2": 0}, {"2": [0]}, {"2": ["0", 7]}, {"2": [1, 2]}, {"9": [0, 1]}],
    ids=["nothing", "no mapping", "no list", "one", "nobody", "itself", "no such group"],
)
def test_what_a_document_says_of_groups_counts_where_it_fits(told: Any) -> None:
    assert groups_of(replace(graph(), provenance={"groups": told})) == {}
