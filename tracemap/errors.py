"""Every error tracemap raises on purpose.

Each says what was wrong, where, and what to do next. One table per boundary maps the
classes to exit codes (``exit_code``), HTTP and gRPC status (``tracemap.collectors.otlp.status``).
"""

from __future__ import annotations


class TracemapError(Exception):
    """Base of all errors that a user can do something about."""

    #: Exit code of the command line (design section 11): 2 usage or input, 3 store or server.
    exit_code = 2

    def __init__(self, what: str, *, where: str | None = None, do: str | None = None) -> None:
        """``what`` went wrong, ``where`` (file:line, path, address), and what to ``do`` next."""
        super().__init__(what)
        self.what = what
        self.where = where
        self.do = do

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text} ({self.do})" if self.do else text


class InputError(TracemapError):
    """What the user gave cannot be used: a file, an argument, a query, a configuration."""


class PayloadError(InputError):
    """Bytes that are not the OTLP they claim to be. The request is refused; nothing is stored."""


class TooLargeError(InputError):
    """A body, a count or a nesting beyond its limit."""


class LimitError(InputError):
    """A person's query needed more time, memory or room than it may take from the collector."""


class AccessError(InputError):
    """A token is missing, is not valid, or does not open what was asked for."""


class NotFoundError(InputError):
    """An execution, rule, finding, service or query of that name does not exist."""


class StoreError(TracemapError):
    """The database cannot be opened, read or written."""

    exit_code = 3


class StoreBusyError(StoreError):
    """Another process holds the database and no tracemap server answers for it."""


class SchemaVersionError(StoreError):
    """The database was written by a tracemap whose schema this one cannot read."""


class ServerError(TracemapError):
    """A running collector did not answer, or refused."""

    exit_code = 3


class BusyError(ServerError):
    """The collector holds as much unanswered work as it may; the same request later is welcome."""

    #: Seconds after which a client should try again.
    retry_after = 1


class RegistryError(TracemapError):
    """SQL files and their names differ: the installation is damaged, or a file is not yet named."""

    exit_code = 3
