"""Running the rules: every file of ``queries/detect`` is one, and so is a user's own.

A rule selects findings in a fixed shape; ``queries/build/effect`` then keeps one root finding a
cause and lists what follows from it, and ``finding_raw`` names execution and team.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

import duckdb
import pyarrow as pa

from tracemap import guard, own_rules, queries, tracing
from tracemap.build import Build, parsed
from tracemap.errors import InputError, TracemapError
from tracemap.own_rules import RuleFailedError
from tracemap.queries import Rule, Value, header
from tracemap.reads import Limits
from tracemap.settings import RuleText, Settings

_DO: Final = "correct the rule's SQL"

#: The columns that every rule selects, in any order (see CONTRIBUTING.md).
RULE_SHAPE: Final = pa.schema(
    {
        "anchor": pa.string(),  # text that names the trouble, stable under arrival order
        "eids": pa.list_(pa.int64()),  # the executions concerned, the first is the finding's own
        "service": pa.string(),
        "step": pa.string(),
        "owner_kind": pa.string(),  # with owner_name and owner_namespace: whose team is told
        "owner_name": pa.string(),
        "owner_namespace": pa.string(),
        "trace_id": pa.string(),  # a UUID
        "span_ids": pa.list_(pa.uint64()),
        "since_ns": pa.int64(),  # since when, ns UTC
        "seen_ns": pa.int64(),  # up to when the data shows it, ns UTC
        "message": pa.string(),
        "evidence": pa.string(),  # JSON object
        "next_action": pa.string(),
    }
)


#: Families with findings of services and sources, not of executions: a whole analysis finds them.
STORE_WIDE = frozenset({"ownership", "data"})


#: What a rule of the user's own may use; it shares the process with the collector.
LIMITS: Final = Limits(rows=10_000, seconds=60.0, result_bytes=64 * 2**20)
#: What it may read: what an analysis concludes, and of what was received all but the settings.
TABLES: Final = frozenset(
    {"derived"}
    | {f"store.{table}" for table in ("span", "link", "event", "log", "resource", "scope")}
    | {f"store.{table}" for table in ("shape", "source", "batch")}
)


@tracing.traced("detect")
def detect(build: Build, settings: Settings) -> None:
    """Run our rules and the user's own into ``derived.finding_raw``.

    Raises InputError for a rule of ours that fails or does not select the shape, and
    RuleFailedError for such a rule of the user's own.
    """
    build.run("found")
    own = own_rules.running(settings)
    for rule in (*queries.rules(), *own):
        if build.sight in ("whole", "given") or rule.family not in STORE_WIDE:
            with tracing.span(f"rule {rule.code}"):
                (_run_own if rule in own else _run)(build, rule, settings)
    build.run("unrun")
    build.run("effect")
    build.run("finding_raw")
    build.run("finding_execution")
    build.run("ownership/finding_contact")


def check_own(cursor: duckdb.DuckDBPyConnection, texts: Sequence[RuleText], grace_ns: int) -> None:
    """Try rules of the user's own on the last analysis. Raises InputError, LimitError."""
    for text, rule in zip(texts, own_rules.parse(texts), strict=True):
        cursor.execute(queries.text("guard/begin_reading"))
        try:
            _select_own(cursor, rule, grace_ns)
        except InputError as error:
            line = _line(cursor, error, rule, _bound(rule, grace_ns))
            above = text.text[: text.text.find(rule.sql)].count("\n")
            where = f"{rule.where}:{above + line}" if line else rule.where
            raise type(error)(error.what, where=where, do=error.do) from error
        finally:
            cursor.rollback()


