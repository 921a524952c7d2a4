"""A reconciliation report as Markdown, for a terminal, a pull request, a ticket or a mail.

The first line is the answer. Then who is to act, what the answer rests on, and the findings of each
team. Long lists are cut with the command that shows the rest; the JSON has everything.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import Any, Final

from tracemap.markdown import code, inline, link
from tracemap.report_data import SEVERITIES, Contact, Finding, Report, Team, rfc3339

#: How many are shown before "and N more".
MAX_ROWS: Final = 50
MAX_FINDINGS: Final = 20
MAX_EVIDENCE: Final = 12
MAX_CONTACTS: Final = 6

_ACCOUNTED_FAMILIES: Final = frozenset(["orphaned", "duplicated", "stalled", "inconsistent"])
#: Statuses in the order in which people ask for them.
_STATUSES: Final = ("completed", "running", "stalled", "failed", "compensated", "abandoned")
_CONTACT: Final = {
    "channel": "channel",
    "pager": "pager",
    "email": "e-mail",
    "runbook": "runbook",
    "link": "see",
}
_SECOND: Final = 10**9
#: Larger numbers of ns are moments (after 1973), smaller ones durations.
_MOMENT: Final = 10**17


def to_markdown(report: Report) -> str:
    """The report as one Markdown document that ends with a newline."""
    blocks = [
        f"# {_answer(report)}",
        *_summary(report),
        _basis(report),
        *_workflows(report),
        *(block for team in report.teams for block in _team(team, report)),
        *_resolved(report),
        *_muted(report),
    ]
    return "\n\n".join(blocks) + "\n"


def _answer(report: Report) -> str:
    total, missing = report.executions, report.executions - report.accounted
    if not total:
        return "No execution in this window"
    if not missing:
        if total == 1:
            return "The 1 execution is accounted for"
        return f"All {total:,} executions are accounted for"
    verb = "is" if report.accounted == 1 else "are"
    return (
        f"{report.accounted:,} of {_count(total, 'execution')} {verb} accounted for, "
        f"{missing:,} {'is' if missing == 1 else 'are'} not"
    )


def _summary(report: Report) -> Iterator[str]:
    counts = report.counts()
    parts = [f"**{counts['new']:,} new**", f"{counts['ongoing']:,} ongoing"]
    if counts["reopened"]:
        parts[-1] += f" ({counts['reopened']:,} of them back)"
    parts.append(f"{counts['resolved']:,} resolved")
    if counts["muted"]:
        parts.append(f"{counts['muted']:,} muted")
    total = counts["new"] + counts["ongoing"]
    if not total and not counts["resolved"] and not counts["muted"]:
        yield "No findings."
    else:
        yield f"Findings{_since(report)}: {', '.join(parts)}.{_kinds(report)}"
        if report.teams:
            told = [f"**{_name(t)}** ({len(t.findings):,})" for t in report.teams]
            yield f"To act: {_limited(told, most=MAX_ROWS)}."
    if loose := sum(f.execution is None and f.family in _ACCOUNTED_FAMILIES for f in report.open):
        yield f"{_count(loose, 'finding')} {'names' if loose == 1 else 'name'} no execution."


def _kinds(report: Report) -> str:
    families = Counter(f.family for f in report.open)
    if not families:
        return ""
    return f" Open: {', '.join(f'{n:,} {inline(family)}' for family, n in families.most_common())}."


def _since(report: Report) -> str:
    if report.previous is None:
        return ""
    return f" since report {report.previous.report_id} (to {_time(report.previous.window_to_ns)})"


def _basis(report: Report) -> str:
    """What the answer rests on: window, horizon, keys."""
    if report.window_from_ns is None:
        window = f"everything up to {_time(report.window_to_ns)} UTC"
    else:
        lasts = _span(report.window_to_ns - report.window_from_ns)
        window = f"{_time(report.window_from_ns)} to {_time(report.window_to_ns)} UTC ({lasts})"
    if report.looks_back:
        window += ", a look back: findings as they are known today"
    known = [
        f"{_time(s.horizon_ns)} UTC from {code(s.name, cell=True)} ({s.kind}"
        + (", silent since" if s.silent else "")
        + ")"
        for s in report.sources
    ]
    keys = [
        code(k.name, cell=True)
        + (f" (also {', '.join(code(a, cell=True) for a in k.aliases)})" if k.aliases else "")
        for k in report.keys
    ]
    rows = [
        ("Window", window),
        ("Known up to", _limited(known) or "nothing has been received yet"),
        ("Told apart by", _limited(keys) or "their traces: no correlation key was found"),
    ]
    if report.earlier:
        rows.append(
            ("From before", f"{_count(report.earlier, 'execution')} still open when it began")
        )
    if report.set_aside:
        rows.append(
            ("Set aside", f"{_count(report.set_aside, 'trace')} of probes and polls, no executions")
        )
    if report.report_id is not None:
        rows.insert(0, ("Report", str(report.report_id)))
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def _workflows(report: Report) -> Iterator[str]:
    if not report.workflows:
        return
    seen = {status for w in report.workflows for status in w.statuses}
    statuses = [s for s in _STATUSES if s in seen] + sorted(seen - set(_STATUSES))
    head = ["Workflow", "Owner", "Executions", "Accounted for", "Not", *map(inline, statuses)]
    lines = [_row(head), "|---|---|" + "--:|" * (len(head) - 2)]
    for w in report.workflows[:MAX_ROWS]:
        missing = w.executions - w.accounted
        lines.append(
            _row(
                [
                    code(w.workflow, cell=True) if w.workflow is not None else "*unnamed*",
                    inline(w.team) if w.team is not None else "*nobody*",
                    f"{w.executions:,}",
                    f"{w.accounted:,}",
                    f"**{missing:,}**" if missing else "0",
                    *(f"{w.statuses.get(status, 0):,}" for status in statuses),
                ]
            )
        )
    yield "## Workflows"
    yield "\n".join(lines)
    if (more := len(report.workflows) - MAX_ROWS) > 0:
        yield f"And {_count(more, 'workflow')} more."


def _team(team: Team, report: Report) -> Iterator[str]:
    name = _name(team) if team.team is not None else "Unowned"
    yield f"## {name}: {_count(len(team.findings), 'finding')}"
    if team.contacts:
        yield _reach(team.contacts)
    by_rule = sorted(team.findings, key=lambda f: (SEVERITIES.index(f.severity), f.rule))
    for rule, group in groupby(by_rule, key=lambda f: f.rule):
        yield from _rule(rule, list(group), team, report)


def _reach(contacts: Sequence[Contact]) -> str:
    """``Channel `#payments`, pager `payments-primary`, runbook <https://...>``."""
    told = [
        f"{_CONTACT[c.type]} {link(c.value) if '://' in c.value else code(c.value)}"
        + (f" ({inline(c.title)})" if c.title else "")
        for c in contacts
    ]
    line = _limited(told, most=MAX_CONTACTS)
    return line[:1].upper() + line[1:]


