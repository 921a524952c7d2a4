"""The DuckDB file: opening, writing what collectors bring, and cursors to read it.

One process writes, any number of its threads read. Strings that repeat - attribute shapes,
resources, scopes - are interned here, in memory and in tables, and spans carry their numbers.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import duckdb

from tracemap import queries, schema, tracing
from tracemap.errors import StoreError
from tracemap.ledger import Count, Ledger
from tracemap.recovery import (
    Damage,
    Loss,
    clear,
    connect,
    is_new,
    log_of,
    open_error,
    set_aside,
)
from tracemap.settings import Settings
from tracemap.transactions import roll_back, transaction, write_error

if TYPE_CHECKING:  # who only reads loads neither pyarrow nor numpy
    import pyarrow as pa

    from tracemap.batch import SpanBatch
    from tracemap.inserts import Inserts
    from tracemap.redaction import Redaction
    from tracemap.tables import Fresh, Interned

_log = logging.getLogger(__name__)

#: The setting that holds what values are hashed with.
_KEY = "redaction_key"

#: A database is called what its file is; DuckDB cannot tell such a one from the schema.
_TAKEN: Final = frozenset({"store", "derived"})

SourceKind = Literal["live", "recorded"]


class Store:
    """An open tracemap database. Thread-safe; close it, or use it as a context manager."""

    def __init__(self, path: Path, connection: duckdb.DuckDBPyConnection, ledger: Ledger) -> None:
        self.path = path
        self._connection = connection
        self._ledger = ledger
        self._cursors: dict[int, weakref.WeakSet[duckdb.DuckDBPyConnection]] = {}  # by thread
        self._lock = threading.Lock()
        #: Held by whoever writes schema derived, or what was concluded from it; never by ingest.
        self.deriving = threading.Lock()
        self._count = self._load_count()
        self._interned: Interned | None = None  # loaded by the first write
        self._inserts: Inserts | None = None  # planned by the first write
        self._redaction: Redaction | None = None
        self._redaction_loaded = False
        self._closed = False

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True, memory: int | None = None) -> Store:
        """Open the database at ``path``, making it when absent and ``create`` is set.

        ``memory`` bounds what DuckDB holds, in bytes (``recovery.connect``).
        Raises StoreBusyError when another process holds the file, SchemaVersionError when
        another version of tracemap wrote it, StoreError when it is absent, unreadable, not
        writable or not a tracemap database. A damaged write-ahead log is set aside, what is sound
        is opened, and what is missing is logged as a warning and kept in ``losses``.
        """
        path = Path(path)
        if path.name.split(".")[0].lower() in _TAKEN:
            raise StoreError(
                "a database cannot have the name of one of its own schemas",
                where=str(path),
                do="give another --db",
            )
        if path.is_dir():
            raise StoreError(
                "this is a folder, not a database", where=str(path), do="name a file in it: --db"
            )
        fresh = is_new(path)
        if not create and fresh:
            raise StoreError(
                "there is no database",
                where=str(path),
                do="start 'tracemap serve' or 'tracemap import FILE', or give another --db",
            )
        lost = clear(path) if fresh else None
        killed = log_of(path).exists()
        connection, damage = connect(path, memory)
        try:
            identity = schema.prepare(connection, path, fresh=fresh)
            store = cls(path, connection, Ledger(path, identity))
            if killed or lost or store._ledger.path.exists():
                store._find_loss(damage or lost)
            return store
        except duckdb.Error as error:
            connection.close()
            raise open_error(path, error) from error
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Checkpoint and close. Closing twice is harmless."""
        self._connection.close()
        if not self._closed:
            self._closed = True
            self._ledger.close(remove=not log_of(self.path).exists())

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file."""
        with self._lock, tracing.span("checkpoint"):
            self.cursor().execute(queries.text("store/checkpoint"))

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own transaction state; one per thread or request."""
        cursor = self._connection.cursor()
        self._cursors.setdefault(threading.get_ident(), weakref.WeakSet()).add(cursor)
        return cursor

    def interrupt(self, thread: threading.Thread | None = None) -> None:
        """End what ``thread``, or every thread, runs now: it raises duckdb.InterruptException."""
        threads = list(self._cursors) if thread is None else [thread.ident or 0]
        for cursor in [one for ident in threads for one in self._cursors.get(ident, ())]:
            with suppress(duckdb.ConnectionException):  # it is closed
                cursor.interrupt()

    def settings(self) -> Settings:
        """What the user decided, or the defaults."""
        found = self._setting("settings")
        return Settings.from_json(found) if found else Settings()

    def configure(self, settings: Settings) -> None:
        """Store ``settings`` for every later analysis, and redact what comes by its rules.

        Raises InputError for a rule that is none.
        """
        from tracemap.redaction import KEY_BYTES, Redaction

        Redaction(settings.redact, b"")
        values = {"settings": settings.to_json()}
        if self._setting(_KEY) is None:  # kept for good: another one would join nothing
            values[_KEY] = json.dumps(secrets.token_hex(KEY_BYTES))
        cursor = self.cursor()
        with self._lock, transaction(cursor, self.path):
            for name, value in values.items():
                cursor.execute(queries.text("store/delete_setting"), {"name": name})
                cursor.execute(queries.text("store/insert_setting"), {"name": name, "value": value})
            self._redaction_loaded = False

    @property
    def redaction(self) -> Redaction | None:
        """The rules by which attributes are changed before they are stored, when there are any."""
        with self._lock:  # not while others are being configured
            if not self._redaction_loaded:
                self._redaction, self._redaction_loaded = self._load_redaction(), True
            return self._redaction

    def _setting(self, name: str) -> str | None:
        found = self.cursor().execute(queries.text("store/read_setting"), {"name": name}).fetchone()
        return str(found[0]) if found else None

    def _load_redaction(self) -> Redaction | None:
        rules, key = self.settings().redact, self._setting(_KEY)
        if not (rules and key):
            return None
        from tracemap.redaction import Redaction

        return Redaction(rules, bytes.fromhex(json.loads(key)))

    def last_batch(self) -> int:
        """The number of the newest committed batch; grows by one with each."""
        return self._count.batches

    def losses(self) -> list[Loss]:
        """Every loss of what was acknowledged that was found when the database was opened."""
        rows = self.cursor().execute(queries.text("store/read_losses")).fetchall()
        return [Loss(*row) for row in rows]

    def missing_rows(self) -> list[tuple[int, int, int]]:
        """Batches whose counted and stored rows differ: (batch_id, counted, stored)."""
        return self.cursor().execute(queries.text("store/missing_rows")).fetchall()

    def write(
        self,
        batches: Sequence[SpanBatch],
        *,
        source: str = "live",
        kind: SourceKind = "live",
    ) -> range:
        """Write ``batches`` in one transaction; when this returns they are on disk.

        Returns the numbers they got; those without a row get none.
        Raises StoreError (disk full, file gone); nothing of the batches is stored then.
        """
        batches = [b for b in batches if b.rows]
        if not batches:
            return range(0)
        from tracemap.inserts import Inserts
        from tracemap.tables import Fresh

        redaction = self.redaction
        if redaction is not None:
            batches = [redaction.apply(b) for b in batches]
        with self._lock:
            interned = self._load_interned()
            fresh = Fresh(interned)
            source_key = (source, kind)
            known = interned.sources.get(source_key)
            source_id = known or len(interned.sources) + 1
            inserts = self._inserts or Inserts(self.cursor())
            self._inserts = None  # after a failure they are made anew
            cursor = inserts.cursor
            try:
                cursor.begin()
                if known is None:
                    cursor.execute(
                        queries.text("store/insert_source"),
                        {"source_id": source_id, "name": source, "kind": kind},
                    )
                inserts.run(self._rows(batches, source_id, fresh))
                cursor.commit()
            except duckdb.Error as error:
                roll_back(cursor)
                raise write_error(self.path, error) from error
            except BaseException:
                roll_back(cursor)
                raise
            self._inserts = inserts
            interned.sources[source_key] = source_id
            fresh.keep()
            before, self._count = self._count, self._after(batches)
            self._ledger.note(self._count)
            return range(before.batches + 1, self._count.batches + 1)

    def _after(self, batches: Sequence[SpanBatch]) -> Count:
        """The counts once these batches are written."""
        count = self._count
        return Count(count.batches + len(batches), count.records + sum(b.rows for b in batches))

    def _find_loss(self, damage: Damage | None) -> None:
        """After a crash: compare with what was acknowledged, and tell what is missing."""
        stored = self._count
        # What an abandoned log was counted for belongs to a database that is gone.
        acknowledged = self._ledger.read(of_any=damage is not None and not stored.batches)
        if acknowledged is None and self._ledger.damaged():
            _log.warning(
                "%s cannot be read: whether what was acknowledged is all there cannot be told",
                self._ledger.path,
            )
        partial = sum(counted - found for _, counted, found in self.missing_rows())
        behind = acknowledged is not None and acknowledged > stored
        made = damage is not None and damage.set_aside is None and acknowledged is None
        if made or (damage is None and not behind and not partial):
            return  # a process that was killed while it made the database had stored nothing
        if damage is None:
            what = "it ends early" if behind else "rows of some batches are missing"
            kept = str(set_aside(self.path)) if log_of(self.path).exists() else None
        else:
            what = damage.what
            kept = None if damage.set_aside is None else str(damage.set_aside)
        batches = records = None
        if acknowledged is not None or partial:
            reached = max(stored, acknowledged or stored)
            batches = reached.batches - stored.batches
            records = reached.records - stored.records + partial
            self._count = reached
        loss = Loss(time.time_ns(), batches, records, kept, what)
        self._remember(loss)
        _log.warning("%s: %s", self.path, loss)

    def _remember(self, loss: Loss) -> None:
        count = self._count
        cursor = self.cursor()
        with transaction(cursor, self.path):
            cursor.execute(queries.text("store/recount"))  # what is told is not told again
            cursor.execute(
                queries.text("store/insert_loss"),
                {
                    "found_ns": loss.found_ns,
                    "batch_id": count.batches,
                    "total": count.records,
                    "batches": loss.batches,
                    "records": loss.records,
                    "set_aside": loss.set_aside,
                    "what": loss.what,
                },
            )

    def _rows(
        self, batches: Sequence[SpanBatch], source_id: int, fresh: Fresh
    ) -> dict[str, pa.Table]:
        """The rows of all tables that ``batches`` become."""
        import pyarrow as pa

        from tracemap.tables import batch_table, numbered

        count = self._count
        ids = [fresh.numbers(batch) for batch in batches]

        def rows(part: str) -> pa.Table:
            tables = [getattr(batch, part) for batch in batches]
            if not any(table.num_rows for table in tables):
                return tables[0]
            return pa.concat_tables(
                numbered(table, count.batches + 1 + place, ids[place])
                for place, table in enumerate(tables)
            )

        records = {part: rows(part) for part in ("spans", "links", "events", "logs")}
        return {
            "batches": batch_table(batches, count, source_id),
            **fresh.tables(),
            **records,
        }

    def drop_unused(self) -> None:
        """Delete shapes, resources and scopes that nothing stored refers to any more.

        Raises StoreError, with nothing deleted.
        """
        cursor = self.cursor()
        with self._lock:  # no write may be about to refer to them
            interned = self._load_interned()
            kinds = (
                ("resources", interned.resources),
                ("scopes", interned.scopes),
                ("shapes", interned.shapes),
            )
            for name, numbers in kinds:
                with transaction(cursor, self.path):
                    rows = cursor.execute(queries.text(f"store/unused_{name}")).fetchall()
                    ids = [row[0] for row in rows]
                    if ids:
                        cursor.execute(queries.text(f"store/delete_{name}"), {"ids": ids})
                numbers.drop(ids)

    def _load_count(self) -> Count:
        row = self.cursor().execute(queries.text("store/last_batch")).fetchone()
        return Count(*row) if row else Count(0, 0)

    def _load_interned(self) -> Interned:
        """What has a number; with the lock held."""
        if self._interned is not None:
            return self._interned
        from tracemap.batch import Resource, Scope, Shape
        from tracemap.tables import Interned

        cursor = self.cursor()

        def rows(name: str) -> list[tuple[Any, ...]]:
            return cursor.execute(queries.text(name)).fetchall()

        found = Interned()
        found.shapes.add({Shape(tuple(k), tuple(t)): n for n, k, t in rows("store/read_shapes")})
        found.resources.add(
            {Resource(s, tuple(v), *more): n for n, s, v, *more in rows("store/read_resources")}
        )
        found.scopes.add(
            {
                Scope(name, version, s, tuple(v), *more): n
                for n, name, version, s, v, *more in rows("store/read_scopes")
            }
        )
        for number, name, kind in rows("store/read_sources"):
            found.sources[(name, kind)] = number
        self._interned = found
        return found
