"""Which descriptions are doubted, so that the object itself is shown."""

from __future__ import annotations

import pytest

from svg2_assets.labels.doubt import doubt_of
from tests.descriptions.pictures import Thing, detector, video

DOG = Thing(start=(20, 20), size=(60, 60))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \u200b\n", "empty"),
        ("It appears to be a trampoline with a net.", "hedges"),
        ("A small, possibly a toy, lies there.", "hedges"),
        ("Some kind of container.", "hedges"),
        ("It is difficult to tell what this is.", "hedges"),
        ("A rectangular object with white edges.", "names nothing"),
        ("The image shows a large, black structure.", "names nothing"),
        ("Walking along the street.", "verb"),
    ],
)
def test_hedging_empty_and_nameless_texts_are_doubted(text: str, why: str) -> None:
    assert why in doubt_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "A young woman with blonde hair, who appears to be walking.",
        "A black cat sits on a wall and likely waits.",
        "鳩が歩いている。",
    ],
)
def test_a_plain_statement_is_believed(text: str) -> None:
    assert doubt_of(text) == ""


def test_a_recogniser_that_sees_something_else_raises_doubt() -> None:
    tracked = DOG.tracked(video(), witnesses=(detector("nanodet", dog=0.8), detector("centernet", looks=1, cat=0.9)))
    assert (
        doubt_of("A black cat sits on a wall.", tracked) == "nanodet sees dog and the description does not mention it"
    )
    for agreeing in ("A brown dog runs.", "Two doggies.", "An animal with four legs."):
        assert doubt_of(agreeing, tracked) == ""
    unsure = DOG.tracked(video(), witnesses=(detector(dog=0.3),))
    assert doubt_of("A black cat sits on a wall.", unsure) == ""
