"""Which verified names go downstream. All thresholds of that decision stand here, for every verifier.

SVG2 deleted what SAM 3 did not support: 92 % of skies stayed, no telephone wire did. Two rules keep rare and thin
classes: silence of a verifier counts as much as it would have spoken up had the name been right (`found_rate`), and a
name that is rare in the corpus needs less (`threshold`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from svg2_assets.labels.record import read_counts
from svg2_assets.scene.errors import InvalidSceneValue
from svg2_assets.scene.taxonomy import UNKNOWN_NAME, Verdict

KEEP_RATES: Mapping[str, float] = {
    "sky": 0.92,
    "hair": 0.88,
    "man": 0.87,
    "shirt": 0.85,
    "mirror": 0.09,
    "skateboard": 0.06,
    "street light": 0.05,
    "surfboard": 0.02,
    "remote control": 0.02,
    "power line": 0.02,
    "telephone wire": 0.0,
}
"""Share of a class's objects that SAM 3 supported in the build of SVG2 (SA-V and PVD, from its released splits)."""

USUAL_RATE = 0.52
"""The same over all classes (SA-V)."""

LEAST_RATE, MOST_RATE = 0.02, 0.98


@dataclass(frozen=True, slots=True)
class Policy:
    """How sure a name must be, given how common it is and how well verifiers see its kind.

    `accept`: least score (0..1) of a name that is kept. `rare_accept`: of a name that the corpus never held;
    between the two by `seen / (seen + enough)`. `record`: name -> [objects claimed, of these supported] in a corpus
    verified before (`record_of`), or the file that holds it (`svg2 label-record`), which is read once; without it every
    name needs `accept`. `keep_rates`: what is believed of a class before any record; `usual_rate` for the others.
    `strength`: how many observations that belief is worth.
    """

    accept: float = 0.5
    rare_accept: float = 0.4
    enough: float = 50.0
    strength: float = 10.0
    usual_rate: float = USUAL_RATE
    keep_rates: Mapping[str, float] = field(default_factory=lambda: dict(KEEP_RATES))
    record: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = getattr(self, "record")  # noqa: B009 - settings may hold a path
        if isinstance(given, (str, Path)):
            # Its content, not its name, is what labels depend on and what makes them stale.
            object.__setattr__(self, "record", read_counts(Path(given)))
        shares = (self.accept, self.rare_accept, self.usual_rate, *self.keep_rates.values())
        if not all(0 <= s <= 1 for s in shares) or self.rare_accept > self.accept:
            raise InvalidSceneValue("policy: shares lie in 0..1, `rare_accept` at most at `accept`")
        if self.enough <= 0 or self.strength <= 0:
            raise InvalidSceneValue("policy: `enough` and `strength` are positive")
        if any(len(pair) != 2 or not 0 <= pair[1] <= pair[0] for pair in self.record.values()):
            raise InvalidSceneValue("policy: `record` holds [objects claimed, of these supported] by name")

    def threshold(self, name: str) -> float:
        """The least score that a name needs."""
        if not self.record:
            return self.accept
        seen = self.record.get(name, (0, 0))[0]
        return self.rare_accept + (self.accept - self.rare_accept) * seen / (seen + self.enough)

    def found_rate(self, name: str) -> float:
        """The chance that a verifier finds a thing that rightly bears this name: the record shrunk to what was
        believed before (mean of a Beta posterior), kept away from 0 and 1.

        The keep rates of SVG2 count wrong names too, so they are a lower bound of it.
        """
        believed = self.keep_rates.get(name, self.keep_rates.get(name.split()[-1] if name else "", self.usual_rate))
        seen, supported = self.record.get(name, (0, 0))
        rate = (supported + self.strength * believed) / (seen + self.strength)
        return min(MOST_RATE, max(LEAST_RATE, rate))


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a name goes downstream, and one sentence that says why."""

    keep: bool
    reason: str


def decide(policy: Policy, name: str, *, verdict: Verdict, score: float) -> Decision:
    """Keep a name that is not contradicted and sure enough. `score` is the chance that it is right."""
    threshold = policy.threshold(name)
    if verdict is Verdict.CONTRADICTED:
        return Decision(False, f"{name} is contradicted ({score:.2f})")
    if score < threshold:
        return Decision(False, f"not sure enough of {name} ({score:.2f}, at least {threshold:.2f})")
    return Decision(True, f"{name} is {verdict.value} ({score:.2f}, at least {threshold:.2f})")


def record_of(claims: Iterable[tuple[str, Verdict]]) -> dict[str, tuple[int, int]]:
    """The `record` of a corpus: of each name as it was claimed, how many objects there were and were supported."""
    seen: Counter[str] = Counter()
    supported: Counter[str] = Counter()
    for name, verdict in claims:
        if name != UNKNOWN_NAME:
            seen[name] += 1
            supported[name] += verdict is Verdict.SUPPORTED
    return {name: (n, supported[name]) for name, n in sorted(seen.items())}
