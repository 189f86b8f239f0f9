"""How good: `python -m benchmarks.quality` prints masks, identities, names, attributes and relations against truth."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import quality_graphs, quality_masks
from benchmarks.chain import Annotated, Chain
from benchmarks.data import DAVIS, DEFAULT_DATA, VTEST, Data
from benchmarks.tables import Table, show

SECTIONS = ("davis", "references", "pedestrians", "identities", "names", "attributes", "relations")
DEFAULT_CACHE = Path(".svg2/benchmarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen sections and print them. Exit code 0; whether targets are met is said in the tables."""
    given = _parser().parse_args(arguments)
    data = Data(given.data)
    chain = Chain(None if given.no_cache else given.cache, tracks=given.tracks)
    show(tables(data, chain, given.sections or SECTIONS, cache=given.cache), as_json=given.json)
    return 0


def tables(data: Data, chain: Chain, sections: Sequence[str], *, cache: Path | None = None) -> list[Table]:
    """One table a section; what needs a clip that is not there is left out with a note."""

    @functools.cache
    def annotate(clip: str) -> Annotated:
        return chain.annotate(data.path(clip))

    davis = [c for c in DAVIS if data.has(f"davis2016/{c}.mp4")]
    made: dict[str, Callable[[], Table]] = {
        "davis": lambda: quality_masks.davis_table(data, chain.track, clips=davis, cache=cache),
        "references": lambda: quality_graphs.reference_table(data, annotate),
        "pedestrians": lambda: quality_masks.pedestrian_table(data, chain.track),
        "identities": lambda: quality_masks.identity_table(data, chain.track),
        "names": lambda: quality_graphs.names_table(data, annotate),
        "attributes": lambda: quality_graphs.attributes_table(data, annotate),
        "relations": lambda: quality_graphs.relations_table(data, annotate),
    }
    needs = {"pedestrians": VTEST, "identities": VTEST, "references": "sam2-demo/04_coffee.mp4"}
    return [
        made[s]() if s not in needs or data.has(needs[s]) else Table(s, ("clip",), [], [f"{needs[s]} is not there"])
        for s in sections
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("sections", nargs="*", choices=[[], *SECTIONS], metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--data", type=Path, default=DEFAULT_DATA, help="folder with the clips and their truth")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="folder of kept tracking results")
    parser.add_argument("--tracks", type=Path, help="folder of tracking results <clip>.json to judge instead")
    parser.add_argument("--no-cache", action="store_true", help="track again even when nothing has changed")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