def _rule(rule: str, found: Sequence[Finding], team: Team, report: Report) -> Iterator[str]:
    title = f" {inline(found[0].title)}" if found[0].title else ""
    yield f"### {inline(rule)}{title}" + (f" ({len(found):,})" if len(found) > 1 else "")
    actions = {f.next_action for f in found}
    shared = actions.pop() if len(actions) == 1 and len(found) > 1 else None
    if shared:
        yield f"**Next:** {inline(shared)}"
    reach = team.contacts
    yield "\n".join(
        _item(f, report, reach, with_action=shared is None) for f in found[:MAX_FINDINGS]
    )
    if (more := len(found) - MAX_FINDINGS) > 0:
        whose = shlex.quote(team.team) if team.team is not None else "unowned"
        command = f"tracemap findings --rule {shlex.quote(rule)} --team {whose}"
        yield f"And {more:,} more: {code(command)}"


def _item(finding: Finding, report: Report, shared: Sequence[Contact], *, with_action: bool) -> str:
    state = "back" if finding.reopened else finding.status
    head = f"- **{inline(finding.severity)}**, {state}"
    if finding.first_seen_ns is not None:
        head += f", {_age(report.window_to_ns - finding.first_seen_ns)}"
    lines = [f"{head}: {inline(finding.message)}"]
    if finding.execution is not None:
        lines.append(f"  - Execution {_execution(finding)}")
    if evidence := _evidence(finding.evidence):
        lines.append(f"  - Evidence: {evidence}")
    if finding.effects:
        lines.append(f"  - Follows from it: {_limited([inline(e) for e in finding.effects], '; ')}")
    if own := [c for c in finding.contacts if c not in shared]:
        lines.append(f"  - {_reach(own)}")
    if with_action and finding.next_action:
        lines.append(f"  - **Next:** {inline(finding.next_action)}")
    lines.append(f"  - Look: {code(f'tracemap explain {finding.id}')}")
    return "\n".join(lines)


