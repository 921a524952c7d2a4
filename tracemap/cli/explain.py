"""``tracemap explain``: a rule, a finding, or why traces are one execution."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import DEFAULT_DB, Db, OutputFormat, examples, one_of, open_database
from tracemap.cli.evidence import evidence_pairs
from tracemap.cli.findings import SEVERITY_STYLE
from tracemap.cli.membership import print_membership
from tracemap.cli.output import Format, out, write_json
from tracemap.cli.owners import print_contacts
from tracemap.cli.table import Row
from tracemap.cli.text import age, at, clean, paragraph, short_id, utc_now
from tracemap.errors import InputError, NotFoundError

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap
    from tracemap.queries import Rule

EPILOG = examples("tracemap explain ORP002", "tracemap explain order.id=4711")


def _complete(incomplete: str) -> list[str]:
    from tracemap import queries

    return [r.code for r in queries.rules() if r.code.startswith(incomplete.upper())]


def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RULE|FINDING|EXECUTION",
            help="A rule's code, a finding's id, or anything that names an execution.",
            autocompletion=_complete,
        ),
    ],
    db: Db = DEFAULT_DB,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """What a rule means, what a finding rests on, or why traces are one execution."""
    if format not in (Format.table, Format.json):
        raise InputError(f"an explanation has no {format.value} form", do="use table or json")
    from tracemap import queries

    rules = {rule.code: rule for rule in queries.rules()}
    if (rule := rules.get(what.upper())) is not None:
        _show_rule(rule, format)
        return
    try:
        with open_database(db) as opened:
            rules |= {rule.code: rule for rule in opened.rules()}
            if (rule := rules.get(what.upper())) is not None:
                _show_rule(rule, format)
                return
            _show_data(opened, what, rules, format)
    except NotFoundError as error:
        near = get_close_matches(what.upper(), rules, n=1)
        if near:
            raise NotFoundError(
                f"there is no rule, finding or execution {what!r}", do=f"did you mean {near[0]}?"
            ) from None
        raise NotFoundError(
            f"there is no rule, finding or execution {what!r}", do=error.do
        ) from None


def _show_rule(rule: Rule, format: Format) -> None:  # noqa: A002
    if format is Format.json:
        write_json(rule_json(rule))
    else:
        print_rule(out(), rule)


def _show_data(
    opened: PlainTracemap,
    what: str,
    rules: Mapping[str, Rule],
    format: Format,  # noqa: A002
) -> None:
    found = opened.findings("all", id=what) if len(what) >= 4 else None
    if found is not None and found.height == 1:
        if format is Format.json:
            (record,) = found.records()
            rule = rules.get(record["rule"])
            write_json({**record, "explanation": rule_json(rule) if rule else None})
        else:
            print_finding(out(), found.to_dicts()[0], rules)
        return
    execution = one_of(opened.resolve(what), what)
    page = opened.execution(execution)
    if format is Format.json:
        (record,) = page["execution"].records()
        write_json(
            {**record, "members": page["members"].records()} | {"chain": page["chain"].records()}
        )
    else:
        print_membership(out(), page)


def rule_json(rule: Rule) -> dict[str, Any]:
    """The header of a rule."""
    return {
        "code": rule.code,
        "title": rule.title,
        "family": rule.family,
        "severity": rule.severity,
        "meaning": rule.meaning,
        "cause": rule.cause,
        "action": rule.action,
        "unless": rule.unless or None,
    }


def print_rule(console: Console, rule: Rule) -> None:
    """What a rule means, why it happens, what to do, and when it stays silent."""
    line = Text(f"{rule.code}  {rule.title}", style="bold")
    line.append(f"  {rule.severity}", style=SEVERITY_STYLE.get(rule.severity, ""))
    line.append(f"  {rule.family}", style="dim")
    console.print(line)
    for label, text in (
        ("What it means", rule.meaning),
        ("Why it happens", rule.cause),
        ("What to do", rule.action),
        ("Silent when", rule.unless),
    ):
        if text:
            console.print()
            console.print(label, style="bold")
            console.print(paragraph(text, console.width))
    console.print()
    console.print(f"open ones: tracemap findings --rule {rule.code}", style="dim")


def print_finding(console: Console, row: Row, rules: Mapping[str, Rule]) -> None:
    """One finding: what is wrong, whose it is, what to do, and what it rests on."""
    severity = str(row["severity"])
    said = f"{severity} {row['rule']} {row['message']}"
    line = Text(paragraph(said, console.width, "    ", ""), style="bold")
    line.stylize(SEVERITY_STYLE.get(severity, ""), 0, len(severity))
    console.print(line, soft_wrap=True)
    team = row["team"]
    console.print(
        Text("  tell ").append(
            clean(team or "nobody: it has no owner"), style="bold" if team else "bold red"
        ),
        soft_wrap=True,
    )
    print_contacts(console, row["contacts"])
    if row["next_action"]:
        console.print(paragraph(f"next: {row['next_action']}", console.width, "    ", "  "))
    for effect in row["effects"] or ():
        console.print(paragraph(f"because of it: {effect}", console.width, "    ", "  "))
    console.print()
    _facts(console, row)
    rule = rules.get(str(row["rule"]))
    if rule is not None:
        console.print()
        for text in (f"{rule.title}: {rule.meaning}", f"Why: {rule.cause}"):
            console.print(paragraph(text, console.width), style="dim")


def _facts(console: Console, row: Row) -> None:
    now = utc_now()
    key = row["correlation"]
    facts = [
        ("execution", row["execution"] and short_id(row["execution"])),
        ("correlation", key and f"{key['key']}={key['value']}"),
        ("workflow", row["workflow"]),
        ("service", row["service"]),
        ("step", row["step"]),
        ("trace", row["trace_id"]),
        ("spans", ", ".join((row["span_ids"] or ())[:5])),
        ("first seen", f"{at(row['first_seen'])} ({age(row['first_seen'], now)})"),
        ("last seen", f"{at(row['last_seen'])} ({age(row['last_seen'], now)})"),
        ("status", row["status"]),
        ("id", row["id"]),
        *evidence_pairs(row["evidence"], clean),
    ]
    facts = [(name, value) for name, value in facts if value]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        text = Text(f"  {name:<{width}}  ", style="dim")
        console.print(text.append(clean(value), style="not dim"), soft_wrap=True)
