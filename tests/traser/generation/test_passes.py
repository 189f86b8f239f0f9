"""Several passes become one telling, in the numbers of the whole."""

from __future__ import annotations

import pytest

from svg2_assets.scene.spans import Spans
from svg2_assets.traser.answers import Answer, Flaw, Remark
from svg2_assets.traser.generation.passes import Pass, merge_passes
from svg2_assets.traser.text import Statement, Thing, Told


def of(*pairs: tuple[float, float]) -> Spans:
    return Spans.of(pairs)


def test_numbers_become_those_of_the_whole_and_the_camera_stays() -> None:
    first = Told((Thing(1, "dog", ("brown",)), Thing(2, "mat")), (Statement(1, "on", 2, of((0, 4))),))
    second = Told((Thing(1, "tree"), Thing(2, "dog", ("small",))), (Statement(-1, "films", 1, of((1, 2))),))
    merged = merge_passes([Pass(Answer(first), [7, 2]), Pass(Answer(second), [41, 7])])
    assert merged.told.things == (Thing(2, "mat"), Thing(7, "dog", ("brown", "small")), Thing(41, "tree"))
    assert merged.told.statements == (Statement(7, "on", 2, of((0, 4))), Statement(-1, "films", 41, of((1, 2))))
    assert merged.clean


def test_what_passes_agree_on_is_said_once() -> None:
    def one(name: str, *times: tuple[float, float]) -> Answer:
        told = Told((Thing(1, name, (f"{name}like",)), Thing(2, "mat")), (Statement(1, "on", 2, of(*times)),))
        return Answer(told)

    passes = [Pass(one(n, (t, t + 2)), [3, 4]) for n, t in (("cat", 0), ("dog", 2), ("dog", 8))]
    merged = merge_passes(passes).told
    assert merged.things == (Thing(3, "dog", ("doglike",)), Thing(4, "mat"))
    assert merged.statements == (Statement(3, "on", 4, of((0, 4), (8, 10))),)


def test_remarks_name_their_pass_and_a_cut_pass_cuts_the_whole() -> None:
    cut = Answer(Told(), (Remark(Flaw.CUT, "it ends"),), complete=False)
    merged = merge_passes([Pass(Answer(Told((Thing(1, "dog"),))), [5]), Pass(cut, [6])])
    assert [str(r) for r in merged.remarks] == ["cut: pass 2: it ends"]
    assert not merged.complete
    assert merge_passes([]) == Answer(Told())


def test_a_pass_that_speaks_of_what_it_was_not_shown_is_refused() -> None:
    with pytest.raises(ValueError, match=r"pass 1 speaks of objects \[2\]; it was shown 1"):
        merge_passes([Pass(Answer(Told((Thing(2, "dog"),))), [5])])