def _execution(finding: Finding) -> str:
    """The execution by its key and value; with its name where that is another."""
    name = finding.execution or ""
    if finding.correlation is None:
        return code(name)
    key, value = finding.correlation
    pair = f"{key}={value}"
    return code(pair) if name in (value, pair) else f"{code(name)} ({code(pair)})"


def _evidence(value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else code(json.dumps(value, ensure_ascii=False))
    parts = [
        f"{inline(name.removesuffix('_ns').replace('_', ' '))} {_fact(name, fact)}"
        for name, fact in value.items()
        if fact is not None
    ]
    return _limited(parts, "; ", MAX_EVIDENCE)


def _fact(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        if not name.endswith("_ns"):
            return f"{value:,}"
        return f"{_time(value)} UTC" if abs(value) >= _MOMENT else _span(value)
    if isinstance(value, str):
        return code(value)
    return code(json.dumps(value, ensure_ascii=False))


def _resolved(report: Report) -> Iterator[str]:
    if not report.resolved:
        return
    previous = f" since report {report.previous.report_id}" if report.previous else ""
    yield f"## Resolved{previous}: {_count(len(report.resolved), 'finding')}"
    yield _brief(report.resolved)


def _muted(report: Report) -> Iterator[str]:
    if not report.muted:
        return
    yield f"## Muted: {_count(len(report.muted), 'finding')}"
    yield _brief(report.muted)


def _brief(found: Sequence[Finding]) -> str:
    lines = []
    for f in found[:MAX_ROWS]:
        whose = f" ({inline(f.team)})" if f.team is not None else ""
        why = f". Muted: {inline(f.muted_reason)}" if f.status == "muted" and f.muted_reason else ""
        lines.append(f"- {inline(f.rule)}{whose}: {inline(f.message)}{why} {code(f.id)}")
    if (more := len(found) - MAX_ROWS) > 0:
        lines.append(f"- and {more:,} more")
    return "\n".join(lines)


def _name(team: Team) -> str:
    return inline(team.team) if team.team is not None else "unowned"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _limited(parts: Sequence[str], glue: str = ", ", most: int = 10) -> str:
    more = [f"and {len(parts) - most:,} more"] if len(parts) > most else []
    return glue.join([*parts[:most], *more])


def _count(number: int, one: str) -> str:
    return f"{number:,} {one if number == 1 else one + 's'}"


def _time(ns: int) -> str:
    """``2026-03-01 02:00:00``: to the second, UTC."""
    text = rfc3339(ns - ns % _SECOND)
    assert text is not None
    return text.removesuffix("Z").replace("T", " ")


def _age(ns: int) -> str:
    """How old, to the second; a clock that runs ahead is no news here."""
    return "just now" if ns < _SECOND else f"{_span(ns - ns % _SECOND)} old"


def _span(ns: int) -> str:
    """A duration in its two largest units: ``3 d 4 h``, ``12 min 5 s``, ``1.5 s``, ``20 ms``."""
    sign, ns = ("-", -ns) if ns < 0 else ("", ns)
    if ns < _SECOND:
        return f"{sign}{ns / 10**6:.3g} ms" if ns else "0 s"
    if ns < 60 * _SECOND:
        return f"{sign}{ns / _SECOND:.3g} s"
    seconds = ns // _SECOND
    sizes = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
    for (size, unit), (smaller, name) in pairwise(sizes):
        if seconds >= size:
            rest = seconds % size // smaller
            return f"{sign}{seconds // size} {unit}" + (f" {rest} {name}" if rest else "")
    return f"{sign}{seconds} s"
