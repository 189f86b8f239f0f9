"""The JSON form: writing and reading are inverse, the schema accepts what is written, errors say where."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svg2_assets.scene.document import InvalidSceneDocument, json_schema, read, write
from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.masks import Mask
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video
from tests.scene.strategies import graphs

PUBLISHED = Path(__file__).parents[2] / "docs" / "scene-graph.schema.json"
VALIDATOR = jsonschema.Draft202012Validator(json.loads(PUBLISHED.read_text()))
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """Two objects and a relation in a clip of three frames of 8x6 pixels."""
    mask = Mask.from_box((1, 1, 3, 2), height=6, width=8)
    track = Trajectory((0, 2), (mask, mask))
    graph = SceneGraph(
        video=Video("v", "/clips/v.mp4", "", width=8, height=6, fps=5.0, num_frames=3, duration=0.6),
        objects=(SceneObject(0, "dog", track, (Attribute("red", AttributeType.COLOR),)), SceneObject(4, "ball", track)),
        relations=(Relation(0, "near", 4, Category.SPATIAL, Spans.of([(0.0, 0.4)])),),
    )
    return json.loads(json.dumps(write(graph)))  # type: ignore[no-any-return]


@few
@given(graphs())
def test_reading_undoes_writing(graph: SceneGraph) -> None:
    assert read(json.dumps(write(graph))) == graph
    assert write(read(write(graph))) == write(graph)


@few
@given(graphs())
def test_the_published_schema_accepts_what_is_written(graph: SceneGraph) -> None:
    VALIDATOR.validate(json.loads(json.dumps(write(graph))))


def test_the_published_schema_is_up_to_date() -> None:
    schema = json.loads(PUBLISHED.read_text())
    remake = "import json; from svg2_assets.scene.document import json_schema as s; print(json.dumps(s(), indent=2))"
    assert schema == json_schema(), f"write it again: python -c '{remake}' > docs/{PUBLISHED.name}"
    jsonschema.Draft202012Validator.check_schema(schema)


def _set(*path: str | int, to: Any) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        document[path[-1]] = to

    return spoil


def _drop(*path: str | int) -> Callable[[Any], None]:
    def spoil(document: Any) -> None:
        for step in path[:-1]:
            document = document[step]
        del document[path[-1]]

    return spoil


WRONG = [
    (_set("schema", to="svg2-assets/scene-graph/2"), "schema: "),
    (_drop("video"), "video: Field required"),
    (_drop("video", "fps"), "video.fps: Field required"),
    (_set("video", "fps", to="25"), "video.fps: "),
    (_set("video", "width", to=0), "video.width: "),
    (_set("video", "duration", to=float("nan")), "video.duration: "),
    (_set("video", "sha256", to="xyz"), "video.sha256: "),
    (_set("video", "frame_times", to=[0.0]), "1 timestamps for 3 frames"),
    (_set("comment", to="hello"), "comment: Extra inputs"),
    (_set("objects", to={}), "objects: "),
    (_set("objects", 1, "name", to=" "), "objects[1].name: "),
    (_set("objects", 1, "id", to=-1), "objects[1].id: "),
    (_set("objects", 1, "id", to=0), "objects[1] (id 0): id is used twice"),
    (_set("objects", 1, "part_of", to=7), "objects[1] (id 4): part_of 7: no object has the id 7"),
    (_set("objects", 1, "part_of", to=4), "objects[1] (id 4): part_of 4: an object is no part of itself"),
    (_set("objects", 1, "part_of", to=-1), "objects[1].part_of: "),
    (_set("objects", 1, "part_of", to="0"), "objects[1].part_of: "),
    (_set("objects", 0, "attributes", 0, "type", to="colour"), "objects[0].attributes[0].type: "),
    (_set("objects", 0, "verification", "score", to=2), "objects[0].verification.score: "),
    (_set("objects", 0, "verification", "verdict", to="sure"), "objects[0].verification.verdict: "),
    (_set("objects", 0, "trajectory", "frames", to=[0]), "objects[0].trajectory: 1 frames, 2 boxes, 2 masks"),
    (_set("objects", 0, "trajectory", "frames", to=[2, 0]), "objects[0].trajectory: the frames"),
    (_set("objects", 0, "trajectory", "frames", to=[0, 3]), "objects[0] (id 0): frame 3 is outside"),
    (_set("objects", 0, "trajectory", "frames", 0, to=True), "objects[0].trajectory.frames[0]: "),
    (_set("objects", 0, "trajectory", "boxes", 1, to=[1, 1, 3]), "objects[0].trajectory.boxes[1]: "),
    (_set("objects", 0, "trajectory", "boxes", 1, to=[5, 1, 3, 2]), "objects[0].trajectory.masks[1]: its box is"),
    (_set("objects", 0, "trajectory", "masks", 1, "counts", to="é"), "objects[0].trajectory.masks[1]: an RLE string"),
    (_set("objects", 0, "trajectory", "masks", 1, "size", to=[8, 6, 1]), "objects[0].trajectory.masks[1].size: "),
    (_set("objects", 0, "trajectory", "masks", 1, "size", to=[9, 9]), "objects[0].trajectory.masks[1]: an RLE covers"),
    (_set("relations", 0, "object", to=9), "relations[0] (0 'near' 9): no object has the id 9"),
    (_set("relations", 0, "object", to=0), "relations[0] (0 'near' 0): relates an object to itself"),
    (_set("relations", 0, "category", to="temporal"), "relations[0].category: "),
    (_set("relations", 0, "spans", to=[[1.0]]), "relations[0].spans[0]: "),
    (_set("relations", 0, "spans", to=[[1.0, 0.5]]), "relations[0].spans: a span is"),
    (_set("relations", 0, "spans", to=[]), "relations[0] (0 'near' 4): holds at no time"),
    (_set("relations", 0, "confidence", to=None), "relations[0].confidence: "),
    (_set("provenance", to=[]), "provenance: "),
]


@pytest.mark.parametrize(("spoil", "says"), WRONG, ids=[says[:40] for _, says in WRONG])
def test_an_error_says_where(document: dict[str, Any], spoil: Callable[[Any], None], says: str) -> None:
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    with pytest.raises(InvalidSceneDocument) as caught:
        read(spoilt)
    assert says in str(caught.value)


def test_parts_in_a_circle_are_refused_with_the_way_round(document: dict[str, Any]) -> None:
    spoilt = copy.deepcopy(document)
    spoilt["objects"][0]["part_of"], spoilt["objects"][1]["part_of"] = 4, 0
    with pytest.raises(InvalidSceneDocument, match=r"objects\[0\] \(id 0\): part_of 4: .*circle: 0 -> 4 -> 0"):
        read(spoilt)


def test_a_document_from_before_there_were_parts_can_be_read(document: dict[str, Any]) -> None:
    older = copy.deepcopy(document)
    for o in older["objects"]:
        del o["part_of"]
    VALIDATOR.validate(older)
    graph = read(older)
    assert [o.part_of for o in graph.objects] == [None, None]
    assert graph == read(document)


def test_all_errors_are_listed_up_to_a_bound(document: dict[str, Any]) -> None:
    spoilt = copy.deepcopy(document)
    spoilt["objects"] = [{} for _ in range(10)]
    with pytest.raises(InvalidSceneDocument, match=r"objects\[0\].id(.|\n)*and 30 more"):
        read(spoilt)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not JSON: line 1, column 1"),
        ('{"schema": ', "not JSON: line 1"),
        (b"\xff\xfe\x00", "not JSON: "),
        ("[" * 100_000, "not JSON: nested too deeply"),
        ("9" * 5000, "not JSON: "),
        ("[]", "document: "),
        ("null", "document: "),
        ('{"video": NaN}', "video: "),
    ],
)
def test_what_is_no_document_is_refused(text: str | bytes, says: str) -> None:
    with pytest.raises(InvalidSceneDocument, match=says):
        read(text)


@few
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_any_other_json_is_refused_and_never_crashes(value: Any) -> None:
    with pytest.raises(InvalidSceneDocument):
        read(json.dumps(value))


@few
@given(st.data())
def test_a_document_with_any_one_value_replaced_is_read_or_refused(
    document: dict[str, Any], data: st.DataObject
) -> None:
    spoilt = copy.deepcopy(document)
    path = data.draw(st.sampled_from(list(_paths(spoilt))))
    numbers = st.sampled_from([0.5, -1.0, 1e300, float("nan"), float("inf"), 10**400])
    _set(*path, to=data.draw(st.none() | st.integers() | numbers | st.text() | st.just([]) | st.just({})))(spoilt)
    try:
        graph = read(spoilt)
    except InvalidSceneDocument:
        return
    assert read(write(graph)) == graph


def _paths(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    below = [p for s in inside for p in _paths(value[s], (*above, s))]
    return ([above] if above else []) + below