def _line(
    cursor: duckdb.DuckDBPyConnection, error: BaseException, rule: Rule, bound: dict[str, Value]
) -> int:
    """The line of the statement at which DuckDB's message points; 0 where it does not."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, duckdb.Error):
        cause = cause.__cause__
    if isinstance(cause, duckdb.BinderException | duckdb.CatalogException):
        try:  # ``sql`` does not say where, ``execute`` does
            cursor.execute(rule.sql, bound or None)
        except duckdb.Error as located:
            cause = located
    found = re.search(r"^LINE (\d+):", str(cause), re.MULTILINE)
    return int(found[1]) if found else 0


def _run(build: Build, rule: Rule, settings: Settings) -> None:
    try:
        bound = _bound(rule, settings.grace_ns)
        # Not by ``sql``, which parses and binds once more: most of the cost where little is found.
        answer = build.cursor.execute(parsed(build.cursor, rule.sql), bound or None)
        names = [column[0] for column in answer.description or ()]
        rows = answer.fetchall()
    except duckdb.Error as error:
        raise InputError(str(error), where=rule.where, do=_DO) from error
    _shaped(rule, names)
    _add(build, rule, _table(names, rows))


def _table(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows of that shape."""
    columns = dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else {}
    if columns:
        columns["trace_id"] = tuple(None if t is None else str(t) for t in columns["trace_id"])
    return pa.table(
        [pa.array(columns.get(field.name, ()), field.type) for field in RULE_SHAPE],
        schema=RULE_SHAPE,
    )


def _run_own(build: Build, rule: Rule, settings: Settings) -> None:
    try:
        _add(build, rule, _select_own(build.cursor, rule, settings.grace_ns))
    except TracemapError as error:
        raise RuleFailedError(rule.name, str(error)) from error
    except duckdb.Error as error:
        raise RuleFailedError(rule.name, str(error).split("\n", 1)[0]) from error


def _select_own(cursor: duckdb.DuckDBPyConnection, rule: Rule, grace_ns: int) -> pa.Table:
    """What it finds. Raises InputError with the line in its file, LimitError."""
    try:
        guard.check(cursor, rule.sql, TABLES)
        answer = guard.select(cursor, rule.sql, LIMITS, _bound(rule, grace_ns))
    except InputError as error:
        raise type(error)(error.what, where=rule.where, do=error.do or _DO) from error
    if answer.truncated:
        raise InputError(
            f"it finds more than {LIMITS.rows:,} times the same",
            where=rule.where,
            do="group what it finds",
        )
    found = pa.table(answer.rows)
    _shaped(rule, found.column_names)
    _typed(rule, found)
    return found


def _bound(rule: Rule, grace_ns: int) -> dict[str, Value]:
    params = queries.bindings(rule.params, {})
    ambient = {"grace_ns": grace_ns}
    return {n: ambient.get(n, params.get(n)) for n in header.bound_names(rule.sql)}


def _shaped(rule: Rule, names: Sequence[str]) -> None:
    if set(names) != set(RULE_SHAPE.names):
        odd = ", ".join(sorted(set(RULE_SHAPE.names) ^ set(names)))
        raise InputError(
            f"a rule selects a fixed shape; missing or too many: {odd}",
            where=rule.where,
            do="see 'A rule' in CONTRIBUTING.md",
        )


def _typed(rule: Rule, found: pa.Table) -> None:
    """What later statements count on, of a rule that nobody has tested."""
    for name in ("anchor", "message"):
        if found.column(name).null_count:
            raise InputError(f"{name} is null in a finding", where=rule.where, do="say what it is")
    for text in found.column("evidence").to_pylist():
        try:
            well = text is None or isinstance(json.loads(text), dict)
        except (TypeError, ValueError, RecursionError):
            well = False
        if not well:
            raise InputError(
                "the evidence of a finding is no JSON object",
                where=rule.where,
                do="build it with json_object('name', value, ...)",
            )


def _add(build: Build, rule: Rule, found: pa.Table) -> None:
    if not found.num_rows:
        return
    build.cursor.register("incoming_found", found)
    build.run("found_add", rule=rule.code, family=rule.family, severity=rule.severity)
    build.cursor.unregister("incoming_found")
