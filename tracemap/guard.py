"""A person's SQL: one SELECT that can only read tables, within limits (design section 4).

Four fences, because each alone has a gap. The *syntax tree* is walked before anything is bound:
one SELECT, only tables and views that exist, no function that reaches outside or makes something
huge out of nothing. The *transaction* is read-only, so that a writing statement hidden in a
``WITH`` fails in the engine. The *configuration* of the instance is locked with external access
off (``harden``). And a *watch* interrupts what takes too long or too much.

What remains: DuckDB notices an interrupt only between chunks of rows, and the memory limit does
not count what one scalar function allocates. The functions known to abuse that are refused.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any, Final

import duckdb

from tracemap import queries
from tracemap.errors import InputError, LimitError, StoreError, TooLargeError
from tracemap.reads import Answer, Limits
from tracemap.rows import Rows

#: Longer texts are refused before they are parsed.
MAX_TEXT: Final = 50_000
#: Rows are read in chunks of this many, so that a limit is noticed early.
CHUNK_ROWS: Final = 10_000
#: How often the watch looks at the instance's memory, in seconds.
WATCH_INTERVAL: Final = 0.05

_TABLE_FUNCTIONS: Final = frozenset(
    {"range", "generate_series", "unnest", "json_each", "json_tree"}
    | {"duckdb_columns", "duckdb_tables", "duckdb_views", "duckdb_functions", "pragma_table_info"}
)
_QUERY_NODES: Final = frozenset(
    {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
)
_TABLE_REFS: Final = frozenset(
    {"BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "EMPTY_FROM"}
    | {"CTE", "PIVOT", "SHOW_REF"}
)
_SHOWN: Final = frozenset({"tables", "databases", "schemas", "variables"})

#: Functions that change something, wait, look outside the tables, or run text as SQL.
_REFUSED: Final = frozenset(
    {"sleep_ms", "pg_sleep", "write_log", "nextval", "currval", "setval", "setseed"}
    | {"getvariable", "getenv", "current_setting", "json_execute_serialized_sql", "query"}
    | {"query_table", "stats"}
    # A value nested deep enough ends the whole process in these (tried up to 200,000 levels), and
    # this one builds a matrix of its two texts.
    | {"json_contains", "json_transform", "json_transform_strict", "from_json", "from_json_strict"}
    | {"json_serialize_sql", "json_deserialize_sql", "json_serialize_plan", "damerau_levenshtein"}
)
#: The same with these, and with casts to VARIANT.
_REFUSED_PREFIX: Final = "variant_"
#: Grouping sets are hash tables each, and CUBE doubles them; long paths are bound in cubic time.
_MAX_GROUPING_SETS: Final = 64
_MAX_PATH: Final = 20
#: Functions whose result is as long as a number says: that number must be written out and small.
_SIZED: Final = frozenset({"repeat", "lpad", "rpad", "list_resize", "array_resize", "bitstring"})
_MAX_SIZE: Final = 10_000
#: Functions that make a list out of two numbers; as tables they are read in chunks.
_SERIES: Final = frozenset({"range", "generate_series"})
#: Functions whose width stands in a format text.
_FORMATS: Final = frozenset({"format", "printf"})
_WIDE: Final = re.compile(r"\d{4,}|[{*][^}]*\{|\*")


def harden(cursor: duckdb.DuckDBPyConnection) -> None:
    """Close the whole instance against files, extensions and changes of its configuration.

    Once per process and instance; it cannot be undone while the database is open.
    """
    for name in ("harden_share", "harden_scans", "harden_access", "harden_lock"):
        cursor.execute(queries.text(f"guard/{name}"))


def run(cursor: duckdb.DuckDBPyConnection, text: str, limits: Limits) -> Answer:
    """Run a person's SELECT on a cursor of its own.

    Raises InputError for what is no single read-only SELECT or does not bind, LimitError when it
    takes too long or too much memory, TooLargeError for a text that is too long.
    """
    check(cursor, text)
    cursor.execute(queries.text("guard/memory_share"))
    cursor.execute(queries.text("guard/begin_reading"))
    try:
        return select(cursor, text, limits)
    finally:
        cursor.rollback()


def select(
    cursor: duckdb.DuckDBPyConnection,
    text: str,
    limits: Limits,
    params: Mapping[str, object] | None = None,
) -> Answer:
    """Run a SELECT that was checked, in the caller's transaction. Raises as ``run`` does."""
    import pyarrow as pa

    with _watched(cursor, limits) as watch:
        try:
            return _read(cursor, text, limits, params)
        except duckdb.Error as error:
            raise watch.reason() or _explained(error) from error
        except (pa.ArrowException, OSError) as error:  # so errors arrive while rows are read
            raise watch.reason() or InputError(_first_line(error)) from error


