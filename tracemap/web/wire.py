"""What server and client agree on: paths, headers, and the one JSON shape of an error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tracemap import errors
from tracemap.errors import ServerError, TracemapError

ARROW: Final = "application/vnd.apache.arrow.stream"
JSON: Final = "application/json"
#: The lengths in bytes of the Arrow streams that make up an answer, set apart by commas.
LENGTHS: Final = "x-tracemap-lengths"
#: Set on an answer whose rows stop at the limit.
TRUNCATED: Final = "x-tracemap-truncated"

#: HTTP status of each class of error; the nearest base class counts.
_STATUS: Final[Mapping[type[TracemapError], int]] = {
    errors.TooLargeError: 413,
    errors.BusyError: 429,
    errors.AccessError: 401,
    errors.NotFoundError: 404,
    errors.InputError: 400,
    errors.StoreError: 503,
    errors.ServerError: 502,
    errors.TracemapError: 500,
}


def status_of(error: TracemapError) -> int:
    """The HTTP status that says what kind of error this is."""
    return next(_STATUS[c] for c in type(error).__mro__ if c in _STATUS)


def error_body(error: TracemapError) -> dict[str, Any]:
    """``{"error": {"type", "what", "where", "do"}}``: the shape of every error answer."""
    return {
        "error": {
            "type": type(error).__name__,
            "what": error.what,
            "where": error.where,
            "do": error.do,
        }
    }


def read_error(body: object, status: int) -> TracemapError:
    """The error that ``error_body`` described, of the same class where this version knows it."""
    found = body.get("error") if isinstance(body, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("what"), str):
        return ServerError(
            f"the server answered {status} without saying why",
            do="is it a tracemap server of this version?",
        )
    kind = getattr(errors, str(found.get("type")), ServerError)
    if not (isinstance(kind, type) and issubclass(kind, TracemapError)):
        kind = ServerError
    return kind(found["what"], where=_text(found.get("where")), do=_text(found.get("do")))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
