"""What a file is that no demuxer takes, told from its first bytes, so that the refusal names it."""

from __future__ import annotations

from pathlib import Path

from resources.media.refusals import Reason

HEAD_BYTES = 4096

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"8BPS", "a Photoshop picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
)
_STILL_BRANDS = {b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1"}
_PLAYLISTS = ((b"#EXTM3U", "a playlist"), (b"ffconcat", "a list of files"), (b"v=0", "a session description"))
_VIDEOS = (
    (b"\x1aE\xdf\xa3", "a Matroska or WebM file"),
    (b"FLV\x01", "an FLV file"),
    (b"\x30\x26\xb2\x75", "an ASF file"),
)


def sniff(path: Path) -> tuple[Reason, str]:
    """Reason and sentence for a file that was not opened as a video. Raises `OSError`."""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if (image := _image(head)) is not None:
        return Reason.IMAGE, f"it is {image}."
    for magic, what in _PLAYLISTS:
        if head.startswith(magic):
            return Reason.NOT_A_VIDEO, f"it is {what}; files that name other files are not opened."
    if (container := _container(head)) is not None:
        return (
            Reason.TRUNCATED,
            f"it begins as {container}, but its index is missing or broken: it does not open.",
        )
    if _is_text(head):
        return Reason.NOT_A_VIDEO, "it is text."
    return Reason.NOT_A_VIDEO, "it is in no video format that is known here."


def is_still_brand(path: Path) -> bool:
    """Whether an ISO media file says of itself that it is a picture (AVIF, HEIC). Raises `OSError`."""
    with path.open("rb") as file:
        return _brand(file.read(12)) in _STILL_BRANDS


def _image(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    if _brand(head) in _STILL_BRANDS:
        return "an AVIF or HEIC picture"
    return next((what for magic, what in _IMAGES if head.startswith(magic)), None)


def _container(head: bytes) -> str | None:
    if _brand(head) is not None or head[4:8] in {b"moov", b"mdat"}:
        return "an MP4 or MOV file"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "an AVI file"
    return next((what for magic, what in _VIDEOS if head.startswith(magic)), None)


def _brand(head: bytes) -> bytes | None:
    return head[8:12] if head[4:8] == b"ftyp" else None


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    try:
        head[:-4].decode()  # the cut may have split the last character
    except UnicodeDecodeError:
        return False
    return True
