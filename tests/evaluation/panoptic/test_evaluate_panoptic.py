"""`svg2 evaluate panoptic` from files to figures, against what the public programs give for these very files."""

from __future__ import annotations

import json
import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from svg2_assets.evaluation.harness.sources import Card
from svg2_assets.evaluation.panoptic.evaluating import evaluate
from svg2_assets.evaluation.public import panoptic, stq
from svg2_assets.evaluation.public.panoptic import Frame
from svg2_assets.scene import document
from svg2_assets.scene_graphs.formats.vipseg.form import Writing
from svg2_assets.scene_graphs.formats.vipseg.writing import write
from tests.command import svg2
from tests.evaluation.harness.sources import seen
from tests.evaluation.panoptic.files import Shown, clips, picture, write_coco, write_pair
from tests.evaluation.public import inputs
from tests.evaluation.public.test_panoptic import PUBLIC as PQ
from tests.evaluation.public.test_vipseg import PUBLIC as VPQ
from tests.evaluation.public.test_vipseg import STQ

COCO = Path(__file__).parents[4] / "shared" / "data" / "coco-panoptic-sample"
WINDOWS = ("--window", 1, "--window", 2, "--window", 4)
NAME = "panoptic_gt_VIPSeg_val.json"


def told(*arguments: object, code: int = 0) -> dict[str, Any]:
    ended = svg2("evaluate", "panoptic", *arguments, "--json")
    assert ended.returncode == code, ended.stderr
    return json.loads(ended.stdout)


def refused(*arguments: object) -> str:
    ended = svg2("evaluate", "panoptic", *arguments)
    assert ended.returncode == 2, ended.stdout
    return " ".join(ended.stderr.split())


def compared(truth: Path, said: Path, *more: object, code: int = 0) -> dict[str, Any]:
    found = told("--gt", f"vipseg:{truth}", "--pred", f"us=vipseg:{said}", *WINDOWS, *more, code=code)
    return found["systems"][0]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write_pair(tmp_path, 4)


