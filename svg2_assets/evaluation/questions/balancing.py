"""Which drafts become questions: so many that no answer can be guessed from how frequent it is."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from svg2_assets.evaluation.questions.drafts import Draft
from svg2_assets.evaluation.questions.reader import YES

Drafted = tuple[str, Draft]
"""Video id, draft."""
ALIVE = 3
"""Of so many answers there must be drafts left, else nothing more is taken: the most frequent answer is no more
frequent than the third."""


@dataclass(slots=True)
class Limits:
    """At most `most` drafts, of each video at most `per_video`; counts what was taken."""

    per_video: int
    most: int
    taken: Counter[str] = field(default_factory=Counter)

    def room(self, *videos: str) -> bool:
        """Whether one more of each of `videos` may be taken."""
        more = Counter(videos)
        within = all(self.taken[v] + n <= self.per_video for v, n in more.items())
        return within and self.taken.total() + len(videos) <= self.most


def pairs(drafted: Sequence[Drafted], limits: Limits, draw: random.Random) -> list[Drafted]:
    """Drafts whose answer is yes or no: within each group as many of either, the groups in turn."""
    groups: dict[str, tuple[list[Drafted], list[Drafted]]] = defaultdict(lambda: ([], []))
    for one in draw.sample(drafted, len(drafted)):
        groups[one[1].group][one[1].answer != YES].append(one)
    chosen: list[Drafted] = []
    waiting = sorted(groups)
    while waiting:
        for group in list(waiting):
            pair = _pair(*groups[group], limits)
            if pair:
                chosen += pair
                limits.taken.update(video for video, _ in pair)
            else:
                waiting.remove(group)
    return chosen


def in_turn(
    drafted: Sequence[Drafted], answer: Callable[[Draft], str], limits: Limits, draw: random.Random
) -> list[Drafted]:
    """One draft of each answer in turn, as long as there are `ALIVE` answers, or all that there were."""
    groups: dict[str, list[Drafted]] = defaultdict(list)
    for one in draw.sample(drafted, len(drafted)):
        groups[answer(one[1])].append(one)
    chosen: list[Drafted] = []
    least, waiting = min(ALIVE, len(groups)), draw.sample(sorted(groups), len(groups))
    while waiting and len(waiting) >= least:
        for own in list(waiting):
            found = _first(groups[own], limits)
            if found is None:
                waiting.remove(own)
            elif len(waiting) >= least:
                groups[own].remove(found)
                chosen.append(found)
                limits.taken[found[0]] += 1
    return chosen


def _pair(yes: list[Drafted], no: list[Drafted], limits: Limits) -> list[Drafted]:
    """The first of either that there is room for, taken out of the lists."""
    for one in yes:
        for other in no:
            if limits.room(one[0], other[0]):
                yes.remove(one)
                no.remove(other)
                return [one, other]
            if not limits.room(one[0]):
                break
    return []


def _first(waiting: list[Drafted], limits: Limits) -> Drafted | None:
    return next((one for one in waiting if limits.room(one[0])), None)
