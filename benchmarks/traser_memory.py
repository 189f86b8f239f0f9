"""TRASER's network at the released model's dimensions: memory above the weights and seconds, beside the plain way.

    python -m benchmarks.traser_memory --device cuda [--objects 40] [--frames 128] [--new-tokens 64] [--no-plain]
    python -m benchmarks.traser_memory [--layers 1] [--vision-blocks 2] [--vision-steps 12] [--positions 4096]

The scene is the worst that is asked for: 128 frames of 602,112 pixels, 40 objects that are visible in all of them, so
that every window of every object is told (the budget, which would drop windows, is left out). Weights are random, the
resamplers as released; `default` stands for its arrangement, with blocks for scene and camera.

The plain way is `benchmarks.traser_plain_network`. Both ways get the same weights and must come to the same result, as
far as the precision goes: the relative distance of what they give is printed.

With `--device cuda` the whole model is drawn and run on the device; memory is what torch allocated at most beyond what
was held. On the CPU each part is run at its full width on what fits: the resamplers whole (the plain way, and ours once
more, with as many objects as `--plain-gigabytes` allow), `--vision-blocks` blocks of the tower over `--vision-steps`
steps, `--layers` layers of the language model over `--positions` positions. Memory is then the resident peak, by the
kernel's count, and time the processor's. Needs torch and transformers alone.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.traser_plain_network import PlainTraser
from svg2_assets.traser.arrangement import Clip, Marks, Plan, Slots, arrange
from svg2_assets.traser.network.configuration import config_of
from svg2_assets.traser.network.loading import fresh_traser
from svg2_assets.traser.network.model import Batch, Traser, collate
from svg2_assets.traser.network.released import RELEASED
from svg2_assets.traser.network.resampler import Bundle, Pairing, resample
from svg2_assets.traser.presets import PRESETS
from svg2_assets.traser.values import Example, Grid, Role, Track

GB = 1e9
TARGET = 3.0  # GB above the weights
ROWS, COLS = 24, 32  # cells of 28 pixels: 602,112 pixels a frame
PROMPT: tuple[list[int], list[int]] = ([500] * 29, [501] * 6)  # as long as the released ones
COPIES = 8  # of the padded context, that the plain resampler holds at most: float32 for norms among them
OURS, PLAIN = "ours", "plain"
Facts = dict[str, Any]


class Words:
    """Stands for Qwen's tokenizer, which this benchmark does without: as many ids for labels and stamps."""

    marks = Marks()

    def encode(self, text: str) -> list[int]:
        """An id for each digit, sign and word, a space before them included."""
        return [1000 + ord(part[-1]) for part in re.findall(r"\d| ?[A-Za-z]+| ?[^\sA-Za-z\d]| ", text)]

    def decode(self, ids: Sequence[int]) -> str:
        """No text comes back."""
        return " ".join(map(str, ids))


@dataclass
class Meter:
    """Seconds, and memory at most beyond what was held before, of each piece of work."""

    device: str
    rows: list[dict[str, Any]] = field(default_factory=list)

    def measure(self, part: str, way: str, work: Callable[[], Any]) -> Any:
        """The result of `work`, or None where it doesn't fit in the device's memory."""
        gc.collect()
        before, started = self._held(), self._clock()
        try:
            result = work()
            if self.device == "cuda":
                torch.cuda.synchronize()
        except torch.OutOfMemoryError:
            self._tell(part, way, None, None)
            return None
        self._tell(part, way, self._clock() - started, (self._peak() - before) / GB)
        return result

    def _clock(self) -> float:
        """Seconds; on the CPU the processor's, which other work on the machine does not change."""
        return time.perf_counter() if self.device == "cuda" else time.process_time()

    def _held(self) -> float:
        """Bytes held now; the peak starts from here."""
        if self.device == "cuda":
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            return float(torch.cuda.memory_allocated())
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the kernel's peak starts anew
        return _status("VmRSS")

    def _peak(self) -> float:
        return float(torch.cuda.max_memory_allocated()) if self.device == "cuda" else _status("VmHWM")

    def _tell(self, part: str, way: str, seconds: float | None, gigabytes: float | None) -> None:
        self.rows.append({"part": part, "way": way, "seconds": seconds, "gigabytes": gigabytes})
        told = "does not fit" if seconds is None else f"{seconds:8.2f} s {gigabytes:7.2f} GB above what was held"
        print(f"  {part:<52} {way:<6} {told}", flush=True)


