"""Sources by their names on a command line: `store:pipeline`, `svg2:/data/release`, `out/` with documents."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from svg2_assets.evaluation.harness import documents
from svg2_assets.evaluation.harness.files import FileGraphs
from svg2_assets.evaluation.harness.sources import GraphSource, UnusableGraphs
from svg2_assets.evaluation.harness.stored import GraphStore, StoredGraphs
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.document_files import is_document
from svg2_assets.scene_graphs.formats.registry import FORMATS
from svg2_assets.traser.forms import read_form

STORE = "store"
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._ -]{0,63})=(.+)", re.DOTALL)


class System(NamedTuple):
    """A source by the `name` that tables call it by."""

    name: str
    spec: str


def systems_of(given: Sequence[str]) -> list[System]:
    """`NAME=SOURCE`, or a source alone, whose text is its name. Raises `UnusableGraphs` where a name comes twice."""
    found = [_system(text) for text in given]
    names = [s.name for s in found]
    for name in names:
        if names.count(name) > 1:
            raise UnusableGraphs(
                f"--pred {printable(name)}: comes twice. Name systems: --pred ours=... --pred theirs=..."
            )
    return found


def _system(text: str) -> System:
    named = None if Path(text).exists() else _NAMED.fullmatch(text)
    return System(text, text) if named is None else System(named[1], named[2])


def open_graphs(
    spec: str, stack: ExitStack, *, store: Callable[[], GraphStore], masks: bool, changes: Sequence[str] = ()
) -> GraphSource:
    """The source that `spec` names; what it holds open is closed with `stack`.

    `store` is asked for where the source is in the store. `changes` are options of file formats. Raises
    `UnusableGraphs`, and what readers raise.
    """
    head, colon, rest = spec.partition(":")
    if head == STORE and colon:
        kind, _, source = rest.partition(":")
        return StoredGraphs(store(), kind, source)
    if head in FORMATS and colon and not Path(spec).exists():
        chosen = FORMATS[head]
        if chosen.read is None:
            raise UnusableGraphs(f"{printable(spec)}: format {head} cannot be read.")
        options = read_form(chosen.reading, changes=changes, defaults={} if masks else {"without_masks": True})
        return stack.enter_context(FileGraphs(spec, chosen.read(Path(rest), options), masks=masks))
    path = Path(rest if head == documents.NAME and colon and not Path(spec).exists() else spec)
    if not path.exists():
        raise UnusableGraphs(f"{printable(spec)}: there is no such file or folder. {_forms()}")
    if path == Path(spec) and not is_document(path) and not _is_json(path):
        raise UnusableGraphs(f"{printable(spec)}: says of no file that it is a scene-graph document. {_forms()}")
    return stack.enter_context(FileGraphs(spec, documents.read(path, masks=masks), masks=masks))


def _is_json(path: Path) -> bool:
    """A single JSON file is read as a document, so that what is wrong with it is told by line."""
    return path.is_file() and path.suffix == ".json"


def _forms() -> str:
    able = ", ".join(f"{f.name}:PATH" for f in FORMATS.values() if f.read is not None)
    return (
        f"Give a file or folder of documents, another format by name ({able}), or store:pipeline, store:imported:NAME, "
        "store:predictions:NAME."
    )
