"""The comment header of a rule (``detect/``) or a named query (``explore/``).

A header is the block of ``--`` lines at the top of the file, up to the first line of SQL::

    -- title: Slowest hand-offs
    -- description: Where work waits longest between two steps,
    --   most waiting first.
    -- param: workflow VARCHAR = NULL     only this workflow
    -- param: limit BIGINT = 20           how many rows
    SELECT ...

``-- key: value`` opens a key; a line with two or more spaces after ``--`` goes on with the one
above. A ``param`` is ``name TYPE = default`` and, after two or more spaces, what it means; without
``= default`` the caller has to give it. Nothing here knows where files lie: see the package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tracemap.errors import InputError

#: What a parameter can be bound to.
Value = str | int | float | bool | None

FAMILIES: Final = ("orphaned", "duplicated", "stalled", "inconsistent", "ownership", "data")
SEVERITIES: Final = ("critical", "high", "medium", "low", "info")

_KEY = re.compile(r"--[ ]([a-z][a-z_]*):(?:[ \t]+(.*))?")
_MORE = re.compile(r"--[ \t]{2,}(\S.*)")
_PARAM = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*)[ \t]+(?P<type>[A-Z][A-Z0-9_ ]*?(?:\([0-9, ]+\))?(?:\[\])?)"
    r"(?:[ \t]*=[ \t]*(?P<default>'(?:[^']|'')*'|\S+))?(?:[ \t]{2,}(?P<meaning>\S.*))?"
)
#: Comments, text and quoted names: the places where a ``$name`` or a ``;`` means nothing.
_QUOTED = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"", re.DOTALL)
_BOUND = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")

_INTEGERS: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}
)
_FRACTIONS: Final = frozenset(["FLOAT", "DOUBLE"])
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Param:
    """One bound parameter: ``$name`` in the SQL."""

    name: str
    type: str  # the SQL type as written: BIGINT, DOUBLE, BOOLEAN, VARCHAR, TIMESTAMP, INTERVAL ...
    default: Value
    meaning: str
    required: bool = False

    def read(self, text: str) -> Value:
        """The value that ``text`` (from a command line or a URL) stands for.

        Integers, fractions and truth values become Python's; every other type stays text, which
        DuckDB casts. Raises InputError when the text is not of the type.
        """
        try:
            if self.type in _INTEGERS:
                return int(text)
            if self.type in _FRACTIONS:
                return float(text)
            if self.type == "BOOLEAN":
                return _TRUTH[text.lower()]
        except (ValueError, KeyError):
            raise InputError(
                f"{text!r} is not a value for {self.name}, which is {self.type}",
                do="give a true or false" if self.type == "BOOLEAN" else "give a number",
            ) from None
        return text


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says. ``values`` holds all keys but ``param``; ``where`` is for messages."""

    where: str
    values: Mapping[str, str]
    params: tuple[Param, ...]
    sql: str  # the statement below the header, without a closing semicolon


