"""Questions to a real store find the same with the index, without it, and while it is behind."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from resources.store.store import SceneGraphStore
from svg2_assets.scene_graphs.query import Match, Question, find_relations
from svg2_assets.scene_graphs.statements import candidates, find_stored, refresh
from tests.scene_graphs.test_sources import Graphs, drawn_graph, write_own

QUESTIONS = [
    Question(subject, predicate, other, seconds)
    for (subject, predicate, other), seconds in itertools.product(
        [
            ("person", "near", "couch"), ("sofas", "next to", None), (None, "held by", "person"), ("mug", None, "dog"),
            ("dog", "followed by", None), ("object", "near", None), (None, None, "camera"), ("robot", "near", "dog"),
            (None, "kicking", None), ("wolf", None, None), (None, None, None),
        ],
        [0.0, 2.0],
    )
]  # fmt: skip


def plainly(store: SceneGraphStore, question: Question) -> list[Match]:
    """Everything read, everything joined."""
    return find_relations(
        question, videos=store.read("videos"), labels=store.read("labels"), relations=store.read("relations")
    )


def graphs(prefix: str, count: int, seed: int) -> Graphs:
    draw = random.Random(seed)
    return {f"{prefix}{i}": drawn_graph(draw, 20) for i in range(count)}


def renamed(name: str) -> Graphs:
    """Graphs like the first ones, whose objects all have another name."""
    made = graphs("v", 3, seed=1)
    for graph in made.values():
        for o in graph["objects"]:
            o["name"] = name
    return made


def camera(store: SceneGraphStore) -> None:
    rows = store.read("relations", video_ids=["v7"]).to_dicts()
    row = {"video_id": "v7", "relation_id": 99, "subject": 0, "predicate": "approaching", "object": -1}
    row |= {"category": "motion", "spans": [{"start": 0.0, "end": 9.0}], "confidence": 1.0}
    store.replace("relations", [*rows, row], video_ids=["v7"])


CHANGES: dict[str, Callable[[SceneGraphStore], object]] = {
    "new videos": lambda store: write_own(store, graphs("new", 5, seed=9)),
    "names nobody had": lambda store: write_own(store, renamed("wolf")),
    "other names": lambda store: write_own(store, renamed("person")),
    "superseded": lambda store: write_own(store, {"v4": graphs("v", 5, seed=1)["v4"]}, superseded_by="v5"),
    "dropped": lambda store: store.drop_video("v5"),
    "no relations any more": lambda store: store.replace("relations", [], video_ids=["v6"]),
    "no labels any more": lambda store: store.replace("labels", [], video_ids=["v3"], stage="verified"),
    "the camera": camera,
    "compaction": lambda store: store.compact(keep_seconds=0),
    "indices": lambda store: store.ensure_indices(),
    "the index itself": refresh,
    "its indices": lambda store: store.ensure_indices(),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    store = SceneGraphStore(str(tmp_path_factory.mktemp("statements") / "store"))
    write_own(store, graphs("v", 12, seed=1))
    store.compact()
    store.ensure_indices()
    refresh(store)
    store.ensure_indices()
    return store


def test_without_an_index_everything_is_read(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = SceneGraphStore(str(tmp_path_factory.mktemp("bare") / "store"))
    assert find_stored(store, QUESTIONS[0]) == []
    write_own(store, graphs("v", 4, seed=1))
    assert candidates(store, QUESTIONS[0]) is None
    assert find_stored(store, Question()) == plainly(store, Question()) != []


def test_the_index_leads_to_the_videos_that_answer_and_no_others(store: SceneGraphStore) -> None:
    question = Question("person", "near", "couch")
    assert candidates(store, question) == {m.video_id for m in plainly(store, question)} != set()
    assert candidates(store, Question("robot", "near", "dog")) == set()
    assert candidates(store, Question("object")) is None, "whose label is gone is an object"
    assert candidates(store, Question()) is None


@pytest.mark.parametrize("change", CHANGES)
def test_answers_are_those_of_the_plain_way_whatever_happened_since(store: SceneGraphStore, change: str) -> None:
    CHANGES[change](store)
    for question in QUESTIONS:
        assert find_stored(store, question) == plainly(store, question), (change, question)


def test_an_index_that_is_fresh_is_not_made_again(store: SceneGraphStore) -> None:
    rows = refresh(store)
    version = store.version("statements")
    assert refresh(store) == rows == store.count("relations")
    assert store.version("statements") == version


def test_a_tag_is_asked_as_of_its_time(store: SceneGraphStore) -> None:
    store.tag("kept")
    then = {question: plainly(store, question) for question in QUESTIONS}
    write_own(store, renamed("bear"))
    refresh(store)
    assert find_stored(store, Question("bear"))
    assert {question: find_stored(store.at_tag("kept"), question) for question in QUESTIONS} == then