def _status(name: str) -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return 1024.0 * int(next(line for line in lines if line.startswith(name)).split()[1])


def main() -> None:
    """Measure and print."""
    given = _arguments()
    meter = Meter(given.device)
    with torch.no_grad():
        facts = on_gpu(given, meter) if given.device == "cuda" else on_cpu(given, meter)
    for name, value in facts.items():
        print(f"  {name}: {value}")
    if given.json:
        print(json.dumps({"facts": facts, "rows": meter.rows}))


def on_gpu(given: argparse.Namespace, meter: Meter) -> Facts:
    """The whole model."""
    model = _drawn(36, 32, "cuda")
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}", flush=True)
    facts: Facts = {"weights, GB": round(torch.cuda.memory_allocated() / GB, 2)}
    small = batch_of("release", "cuda", scene_of(4, 8))
    model.prefill(small)  # what a device sets up once is not counted
    facts |= _agreement(model, small)
    scene = scene_of(given.objects, given.frames)
    batch = batch_of("release", "cuda", scene)
    logits = _whole(model, batch, meter, facts, given.new_tokens, "release")
    _parts(model, batch, meter)
    model.window_resampler.pair_place = _pairing("cuda")
    _whole(model, batch_of("default", "cuda", scene), meter, facts, 8, "default")
    model.window_resampler.pair_place = None
    if given.plain:
        facts["ours against plain, relative"] = _plainly(model, batch, meter, logits)
    worst = max(r["gigabytes"] for r in meter.rows if r["way"] == OURS)
    facts["target"] = f"{worst:.2f} GB above the weights: {'met' if worst < TARGET else 'MISSED'} (under {TARGET} GB)"
    return facts


def _agreement(model: Traser, small: Batch) -> Facts:
    """Ways of reading that must come to the same, on this device's kernels."""
    at_once = model.prefill(small, at_once=10**6)[0]
    other = batch_of("release", "cuda", scene_of(2, 8))
    alone = torch.cat([at_once, model.prefill(other)[0]])
    together, state = model.prefill(batch_of("release", "cuda", scene_of(4, 8), scene_of(2, 8)), at_once=100)
    ids = torch.tensor([500, 600], device=together.device)
    steps = torch.cat([model.step(ids[i : i + 1], model.prefill(b)[1]) for i, b in enumerate((small, other))])
    return {
        "read in pieces against at once": apart(model.prefill(small, at_once=100)[0], at_once),
        "padded on the left against alone": apart(together, alone),
        "a step of both against each alone": apart(model.step(ids, state), steps),
    }


def _whole(model: Traser, batch: Batch, meter: Meter, facts: Facts, tokens: int, preset: str) -> Tensor:
    """From patches to `tokens` written; the first logits."""
    length = batch.ids.shape[1]
    logits, state = meter.measure(
        f"prompt, {preset}: {batch.grids[0].tokens:,} visual tokens, {length:,} positions",
        OURS,
        lambda: model.prefill(batch, room=tokens),
    )
    facts[f"cache, {preset}, GB"] = round(sum(x.keys.nbytes + x.values.nbytes for x in state.cache.layers) / GB, 2)

    def write() -> None:
        following = logits
        for _ in range(tokens):
            following = model.step(following.argmax(1), state)

    meter.measure(f"{tokens} tokens written after it", OURS, write)
    facts[f"tokens a second, {preset}"] = round(tokens / meter.rows[-1]["seconds"], 1)
    first: Tensor = logits
    return first


def _parts(model: Traser, batch: Batch, meter: Meter) -> None:
    features = meter.measure("of it: vision tower", OURS, lambda: model.see(batch.patches, batch.grids))
    for role, groups in batch.groups.items():
        name = f"of it: {role} resampler, {len(groups.bundle.tokens):,} groups"
        meter.measure(name, OURS, lambda r=role, g=groups: resample(model.resampler(r), features, g.bundle))


def _plainly(model: Traser, batch: Batch, meter: Meter, expected: Tensor) -> float | None:
    plain = PlainTraser(model)
    features = meter.measure("vision tower", PLAIN, lambda: plain.see(batch.patches, batch.grids[0]))
    if features is None:
        return None
    embedded = meter.measure("resamplers", PLAIN, lambda: plain.embed(batch, features))
    if embedded is None:
        return None
    logits = meter.measure("language model, logits of the prompt", PLAIN, lambda: plain.read(embedded, batch.positions))
    return None if logits is None else apart(expected, logits)