def check(
    cursor: duckdb.DuckDBPyConnection, text: str, tables: Collection[str] | None = None
) -> None:
    """Refuse everything but one SELECT from known tables. Raises InputError, TooLargeError.

    ``tables``: the only schemas ("derived") and tables ("store.span") that may be named.
    """
    if len(text) > MAX_TEXT:
        raise TooLargeError(
            f"the statement has {len(text):,} characters, at most {MAX_TEXT:,} are read",
            do="select less, or use the Python API",
        )
    if "\0" in text:
        raise InputError("the statement has a NUL character in it")
    try:
        statements = cursor.extract_statements(text)
    except duckdb.Error as error:
        raise _explained(error) from error
    if len(statements) != 1:
        what = "there is no statement" if not statements else "more than one statement"
        raise InputError(what, do="give one SELECT")
    kind = statements[0].type.name
    if kind != "SELECT":
        raise _not_a_select(kind)
    row = cursor.execute(queries.text("guard/parse_select"), {"text": text}).fetchone()
    try:
        tree = json.loads(row[0]) if row else {"error": True}
    except RecursionError:
        raise InputError("the statement is nested too deep", do="join or nest less") from None
    if tree.get("error"):
        raise _not_a_select("statement")
    relations = _relations(cursor)
    if tables is not None:
        relations = frozenset(r for r in relations if r[0] in tables or ".".join(r) in tables)
    _Walk(relations).visit(tree["statements"])


def _not_a_select(kind: str) -> InputError:
    return InputError(
        f"this door is read-only, and {kind} is not a SELECT",
        do="give one SELECT; data comes in through 'tracemap serve' and 'tracemap import'",
    )


def _relations(cursor: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, str]]:
    return frozenset(cursor.execute(queries.text("guard/relations")).fetchall())


class _Walk:
    """Looks at every node of a serialized statement."""

    def __init__(self, relations: frozenset[tuple[str, str]]) -> None:
        self._relations = relations
        self._names = {name for schema, name in relations if schema == "main"}
        self._ctes: set[str] = set()

    def visit(self, tree: object) -> None:
        for node in _dicts(tree):
            if "cte_map" in node:
                self._ctes |= {str(e["key"]).lower() for e in node["cte_map"].get("map", ())}
        for node in _dicts(tree):
            self._node(node)

    def _node(self, node: dict[str, Any]) -> None:
        kind = str(node.get("type", ""))
        if "cte_map" in node and kind not in _QUERY_NODES:
            raise _not_a_select(kind.removesuffix("_QUERY_NODE").removesuffix("_NODE"))
        _extent(node)
        if "function_name" in node and node.get("class") in ("FUNCTION", "WINDOW"):
            _function(node)
        elif "class" not in node and "alias" in node and "sample" in node:
            self._table(kind, node)

    def _table(self, kind: str, node: dict[str, Any]) -> None:
        if kind not in _TABLE_REFS:
            raise InputError(f"{kind.lower().replace('_', ' ')} is not allowed here")
        if kind == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name", "")).lower()
            if name not in _TABLE_FUNCTIONS:
                raise InputError(
                    f"the table function {name}() is not allowed here",
                    do="select from the views: tracemap sql 'SHOW TABLES' lists them",
                )
            # The call itself is a table of rows read in chunks; only its arguments are checked.
            node["function"]["function_name"] = ""
        elif kind == "BASE_TABLE":
            self._base_table(node)
        elif kind == "SHOW_REF" and node.get("query") is None:
            name = str(node.get("table_name", "")).strip('"').lower()
            if name not in _SHOWN and name not in self._names:
                raise self._unknown(name)

    def _base_table(self, node: dict[str, Any]) -> None:
        name = str(node.get("table_name", "")).lower()
        schema = str(node.get("schema_name", "")).lower()
        known = (schema, name) in self._relations if schema else name in self._names | self._ctes
        if not known:
            raise self._unknown(f"{schema}.{name}" if schema else name)

    def _unknown(self, name: str) -> InputError:
        names = self._names or {".".join(relation) for relation in self._relations}
        near = get_close_matches(name[:200], sorted(names), n=1)
        return InputError(
            f"there is no table or view {name!r}",
            do=f"did you mean {near[0]!r}?" if near else "tracemap sql 'SHOW TABLES' lists them",
        )