def edited(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("seed", [4, 8])
def test_on_vipseg_files_the_figures_are_those_of_its_evaluators(seed: int, tmp_path: Path) -> None:
    truth, said = write_pair(tmp_path, seed)
    mine = compared(truth, said)["figures"]
    assert [mine[f"VPQ k={k}"] for k in (1, 2, 4)] == pytest.approx([window[0] for window in VPQ[seed]], abs=1e-8)
    means = np.mean(VPQ[seed], axis=0)
    assert [mine[f"VPQ{g}"] for g in ("", " things", " stuff")] == pytest.approx(means.tolist(), abs=1e-8)
    assert [mine[f"{m} (VIPSeg)"] for m in ("STQ", "AQ", "IoU")] == pytest.approx(STQ[seed], abs=1e-8)
    assert mine["PQ"] == pytest.approx(VPQ[seed][0][0], abs=1e-8), "a window of one frame is an image"


@pytest.mark.parametrize("seed", [5, 8])
def test_on_coco_files_they_are_those_of_panopticapi(seed: int, tmp_path: Path) -> None:
    frames = [inputs.panoptic_video(seed * 10 + v, frames=2) for v in range(4)]
    truth = write_coco(tmp_path / "truth.json", [f for t, _ in frames for f in t], categories=inputs.CATEGORIES)
    said = write_coco(tmp_path / "said.json", [f for _, p in frames for f in p])
    found = told("--gt", f"coco:{truth}", "--pred", f"coco:{said}")
    mine = found["systems"][0]["figures"]
    for group, (pq, sq, rq, _) in zip(("", " things", " stuff"), PQ[seed], strict=True):
        assert [mine[f"{m}{group}"] for m in ("PQ", "SQ", "RQ")] == pytest.approx([pq, sq, rq], abs=1e-8)
    assert (found["images"], found["videos"], "VPQ" in mine) == (True, 8, False)


def step_labels(frames: list[Shown]) -> list[np.ndarray]:
    """(category << 16) + instance: things count from 1, stuff and crowds have 0, what has no record is 255."""
    numbers: dict[int, int] = {}
    made = []
    for ids, records in frames:
        labels = np.full(ids.shape, 255 << 16, dtype=np.int64)
        for r in records:
            counted = r["category_id"] % 2 and not r.get("iscrowd")
            instance = numbers.setdefault(r["id"], len(numbers) + 1) if counted else 0
            labels[ids == r["id"]] = (r["category_id"] << 16) + instance
        made.append(labels)
    return made


def test_step_counts_crowds_by_their_records(pair: tuple[Path, Path]) -> None:
    mine = compared(*pair)["STQ (STEP)"]
    maps = {v: list(zip(step_labels(t), step_labels(p), strict=True)) for v, (t, p) in clips(4).items()}
    public = stq.quality(maps, num_classes=6, things=[1, 3, 5], ignore_label=255)
    for name, tracked in {"all": public.all, **{f"video:{v}": t for v, t in public.per_sequence.items()}}.items():
        assert [mine[name][m] for m in ("stq", "aq", "iou")] == pytest.approx(
            [tracked.stq, tracked.aq, tracked.iou], abs=1e-6
        )


def test_systems_stand_side_by_side_with_categories_and_a_report(tmp_path: Path) -> None:
    truth, said = write_pair(tmp_path, 8)
    ended = svg2(
        "evaluate", "panoptic", "--gt", f"vipseg:{truth}", "--pred", f"us=vipseg:{said}", "--pred",
        f"truth=vipseg:{truth / NAME}", "--by", "category", "--out", tmp_path / "report.md", *WINDOWS,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    for text in (ended.stdout, (tmp_path / "report.md").read_text()):
        rows = [[c.strip() for c in re.split(r"\s{2,}|\|", line) if c.strip()] for line in text.splitlines()]
        assert ["PQ", "59.40", "100.00"] in rows
        assert ["VPQ k=4", "77.39", "100.00"] in rows
        assert [row[2:6] for row in rows if row[:1] == ["c1"]][1] == ["truth", "100.00", "100.00", "100.00"]
        assert any("4 frames are more than 1 of 3 videos have" in " ".join(row) for row in rows)


def void_as(seed: int, gone: set[tuple[str, int]]) -> float | None:
    """PQ where the frames `gone` predict nothing."""
    truth, said = {}, {}
    for v, (true, found) in clips(seed).items():
        for t, (one, other) in enumerate(zip(true, found, strict=True)):
            truth[v, t] = Frame.of(*one)
            said[v, t] = Frame.of(np.zeros_like(one[0]), []) if (v, t) in gone else Frame.of(*other)
    return panoptic.quality(truth, said, inputs.CATEGORIES).all.pq


def test_what_is_missing_counts_as_void_and_what_has_no_truth_not_at_all(pair: tuple[Path, Path]) -> None:
    truth, said = pair

    def spoil(content: dict[str, Any]) -> None:
        (first, second, third) = content["annotations"]
        del first["annotations"][0]  # in front: the others must not move up
        second["annotations"].append({"image_id": "later", "file_name": "later.png", "segments_info": []})
        content["annotations"] = [first, second, {**third, "video_id": "elsewhere"}]

    edited(said / "pred.json", spoil)
    picture(said / "pan_pred" / "v1" / "later.png", np.zeros((14, 14), dtype=np.int64))
    found = compared(truth, said)
    assert (found["without_prediction"], found["without_truth"]) == (["v2"], ["elsewhere"])
    assert (found["frames_missing"], found["frames_without_truth"]) == ({"v0": 1}, {"v1": 1})
    assert found["figures"]["PQ"] == pytest.approx(void_as(4, {("v0", 0), *(("v2", t) for t in range(5))}), abs=1e-12)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"GIF89a" + bytes(40), "no PNG"), (b"", "no PNG"), (None, "no picture 00000015.png below")],
)
def test_a_predicted_picture_that_is_none_is_void_and_told(
    data: bytes | None, reason: str, pair: tuple[Path, Path]
) -> None:
    truth, said = pair
    path = said / "pan_pred" / "v1" / "00000015.png"
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    found = compared(truth, said, code=1)
    ((place, why),) = found["not_read"].items()
    assert place == "v1: frame 1"
    assert reason in why
    assert (str(path) in why) or data is None
    assert found["figures"]["PQ"] == pytest.approx(void_as(4, {("v1", 1)}), abs=1e-12)


def test_a_true_picture_that_is_none_ends_it(pair: tuple[Path, Path]) -> None:
    truth, said = pair
    path = truth / "panomasksRGB" / "v1" / "00000015.png"
    path.write_bytes(path.read_bytes()[:50])
    why = refused("--gt", f"vipseg:{truth}", "--pred", f"vipseg:{said}")
    assert f"the truth cannot be read: {path}: does not decode" in why


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"annotations":\n[{"video_id": "v0",\n', r"pred\.json: no JSON from line 3: "),
        ('{"annotations": []}', "expected `annotations` of videos .* found none"),
        (
            '{"annotations": [{"video_id": "a", "annotations": [{}]}, {"image_id": 1}]}',
            "of videos .* or of images, found both",
        ),
    ],
)
def test_a_document_that_is_none_is_named_with_its_line(text: str, reason: str, pair: tuple[Path, Path]) -> None:
    (pair[1] / "pred.json").write_text(text)
    assert re.search(reason, refused("--gt", f"vipseg:{pair[0]}", "--pred", f"vipseg:{pair[1]}"))


