"""Judges that cost something: asked once a pair, in batches; vectors; agreement with people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from svg2_assets.evaluation.judges.agreement import agreement, cohens_kappa
from svg2_assets.evaluation.judges.cached import Cached
from svg2_assets.evaluation.judges.embedding import Embedding, MissingEmbedder, embedding_judge
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.likeness import Kind, Likeness, Pair
from svg2_assets.scene.errors import InvalidSceneValue, Svg2Error
from tests.evaluation.graphs.scenes import Table


def pair(a: str, b: str, kind: Kind = Kind.OBJECT) -> Pair:
    return Pair(a, b, kind)


DOG, CAT, OTHER = pair("dog", "puppy"), pair("dog", "cat"), pair("dog", "puppy", Kind.ATTRIBUTE)
KNOWN = {("dog", "puppy"): Likeness.HYPERNYM}


def test_a_cached_judge_is_asked_once_a_pair_in_batches():
    judge = Table(KNOWN)
    cached = Cached(judge, at_once=2)
    assert cached.judge([DOG, CAT, DOG, OTHER]) == [
        Likeness.HYPERNYM,
        Likeness.MISMATCH,
        Likeness.HYPERNYM,
        Likeness.HYPERNYM,
    ]
    assert judge.calls == [[DOG, CAT], [OTHER]]
    assert cached.judge([OTHER, CAT]) == [Likeness.HYPERNYM, Likeness.MISMATCH]
    assert len(judge.calls) == 2
    assert (cached.name, cached.version, cached.keys("dog", Kind.OBJECT)) == ("table", "1", None)
    assert cached.knows("dog", Kind.OBJECT)


def test_a_store_serves_other_versions_without_mixing_them():
    store = {}
    old, new = Table(KNOWN), Table()
    new.version = "2"
    assert Cached(old, store).judge([DOG]) == [Likeness.HYPERNYM]
    assert Cached(new, store).judge([DOG]) == [Likeness.MISMATCH]
    again = Table()
    assert Cached(again, store).judge([DOG]) == [Likeness.HYPERNYM]
    assert again.calls == []


def test_answers_before_a_failure_are_kept():
    class Failing(Table):
        def judge(self, pairs: Sequence[Pair]) -> list[Likeness]:
            if CAT in pairs and len(self.calls) == 1:
                raise Svg2Error("the gateway is shut")
            return super().judge(pairs)

    judge = Failing(KNOWN)
    cached = Cached(judge, at_once=1)
    with pytest.raises(Svg2Error, match="shut"):
        cached.judge([DOG, CAT])
    judge.calls.append([])
    assert cached.judge([DOG, CAT]) == [Likeness.HYPERNYM, Likeness.MISMATCH]
    assert [c for c in judge.calls if c] == [[DOG], [CAT]]


class Letters:
    """An embedder: counts of letters."""

    name = "letters@1"

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        self.calls.append(list(texts))
        return np.asarray([[t.count(c) for c in "abcdefghijklmnopqrstuvwxyz"] for t in texts], dtype=float)


def test_vectors_decide_of_names_that_the_lexicon_does_not_know_alone():
    letters = Letters()
    judge = embedding_judge(letters, synonym=0.95, overlap=0.5)
    pairs = [
        pair("zorb", "bzor"),
        pair("zorb", "zorx"),
        pair("zorb", "quilp"),
        pair("dog", "god"),  # in the lexicon one is, the other is not
        pair("dog", "cat"),
        pair("sofa", "couch"),
        pair("zorb", "brzo", Kind.PREDICATE),
        pair("left of", "felt of", Kind.PREDICATE),
    ]
    assert [like.name for like in judge.judge(pairs)] == [
        "SYNONYM", "OVERLAP", "MISMATCH", "SYNONYM", "MISMATCH", "SYNONYM", "MISMATCH", "MISMATCH",
    ]  # fmt: skip
    assert len(letters.calls) == 1
    assert "cat" not in letters.calls[0]
    assert judge.judge([pair("dog", "cat")]) == [Likeness.MISMATCH]
    assert len(letters.calls) == 1, "nothing was open"
    assert "letters@1" in judge.version
    assert judge.keys("zorb", Kind.OBJECT) is None
    assert judge.keys("near", Kind.PREDICATE)


def test_without_an_embedder_nothing_stands_in():
    with pytest.raises(MissingEmbedder, match="none is installed"):
        embedding_judge(None, synonym=0.9, overlap=0.6)


def test_embedders_and_thresholds_that_make_no_sense_are_refused():
    with pytest.raises(InvalidSceneValue, match="overlap <= synonym"):
        Embedding(Letters(), synonym=0.5, overlap=0.9)

    class Broken(Letters):
        def embed(self, texts: Sequence[str]) -> np.ndarray:
            return np.zeros((len(texts), 3))

    with pytest.raises(InvalidSceneValue, match="length 0"):
        Embedding(Broken(), 0.9, 0.5).judge([pair("zorb", "glorb")])
    Broken.embed = lambda self, texts: np.ones((1, 3))
    with pytest.raises(InvalidSceneValue, match="one finite vector a text"):
        Embedding(Broken(), 0.9, 0.5).judge([pair("zorb", "glorb")])


def test_kappa_by_hand():
    # 50 items: both yes 20, both no 15, first alone 5, second alone 10. p_o = 0.7, p_e = 0.5 * 0.6 + 0.5 * 0.4 = 0.5.
    first = ["yes"] * 20 + ["no"] * 15 + ["yes"] * 5 + ["no"] * 10
    second = ["yes"] * 20 + ["no"] * 15 + ["no"] * 5 + ["yes"] * 10
    assert cohens_kappa(first, second) == pytest.approx((0.7 - 0.5) / (1 - 0.5))


def test_kappa_of_three_classes_by_hand():
    # p_o = 4/6. First has a 2, b 2, c 2; second a 3, b 2, c 1: p_e = (2*3 + 2*2 + 2*1) / 36 = 1/3.
    assert cohens_kappa("aabbcc", "aabbac") == pytest.approx((5 / 6 - 1 / 3) / (1 - 1 / 3))
    assert cohens_kappa("aabbcc", "abbaac") == pytest.approx((3 / 6 - 1 / 3) / (1 - 1 / 3))


def test_kappa_is_1_for_the_same_0_for_chance_and_none_where_chance_says_all():
    assert cohens_kappa("abc", "abc") == 1
    assert cohens_kappa("aabb", "abab") == 0
    assert cohens_kappa("abab", "baba") == -1
    assert cohens_kappa("aaa", "aaa") is None
    for wrong in (("ab", "a"), ("", "")):
        with pytest.raises(InvalidSceneValue, match="two labels an item"):
            cohens_kappa(*wrong)


def test_agreement_on_classes_strictly_and_leniently():
    pairs = [pair("dog", "dog"), pair("dog", "puppy"), pair("dog", "cat"), pair("a", "b")]
    labels = [Likeness.IDENTICAL, Likeness.SYNONYM, Likeness.MISMATCH, Likeness.OVERLAP]
    found = agreement(Table(KNOWN), pairs, labels)
    assert (found.classes.right, found.strict.right, found.lenient.right) == (2, 4, 3)
    assert found.strict_kappa == 1
    assert found.lenient_kappa == pytest.approx((3 / 4 - 1 / 2) / (1 - 1 / 2))
    assert agreement(Exact(), pairs[2:3], labels[2:3]).lenient_kappa is None
