"""What can go wrong with the store, said with the table, the reason and the remedy, and never with a credential."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from svg2_assets.scene.errors import Svg2Error, printable

_SECRET_OPTION = re.compile(r"secret|token|password|access_key|account_key|credential|sas", re.IGNORECASE)
# A secret may hold slashes; without a colon, an @ after the first slash belongs to the path.
_USER_INFO = re.compile(r"//(?:[^/@:\s]+:[^@\s]*|[^/@\s]+)@")
_SECRET_IN_TEXT = re.compile(
    r"(?i)((?:aws_)?(?:secret_access_key|session_token|access_key_id)|X-Amz-(?:Signature|Credential|Security-Token))"
    r"([\"']?\s*[=:]\s*(?:Some\()?[\"']?)[^\s\"'&,)]+"
)


class StoreError(Svg2Error):
    """The store refused or failed. `reason` is one word for machines; the text says what to do."""

    def __init__(self, *, uri: str, table: str, reason: str, detail: str, remedy: str) -> None:
        self.uri, self.table, self.reason, self.detail, self.remedy = redacted_uri(uri), table, reason, detail, remedy
        where = f"store {printable(self.uri)}" + (f", table {table}" if table else "")
        super().__init__(f"{where}: {detail} {remedy}".strip())


class InvalidRows(Svg2Error, ValueError):
    """Rows handed to the store do not fit their table: columns, types, keys or scope. Nothing was written."""


@dataclass(frozen=True)
class _Symptom:
    pattern: re.Pattern[str]
    reason: str
    detail: str
    remedy: str


def _symptom(pattern: str, reason: str, detail: str, remedy: str) -> _Symptom:
    return _Symptom(re.compile(pattern, re.IGNORECASE), reason, detail, remedy)


# First match wins: an error of the storage names its cause somewhere inside a longer text.
_SYMPTOMS = (
    _symptom(
        r"os error 28\b|no space left|os error 27\b|file too large|os error 122\b|quota exceeded",
        "disk-full",
        "the disk is full (or over its quota).",
        "Free space or compact the store, then run again: finished videos are kept.",
    ),
    _symptom(
        r"os error 30\b|read-only file system",
        "permission",
        "the file system is read-only.",
        "Choose a writable place with SVG2_STORE.",
    ),
    _symptom(
        r"os error 13\b|os error 1\b|permission denied|operation not permitted",
        "permission",
        "no permission to read or write there.",
        "Give this user access to the folder, or choose another with SVG2_STORE.",
    ),
    _symptom(
        r"NoSuchBucket|bucket does not exist|bucket .{0,80}not found",
        "missing-bucket",
        "the bucket does not exist.",
        "Create it, or correct SVG2_STORE.",
    ),
    _symptom(
        r"AccessDenied|SignatureDoesNotMatch|InvalidAccessKeyId|ExpiredToken|InvalidToken|status: 40[13]\b|Forbidden"
        r"|CredentialsNotLoaded|no providers in chain|credential provider",
        "credentials",
        "the object store refused the credentials.",
        "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN and the bucket's policy.",
    ),
    _symptom(
        r"connect error|connection refused|dns error|kind: connect|timed? ?out|error sending request",
        "unreachable",
        "the object store does not answer.",
        "Check the endpoint (AWS_ENDPOINT_URL), allow_http and the network.",
    ),
    _symptom(
        r"commit conflict|concurrent (?:commit|writer|modification)|too much write contention|preempted"
        r"|incompatible transaction|TooMuchWriteContention",
        "conflict",
        "other writers kept committing first.",
        "Run again; if it persists, write with fewer processes or larger flushes.",
    ),
    _symptom(
        r"corrupt|failed to fill whole buffer|early eof|invalid range|panicked"
        r"|magic number|decode error|protobuf|invalid (?:file|manifest|footer)|unexpected eof"
        r"|os error 2\b|no such file|object at location .* not found|not found:|file size is too small|out of range",
        "corrupted",
        "files of the table are damaged or missing.",
        "Restore the table's folder from a backup, or move it away and run again: what it held is then made anew.",
    ),
)


def explained(error: Exception, *, uri: str, table: str, action: str, secrets: Iterable[str]) -> StoreError:
    """`error` of the storage library as a `StoreError`: remedy first, then the library's own words, redacted."""
    said = _redacted(str(error), secrets)
    for symptom in _SYMPTOMS:
        if symptom.pattern.search(said):
            reason, detail, remedy = symptom.reason, symptom.detail, symptom.remedy
            break
    else:
        reason, detail, remedy = "unknown", "it failed.", "See the cause; if it is not clear, please report it."
    cause = printable(said, limit=300)
    return StoreError(uri=uri, table=table, reason=reason, detail=f"{action}: {detail}", remedy=f"{remedy} ({cause})")


def secret_values(options: Mapping[str, str]) -> tuple[str, ...]:
    """Values of `options` that must never be shown."""
    return tuple(value for name, value in options.items() if value and _SECRET_OPTION.search(name))


def redacted_uri(uri: str) -> str:
    """`uri` without a user and password, if it holds some."""
    return _USER_INFO.sub("//***@", uri)


def mentions(text: str, secrets: Iterable[str]) -> bool:
    """Whether `text` holds one of `secrets`."""
    return any(secret in text for secret in secrets)


def _redacted(text: str, secrets: Iterable[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return redacted_uri(_SECRET_IN_TEXT.sub(r"\1\2***", text))
