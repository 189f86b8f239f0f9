"""Which predicted video is which true one: ids of data sets and of the store differ, files and contents do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from svg2_assets.evaluation.harness.sources import Card

BY_ID, BY_CONTENT, BY_NAME = "id", "content of the file", "name of the file"


@dataclass(frozen=True, slots=True)
class Pairing:
    """`pairs`: true id -> predicted id. `how`: by what so many were paired. `extra`: predicted ids of no true video."""

    pairs: Mapping[str, str]
    how: Mapping[str, int]
    extra: tuple[str, ...]


def paired(truth: Mapping[str, Card], predicted: Mapping[str, Card]) -> Pairing:
    """Videos with one id; of the others those with one content (SHA-256); of the others those with one file name.

    Content and name must be of one video on either side. Files of one name whose contents are known to differ are two
    videos.
    """
    pairs = {v: v for v in truth if v in predicted}
    how = Counter({BY_ID: len(pairs)})
    for way, keys in ((BY_CONTENT, _content), (BY_NAME, _names)):
        taken = set(pairs.values())
        left = [c for v, c in truth.items() if v not in pairs], [c for v, c in predicted.items() if v not in taken]
        found = {
            t.video_id: p.video_id
            for t, p in _unique(*left, keys=keys)
            if not (t.sha256 and p.sha256) or t.sha256 == p.sha256
        }
        pairs |= found
        how[way] = len(found)
    taken = set(pairs.values())
    return Pairing(dict(sorted(pairs.items())), +how, tuple(v for v in predicted if v not in taken))


def _content(card: Card) -> Iterable[str]:
    return (card.sha256,) if card.sha256 else ()


def _names(card: Card) -> Iterable[str]:
    return card.names


def _unique(
    truth: list[Card], predicted: list[Card], *, keys: Callable[[Card], Iterable[str]]
) -> list[tuple[Card, Card]]:
    """Pairs that share a key which no third video has, and that no second pair shares a video with."""
    sides: tuple[dict[str, list[Card]], dict[str, list[Card]]] = (defaultdict(list), defaultdict(list))
    for side, cards in zip(sides, (truth, predicted), strict=True):
        for card in cards:
            for key in keys(card):
                side[key].append(card)
    found = {
        (cards[0].video_id, sides[1][key][0].video_id): (cards[0], sides[1][key][0])
        for key, cards in sides[0].items()
        if len(cards) == 1 and len(sides[1].get(key, ())) == 1
    }
    often = Counter(t for t, _ in found), Counter(p for _, p in found)
    return [pair for (t, p), pair in found.items() if often[0][t] == often[1][p] == 1]
