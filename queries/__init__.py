"""Every SQL statement of tracemap, found by name: ``text("build/membership")``.

A *room* is a folder. The rooms below hold statements in the order in which they run, and that
order is written here: **a new file is one new line**. ``detect`` and ``explore`` are open rooms:
any file with a valid header belongs to them, ours or a user's own (see ``rules``, ``explore``).

``check()`` compares names and files in both directions, so that a file nobody sequenced, or a name
nobody wrote, fails at start and not in the middle of a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tracemap.errors import InputError, NotFoundError, RegistryError
from tracemap.queries import header
from tracemap.queries.header import Param, Query, Rule, Value

__all__ = [
    "API",
    "BUILD",
    "GUARD",
    "LIFECYCLE",
    "OPEN",
    "OWNERS",
    "OWNERSHIP",
    "REPORT",
    "ROOMS",
    "RULE_PARAMS",
    "SCHEMA",
    "STORE",
    "Param",
    "Query",
    "Rule",
    "Value",
    "bindings",
    "check",
    "explore",
    "room",
    "rules",
    "text",
]

#: Tables, macros and public views, in the order of their creation.
SCHEMA: Final[tuple[str, ...]] = (
    "store_schema",
    "derived_schema",
    "meta",
    "setting",
    "source",
    "batch",
    "shape",
    "resource",
    "scope",
    "span",
    "link",
    "event",
    "declaration",
    "team",
    "finding",
    "report",
    "hex_span_id",
    "hex_trace_id",
    "utc",
    "attribute_json",
    "kind_name",
    "kset_id",
    "wilson_lower",
    "is_dead_letter",
    "findings",
)

#: Writing, reading and pruning of what was received. Not run in order: an order of reading.
STORE: Final[tuple[str, ...]] = (
    "checkpoint",
    "count_objects",
    "delete_setting",
    "has_meta",
    "has_analysis",
    "inputs",
    "last_analysis",
    "insert_batch",
    "insert_events",
    "insert_links",
    "insert_meta",
    "insert_resources",
    "insert_scopes",
    "insert_setting",
    "insert_shapes",
    "insert_source",
    "insert_spans",
    "last_batch",
    "missing_rows",
    "read_meta",
    "read_resources",
    "read_scopes",
    "read_setting",
    "read_shapes",
    "read_sources",
)

#: Spans -> links -> membership -> executions -> steps -> hand-offs -> model, in this order.
BUILD: Final[tuple[str, ...]] = (
    "step_name",
    "shape_field",
    "span_copies",
    "span",
    "link",
    "trace",
    "horizon",
    "service_attribute",
    "producer",
    "taker",
    "join_causal",
    "join_message_id",
    "join_offset",
    "join_identity",
    "join_nested",
    "engine_key",
    "key_candidate",
    "span_count",
    "key_value",
    "key_statistics",
    "key_overlap",
    "user_key",
    "user_key_add",
    "key",
    "keyed",
    "identity",
    "own",
    "member_empty",
    "kset_empty",
    "climb_from_own",
    "climb_from_seed",
    "climb_from_entry",
    "climb_pointers",
    "climb_hit",
    "climb_jump",
    "climb_left",
    "beside",
    "child",
    "resolve_start",
    "identity_ranks",
    "resolve_rank",
    "seed_own",
    "kset_add",
    "member_seed",
    "member_near",
    "trace_agreement",
    "member_trace",
    "seed_descendants",
    "seed_outside",
    "seeds_left",
    "component_start",
    "component_edge",
    "component_step",
    "component_changed",
    "component_take",
    "identity_trace",
    "member_rest",
    "span_set",
    "set_identity",
    "span_step",
    "message",
    "join_correlation",
    "step",
    "reception",
    "virtual_step",
    "step_identity",
    "head",
    "run_start",
    "execution_run",
    "execution_base",
    "workflow",
    "parent_execution",
    "execution",
    "execution_step",
    "handoff",
    "handoff_correlation",
    "model_workflow",
    "matured",
    "model_step",
    "model_next",
    "model_destination",
    "caller_type",
    "waiting",
    "missing_parent",
    "expected_next",
    "ending",
    "open_item",
    "execution_state",
    "service_silence",
    "custody",
    "found",
    "found_add",
    "effect",
    "finding_raw",
    "finding_execution",
    "analysis",
)

#: The public views, in the order of their creation; they read schema derived.
VIEWS: Final[tuple[str, ...]] = (
    "spans",
    "links",
    "events",
    "custody",
    "executions",
    "execution_spans",
    "steps",
    "handoffs",
    "messages",
    "owners",
    "keys",
    "workflow_steps",
    "workflow_edges",
    "analysis",
)

#: Who owns what, in this order (``tracemap.ownership.resolve_owners``).
OWNERSHIP: Final[tuple[str, ...]] = (
    "team",
    "declared",
    "service",
    "service_team",
    "destination",
    "peer",
    "workflow",
    "owner",
)

#: Writing and asking about declarations and owners. Not run in order: an order of reading.
OWNERS: Final[tuple[str, ...]] = (
    "delete_declarations",
    "delete_teams",
    "explain",
    "insert_declarations",
    "insert_teams",
    "names",
    "paths",
)

#: Findings from one run to the next: new, ongoing, resolved, muted.
LIFECYCLE: Final[tuple[str, ...]] = ("by_id", "merge", "mute", "stamp")

#: What the reconciliation report counts.
REPORT: Final[tuple[str, ...]] = ()

#: What the Python API reads; every one a SELECT that a client of the server may name.
API: Final[tuple[str, ...]] = (
    "analysis",
    "custody",
    "custody_totals",
    "execution_members",
    "executions",
    "findings",
    "handoffs",
    "keys",
    "messages",
    "nearest_executions",
    "owners",
    "resolve",
    "resolve_attribute",
    "resolve_ids",
    "spans",
    "steps",
    "workflow_edges",
    "workflow_steps",
    "workflows",
)

#: What guards a person's own SQL.
GUARD: Final[tuple[str, ...]] = (
    "begin_reading",
    "harden_access",
    "harden_lock",
    "harden_scans",
    "harden_share",
    "memory_in_use",
    "memory_share",
    "parse_select",
    "relations",
)

#: Room -> its names, in order. A new room is one more line.
ROOMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "schema": SCHEMA,
        "store": STORE,
        "build": BUILD,
        "views": VIEWS,
        "ownership": OWNERSHIP,
        "owners": OWNERS,
        "lifecycle": LIFECYCLE,
        "report": REPORT,
        "api": API,
        "guard": GUARD,
    }
)

#: Rooms where every file with a valid header belongs.
OPEN: Final[tuple[str, ...]] = ("detect", "explore")

#: Parameters that detection binds for every rule; a rule need not declare them.
RULE_PARAMS: Final[frozenset[str]] = frozenset({"grace_ns"})

_HERE: Final = Path(__file__).parent


def text(name: str) -> str:
    """The statement of ``queries/<room>/<name>.sql``, header and comments included.

    ``name`` is ``"room/name"``. Raises NotFoundError when there is no such name.
    """
    return _read(name)


@cache
def _read(name: str) -> str:
    where, _, stem = name.partition("/")
    if stem not in (ROOMS[where] if where in ROOMS else _stems(_HERE / where, where)):
        raise _unknown(name)
    path = _HERE / where / f"{stem}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _without_file(name) from None


def room(name: str) -> tuple[str, ...]:
    """The full names of a room's statements, in order: ``("schema/spans", ...)``."""
    if name in ROOMS:
        return tuple(f"{name}/{stem}" for stem in ROOMS[name])
    if name in OPEN:
        return tuple(f"{name}/{stem}" for stem in _stems(_HERE / name, name))
    raise NotFoundError(f"there is no room {name!r} in queries/")


