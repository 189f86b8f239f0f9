"""For `benchmarks.formats`: what files hold that are only written here; one broken record in those that are read."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.formats_graphs import Counts
from svg2_assets.scene import document
from svg2_assets.scene_graphs.formats.json_lists import members_of

NOT_ONE = '{"objects": 7}'
"""A file that is JSON and nothing that any format knows."""


def held(name: str, folder: Path) -> Counts:
    """What the files of a format that is only written add up to, read with other code than that which wrote them."""
    return {"coco-video": _coco, "huggingface": _huggingface, "webdataset": _webdataset}[name](folder)


def spoil(name: str, folder: Path, video_id: str) -> str:
    """Break what the files of a format say of one video, and no other; returns what a rejection has to say of where."""
    return SPOILT[name](folder, video_id)


def _coco(folder: Path) -> Counts:
    counts = Counts()
    for key, _, item in members_of(folder / "instances.json"):
        counts.videos += key == "videos"
        if key == "annotations":
            counts.objects += 1
            counts.masks += sum(mask is not None for mask in item["segmentations"])
    return counts


def _huggingface(folder: Path) -> Counts:
    counts = Counts()
    for path in sorted((folder / "data").glob("*.parquet")):
        for batch in pq.ParquetFile(path).iter_batches(batch_size=64, columns=["objects", "relations"]):
            counts.videos += batch.num_rows
            for row in batch.to_pylist():
                counts.objects += len(row["objects"])
                counts.masks += sum(len(o["masks"]) for o in row["objects"])
                counts.relations += len(row["relations"])
    return counts


def _webdataset(folder: Path) -> Counts:
    counts = Counts()
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as shard:
            for entry in shard:
                file = shard.extractfile(entry)
                assert file is not None
                counts.add(document.read(file.read()))
    return counts


def _file_of(pattern: str) -> Callable[[Path, str], str]:
    def spoilt(folder: Path, video_id: str) -> str:
        path = folder / pattern.format(video_id)
        path.write_text(NOT_ONE)
        return str(path)

    return spoilt


def _line_of(name: str, old: str, new: str) -> Callable[[Path, str], str]:
    """The line of a large list that begins with, or has, the id of the video."""

    def spoilt(folder: Path, video_id: str) -> str:
        path = folder / name
        lines = path.read_text(encoding="utf-8").split("\n")
        place = next(i for i, line in enumerate(lines) if f'"video_id": "{video_id}"' in line and old in line)
        lines[place] = lines[place].replace(old, new, 1)
        path.write_text("\n".join(lines), encoding="utf-8")
        return f"line {place + 1}"

    return spoilt


def _row(folder: Path, video_id: str) -> str:
    for path in sorted(folder.glob("data/*/*/*.parquet")):
        table = pq.read_table(path)
        ids = table.column("video_id").to_pylist()
        if video_id in ids:
            texts = table.column("objects").to_pylist()
            texts[ids.index(video_id)] = "[{"
            place = table.schema.get_field_index("objects")
            pq.write_table(table.set_column(place, table.schema.field(place), pa.array(texts)), path)
            return f"row {ids.index(video_id)}"
    raise LookupError(video_id)


def _entry(folder: Path, video_id: str) -> str:
    """The name of one frame, of which the others go on."""
    path = folder / "object_bbox_and_relationship.pkl"
    good, bad = f"{video_id}.mp4/000001.png", f"{video_id}.mp4_000001.png"
    path.write_bytes(path.read_bytes().replace(good.encode(), bad.encode()))
    return bad


SPOILT: Mapping[str, Callable[[Path, str], str]] = MappingProxyType(
    {
        "svg2": _row,
        "traser": _line_of("train.json", '"from": "gpt"', '"from": "nobody"'),
        "stage6": _file_of("{}/stage6_scene_graph.json"),
        "sav": _file_of("{}_manual.json"),
        "vipseg": _line_of("panoptic_gt_VIPSeg.json", '"annotations": [', '"annotations": 7, "others": ['),
        "pvsg": _line_of("pvsg.json", '"objects": [', '"objects": 7, "others": ['),
        "vidvrd": _file_of("train/{}.json"),
        "vidor": _file_of("training/0000/{}.json"),
        "action-genome": _entry,
    }
)
