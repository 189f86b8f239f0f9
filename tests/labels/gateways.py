"""A model that answers as it is told, for tests of what is asked and of what becomes of the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from svg2_assets.llm.calls import Answer, Call, Outcome


class ScriptedModel:
    """A `Gateway`: `answer` makes each answer; `calls` records the calls, one list a round."""

    def __init__(self, answer: Callable[[Call], Answer]) -> None:
        self.answer, self.rounds = answer, list[list[Call]]()

    def ask(self, calls: Sequence[Call]) -> tuple[Answer, ...]:
        self.rounds.append(list(calls))
        return tuple(self.answer(call) for call in calls)

    @property
    def calls(self) -> list[Call]:
        return [call for one in self.rounds for call in one]


def asked(call: Call) -> dict[int, dict[str, Any]]:
    """What a call says of each object, by id."""
    return {entry["id"]: entry for entry in document(call)["objects"]}


def document(call: Call) -> dict[str, Any]:
    return json.loads(call.messages[1]["content"][0]["text"])


def pictured(call: Call) -> list[int]:
    """Ids of the objects whose picture is attached."""
    texts = [part["text"] for part in call.messages[1]["content"][1:] if part["type"] == "text"]
    assert sum(part["type"] == "image_url" for part in call.messages[1]["content"]) == len(texts)
    return [int(text.removeprefix("Picture of object ").removesuffix(":")) for text in texts]


def record(object_id: int, name: str, **other: Any) -> dict[str, Any]:
    empty = {"alternatives": [], "attributes": [], "actions": [], "relationships": []}
    return {"id": object_id, "name": name, "uncertain": False, "confidence": 0.9} | empty | other


def ok(*records: dict[str, Any]) -> Answer:
    return Answer(Outcome.OK, value={"objects": list(records)})


def cut(*records: dict[str, Any]) -> Answer:
    return Answer(Outcome.TRUNCATED, value={"objects": list(records)}, reason="the answer ends at the token limit")


def naming(names: dict[int, str] | None = None, *, again: dict[int, str] | None = None) -> ScriptedModel:
    """A model that calls objects by `names`, `dog` where there is none; `again` when it is asked a second time."""

    def answer(call: Call) -> Answer:
        known = (again or {}) if call.purpose == "labels again" else (names or {})
        return ok(*(record(i, known.get(i, "dog")) for i in asked(call)))

    return ScriptedModel(answer)
