"""The five responsibilities (design section 7) for every step, with evidence, and their gaps.

**execution**: the service that runs the step. **state**: the service, or the engine or datastore
that holds it. **errors**: the nearest caller that did not fail as well; for a message, its consumer
(which tries again, or tells others) and the dead-letter queue. **compensation**: the service that
undoes, and who decided so.
**workflow**: the end-to-end owner.

*Nobody* is said only where there was an occasion: a compensation is missing when something failed
after the step. Without an occasion it is *unproven*.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tracemap.audit import Audit, Row, many

Part = Literal["execution", "state", "errors", "compensation", "workflow"]
State = Literal["held", "nobody", "unproven"]
GapKind = Literal[
    "no handler",  # of what is published
    "no error handler",
    "no compensation",
    "no dead-letter queue",
    "no end-to-end owner",
    "no owner",
]

PARTS: Final[tuple[Part, ...]] = ("execution", "state", "errors", "compensation", "workflow")
#: Steps whose state a workflow engine keeps.
_ENGINE: Final = ("RunActivity:", "RunWorkflow:")


@dataclass(frozen=True, slots=True)
class Responsibility:
    """Who holds one part for one step, and how that is known."""

    part: Part
    state: State
    holder: str | None  # a service, an engine, a destination
    team: str | None
    evidence: str
    source: Literal["traces", "declared"] = "traces"


@dataclass(frozen=True, slots=True)
class StepDuties:
    """The five for one step."""

    workflow: str
    service: str
    name: str
    duties: tuple[Responsibility, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """A responsibility at an asynchronous boundary (or of the workflow) that nobody has."""

    workflow: str
    kind: GapKind
    state: State  # nobody, or unproven: there was no occasion to see it
    part: Part
    boundary: str | None  # null: the workflow as a whole
    from_team: str | None
    to_team: str | None
    evidence: str


def duties(audit: Audit) -> list[StepDuties]:
    """The five responsibilities for each step that sends telemetry."""
    return [
        StepDuties(
            audit.workflow,
            step["service"],
            step["name"],
            (
                _execution(step),
                _state(audit, step),
                _errors(audit, step),
                _compensation(audit, step),
                _workflow(audit),
            ),
        )
        for step in audit.steps
        if not step["is_virtual"]
    ]


def _execution(step: Row) -> Responsibility:
    evidence = f"ran {many(step['count'], 'time')} in {many(step['executions'], 'execution')}"
    return Responsibility("execution", "held", step["service"], step["team"], evidence)


def _state(audit: Audit, step: Row) -> Responsibility:
    stores = [
        h
        for h in audit.handoffs
        if _is(h, "from", step) and _kind(audit, h["to_service"], h["to_name"]) == "datastore"
    ]
    if stores:
        most = max(stores, key=lambda h: (h["count"], h["to_service"]))
        evidence = f"{many(most['count'], 'call')} to {most['to_service']}"
        return Responsibility("state", "held", most["to_service"], most["to_team"], evidence)
    if step["name"].startswith(_ENGINE):
        drivers = [h["from_service"] for h in audit.handoffs if _is(h, "to", step)]
        by = f", driven by {drivers[0]}" if drivers else ""
        evidence = f"a workflow engine's span names{by}; the engine keeps the history"
        return Responsibility("state", "held", "workflow engine", audit.summary["team"], evidence)
    evidence = "calls no datastore that was seen: its own, or none"
    return Responsibility("state", "held", step["service"], step["team"], evidence)


def _errors(audit: Audit, step: Row) -> Responsibility:
    rows = [h for h in audit.handlers if _same(h, step)]
    total = sum(row["failures"] for row in rows)
    taken = [d for h in _taking(audit, step) for d in _destinations(audit, h)]
    queue = next((d for d in taken if d["dead_letter"]), None)
    if not total:
        if queue is not None:
            evidence = f"never failed; {queue['destination']} has {queue['dead_letter']}"
            return Responsibility(
                "errors", "held", queue["dead_letter"], queue["dead_letter_team"], evidence
            )
        return Responsibility("errors", "unproven", None, None, "never seen failing")
    caught = [row for row in rows if row["handler"] is not None]
    if caught:
        most = caught[0]
        evidence = _caught(most, total)
        return Responsibility(
            "errors", "held", most["handler"], _team(audit, most["handler"]), evidence
        )
    answer = next((a for a in audit.answers if _same(a, step)), None)
    aside = queue["dead_lettered"] if queue else 0
    if answer is not None and not aside:
        by = f" by {', '.join(answer['destinations'])}" if answer["destinations"] else ""
        evidence = f"it told {', '.join(answer['told'])}{by} after {answer['failures']} of "
        evidence += many(total, "failure")
        return Responsibility("errors", "held", step["service"], step["team"], evidence)
    again = _again(step, taken)
    if again and not aside:
        evidence = f"tried again {many(again, 'time')} after {many(total, 'failure')}"
        return Responsibility("errors", "held", step["service"], step["team"], evidence)
    if queue is not None:
        evidence = f"{aside} dead-lettered to {queue['dead_letter']}, "
        evidence += f"{again} delivered again; failed {many(total, 'time')}"
        return Responsibility(
            "errors", "held", queue["dead_letter"], queue["dead_letter_team"], evidence
        )
    if not any(_is(h, "to", step) for h in audit.handoffs):
        evidence = f"{many(total, 'failure')}; whoever asks for it sends no telemetry"
        return Responsibility("errors", "unproven", None, None, evidence)
    evidence = f"{many(total, 'failure')} that no caller handled and nobody tried again"
    return Responsibility("errors", "nobody", None, None, evidence)


def _again(step: Row, taken: Sequence[Row]) -> int:
    """How often its work was tried again. Of a destination's redeliveries it is not known which of
    several takers they were for."""
    alone: int = sum(d["redelivered"] for d in taken if len(d["takers"]) == 1)
    tried: int = step["retries"]
    return max(tried, alone)  # a delivery that is tried again counts as both


def _caught(row: Row, total: int) -> str:
    """``checkout catches and retries, seen in 41 of 44 failures``."""
    failures, retried = row["failures"], row["retried"]
    mostly = 2 * retried >= failures
    text = f"{row['handler']} {'catches and retries' if mostly else 'catches'}, "
    text += f"seen in {failures} of {many(total, 'failure')}"
    return text if mostly or not retried else f"{text}; {retried} tried again"


def _compensation(audit: Audit, step: Row) -> Responsibility:
    itself = next((c for c in audit.compensations if _same(c, step)), None)
    if itself is not None:
        decided = f"; decided by {itself['decided_by']}" if itself["decided_by"] else ""
        evidence = f"it is one: ran only after failures{decided}"
        return Responsibility("compensation", "held", step["service"], step["team"], evidence)
    row = next((u for u in audit.undone if _same(u, step)), None)
    if row is None:
        return Responsibility(
            "compensation", "unproven", None, None, "nothing was seen failing after it"
        )
    if not row["undone"]:
        evidence = f"{many(row['failures_after'], 'execution')} failed after it; "
        evidence += f"{step['service']} was not seen undoing it"
        return Responsibility("compensation", "nobody", None, None, evidence)
    names = row["undone_by"]
    deciders = sorted(
        {
            c["decided_by"]
            for c in audit.compensations
            if c["service"] == step["service"] and c["name"] in names and c["decided_by"]
        }
    )
    evidence = f"{', '.join(names)} ran in {row['undone']} of {row['failures_after']} failures"
    evidence += f" after it; decided by {', '.join(deciders)}" if deciders else " after it"
    return Responsibility("compensation", "held", step["service"], step["team"], evidence)


def _workflow(audit: Audit) -> Responsibility:
    row = audit.summary
    source: Literal["traces", "declared"] = (
        "declared" if str(row["team_rule"]).startswith("declared") else "traces"
    )
    if row["team"] is None:
        return Responsibility("workflow", "nobody", None, None, "no end-to-end owner", source)
    evidence = f"{row['team_rule']}: {row['team_source']}"
    return Responsibility("workflow", "held", row["started_by"], row["team"], evidence, source)


def gaps(audit: Audit) -> list[Gap]:
    """What nobody has at the workflow's asynchronous boundaries; proven gaps first."""
    found = [*_owner_gaps(audit), *_unhandled(audit)]
    steps = {(d.service, d.name): d for d in duties(audit)}
    seen: set[tuple[str, str]] = set()
    for edge in boundaries(audit):
        if edge["type"] == "message":
            found += _queue_gaps(audit, edge, steps)
        for end in ("to", "from"):
            node = (edge[f"{end}_service"], edge[f"{end}_name"])
            if node in steps and node not in seen:
                seen.add(node)
                found += _step_gaps(edge, steps[node], giver=end == "from")
    order = {"nobody": 0, "unproven": 1}
    return sorted(dict.fromkeys(found), key=lambda g: order[g.state])


