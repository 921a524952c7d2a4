"""What the demo prints: accounts, graph, custody, findings by team, and the verdict."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from tracemap.cli import custody, graph_text
from tracemap.cli.evidence import evidence_text
from tracemap.cli.execution_page import horizon_of
from tracemap.cli.findings import SEVERITY_STYLE
from tracemap.cli.table import Row
from tracemap.cli.text import clean, count, paragraph, short_id, utc_now
from tracemap.demo.run import place_of
from tracemap.demo.truth import look_alikes

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap
    from tracemap.demo.run import DemoResult

_INDENT: Final = "    "


def print_demo(console: Console, opened: PlainTracemap, result: DemoResult) -> None:
    """The whole page, from the open database and what the demo knows of itself."""
    _heading(console, "Is every order accounted for?")
    print_accounts(console, opened)
    _heading(console, "How orders flow, and who owns each step")
    print_graphs(console, opened)
    _heading(console, "Who holds what now")
    print_custody(console, opened, result.script.held)
    _heading(console, "What is wrong, by team")
    print_findings_by_team(console, opened.findings().to_dicts())
    _heading(console, "Injected against reported")
    print_verdict(console, result)
    _heading(console, "Look further")
    print_commands(console, result)


def print_accounts(console: Console, opened: PlainTracemap) -> None:
    """How many executions are accounted for, how they ended, what joined them."""
    (analysis,) = opened.analysis().to_dicts()
    rows = opened.executions().to_dicts()
    accounted, total = analysis["accounted"], analysis["executions"]
    line = Text(f"{accounted:,} of {total:,} orders are accounted for", style="bold")
    line.stylize("green" if accounted == total else "yellow")
    console.print(line)
    statuses: dict[str, int] = {}
    for row in rows:
        statuses[row["status"]] = statuses.get(row["status"], 0) + 1
    ended = ", ".join(f"{n:,} {status}" for status, n in sorted(statuses.items()))
    console.print(f"  {ended}", soft_wrap=True)
    spans, traces = sum(row["spans"] for row in rows), sum(row["traces"] for row in rows)
    chosen = [key["name"] for key in opened.keys().to_dicts() if key["chosen"]]
    console.print(
        f"  rebuilt from {spans:,} spans in {traces:,} traces, joined by "
        f"{clean(', '.join(chosen))}, which was found in the data",
        style="dim",
        soft_wrap=True,
    )


def print_graphs(console: Console, opened: PlainTracemap) -> None:
    """Every workflow as a tree."""
    frames = {name: frame.to_dicts() for name, frame in opened.graph(None).items()}
    executions = {row["workflow"]: row["executions"] for row in frames["workflows"]}
    for graph in graph_text.graphs(frames["steps"], frames["edges"], frames["owners"]):
        graph.external = graph_text.external_of(frames["services"])
        graph_text.print_graph(console, graph, executions=executions.get(graph.title))
    console.print(graph_text.LEGEND, style="dim", soft_wrap=True)


def print_custody(console: Console, opened: PlainTracemap, order: str) -> None:
    """Who holds how many orders, then the one that a dead worker holds, with the evidence."""
    moment = horizon_of(opened.analysis().to_dicts(), utc_now())
    custody.print_totals(console, opened.custody_totals().to_dicts(), moment)
    console.print()
    console.print(f"Order {order}, who has it right now?", style="bold")
    for execution in opened.resolve(order):
        row = opened.executions(execution=execution).to_dicts()[0]
        held = opened.custody(execution).to_dicts()
        findings = opened.findings(execution=execution).to_dicts()
        custody.print_custody(console, row, held, findings, moment)


def print_findings_by_team(console: Console, findings: Sequence[Row]) -> None:
    """Each team's findings with evidence, consequences and the next thing to do."""
    if not findings:
        console.print("Nothing.", style="green")
    teams: dict[str | None, list[Row]] = {}
    for finding in findings:
        teams.setdefault(finding["team"], []).append(finding)
    for number, (team, rows) in enumerate(sorted(teams.items(), key=lambda t: str(t[0]))):
        if number:
            console.print()
        line = Text(clean(team or "owned by nobody"), style="bold")
        console.print(line.append(f"  {count(len(rows), 'finding')}", style="not bold"))
        for row in rows:
            _finding(console, row)


def _finding(console: Console, row: Row) -> None:
    severity = str(row["severity"])
    line = Text("  ").append(severity, style=SEVERITY_STYLE.get(severity, ""))
    line.append(f" {clean(row['rule'])}", style="bold")
    line.append(f"  {short_id(row['execution'])}", style="bold")
    console.print(line, soft_wrap=True)
    for label, text in (
        ("", row["message"]),
        ("because of it: ", "; ".join(row["effects"] or ())),
        ("evidence: ", evidence_text(row["evidence"])),
        ("next: ", row["next_action"]),
    ):
        if text:
            style = "dim" if label == "evidence: " else ""
            console.print(paragraph(f"{label}{text}", console.width, _INDENT), style=style)


def print_verdict(console: Console, result: DemoResult) -> None:
    """Which faults the shop was made to have, whether each is reported, and nothing else is."""
    found = {place_of(finding) for finding in result.findings}
    for fault in result.truth:
        missed = (fault.rule, fault.order) not in found
        mark, style = ("missed  ", "bold red") if missed else ("reported", "green")
        line = Text("  ").append(mark, style=style)
        console.print(line.append(f"  order {fault.order}: {fault.fault} ({fault.rule})"))
    for harmless in look_alikes(result.script):
        console.print(Text("  ").append("not a fault", style="dim").append(f"  {harmless}"))
    if result.differences:
        console.print("The report is not what it should be:", style="bold red")
        for wrong in result.differences:
            console.print(f"  {clean(wrong)}", style="red", soft_wrap=True)
    else:
        console.print(
            f"Exactly the {len(result.truth)} injected faults are reported, and nothing else.",
            style="bold green",
        )


def print_commands(console: Console, result: DemoResult) -> None:
    """What to type next; the data stays where it is."""
    db = shlex.quote(str(result.database))
    console.print(f"  export TRACEMAP_DB={db}", soft_wrap=True)
    rows = [{"command": command, "shows": shows} for command, shows in _commands(result)]
    width = max(len(row["command"]) for row in rows)
    for row in rows:
        line = Text(f"  {row['command']:<{width}}  ")
        console.print(line.append(row["shows"], style="dim"), soft_wrap=True)
    console.print(
        f"seed {result.script.seed}, {result.total_seconds:.0f} s; the same faults again: "
        f"tracemap demo --seed {result.script.seed}",
        style="dim",
        soft_wrap=True,
    )


def _commands(result: DemoResult) -> list[tuple[str, str]]:
    finding = str(result.findings[0]["id"]) if result.findings else "ORP001"
    return [
        (f"tracemap custody {result.script.held}", "who holds this order, since when"),
        (f"tracemap executions show {result.script.held}", "what happened to it, step by step"),
        (f"tracemap explain {finding}", "a finding and what it rests on"),
        ("tracemap reconcile", "the report that cron can send every night"),
        ("tracemap keys", "why order.id, and not customer.id"),
        ("tracemap owners list", "who owns what, and why"),
    ]


def _heading(console: Console, title: str) -> None:
    console.print()
    console.rule(Text(title, style="bold"), align="left", style="dim")
