"""Trajectories from a file: `list[frame][object]` of COCO RLE, or a scene-graph document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from svg2_assets.scene.document import SCHEMA_ID
from svg2_assets.scene.document import read as read_document
from svg2_assets.scene.errors import InvalidSceneValue, Svg2Error, printable
from svg2_assets.scene.masks import MOST_PIXELS, Mask, run_lengths
from svg2_assets.scene.trajectory import Trajectory

SAME_RATE = 0.01  # rates are written with few digits
FORM = '{"size": [height, width], "counts": string}'

Cell: TypeAlias = tuple[int, int, Mask]
"""(frame, object, mask)"""


class InvalidTracks(Svg2Error, ValueError):
    """A file of trajectories that cannot be used; the text names file, frame and object and says what to do."""


@dataclass(frozen=True, slots=True)
class TracksFile:
    """What a file holds: trajectories by id (column or object id), empty ones too.

    `size` is (height, width), None where no mask says it; `fps` is None where the form has none.
    """

    path: str
    trajectories: Mapping[int, Trajectory]
    num_frames: int
    size: tuple[int, int] | None
    fps: float | None = None


def read_tracks(path: Path, *, placeholders: bool = False) -> TracksFile:
    """Read and check `path`. Raises `InvalidTracks`.

    `placeholders`: runs without a pixel of the object stand for none, even if they cover less than the frame, as those
    of files that upstream released do.
    """
    name = printable(str(path))
    content = _parsed(path, name)
    if isinstance(content, dict):
        return _of_document(content, name)
    if not isinstance(content, list):
        raise InvalidTracks(
            f"{name}: expected a list of frames, each a list of COCO RLE, or a {SCHEMA_ID} document; found "
            f"{_kind(content)}. Write [[mask of object 0, mask of object 1, ...], ...], one list a frame."
        )
    return _of_frames(_without_placeholders(content) if placeholders else content, name)


def together(truth: TracksFile, predicted: TracksFile, *, allow_short: bool) -> int:
    """The number of frames on which to compare both. Raises `InvalidTracks` where they do not fit together.

    With `allow_short` the shorter one counts as empty on the frames that it lacks.
    """
    if truth.size is not None and predicted.size is not None and truth.size != predicted.size:
        raise InvalidTracks(
            f"{predicted.path}: expected masks of {_size(truth.size)} as in {truth.path}, found "
            f"{_size(predicted.size)}. Scale the predicted masks to the size of the truth."
        )
    if truth.num_frames != predicted.num_frames and not allow_short:
        raise InvalidTracks(
            f"{predicted.path}: expected {truth.num_frames} frames as in {truth.path}, found {predicted.num_frames}. "
            "Write one list a frame ([] for a frame without masks), or pass --allow-short, which counts the missing "
            "frames of the shorter file as empty."
        )
    return max(truth.num_frames, predicted.num_frames)


def rate(truth: TracksFile, predicted: TracksFile) -> float | None:
    """Frames a second that the files say, None where neither does. Raises `InvalidTracks` where they contradict."""
    said = [f for f in (truth.fps, predicted.fps) if f is not None]
    if len(said) == 2 and abs(said[0] - said[1]) > SAME_RATE * said[0]:
        raise InvalidTracks(
            f"{predicted.path}: expected {said[0]:g} frames a second as in {truth.path}, found {said[1]:g}. Predict on "
            "the frames of the truth, or pass --fps where frame i is the same in both."
        )
    return said[0] if said else None


def _parsed(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise InvalidTracks(f"{name}: cannot be read ({error.strerror}). Give the path of a JSON file.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InvalidTracks(f"{name}: expected JSON, {where}. Write the file anew.") from error
    except (ValueError, RecursionError) as error:  # no text, integers of thousands of digits, nested too deeply
        raise InvalidTracks(f"{name}: expected JSON ({printable(str(error))}). Write the file anew.") from error


def _of_document(content: dict[str, Any], name: str) -> TracksFile:
    if "schema" not in content:
        raise InvalidTracks(
            f"{name}: expected a list of frames, or an object whose `schema` is {SCHEMA_ID}; found an object without "
            "`schema`. A file that wraps the frames must be unwrapped first."
        )
    try:
        graph = read_document(content)
    except Svg2Error as error:
        raise InvalidTracks(f"{name}: {error}\nWrite it anew with `svg2 annotate --json`.") from error
    video = graph.video
    trajectories = {o.id: Trajectory.of(o.trajectory.frames, o.trajectory.masks) for o in graph.objects}
    return TracksFile(name, trajectories, video.num_frames, (video.height, video.width), video.fps)


def _of_frames(frames: list[Any], name: str) -> TracksFile:
    if not frames:
        raise InvalidTracks(f"{name}: expected at least one frame, found an empty list. Write one list a frame.")
    columns: dict[int, dict[int, Mask]] = {k: {} for k in range(max(_length(f) for f in frames))}
    size: tuple[int, int] | None = None
    for frame, number, mask in _cells(frames, name):
        size = size or (mask.height, mask.width)
        if (mask.height, mask.width) != size:
            raise InvalidTracks(
                f"{_place(name, frame, number)}: expected a mask of {_size(size)} like those before, found "
                f"{_size((mask.height, mask.width))}. Write all masks of a file in one size."
            )
        columns[number][frame] = mask
    return TracksFile(
        name, {k: Trajectory.of(list(c), list(c.values())) for k, c in columns.items()}, len(frames), size
    )


def _without_placeholders(frames: list[Any]) -> list[Any]:
    return [[None if _shows_nothing(m) else m for m in f] if isinstance(f, list) else f for f in frames]


def _shows_nothing(mask: Any) -> bool:
    """Whether it is a mask whose runs are of background alone. What is no mask is judged later."""
    counts = mask.get("counts") if isinstance(mask, dict) else None
    try:
        return isinstance(counts, str) and not run_lengths(counts.encode("ascii"))[1::2].any()
    except (InvalidSceneValue, UnicodeEncodeError):
        return False


def _length(frame: Any) -> int:
    return len(frame) if isinstance(frame, list) else 0


def _cells(frames: list[Any], name: str) -> Iterator[Cell]:
    """Every mask that is there, frame by frame, empty ones too."""
    for t, frame in enumerate(frames):
        if not isinstance(frame, list):
            raise InvalidTracks(
                f"{name}: frame {t}: expected a list with one mask an object, found {_kind(frame)}. "
                "Write [] for a frame without masks."
            )
        for k, value in enumerate(frame):
            if value is not None:
                yield t, k, _mask(value, _place(name, t, k))


def _mask(value: Any, place: str) -> Mask:
    if not isinstance(value, dict) or not {"size", "counts"} <= value.keys():
        raise InvalidTracks(f"{place}: expected {FORM} or null, found {_kind(value)}. Write COCO RLE.")
    size, counts = value["size"], value["counts"]
    if not isinstance(size, list) or len(size) != 2 or any(type(n) is not int or n < 1 for n in size):
        raise InvalidTracks(
            f"{place}: expected a size of two positive whole numbers [height, width], found "
            f"{printable(json.dumps(size), limit=40)}. Write the size of the frame."
        )
    if size[0] * size[1] > MOST_PIXELS:
        raise InvalidTracks(f"{place}: expected at most {MOST_PIXELS} pixels, found {size}. Scale the masks down.")
    if not isinstance(counts, str):
        raise InvalidTracks(
            f"{place}: expected compressed counts (a string), found {_kind(counts)}. Compress uncompressed counts with "
            "pycocotools.mask.frPyObjects and decode the bytes as ASCII."
        )
    try:
        return Mask.from_json(value)
    except InvalidSceneValue as error:
        wanted = f"expected runs that cover {_size(size)} = {size[0] * size[1]} pixels"
        remedy = "Encode the mask with pycocotools in the size that it states."
        raise InvalidTracks(f"{place}: {wanted}; {error}. {remedy}") from error


def _place(name: str, frame: int, number: int) -> str:
    return f"{name}: frame {frame}, object {number}"


def _size(size: Sequence[int]) -> str:
    return f"{size[0]}x{size[1]} (height x width)"


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
