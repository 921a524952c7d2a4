"""The audit of existing workflows: what is synchronous, what is not, and what each costs.

From the named reads of ``queries/audit``, all of one moment: per workflow its hand-offs with the
owners of both sides, durations, throughput, services, retries, compensations and idempotency keys
seen, the time that callers wait, and from those the answers to what an architect asks when choosing
between synchronous and asynchronous work. Numbers in ``*_ns`` are nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from tracemap.errors import NotFoundError
from tracemap.questions import Questions

Row = Mapping[str, Any]

#: Parts of an audit, each the rows of ``queries/audit/<name>.sql``.
PARTS: Final = (
    "handoffs",
    "steps",
    "handlers",
    "answers",
    "compensations",
    "undone",
    "destinations",
    "idempotency",
)


@dataclass(frozen=True, slots=True)
class Question:
    """What an architect asks, and what this workflow's numbers answer."""

    topic: str  # duration, throughput, consistency, services, errors
    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Audit:
    """One workflow. ``summary`` is its row of ``audit/workflows``; the others are lists of rows."""

    workflow: str
    summary: Row
    handoffs: tuple[Row, ...]
    steps: tuple[Row, ...]
    handlers: tuple[Row, ...]
    answers: tuple[Row, ...]
    compensations: tuple[Row, ...]
    undone: tuple[Row, ...]
    destinations: tuple[Row, ...]
    idempotency: tuple[Row, ...]

    @property
    def sync(self) -> list[Row]:
        """Hand-offs whose caller waits."""
        return [h for h in self.handoffs if h["mode"] == "sync"]

    @property
    def asynchronous(self) -> list[Row]:
        """Hand-offs that nobody waits for."""
        return [h for h in self.handoffs if h["mode"] == "async"]

    @property
    def waiting_share(self) -> float | None:
        """The share of their time that callers waited; null where nobody called."""
        busy: int = self.summary["busy_ns"]
        return min(1.0, self.summary["waited_ns"] / busy) if busy else None


def read(opened: Questions[Any], workflow: str | None = None) -> list[Audit]:
    """The audit of one workflow, or of all, the busiest first.

    Raises NotFoundError, with the nearest name, for a workflow that was never seen.
    """
    if workflow is not None:
        (known,) = opened.backend.rows([("api/workflows", {})])
        workflow = _meant(workflow, [str(name) for name in known.column("workflow")])
    bound = {"workflow": workflow}
    names = ("workflows", *PARTS)
    workflows, *found = opened.backend.rows([(f"audit/{name}", bound) for name in names])
    parts = {name: _by_workflow(rows.records()) for name, rows in zip(PARTS, found, strict=True)}
    return [
        Audit(
            row["workflow"],
            row,
            **{name: tuple(parts[name].get(row["workflow"], ())) for name in PARTS},
        )
        for row in workflows.records()
    ]


