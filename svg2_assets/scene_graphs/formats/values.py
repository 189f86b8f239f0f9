"""What a file format is, what reading gives and what writing tells.

An adapter is a module with `read` and `write` (or one of them), forms of their options, and sentences that say what is
lost each way. What other programs call time and boxes exists in adapters alone: graphs have half-open seconds and
masks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from svg2_assets.scene.errors import Svg2Error, printable
from svg2_assets.scene.graph import SceneGraph
from svg2_assets.scene.video import Video

Side = Annotated[int, Field(ge=1)]


class Repair(StrEnum):
    """What was mended in a record, or left out of it; the word before the colon says of what."""

    FILE_UNREADABLE = "video: its file cannot be read, the record alone is used"
    OTHER_RATE = "video: its file has another frame rate than its masks, the record alone is used"
    MASKS_SHORT = "video: masks end before it does"
    MASKS_LONG = "video: masks go on after its end, they are cut there"
    NO_MASKS = "video: has no masks"

    FRAME_UNREADABLE = "frame: its picture is missing or cannot be read, nothing is visible there"
    FRAME_SIZE = "frame: its picture is of another size than the video, nothing is visible there"

    OBJECT_FORM = "object: not of the form"
    OTHER_NAME = "object: named otherwise later, the first name kept"
    REPEATED_ID = "object: id used again, the first one kept"
    NAMELESS = "object: name is empty"
    NO_COLUMN = "object: no masks have its id"
    UNNAMED = "object: masks that no object has the id of"

    MASK_FORM = "mask: not COCO RLE"
    NO_PIXEL = "mask: listed without a pixel"
    PLACEHOLDER = "mask: placeholder that covers less than the frame, taken for none"
    WRONG_AREA = "mask: runs do not cover the frame"
    WRONG_SIZE = "mask: of another size than the video"

    FRAME_REPEATED = "frame: comes again, the first one kept"
    BOX_FORM = "box: not of the form"
    BOX_EMPTY = "box: reversed or without a pixel"
    BOX_OUTSIDE = "box: outside the frame"
    BOX_CLIPPED = "box: clipped to the frame"
    BOX_REPEATED = "box: second one of an object on a frame, the first one kept"
    MORE_PEOPLE = "box: of further people on a frame, the most certain one kept"

    ATTRIBUTE_FORM = "attribute: not of the form"
    ATTRIBUTE_TYPE = "attribute: of an unknown type, taken for other"
    PART_LEVEL = "object: a part whose whole is not said, taken for a thing of its own"

    RELATION_FORM = "relation: not of the form"
    UNKNOWN_END = "relation: touches no known object"
    ITSELF = "relation: relates an object to itself"
    NO_PREDICATE = "relation: predicate is empty"
    NO_TIME = "relation: holds at no time"
    REPEATED = "relation: repeated, times united"
    CATEGORY = "relation: without a known category, guessed from its predicate"

    SPAN_FORM = "span: not of the form"
    REVERSED = "span: reversed"
    NO_LENGTH = "span: no length"
    OUTSIDE = "span: outside the video"
    CLIPPED = "span: clipped to the video"
    UNITED = "span: united with one that it meets"


Repairs: TypeAlias = Counter[Repair]
"""How often what was mended."""


class Fault(StrEnum):
    """Why a video, or the rest of a file (then without a video's id), is not imported."""

    UNREADABLE = "unreadable"
    NOT_JSON = "not JSON"
    FORM = "not of the form"
    DUPLICATE = "video id used again"
    NO_MASKS = "no masks"
    NO_RECORD = "masks without a record"
    NO_SIZE = "size unknown"
    NO_RATE = "frame rate unknown"
    TOO_LARGE = "too large"
    CONTRADICTION = "contradicts itself"


class Loss(StrEnum):
    """What a graph has and a format has no place for."""

    CLOCK = "the video's frame rate and duration"
    FRAME_TIMES = "true times of frames, of a variable rate"
    FILE = "where the video is and what its content's hash is"
    SHAPES = "shapes of masks: the boxes around them are kept"
    CAMERA = "relations with the camera"
    SUBJECTS = "relations whose subject is not the one person that the format has"
    APART = "relations at times that do not show both of their objects"
    PROVENANCE = "what made the graph"
    ATTRIBUTES = "attributes"
    ATTRIBUTE_TYPES = "types of attributes"
    CONFIDENCES = "confidences of attributes and relations"
    VERIFICATION = "verdicts on names"
    PARTS = "which object a part belongs to"
    RELATIONS = "relations"
    CATEGORIES = "categories of relations"
    REPEATED = "relations that repeat (subject, predicate, object): they become one, with the times of all"
    TIMES = "times between the moments that the format counts: spans move to the nearest"
    VANISHED = "relations that hold at no moment that the format counts"
    BETWEEN = "masks between the frames that the format counts"
    OVERLAPS = "masks that share pixels with a smaller one, which keeps them"
    UNSEEN = "objects without a pixel"
    VIDEO = "the video itself: its file is not on this machine"


class UnusableSource(Svg2Error):
    """What is to be imported is not there or is nothing of this format; the text says what to give instead."""


class UnusableTarget(Svg2Error):
    """Nothing can be written there; the text says why and what to do."""


class NotImportable(Svg2Error):
    """One record that cannot become a graph: `fault`, and in words what was expected and what to do."""

    def __init__(self, fault: Fault, detail: str) -> None:
        self.fault, self.detail = fault, detail
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a graph comes from: `record` is a place in `file` (`row 17`), `version` the convention of the format."""

    format: str
    version: str = ""
    dataset: str = ""
    licence: str = ""
    file: str = ""
    record: str = ""

    def to_json(self) -> dict[str, str]:
        """The fields that say something."""
        return {name: text for name, text in asdict(self).items() if text}

    @property
    def place(self) -> str:
        """File and record, in one line."""
        return printable(f"{self.file}, {self.record}" if self.record else self.file)


@dataclass(frozen=True, slots=True)
class Imported:
    """The graph of one video, where it comes from, and how often what was mended. `graph.provenance["import"]` holds
    the origin, and what the format says beside it."""

    graph: SceneGraph
    origin: Origin
    repairs: Mapping[Repair, int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A video that is not imported, and why; without an id where a file, or the rest of it, cannot be read."""

    video_id: str
    fault: Fault
    detail: str
    origin: Origin

    def __str__(self) -> str:
        of = f"{printable(self.video_id)} ({self.origin.place})" if self.video_id else self.origin.place
        return f"{of}: {self.detail}"


Read: TypeAlias = Imported | Rejected
Videos: TypeAlias = Callable[[str], Video | None]
"""What the file of a video says of it, by the id that the format has; None where there is none. Raises `VideoError`.
"""


def no_videos(_: str) -> None:
    """Videos whose files are not at hand."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: `videos` (those whose files were there already are `kept`), `files`, and what of the graphs
    has no place in the format, by how many videos, objects, attributes or relations lost it."""

    videos: int = 0
    kept: int = 0
    files: int = 0
    lost: Mapping[Loss, int] = field(default_factory=Counter)


class ReadOptions(BaseModel):
    """What every reader takes.

    `fps`: frames a second of the masks, whatever records and files say. `size`: (height, width) where neither a mask
    nor the video's file says it. `without_masks`: whether videos without masks come in.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = ""
    licence: str = ""
    fps: float | None = Field(default=None, gt=0, le=1000)
    size: tuple[Side, Side] | None = None
    without_masks: bool = False


class WriteOptions(BaseModel):
    """What every writer takes. `resume`: files of videos that are there already are kept; else they are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    resume: bool = False


class Reader(Protocol):
    """Reads `source` video by video, each once (`records.once`), in bounded memory. A broken record costs one video, a
    broken file what follows in it.

    `options` is of the format's form. Raises `UnusableSource` where there is nothing to read at all.
    """

    def __call__(self, source: Path, options: Any, *, videos: Videos = no_videos) -> Iterator[Read]:
        """One item a video or broken file."""
        ...


class Writer(Protocol):
    """Writes graphs into the folder `target` as they come; a file has its name once it is whole.

    `options` is of the format's form. Raises `UnusableTarget`.
    """

    def __call__(self, graphs: Iterable[SceneGraph], target: Path, options: Any) -> Written:
        """What was written."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """A file format by name. `reading` and `writing` are the forms of its options; `lost_in` says what of the files no
    graph holds, `lost_out` what of graphs the files do not, each a sentence."""

    name: str
    title: str
    read: Reader | None = None
    write: Writer | None = None
    reading: type[ReadOptions] = ReadOptions
    writing: type[WriteOptions] = WriteOptions
    lost_in: tuple[str, ...] = ()
    lost_out: tuple[str, ...] = ()
