"""Sources of panoptic maps by their names on a command line: `vipseg:PATH`, `coco:PATH`, or scene graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from svg2_assets.evaluation.harness.sources import UnusableGraphs
from svg2_assets.evaluation.harness.specs import open_graphs
from svg2_assets.evaluation.harness.stored import GraphStore
from svg2_assets.evaluation.panoptic.graphs import PaintedGraphs, named_categories
from svg2_assets.evaluation.panoptic.grey import GreyPictures
from svg2_assets.evaluation.panoptic.pictures import ListedPictures
from svg2_assets.evaluation.panoptic.sources import PanopticSource
from svg2_assets.evaluation.public.panoptic import is_thing
from svg2_assets.evaluation.public.records import InvalidBenchmarkInput, Record
from svg2_assets.scene.errors import printable
from svg2_assets.scene_graphs.formats.records import MOST_DOCUMENT, parsed
from svg2_assets.scene_graphs.formats.values import NotImportable
from svg2_assets.scene_graphs.formats.vipseg.form import CATEGORIES, DOCUMENT, GREY, NAME, RGB, SOME

COCO = "coco"
PREDICTED, PREDICTIONS = "pred.json", "pan_pred"
"""What the public evaluator of VIPSeg reads predictions from."""


def open_maps(
    spec: str,
    stack: ExitStack,
    *,
    store: Callable[[], GraphStore],
    pictures: Path | None = None,
    categories: Path | None = None,
    changes: Sequence[str] = (),
) -> PanopticSource:
    """The source that `spec` names. `pictures`: their folder, where it is not beside the JSON file.

    Other arguments as `harness.specs.open_graphs`. Raises `UnusableGraphs`, and what readers of graphs raise.
    """
    head, colon, rest = spec.partition(":")
    if head not in {NAME, COCO} or not colon or Path(spec).exists():
        if pictures is not None:
            raise UnusableGraphs(f"{printable(spec)}: has no pictures: --pictures is for {NAME}:PATH and {COCO}:PATH.")
        return PaintedGraphs(open_graphs(spec, stack, store=store, masks=True, changes=changes))
    path = Path(rest)
    if not path.exists():
        raise UnusableGraphs(f"{printable(spec)}: there is no such file or folder.")
    file = path if path.is_file() else _document(path, coco=head == COCO)
    if file is not None:
        source = ListedPictures(spec, file, pictures or _beside(file), stack)
        if not source.categories and file.with_name(CATEGORIES).is_file():
            source.categories = categories_of(file.with_name(CATEGORIES))
        return source
    grey = pictures or (path if path.name == GREY else path / GREY)
    if head == COCO or not grey.is_dir():
        raise UnusableGraphs(f"{printable(spec)}: {_expected(head)}; found none. Give the JSON file itself.")
    listed = categories or grey.parent / CATEGORIES
    if not listed.is_file():
        raise UnusableGraphs(
            f"{printable(spec)}: grey pictures say numbers of categories. Put {CATEGORIES} beside their folder, or say "
            "where it is: --categories FILE."
        )
    return GreyPictures(spec, grey, categories_of(listed))


def categories_of(path: Path) -> list[Record]:
    """The records of a JSON list, or of the member `categories` of an object. Raises `UnusableGraphs`."""
    where = printable(str(path))
    try:
        size = path.stat().st_size
        if size > MOST_DOCUMENT:
            raise UnusableGraphs(f"{where}: expected at most {MOST_DOCUMENT} bytes, found {size}.")
        whole = parsed(path.read_bytes(), where)
        listed = whole.get("categories") if isinstance(whole, dict) else whole
        if not isinstance(listed, list) or not listed:
            raise UnusableGraphs(f'{where}: expected a list of {{"id", "name", "isthing"}}, found none.')
        is_thing(listed)
    except (OSError, NotImportable, InvalidBenchmarkInput) as error:
        raise UnusableGraphs(f"{where}: no list of categories: {error}") from error
    return listed


def categories_for(
    truth: PanopticSource, systems: Sequence[tuple[str, PanopticSource]], given: Path | None
) -> Sequence[Record]:
    """The list that decides: the file `given`, else what the truth lists, else the names of true objects.

    Raises `UnusableGraphs` where pictures are to be compared with names of true graphs: numbers say no names.
    """
    if given is not None:
        return categories_of(given)
    if truth.categories:
        try:
            is_thing(truth.categories)
        except InvalidBenchmarkInput as error:
            raise UnusableGraphs(f"{printable(truth.name)}: {error}") from error
        return truth.categories
    if not isinstance(truth, PaintedGraphs):
        raise UnusableGraphs(
            f"{printable(truth.name)}: lists no categories. Say where they are: --categories FILE, a JSON list of "
            '{"id", "name", "isthing"}.'
        )
    for name, source in systems:
        if not isinstance(source, PaintedGraphs):
            raise UnusableGraphs(
                f"{printable(name)}: its pictures say numbers of categories, the true graphs say names. Give the list "
                "that has both: --categories FILE."
            )
    return named_categories(truth.source)


def _document(folder: Path, *, coco: bool) -> Path | None:
    """The JSON file of a folder. Raises `UnusableGraphs` where several could be meant."""
    if coco:
        found = [p for p in sorted(folder.glob("*.json")) if p.with_suffix("").is_dir()]
    else:
        found = [p for name in (DOCUMENT, PREDICTED) if (p := folder / name).is_file()][:1] or sorted(folder.glob(SOME))
    if len(found) > 1:
        named = printable(", ".join(p.name for p in found))
        raise UnusableGraphs(f"{printable(str(folder))}: holds {named}. Give one of these files.")
    return found[0] if found else None


def _beside(file: Path) -> Path:
    """The folder of a file's pictures, as COCO (of the same name) and VIPSeg call it. Raises `UnusableGraphs`."""
    able = [file.with_suffix(""), file.with_name(RGB), file.with_name(PREDICTIONS)]
    found = next((folder for folder in able if folder.is_dir()), None)
    if found is None:
        names = printable(", ".join(folder.name for folder in able))
        raise UnusableGraphs(
            f"{printable(str(file))}: expected a folder of its pictures beside it ({names}), found none. Say where it "
            "is: --pictures NAME=FOLDER."
        )
    return found


def _expected(kind: str) -> str:
    if kind == COCO:
        return "expected a JSON file with a folder of the same name beside it"
    return f"expected {DOCUMENT} or {PREDICTED}, or a folder {GREY}"
