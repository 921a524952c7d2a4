"""``tracemap graph``: how work flows through a workflow, or flowed through one execution."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tracemap.cli import graph_text
from tracemap.cli.common import DEFAULT_DB, Db, Workflows, examples, one_of, open_database
from tracemap.cli.output import note, out, write_json
from tracemap.cli.text import count
from tracemap.errors import NotFoundError

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap

EPILOG = examples("tracemap graph", "tracemap graph order.id=4711 --format mermaid")

#: Workflows on a screen, the busiest first.
SCREEN: Final = 20


class GraphFormat(StrEnum):
    """How a graph is written."""

    text = "text"
    dot = "dot"
    mermaid = "mermaid"
    json = "json"


def graph(
    which: Annotated[
        str | None,
        typer.Argument(
            metavar="[WORKFLOW|ID]", help="A workflow or an execution. Without it: every workflow."
        ),
    ] = None,
    db: Db = DEFAULT_DB,
    limit: Workflows = None,
    format: Annotated[GraphFormat, typer.Option("--format", "-f")] = GraphFormat.text,  # noqa: A002
) -> None:
    """The steps and hand-offs of a workflow over all of its executions, or of one execution."""
    with open_database(db) as opened:
        workflow, execution = _meant(opened, which)
        if execution is not None:
            page = opened.execution(execution)
            steps, handoffs = page["steps"], page["handoffs"]
            if format is GraphFormat.json:
                write_json(_as_json(execution, steps.records(), handoffs.records()))
                return
            drawn = [graph_text.of_execution(execution, steps.to_dicts(), handoffs.to_dicts())]
            counts: dict[str, int] = {}
            peers = opened.owners(kind="service").to_dicts()
        else:
            found = opened.graph(workflow)
            if format is GraphFormat.json:
                names = found["workflows"].column("workflow") if workflow is None else [workflow]
                steps_, edges_ = found["steps"].records(), found["edges"].records()
                write_json(
                    [
                        _as_json(
                            name,
                            [s for s in steps_ if s["workflow"] == name],
                            [e for e in edges_ if e["workflow"] == name],
                        )
                        for name in names[:limit]
                    ]
                )
                return
            drawn = graph_text.graphs(
                *(found[name].to_dicts() for name in ("steps", "edges", "owners"))
            )
            totals = found["workflows"].to_dicts()
            counts = {row["workflow"]: row["executions"] for row in totals}
            peers = found["services"].to_dicts()
            drawn.sort(key=lambda one: -counts.get(one.title, 0))
    most = limit or (SCREEN if format is GraphFormat.text else len(drawn))
    left, drawn = len(drawn) - most, drawn[:most]
    for one in drawn:
        one.external = graph_text.external_of(peers)
    _draw(drawn, counts, format)
    if left > 0 and not limit:
        note(f"{count(left, 'workflow')} more: name one, or --limit {left + most}")


def _as_json(name: str, steps: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    return {"graph": name, "steps": steps, "edges": edges}


def _meant(opened: PlainTracemap, which: str | None) -> tuple[str | None, str | None]:
    """The workflow or the execution that ``which`` names."""
    if which is None:
        return None, None
    workflows = opened.workflows().column("workflow")
    if which in workflows:
        return which, None
    like = [w for w in workflows if which.lower() in w.lower()]
    try:
        return None, one_of(opened.resolve(which), which)
    except NotFoundError as error:
        if len(like) == 1:
            return like[0], None
        if like:
            raise NotFoundError(
                f"{which!r} is in the names of {len(like)} workflows",
                do=f"name one: {', '.join(repr(w) for w in like[:5])}",
            ) from None
        near = get_close_matches(which[:200], workflows, n=1)
        raise NotFoundError(
            f"there is neither a workflow nor an execution {which!r}",
            do=f"did you mean {near[0]!r}?" if near else error.do,
        ) from None


def _draw(
    drawn: list[graph_text.Graph],
    counts: dict[str, int],
    format: GraphFormat,  # noqa: A002
) -> None:
    if format is GraphFormat.mermaid:
        sys.stdout.write(graph_text.mermaid(*drawn))
        return
    console = out()
    if not drawn:
        console.print("No workflows yet.")
    for index, one in enumerate(drawn):
        if format is GraphFormat.dot:
            sys.stdout.write(graph_text.dot(one))
            continue
        if index:
            console.print()
        graph_text.print_graph(console, one, executions=counts.get(one.title))
    if drawn and format is GraphFormat.text:
        console.print()
        console.print(graph_text.LEGEND, style="dim", soft_wrap=True)