def boundaries(audit: Audit) -> list[Row]:
    """The asynchronous hand-offs, without mere sequences within a service.

    Where a shared key is all that is known, steps of one service follow each other; nothing passes
    from one to the other.
    """
    return [
        edge
        for edge in audit.asynchronous
        if edge["type"] != "correlation" or edge["from_service"] != edge["to_service"]
    ]


def _owner_gaps(audit: Audit) -> Iterator[Gap]:
    name = audit.workflow
    if audit.summary["team"] is None:
        text = "no team is declared for it, and none could be told from the traces"
        yield Gap(name, "no end-to-end owner", "nobody", "workflow", None, None, None, text)
    told: set[str] = set()
    for edge in boundaries(audit):
        for side in ("from", "to"):
            service = edge[f"{side}_service"]
            if edge[f"{side}_team"] is None and service not in told:
                told.add(service)
                yield _at(edge, "no owner", "nobody", "execution", f"{service} has no owner")


def _unhandled(audit: Audit) -> Iterator[Gap]:
    for row in audit.destinations:
        if row["taken"]:
            continue
        where = f"{row['service']} {row['name']} → {row['destination']}"
        text = f"{many(row['messages'], 'message')} published, none was seen taken"
        team = _team(audit, row["service"])
        yield Gap(
            audit.workflow, "no handler", "nobody", "execution", where, team, row["team"], text
        )


