"""Backends are loaded once a process, until they are released."""

from __future__ import annotations

import pytest

from resources.fakes.tracker import FakeTracker
from resources.profiles import BackendsResource, UnknownBackend


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
