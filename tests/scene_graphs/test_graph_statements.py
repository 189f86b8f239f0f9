"""Questions to imported and predicted graphs find the same with the index, without it, and while it is behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from resources.store.store import SceneGraphStore
from svg2_assets.scene_graphs.graph_statements import TABLE, find_in, refresh
from svg2_assets.scene_graphs.query import Match, Question, find_relations
from svg2_assets.scene_graphs.sources import Dataset, Kind, NoSuchDataset, chosen, one_of
from tests.scene_graphs import tables
from tests.scene_graphs.test_sources import Graphs, predicted, write_own
from tests.scene_graphs.test_statements import graphs, plainly, renamed

OWN, IMPORTED, OTHER, PREDICTED = (
    Dataset(Kind.OWN, "pipeline"), Dataset(Kind.IMPORTED, "release"), Dataset(Kind.IMPORTED, "other"),
    Dataset(Kind.PREDICTED, "release"),
)  # fmt: skip
FEW = [
    Question("person", "next to", "sofas"), Question("dog", "followed by", min_seconds=2), Question("wolf"),
    Question("object", "near"), Question(),
]  # fmt: skip


def bring(store: SceneGraphStore, found: Graphs, source: str = "release") -> None:
    rows = [{"video_id": v, "source": source, "uri": f"/{v}.mp4"} | g for v, g in found.items()]
    store.upsert("imported_graphs", rows)


def tell(store: SceneGraphStore, found: Graphs) -> None:
    store.upsert("predictions", [predicted(v, g) for v, g in found.items()])


def slowly(store: SceneGraphStore, question: Question, dataset: Dataset) -> list[Match]:
    """The rows of the graphs put into tables as the phases have them, by plain loops, and everything joined."""
    table = "imported_graphs" if dataset.kind is Kind.IMPORTED else "predictions"
    rows = store.read(table, where={"source": dataset.name}).to_dicts()
    catalog = store.read("videos", columns=["video_id", "uri", "superseded_by"]).to_dicts()
    videos = catalog if dataset.kind is Kind.PREDICTED else [{"video_id": r["video_id"], "uri": r["uri"]} for r in rows]
    labels = [tables.label(r["video_id"], o["id"], o["name"]) for r in rows for o in r["objects"]]
    relations = [_relation(r["video_id"], i, told) for r in rows for i, told in enumerate(r["relations"])]
    found = find_relations(
        question,
        videos=tables.videos(*videos),
        labels=tables.labels(*labels),
        relations=tables.relations(*relations),
    )
    return [replace(match, source=dataset.spec) for match in found]


def _relation(video_id: str, number: int, told: Mapping[str, object]) -> dict[str, object]:
    spans = [(s["start"], s["end"]) for s in told["spans"]]  # type: ignore[attr-defined]
    said = (told["subject"], told["predicate"], told["object"])
    row = tables.relation(video_id, number, said, spans=spans)  # type: ignore[arg-type]
    return row | {"category": told["category"], "confidence": told["confidence"]}


CHANGES: dict[str, Callable[[SceneGraphStore], object]] = {
    "nothing": lambda store: None,
    "new graphs": lambda store: bring(store, graphs("new", 4, seed=9)),
    "imported again with names nobody had": lambda store: bring(store, renamed("wolf")),
    "told again": lambda store: tell(store, renamed("wolf")),
    "one that is told of nothing any more": lambda store: bring(store, {"v3": graphs("v", 1, seed=2)["v0"] | {
        "objects": [], "relations": []}}),
    "superseded": lambda store: write_own(store, {"v4": graphs("v", 5, seed=1)["v4"]}, superseded_by="v5"),
    "dropped": lambda store: store.drop_video("v5"),
    "compaction": lambda store: store.compact(keep_seconds=0),
    "the index itself": refresh,
    "its indices": lambda store: store.ensure_indices(),
    "another source": lambda store: bring(store, graphs("o", 3, seed=5), source="last"),
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SceneGraphStore:
    store = SceneGraphStore(str(tmp_path_factory.mktemp("graphs") / "store"))
    write_own(store, graphs("v", 12, seed=1))
    bring(store, graphs("v", 12, seed=2))
    bring(store, graphs("v", 3, seed=3), source="other")
    tell(store, graphs("v", 9, seed=4))
    store.compact()
    store.ensure_indices()
    assert refresh(store) == sum(
        len(g["relations"]) for n, s in ((12, 2), (3, 3), (9, 4)) for g in graphs("v", n, seed=s).values()
    )
    store.ensure_indices()
    return store


@pytest.mark.parametrize("change", CHANGES)
def test_answers_are_those_of_the_plain_way_whatever_happened_since(store: SceneGraphStore, change: str) -> None:
    CHANGES[change](store)
    for dataset in (IMPORTED, PREDICTED):
        for question in FEW:
            assert find_in(store, question, dataset) == slowly(store, question, dataset), (change, dataset, question)
    assert find_in(store, Question("person"), OWN) == plainly(store, Question("person"))


def test_a_source_that_the_index_does_not_know_is_read(store: SceneGraphStore) -> None:
    bring(store, graphs("z", 4, seed=8), source="unknown")
    dataset = Dataset(Kind.IMPORTED, "unknown")
    assert find_in(store, Question(), dataset) == slowly(store, Question(), dataset) != []


def test_what_was_not_written_since_is_answered_by_the_index_alone(store: SceneGraphStore) -> None:
    refresh(store)
    before = find_in(store, Question("person"), IMPORTED)
    rows = store.read(TABLE)
    renamed_there = rows.with_columns(subject_name=rows["subject_name"].replace({"person": "nobody"}))
    store.rewrite(TABLE, renamed_there)
    assert find_in(store, Question("person", min_seconds=0.1), IMPORTED) != before
    store.rewrite(TABLE, rows)


def test_an_index_that_is_fresh_is_not_made_again_and_what_is_gone_leaves_it(store: SceneGraphStore) -> None:
    rows, version = refresh(store), store.version(TABLE)
    assert refresh(store) == rows
    assert store.version(TABLE) == version
    for video_id in graphs("z", 4, seed=8):
        store.drop_video(video_id)
    refresh(store)
    assert "imported:unknown" not in set(store.read(TABLE)["source"])


def test_a_source_is_named_by_kind_and_name_or_by_a_name_that_one_has(store: SceneGraphStore) -> None:
    assert chosen(store, []) == chosen(store, ["pipeline"]) == [OWN]
    assert chosen(store, ["other", "store:imported:other", "predictions:release"]) == [OTHER, PREDICTED]
    assert set(chosen(store, ["all"])) >= {OWN, IMPORTED, OTHER, PREDICTED}
    for wrong in ("release", "imported:nobody", "nobody", "imported:", "predictions:o'ther"):
        with pytest.raises(NoSuchDataset, match="imported:release"):
            chosen(store, [wrong])
    with pytest.raises(NoSuchDataset, match="expected one"):
        one_of(store, "all")
    assert one_of(store, "") == OWN
