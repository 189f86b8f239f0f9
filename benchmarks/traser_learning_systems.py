"""The systems that `benchmarks.traser_learning` compares: how each is set up, and what it is shown in training."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from svg2_assets.traser.samples.rows import to_row
from svg2_assets.traser.samples.values import Sample
from svg2_assets.traser.samples.world import HELD_OUT

HIDDEN, HEAD, PLACED = 96, 24, 44
"""Width, a resampler's head, and how much wider it is in systems without place: then all have as many weights."""
POOL = 4  # batches that are sorted by length together
TASKS = ("scene_graph", "scene_graph", "scene_graph", "attributes", "relationships")
NAMING, STATING, CONTRAST = 0.25, 0.25, 0.5  # weights of the objectives

SYSTEMS: Mapping[str, dict[str, Any]] = {
    "none": {"preset": "release", "resamplers": "none"},
    "OTR": {"preset": "release", "resamplers": "object"},
    "TWR": {"preset": "release", "resamplers": "window"},
    "both": {"preset": "release", "resamplers": "both"},
    "default": {"preset": "default", "objectives": {"naming": NAMING, "stating": STATING}},
    "first box": {"preset": "default", "resamplers": "none", "representing": "first_box", "objectives": {}},
    "boxes": {"preset": "default", "resamplers": "none", "representing": "boxes", "objectives": {}},
    "default, no stating": {"preset": "default"},
    "default, contrast": {
        "preset": "default",
        "objectives": {"naming": NAMING, "stating": STATING, "contrast": CONTRAST},
    },
}
"""All begin with the same vision tower; all but the two that read boxes as text, which have none, learn to name from
their slots."""
COMPARED = ("none", "OTR", "TWR", "both", "default")
"""What is trained unless others are asked for."""


@dataclass(frozen=True, slots=True)
class Job:
    """One run."""

    system: str
    seed: int
    steps: int
    batch: int
    clips: int
    held_out: int
    seconds: float = 0.0
    judged_from: int = HELD_OUT  # seed of the first clip to judge on

    @property
    def trained(self) -> str:
        """Name of its weights, whatever they are judged on."""
        words = "".join(c if c.isalnum() else "-" for c in self.system)
        return f"{words}-seed{self.seed}-{self.steps}x{self.batch}-of{self.clips}"

    @property
    def name(self) -> str:
        """Of its figures."""
        return f"{self.trained}-on{self.held_out}-from{self.judged_from}"


@dataclass
class Feed:
    """A `loop.Feed` from memory: what the frozen tower makes of the clips is there already.

    Objects come in a new order each time, so that their numbers say nothing; most often the whole graph is asked for.
    Four batches at a time are sorted by length, so that little is padded. It ends after `seconds`, where given: a run
    on a machine that is lent for minutes is cut rather than lost.
    """

    samples: Sequence[Sample]
    features: np.ndarray
    make: Any
    job: Job
    taken: int = field(default=0)

    def batches(self) -> Iterator[Sequence[Any]]:
        """Without end."""
        random, began = np.random.default_rng(self.job.seed), time.monotonic()
        if len(self.samples) < POOL * self.job.batch:
            raise ValueError(f"{len(self.samples)} clips give no {POOL} batches of {self.job.batch}")
        while True:
            chosen = random.choice(len(self.samples), POOL * self.job.batch, replace=False)
            task = TASKS[random.integers(len(TASKS))]
            made = sorted((self.example(k, task, random) for k in chosen), key=lambda e: len(e.arranged))
            for at in random.permutation(POOL):
                if self.job.seconds and time.monotonic() - began > self.job.seconds:
                    return
                self.taken += 1
                yield made[at * self.job.batch : (at + 1) * self.job.batch]

    def example(self, k: int, task: str, random: np.random.Generator) -> Any:
        """Sample `k` with its objects in a new order."""
        from svg2_assets.traser.text import Task

        shown = self.samples[k].showing(random.permutation(len(self.samples[k].objects)).tolist())
        return replace(self.make.arranged(shown, Task(task)), patches=self.features[k])

    def state(self) -> Mapping[str, Any]:
        """How far it is."""
        return {"taken": self.taken}

    def held_out(self) -> Iterator[Sequence[Any]]:
        """None: they are judged at the end."""
        return iter(())


def setup_of(job: Job, folder: Path) -> Any:
    """The setup of a job."""
    from svg2_assets.traser.training.settings import Setup

    system = {"objectives": {"naming": NAMING}} | SYSTEMS[job.system]
    arranging = {"representing": system.pop("representing")} if "representing" in system else {}
    placed = system["preset"] == "default"
    tiny = {
        "hidden": HIDDEN,
        "layers": 3,
        "heads": 3,
        "key_heads": 1,
        "width": 3 * HIDDEN,
        "vision_hidden": 64,
        "latents": 4,
        "vocabulary": 640,
        "resampler_head": HEAD if placed else HEAD + PLACED,
    }
    rates = {"base_rate": 2e-3, "merger_rate": 2e-3, "resampler_rate": 2e-3, "warmup": 0.05, "floor": 0.02}
    plain = {"precision": "float32", "checkpointing": False, "betas": (0.9, 0.98)}
    return Setup(
        folder=folder,
        model={"tiny": tiny},
        batch=job.batch,
        accumulation=1,
        steps=job.steps,
        seed=job.seed,
        seeing={"steps": 800, "batch": 32, "pictures": 1},
        recipe={**rates, **plain},
        evaluating={"most": 0},
        saving={"every": job.steps},
        overrides={
            "arranging": arranging,
            "decoding": {"constrained": True, "repetition_penalty": 1.0, "most_new_tokens": 1024},
        },
        **system,
    )


def begun(job: Job, train: Sequence[Sample], folder: Path) -> tuple[Any, Any, Any, Any]:
    """Setup, tokenizer, model, maker."""
    from svg2_assets.traser.training.building import maker_of, model_of, texts_of, tokenizer_of

    setup = setup_of(job, folder)
    tokenizer = tokenizer_of(setup, texts_of(to_row(s) for s in train[:1000]))
    model = model_of(setup, tokenizer)
    make = maker_of(setup, tokenizer, model)
    return setup, tokenizer, model, make
