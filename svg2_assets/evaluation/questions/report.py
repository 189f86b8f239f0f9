"""The scores of an exam as plain data: for tables, and for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from svg2_assets.evaluation.questions.conditions import Condition, pairs_of
from svg2_assets.evaluation.questions.guessing import chance
from svg2_assets.evaluation.questions.scores import Accuracy, Compared, Marked


@dataclass(frozen=True, slots=True)
class Report:
    """`kinds`: (dimension, value) -> accuracy by condition. `comparisons`: (first, second) -> what `compare` says.
    `chance`: share right by picking any option, None with open questions."""

    questions: int
    videos: int
    chance: float | None
    conditions: Mapping[str, Accuracy]
    kinds: Mapping[tuple[str, str], Mapping[str, Accuracy]]
    comparisons: Mapping[tuple[str, str], Compared]

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`."""
        return {
            "questions": self.questions,
            "videos": self.videos,
            "chance": self.chance,
            "conditions": [{"condition": name, **_figures(a)} for name, a in self.conditions.items()],
            "kinds": [
                {"dimension": dimension, "value": value, "condition": name, **_figures(a)}
                for (dimension, value), by_condition in self.kinds.items()
                for name, a in by_condition.items()
            ],
            "comparisons": [
                {"first": first, "second": second, **asdict(c)} for (first, second), c in self.comparisons.items()
            ],
        }


def report_of(marked: Marked, conditions: Sequence[Condition], *, seed: int = 0) -> Report:
    """All figures. The same seed gives the same intervals."""
    names = [c.name for c in conditions]
    return Report(
        questions=len(marked.questions),
        videos=len({q.video_id for q in marked.questions}),
        chance=chance(marked.questions),
        conditions={name: marked.accuracy(name, seed=seed) for name in names},
        kinds={
            kind: {name: marked.accuracy(name, places, seed=seed) for name in names}
            for kind, places in marked.kinds().items()
        },
        comparisons={
            (first.name, second.name): marked.compare(first.name, second.name, seed=seed)
            for first, second in pairs_of(conditions)
        },
    )


def _figures(accuracy: Accuracy) -> dict[str, Any]:
    return {"accuracy": accuracy.share, **asdict(accuracy)}
