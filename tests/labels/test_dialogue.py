"""All objects of a video named by a model: one question, a second for what was answered badly, and what remains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from svg2_assets.descriptions.protocols import Description
from svg2_assets.labels.dialogue import parse_descriptions, planned_calls
from svg2_assets.labels.parser_settings import ParserSettings
from svg2_assets.labels.protocols import Label
from svg2_assets.llm.calls import Answer, Call, Outcome
from svg2_assets.scene.errors import PhaseError, UnusableBackend
from svg2_assets.scene.taxonomy import UNKNOWN_NAME
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.trajectories.protocols import Origin, TrackedObject, TrackingResult
from tests.descriptions.pictures import Clip, Thing, video
from tests.labels.gateways import ScriptedModel, asked, cut, naming, ok, pictured, record

SHAPE = Thing(start=(20, 20), size=(60, 60))
DEFAULT = ParserSettings()


def described(*texts: str) -> list[Description]:
    return [Description(i, text) for i, text in enumerate(texts)]


def tracks(count: int, *, unseen: Sequence[int] = (), parts: dict[int, int] | None = None) -> TrackingResult:
    shown = [
        TrackedObject(i, Trajectory((), ()), Origin.SEED, 0.9) if i in unseen else SHAPE.tracked(video(), object_id=i)
        for i in range(count)
    ]
    return TrackingResult(tuple(replace(o, part_of=(parts or {}).get(o.id)) for o in shown))


def parse(
    model: ScriptedModel, texts: Sequence[str], settings: ParserSettings = DEFAULT, **tracked: Any
) -> tuple[Label, ...]:
    return parse_descriptions(
        described(*texts),
        source=Clip(video(), [SHAPE.paint]),
        tracks=tracks(len(texts), **tracked),
        settings=settings,
        gateway=model,
    )


def test_forty_objects_are_one_call() -> None:
    model = naming({3: "cat"})
    labels = parse(model, ["A brown dog."] * 40)
    assert [len(r) for r in model.rounds] == [1]
    assert list(asked(model.calls[0])) == list(range(40))
    assert [label.object_id for label in labels] == list(range(40))
    assert [label.name for label in labels if label.name != "dog"] == ["cat"]
    assert not any(label.uncertain or label.reason for label in labels)


def test_without_descriptions_nothing_is_asked() -> None:
    model = naming()
    assert parse(model, []) == ()
    assert model.rounds == []


def test_two_hundred_objects_go_out_in_one_round_of_batches() -> None:
    model = naming()
    labels = parse(model, ["A dog."] * 200)
    assert [len(r) for r in model.rounds] == [4]
    assert [label.object_id for label in labels] == list(range(200))


def test_bad_names_are_asked_about_once_more_together_and_with_their_pictures() -> None:
    model = naming(
        {1: "", 2: "rectangular object", 3: "walking", 4: "trees", 5: "man and dog", 6: "голубь", 7: "<b>cat</b>"},
        again={1: "wall", 2: "tv", 3: "woman", 4: "tree", 5: "man", 6: "pigeon", 7: "cat"},
    )
    labels = parse(model, ["A dog."] * 9)
    assert [len(r) for r in model.rounds] == [1, 1]
    second = model.rounds[1][0]
    assert list(asked(second)) == pictured(second) == [1, 2, 3, 4, 5, 6, 7]
    assert asked(second)[2]["rejected_name"] == "rectangular object"
    assert "nothing about what it is" in asked(second)[2]["because"]
    assert [label.name for label in labels] == ["dog", "wall", "tv", "woman", "tree", "man", "pigeon", "cat", "dog"]
    assert labels[6].original == "голубь"
    assert "not in English" in labels[6].reason
    assert not labels[2].uncertain


def test_what_stays_bad_is_an_uncertain_object_that_says_why_and_keeps_what_else_is_known() -> None:
    def answer(call: Call) -> Answer:
        return ok(
            *(
                record(i, "thing", actions=["spins"], attributes=[{"type": "color", "value": "red"}])
                for i in asked(call)
            )
        )

    model = ScriptedModel(answer)
    (label,) = parse(model, ["A red thing spins."])
    assert len(model.calls) == 2
    assert (label.name, label.uncertain, label.confidence) == (UNKNOWN_NAME, True, 0.0)
    assert label.reason == "asked twice, the name says nothing about what it is ('thing')."
    assert label.actions == ("spins",)
    assert [a.value for a in label.attributes] == ["red"]


def test_a_name_that_stays_plural_is_made_singular() -> None:
    (label,) = parse(naming({0: "Trees"}, again={0: "Trees"}), ["Trees."])
    assert (label.name, label.original, label.uncertain) == ("tree", "Trees", True)


def test_objects_that_were_forgotten_or_given_under_other_ids_are_asked_about_again() -> None:
    def answer(call: Call) -> Answer:
        ids = list(asked(call))
        if call.purpose == "labels":
            return ok(record(ids[0], "dog"), record(77, "cat"), record(ids[2], "dog"), record(ids[2], "cat"))
        return ok(*(record(i, "horse") for i in ids))

    model = ScriptedModel(answer)
    labels = parse(model, ["A dog."] * 3)
    assert [label.name for label in labels] == ["dog", "horse", "horse"]
    assert list(asked(model.calls[1])) == [1, 2]


def test_of_a_cut_answer_the_complete_objects_count_and_the_rest_is_asked_in_smaller_calls() -> None:
    def answer(call: Call) -> Answer:
        ids = list(asked(call))
        return ok(*(record(i, "dog") for i in ids)) if len(ids) <= 10 else cut(*(record(i, "dog") for i in ids[:5]))

    model = ScriptedModel(answer)
    labels = parse(model, ["A dog."] * 40)
    assert {label.name for label in labels} == {"dog"}
    assert [[len(asked(c)) for c in r] for r in model.rounds] == [[40], [20, 15], [10, 5, 7, 3]]
    assert len({i for r in model.rounds for c in r for i in asked(c)}) == 40


def test_one_object_whose_answer_never_ends_costs_the_others_nothing() -> None:
    def answer(call: Call) -> Answer:
        ids = list(asked(call))
        return cut() if 3 in ids else ok(*(record(i, "dog") for i in ids))

    model = ScriptedModel(answer)
    labels = parse(model, ["A dog."] * 8)
    assert [label.name for label in labels] == ["dog"] * 3 + [UNKNOWN_NAME] + ["dog"] * 4
    assert labels[3].reason == "the answer was cut at the token limit."


def test_a_refusal_is_narrowed_down_to_the_object_that_caused_it() -> None:
    def answer(call: Call) -> Answer:
        ids = list(asked(call))
        if 9 in ids:
            return Answer(Outcome.REFUSED, reason="I cannot\nhelp with that")
        return ok(*(record(i, "dog") for i in ids))

    model = ScriptedModel(answer)
    labels = parse(model, ["A dog."] * 16)
    assert [label.object_id for label in labels if label.name == UNKNOWN_NAME] == [9]
    assert labels[9].reason.startswith("the model refused to answer: I cannot")
    assert "\n" not in labels[9].reason
    assert labels[9].uncertain


def test_a_model_that_refuses_everything_is_not_asked_without_end() -> None:
    model = ScriptedModel(lambda _: Answer(Outcome.REFUSED, reason="no"))
    labels = parse(model, ["A dog."] * 40, ParserSettings(extra_calls=6))
    assert len(model.calls) == 7
    assert {label.name for label in labels} == {UNKNOWN_NAME}
    assert all(label.reason and label.uncertain for label in labels)


def test_an_answer_that_never_fits_the_schema_ends_with_a_reason() -> None:
    model = ScriptedModel(lambda _: Answer(Outcome.INVALID, text="{", reason="no JSON"))
    (label,) = parse(model, ["A dog."])
    assert label.reason == "the answer cannot be read: no JSON."


@pytest.mark.parametrize(
    "outcome", [Outcome.RATE_LIMITED, Outcome.SERVER_ERROR, Outcome.OVER_BUDGET, Outcome.BAD_REQUEST]
)
def test_without_an_answer_the_video_fails_by_name(outcome: Outcome) -> None:
    model = ScriptedModel(lambda _: Answer(outcome, reason="come back later"))
    with pytest.raises(PhaseError, match=f"v1: parsed_labels: .*{outcome.value}: come back later"):
        parse(model, ["A dog."])


def test_a_key_that_does_not_work_stops_everything() -> None:
    model = ScriptedModel(lambda _: Answer(Outcome.AUTH, reason="OPENAI_API_KEY is revoked"))
    with pytest.raises(UnusableBackend, match="revoked"):
        parse(model, ["A dog."])


DOUBTFUL = ["A dog.", "It appears to be a chair.", "", "A rectangular object."]


@pytest.mark.parametrize(
    ("pictures", "first", "second"), [("doubtful", [1, 2, 3], [3]), ("again", [], [3]), ("never", [], [])]
)
def test_pictures_are_shown_as_the_settings_say(pictures: str, first: list[int], second: list[int]) -> None:
    model = naming({3: "object"}, again={3: "tv"})
    labels = parse(model, DOUBTFUL, ParserSettings(pictures=pictures))
    assert [pictured(call) for call in model.calls] == [first, second]
    assert labels[3].name == "tv"


def test_an_object_without_words_or_a_visible_frame_is_not_asked_about() -> None:
    model = naming()
    labels = parse(model, ["A dog.", " "], unseen=[1])
    assert list(asked(model.calls[0])) == [0]
    assert labels[1].name == UNKNOWN_NAME
    assert labels[1].reason.startswith("there is no description")
    alone = naming()
    assert parse(alone, [""], unseen=[0])[0].uncertain
    assert alone.rounds == []


def test_undescribed_objects_are_shown_as_far_as_there_is_room_and_the_rest_say_why_they_are_not() -> None:
    left_out = [Description(i, "", reason="left out: 60 objects are described") for i in range(1, 6)]
    source, model = Clip(video(), [SHAPE.paint]), naming()
    labels = parse_descriptions(
        [Description(0, "A dog."), *left_out],
        source=source,
        tracks=tracks(6),
        settings=ParserSettings(most_pictures=2),
        gateway=model,
    )
    assert [pictured(call) for call in model.calls] == [[1, 2]]
    assert [label.name for label in labels] == ["dog"] * 3 + [UNKNOWN_NAME] * 3
    assert {label.reason for label in labels[3:]} == {"left out: 60 objects are described."}


def test_a_part_is_told_of_its_whole_if_that_is_described() -> None:
    model = naming()
    parse(model, ["A dog.", "A tail."], parts={1: 0})
    assert asked(model.calls[0])[1]["part_of"] == 0
    assert "part_of" not in asked(model.calls[0])[0]


def test_a_doubt_is_told_in_words() -> None:
    def answer(call: Call) -> Answer:
        return ok(*(record(i, "chair", uncertain=True, alternatives=["stool"]) for i in asked(call)))

    sure, doubted = parse(ScriptedModel(answer), ["A chair.", "It appears to be a chair."])
    assert (sure.reason, doubted.reason) == ("the model doubts the name.", "the description hedges.")
    assert doubted.uncertain
    assert doubted.alternatives == ("stool",)


@pytest.mark.parametrize("preset", ["paper", "release"])
def test_the_presets_ask_once_an_object_and_check_nothing(preset: str) -> None:
    names = iter(["Dog (uncertain)", "rectangular object", ""])
    model = ScriptedModel(
        lambda _: Answer(
            Outcome.OK, value={"object": next(names), "attributes": ["brown"], "relationships": [], "actions": ["runs"]}
        )
    )
    dog, vague, empty = parse(model, ["A dog.", "It appears to be an object.", "A dog."], ParserSettings(preset=preset))
    assert [len(r) for r in model.rounds] == [3]
    assert (dog.name, dog.uncertain, dog.original, dog.actions) == ("dog", True, "Dog (uncertain)", ("runs",))
    assert (vague.name, vague.uncertain) == ("rectangular object", False)
    assert (empty.name, empty.uncertain) == (UNKNOWN_NAME, True)


def test_a_refused_object_of_a_preset_leaves_the_others_alone() -> None:
    answers = iter([Answer(Outcome.REFUSED, reason="no"), Answer(Outcome.OK, value={"object": "cat"})])
    first, second = parse(ScriptedModel(lambda _: next(answers)), ["A dog.", "A cat."], ParserSettings(preset="paper"))
    assert (first.name, first.reason) == (UNKNOWN_NAME, "the model refused to answer: no.")
    assert second.name == "cat"


def test_the_planned_calls_are_those_that_are_made_first() -> None:
    texts, source = DOUBTFUL * 30, Clip(video(), [SHAPE.paint])
    planned = planned_calls(described(*texts), source=source, tracks=tracks(len(texts)), settings=DEFAULT)
    model = naming()
    parse(model, texts)
    assert list(planned) == model.rounds[0]
