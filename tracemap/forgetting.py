"""Forgetting executions: their spans and logs, all that was concluded from them, and their bytes.

Rows go in one transaction, beside ingest. What DuckDB deletes stays in the file's blocks until they
are used again. So rows that stood near deleted ones are written anew, and free blocks are written
over. Nothing of it can be undone.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import duckdb
import orjson

from tracemap import queries
from tracemap.errors import NotFoundError
from tracemap.store import Store
from tracemap.transactions import transaction

GONE: Final = "(forgotten)"
#: Names shorter than this are only looked for where they stand alone: "7" is in many texts.
_TELLING: Final = 4
#: Seconds to wait for readers that keep a checkpoint from being made.
_PATIENCE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed, or would be."""

    executions: tuple[str, ...]
    spans: int  #: with all copies
    logs: int
    links: int  #: of spans that stay, to spans that go
    findings: int
    reports: int  #: saved ones that were changed
    shared: int  #: spans that other executions have a part in, too
    shared_removed: bool
    scrubbed: bool = False  #: whether the file's free blocks are written over


def forget(
    store: Store,
    key: str,
    value: str,
    refresh: Callable[[], object],
    *,
    shared: bool = False,
    dry_run: bool = False,
) -> Forgotten:
    """Remove the executions with ``value`` for ``key``; with ``dry_run`` say what that would be.

    Spans that other executions have a part in stay, unless ``shared``. ``refresh`` brings the
    analysis up to date. Raises NotFoundError when nothing has that value, StoreError with nothing
    removed.
    """
    refresh()
    redaction = store.redaction
    stored = redaction.stored(key, value) if redaction is not None else value
    values = sorted({value, stored or value})
    with store.deriving, store.cursor() as cursor, transaction(cursor, store.path):

        def run(name: str, **bound: object) -> duckdb.DuckDBPyConnection:
            return cursor.execute(queries.text(f"store/{name}"), bound or None)

        found = run("forget_executions", key=key, values=values).fetchall()
        executions = [str(row[0]) for row in found]
        if not executions:
            raise NotFoundError(
                f"nothing stored has {key}={value}", do="see 'tracemap executions list'"
            )
        names = sorted({*executions, *values})
        telling = [name for name in names if len(name) >= _TELLING]
        run("victim_forgotten", executions=executions, shared=shared)
        run("victim_logs", cutoff_ns=0)
        run("victim_links")
        run("victim_findings", executions=executions, names=telling)
        counts = (*_one(run("victim_count")), *_one(run("victim_rest")))
        spans, logs, links, findings = counts
        (also,) = _one(run("forget_shared", executions=executions))
        reports = _reports(run, executions, values, telling)
        told = Forgotten(
            tuple(executions), spans, logs, links, findings, len(reports), also, shared
        )
        if dry_run:
            return told
        run("victim_places")
        for name in ("mutes", "reported", "findings", "links"):
            run(f"forget_{name}")
        for name in ("events", "links", "logs", "spans"):
            run(f"delete_{name}")
        run("recount")
        run("delete_batches")
        for report_id, content in reports:
            run("update_report", report_id=report_id, content=content)
        run("lift_spans")
        run("clear_spans")
        for name in ("spans", "links", "events", "logs", "findings"):
            run(f"rewrite_{name}")
        run("drop_analysis")
    store.drop_unused()
    refresh()
    return replace(told, scrubbed=_scrub(store))


def _one(cursor: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    row = cursor.fetchone()
    assert row is not None
    return tuple(map(int, row))


def _reports(
    run: Callable[..., duckdb.DuckDBPyConnection],
    executions: Sequence[str],
    values: Sequence[str],
    telling: Sequence[str],
) -> list[tuple[int, str]]:
    """Saved reports that change: (report_id, JSON)."""
    changed = []
    names = [*executions, *values]
    word = re.compile("|".join(rf"(?<![\w-]){re.escape(t)}(?![\w-])" for t in telling) or r"(?!)")
    for report_id, content in run("reports_about", names=names).fetchall():
        without = _without(orjson.loads(content), frozenset(names), word)
        text = orjson.dumps(without).decode()
        if orjson.loads(text) != orjson.loads(content):
            changed.append((report_id, text))
    return changed


def _without(node: Any, names: frozenset[str], word: re.Pattern[str]) -> Any:
    """A report's JSON without what is about ``names``; elsewhere in a text they are struck out."""
    if isinstance(node, dict):
        return {key: _without(item, names, word) for key, item in node.items()}
    if isinstance(node, list):
        return [_without(item, names, word) for item in node if not _about(item, names)]
    if isinstance(node, str):
        return GONE if node in names else word.sub(GONE, node)
    return node


def _about(item: Any, names: frozenset[str]) -> bool:
    """Whether an entry of a report is about one of ``names``: a finding, an execution."""
    if not isinstance(item, dict):
        return False
    correlation = item.get("correlation")
    value = correlation.get("value") if isinstance(correlation, dict) else None
    return item.get("execution") in names or value in names


def _scrub(store: Store) -> bool:
    """Write over the blocks that nothing uses. False when readers kept it from being done."""
    with store.deriving, store.cursor() as cursor:
        try:
            with transaction(cursor, store.path):
                for name in ("resources", "scopes", "shapes"):
                    cursor.execute(queries.text(f"store/rewrite_{name}"))
            if not _checkpoint(store):
                return False
            (free,) = _one(cursor.execute(queries.text("store/free_bytes")))
            cursor.execute(queries.text("store/fill"), {"rows": free // 16 + 1})
            done = _checkpoint(store)
        finally:
            cursor.execute(queries.text("store/unfill"))
        return _checkpoint(store) and done


def _checkpoint(store: Store) -> bool:
    """Make a checkpoint, waiting for others to be done. False when they are not in time."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            store.checkpoint()
        except duckdb.TransactionException:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True
