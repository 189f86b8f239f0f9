"""The card of a data set: what is in it, in figures, where it comes from, how to load it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from svg2_assets.scene.errors import printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene_graphs.formats.origins import licence_of, origin_of

SHOWN = 20
"""Names and predicates that a card lists."""
LICENCES = frozenset(
    "apache-2.0 mit bsd-2-clause bsd-3-clause cc0-1.0 cc-by-2.0 cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 "
    "cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nd-4.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0 cc-by-nc-sa-3.0 "
    "cc-by-nc-sa-4.0 odc-by odbl pddl".split()
)
"""What the hub calls licences, of those that data comes under."""
_SIZES = (
    (1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"),
)  # fmt: skip


@dataclass(slots=True)
class Figures:
    """What the graphs of a data set add up to; memory is that of the words in it."""

    videos: int = 0
    seconds: float = 0.0
    objects: int = 0
    masks: int = 0
    attributes: int = 0
    relations: int = 0
    names: Counter[str] = field(default_factory=Counter)
    predicates: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    licences: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)

    def add(self, graph: SceneGraph) -> None:
        """Count a graph in."""
        self.videos += 1
        self.seconds += graph.video.duration
        self.objects += len(graph.objects)
        self.masks += sum(len(o.trajectory) for o in graph.objects)
        self.attributes += sum(len(o.attributes) for o in graph.objects)
        self.relations += len(graph.relations)
        self.names.update(o.name for o in graph.objects)
        self.predicates.update(r.predicate for r in graph.relations)
        self.categories.update(r.category.value for r in graph.relations)
        self.verdicts.update(o.verification.verdict.value for o in graph.objects)
        self.licences[licence_of(graph)] += 1
        origin = origin_of(graph)
        self.origins[origin.get("dataset") or origin.get("format", "svg2-assets")] += 1


def card_of(figures: Figures, *, title: str, split: str, licence: str) -> str:
    """The card's text; names, licences and origins are anybody's and cannot become markup. `licence` of the whole where
    it is given, else those of the graphs."""
    head = yaml.safe_dump(_head(figures, title, split, licence), sort_keys=False, allow_unicode=True, width=120)
    return "\n".join(
        [
            f"---\n{head}---\n\n# {_plain(title)}\n",
            "Spatio-temporal scene graphs of videos: a mask per object and frame, names, typed attributes, and "
            "relations that hold for spans of time. Exported by svg2-assets.\n",
            "## Figures\n",
            _table({
                "videos": f"{figures.videos:,}",
                "hours of video": f"{figures.seconds / 3600:,.2f}",
                "objects": f"{figures.objects:,}",
                "masks": f"{figures.masks:,}",
                "attributes": f"{figures.attributes:,}",
                "relations": f"{figures.relations:,}",
            }),
            _most("Relations by category", figures.categories),
            _most("Objects by verdict on their names", figures.verdicts),
            _most("Names", figures.names),
            _most("Predicates", figures.predicates),
            "## Where it comes from\n",
            _table({name: f"{count:,} videos" for name, count in figures.origins.most_common()}),
            "## Licence\n",
            _licences(figures, licence),
            _USE.format(split=split),
        ]
    )  # fmt: skip


def _head(figures: Figures, title: str, split: str, licence: str) -> dict[str, Any]:
    return {
        "pretty_name": title,
        **_licence(figures, licence),
        "tags": ["scene-graph", "video", "video-segmentation", "svg2-assets"],
        "size_categories": [next((name for most, name in _SIZES if figures.videos < most), "10M<n<100M")],
        "configs": [{"config_name": "default", "data_files": [{"split": split, "path": f"data/{split}-*.parquet"}]}],
    }


def _licence(figures: Figures, licence: str) -> dict[str, Any]:
    """What the hub takes: known licences by their ids, all others as `other` with a name."""
    told = [licence] if licence else sorted(name for name in figures.licences if name)
    if not told or (not licence and figures.licences[""]):
        return {"license": "unknown"}
    ids = [hub_id(name) for name in told]
    if all(i in LICENCES for i in ids):
        return {"license": ids[0] if len(set(ids)) == 1 else sorted(set(ids))}
    return {"license": "other", "license_name": "-and-".join(sorted(set(ids)))[:96]}


def hub_id(licence: str) -> str:
    """`CC BY 4.0` as the hub spells it, `cc-by-4.0`."""
    return re.sub(r"[^a-z0-9.]+", "-", licence.lower()).strip("-") or "unnamed"


def _licences(figures: Figures, licence: str) -> str:
    if licence:
        return f"{_plain(licence)}\n"
    rows = {name or "none is known": f"{count:,} videos" for name, count in figures.licences.most_common()}
    return _table(rows) + "\nThe column `licence` says which video came under which.\n"


def _most(title: str, counts: Counter[str]) -> str:
    if not counts:
        return ""
    more = len(counts) - SHOWN
    rest = f"\nand {more:,} more.\n" if more > 0 else ""
    return f"**{title}**\n\n" + _table({k: f"{n:,}" for k, n in counts.most_common(SHOWN)}) + rest


def _table(rows: Mapping[str, str]) -> str:
    lines = (f"| {_plain(name)} | {value} |\n" for name, value in rows.items())
    return "|  |  |\n| --- | --- |\n" + "".join(lines)


def _plain(text: str) -> str:
    """`text` on one line, in which nothing is markup."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&:-])", r"\\\1", printable(text, limit=80))


_USE = """## Use

```python
from datasets import load_dataset
from pycocotools import mask

row = load_dataset("path/or/name", split="{split}")[0]
thing = row["objects"][0]
size = [row["height"], row["width"]]
pixels = mask.decode({{"size": size, "counts": thing["masks"][0].encode()}})  # on frame thing["frames"][0]
```

Times are half-open seconds `[start, end)`. `frames` count from 0; frame i is on screen from `i / fps` on, or from
`frame_times[i]` on where that is not null. The subject or object -1 is the camera. `provenance` is JSON.
"""