def on_cpu(given: argparse.Namespace, meter: Meter) -> Facts:
    """Each part at its full width, on what fits."""
    model = _drawn(given.layers, given.vision_blocks, "cpu")
    scene = scene_of(given.objects, given.frames)
    batch = batch_of("release", "cpu", scene, patches=False)
    facts: Facts = {
        "positions": batch.ids.shape[1],
        "visual tokens": scene.grid.tokens,
        "selected tokens, objects and windows": sum(len(t.tokens) for t in scene.tracks),
    }
    plain = PlainTraser(model)
    features = torch.randn(scene.grid.tokens, 2048, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    for role in (Role.OBJECT, Role.WINDOW):
        facts |= _resamplers(model, plain, role, features, batch.groups[role].bundle, meter, given.plain_gigabytes)
    _pairs(batch_of("default", "cpu", scene, patches=False), meter)
    facts |= _vision(model, plain, meter, given.vision_steps, given.vision_blocks)
    facts |= _language(model, plain, batch, meter, positions=given.positions, layers=given.layers)
    return facts


def _resamplers(
    model: Traser, plain: PlainTraser, role: Role, features: Tensor, bundle: Bundle, meter: Meter, gigabytes: float
) -> Facts:
    resampler = model.resampler(role)

    def ours(some: Bundle) -> Tensor:
        return resample(resampler, features, some)

    groups, longest = len(bundle.tokens), max(len(t) for t in bundle.tokens)
    meter.measure(f"{role} resampler, {groups:,} groups, longest {longest:,}", OURS, lambda: ours(bundle))
    first = max(range(groups), key=lambda g: len(bundle.tokens[g]))
    fits = max(1, int(gigabytes * GB / (COPIES * longest * 2048 * 2)))
    chosen = [first, *[g for g in range(groups) if g != first][: fits - 1]]
    some = Bundle([bundle.tokens[g] for g in chosen], [bundle.places[g] for g in chosen], bundle.meta[chosen])
    one = meter.measure(f"{role} resampler, {len(chosen):,} of the groups", OURS, lambda: ours(some))
    other = meter.measure(
        f"{role} resampler, {len(chosen):,} of the groups", PLAIN, lambda: plain.resample(role, features, some)
    )
    ratio = meter.rows[-1]["gigabytes"] / meter.rows[-2]["gigabytes"]
    return {
        f"{role} resampler, ours against plain, relative": apart(one, other),
        f"{role} resampler, memory of plain over ours": round(ratio, 1),
    }


def _pairs(batch: Batch, meter: Meter) -> None:
    """What fills the slots of pairs, of windows that show anything."""
    groups, windows = batch.groups[Role.BESIDE], len(batch.groups[Role.WINDOW].rows)
    assert groups.pairs is not None
    shown = torch.randn(windows + 1, 2048, generator=torch.Generator().manual_seed(0)).to(torch.bfloat16)
    own, other = groups.pairs.T
    joined, meta = _pairing("cpu"), groups.bundle.meta
    meter.measure(
        f"default: {len(meta):,} slots of pairs, of {batch.ids.shape[1]:,} positions",
        OURS,
        lambda: joined(shown[own], shown[other], meta),
    )


def _pairing(device: str) -> Pairing:
    """As wide as the released model; it gives something."""
    joined = Pairing(2048).to(device, torch.bfloat16)
    torch.nn.init.normal_(joined.linear.weight, std=0.02)
    return joined


def _vision(model: Traser, plain: PlainTraser, meter: Meter, steps: int, blocks: int) -> Facts:
    grid = Grid(steps, ROWS, COLS)
    patches = _patches(grid, "cpu")
    name = f"vision tower, {blocks} of 32 blocks, {steps} steps"
    one = meter.measure(name, OURS, lambda: model.see(patches, [grid], at_once=4 * grid.cells))
    other = meter.measure(name, PLAIN, lambda: plain.see(patches, grid))
    return {"vision tower, ours against plain, relative": apart(one, other)}


def _language(model: Traser, plain: PlainTraser, batch: Batch, meter: Meter, *, positions: int, layers: int) -> Facts:
    part = replace(
        batch,
        ids=batch.ids[:, :positions],
        mask=batch.mask[:, :positions],
        labels=batch.labels[:, :positions],
        positions=batch.positions[..., :positions],
    )
    embedded = model.backbone.get_input_embeddings()(part.ids)
    name = f"language model, {layers} of 36 layers, {part.ids.shape[1]:,} positions"
    one = meter.measure(name, OURS, lambda: model.read(embedded, part)[0])
    other = meter.measure(name, PLAIN, lambda: plain.read(embedded, part.positions))
    return {"language model, ours against plain, relative": apart(one, other)}


def apart(one: Tensor, other: Tensor) -> float:
    """How far `one` is from `other`, relative to it."""
    return float(((one.float() - other.float()).norm() / other.float().norm()).item())


def scene_of(objects: int, frames: int, *, seed: int = 0) -> Clip:
    """Ellipses that drift over the picture and are visible throughout; sides of 1 to 12 cells."""
    draw = np.random.default_rng(seed)
    grid = Grid(-(-frames // 2), ROWS, COLS)
    y, x = np.mgrid[:ROWS, :COLS] + 0.5
    time_ = np.arange(grid.steps)[:, None, None]
    tracks = []
    for number in range(objects):
        half = np.exp(draw.uniform(np.log(0.5), np.log(6.0), 2))
        phase, speed = draw.uniform(0, 2 * np.pi, 2), draw.uniform(0.02, 0.2, 2)
        cy, cx = (s * (0.5 + 0.4 * np.sin(speed[i] * time_ + phase[i])) for i, s in enumerate((ROWS, COLS)))
        inside = ((y - cy) / half[0]) ** 2 + ((x - cx) / half[1]) ** 2 <= 1
        inside |= (np.floor(cy) == np.floor(y)) & (np.floor(cx) == np.floor(x))
        tokens = np.flatnonzero(inside.ravel())
        box = [cy / ROWS, cx / COLS, np.full_like(cy, 2 * half[0] / ROWS), np.full_like(cy, 2 * half[1] / COLS)]
        boxes = np.concatenate(box, axis=1)[..., 0].astype(np.float32)
        tracks.append(Track(number, tokens, np.ones(len(tokens), dtype=np.float32), boxes))
    return Clip(grid, np.arange(float(frames)), tracks)


def batch_of(preset: str, device: str, *scenes: Clip, patches: bool = True) -> Batch:
    """The question about each clip; their patches stay in main memory, as bfloat16."""
    plan = Plan(PRESETS[preset].arranging, Slots(), Words())
    nothing = np.zeros((0, 1176), dtype=np.float32)
    asked = [Example("benchmark", nothing, s.grid, arrange(s, PROMPT, plan=plan)) for s in scenes]
    batch = collate(asked, pad=Words.marks.pad, left=True).to(device)
    return replace(batch, patches=torch.cat([_patches(s.grid, device) for s in scenes])) if patches else batch


def _patches(grid: Grid, device: str) -> Tensor:
    drawn = torch.Generator(device).manual_seed(1)
    return torch.randn(4 * grid.tokens, 1176, generator=drawn, device=device, dtype=torch.bfloat16).cpu()


def _drawn(layers: int, blocks: int, device: str) -> Traser:
    config = {
        **RELEASED,
        "num_hidden_layers": layers,
        "vision_config": RELEASED["vision_config"] | {"depth": blocks},
    }
    if blocks < 32:  # at least one that sees whole frames
        config["vision_config"]["fullatt_block_indexes"] = [blocks - 1]
    built = config_of(config, tied=True, latents={}, designing=PRESETS["release"].designing)
    model = fresh_traser(built, dtype=torch.bfloat16, device=device)
    model.eval()
    return model


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--objects", type=int, default=40)
    parser.add_argument("--frames", type=int, default=128)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--no-plain", dest="plain", action="store_false", help="on the GPU, leave the plain way out")
    parser.add_argument("--plain-gigabytes", type=float, default=3.0, help="on the CPU, that the plain way may take")
    parser.add_argument("--layers", type=int, default=1, help="on the CPU, of the language model's 36")
    parser.add_argument("--vision-blocks", type=int, default=2, help="on the CPU, of the vision tower's 32")
    parser.add_argument("--vision-steps", type=int, default=12, help="on the CPU, of the clip's steps")
    parser.add_argument("--positions", type=int, default=4096, help="on the CPU, that the language model reads")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
