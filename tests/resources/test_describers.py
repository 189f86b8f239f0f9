"""What every describer keeps: those that ask a server, the one that measures, and the fake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from resources.dam.describer import DamDescriber
from resources.dam.settings import DamSettings
from resources.embedded.describer import EmbeddedDescriber
from resources.fakes.describer import FakeDescriber
from resources.llm.shared import close_shared_gateways
from resources.openai_models.vision_describer import VisionDescriber
from svg2_assets.descriptions.assets import describe
from svg2_assets.descriptions.presets import ViewRules
from svg2_assets.descriptions.protocols import Describer, Description
from svg2_assets.descriptions.rows import from_rows, to_rows
from svg2_assets.scene.errors import PhaseError
from svg2_assets.trajectories.protocols import TrackingResult
from tests.descriptions.pictures import Clip, Thing, video
from tests.devserver import DevServer, dev_server

THINGS = {7: Thing(start=(20, 20), size=(60, 60)), 3: Thing(start=(200, 100), size=(40, 60), step=(1, 0))}


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with dev_server() as running:
        yield running


@pytest.fixture(params=["dam", "vision", "embedded", "fake"])
def describer(
    request: pytest.FixtureRequest, server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Describer]:
    monkeypatch.setenv("SVG2_HOME", str(tmp_path))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    monkeypatch.setenv("SVG2_LLM", json.dumps({"base_url": server.base_url}))
    made: dict[str, Describer] = {
        "dam": DamDescriber(DamSettings(base_url=server.root)),
        "vision": VisionDescriber(),
        "embedded": EmbeddedDescriber(),
        "fake": FakeDescriber(),
    }
    yield made[request.param]
    close_shared_gateways()


def scene() -> tuple[Clip, TrackingResult]:
    shown = video()
    tracked = tuple(thing.tracked(shown, object_id=i) for i, thing in THINGS.items())
    return Clip(shown, [t.paint for t in THINGS.values()]), TrackingResult(tracked)


def test_a_description_an_object_in_their_order_and_the_same_every_time(describer: Describer) -> None:
    first = describer.describe(*scene())
    assert [d.object_id for d in first] == [7, 3]
    assert all(d.frames for d in first)
    assert describer.describe(*scene()) == first


def test_nothing_is_said_of_nothing(describer: Describer) -> None:
    assert describer.describe(scene()[0], TrackingResult(())) == ()


def test_it_says_what_it_is_and_how_it_is_set(describer: Describer) -> None:
    assert "/" in describer.model_id
    assert json.loads(json.dumps(describer.config)) == describer.config


@pytest.mark.parametrize("describer", ["dam", "vision", "embedded"], indirect=True)
def test_trajectories_of_another_video_are_refused_by_name(describer: Describer) -> None:
    other = Clip(video(frames=8, video_id="other"))
    with pytest.raises(PhaseError, match="other: descriptions: expected object 7"):
        describer.describe(other, scene()[1])


@pytest.mark.parametrize("describer", ["dam"], indirect=True)
def test_what_is_left_out_is_counted_and_named_in_the_measures(describer: DamDescriber, server: DevServer) -> None:
    short = DamDescriber(DamSettings(base_url=server.root, views=ViewRules(objects=1)))
    made = describe(*scene(), short)
    assert made.measures["descriptions"] == 1
    assert made.measures["not_described"] == 1
    (silent,) = [row for row in made.tables["descriptions"] if not row["text"]]
    assert made.measures["not_described_ids"] == str(silent["object_id"])
    assert silent["reason"] == "left out: at most 1 of 2 objects are described"
    assert "not_described_ids" not in describe(*scene(), describer).measures


def test_rows_keep_the_reason_and_rows_of_before_have_none() -> None:
    made = (Description(1, "A cup.", (3, 5)), Description(2, "", (), "no frame shows it"))
    rows = to_rows("v", made)
    assert from_rows(rows) == made
    del rows[0]["reason"]
    assert from_rows([rows[0], {**rows[1], "reason": None}]) == (made[0], Description(2, ""))
