"""Deleting stored spans and logs: by age, by size, and what goes with them.

Rows are deleted in one transaction beside ingest, which goes on. DuckDB gives their blocks to later
rows at the next checkpoint, so that the file stops growing; it does not shrink.

Age is counted from when spans were received, by our own clock: a recording of last year lives as
long as what came in with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from tracemap import queries, tracing
from tracemap.recovery import log_of
from tracemap.store import Store
from tracemap.transactions import transaction

#: Deleting by size stops at this share of what is allowed, so that it need not begin again at once.
_ROOM: Final = 0.9
#: What ``victim_old`` spares: executions that are open, none that is open, nothing.
_LEVELS: Final = (0, 1, 2)
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was removed: spans with all copies, log records, and the executions of these spans."""

    spans: int = 0
    executions: tuple[str, ...] = ()
    findings: int = 0
    logs: int = 0

    @property
    def rows(self) -> int:
        """Spans and log records."""
        return self.spans + self.logs

    def __add__(self, other: Deleted) -> Deleted:
        return Deleted(
            self.spans + other.spans,
            tuple(sorted({*self.executions, *other.executions})),
            self.findings + other.findings,
            self.logs + other.logs,
        )


def by_age(store: Store, before_ns: int, *, level: int = 0) -> Deleted:
    """Delete what was received before ``before_ns``; at level 0 whole executions that are done.

    The analysis must be up to date. Raises StoreError, with nothing deleted.
    """
    return delete(store, "victim_old", cutoff_ns=before_ns, level=level)


def by_size(store: Store, most: int, refresh: Callable[[], object]) -> Deleted:
    """Delete the oldest until at most ``most`` bytes are in use: done executions first, then open
    ones, then whatever is oldest. ``refresh`` brings the analysis up to date.
    """
    gone = Deleted()
    for level in _LEVELS:
        for _ in range(_ROUNDS):
            size = used_bytes(store)
            if size <= most:
                break
            with store.cursor() as cursor:
                found = _value(cursor, "oldest_share", share=1 - _ROOM * most / size)
            deleted = by_age(store, found, level=level)
            if not deleted.rows:
                break
            gone += deleted
            refresh()
            tidy(store)
    return gone


def keep(
    store: Store,
    refresh: Callable[[], object],
    *,
    now_ns: int,
    keep_ns: int | None,
    most: int | None,
) -> Deleted:
    """Delete what is older than ``keep_ns``, and the oldest of what is more than ``most`` bytes.

    ``refresh`` brings the analysis up to date. Raises StoreError.
    """
    old = large = Deleted()
    refresh()
    if keep_ns is not None:
        old = by_age(store, now_ns - keep_ns)
        if old.rows:
            refresh()
            tidy(store)
    if most is not None:
        large = by_size(store, most, refresh)
    return old + large


@tracing.traced("delete")
def delete(store: Store, victims: str, *, cutoff_ns: int, **params: object) -> Deleted:
    """Delete the spans that the statement ``store/<victims>`` puts into the table ``victim``.

    With them go the log records that belong to them, and to nothing and older than ``cutoff_ns``.
    """
    with store.deriving, store.cursor() as cursor, transaction(cursor, store.path):

        def run(name: str, **bound: object) -> duckdb.DuckDBPyConnection:
            return cursor.execute(queries.text(f"store/{name}"), bound or None)

        run(victims, cutoff_ns=cutoff_ns, **params)
        run("victim_logs", cutoff_ns=cutoff_ns)
        spans, logs = run("victim_count").fetchone() or (0, 0)
        if not spans + logs:
            return Deleted()
        executions = [str(row[0]) for row in run("victim_executions").fetchall()]
        run("delete_mutes", executions=executions)
        (findings,) = run("delete_findings", executions=executions).fetchone() or (0,)
        for name in ("events", "links", "logs", "spans"):
            run(f"delete_{name}")
        run("recount")
        run("delete_batches")
        return Deleted(spans, tuple(executions), findings, logs)


def tidy(store: Store) -> None:
    """After deleting: drop what nothing refers to any more, and give blocks back for use.

    A checkpoint that finds others at work is left to the next time.
    """
    store.drop_unused()
    with store.deriving:
        try:
            store.checkpoint()
        except duckdb.TransactionException:
            return


def used_bytes(store: Store) -> int:
    """Bytes that the database uses in its file, and those of the log beside it."""
    with store.cursor() as cursor:
        used = _value(cursor, "used_bytes")
    log = log_of(store.path)
    return used + (log.stat().st_size if log.exists() else 0)


def _value(cursor: duckdb.DuckDBPyConnection, name: str, **params: Any) -> int:
    row = cursor.execute(queries.text(f"store/{name}"), params or None).fetchone()
    return int(row[0]) if row else 0