def test_broken_entries_cost_what_they_are_and_are_told_with_their_line(pair: tuple[Path, Path]) -> None:
    truth, said = pair

    def spoil(content: dict[str, Any]) -> None:
        content["annotations"][0]["annotations"][1]["segments_info"][0]["id"] = "one"
        content["annotations"] += [{"annotations": []}, content["annotations"][0], {"video_id": "x"}]

    edited(said / "pred.json", spoil)
    found = compared(truth, said, code=1)["not_read"]
    assert [place.rpartition(": ")[2] for place in found] == [f"annotations[{i}]" for i in (3, 4, 5)] + ["frame 1"]
    reasons = " ".join(found.values())
    assert "pred.json, line 1: v0: frame 1: segments_info[0]: expected a whole number as `id`" in reasons


def test_maps_of_two_sizes_are_an_error_that_names_the_frame(pair: tuple[Path, Path]) -> None:
    picture(pair[1] / "pan_pred" / "v1" / "00000030.png", np.zeros((7, 9), dtype=np.int64))
    found = compared(*pair, code=1)
    assert set(found["failed"]) == {"PQ", "VPQ", "STQ (VIPSeg)", "STQ (STEP)"}
    assert found["figures"] == {}
    for why in found["failed"].values():
        assert why.startswith("v1: frame 2: expected a predicted map of (14, 14)")


def test_what_one_evaluator_refuses_costs_its_figures_alone(pair: tuple[Path, Path]) -> None:
    edited(pair[1] / "pred.json", lambda d: d["annotations"][2]["annotations"][3]["segments_info"].pop())
    found = compared(*pair, code=1)
    assert set(found["failed"]) == {"PQ", "VPQ"}
    assert found["failed"]["PQ"].startswith("v2: frame 3: expected the same segments in the predicted map")
    assert found["figures"]["STQ (VIPSeg)"] > 0


def test_categories_of_a_prediction_are_not_looked_at_but_for_other_names(pair: tuple[Path, Path]) -> None:
    before = compared(*pair)["figures"]
    edited(pair[1] / "pred.json", lambda d: d.update(categories=[{"id": 2, "name": "fox"}, {"id": 3, "name": "c3"}]))
    found = compared(*pair)
    assert (found["figures"], found["categories_named_otherwise"]) == (before, ["2 is fox, in the truth c2"])
    edited(pair[0] / NAME, lambda d: d["categories"][2].pop("isthing"))
    why = refused("--gt", f"vipseg:{pair[0]}", "--pred", f"vipseg:{pair[1]}")
    assert "categories: expected a record with `isthing`" in why


def test_pictures_may_lie_elsewhere_and_categories_in_a_file(pair: tuple[Path, Path], tmp_path: Path) -> None:
    truth, said = pair
    before = compared(truth, said)["figures"]
    (said / "pan_pred").rename(tmp_path / "moved")
    assert "--pictures NAME=FOLDER" in refused("--gt", f"vipseg:{truth}", "--pred", f"us=vipseg:{said}")
    assert compared(truth, said, "--pictures", f"us={tmp_path / 'moved'}")["figures"] == before
    edited(truth / NAME, lambda d: d.pop("categories"))
    more = ("--pictures", f"us={tmp_path / 'moved'}")
    assert "lists no categories" in refused("--gt", f"vipseg:{truth}", "--pred", f"us=vipseg:{said}", *more)
    (tmp_path / "listed.json").write_text(json.dumps(inputs.CATEGORIES))
    assert compared(truth, said, *more, "--categories", tmp_path / "listed.json")["figures"] == before


def test_grey_pictures_are_true_maps_as_released(tmp_path: Path) -> None:
    values = np.zeros((6, 8), dtype=np.uint16)
    values[:2], values[3:, :4], values[3:, 5:] = 1, 201, 202
    (tmp_path / "gt" / "panomasks" / "v").mkdir(parents=True)
    names = [{"id": 0, "name": "wall", "isthing": 0}, {"id": 1, "name": "dog", "isthing": 1}]
    (tmp_path / "gt" / "panoVIPSeg_categories.json").write_text(json.dumps(names))
    notes = []
    for t in range(2):
        cv2.imwrite(str(tmp_path / "gt" / "panomasks" / "v" / f"{t}.png"), values)
        picture(tmp_path / "said" / "pan_pred" / "v" / f"{t}.png", np.where(values == 202, 0, values).astype(np.int64))
        segments = [{"id": 1, "category_id": 0}, {"id": 201, "category_id": 1}]
        notes.append({"image_id": str(t), "segments_info": segments})
    (tmp_path / "said" / "pred.json").write_text(json.dumps({"annotations": [{"video_id": "v", "annotations": notes}]}))
    found = told("--gt", f"vipseg:{tmp_path / 'gt'}", "--pred", f"vipseg:{tmp_path / 'said'}", "--window", 2)
    mine = found["systems"][0]["figures"]
    assert (mine["PQ stuff"], mine["PQ things"], mine["VPQ k=2"]) == (1, 1 / 1.5, (1 + 1 / 1.5) / 2)
    assert found["systems"][0]["frames_paired_by"] == {"file name": 2}


