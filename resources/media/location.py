"""From a video's URI to what is there: paths as they are, S3 objects through a bounded cache of downloads."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlparse

from resources.media.refusals import Reason, refuse, refuse_os_error
from svg2_assets.scene.errors import VideoError

DEFAULT_CACHE_BYTES = 20 * 2**30
_PART = ".part"
_DENIED = {"401", "403", "AccessDenied", "Forbidden"}
_ABSENT = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}


@dataclass
class MediaLibrary:
    """Local files for URIs. Downloads lie under `cache`, the least recently used leave when it exceeds `cache_bytes`.

    `client` is a boto3 S3 client; None makes one from the environment at the first S3 URI. A file in the cache can be
    removed by another process's download only after it is no longer the newest; an open file stays readable.
    """

    cache: Path
    cache_bytes: int = DEFAULT_CACHE_BYTES
    client: Any = field(default=None, repr=False)

    def local(self, uri: str) -> Path:
        """A local file that holds what `uri` names: a path, `file://` or `s3://bucket/key`. Raises `VideoError`."""
        if uri.startswith("s3://"):
            return self._downloaded(uri)
        if uri.startswith("file://"):
            return Path(unquote(urlparse(uri).path))
        return Path(uri)

    def _downloaded(self, uri: str) -> Path:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        if not bucket or not key:
            raise refuse(uri, Reason.MISSING, "an S3 address is s3://bucket/key.")
        head = self._head(uri, bucket, key)
        kept = self.cache / _cache_name(uri, head["ETag"], key)
        try:
            if kept.exists():
                os.utime(kept)
                return kept
            if head["ContentLength"] > self.cache_bytes:
                sizes = f"{head['ContentLength']} bytes, the download cache takes {self.cache_bytes}"
                raise refuse(uri, Reason.TOO_LARGE, f"the object has {sizes}.")
            self.cache.mkdir(parents=True, exist_ok=True)
            self._make_room(head["ContentLength"])
            self._download(uri, bucket, key, head["ETag"], kept)
        except OSError as error:
            raise _storing_failed(uri, error) from error
        return kept

    def _head(self, uri: str, bucket: str, key: str) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._s3().head_object(Bucket=bucket, Key=key)
        except (BotoCoreError, ClientError) as error:
            raise _refuse_s3(uri, error) from error

    def _download(self, uri: str, bucket: str, key: str, etag: str, kept: Path) -> None:
        """Writes beside `kept` and renames, so that a half-written file is never taken for a whole one."""
        from botocore.exceptions import BotoCoreError, ClientError

        handle, name = tempfile.mkstemp(dir=self.cache, suffix=_PART)
        try:
            with os.fdopen(handle, "wb") as file:
                # IfMatch: the bytes are those whose ETag names the cached file, also when the object changes meanwhile.
                body = self._s3().get_object(Bucket=bucket, Key=key, IfMatch=etag)["Body"]
                for chunk in body.iter_chunks(2**20):
                    file.write(chunk)
            Path(name).replace(kept)
        except (BotoCoreError, ClientError) as error:
            raise _refuse_s3(uri, error) from error
        finally:
            Path(name).unlink(missing_ok=True)

    def _make_room(self, wanted: int) -> None:
        files = sorted((f.stat().st_mtime, f.stat().st_size, f) for f in self._kept())
        total = sum(size for _, size, _ in files) + wanted
        for _, size, file in files:
            if total <= self.cache_bytes:
                return
            file.unlink(missing_ok=True)
            total -= size

    def _kept(self) -> list[Path]:
        return [f for f in self.cache.iterdir() if f.is_file() and f.suffix != _PART]

    def _s3(self) -> Any:
        if self.client is None:
            import boto3

            self.client = boto3.client("s3")
        return self.client


def _cache_name(uri: str, etag: str, key: str) -> str:
    digest = hashlib.sha256(f"{uri}\n{etag}".encode(errors="surrogateescape")).hexdigest()
    suffix = PurePosixPath(key).suffix.lower()
    return digest[:32] + (suffix if suffix[1:].isalnum() and len(suffix) <= 8 else "")


def _storing_failed(uri: str, error: OSError) -> VideoError:
    refused = refuse_os_error(uri, error)
    detail = f"it could not be stored in the download cache: {refused.detail}"
    return refuse(uri, Reason(refused.reason), detail)


def _refuse_s3(uri: str, error: Exception) -> VideoError:
    code = str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
    if code in _ABSENT:
        return refuse(uri, Reason.MISSING, "there is no such object.")
    if code in _DENIED:
        return refuse(uri, Reason.PERMISSION, "reading it is not permitted.")
    return refuse(uri, Reason.UNREACHABLE, f"S3 does not answer as expected ({error}).")