@dataclass(frozen=True, slots=True)
class Query:
    """A named query for people (``queries/explore`` or the user's own folder)."""

    name: str  # the file's name without .sql
    title: str
    description: str
    params: tuple[Param, ...]
    sql: str
    where: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule (``queries/detect`` or the user's own folder): what it means and its SELECT."""

    name: str  # the file's name without .sql: ORP001_missing_parent
    code: str
    title: str
    family: str  # one of FAMILIES
    severity: str  # one of SEVERITIES
    meaning: str
    cause: str
    action: str
    unless: str  # the look-alikes it stays silent on; "" when it has none
    params: tuple[Param, ...]
    sql: str
    where: str


def parse(text: str, where: str) -> Header:
    """Read the header of one file. Raises InputError with ``where:line``."""
    values: dict[str, list[str]] = {}
    params: list[tuple[int, list[str]]] = []
    open_value: list[str] | None = None
    lines = text.splitlines()
    number = 0
    for number, line in enumerate(lines, start=1):
        if not line.startswith("--"):
            break
        if key := _KEY.fullmatch(line.rstrip()):
            open_value = [(key[2] or "").strip()]
            if key[1] == "param":
                params.append((number, open_value))
            elif values.setdefault(key[1], open_value) is not open_value:
                raise InputError(f"the key {key[1]!r} is there twice", where=f"{where}:{number}")
        elif (more := _MORE.fullmatch(line.rstrip())) and open_value is not None:
            open_value.append(more[1])
        else:
            raise InputError(
                f"not a header line: {line!r}",
                where=f"{where}:{number}",
                do="write '-- key: value', or '--   more of the line above'",
            )
    sql = statement("\n".join(lines[number - 1 :]), where)
    header = Header(
        where=where,
        values={key: " ".join(parts).strip() for key, parts in values.items()},
        params=tuple(_param(parts, f"{where}:{line_no}") for line_no, parts in params),
        sql=sql,
    )
    _unique([param.name for param in header.params], where)
    return header


def _unique(names: list[str], where: str) -> None:
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise InputError(f"the parameter {twice[0]!r} is there twice", where=where)


def _param(parts: list[str], where: str) -> Param:
    match = _PARAM.fullmatch(parts[0])
    if match is None:
        raise InputError(
            f"not a parameter: {parts[0]!r}",
            where=where,
            do="write '-- param: name TYPE = default   what it means'",
        )
    kind, written = match["type"].strip(), match["default"]
    bare = Param(match["name"], kind, None, " ".join([match["meaning"] or "", *parts[1:]]).strip())
    if written is None:
        return Param(bare.name, kind, None, bare.meaning, required=True)
    try:
        default = _default(bare, written)
    except InputError as error:
        raise InputError(error.what, where=where, do=error.do) from None
    return Param(bare.name, kind, default, bare.meaning)


def _default(param: Param, written: str) -> Value:
    if written.upper() == "NULL":
        return None
    if written.startswith("'"):
        return param.read(written[1:-1].replace("''", "'"))
    return param.read(written)


def statement(text: str, where: str) -> str:
    """The one statement in ``text``, without a closing semicolon.

    Raises InputError when there is none, or more than one.
    """
    bare = code_only(text)
    sql = text.strip()
    if ";" in bare:
        head, tail = bare.split(";", 1)
        if tail.strip():
            raise InputError("more than one statement", where=where, do="one statement a file")
        sql = text[: len(head)].strip()
        bare = head
    if not bare.strip():
        raise InputError("there is no SQL below the header", where=where)
    return sql


def code_only(sql: str) -> str:
    """``sql`` with comments, text and quoted names blanked; of the same length."""
    return _QUOTED.sub(lambda match: " " * len(match[0]), sql)


def bound_names(sql: str) -> frozenset[str]:
    """The ``$name`` parameters that a statement binds."""
    return frozenset(_BOUND.findall(code_only(sql)))


def query(name: str, text: str, where: str) -> Query:
    """A file of ``explore/`` as a Query. Raises InputError."""
    header = parse(text, where)
    _keys(header, need=("title", "description"))
    _one_select(header)
    _params_match(header, ambient=frozenset())
    return Query(
        name=name,
        title=header.values["title"],
        description=header.values["description"],
        params=header.params,
        sql=header.sql,
        where=where,
    )


def rule(name: str, text: str, where: str, ambient: frozenset[str] = frozenset()) -> Rule:
    """A file of ``detect/`` as a Rule; ``ambient`` are the parameters that every rule may bind.

    Raises InputError.
    """
    header = parse(text, where)
    need = ("code", "title", "family", "severity", "meaning", "cause", "action")
    _keys(header, need=need, may=("unless",))
    _one_select(header)
    _params_match(header, ambient)
    values = header.values
    code = values["code"]
    if not re.fullmatch(r"[A-Z]{2,8}[0-9]{3}", code):
        raise InputError(f"{code!r} is not a code such as ORP001", where=where)
    if name.split("_", 1)[0] != code:
        raise InputError(f"the code is {code}, the file's name says otherwise", where=where)
    for key, allowed in (("family", FAMILIES), ("severity", SEVERITIES)):
        if values[key] not in allowed:
            raise InputError(
                f"{key} is {values[key]!r}, not one of {', '.join(allowed)}", where=where
            )
    return Rule(
        name=name,
        code=code,
        title=values["title"],
        family=values["family"],
        severity=values["severity"],
        meaning=values["meaning"],
        cause=values["cause"],
        action=values["action"],
        unless=values.get("unless", ""),
        params=header.params,
        sql=header.sql,
        where=where,
    )


def _keys(header: Header, need: tuple[str, ...], may: tuple[str, ...] = ()) -> None:
    missing = [key for key in need if not header.values.get(key)]
    if missing:
        raise InputError(
            f"the header lacks {', '.join(missing)}",
            where=header.where,
            do=f"write '-- {missing[0]}: ...' above its SQL",
        )
    unknown = sorted(set(header.values) - {*need, *may})
    if unknown:
        raise InputError(
            f"the header has an unknown key {unknown[0]!r}",
            where=header.where,
            do=f"the keys are {', '.join((*need, *may, 'param'))}",
        )


def _one_select(header: Header) -> None:
    words = code_only(header.sql).replace("(", " ").split(None, 1)
    if not words or words[0].upper() not in ("SELECT", "WITH", "FROM"):
        raise InputError("the statement is not a SELECT", where=header.where)


def _params_match(header: Header, ambient: frozenset[str]) -> None:
    declared = {param.name for param in header.params}
    bound = bound_names(header.sql)
    if undeclared := sorted(bound - declared - ambient):
        raise InputError(
            f"the SQL binds ${undeclared[0]}, which the header does not declare",
            where=header.where,
            do=f"add '-- param: {undeclared[0]} TYPE = default   what it means'",
        )
    if unused := sorted(declared - bound):
        raise InputError(f"the parameter {unused[0]!r} is not used", where=header.where)