def _dicts(tree: object) -> Iterator[dict[str, Any]]:
    """Every JSON object in the tree, outer ones first."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            yield node
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)


def _extent(node: dict[str, Any]) -> None:
    """Refuse what is short to write and without bounds to run."""
    if node.get("class") == "TYPE" and str(node.get("type_name")).upper() == "VARIANT":
        raise InputError("the type VARIANT is not allowed here", do="attributes are JSON: a->>'b'")
    if len(node.get("group_sets") or ()) > _MAX_GROUPING_SETS:
        raise InputError(f"there are more than {_MAX_GROUPING_SETS} grouping sets")
    if len(node.get("column_names") or ()) > _MAX_PATH:
        raise InputError(f"a name has more than {_MAX_PATH} parts")


def _function(node: dict[str, Any]) -> None:
    name = str(node["function_name"]).lower()
    if name in _REFUSED or name.startswith(_REFUSED_PREFIX):
        raise InputError(f"the function {name}() is not allowed here")
    if name in _SERIES:
        raise InputError(
            f"{name}() makes a whole list in memory", do=f"use it as a table: FROM {name}(...)"
        )
    arguments = [_constant(a) for a in _arguments(node)]
    if name in _SIZED:
        numbers = [a for a in arguments[1:2] if isinstance(a, int)]
        if len(numbers) != 1 or numbers[0] > _MAX_SIZE:
            raise InputError(
                f"{name}() takes a size that is written out and at most {_MAX_SIZE:,} here"
            )
    if name in _FORMATS and (
        not arguments or not isinstance(arguments[0], str) or _WIDE.search(arguments[0])
    ):
        raise InputError(f"{name}() takes a format that is written out, with widths below 1000")


def _arguments(node: dict[str, Any]) -> list[Any]:
    found = node.get("arguments")
    if not isinstance(found, list):
        found = node.get("children")
    return found if isinstance(found, list) else []


def _constant(argument: Any) -> str | int | None:
    """The text or whole number that an argument is, when it is one written out."""
    if isinstance(argument, dict) and "expression" in argument:
        if argument.get("name"):  # named arguments may stand in any order
            return None
        argument = argument["expression"]
    literal = argument.get("literal") if isinstance(argument, dict) else None
    if not isinstance(literal, dict):
        return None
    text = str(literal.get("text", ""))
    if literal.get("kind") == "INTEGER" and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text if literal.get("kind") in ("STRING", "VARCHAR") else None


def _read(
    cursor: duckdb.DuckDBPyConnection,
    text: str,
    limits: Limits,
    params: Mapping[str, object] | None,
) -> Answer:
    # Its reader takes a number of rows. What DuckDB streams of its own accord comes in batches so
    # large that a limit would be noticed too late; so this is the one answer that needs pyarrow.
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    rows = size = 0
    # Closed at the end, however it comes: an open result would keep the cursor to itself.
    with cursor.sql(text, params=dict(params or {}) or None).to_arrow_reader(CHUNK_ROWS) as reader:
        for batch in reader:
            batches.append(batch.slice(0, limits.rows - rows))
            rows += batch.num_rows
            size += batch.nbytes
            if size > limits.result_bytes:
                raise LimitError(
                    f"the result is larger than {limits.result_bytes >> 20} MB",
                    do="select fewer rows or columns",
                )
            if rows > limits.rows:
                break
        table = pa.Table.from_batches(batches, schema=reader.schema)
        return Answer(Rows.of(table), rows > limits.rows)


class _Watch:
    """Interrupts one cursor at its deadline, or when the instance's memory has grown too much."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, limits: Limits) -> None:
        self._cursor = cursor
        self._eye = cursor.cursor()
        self._limits = limits
        self._done = threading.Event()
        self._reason: LimitError | None = None
        self._base = self._in_use()
        self._thread = threading.Thread(target=self._look, name="tracemap-sql-watch", daemon=True)
        self._thread.start()

    def reason(self) -> LimitError | None:
        """Why the statement was interrupted, if it was."""
        return self._reason

    def stop(self) -> None:
        self._done.set()
        self._thread.join()
        self._eye.close()

    def _in_use(self) -> tuple[int, int]:
        row = self._eye.execute(queries.text("guard/memory_in_use")).fetchone()
        return (int(row[0]), int(row[1])) if row else (0, 0)

    def _look(self) -> None:
        deadline = time.monotonic() + self._limits.seconds
        while not self._done.wait(WATCH_INTERVAL):
            if time.monotonic() > deadline:
                self._reason = LimitError(
                    f"the statement took longer than {self._limits.seconds:g} s",
                    do="select from fewer rows: add a WHERE or a LIMIT",
                )
            else:
                self._reason = self._reason or self._too_much()
            if self._reason:
                # Again and again: an interrupt between two statements of the cursor is lost.
                self._cursor.interrupt()

    def _too_much(self) -> LimitError | None:
        memory, temporary = (
            now - then for now, then in zip(self._in_use(), self._base, strict=True)
        )
        if memory <= self._limits.memory_bytes and temporary <= self._limits.temporary_bytes:
            return None
        return LimitError(
            "the statement needs more memory than a query may take from the collector",
            do="aggregate or select fewer rows",
        )


@contextmanager
def _watched(cursor: duckdb.DuckDBPyConnection, limits: Limits) -> Iterator[_Watch]:
    watch = _Watch(cursor, limits)
    try:
        yield watch
    finally:
        watch.stop()


def _explained(error: duckdb.Error) -> Exception:
    if isinstance(error, duckdb.OutOfMemoryException):
        return LimitError(
            "the statement needs more memory than there is", do="aggregate or select fewer rows"
        )
    if isinstance(error, (duckdb.IOException, duckdb.InternalException)):
        return StoreError(f"the database could not be read: {_first_line(error)}")
    near = _NEAR.search(str(error))
    return InputError(_first_line(error), do=f"did you mean {near[1]!r}?" if near else None)


#: How DuckDB says what might have been meant.
_NEAR: Final = re.compile(r'(?:Did you mean|Candidate bindings:) "([^"]+)"')


def _first_line(error: Exception) -> str:
    """DuckDB's message without its picture of the statement."""
    text = str(error).strip().split("\n")[0].strip()
    return text.removeprefix("Binder Error: ").removeprefix("Parser Error: ") or "it failed"
