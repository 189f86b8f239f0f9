"""Which predicted video is which true one."""

from __future__ import annotations

import pytest

from svg2_assets.evaluation.harness.pairing import BY_CONTENT, BY_ID, BY_NAME, paired
from svg2_assets.evaluation.harness.sources import Card


def cards(**given: tuple[str, str]) -> dict[str, Card]:
    """Id -> (hash, address)."""
    return {v: Card.of(v, sha256=sha, uris=(uri,)) for v, (sha, uri) in given.items()}


def test_an_id_goes_before_content_and_content_before_the_name():
    truth = cards(a=("1", "x.mp4"), b=("2", "y.mp4"), c=("", "z.mp4"), d=("", ""))
    said = cards(a=("2", "y.mp4"), p=("2", "else.mp4"), q=("9", "/far/z.avi"), r=("", "/clips/d.mp4"))
    found = paired(truth, said)
    assert found.pairs == {"a": "a", "b": "p", "c": "q", "d": "r"}
    assert found.how == {BY_ID: 1, BY_CONTENT: 1, BY_NAME: 2}
    assert found.extra == ()


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        (cards(a=("1", "x.mp4")), cards(p=("2", "x.mp4"))),  # one name, two contents
        (cards(a=("", "x.mp4"), b=("", "far/x.mp4")), cards(p=("", "x.mp4"))),  # whose?
        (cards(a=("", "x.mp4")), cards(p=("", "x.mp4"), q=("", "far/x.mp4"))),
        (cards(a=("1", ""), b=("1", "")), cards(p=("1", ""))),
        (cards(a=("", "")), cards(p=("", ""))),  # an empty hash is no content
    ],
)
def test_what_may_be_two_videos_is_not_paired(truth, said):
    found = paired(truth, said)
    assert found.pairs == {}
    assert found.extra == tuple(said)


def test_a_video_that_two_names_lead_to_is_not_taken_twice():
    truth = {"a": Card.of("a", uris=("one.mp4",)), "b": Card.of("b", uris=("two.mp4",))}
    said = {"p": Card.of("p", uris=("one.mp4", "two.mp4"))}
    assert paired(truth, said).pairs == {}