def _by_workflow(rows: Sequence[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(row["workflow"], []).append(row)
    return out


def _meant(text: str, known: Sequence[str]) -> str:
    if text in known:
        return text
    like = [name for name in known if text.lower() in name.lower()]
    if len(like) == 1:
        return like[0]
    near = get_close_matches(text[:200], known, n=1)
    do = "see 'tracemap graph'"
    if like:
        do = f"name one: {', '.join(repr(name) for name in like[:5])}"
    elif near:
        do = f"did you mean {near[0]!r}?"
    raise NotFoundError(f"there is no workflow {text!r}", do=do)


def questions(audit: Audit) -> list[Question]:
    """What speaks for and against waiting, in this workflow's own numbers."""
    return [
        Question(
            "duration", "How long does it take, and does anyone wait for it?", _duration(audit)
        ),
        Question("throughput", "How much goes through, and what has to keep up?", _rate(audit)),
        Question("consistency", "When do all sides agree, and who undoes?", _consistency(audit)),
        Question("services", "How many services and teams take part?", _services(audit)),
        Question("errors", "What happens when a step fails?", _errors(audit)),
    ]


def _duration(audit: Audit) -> str:
    row = audit.summary
    if row["p50_ns"] is None:
        return "No execution has ended yet."
    text = f"Half end within {took(row['p50_ns'])}, 95% within {took(row['p95_ns'])}. "
    share = audit.waiting_share
    if share is None:
        return text + "No caller was seen waiting."
    text += (
        f"Callers wait {took(row['p50_waited_ns'])} of an execution (95%: "
        f"{took(row['p95_waited_ns'])}), {share:.0%} of the time of the steps that call."
    )
    slowest = max(audit.sync, key=lambda h: h["p95_held_ns"] or 0, default=None)
    if slowest is not None and slowest["p95_held_ns"]:
        text += (
            f" The longest wait is for {slowest['to_service']} {slowest['to_name']}: "
            f"95% within {took(slowest['p95_held_ns'])}."
        )
    return text


def _rate(audit: Audit) -> str:
    row = audit.summary
    text = f"{many(row['executions'], 'execution')} seen"
    if row["per_hour"] is not None:
        text += f", {row['per_hour']:,.3g} an hour"
    text += f", at most {row['peak_per_minute']:,} started in one minute."
    waits = [h for h in audit.asynchronous if h["p95_wait_ns"] is not None]
    if not waits:
        return text + " Nothing is buffered: every step has to keep up with the callers."
    worst = max(waits, key=lambda h: h["p95_wait_ns"])
    where = worst["destination"] or f"{worst['to_service']} {worst['to_name']}"
    return text + f" Work waits longest at {where}: 95% within {took(worst['p95_wait_ns'])}."


def _consistency(audit: Audit) -> str:
    row = audit.summary
    if not audit.asynchronous:
        text = "All hand-offs are synchronous: the caller knows the outcome when it is answered."
    else:
        text = (
            f"{many(len(audit.asynchronous), 'hand-off')} of {len(audit.handoffs)} "
            f"{'is' if len(audit.asynchronous) == 1 else 'are'} asynchronous: sides disagree for "
            f"up to {took(max(h['p95_wait_ns'] or 0 for h in audit.asynchronous))} (95%)."
        )
    bad = row["failed"] + row["compensated"]
    if not bad:
        return text + " None failed for good, so no compensation could be seen."
    if not audit.compensations:
        return text + f" {many(bad, 'execution')} failed for good, and nothing was seen undoing it."
    undoing = "; ".join(compensation(one) for one in audit.compensations[:3])
    return text + f" After failures ran {undoing}."


def _services(audit: Audit) -> str:
    row = audit.summary
    teams = sorted({s["team"] for s in audit.steps if s["team"] and not s["is_virtual"]})
    crossing = [h for h in audit.handoffs if h["boundary"]]
    text = f"{many(len(row['services']), 'service')} of {many(len(teams), 'team')}"
    text += f" ({', '.join(teams)})" if teams else ""
    if not crossing:
        return f"{text}; no hand-off crosses from team to team."
    text += f"; {len(crossing)} of {many(len(audit.handoffs), 'hand-off')} cross from team to team"
    waited = sum(h["mode"] == "sync" for h in crossing)
    return f"{text}, and in {waited} of those the caller waits for the other team."


def _errors(audit: Audit) -> str:
    errors = sum(h["failures"] for h in audit.handlers)
    retries = sum(s["retries"] for s in audit.steps)
    again = sum(d["redelivered"] for d in audit.destinations)
    if not (errors or retries or again):
        return "No step was seen failing; how errors are handled has not been shown yet."
    caught = sum(h["failures"] for h in audit.handlers if h["handler"] is not None)
    well = sum(s["retried_well"] for s in audit.steps)
    dead = sum(d["dead_lettered"] for d in audit.destinations)
    text = "No step failed."
    if errors:
        told = sum(row["failures"] for row in audit.answers)
        text = f"{many(errors, 'failure')} of steps: {caught} handled by a caller, "
        text += f"{errors - caught} by none."
        if told:
            text += f" After {told} of them others were told."
    if retries:
        text += f" {many(retries, 'retry', 'retries')}, {well} went well."
    if audit.destinations:
        text += f" {many(again, 'message')} delivered again, {dead} dead-lettered."
    keys = sorted({key for row in audit.idempotency for key in row["keys"]})
    if keys:
        return f"{text} Idempotency keys seen: {', '.join(keys)}."
    return f"{text} No idempotency key was seen on any step."


def compensation(row: Row) -> str:
    """``ReleaseInventory``, run by whom, decided by whom, how often, and what it may undo."""
    text = f"{row['name']} (run by {row['service']}"
    if row["decided_by"]:
        text += f", decided by {row['decided_by']}"
    text += f", in {many(row['executions'], 'execution')}"
    if row["undoes"]:
        text += f", after {', '.join(row['undoes'][:3])}"
    return text + ")"


def many(number: int, one: str, several: str | None = None) -> str:
    """``1 service``, ``2 services``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def took(ns: int) -> str:
    """A duration in ns, with the unit that says most."""
    if ns >= 120 * 10**9:
        minutes = ns // (60 * 10**9)
        return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
    for size, unit in ((10**9, "s"), (10**6, "ms"), (10**3, "us")):
        if ns >= size:
            value = ns / size
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{ns} ns"
