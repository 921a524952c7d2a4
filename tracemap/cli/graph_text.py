"""The graph of a workflow for people and tools: a tree in text, Mermaid, DOT.

Nodes and edges are rows of ``workflow_steps`` and ``workflow_edges`` (or the steps and hand-offs
of one execution brought into that shape, see ``of_execution``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Console
from rich.text import Text

from tracemap.cli.execution_page import arrow
from tracemap.cli.table import Column, Row, print_table, team_first
from tracemap.cli.text import clean, count, duration, percent
from tracemap.markdown import mermaid_label

Node = tuple[str, str]  # service, name

#: Lines of a tree; a graph beyond that is for a drawing.
MOST_LINES: Final = 300
#: Characters of a label in a drawing; JSON has names whole.
MOST_LABEL: Final = 100


@dataclass(slots=True)
class Graph:
    """One workflow (or execution): its steps by node, the edges out of each, and what began it."""

    title: str
    team: str | None
    steps: dict[Node, Row]
    edges: list[Row]
    after: dict[Node, list[Row]] = field(default_factory=dict)
    external: frozenset[str] = frozenset()

    def owner(self, step: Row) -> str:
        """The team of a step; a peer outside of the organisation has none, and needs none."""
        nobody = "external" if step["service"] in self.external else "unowned"
        return str(step["team"] or nobody)

    @property
    def roots(self) -> list[Node]:
        """Where the workflow begins; where every step has one before it, the first of them."""
        reached = {_to(edge) for edge in self.edges if _from(edge) != _to(edge)}
        found = [node for node in self.steps if node not in reached]
        return found or list(self.steps)[:1]


def external_of(services: Sequence[Row]) -> frozenset[str]:
    """Those of the owners' ``services`` that are peers without telemetry which nobody declared."""
    return frozenset(row["name"] for row in services if row["rule"] == "external")


def graphs(steps: Sequence[Row], edges: Sequence[Row], owners: Sequence[Row] = ()) -> list[Graph]:
    """One graph a workflow, in the order in which their steps come."""
    teams = {row["name"]: row["team"] for row in owners}
    found: dict[str, Graph] = {}
    for step in steps:
        name = step["workflow"]
        graph = found.setdefault(name, Graph(str(name), teams.get(name), {}, []))
        graph.steps[(step["service"], step["name"])] = step
    for edge in edges:
        if (graph_of := found.get(edge["workflow"])) is None:
            continue
        graph_of.edges.append(edge)
        graph_of.after.setdefault(_from(edge), []).append(edge)
        for node, team in ((_from(edge), edge["from_team"]), (_to(edge), edge["to_team"])):
            graph_of.steps.setdefault(node, _silent(edge, node, team))
    return list(found.values())


def _silent(edge: Row, node: Node, team: str | None) -> dict[str, Any]:
    """A step that only an edge knows of, such as a peer without telemetry."""
    numbers = dict.fromkeys(("share", "errors", "error_rate", "p50_ns", "p95_ns", "p99_ns"))
    return {
        "service": node[0],
        "name": node[1],
        "team": team,
        "executions": edge["executions"],
        "count": edge["count"],
        **numbers,
    }


def of_execution(title: str, steps: Sequence[Row], handoffs: Sequence[Row]) -> Graph:
    """One execution's steps and hand-offs as a graph; steps of one name are one node."""
    nodes: dict[Node, dict[str, Any]] = {}
    for step in steps:
        node = nodes.setdefault(
            (step["service"], step["name"]),
            {**step, "executions": 1, "count": 0, "errors": 0, "error_rate": None, "share": None}
            | {"p50_ns": step["duration_ns"], "p95_ns": None, "p99_ns": None},
        )
        node["count"] += 1
        node["errors"] += step["status"] == "error"
    edges: dict[tuple[Node, Node, str, str], dict[str, Any]] = {}
    for handoff in handoffs:
        hop = edges.setdefault(
            (_from(handoff), _to(handoff), handoff["type"], handoff["mode"]),
            {**handoff, "executions": 1, "count": 0, "errors": 0}
            | {"p50_wait_ns": handoff["wait_ns"], "p95_wait_ns": None, "p99_wait_ns": None},
        )
        hop["count"] += 1
    for virtual in (s for s in steps if s["is_virtual"]):
        caller = next((s for s in steps if s["step"] == virtual["caller_step"]), None)
        if caller is not None:
            edges.setdefault(*_virtual_edge(caller, virtual))
    graph = Graph(title, None, dict(nodes), list(edges.values()))
    for edge in graph.edges:
        graph.after.setdefault(_from(edge), []).append(edge)
    return graph


