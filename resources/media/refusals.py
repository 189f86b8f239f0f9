"""Why a file is refused as a video, and what to do about it."""

from __future__ import annotations

import errno
from enum import StrEnum

from svg2_assets.scene.errors import VideoError


class Reason(StrEnum):
    """Machine names of refusals; the text in a `VideoError` names the particulars."""

    MISSING = "missing"
    PERMISSION = "permission"
    NOT_A_FILE = "not-a-file"
    EMPTY = "empty-file"
    NOT_A_VIDEO = "not-a-video"
    IMAGE = "image"
    NO_VIDEO_STREAM = "no-video-stream"
    ZERO_FRAMES = "zero-frames"
    TRUNCATED = "truncated"
    CORRUPT = "corrupt"
    TOO_LARGE = "too-large"
    UNSUPPORTED_CODEC = "unsupported-codec"
    CHANGED = "changed"
    UNREADABLE = "unreadable"
    DISK_FULL = "disk-full"
    UNREACHABLE = "unreachable"


REMEDIES = {
    Reason.MISSING: "Put the file back or remove the video from the catalog.",
    Reason.PERMISSION: "Give the account that runs the platform the right to read it.",
    Reason.NOT_A_FILE: "Give the path of a regular file; folders are watched, not annotated.",
    Reason.EMPTY: "Copy the file again.",
    Reason.NOT_A_VIDEO: "Give a file in a video container such as MP4, MKV, WebM or AVI.",
    Reason.IMAGE: "Pictures are not annotated; give a video of at least one moving-picture stream.",
    Reason.NO_VIDEO_STREAM: "Give a file that holds pictures, not sound alone.",
    Reason.ZERO_FRAMES: "Record or export it again.",
    Reason.TRUNCATED: "Copy or download it again, to the end.",
    Reason.CORRUPT: "Copy it again, or re-encode it to repair it: ffmpeg -i IN -c:v libx264 OUT.mp4",
    Reason.TOO_LARGE: "Scale it down before dropping it.",
    Reason.UNSUPPORTED_CODEC: "Re-encode it, for example to H.264.",
    Reason.CHANGED: "Register the video again.",
    Reason.UNREADABLE: "Check the disk or the network share it lies on.",
    Reason.DISK_FULL: "Free space or move SVG2_HOME to a larger disk.",
    Reason.UNREACHABLE: "Check the address, the credentials and the network.",
}

_BY_ERRNO = {
    errno.ENOENT: (Reason.MISSING, "there is no such file."),
    errno.ENOTDIR: (Reason.MISSING, "there is no such file."),
    errno.EACCES: (Reason.PERMISSION, "reading it is not permitted."),
    errno.EPERM: (Reason.PERMISSION, "reading it is not permitted."),
    errno.EISDIR: (Reason.NOT_A_FILE, "it is a folder."),
    errno.ENOSPC: (Reason.DISK_FULL, "the disk is full."),
    errno.EDQUOT: (Reason.DISK_FULL, "the disk quota is used up."),
}


def refuse(uri: str, reason: Reason, detail: str) -> VideoError:
    """The error for the video at `uri`; the remedy belongs to the reason."""
    return VideoError(video=uri, reason=reason.value, detail=detail, remedy=REMEDIES[reason])


def refuse_os_error(uri: str, error: OSError) -> VideoError:
    """The error for what the operating system said while `uri` was read or stored."""
    reason, detail = _BY_ERRNO.get(error.errno or 0, (Reason.UNREADABLE, f"reading it failed ({error.strerror})."))
    return refuse(uri, reason, detail)
