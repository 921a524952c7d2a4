"""The map as Markdown with one Mermaid diagram a workflow, for reviewers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracemap.markdown import code, inline, link, mermaid_label, visible
from tracemap.ownership_map import Map, Seen
from tracemap.responsibilities import PARTS, Responsibility, StepDuties

Node = tuple[str, str]


def to_markdown(found: Seen) -> str:
    """Teams, then each workflow: diagram, hand-offs, and the five responsibilities of its steps."""
    lines = ["# Ownership map", "", "Written by `tracemap map export`. No counts, no durations: it"]
    lines += ["changes when the workflows or their owners do.", ""]
    lines += _teams(found.map["teams"])
    lines += _links(found.map["owners"])
    for workflow in found.map["workflows"]:
        name = workflow["workflow"]
        lines += [f"## {inline(name)}", "", f"End to end: **{_team(workflow['team'])}**.", ""]
        lines += ["```mermaid", *_mermaid(workflow), "```", ""]
        lines += _handoffs(workflow["handoffs"])
        lines += _duties([d for d in found.duties if d.workflow == name])
        lines += _compensations(workflow["compensations"])
    return "\n".join(lines).rstrip("\n") + "\n"


def _teams(teams: Sequence[Map]) -> Iterator[str]:
    if not teams:
        return
    ways = ("channel", "pager", "email", "runbook")
    yield from ("## Teams", "", "| team | channel | pager | e-mail | runbook |", f"|{' --- |' * 5}")
    for team in teams:
        cells = [inline(team["name"]), *(_address(team[way]) for way in ways)]
        yield f"| {' | '.join(cells)} |"
    yield ""


def _links(owners: Sequence[Map]) -> Iterator[str]:
    """What catalogs say of services, destinations, datastores and workflows themselves."""
    told = [one for one in owners if one.get("contacts")]
    if not told:
        return
    yield from ("## Contacts and runbooks", "", "| what | team | |", "| --- | --- | --- |")
    for one in told:
        ways = "; ".join(
            f"{inline(c['title'] or c['type'])} {_address(c['value'])}" for c in one["contacts"]
        )
        yield f"| {one['kind']} {inline(one['name'])} | {_team(one['team'])} | {ways} |"
    yield ""


def _address(value: str | None) -> str:
    if not value:
        return "-"
    return link(value).replace("|", "%7C") if "://" in value else inline(value)


def _handoffs(handoffs: Sequence[Map]) -> Iterator[str]:
    if not handoffs:
        return
    yield from ("| from | to | how | owners | boundary |", "| --- | --- | --- | --- | --- |")
    for one in handoffs:
        how = f"{one['mode']} {one['type']}"
        if one["destination"]:
            how += f" via {code(one['destination'], cell=True)}"
        owners = f"{_team(one['from']['team'])} » {_team(one['to']['team'])}"
        ends = f"{_step(one['from'])} | {_step(one['to'])}"
        yield f"| {ends} | {how} | {owners} | {'yes' if one['boundary'] else ''} |"
    yield ""


def _duties(steps: Sequence[StepDuties]) -> Iterator[str]:
    if not steps:
        return
    yield f"| step | {' | '.join(PARTS)} |"
    yield f"| --- |{' --- |' * len(PARTS)}"
    for step in sorted(steps, key=lambda s: (s.service, s.name)):
        cells = " | ".join(_duty(duty) for duty in step.duties)
        yield f"| {_step({'service': step.service, 'name': step.name})} | {cells} |"
    yield ""


def _duty(duty: Responsibility) -> str:
    if duty.state != "held":
        return "**nobody**" if duty.state == "nobody" else "not seen"
    team = _team(duty.team)
    return f"{inline(duty.holder)} ({team})" if duty.holder else team


def _compensations(rows: Sequence[Map]) -> Iterator[str]:
    for row in rows:
        decided = f", decided by {inline(row['decided_by'])}" if row["decided_by"] else ""
        yield f"- Compensation: {inline(row['name'])}, run by {inline(row['service'])}{decided}."
    if rows:
        yield ""


def _step(end: Map) -> str:
    return f"{inline(end['service'])} {inline(end['name'])}"


def _team(team: str | None) -> str:
    return inline(team) if team else "unowned"


def _mermaid(workflow: Map) -> Iterator[str]:
    """The hand-offs as a flowchart: asynchronous ones dotted, one frame a team."""
    teams: dict[Node, str] = {}
    for step in workflow["steps"]:
        teams[step["service"], step["name"]] = step["team"] or "unowned"
    for one in workflow["handoffs"]:
        for end in (one["from"], one["to"]):
            teams.setdefault((end["service"], end["name"]), end["team"] or "unowned")
    ids = {node: f"s{number}" for number, node in enumerate(sorted(teams))}
    yield "flowchart LR"
    for number, team in enumerate(sorted(set(teams.values()))):
        yield f'  subgraph t{number}["{_label(team)}"]'
        for node in sorted(node for node, owner in teams.items() if owner == team):
            yield f'    {ids[node]}["{_label(node[0])}<br/>{_label(node[1])}"]'
        yield "  end"
    for one in workflow["handoffs"]:
        arrow = "-.->" if one["mode"] == "async" else "-->"
        where = f" {_label(one['destination'])}" if one["destination"] else ""
        start = ids[one["from"]["service"], one["from"]["name"]]
        end = ids[one["to"]["service"], one["to"]["name"]]
        yield f'  {start} {arrow}|"{_label(one["type"])}{where}"| {end}'


def _label(text: str) -> str:
    return mermaid_label(visible(text))
