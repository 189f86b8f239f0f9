"""The parser that asks a language model, over HTTP: the real gateway and the local server of OpenAI's protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from resources.llm.gateway import LlmGateway
from resources.llm.settings import GatewaySettings
from resources.openai_models.parser import OpenAIParser
from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.faults import fault_of
from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.protocols import Label
from svg2_assets.scene.errors import UnusableBackend
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.trajectories.protocols import TrackingResult
from tests.descriptions.pictures import Clip, Thing, video
from tests.devserver import DevServer, dev_server
from tests.labels.gateways import record

SHAPE = Thing(start=(20, 20), size=(60, 60))
DEFAULT = ParserSettings()


@pytest.fixture(scope="module")
def server() -> Iterator[DevServer]:
    with dev_server() as running:
        yield running


@pytest.fixture
def gateway(server: DevServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LlmGateway]:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    server.script()
    settings = GatewaySettings(journal=tmp_path / "llm", base_url=server.base_url, backoff=0.01, tokens_per_minute=None)
    with LlmGateway(settings) as made:
        yield made


def parse(
    gateway: LlmGateway, count: int, settings: ParserSettings = DEFAULT, *, text: str = "A brown dog."
) -> tuple[Label, ...]:
    described = [Description(i, text) for i in range(count)]
    tracks = TrackingResult(tuple(SHAPE.tracked(video(), object_id=i) for i in range(count)))
    source = Clip(video(), [SHAPE.paint])
    return OpenAIParser(settings, gateway).parse(described, source=source, tracks=tracks)


def answering(*records: dict[str, Any], schema: str = "records", **rule: Any) -> dict[str, Any]:
    return {"schema": schema, "answer": {"value": {"objects": list(records)}}} | rule


def since(server: DevServer, before: int) -> list[dict[str, Any]]:
    return server.log()[before:]


def test_forty_objects_are_named_in_one_paid_call_and_never_paid_twice(server: DevServer, gateway: LlmGateway) -> None:
    server.script(answering(*(record(i, "dog", actions=["runs"]) for i in range(40))))
    before = len(server.log())
    labels = parse(gateway, 40)
    assert [(label.object_id, label.name, label.actions) for label in labels] == [
        (i, "dog", ("runs",)) for i in range(40)
    ]
    assert len(since(server, before)) == 1
    assert parse(gateway, 40) == labels
    assert len(since(server, before)) == 1


def test_a_second_call_settles_what_the_first_left_open_with_a_picture(server: DevServer, gateway: LlmGateway) -> None:
    server.script(
        answering(record(1, "trampoline"), text="rejected_name"),
        answering(record(0, "dog"), record(1, "rectangular object"), record(2, "dog")),
    )
    before = len(server.log())
    labels = parse(gateway, 3)
    assert [label.name for label in labels] == ["dog", "trampoline", "dog"]
    assert len(since(server, before)) == 2


def test_no_objects_cost_nothing_and_two_hundred_a_handful_of_calls(server: DevServer, gateway: LlmGateway) -> None:
    before = len(server.log())
    assert parse(gateway, 0) == ()
    assert since(server, before) == []
    batches = [range(start, start + 50) for start in range(0, 200, 50)]
    server.script(*(answering(*(record(i, "dog") for i in b), text=f'"id": {b[0]}, "desc') for b in batches))
    labels = parse(gateway, 200)
    assert [label.name for label in labels] == ["dog"] * 200
    assert len(since(server, before)) == 4


def test_whatever_a_server_answers_every_object_gets_a_label(server: DevServer, gateway: LlmGateway) -> None:
    before = len(server.log())
    labels = parse(gateway, 12, text="It may be a cat.")  # nothing is scripted: the server invents what fits the schema
    assert [label.object_id for label in labels] == list(range(12))
    assert {label.name for label in labels if label.name != UNKNOWN_NAME and fault_of(label.name)} == set()
    assert all(label.reason for label in labels if label.uncertain)
    assert 1 <= len(since(server, before)) <= 2


def test_an_answer_that_is_cut_off_is_used_as_far_as_it_goes(server: DevServer, gateway: LlmGateway) -> None:
    whole = json.dumps({"objects": [record(i, "dog") for i in range(8)]})
    end = whole.index('"id": 5')
    rest = answering(*(record(i, "cat") for i in range(5, 8)), text=r'"objects": \[\{"id": 5')
    server.script(rest, {"schema": "records", "answer": {"text": whole[: end + 20], "cut": True}})
    labels = parse(gateway, 8)
    assert [label.name for label in labels] == ["dog"] * 5 + ["cat"] * 3


def test_a_refusal_is_a_reason_and_not_an_error(server: DevServer, gateway: LlmGateway) -> None:
    server.script({"schema": "record", "answer": {"refusal": "I will not."}})
    (label,) = parse(gateway, 1)
    assert (label.name, label.uncertain) == (UNKNOWN_NAME, True)
    assert "I will not" in label.reason


def test_a_preset_of_the_specification_makes_one_call_an_object(server: DevServer, gateway: LlmGateway) -> None:
    said = {"object": "dog (uncertain)", "attributes": ["brown"], "relationships": [], "actions": []}
    server.script({"schema": "^record$", "answer": {"value": said}})
    before = len(server.log())
    settings = ParserSettings(preset="release")
    described = [Description(i, f"A brown dog, number {i}.") for i in range(5)]
    tracks = TrackingResult(tuple(SHAPE.tracked(video(), object_id=i) for i in range(5)))
    labels = OpenAIParser(settings, gateway).parse(described, source=Clip(video(), [SHAPE.paint]), tracks=tracks)
    assert [(label.name, label.uncertain) for label in labels] == [("dog", True)] * 5
    assert len(since(server, before)) == 5


def test_a_revoked_key_is_one_message_without_the_key(server: DevServer, gateway: LlmGateway) -> None:
    server.accept_keys("sk-another")
    try:
        with pytest.raises(UnusableBackend) as raised:
            parse(gateway, 2, text="A dog of this test alone.")
    finally:
        server.accept_keys("sk-test")
    assert "sk-test" not in str(raised.value)


def test_the_settings_prompts_and_model_decide_what_is_stale() -> None:
    ours, paper = OpenAIParser(), OpenAIParser(ParserSettings(preset="paper"))
    assert json.loads(json.dumps(ours.config)) == ours.config
    assert ours.config["model"] == "gpt-4.1-nano"
    assert ours.model_id.startswith("gpt-4.1-nano/")
    assert ours.config["prompt"] != paper.config["prompt"]
    assert "prompt_again" not in paper.config
    assert OpenAIParser(ParserSettings(model="gpt-5-nano")).model_id != ours.model_id


def test_the_planned_calls_are_the_ones_that_a_video_begins_with(server: DevServer, gateway: LlmGateway) -> None:
    described = [Description(i, "A brown dog.") for i in range(60)]
    tracks = TrackingResult(tuple(SHAPE.tracked(video(), object_id=i) for i in range(60)))
    source = Clip(video(), [SHAPE.paint])
    parser = OpenAIParser(gateway=gateway)
    planned = parser.planned_calls(described, source=source, tracks=tracks)
    assert [
        len(c.schema["properties"]["objects"]["items"]["properties"]["id"]["enum"]) for c in planned if c.schema
    ] == [50, 10]
    names = [record(i, "dog") for i in range(60)]
    server.script(answering(*names[:50], text='"id": 0, "desc'), answering(*names[50:], text='"id": 50, "desc'))
    gateway.ask(planned)
    before = len(server.log())
    assert [label.name for label in parser.parse(described, source=source, tracks=tracks)] == ["dog"] * 60
    assert since(server, before) == []
