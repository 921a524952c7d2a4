"""The map of workflows, hand-offs, owners and boundaries as text, and what has changed since.

What is written holds no counts and no durations, and everything is sorted: the text changes when
the structure does, and the difference is what a reviewer has to judge. ``check`` compares the
declared map with what is seen; an undeclared boundary, a changed owner and a vanished step break
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

from tracemap import audit
from tracemap.catalogs import map_yaml
from tracemap.declarations import MAX_BYTES
from tracemap.errors import InputError
from tracemap.markdown import visible
from tracemap.questions import Questions
from tracemap.responsibilities import StepDuties, duties

YAML_NAME: Final = "ownership-map.yaml"
MARKDOWN_NAME: Final = "ownership-map.md"
_HEAD: Final = (
    "# Written by 'tracemap map export': review it, commit it, and hold the system to it with\n"
    "# 'tracemap map check'.\n"
)

Map = map_yaml.Map
Kind = Literal[
    "undeclared boundary",
    "changed boundary",
    "changed owner",
    "vanished step",
    "vanished workflow",
    "vanished hand-off",
    "new step",
    "new hand-off",
]
#: What a check fails on; the rest is told.
BREAKING: Final[frozenset[Kind]] = frozenset(
    (
        "undeclared boundary",
        "changed boundary",
        "changed owner",
        "vanished step",
        "vanished workflow",
    )
)


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the declared map and what is seen."""

    kind: Kind
    workflow: str | None  # null: of an owner of something that is no workflow
    what: str
    declared: str | None
    seen: str | None

    @property
    def breaks(self) -> bool:
        """Whether the check fails on it."""
        return self.kind in BREAKING


@dataclass(frozen=True, slots=True)
class Seen:
    """The map as it is seen now, and who holds what at each step."""

    map: Map
    duties: tuple[StepDuties, ...]


def seen(opened: Questions[Any]) -> Seen:
    """The map of all workflows seen."""
    audits = sorted(audit.read(opened), key=lambda one: one.workflow)
    rows = opened.backend.rows(
        [
            ("api/owners", {"kind": None, "name": None, "team": None}),
            ("audit/teams", {}),
            ("audit/contacts", {}),
        ]
    )
    owned, teams, contacts = (one.records() for one in rows)
    reached: dict[tuple[Any, ...], list[Map]] = {}
    for row in contacts:
        contact = {key: row[key] for key in ("type", "value", "title")}
        reached.setdefault(_key(row), []).append(contact)
    owners = []
    for row in owned:
        owner = {key: row[key] for key in ("kind", "name", "namespace", "team")}
        if _key(row) in reached:
            owner["contacts"] = reached[_key(row)]
        owners.append(owner)
    whole = {
        "version": map_yaml.VERSION,
        "teams": sorted(teams, key=lambda t: str(t["name"])),
        "owners": sorted(owners, key=_order),
        "workflows": [_workflow(one) for one in audits],
    }
    return Seen(whole, tuple(d for one in audits for d in duties(one)))


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["kind"], row["name"], row["namespace"])


def _workflow(one: audit.Audit) -> Map:
    steps = [{"service": s["service"], "name": s["name"], "team": s["team"]} for s in one.steps]
    handoffs = [
        {
            "from": {"service": h["from_service"], "name": h["from_name"], "team": h["from_team"]},
            "to": {"service": h["to_service"], "name": h["to_name"], "team": h["to_team"]},
            "mode": h["mode"],
            "type": h["type"],
            "destination": h["destination"],
            "boundary": bool(h["boundary"]),
        }
        for h in one.handoffs
    ]
    undo = [
        {"service": c["service"], "name": c["name"], "decided_by": c["decided_by"]}
        for c in one.compensations
    ]
    return {
        "workflow": one.workflow,
        "team": one.summary["team"],
        "steps": sorted(steps, key=_order),
        "handoffs": sorted(handoffs, key=_order),
        "compensations": sorted(undo, key=_order),
    }


def _order(row: Map) -> str:
    return repr([list(v.values()) if isinstance(v, dict) else v for v in row.values()])


