"""The log of ``tracemap serve``: stdlib logging to stderr, for people or as lines of JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from enum import StrEnum

#: Attributes every record has; others were given with ``extra``.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Format(StrEnum):
    """How the log is written."""

    TEXT = "text"
    JSON = "json"


class Level(StrEnum):
    """From where on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class JsonLines(logging.Formatter):
    """``{"time", "level", "logger", "message"}``, with what was given as ``extra`` and, where there
    is one, the exception with its stack."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; nothing in it can break out of it."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        told |= {name: value for name, value in vars(record).items() if name not in _USUAL}
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return json.dumps(told, default=str)


def set_up(style: Format, level: Level) -> None:
    """Log to stderr from here on. Libraries tell what is wrong with them and no more."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonLines()
        if style is Format.JSON
        else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING))
    logging.getLogger("tracemap").setLevel(number)
