"""A reconciliation report as data, and as JSON that reads back into the same data.

Nothing here touches the database: a client of a server rebuilds the report from its JSON and
renders it. Times are ns since the epoch (UTC) inside and RFC 3339 text in JSON.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from tracemap.errors import InputError

#: Raised when a field of the JSON changes its meaning; new fields do not raise it.
VERSION: Final = 1

SEVERITIES: Final = ("critical", "high", "medium", "low", "info")

#: What a report says of a finding, against the report before it.
Status = Literal["new", "ongoing", "resolved", "muted"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where spans came from, and up to when it is known."""

    name: str
    kind: str  # live or recorded
    horizon_ns: int
    silent: bool  # a live source that has stopped sending


@dataclass(frozen=True, slots=True)
class Key:
    """A correlation key by which executions were told apart."""

    name: str
    aliases: tuple[str, ...]
    kind: str  # user, discovered or engine


@dataclass(frozen=True, slots=True)
class Workflow:
    """How the executions of one workflow stand."""

    workflow: str | None
    team: str | None
    executions: int
    accounted: int
    statuses: Mapping[str, int]  # status -> executions, by name


@dataclass(frozen=True, slots=True)
class Contact:
    """A way to reach who is told, or a link that helps."""

    type: str  # channel, pager, email, runbook or link
    value: str
    title: str | None
    of: str  # the team, or the kind of thing it is given for
    source: str | None  # path:line


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as the report shows it."""

    id: str
    rule: str
    title: str | None  # of the rule
    family: str
    severity: str
    status: Status
    reopened: bool  # ongoing, but the report before did not have it: it is back
    execution: str | None
    correlation: tuple[str, str | None] | None  # key, value
    workflow: str | None
    service: str | None
    step: str | None
    team: str | None
    trace_id: str | None
    span_ids: tuple[str, ...]
    first_seen_ns: int | None
    last_seen_ns: int | None
    message: str
    evidence: Any  # a JSON value, as a rule an object
    effects: tuple[str, ...]
    next_action: str | None
    resolved_ns: int | None = None
    muted_reason: str | None = None
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Team:
    """A team and what it is told; ``team`` null: nobody owns these."""

    team: str | None
    findings: tuple[Finding, ...]

    @property
    def contacts(self) -> tuple[Contact, ...]:
        """The contacts that all of its findings share; a finding may have more of its own."""
        first, *others = self.findings
        return tuple(c for c in first.contacts if all(c in f.contacts for f in others))

    def first(self, type_: str) -> str | None:
        """The first of ``contacts`` that is a channel, pager, email or runbook."""
        return next((c.value for c in self.contacts if c.type == type_), None)


@dataclass(frozen=True, slots=True)
class Previous:
    """The saved report that this one is compared with."""

    report_id: int
    created_ns: int
    window_to_ns: int


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to "is every execution accounted for?" for one window."""

    report_id: int | None  # null: not saved
    created_ns: int
    window_from_ns: int | None  # null: since the beginning
    window_to_ns: int
    #: The window ends before the horizon: a look back, which is not saved.
    looks_back: bool
    previous: Previous | None
    sources: tuple[Source, ...]
    keys: tuple[Key, ...]
    executions: int
    accounted: int
    #: Of ``executions``: those that did nothing in the window, but were left open before it.
    earlier: int
    workflows: tuple[Workflow, ...]
    teams: tuple[Team, ...]  # open findings, by team
    resolved: tuple[Finding, ...]  # since the report before
    muted: tuple[Finding, ...]
    #: Traces of the window that are no executions: probes and polls.
    set_aside: int = 0

    @property
    def open(self) -> Iterator[Finding]:
        """The open findings of all teams: new and ongoing, not muted."""
        return (finding for team in self.teams for finding in team.findings)

    def counts(self) -> dict[str, int]:
        """Findings by what became of them; ``reopened`` ones are among the ``ongoing``."""
        found = list(self.open)
        return {
            "new": sum(f.status == "new" for f in found),
            "ongoing": sum(f.status == "ongoing" for f in found),
            "reopened": sum(f.reopened for f in found),
            "resolved": len(self.resolved),
            "muted": len(self.muted),
        }


