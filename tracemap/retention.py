"""Deleting stored spans: by age, by size, and what goes with them.

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

from tracemap import queries
from tracemap.recovery import log_of
from tracemap.store import Store, transaction

#: Deleting by size stops at this share of what is allowed, so that it need not begin again at once.
_ROOM: Final = 0.9
#: What ``victim_old`` spares: executions that are open, none that is open, nothing.
_LEVELS: Final = (0, 1, 2)
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Deleted:
    """What was removed: spans with all copies, and the executions that they were part of."""

    spans: int = 0
    executions: tuple[str, ...] = ()
    findings: int = 0


def by_age(store: Store, before_ns: int, *, level: int = 0) -> Deleted:
    """Delete what was received before ``before_ns``; at level 0 whole executions that are done.

    The analysis must be up to date. Raises StoreError, with nothing deleted.
    """
    return delete(store, "victim_old", cutoff_ns=before_ns, level=level)


def by_size(store: Store, most: int, refresh: Callable[[], object]) -> Deleted:
    """Delete the oldest until at most ``most`` bytes are in use: done executions first, then open
    ones, then whatever is oldest. ``refresh`` brings the analysis up to date.
    """
    spans, executions, findings = 0, set[str](), 0
    for level in _LEVELS:
        for _ in range(_ROUNDS):
            size = used_bytes(store)
            if size <= most:
                break
            with store.cursor() as cursor:
                found = _value(cursor, "oldest_share", share=1 - _ROOM * most / size)
            deleted = by_age(store, found, level=level)
            if not deleted.spans:
                break
            spans += deleted.spans
            executions |= set(deleted.executions)
            findings += deleted.findings
            refresh()
            tidy(store)
    return Deleted(spans, tuple(sorted(executions)), findings)


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
        if old.spans:
            refresh()
            tidy(store)
    if most is not None:
        large = by_size(store, most, refresh)
    return Deleted(
        old.spans + large.spans,
        tuple(sorted({*old.executions, *large.executions})),
        old.findings + large.findings,
    )


def delete(store: Store, victims: str, **params: object) -> Deleted:
    """Delete the spans that the statement ``store/<victims>`` puts into the table ``victim``."""
    with store.deriving, store.cursor() as cursor, transaction(cursor, store.path):

        def run(name: str, **bound: object) -> duckdb.DuckDBPyConnection:
            return cursor.execute(queries.text(f"store/{name}"), bound or None)

        run(victims, **params)
        spans = _value(cursor, "victim_count")
        if not spans:
            return Deleted()
        executions = [str(row[0]) for row in run("victim_executions").fetchall()]
        run("delete_mutes", executions=executions)
        (findings,) = run("delete_findings", executions=executions).fetchone() or (0,)
        for name in ("delete_events", "delete_links", "delete_spans", "recount", "delete_batches"):
            run(name)
        return Deleted(spans, tuple(executions), findings)


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
