"""Figures of every data set of a real store, beside counts made by plain loops."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import pytest

from resources.store.store import SceneGraphStore
from svg2_assets.labels.canonical import canonical_name
from svg2_assets.scene_graphs.charts import write_charts
from svg2_assets.scene_graphs.comparison import PUBLISHED, as_markdown, compared
from svg2_assets.scene_graphs.sources import Dataset, Figures, Kind, NoSuchDataset, datasets_of, figures_of

NAMES = ("person", "Sofa", "couch", "object", "coffee mug", "dog")
PREDICATES = (("near", "spatial"), ("holding", "functional"), ("following", "motion"))
TYPES = ("color", "state", "motion")
Graphs = dict[str, dict[str, Any]]


def drawn_graph(draw: random.Random, frames: int) -> dict[str, Any]:
    """Objects and relations at random."""
    objects = [
        {
            "id": i,
            "name": draw.choice(NAMES),
            "verdict": draw.choice(["supported", "contradicted", "unverified"]),
            "attributes": [{"value": "x", "type": draw.choice(TYPES), "confidence": 1.0}] * draw.randrange(4),
        }
        for i in range(draw.randrange(6))
    ]
    relations = []
    for _ in range(draw.randrange(8) if len(objects) > 1 else 0):
        subject, other = draw.sample(range(len(objects)), 2)
        predicate, category = draw.choice(PREDICATES)
        spans = [
            {"start": float(b), "end": b + draw.choice([0.25, 0.5, 1.0, 3.0])} for b in range(draw.randrange(1, 4))
        ]
        relations.append(
            {"subject": subject, "predicate": predicate, "object": other, "category": category, "spans": spans}
            | {"confidence": 0.5}
        )
    return {"objects": objects, "relations": relations, "num_frames": frames, "duration": frames / 10}


def write_own(store: SceneGraphStore, graphs: Graphs, **facts: Any) -> None:
    """What the phases leave of `graphs`; other names in the stage before verification."""
    rows: dict[str, list[dict[str, Any]]] = {"trajectories": [], "labels": [], "relations": []}
    videos, parsed = [], []
    for v, g in graphs.items():
        videos.append({"video_id": v, "uri": f"/{v}.mp4", "status": "ok"} | facts
                      | {k: g[k] for k in ("num_frames", "duration")})  # fmt: skip
        rows["trajectories"] += [{"video_id": v, "object_id": i} for i in (-1, *(o["id"] for o in g["objects"]))]
        for o in g["objects"]:
            label = {"video_id": v, "object_id": o["id"], "model_id": "judge"}
            parsed.append(label | {"stage": "parsed", "name": "ghost", "attributes": o["attributes"]})
            rows["labels"].append(label | {"stage": "verified"} | {k: o[k] for k in ("name", "verdict", "attributes")})
        rows["relations"] += [
            {"video_id": v, "relation_id": i, "model_id": "teller"} | r for i, r in enumerate(g["relations"])
        ]
    store.upsert("videos", videos)
    store.replace("trajectories", rows["trajectories"], video_ids=graphs)
    store.replace("labels", parsed, video_ids=graphs, stage="parsed")
    store.replace("labels", rows["labels"], video_ids=graphs, stage="verified")
    store.replace("relations", rows["relations"], video_ids=graphs)


def predicted(video_id: str, graph: dict[str, Any]) -> dict[str, Any]:
    """A model that tells the graph, in whose answers attributes have no type and names no verdict."""
    objects = [{**o, "attributes": [a["value"] for a in o["attributes"]]} for o in graph["objects"]]
    made = {"video_id": video_id, "source": "release", "model_id": "checkpoint"}
    return made | {"objects": objects, "relations": graph["relations"]}


@pytest.fixture(scope="module")
def graphs() -> Graphs:
    draw = random.Random(3)
    return {f"v{i:02}": drawn_graph(draw, draw.randrange(10, 90)) for i in range(40)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, graphs: Graphs) -> SceneGraphStore:
    store = SceneGraphStore(str(tmp_path_factory.mktemp("statistics") / "store"))
    for part in range(4):  # several fragments, and rows that are written again
        write_own(store, {v: g for i, (v, g) in enumerate(graphs.items()) if i % 4 == part})
    write_own(store, {v: graphs[v] for v in ("v01", "v02")})
    write_own(store, {"old": graphs["v03"]}, superseded_by="v03")
    write_own(store, {"bad": graphs["v04"]}, status="failed")
    told = {"source": "release", "format": "svg2", "dataset": "a set"}
    imported = [{"video_id": v, **told} | g for v, g in graphs.items()]
    store.upsert("imported_graphs", [*imported, {"video_id": "v00", "source": "other"} | graphs["v00"]])
    asked = [*list(graphs.items())[:10], ("old", graphs["v03"])]
    store.upsert("predictions", [predicted(v, g) for v, g in asked])
    return store


def figures(store: SceneGraphStore, kind: Kind, name: str = "release") -> Figures:
    return figures_of(store, Dataset(kind, "pipeline" if kind is Kind.OWN else name))


@pytest.mark.parametrize("kind", list(Kind))
def test_figures_are_those_of_plain_loops(store: SceneGraphStore, graphs: Graphs, kind: Kind) -> None:
    graphs = dict(list(graphs.items())[:10]) if kind is Kind.PREDICTED else graphs
    told = figures(store, kind).statistics
    objects = [o for g in graphs.values() for o in g["objects"]]
    relations = [r for g in graphs.values() for r in g["relations"]]
    names = Counter(canonical_name(o["name"]) for o in objects)
    lengths = [s["end"] - s["start"] for r in relations for s in r["spans"]]
    assert (told.videos, told.frames) == (len(graphs), sum(g["num_frames"] for g in graphs.values()))
    assert (told.objects, told.relations, told.spans) == (len(objects), len(relations), len(lengths))
    assert told.attributes == sum(len(o["attributes"]) for o in objects)
    assert told.names == dict(names)
    assert list(told.names.values()) == sorted(names.values(), reverse=True)
    assert told.object_classes == len(names.keys() - {"object"})
    assert told.predicates == dict(Counter(r["predicate"] for r in relations))
    assert told.relation_classes == len(told.predicates)
    assert {k: n for k, n in told.categories.items() if n} == dict(Counter(r["category"] for r in relations))
    for spread, values in (
        (told.objects_per_video, [len(g["objects"]) for g in graphs.values()]),
        (told.relations_per_video, [len(g["relations"]) for g in graphs.values()]),
        (told.attributes_per_video, [sum(len(o["attributes"]) for o in g["objects"]) for g in graphs.values()]),
        (told.attributes_per_object, [len(o["attributes"]) for o in objects]),
        (told.frames_per_video, [g["num_frames"] for g in graphs.values()]),
        (told.span_seconds, lengths),
    ):
        assert spread.mean == pytest.approx(statistics.fmean(values), abs=1e-4)
        assert spread.median == pytest.approx(statistics.median(values), abs=1e-4)
        assert (spread.least, spread.most) == (min(values), max(values))
        assert sum(spread.bins.values()) == len(values)
    sizes = Counter(len(g["objects"]) for g in graphs.values())
    held = Counter(lengths)
    several = {"2–3": sizes[2] + sizes[3], "4–7": sizes[4] + sizes[5]}
    for bins, expected in (
        (told.objects_per_video.bins, {"0": sizes[0], "1": sizes[1]} | several),
        (told.span_seconds.bins, {"0.25–0.5": held[0.25], "0.5–1": held[0.5], "1–2": held[1.0], "2–4": held[3.0]}),
    ):
        assert [(b, n) for b, n in bins.items() if n] == [(b, n) for b, n in expected.items() if n]
    if kind is Kind.PREDICTED:
        assert told.attribute_types == {"other": told.attributes}
        assert told.verdicts["unverified"] == told.objects
    else:
        assert told.attribute_types == dict(Counter(a["type"] for o in objects for a in o["attributes"]))
        assert told.verdicts == dict(Counter(o["verdict"] for o in objects))


def test_every_data_set_is_listed_with_who_annotated_it(store: SceneGraphStore) -> None:
    found = [(d.kind.value, d.name) for d in datasets_of(store)]
    assert found == [("own", "pipeline"), ("imported", "other"), ("imported", "release"), ("predicted", "release")]
    assert [d.kind for d in datasets_of(store, named="release")] == [Kind.IMPORTED, Kind.PREDICTED]
    with pytest.raises(NoSuchDataset, match="pipeline, other, release"):
        datasets_of(store, named="nothing")
    annotators = [figures(store, kind).annotators for kind in Kind]
    assert annotators == [("judge", "teller"), ("a set (svg2)",), ("checkpoint",)]


def test_the_comparison_lists_ours_and_others_with_where_it_is_from(store: SceneGraphStore) -> None:
    lines = compared([figures(store, Kind.IMPORTED)])
    assert lines[0].cells()[:3] == ("release (imported)", "a set (svg2)", "40")
    assert lines[1:] == list(PUBLISHED)
    assert PUBLISHED[0].cells()[:3] == ("SVG2", "models", "636.0K")
    rows = as_markdown(lines).splitlines()
    assert {row.count("|") for row in rows} == {11}
    assert all(row.endswith(("table 1 |", "files |", "store |", "58 |", "92 |")) for row in rows[2:])


def test_an_empty_store_has_a_data_set_without_a_video(tmp_path: Path) -> None:
    empty = SceneGraphStore(str(tmp_path))
    (only,) = datasets_of(empty)
    told = figures_of(empty, only).statistics
    assert (told.videos, told.objects, told.names, told.objects_per_video.bins) == (0, 0, {}, {})
    assert write_charts(tmp_path / "charts.png", told.distributions()).is_file()


def test_bars_are_as_high_as_counts(tmp_path: Path) -> None:
    picture = cv2.imread(str(write_charts(tmp_path / "a" / "charts.png", {"a": {"0": 50, "1": 100}, "none": {}})))
    assert picture is not None
    blue = (picture == (180, 90, 20)).all(axis=2)
    columns = blue.sum(axis=0)
    first, second = columns[:270].max(), columns[270:560].max()
    assert second == pytest.approx(2 * first, abs=3)
    assert not columns[560:].any()