def _queue_gaps(
    audit: Audit, edge: Row, steps: Mapping[tuple[str, str], StepDuties]
) -> Iterator[Gap]:
    """Certain where a consumer failed and nobody else holds its errors."""
    rows = _destinations(audit, edge)
    if any(row["dead_letter"] or row["is_dead_letter"] for row in rows) or not rows:
        return
    taker = steps.get((edge["to_service"], edge["to_name"]))
    errors = next((d for d in taker.duties if d.part == "errors"), None) if taker else None
    text = f"no dead-letter queue of {edge['destination']} is seen or declared"
    text += f"; its consumer: {errors.evidence}" if errors else ""
    state: State = "nobody" if errors is not None and errors.state == "nobody" else "unproven"
    yield _at(edge, "no dead-letter queue", state, "errors", text)


def _step_gaps(edge: Row, step: StepDuties, *, giver: bool) -> Iterator[Gap]:
    """Of the side that takes the work: errors and compensation. Of the other: what it leaves."""
    for duty in step.duties:
        if duty.state == "held" or (giver and duty.state == "unproven"):
            continue
        text = f"{step.service} {step.name}: {duty.evidence}" if giver else duty.evidence
        if duty.part == "errors" and not giver:
            yield _at(edge, "no error handler", duty.state, "errors", text)
        elif duty.part == "compensation":
            yield _at(edge, "no compensation", duty.state, "compensation", text)


def _at(edge: Row, kind: GapKind, state: State, part: Part, evidence: str) -> Gap:
    return Gap(
        edge["workflow"],
        kind,
        state,
        part,
        boundary(edge),
        edge["from_team"],
        edge["to_team"],
        evidence,
    )


def boundary(edge: Row) -> str:
    """``checkout POST /orders → shipping handle order via orders.placed``."""
    via = f" via {edge['destination']}" if edge["destination"] else ""
    ends = f"{edge['from_service']} {edge['from_name']} → {edge['to_service']} {edge['to_name']}"
    return ends + via


def _same(row: Row, step: Row) -> bool:
    return bool(row["service"] == step["service"] and row["name"] == step["name"])


def _is(edge: Row, end: str, step: Row) -> bool:
    return bool(edge[f"{end}_service"] == step["service"] and edge[f"{end}_name"] == step["name"])


def _taking(audit: Audit, step: Row) -> Sequence[Row]:
    return [h for h in audit.handoffs if h["type"] == "message" and _is(h, "to", step)]


def _destinations(audit: Audit, edge: Row) -> list[Row]:
    return [
        d
        for d in audit.destinations
        if d["destination"] == edge["destination"] and d["service"] == edge["from_service"]
    ]


def _kind(audit: Audit, service: str, name: str) -> str | None:
    for step in audit.steps:
        if step["is_virtual"] and step["service"] == service and step["name"] == name:
            kind: str = step["kind"]
            return kind
    return None


def _team(audit: Audit, service: str) -> str | None:
    return next((s["team"] for s in audit.steps if s["service"] == service), None)