def _virtual_edge(caller: Row, virtual: Row) -> tuple[tuple[Node, Node, str, str], dict[str, Any]]:
    a, b = (caller["service"], caller["name"]), (virtual["service"], virtual["name"])
    edge = {
        "from_service": a[0],
        "from_name": a[1],
        "to_service": b[0],
        "to_name": b[1],
        "type": "call",
        "mode": "sync",
        "executions": 1,
        "count": 1,
        "errors": 0,
        "p50_wait_ns": None,
        "p95_wait_ns": None,
        "p99_wait_ns": None,
        "destination": None,
        "from_team": caller["team"],
        "to_team": virtual["team"],
        "boundary": caller["team"] != virtual["team"],
    }
    return (a, b, "call", "sync"), edge


def _from(edge: Row) -> Node:
    return edge["from_service"], edge["from_name"]


def _to(edge: Row) -> Node:
    return edge["to_service"], edge["to_name"]


def print_graph(console: Console, graph: Graph, *, executions: int | None = None) -> None:
    """The graph as a tree that reads from the top: what follows what, whose it is, how it goes."""
    head = Text(clean(graph.title), style="bold")
    if executions is not None:
        head.append(f"  {count(executions, 'execution')}", style="not bold")
    if executions is not None or graph.team:
        head.append("  owner ", style="not bold")
        head.append(clean(graph.team or "none"), style="bold" if graph.team else "bold red")
    console.print(head, soft_wrap=True)
    rows = list(tree(graph))
    step, team = team_first(console.width, [row["owner"] for row in rows[:MOST_LINES]], 56)
    print_table(
        console,
        (
            Column("STEP", lambda r: r["line"], lambda r: r["style"], least=step),
            Column("TEAM", lambda r: r["owner"], "bold", least=team),
            Column("RUNS", lambda r: r["runs"], rank=2, right=True),
            Column("PASS", lambda r: r["share"], rank=4, right=True),
            Column("ERRORS", lambda r: r["errors"], "red", rank=3, right=True),
            Column("RATE", lambda r: r["rate"], "red", rank=5, right=True),
            Column("TAKES p50", lambda r: r["takes"], rank=1, right=True),
            Column("p95", lambda r: r["takes_95"], rank=8, right=True),
            Column("p99", lambda r: r["takes_99"], rank=7, right=True),
            Column("WAITS p50", lambda r: r["waits"], rank=1, right=True),
            Column("p95 ", lambda r: r["waits_95"], rank=8, right=True),
            Column("p99 ", lambda r: r["waits_99"], rank=6, right=True),
        ),
        rows[:MOST_LINES],
    )
    if len(rows) > MOST_LINES:
        console.print(f"... {count(len(rows) - MOST_LINES, 'step')} more: --format dot")


LEGEND: Final = "→ call  ⇢ message or other async hand-off  » the owner changes here  ↑ shown above"


def tree(graph: Graph) -> Iterator[dict[str, Any]]:
    """The lines of the tree; a step reached a second time is only named."""
    seen: set[Node] = set()
    stack: list[tuple[Node, Row | None, str, str]]
    stack = [(root, None, "", "") for root in reversed(graph.roots)]
    rest = iter(list(graph.steps))
    while True:
        while stack:
            node, edge, branch, below = stack.pop()
            again = node in seen
            yield _line(graph, graph.steps[node], edge, branch, again=again)
            if again:
                continue
            seen.add(node)
            following = graph.after.get(node, [])
            for index, onward in enumerate(reversed(following)):
                tip, trunk = ("└ ", "  ") if index == 0 else ("├ ", "│ ")
                stack.append((_to(onward), onward, below + tip, below + trunk))
        # What no root leads to (a cycle of its own) is begun where it comes first.
        left = next((node for node in rest if node not in seen), None)
        if left is None:
            return
        stack.append((left, None, "", ""))


