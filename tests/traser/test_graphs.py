"""What an answer says becomes a scene graph that the project accepts."""

from __future__ import annotations

import pytest

from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import PREDICATE_CATEGORIES, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from svg2_assets.traser.graphs import category_of, graph_of
from svg2_assets.traser.text import Statement, Thing, Told, told_of

VIDEO = Video("v", "v.mp4", "", 4, 4, 10.0, 100, 10.0)
TRAJECTORIES = {i: Trajectory((), ()) for i in (3, 7, 9)}


def of(*pairs: tuple[float, float]) -> Spans:
    return Spans.of(pairs)


def test_numbers_become_ids_and_what_has_no_name_is_an_object() -> None:
    told = Told(
        (Thing(1, "man", ("tall",)), Thing(3, "kite")),
        (
            Statement(1, "holding", 3, of((0, 4))),
            Statement(3, "watching", 1, of((0, 4))),
            Statement(-1, "following", 2, of((1, 2))),
        ),
    )
    graph = graph_of(told, video=VIDEO, shown=[9, 3, 7], trajectories=TRAJECTORIES, provenance={"model": "traser"})
    assert [(o.id, o.name, [a.value for a in o.attributes]) for o in graph.objects] == [
        (9, "man", ["tall"]),
        (3, "object", []),
        (7, "kite", []),
    ]
    assert [(r.key, r.category) for r in graph.relations] == [
        ((9, "holding", 7), Category.FUNCTIONAL),
        ((7, "watching", 9), Category.SPATIAL),  # kites do not watch
        ((-1, "following", 3), Category.MOTION),
    ]
    assert told_of(graph, [9, 3, 7]).statements == told.statements
    with pytest.raises(KeyError):
        graph_of(told, video=VIDEO, shown=[9, 3], trajectories=TRAJECTORIES)


@pytest.mark.parametrize(
    ("predicate", "category"),
    [
        *PREDICATE_CATEGORIES.items(),
        ("Looking_at", Category.ATTENTIONAL),
        ("held by", Category.FUNCTIONAL),
        ("talking to", Category.SOCIAL),
        ("wearing", Category.STATEFUL),
        ("using", Category.FUNCTIONAL),
        ("runs towards", Category.MOTION),
        ("standing to the left of", Category.SPATIAL),
        ("assembles", Category.EVENT_LEVEL),
    ],
)
def test_categories_follow_the_words(predicate: str, category: Category) -> None:
    assert category_of(predicate) is category