def to_yaml(whole: Map) -> str:
    """The map as YAML. What cannot be seen in an editor, or reorders a line, is escaped."""
    hidden = any(visible(text) != text for text in _texts(whole))
    text: str = yaml.safe_dump(
        whole, sort_keys=False, allow_unicode=not hidden, width=100, default_flow_style=False
    )
    return _HEAD + text


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


def load(path: str | Path) -> Map:
    """The declared map at ``path``. Raises InputError, with file and line, for what is none."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=str(path), do="check the path"
        ) from error
    return map_yaml.parse(content, str(path))


def check(declared: Map, now: Map) -> list[Change]:
    """What differs: what breaks the check first, then by workflow."""
    found = [*_owners(declared["owners"], now["owners"])]
    told = {w["workflow"]: w for w in declared["workflows"]}
    here = {w["workflow"]: w for w in now["workflows"]}
    for name in sorted(told.keys() | here.keys()):
        if name not in here:
            found.append(Change("vanished workflow", name, name, _owned(told[name]["team"]), None))
            continue
        empty: Map = {"steps": [], "handoffs": []}
        found += _steps(name, told.get(name, empty)["steps"], here[name]["steps"])
        found += _handoffs(name, told.get(name, empty)["handoffs"], here[name]["handoffs"])
    return sorted(found, key=lambda c: not c.breaks)


def _owners(declared: Sequence[Map], now: Sequence[Map]) -> Iterator[Change]:
    teams = {(o["kind"], o["name"], o["namespace"]): o["team"] for o in now}
    for one in declared:
        key = (one["kind"], one["name"], one["namespace"])
        if key in teams and teams[key] != one["team"]:
            what = f"{one['kind']} {one['name']}"
            workflow = one["name"] if one["kind"] == "workflow" else None
            yield Change("changed owner", workflow, what, _owned(one["team"]), _owned(teams[key]))


def _steps(workflow: str, declared: Sequence[Map], now: Sequence[Map]) -> Iterator[Change]:
    told = {(s["service"], s["name"]): s for s in declared}
    here = {(s["service"], s["name"]): s for s in now}
    for key in sorted(told.keys() - here.keys()):
        yield Change("vanished step", workflow, " ".join(key), _owned(told[key]["team"]), None)
    for key in sorted(here.keys() - told.keys()):
        yield Change("new step", workflow, " ".join(key), None, _owned(here[key]["team"]))


def _handoffs(workflow: str, declared: Sequence[Map], now: Sequence[Map]) -> Iterator[Change]:
    told, here = _by_ends(declared), _by_ends(now)
    for key in sorted(told.keys() | here.keys()):
        before, after = told.get(key, {}), here.get(key, {})
        if list(before) == list(after):
            continue
        either = next(iter((after or before).values()))
        crossing = any(h["from"]["team"] != h["to"]["team"] for h in after.values())
        if not before:
            kind: Kind = "undeclared boundary" if crossing else "new hand-off"
        elif not after:
            kind = "vanished hand-off"
        else:
            kind = "changed boundary" if crossing else "new hand-off"
        yield Change(kind, workflow, _ends(either), _how(before) or None, _how(after) or None)


def _by_ends(rows: Sequence[Map]) -> dict[tuple[str, ...], dict[tuple[str, str, str], Map]]:
    """By both ends, and there by mode, type and destination, in order."""
    out: dict[tuple[str, ...], dict[tuple[str, str, str], Map]] = {}
    for row in sorted(rows, key=lambda h: (h["mode"], h["type"], h["destination"] or "")):
        key = tuple(row[end][part] for end in ("from", "to") for part in ("service", "name"))
        how = (row["mode"], row["type"], row["destination"] or "")
        out.setdefault(key, {})[how] = row
    return out


def _ends(row: Map) -> str:
    start, end = row["from"], row["to"]
    return f"{start['service']} {start['name']} → {end['service']} {end['name']}"


def _how(rows: Mapping[tuple[str, str, str], Map]) -> str:
    return "; ".join(
        f"{mode} {kind}{f' via {destination}' if destination else ''},"
        f" {_owned(row['from']['team'])} » {_owned(row['to']['team'])}"
        for (mode, kind, destination), row in rows.items()
    )


def _owned(team: str | None) -> str:
    return team or "unowned"