GRAPH = seen({0: ("dog", 0), 1: ("cat", 20), 2: ("ghost", 40)})


def test_scene_graphs_are_compared_by_the_names_of_categories(tmp_path: Path) -> None:
    (tmp_path / "said").mkdir()
    said = seen({0: ("dog", 0), 1: ("cat", 20), 2: ("spirit", 40)})
    (tmp_path / "said" / "v.json").write_text(json.dumps(document.write(said)))
    write([GRAPH], tmp_path / "truth", Writing())
    found = told("--gt", f"vipseg:{tmp_path / 'truth'}", "--pred", tmp_path / "said", "--window", 3)["systems"][0]
    assert (found["PQ"]["all"], found["figures"]["VPQ"]) == ({"pq": 2 / 3, "sq": 2 / 3, "rq": 2 / 3, "n": 3}, 2 / 3)
    assert (found["void_names"], found["frames_paired_by"]) == ({"spirit": 1}, {"place in the video": 20})
    (tmp_path / "true").mkdir()
    (tmp_path / "true" / "v.json").write_text(json.dumps(document.write(GRAPH)))
    again = told("--gt", tmp_path / "true", "--pred", tmp_path / "said", "--window", 3)
    assert [c["name"] for c in again["categories"]] == ["cat", "dog", "ghost"]
    assert again["systems"][0]["figures"] == found["figures"]
    why = refused("--gt", tmp_path / "true", "--pred", f"vipseg:{tmp_path / 'truth'}")
    assert "Give the list that has both: --categories FILE" in why


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--by", "level"), "--by level: expected category"),
        (("--out", "x.txt"), "expected a name that ends in .json or .md"),
        (("--pictures", "them=."), "NAME one of gt, us"),
        (("--pictures", "us=nowhere"), "there is no such folder"),
        (("--categories", "nowhere.json"), "no list of categories"),
        (("--pred", "vipseg:nowhere"), "there is no such file or folder"),
    ],
)
def test_options_of_no_use_are_refused(arguments: tuple[str, ...], reason: str, pair: tuple[Path, Path]) -> None:
    assert reason in refused("--gt", f"vipseg:{pair[0]}", "--pred", f"us=vipseg:{pair[1]}", *arguments)


@pytest.mark.skipif(not COCO.is_dir(), reason="COCO's samples are not here")
def test_real_coco_pictures_with_crowds_are_perfect_against_themselves() -> None:
    found = told("--gt", f"coco:{COCO}", "--pred", f"coco:{COCO / 'panoptic_examples.json'}")["systems"][0]
    assert found["PQ"]["all"] == {"pq": 1, "sq": 1, "rq": 1, "n": 8}
    listed = json.loads((COCO / "panoptic_examples.json").read_text())["annotations"]
    segments = [s for note in listed for s in note["segments_info"]]
    assert sum(c["tp"] for c in found["PQ"]["categories"].values()) == sum(not s["iscrowd"] for s in segments)
    assert sum(c["fp"] + c["fn"] for c in found["PQ"]["categories"].values()) == 0


class Counted:
    """A video of 40 frames that are made when they are asked for; counts how many are alive at once."""

    name, images, categories, rejected, keys, unknown = "x", False, inputs.CATEGORIES, {}, {}, ()

    def __init__(self, alive: set[int], most: list[int]) -> None:
        self.alive, self.most = alive, most

    def cards(self) -> dict[str, Card]:
        return {"v": Card("v")}

    def open(self, video_id: str, categories: Any) -> Counted:
        return self

    def __len__(self) -> int:
        return 40

    def frame(self, place: int) -> Frame:
        made = Frame.of(np.ones((4, 4), dtype=np.int64), [{"id": 1, "category_id": 1, "iscrowd": 0, "area": 16}])
        key = id(made.ids)
        self.alive.add(key)
        weakref.finalize(made.ids, self.alive.discard, key)
        self.most.append(len(self.alive))
        return made


def test_a_frame_of_each_side_is_in_memory() -> None:
    alive: set[int] = set()
    most: list[int] = []
    found = evaluate(Counted(alive, most), [(n, Counted(alive, most)) for n in "ab"], inputs.CATEGORIES)
    assert found.systems[0].figures.vpq is not None
    assert found.systems[0].figures.vpq.vpq == 1
    assert len(most) == 120
    assert max(most) <= 4, "one a side, and the one before it until it is replaced"