def _line(graph: Graph, step: Row, edge: Row | None, branch: str, *, again: bool) -> dict[str, Any]:
    name = clean(f"{step['service']} {step['name']}")
    arrival = f"{clean(arrow(edge))} " if edge is not None else ""
    team = graph.owner(step)
    crossing = edge is not None and edge["boundary"]
    shown = {
        "line": f"{branch}{arrival}{name}{' ↑' if again else ''}",
        "style": "dim" if again else "",
        "owner": f"» {team}" if crossing else team,
        "waits": _wait(edge, "p50_wait_ns"),
        "waits_95": _wait(edge, "p95_wait_ns"),
        "waits_99": _wait(edge, "p99_wait_ns"),
        "runs": None if edge is None else f"{edge['count']:,}",
        **dict.fromkeys(("share", "errors", "rate", "takes", "takes_95", "takes_99")),
    }
    if again:
        return shown
    return shown | {
        "runs": f"{step['count']:,}",
        "share": percent(step["share"]) if step["share"] is not None else None,
        "errors": f"{step['errors']:,}" if step["errors"] else None,
        "rate": percent(step["error_rate"]) if step["errors"] and step["error_rate"] else None,
        "takes": duration(step["p50_ns"]) if step["p50_ns"] is not None else None,
        "takes_95": duration(step["p95_ns"]) if step["p95_ns"] is not None else None,
        "takes_99": duration(step["p99_ns"]) if step["p99_ns"] is not None else None,
    }


def _wait(edge: Row | None, name: str) -> str | None:
    if edge is None or edge["mode"] != "async" or edge[name] is None:
        return None
    return duration(edge[name])


def mermaid(*graphs: Graph) -> str:
    """One Mermaid flowchart: async hand-offs dotted, a frame a team; several graphs each in one."""
    lines = ["flowchart LR"]
    for number, graph in enumerate(graphs):
        if len(graphs) == 1:
            lines += _flow(graph, "")
            continue
        lines.append(f'  subgraph w{number}["{_mermaid(graph.title)}"]')
        lines += [*_flow(graph, f"w{number}"), "  end"]
    return "\n".join(lines) + "\n"


def _flow(graph: Graph, prefix: str) -> Iterator[str]:
    ids = {node: f"{prefix}s{number}" for number, node in enumerate(graph.steps)}
    for number, (team, nodes) in enumerate(_by_team(graph)):
        yield f'  subgraph {prefix}t{number}["{_mermaid(team)}"]'
        yield from (f'    {ids[n]}["{_mermaid(n[0])}<br/>{_mermaid(n[1])}"]' for n in nodes)
        yield "  end"
    for edge in graph.edges:
        arrow = "-.->" if edge["mode"] == "async" else "-->"
        label = _mermaid(_label(edge))
        yield f'  {ids[_from(edge)]} {arrow}|"{label}"| {ids[_to(edge)]}'


def dot(graph: Graph) -> str:
    """The graph for Graphviz: async hand-offs dashed, boundaries bold, one cluster a team."""
    ids = {node: f"s{number}" for number, node in enumerate(graph.steps)}
    lines = [f"digraph {_quoted(graph.title)} {{", "  rankdir=LR;", "  node [shape=box];"]
    for number, (team, nodes) in enumerate(_by_team(graph)):
        lines.append(f"  subgraph cluster_{number} {{ label={_quoted(team)};")
        lines += [f"    {ids[n]} [label={_quoted(n[0], n[1])}];" for n in nodes]
        lines.append("  }")
    for edge in graph.edges:
        style = "dashed" if edge["mode"] == "async" else "solid"
        style = f"{style},bold" if edge["boundary"] else style
        label = _quoted(_label(edge))
        lines.append(f'  {ids[_from(edge)]} -> {ids[_to(edge)]} [label={label}, style="{style}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _label(edge: Row) -> str:
    where = f" {edge['destination']}" if edge["destination"] else ""
    wait = _wait(edge, "p50_wait_ns")
    return f"{edge['type']}{where} ×{edge['count']}" + (f", waits {wait}" if wait else "")


def _by_team(graph: Graph) -> list[tuple[str, list[Node]]]:
    teams: dict[str, list[Node]] = {}
    for node, step in graph.steps.items():
        teams.setdefault(graph.owner(step), []).append(node)
    return list(teams.items())


def _short(text: str) -> str:
    """One harmless line that a box can hold."""
    line = clean(text)
    return line if len(line) <= MOST_LABEL else f"{line[: MOST_LABEL - 1]}…"


def _mermaid(text: str) -> str:
    return mermaid_label(_short(text))


def _quoted(*parts: str) -> str:
    escaped = (_short(p).replace("\\", "\\\\").replace('"', '\\"') for p in parts)
    return '"' + "\\n".join(escaped) + '"'