def rules(folder: Path | None = None) -> tuple[Rule, ...]:
    """The rules, by code: ours, or those in a user's own ``folder``.

    Raises InputError for a header that does not say what it must, or a code used twice.
    """
    found = sorted(_rules(folder or _HERE / "detect"), key=lambda rule: rule.code)
    for first, second in pairwise(found):
        if first.code == second.code:
            raise InputError(f"{first.code} is also the code of {first.where}", where=second.where)
    return tuple(found)


def explore(folder: Path | None = None) -> tuple[Query, ...]:
    """The named queries for people, by name: ours, or those in a user's own ``folder``."""
    return _queries(folder or _HERE / "explore")


@cache
def _rules(folder: Path) -> tuple[Rule, ...]:
    return tuple(
        header.rule(stem, content, where, RULE_PARAMS) for stem, content, where in _files(folder)
    )


@cache
def _queries(folder: Path) -> tuple[Query, ...]:
    return tuple(header.query(stem, content, where) for stem, content, where in _files(folder))


def bindings(params: tuple[Param, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """What to bind: the defaults, overridden by what was ``given``.

    Text given for a number or a truth value is read as one. Raises InputError for a name the
    query does not have, a value of the wrong type, or a required parameter that is missing.
    """
    known = {param.name: param for param in params}
    for name in given:
        if name not in known:
            raise InputError(
                f"there is no parameter {name!r}",
                do=f"the parameters are {', '.join(known)}" if known else "it takes none",
            )
    if missing := [p.name for p in params if p.required and p.name not in given]:
        raise InputError(f"the parameter {missing[0]!r} has no value", do=f"give {missing[0]}=...")
    bound: dict[str, Value] = {param.name: param.default for param in params}
    for name, value in given.items():
        bound[name] = known[name].read(value) if isinstance(value, str) else value
    return bound


def check() -> None:
    """Compare names and files in both directions; read every header.

    Raises RegistryError that lists everything found wrong, not only the first.
    """
    wrong = [
        f"queries/{path.name}/ is not a room: add it to ROOMS in queries/__init__.py"
        for path in sorted(_HERE.iterdir())
        if path.is_dir() and path.name not in {*ROOMS, *OPEN} and path.name[0] not in "_."
    ]
    for name, names in ROOMS.items():
        wrong += _room_differences(name, names)
    for name in OPEN:
        wrong += _header_errors(name)
    if wrong:
        raise RegistryError("queries and their names differ:\n  " + "\n  ".join(wrong))


def _room_differences(name: str, names: tuple[str, ...]) -> list[str]:
    wrong = [
        f"{name}/{stem} is named twice" for stem in sorted(set(names)) if names.count(stem) > 1
    ]
    files = _stems(_HERE / name, name)
    wrong += [str(_without_file(f"{name}/{stem}")) for stem in names if stem not in files]
    for stem in files:
        where = f"queries/{name}/{stem}.sql"
        if stem not in names:
            wrong.append(f"{where} is not named: add it to {name.upper()} in queries/__init__.py")
        elif error := _not_one_statement(_HERE / name / f"{stem}.sql", where):
            wrong.append(error)
    wrong += _strays(_HERE / name, name)
    return wrong


def _not_one_statement(path: Path, where: str) -> str | None:
    try:
        header.statement(path.read_text(encoding="utf-8"), where)
    except InputError as error:
        return str(error)
    return None


def _header_errors(name: str) -> list[str]:
    wrong = _strays(_HERE / name, name)
    codes: dict[str, str] = {}
    for stem, content, where in _files(_HERE / name):
        try:
            if name == "explore":
                header.query(stem, content, where)
                continue
            code = header.rule(stem, content, where, RULE_PARAMS).code
        except InputError as error:
            wrong.append(str(error))
            continue
        if codes.setdefault(code, where) != where:
            wrong.append(f"{where}: {code} is also the code of {codes[code]}")
    return wrong


def _strays(folder: Path, name: str) -> list[str]:
    if not folder.is_dir():
        return []
    return [
        f"queries/{name}/{path.name} is not a .sql file"
        for path in sorted(folder.iterdir())
        if path.suffix != ".sql" and not path.name.startswith((".", "_"))
    ]


def _stems(folder: Path, name: str) -> tuple[str, ...]:
    if (name not in ROOMS and name not in OPEN) or not folder.is_dir():
        return ()
    return tuple(sorted(path.stem for path in folder.glob("*.sql")))


def _files(folder: Path) -> list[tuple[str, str, str]]:
    """(name, text, where) of each .sql file of a folder, by name."""
    ours = folder.parent == _HERE
    if not folder.is_dir():
        if ours:
            return []
        raise InputError("there is no such folder", where=str(folder))
    return [
        (
            path.stem,
            path.read_text(encoding="utf-8"),
            f"queries/{folder.name}/{path.name}" if ours else str(path),
        )
        for path in sorted(folder.glob("*.sql"))
    ]


def _unknown(name: str) -> NotFoundError:
    names = [full for where in (*ROOMS, *OPEN) for full in room(where)]
    near = get_close_matches(name, names, n=1)
    return NotFoundError(
        f"there is no query {name!r}", do=f"did you mean {near[0]!r}?" if near else None
    )


def _without_file(name: str) -> RegistryError:
    return RegistryError(
        f"{name} is named in queries/__init__.py, but queries/{name}.sql is absent"
    )
