"""One shot: its backdrop, actors, camera, and what the script says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from svg2_assets.scene.masks import BoolArray, FloatArray
from svg2_assets.scene.taxonomy import CAMERA_ID, Category
from svg2_assets.synthetic.actors import Actor, heading
from svg2_assets.synthetic.backgrounds import Backdrop
from svg2_assets.synthetic.cameras import Camera, still
from svg2_assets.synthetic.figures import Builder, Figure, Wardrobe
from svg2_assets.synthetic.settings import WorldSettings
from svg2_assets.synthetic.things import OUTDOOR

FAR_SIZE = 0.45  # how large a thing at the horizon is beside one at the lower edge


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """`subject predicate object` (indices of objects in the shot, -1 the camera) where `holds` [F]."""

    subject: int
    predicate: str
    object: int
    category: Category
    holds: BoolArray


@dataclass(slots=True, eq=False)
class Stage:
    """A shot of `count` frames from frame `start` of the clip. Scenarios add actors and claims."""

    settings: WorldSettings
    rng: np.random.Generator
    backdrop: Backdrop
    start: int
    count: int
    actors: list[Actor] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    camera: Camera = field(init=False)
    gain: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        self.camera = still(self.count, aspect=self.aspect)
        phase, rate = self.rng.uniform(0, 6), self.rng.uniform(0.6, 1.6)
        self.gain = 1 + self.settings.lighting * np.sin(phase + rate * self.seconds)

    @property
    def aspect(self) -> float:
        """The frame's width in frame heights."""
        return self.settings.aspect

    @property
    def seconds(self) -> FloatArray:
        """Time since the shot began, [F]."""
        return np.arange(self.count) / self.settings.fps

    @property
    def u(self) -> FloatArray:
        """The share of the shot that is over, 0..1 [F]."""
        return np.linspace(0, 1, self.count)

    @property
    def wardrobe(self) -> Wardrobe:
        """Surfaces that suit the backdrop and the difficulty."""
        settings, place = self.settings, self.backdrop
        return Wardrobe(self.rng, settings.contrast, settings.camouflage, place.colors, outdoor=place.outdoor)

    @property
    def objects(self) -> int:
        """How many objects the shot has: the regions, then the labelled nodes of each actor."""
        return len(self.backdrop.regions) + sum(len(a.figure.labelled) for a in self.actors)

    def make(self, *builders: Builder) -> Figure:
        """A new figure by one of `builders`: those that suit the place, if any does."""
        suited = [b for b in builders if self.backdrop.outdoor or b not in OUTDOOR] or list(builders)
        return suited[int(self.rng.integers(len(suited)))](self.wardrobe)

    def lane(self, low: float = 0.15, high: float = 0.95) -> float:
        """A random ground line (world y) between two shares of the way from the horizon to the lower edge."""
        horizon = self.backdrop.horizon
        return float(horizon + (0.98 - horizon) * self.rng.uniform(low, high))

    def scale_at(self, y: npt.ArrayLike) -> FloatArray:
        """How large things are whose feet stand at `y`, 1 at the lower edge."""
        horizon = self.backdrop.horizon
        way = (np.asarray(y, dtype=np.float64) - horizon) / (1 - horizon)
        return FAR_SIZE + (1 - FAR_SIZE) * np.clip(way, 0, 1.2)

    def half_width(self, figure: Figure, y: float) -> float:
        """Half the width of `figure` standing at `y`, in world units."""
        return figure.half_width * figure.height * float(self.scale_at(y))

    def add(
        self,
        figure: Figure,
        *,
        x: npt.ArrayLike,
        y: npt.ArrayLike,
        facing: npt.ArrayLike | None = None,
        size: npt.ArrayLike | None = None,
        depth: npt.ArrayLike | None = None,
        grounded: npt.ArrayLike = True,
        present: npt.ArrayLike = True,
        same_as: Actor | None = None,
    ) -> Actor:
        """Put `figure` on stage; each pose is a number or an array [F]. Facing follows the motion unless given."""
        xs, ys = self._each(x), self._each(y)
        actor = Actor(
            figure=figure,
            x=xs,
            y=ys,
            size=self._each(figure.height * self.scale_at(ys) if size is None else size),
            depth=self._each(ys if depth is None else depth),
            facing=heading(xs) if facing is None else self._each(facing),
            present=np.array(np.broadcast_to(np.asarray(present, dtype=bool), self.count)),
            grounded=np.array(np.broadcast_to(np.asarray(grounded, dtype=bool), self.count)),
            seconds=self.seconds,
            same_as=same_as,
            index=self.objects,
        )
        self.actors.append(actor)
        self._dress(actor)
        return actor

    def claim(
        self, subject: Actor, predicate: str, other: Actor, category: Category, holds: npt.ArrayLike = True
    ) -> None:
        """Say that `subject predicate other` where `holds` [F]."""
        self.claim_objects(subject.index, predicate, other.index, category, holds)

    def claim_objects(
        self, subject: int, predicate: str, other: int, category: Category, holds: npt.ArrayLike = True
    ) -> None:
        """As `claim`, between objects by their index in the shot; -1 is the camera."""
        on = np.array(np.broadcast_to(np.asarray(holds, dtype=bool), self.count))
        self.claims.append(Claim(subject, predicate, other, category, on))

    def seen_by_camera(self, predicate: str, actor: Actor, category: Category, holds: npt.ArrayLike = True) -> None:
        """Say that the camera `predicate` the actor."""
        self.claim_objects(CAMERA_ID, predicate, actor.index, category, holds)

    def levels(self) -> Iterator[tuple[int, int | None]]:
        """Level and the index of its whole, of each object in order."""
        yield from ((1, None) for _ in self.backdrop.regions)
        for actor in self.actors:
            for part in actor.figure.labelled:
                yield part.level, None if part.parent is None else actor.index + part.parent

    def _each(self, value: npt.ArrayLike) -> FloatArray:
        return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), self.count))

    def _dress(self, actor: Actor) -> None:
        """Mouths are shut unless someone talks; who has a hat on wears it."""
        actor.shown["mouth"] = np.zeros(self.count, dtype=bool)
        hat = actor.figure.label_of("hat")
        if hat is not None:
            self.claim_objects(actor.index, "wearing", actor.index + hat, Category.STATEFUL)


Scenario = Callable[[Stage], None]
"""Stages one story: adds its actors and claims to a shot."""
