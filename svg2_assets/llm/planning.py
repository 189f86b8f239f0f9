"""Calls that are known before they are made: for estimates, and to have them answered by a batch beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

from svg2_assets.llm.calls import Call


@runtime_checkable
class PlansCalls(Protocol):
    """A backend that can tell which calls it will make for one video."""

    def planned_calls(self, *inputs: Any, **more: Any) -> Iterable[Call]:
        """The calls with which the backend's phase begins, given what that phase reads: the arguments are those of the
        phase's own method (`describe`, `parse`, `extract`). Calls that depend on an answer cannot be among them.
        """
        ...
