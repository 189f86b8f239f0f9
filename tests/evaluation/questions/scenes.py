"""Hand-made graphs of a video of ten seconds."""

from __future__ import annotations

from collections.abc import Sequence

from svg2_assets.scene.graph import Attribute, Relation, SceneGraph, SceneObject
from svg2_assets.scene.spans import Spans
from svg2_assets.scene.taxonomy import AttributeType, Category
from svg2_assets.scene.trajectory import Trajectory
from svg2_assets.scene.video import Video

UNSEEN = Trajectory((), ())
NAMES = ("woman", "cup", "table", "dog", "hand")
SAID = (
    (0, "holding", 1, (2.0, 4.0)),
    (1, "on", 2, (5.0, 10.0)),
    (3, "approaching", 2, (1.0, 3.0)),
    (0, "looking at", 3, (6.0, 8.0)),
)


def graph(
    names: Sequence[str] = NAMES,
    said: Sequence[tuple[int, str, int, tuple[float, float]]] = SAID,
    *,
    colors: Sequence[str] = ("", "white", "brown", "black"),
    parts: Sequence[tuple[int, int]] = ((4, 0),),
    video: str = "v",
) -> SceneGraph:
    """Object i is `names[i]`, of color `colors[i]`; `parts` are (part, whole)."""
    whole = dict(parts)
    colored = dict(enumerate(colors))
    objects = tuple(
        SceneObject(
            i,
            name,
            UNSEEN,
            (Attribute(colored[i], AttributeType.COLOR),) if colored.get(i) else (),
            part_of=whole.get(i) if whole.get(i) in range(len(names)) else None,
        )
        for i, name in enumerate(names)
    )
    relations = tuple(Relation(s, p, o, Category.SPATIAL, Spans.of([span])) for s, p, o, span in said)
    return SceneGraph(Video(video, f"films/{video}-film.mp4", "", 64, 48, 10.0, 100, 10.0), objects, relations)
