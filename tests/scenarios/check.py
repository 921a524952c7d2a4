"""Compares an analysed store with the ``expected.json`` of a scenario.

``expected.json`` holds

- ``findings``: all open findings and no others. Each is compared by ``rule`` and ``correlation``
  (the key's value; null where the finding is of no execution) and, where given, ``service`` and
  ``team``; ``mentions`` are words of its message or evidence, ``effects`` words of its effects.
- ``lookalike_of``: rules that this scenario resembles; none of its findings may be theirs.
- ``executions``: ``count``; ``status``, how many have which; ``all``, columns that each has;
  ``of``, columns of single ones by correlation value (``parent`` by its correlation value too);
  ``named``, the same by the execution's name, where one value has several runs.
- ``keys``: the correlation keys that are chosen; ``reasons``, words of why keys are or are not.
- ``custody``: who holds what at the horizon. ``handoffs``, ``messages``, ``owners`` and ``steps``:
  rows that must exist, of which the given columns are compared.
- ``set_aside``: how many traces of which kind are no executions.
- ``settings``: what is set before (``tracemap.settings``), where the defaults will not do.
- ``stages``: the findings after only the first ``lines`` lines of the input.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = dict[str, Any]
#: Runs a SELECT and returns its rows.
Select = Callable[[str], list[Row]]


def problems(expected: Mapping[str, Any], select: Select) -> list[str]:
    """Return what differs from the expectation, one line each; empty when nothing does."""
    out = findings(expected["findings"], select)
    if "executions" in expected:
        out += _executions(expected["executions"], select)
    if "keys" in expected:
        chosen = sorted(row["name"] for row in select("SELECT name FROM keys WHERE chosen"))
        out += _differ("keys", sorted(expected["keys"]), chosen)
    for name, words in expected.get("reasons", {}).items():
        (why,) = (r["reason"] for r in select("FROM keys") if r["name"] == name)
        out += [] if words in why else [f"the reason for {name} has no {words!r}: {why}"]
    if "custody" in expected:
        held = select("""
            SELECT e.correlation.value AS correlation, c.* EXCLUDE (evidence)
            FROM custody AS c JOIN executions AS e USING (execution)""")
        out += _rows("custody", expected["custody"], held)
    if "set_aside" in expected:
        aside = select("SELECT what, count(*) AS traces FROM set_aside GROUP BY what")
        out += _differ(
            "set aside", expected["set_aside"], {row["what"]: row["traces"] for row in aside}
        )
    told = select("SELECT * EXCLUDE (branch), count(*) AS times FROM custody GROUP BY ALL")
    out += [f"custody says twice {_show(row)}" for row in told if row["times"] > 1]
    for table in ("handoffs", "messages", "owners", "steps"):
        if table in expected:
            out += _rows(table, expected[table], select(f"SELECT DISTINCT * FROM {table}"))
    return out


def findings(expected: Sequence[Row], select: Select) -> list[str]:
    """Return the differences between the expected and the open findings, one line each."""
    found = select("""
        SELECT rule, correlation.value AS correlation, service, team, message,
            CAST(evidence AS VARCHAR) AS evidence, effects
        FROM findings WHERE status IN ('new', 'ongoing') ORDER BY ALL""")
    rest = list(found)
    out = []
    for finding in expected:
        match = next((row for row in rest if _fits(finding, row)), None)
        if match is None:
            out.append(f"missing  {_show(finding)}")
        else:
            rest.remove(match)
    return out + [f"too much {_show(row)}" for row in rest]


def _fits(expected: Row, row: Row) -> bool:
    plain = {name: expected[name] for name in expected if name not in ("mentions", "effects")}
    said = f"{row['message']} {row['evidence']} {' '.join(row['effects'] or ())} {row['service']}"
    effects = " ".join(row["effects"] or ())
    return (
        all(row[name] == value for name, value in plain.items())
        and all(word in said for word in expected.get("mentions", ()))
        and all(word in effects for word in expected.get("effects", ()))
    )


def _executions(expected: Mapping[str, Any], select: Select) -> list[str]:
    rows = select("""
        SELECT e.*, e.correlation.value AS value, p.correlation.value AS parent_value
        FROM executions AS e LEFT JOIN executions AS p ON p.execution = e.parent""")
    for row in rows:
        row["parent"] = row["parent_value"]
    out = []
    if "count" in expected:
        out += _differ("executions", expected["count"], len(rows))
    if "status" in expected:
        counted = dict(Counter(row["status"] for row in rows))
        out += _differ("executions by status", expected["status"], counted)
    for row in rows:
        if _not_like(expected.get("all", {}), row):
            out.append(f"execution {row['execution']} is not {expected['all']}: {_show(row)}")
            break
    single = [("value", *pair) for pair in expected.get("of", {}).items()]
    single += [("execution", *pair) for pair in expected.get("named", {}).items()]
    for by, value, columns in single:
        those = [row for row in rows if row[by] == value]
        if len(those) != 1:
            out.append(f"{len(those)} executions are called {value}, not one")
        elif _not_like(columns, those[0]):
            out.append(f"execution {value} is not {columns}: {_show(those[0])}")
    return out


def _rows(table: str, expected: Sequence[Row], rows: Sequence[Row]) -> list[str]:
    out = []
    for want in expected:
        if all(_not_like(want, row) for row in rows):
            near = [row for row in rows if _shares_name(want, row)][:5]
            seen = "; ".join(_show(row) for row in near) or f"none of {len(rows)} rows"
            out.append(f"{table} has no {want}: {seen}")
    return out


def _shares_name(want: Row, row: Row) -> bool:
    names = ("correlation", "name", "to_service")
    return any(name in want and row.get(name) == want[name] for name in names)


def _not_like(columns: Row, row: Row) -> bool:
    return any(row.get(name) != value for name, value in columns.items())


def _differ(what: str, expected: object, actual: object) -> list[str]:
    return [] if expected == actual else [f"{what}: expected {expected}, have {actual}"]


def _show(row: Mapping[str, Any]) -> str:
    return json.dumps(
        {name: value for name, value in row.items() if value is not None}, default=str
    )
