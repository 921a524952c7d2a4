"""One execution as a page: who holds it, what is wrong, what happened, what belongs to it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.text import Text

from tracemap.cli import message_life
from tracemap.cli.evidence import evidence_pairs
from tracemap.cli.findings import SEVERITY_STYLE
from tracemap.cli.step_order import ordered
from tracemap.cli.styles import STATUS_STYLE, STEP_STYLE, status_style
from tracemap.cli.table import Column, Row, print_table
from tracemap.cli.text import age, at, clean, count, duration, lasting, paragraph, short_id

if TYPE_CHECKING:
    from tracemap.rows import Rows

#: Rows of a page; an execution of 200,000 spans is no page.
MOST_STEPS: Final = 200
MOST_TRACES: Final = 20
MOST_FINDINGS: Final = 10
#: A live source is known up to half a minute ago, in seconds with what an analysis may wait.
_CURRENT: Final = 60


def arrow(handoff: Row) -> str:
    """``→`` for a call that waits, ``⇢`` for what does not, and by which queue or topic.

    A destination that the name of the step has in it is not said twice.
    """
    tip = "→" if handoff["mode"] == "sync" else "⇢"
    where = handoff["destination"]
    return f"{tip} {where}:" if where and where not in handoff["to_name"] else tip


def as_json(page: Mapping[str, Rows]) -> dict[str, Any]:
    """The execution as ``executions list`` gives it, with steps, hand-offs and members."""
    (execution,) = page["execution"].records()
    return {
        **execution,
        "steps": page["steps"].records(),
        "handoffs": page["handoffs"].records(),
        "members": page["members"].records(),
        "messages": page["messages"].records(),
        "chain": page["chain"].records(),
    }


def print_page(console: Console, page: Mapping[str, Rows], now: dt.datetime) -> None:
    """The page, the most important line first."""
    execution = page["execution"].to_dicts()[0]
    horizon = horizon_of(page["analysis"].to_dicts(), now)
    console.print(headline(execution), soft_wrap=True)
    _holders(console, page["custody"].to_dicts(), horizon)
    _run_again(console, execution, page["chain"].to_dicts())
    console.print(_facts(execution, now), style="dim", soft_wrap=True)
    if told := known_up_to(horizon, now):
        console.print(told, style="dim", soft_wrap=True)
    _findings(console, page["findings"].to_dicts())
    _steps(console, page["steps"].to_dicts(), page["handoffs"].to_dicts())
    _messages(console, page["messages"].to_dicts())
    _chain(console, page["chain"].to_dicts())
    _members(console, page["members"].to_dicts())


def horizon_of(analysis: Sequence[Row], now: dt.datetime) -> dt.datetime:
    """Up to when the data is known: now for a live source, earlier for a recording."""
    found = analysis[0]["horizon"] if analysis else None
    return now if found is None else found


def known_up_to(horizon: dt.datetime, now: dt.datetime) -> str | None:
    """That what is said is of another time than now: a recording, or nothing has come since."""
    if (now - horizon).total_seconds() <= _CURRENT:
        return None
    return f"  known up to {at(horizon)} ({age(horizon, now)})"


def headline(execution: Row) -> Text:
    """``order-4711  stalled  POST /orders``."""
    status = str(execution["status"])
    line = Text(clean(execution["execution"]), style="bold")
    line.append(f"  {status}", style=STATUS_STYLE.get(status, ""))
    line.append(f"  {clean(execution['workflow'] or '')}", style="not bold")
    return line


def holding(holder: Row, horizon: dt.datetime) -> Text:
    """``held by payment (team money) for 12 min: executing charge``."""
    since, who = holder["since"], clean(holder["holder"] or "nobody")
    team = holder["team"]
    owner = f"team {clean(team)}" if team else "no owner"
    state = clean(holder["state"] or "")
    kind = str(holder["holder_kind"])
    if kind == "done":
        failed_in = _failed_in(holder) if state == "failed" else None
        line = Text(f"  {state or 'done'} ")
        if failed_in:
            line.append("in ").append(failed_in, style="bold").append("; ")
        else:
            line.append(f"since {at(since)}, ")
        line.append("last in ").append(who, style="bold").append(f" ({owner})")
        return line.append(f", {at(since)}") if failed_in else line
    verb = {"queue": "in queue", "between": "next is"}.get(kind, "held by")
    line = Text(f"  {verb} ")
    line.append(who, style="bold")
    line.append(" (")
    line.append(owner, style="bold" if team else "bold red")
    line.append(f") for {lasting(since, horizon)}")
    return line.append(f": {state}" if state else "")


def _holders(console: Console, holders: Sequence[Row], horizon: dt.datetime) -> None:
    """Who holds it, one line each; branches of which the same is to be said are one line."""
    lines = Counter(holding(holder, horizon).markup for holder in holders)
    for line, branches in lines.items():
        text = Text.from_markup(line)
        if branches > 1:
            text.append(f" (x{branches})", style="dim")
        console.print(text, soft_wrap=True)


def _run_again(console: Console, execution: Row, runs: Sequence[Row]) -> None:
    """That the page is of an earlier run, and how the last one stands."""
    last = runs[-1] if runs else execution
    names = [run["execution"] for run in runs]
    if last["execution"] == execution["execution"] or execution["execution"] not in names:
        return
    line = Text("  began again as ")
    line.append(clean(last["execution"]), style="bold")
    line.append(f" at {at(last['started_at'])}: ")
    line.append(str(last["status"]), style=STATUS_STYLE.get(str(last["status"]), ""))
    console.print(line, soft_wrap=True)


def _failed_in(holder: Row) -> str | None:
    """The step that a failed execution failed in, which need not be the one that ended last."""
    found = dict(evidence_pairs(holder["evidence"])).get("failed in")
    return found or None


def _facts(execution: Row, now: dt.datetime) -> str:
    key = execution["correlation"]
    services = execution["services"] or ()
    parts = [
        f"{clean(key['key'])}={clean(key['value'])}" if key else "no correlation key",
        f"started {at(execution['started_at'])} ({age(execution['started_at'], now)})",
        f"last seen {age(execution['last_seen'], now)}",
        ", ".join(
            [
                count(len(services), "service"),
                count(execution["traces"], "trace"),
                count(execution["spans"], "span"),
            ]
        ),
    ]
    if execution["parent"]:
        parts.append(f"child of {short_id(execution['parent'])}")
    return "  " + " · ".join(parts)


def _findings(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        return
    console.print()
    for row in rows[:MOST_FINDINGS]:
        severity, rule = str(row["severity"]), clean(row["rule"])
        said = f"{severity} {rule} {row['message']} [{row['id']}]"
        line = Text(paragraph(said, console.width, "    ", "  "))
        line.stylize(SEVERITY_STYLE.get(severity, ""), 2, 2 + len(severity))
        line.stylize("bold", 3 + len(severity), 3 + len(severity) + len(rule))
        line.stylize("dim", line.plain.rfind("["))
        console.print(line, soft_wrap=True)
        if row["next_action"]:
            console.print(paragraph(f"next: {row['next_action']}", console.width, "    "))
    if len(rows) > MOST_FINDINGS:
        console.print(f"  ... {count(len(rows) - MOST_FINDINGS, 'finding')} more", style="dim")


def _steps(console: Console, steps: Sequence[Row], handoffs: Sequence[Row]) -> None:
    if not steps:
        return
    start = min((s["started_at"] for s in steps if s["started_at"]), default=None)
    rows = [_line(*one[:3]) for one in ordered(steps, handoffs)]
    console.print()
    print_table(
        console,
        (
            Column("AT", lambda r: _offset(r["started_at"], start), right=True),
            Column("STEP", lambda r: r["line"], least=50),
            Column("TEAM", lambda r: r["owner"], "bold", rank=1, least=8),
            Column("TOOK", lambda r: duration(r["duration_ns"]), right=True),
            Column("WAITED", lambda r: r["waited"], rank=2, right=True),
            Column("STATUS", lambda r: r["outcome"], lambda r: STEP_STYLE.get(r["status"], "")),
        ),
        rows[:MOST_STEPS],
    )
    if len(rows) > MOST_STEPS:
        console.print(f"  ... {count(len(rows) - MOST_STEPS, 'step')} more", style="dim")


def _offset(moment: dt.datetime | None, start: dt.datetime | None) -> str:
    if moment is None or start is None:
        return "-"
    return f"+{duration((moment - start).total_seconds() * 1e9)}" if moment > start else "0"


def _line(step: Row, arrival: Row | None, branch: str) -> dict[str, Any]:
    name = f"{step['service']} {step['name']}"
    waited = None
    if arrival is not None:
        name = f"{arrow(arrival)} {name}"
        if arrival["wait_ns"] is not None and arrival["mode"] == "async":
            waited = duration(arrival["wait_ns"])
    crossing = arrival is not None and arrival["boundary"]
    team = step["team"] or "unowned"
    attempt = step["attempt"] or 1
    return {
        **step,
        "line": branch + clean(name),
        "owner": f"» {team}" if crossing else team,
        "waited": waited,
        "outcome": step["status"] + (f", attempt {attempt}" if attempt > 1 else ""),
    }


def _messages(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        return
    console.print()
    print_table(console, message_life.columns(own=True), rows[:MOST_TRACES])
    if len(rows) > MOST_TRACES:
        console.print(f"  ... {count(len(rows) - MOST_TRACES, 'message')} more", style="dim")


def _chain(console: Console, rows: Sequence[Row]) -> None:
    """Its runs, where there were several: continued as new, retried, or begun again."""
    if len(rows) < 2:
        return
    console.print()
    print_table(
        console,
        (
            Column("RUN", lambda r: short_id(r["execution"]), least=14),
            Column("ENGINE RUN", lambda r: short_id(r["engine_run"]), rank=1, least=12),
            Column("BEGAN", lambda r: at(r["started_at"])),
            Column("SPANS", lambda r: r["spans"], rank=2, right=True),
            Column("STATUS", lambda r: r["status"], status_style),
        ),
        rows[:MOST_TRACES],
    )
    if len(rows) > MOST_TRACES:
        console.print(f"  ... {count(len(rows) - MOST_TRACES, 'run')} more", style="dim")


def print_handoffs(console: Console, page: Mapping[str, Rows]) -> None:
    """How work passed from step to step, and what says so."""
    (execution,) = page["execution"].to_dicts()
    console.print(headline(execution), soft_wrap=True)
    console.print()
    rows = page["handoffs"].to_dicts()
    if not rows:
        console.print("No hand-offs: it is one step.")
        return
    print_table(
        console,
        (
            Column("FROM", lambda r: f"{r['from_service']} {r['from_name']}", least=22),
            Column("TO", lambda r: f"{arrow(r)} {r['to_service']} {r['to_name']}", least=24),
            Column("TEAM", _receiver, "bold", rank=2, least=8),
            Column("TYPE", lambda r: r["type"], rank=1),
            Column("MODE", lambda r: r["mode"]),
            Column("BECAUSE", lambda r: r["evidence"], wrap=True, least=26),
            Column("WAITED", lambda r: duration(r["wait_ns"]), rank=3, right=True),
        ),
        rows[:MOST_STEPS],
    )
    if len(rows) > MOST_STEPS:
        console.print(f"  ... {count(len(rows) - MOST_STEPS, 'hand-off')} more", style="dim")


def _receiver(row: Row) -> str:
    return f"{'» ' if row['boundary'] else ''}{row['to_team'] or 'unowned'}"


def _members(console: Console, rows: Sequence[Row]) -> None:
    if not rows:
        return
    console.print()
    print_table(
        console,
        (
            Column("TRACE", lambda r: short_id(r["trace_id"]), least=12),
            Column("SPANS", lambda r: r["spans"], right=True),
            Column("WHY IT BELONGS", lambda r: r["reason"], least=20),
            Column("SERVICES", lambda r: ", ".join(r["services"]), rank=1, least=16),
        ),
        rows[:MOST_TRACES],
    )
    if len(rows) > MOST_TRACES:
        console.print(f"  ... {count(len(rows) - MOST_TRACES, 'trace')} more", style="dim")
