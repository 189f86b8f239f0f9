"""What whoever answers may see: the video, a graph told as text, both, or the question alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from svg2_assets.evaluation.questions.values import InvalidQuestions
from svg2_assets.scene.errors import printable

BLIND, VIDEO = "blind", "video"


@dataclass(frozen=True, slots=True)
class Condition:
    """`video`: whether its frames are shown. `graph`: the name of the set whose graph is told, None for no graph."""

    video: bool = False
    graph: str | None = None

    @property
    def name(self) -> str:
        """`blind`, `video`, `graph A`, `video + graph A`."""
        told = [VIDEO] * self.video + ([f"graph {self.graph}"] if self.graph is not None else [])
        return " + ".join(told) or BLIND

    def base(self) -> Condition | None:
        """The same without the graph, to see what the graph adds."""
        return None if self.graph is None else Condition(video=self.video)


def conditions_of(graphs: Sequence[str], *, video: bool) -> list[Condition]:
    """All conditions, from the question alone to everything; without `video` those that need no frames."""
    alone = [Condition(), *([Condition(video=True)] if video else [])]
    told = [Condition(video=shown, graph=name) for shown in ((False, True) if video else (False,)) for name in graphs]
    return [*alone, *told]


def pairs_of(conditions: Sequence[Condition]) -> list[tuple[Condition, Condition]]:
    """Which two are compared: a graph with none, and each graph with each other, all else equal."""
    found = []
    for i, second in enumerate(conditions):
        base = second.base()
        if base in conditions and base is not None:
            found.append((second, base))
        told = [c for c in conditions[:i] if c.graph is not None and c.video == second.video]
        found += [(first, second) for first in told if second.graph is not None]
    return found


def chosen(wanted: Sequence[str], known: Sequence[Condition]) -> list[Condition]:
    """Those of `known` that are named, all where none is. Raises `InvalidQuestions`."""
    by_name = {c.name: c for c in known}
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise InvalidQuestions(
            f"no condition is called {printable(unknown[0], limit=60)}. There are: {', '.join(by_name)}."
        )
    return [by_name[name] for name in dict.fromkeys(wanted)] or list(known)
