"""Backends are loaded once a process, until they are released."""

from __future__ import annotations

import json

import pytest

from resources.fakes.tracker import FakeTracker
from resources.profiles import BackendsResource, UnknownBackend
from svg2_assets.recipes import recipe_of, recipes
from svg2_assets.settings import from_environment


def test_a_backend_is_loaded_once() -> None:
    first, second = BackendsResource(profile="fake"), BackendsResource(profile="fake")
    assert isinstance(first.tracker, FakeTracker)
    assert first.tracker is second.tracker
    assert first.describer is second.describer


def test_a_released_backend_is_loaded_anew_and_the_others_stay() -> None:
    backends = BackendsResource(profile="fake")
    tracker, describer = backends.tracker, backends.describer
    backends.release("tracker")
    backends.release("tracker")
    assert backends.tracker is not tracker
    assert backends.describer is describer


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownBackend, match="embedded"):
        _ = BackendsResource(profile="svg3").tracker


@pytest.mark.parametrize(
    ("profile", "tracker", "says"),
    [
        ("svg2", {"model": {"checkpoint": "/nowhere/tiny.pt"}}, "there is no checkpoint '/nowhere/tiny.pt'"),
        ("svg2", {"model": {"checkpoint": "/nowhere/mine.pt"}}, "there is no checkpoint '/nowhere/mine.pt'"),
        ("svg2", {"model": {"image_size": 100}}, "the setting image_size takes a multiple of 32"),
        ("svg2", {"model": {"image_size": "large"}}, "SVG2_TRACKER.model: a value is of a kind"),
        ("svg2", {"model": 7}, "SVG2_TRACKER.model: expected an object of"),
        ("svg2", {"rules": {"preset": "fastest"}}, "SVG2_TRACKER.rules: preset 'fastest': there are default, paper"),
        ("svg2", {"weights": "x"}, "SVG2_TRACKER: unknown weights; known: follow, model"),
        ("fake", {"weights": "x"}, "SVG2_TRACKER: FakeTracker has no settings"),
        ("svg3", {}, "there is no profile 'svg3'"),
    ],
)
def test_the_recipe_of_a_backend_that_cannot_work_says_why(profile: str, tracker: object, says: str) -> None:
    backends = BackendsResource.of(
        from_environment({"SVG2_PROFILE": profile, "SVG2_TRACKER": json.dumps(tracker) if tracker else ""})
    )
    assert says in recipe_of("trajectories", backends).unusable


def test_a_backend_that_cannot_work_leaves_the_other_roles_alone() -> None:
    backends = BackendsResource(profile="fake", overrides={"tracker": '{"weights": "x"}'})
    assert [name for name, recipe in recipes(backends).items() if recipe.unusable] == ["trajectories"]
    usable = recipes(BackendsResource(profile="fake"))
    assert not any(recipe.unusable for recipe in usable.values())
    assert usable["trajectories"].model_id == "fake-tracker/1"


def test_setting_one_value_of_a_part_leaves_the_others_as_they_are_in_that_place() -> None:
    given = {
        "SVG2_VERIFIER": '{"policy": {"enough": 10}}',
        "SVG2_TRACKER": '{"association": {"reappearance": {"here": 0.4}}}',
    }
    backends, usual = BackendsResource.of(from_environment(given)), BackendsResource()
    for role, path, change in (
        ("verifier", ("policy",), {"enough": 10}),
        ("tracker", ("association", "reappearance"), {"here": 0.4}),
    ):
        changed, before = getattr(backends, role).config, getattr(usual, role).config
        for part in path:
            changed, before = changed[part], before[part]
        assert changed == {**before, **change} != before, role