def exit_code(report: Report, fail_on: str | None) -> int:
    """1 when the report holds what ``fail_on`` names, else 0.

    ``fail_on`` is a severity (that one or worse), ``any`` open finding, or ``new`` ones (those that
    came back included); null: never. Raises InputError for another word.
    """
    if fail_on is None:
        return 0
    if fail_on == "any":
        return int(any(True for _ in report.open))
    if fail_on == "new":
        return int(any(f.status == "new" or f.reopened for f in report.open))
    if fail_on not in SEVERITIES:
        raise InputError(
            f"{fail_on!r} is nothing to fail on",
            do=f"one of any, new, {', '.join(SEVERITIES)}",
        )
    limit = SEVERITIES.index(fail_on)
    return int(any(SEVERITIES.index(f.severity) <= limit for f in report.open))


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values (docs/reconcile.md)."""
    return {
        "version": VERSION,
        "report": report.report_id,
        "created_at": rfc3339(report.created_ns),
        "window": {
            "from": rfc3339(report.window_from_ns),
            "to": rfc3339(report.window_to_ns),
            "looks_back": report.looks_back,
        },
        "previous": report.previous
        and {
            "report": report.previous.report_id,
            "created_at": rfc3339(report.previous.created_ns),
            "to": rfc3339(report.previous.window_to_ns),
        },
        "sources": [
            {"name": s.name, "kind": s.kind, "horizon": rfc3339(s.horizon_ns), "silent": s.silent}
            for s in report.sources
        ],
        "keys": [{"name": k.name, "aliases": list(k.aliases), "kind": k.kind} for k in report.keys],
        "executions": report.executions,
        "accounted": report.accounted,
        "earlier": report.earlier,
        "set_aside": report.set_aside,
        "counts": report.counts(),
        "workflows": [
            {
                "workflow": w.workflow,
                "team": w.team,
                "executions": w.executions,
                "accounted": w.accounted,
                "statuses": dict(w.statuses),
            }
            for w in report.workflows
        ],
        "teams": [
            {
                "team": t.team,
                **{type_: t.first(type_) for type_ in ("channel", "pager", "email", "runbook")},
                "findings": [_finding_json(f) for f in t.findings],
            }
            for t in report.teams
        ],
        "resolved": [_finding_json(f) for f in report.resolved],
        "muted": [_finding_json(f) for f in report.muted],
    }


def from_json(value: Mapping[str, Any]) -> Report:
    """The report that ``to_json`` wrote; fields that this version does not know are ignored.

    Raises InputError for JSON that is no report, or of another version.
    """
    try:
        if value["version"] != VERSION:
            raise InputError(
                f"a report of version {value['version']!r}, this tracemap reads {VERSION}",
                do="use the same tracemap on both sides",
            )
        previous = value["previous"]
        return Report(
            report_id=value["report"],
            created_ns=_ns(value["created_at"]),
            window_from_ns=ns_of(value["window"]["from"]),
            window_to_ns=_ns(value["window"]["to"]),
            looks_back=value["window"]["looks_back"],
            previous=previous
            and Previous(previous["report"], _ns(previous["created_at"]), _ns(previous["to"])),
            sources=tuple(
                Source(s["name"], s["kind"], _ns(s["horizon"]), s["silent"])
                for s in value["sources"]
            ),
            keys=tuple(Key(k["name"], tuple(k["aliases"]), k["kind"]) for k in value["keys"]),
            executions=value["executions"],
            accounted=value["accounted"],
            earlier=value["earlier"],
            workflows=tuple(
                Workflow(w["workflow"], w["team"], w["executions"], w["accounted"], w["statuses"])
                for w in value["workflows"]
            ),
            teams=tuple(Team(t["team"], _findings(t["findings"])) for t in value["teams"]),
            resolved=_findings(value["resolved"]),
            muted=_findings(value["muted"]),
            set_aside=value.get("set_aside", 0),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"this is no reconciliation report: {error!r}") from error


def _finding_json(f: Finding) -> dict[str, Any]:
    return {
        "id": f.id,
        "rule": f.rule,
        "title": f.title,
        "family": f.family,
        "severity": f.severity,
        "status": f.status,
        "reopened": f.reopened,
        "execution": f.execution,
        "correlation": f.correlation and {"key": f.correlation[0], "value": f.correlation[1]},
        "workflow": f.workflow,
        "service": f.service,
        "step": f.step,
        "team": f.team,
        "trace_id": f.trace_id,
        "span_ids": list(f.span_ids),
        "first_seen": rfc3339(f.first_seen_ns),
        "last_seen": rfc3339(f.last_seen_ns),
        "message": f.message,
        "evidence": f.evidence,
        "effects": list(f.effects),
        "next_action": f.next_action,
        "resolved_at": rfc3339(f.resolved_ns),
        "muted_reason": f.muted_reason,
        "contacts": [asdict(c) for c in f.contacts],
    }


def _findings(rows: list[dict[str, Any]]) -> tuple[Finding, ...]:
    return tuple(_finding(row) for row in rows)


def _finding(row: dict[str, Any]) -> Finding:
    correlation = row["correlation"]
    return Finding(
        id=row["id"],
        rule=row["rule"],
        title=row["title"],
        family=row["family"],
        severity=row["severity"],
        status=row["status"],
        reopened=row["reopened"],
        execution=row["execution"],
        correlation=correlation and (correlation["key"], correlation["value"]),
        workflow=row["workflow"],
        service=row["service"],
        step=row["step"],
        team=row["team"],
        trace_id=row["trace_id"],
        span_ids=tuple(row["span_ids"]),
        first_seen_ns=ns_of(row["first_seen"]),
        last_seen_ns=ns_of(row["last_seen"]),
        message=row["message"],
        evidence=row["evidence"],
        effects=tuple(row["effects"]),
        next_action=row["next_action"],
        resolved_ns=ns_of(row["resolved_at"]),
        muted_reason=row["muted_reason"],
        # A report that an earlier version saved has none.
        contacts=tuple(Contact(**c) for c in row.get("contacts", ())),
    )


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_RFC3339: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")


def rfc3339(ns: int | None) -> str | None:
    """``2026-03-01T02:00:00Z``, with 3, 6 or 9 digits of fraction where it has one."""
    if ns is None:
        return None
    seconds, fraction = divmod(ns, 10**9)
    digits = f"{fraction:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    whole = f"{_EPOCH + dt.timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
    return f"{whole}.{digits}Z" if digits else f"{whole}Z"


def ns_of(text: str | None) -> int | None:
    """The ns that ``rfc3339`` wrote, exactly. Raises InputError for other text."""
    return None if text is None else _ns(text)


def _ns(text: str) -> int:
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise InputError(f"{text!r} is not a time such as 2026-03-01T02:00:00Z")
    since = dt.datetime.fromisoformat(f"{match[1]}Z") - _EPOCH
    return (since.days * 86_400 + since.seconds) * 10**9 + int((match[2] or "").ljust(9, "0"))
