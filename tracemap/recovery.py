"""Opening a database whose write-ahead log is damaged: set aside, said, and counted.

What DuckDB does with a damaged log (2.0, measured by flipping bits): a wrong checksum or a header
of another database is an error, and would be one for ever; a wrong length, or a damaged first
entry, ends the replay in silence. In both cases the sound part before the damage is opened, a copy
of the damaged log is kept beside the database, and what is missing by our own counts is told.
"""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from tracemap import queries
from tracemap.errors import StoreBusyError, StoreError

#: Checkpoints stall commits: the rarer, the fewer requests wait for one, and the longer each does
#: (benchmarks/ingest.py: max_ms). All that is not checkpointed is in memory as well.
_CONFIG: Final[dict[str, str | bool | int | float | list[str]]] = {
    "checkpoint_threshold": "256MB",
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}

#: What DuckDB holds in memory by default (bytes), where the machine has as much. An analysis of ten
#: million spans is hardly slower than with all that it could take (benchmarks/analysis.py).
_MEMORY: Final = 3_000_000_000

#: How DuckDB begins its message when a log cannot be replayed, and where it names the place.
_REPLAY: Final = "replaying wal"
_PLACE: Final = re.compile(r"at byte position (\d+)")
_REASON: Final = re.compile(r'^.*?WAL file "[^"]*": ', re.IGNORECASE)
#: What DuckDB says of a file that is not as it wrote it.
_DAMAGED: Final = re.compile(r"corrupt|checksum|could not read enough bytes|deserializ")
#: A file that is shorter than its three headers never held anything.
_HEADERS: Final = 3 * 4096
#: What keeps a sound log from being replayed: it is left alone then.
_OTHERWISE: Final = re.compile(
    r"no space|out of memory|could not allocate|permission|too many open files|read-only",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Damage:
    """A write-ahead log that could not be read whole, or a database file that was emptied."""

    set_aside: Path | None
    what: str


@dataclass(frozen=True, slots=True)
class Loss:
    """Acknowledged records that a damaged log took with it; null counts are not known."""

    found_ns: int
    batches: int | None
    records: int | None  #: spans and log records
    set_aside: str | None
    what: str

    def __str__(self) -> str:
        if self.records is None:
            told = "how many acknowledged records are missing is not known"
        elif self.records == 0:
            told = "no acknowledged record is missing"
        else:
            told = f"{self.records} acknowledged records of {self.batches} batches are missing"
        kept = f"; it is kept as {self.set_aside}" if self.set_aside else ""
        return f"the write-ahead log is damaged ({self.what}): {told}{kept}"


def log_of(path: Path) -> Path:
    """Where DuckDB keeps the write-ahead log of a database."""
    return path.with_name(f"{path.name}.wal")


def is_new(path: Path) -> bool:
    """Whether there is no database yet: no file, or one whose maker was killed at its beginning."""
    try:
        with path.open("rb") as file:
            start = file.read(_HEADERS)
    except FileNotFoundError:
        return True
    except OSError:
        return False  # whoever opens it says why it cannot be read
    return len(start) < _HEADERS and (not start or start[8:12] == b"DUCK")


def clear(path: Path) -> Damage | None:
    """Make room for a new database: a log that its database has left alone is set aside.

    DuckDB would take it for the new one's, and delete it.
    """
    log = log_of(path)
    damage = Damage(None, "the database file was emptied") if path.exists() else None
    if log.is_file() and log.stat().st_size:
        damage = Damage(set_aside(path), "the database that it belongs to is gone")
        log.unlink()
    path.unlink(missing_ok=True)
    return damage


def connect(
    path: Path, memory: int | None = None
) -> tuple[duckdb.DuckDBPyConnection, Damage | None]:
    """Open the database, without the damaged part of its log if need be.

    ``memory`` is what DuckDB may hold, in bytes: by default 3 GB, or four fifths of the
    machine's or its control group's where that is less. It keeps there what it has read and
    written.

    Raises StoreBusyError when another process holds it, StoreError when it cannot be opened.
    """
    try:
        return _open(path, memory), None
    except duckdb.Error as error:
        if not _is_damage(error, log_of(path)):
            raise open_error(path, error) from error
        what = _REASON.sub("", first_line(error))
        damage = Damage(set_aside(path), _short(what))
        return _without_damage(path, memory, _PLACE.search(str(error))), damage


def _is_damage(error: duckdb.Error, log: Path) -> bool:
    text = str(error)
    return _REPLAY in text.lower() and not _OTHERWISE.search(text) and log.exists()


def _short(what: str) -> str:
    place = _PLACE.search(what)
    return f"a wrong checksum at byte {place[1]}" if place else what[:200]


def _open(path: Path, memory: int | None) -> duckdb.DuckDBPyConnection:
    more = {} if memory is None else {"memory_limit": f"{memory}B"}
    connection = duckdb.connect(str(path), config=_CONFIG | more)
    try:
        _bound(connection, _MEMORY if memory is None else memory)
    except BaseException:
        connection.close()
        raise
    return connection


def _bound(connection: duckdb.DuckDBPyConnection, most: int) -> None:
    """Let it hold up to ``most`` bytes, or what the machine lets it."""
    for (size,) in connection.execute(queries.text("store/memory"), {"most": most}).fetchall():
        connection.execute(queries.text("store/memory_bound"), {"bytes": f"{size}B"})


def _without_damage(
    path: Path, memory: int | None, place: re.Match[str] | None
) -> duckdb.DuckDBPyConnection:
    """Open with the log up to the damage; where that is not known or no help, without it."""
    log = log_of(path)
    if place is not None:
        with log.open("r+b") as stream:
            stream.truncate(int(place[1]))
        try:
            return _open(path, memory)
        except duckdb.Error as error:
            if not _is_damage(error, log):
                raise open_error(path, error) from error
    log.unlink()
    try:
        return _open(path, memory)
    except duckdb.Error as error:
        raise open_error(path, error) from error


def set_aside(path: Path) -> Path:
    """Copy the log of ``path`` to a name of its own beside it. Raises StoreError (disk full)."""
    log = log_of(path)
    now = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%S%fZ")
    kept = log.with_name(f"{log.name}.damaged-{now}")
    part = kept.with_name(f"{kept.name}.part")
    try:
        shutil.copyfile(log, part)
        part.replace(kept)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"the write-ahead log is damaged and cannot be set aside: {error.strerror}",
            where=str(log),
            do="free space for a copy of it, and start again",
        ) from error
    return kept


def open_error(path: Path, error: duckdb.Error) -> StoreError:
    """What keeps a database from being opened, and what to do."""
    text = str(error).lower()
    if isinstance(error, duckdb.IOException) and "lock" in text:
        return StoreBusyError(
            "another process has the database open",
            where=str(path),
            do="stop it, or query through it if it is 'tracemap serve'",
        )
    if "not a valid duckdb" in text:
        return StoreError(
            "this file is not a tracemap database", where=str(path), do="give another --db"
        )
    if _DAMAGED.search(text):
        return StoreError(
            f"the database file is damaged ({first_line(error)[:200]})",
            where=str(path),
            do="restore a backup, or give a new --db and import what there is",
        )
    return StoreError(first_line(error), where=str(path), do="check the path")


def first_line(error: Exception) -> str:
    """What DuckDB says, without its details."""
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
