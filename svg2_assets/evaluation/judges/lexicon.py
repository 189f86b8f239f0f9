"""Outlines of words: what means the same, what is a kind of what, what overlaps, what excludes each other.

The form of an outline (`nouns.txt`, `attributes.txt`, `predicates.txt`, each line written for this project):

    couch | sofa              words that mean the same
      loveseat                two spaces deeper: a kind of it
    [seats] ~                 a heading, which is no word; after `~` its kinds overlap each other
    ~ man | boy               these overlap, and all their kinds
    ! open | closed           these exclude each other, and all their kinds

A word may stand in several places: then it has several meanings, and the closest counts. `~` lines are exceptions from
`!` lines. A word that stands nowhere is not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations

from svg2_assets.evaluation.judges.likeness import Likeness, closest

INDENT = "  "


@dataclass(frozen=True)
class Lexicon:
    """`places`: word -> the lines where it stands. `above`: line -> itself and all that it is a kind of.

    `loose`: lines whose kinds overlap. `headings`: lines that are no words. `overlapping` and `excluding` hold pairs
    of lines.
    """

    places: Mapping[str, frozenset[int]]
    above: Mapping[int, frozenset[int]]
    loose: frozenset[int] = frozenset()
    headings: frozenset[int] = frozenset()
    overlapping: frozenset[frozenset[int]] = frozenset()
    excluding: frozenset[frozenset[int]] = frozenset()
    words: Mapping[int, str] = field(default_factory=dict)

    def __contains__(self, word: str) -> bool:
        return word in self.places

    def likeness(self, first: str, second: str) -> Likeness:
        """How two known words stand to each other; a mismatch where one is not known."""
        meanings = [self._of(a, b) for a in self.places.get(first, ()) for b in self.places.get(second, ())]
        return closest(meanings)

    def excludes(self, first: str, second: str) -> bool:
        """Whether two words cannot both be true, in any of their meanings."""
        pairs = [(a, b) for a in self.places.get(first, ()) for b in self.places.get(second, ())]
        return any(self._excluded(a, b) and not self._overlap(a, b) for a, b in pairs)

    def lineage(self, word: str) -> frozenset[str]:
        """Names of all lines that `word` stands at or under: two words that are like in any way share one."""
        lines = {line for place in self.places.get(word, ()) for line in self.above[place]}
        partners = {line for place in self.places.get(word, ()) for line in self._overlaps[place]}
        return frozenset(f"{self.words[line]}@{line}" for line in lines | partners)

    def with_kinds(self, kinds: Mapping[str, str]) -> Lexicon:
        """With more words, each a kind of a known one; words that are known already stay as they are."""
        places, above, words = dict(self.places), dict(self.above), dict(self.words)
        for word, coarser in kinds.items():
            if word in self.places:
                continue
            new = {max(above) + 1 + i: place for i, place in enumerate(sorted(self.places[coarser]))}
            above |= {line: self.above[place] | {line} for line, place in new.items()}
            words |= dict.fromkeys(new, word)
            places[word] = frozenset(new)
        return replace(self, places=places, above=above, words=words)

    def _of(self, a: int, b: int) -> Likeness:
        if a == b:
            return Likeness.SYNONYM
        if self._overlap(a, b):
            return Likeness.OVERLAP
        if self._excluded(a, b):
            return Likeness.MISMATCH
        if (a in self.above[b] or b in self.above[a]) and not {a, b} & self.headings:
            return Likeness.HYPERNYM
        return Likeness.OVERLAP if self.above[a] & self.above[b] & self.loose else Likeness.MISMATCH

    def _overlap(self, a: int, b: int) -> bool:
        return not self._overlaps[a].isdisjoint(self.above[b])

    def _excluded(self, a: int, b: int) -> bool:
        return not self._excludes[a].isdisjoint(self.above[b])

    @cached_property
    def _overlaps(self) -> Mapping[int, frozenset[int]]:
        return self._partners(self.overlapping)

    @cached_property
    def _excludes(self) -> Mapping[int, frozenset[int]]:
        return self._partners(self.excluding)

    def _partners(self, pairs: frozenset[frozenset[int]]) -> Mapping[int, frozenset[int]]:
        """Each line -> the lines that it, or something that it is a kind of, is paired with."""
        paired: dict[int, set[int]] = defaultdict(set)
        for pair in pairs:
            for line in pair:
                paired[line] |= pair - {line}
        return {line: frozenset().union(*(paired.get(x, ()) for x in above)) for line, above in self.above.items()}


def read(text: str, normal: Callable[[str], str]) -> Lexicon:
    """The outline in `text`, its words after `normal`. Raises `ValueError` naming a line that does not read."""
    outline = _Outline(normal)
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#")[0].rstrip()
        if bare:
            outline.add(bare, number)
    return outline.lexicon()


class _Outline:
    """What was read so far."""

    def __init__(self, normal: Callable[[str], str]) -> None:
        self.normal = normal
        self.path: list[int] = []
        self.above: dict[int, frozenset[int]] = {}
        self.places: dict[str, set[int]] = defaultdict(set)
        self.words: dict[int, str] = {}
        self.loose: set[int] = set()
        self.pairs: list[tuple[int, str, list[str]]] = []

    def add(self, line: str, number: int) -> None:
        if line[0] in "~!":
            self.pairs.append((number, line[0], [w.strip() for w in line[1:].split("|")]))
            return
        bare = line.lstrip(" ")
        depth, odd = divmod(len(line) - len(bare), len(INDENT))
        if odd or depth > len(self.path):
            raise ValueError(f"line {number}: expected two spaces more than the line above, or as many, not {line!r}")
        if bare.endswith("~"):
            self.loose.add(number)
        words = [w.strip() for w in bare.removesuffix("~").split("|")]
        if not all(words):
            raise ValueError(f"line {number}: a word is empty: {line!r}")
        self.path = [*self.path[:depth], number]
        self.above[number] = frozenset(self.path)
        self.words[number] = words[0]
        for word in words:
            self.places[word if word.startswith("[") else self.normal(word)].add(number)

    def lexicon(self) -> Lexicon:
        marked: dict[str, set[frozenset[int]]] = {"~": set(), "!": set()}
        for number, mark, words in self.pairs:
            for first, second in combinations(words, 2):
                lines = self._lines(first, number), self._lines(second, number)
                marked[mark] |= {frozenset({a, b}) for a in lines[0] for b in lines[1]}
        headings = frozenset(n for n, word in self.words.items() if word.startswith("["))
        places = {w: frozenset(p) for w, p in self.places.items() if not w.startswith("[")}
        return Lexicon(
            places,
            self.above,
            frozenset(self.loose),
            headings,
            frozenset(marked["~"]),
            frozenset(marked["!"]),
            self.words,
        )

    def _lines(self, word: str, number: int) -> set[int]:
        found = self.places.get(word if word.startswith("[") else self.normal(word))
        if not found:
            raise ValueError(f"line {number}: {word!r} stands nowhere else")
        return found
