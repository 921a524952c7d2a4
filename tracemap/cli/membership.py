"""Why these traces are one execution, in words (``tracemap explain EXECUTION``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from tracemap.cli.execution_page import headline
from tracemap.cli.table import Row
from tracemap.cli.text import at, clean, count, paragraph, short_id

if TYPE_CHECKING:
    from tracemap.rows import Rows

#: Traces that are named one by one.
MOST: Final = 30

#: How much each bond proves, from the surest; those from the third on hold one trace each.
_ORDER: Final = ("key", "lower key", "link", "linked from", "message", "joined")
#: How the two ends of a message were joined -> in words.
_HOW: Final[Mapping[str, str]] = {
    "parent": "is a child of",
    "link": "links to",
    "message id": "has the message id of",
    "offset": "has the topic, partition and offset of",
    "inside the receive": "is inside the reception of",
    "identity": "took the same message as",
}


def print_membership(console: Console, page: Mapping[str, Rows]) -> None:
    """Which key, link or message brought in each trace, in the order in which they hang."""
    (execution,) = page["execution"].to_dicts()
    members = in_order(page["members"].to_dicts())
    numbers = {row["trace_id"]: place for place, row in enumerate(members, start=1)}
    console.print(headline(execution), soft_wrap=True)
    for line in opening(execution, members, page["keys"].to_dicts(), page["chain"].to_dicts()):
        console.print(paragraph(line, console.width))
    console.print()
    for place, row in enumerate(members[:MOST], start=1):
        head = Text(f"{place:>3}  ", style="dim")
        head.append(short_id(row["trace_id"]), style="bold")
        services = ", ".join(row["services"])
        head.append(
            f"  {count(row['spans'], 'span')} from {at(row['started_at'])}, {clean(services)}"
        )
        console.print(head, soft_wrap=True)
        for line in because(row, execution, numbers):
            console.print(paragraph(line, console.width, "     "))
    if len(members) > MOST:
        console.print(f"... {count(len(members) - MOST, 'trace')} more: --format json", style="dim")
    if (weak := weakest(members, numbers)) is not None:
        console.print()
        console.print(paragraph(weak, console.width), style="yellow")


def in_order(members: Sequence[Row]) -> list[Row]:
    """The traces that stand by themselves by time, each followed by those that hang on it."""
    known = {row["trace_id"] for row in members}
    first = members[0]["trace_id"] if members else None
    hanging: dict[str | None, list[Row]] = {}
    for row in members:
        above = row["to_trace_id"] if row["to_trace_id"] in known - {row["trace_id"]} else None
        if row["bond"] == "joined" and row["trace_id"] == first:
            above = None
        hanging.setdefault(above, []).append(row)
    found: list[Row] = []
    seen: set[str] = set()
    # Bonds may go in a circle: then the earliest that is left begins again.
    for row in (*hanging.get(None, ()), *members):
        stack = [row]
        while stack:
            one = stack.pop()
            if one["trace_id"] in seen:
                continue
            seen.add(one["trace_id"])
            found.append(one)
            stack += reversed(hanging.get(one["trace_id"], []))
    return found


def opening(
    execution: Row, members: Sequence[Row], keys: Sequence[Row], chain: Sequence[Row]
) -> Iterator[str]:
    """What makes them one, where the key came from, and why it is not more or less."""
    traces, key = count(len(members), "trace"), execution["correlation"]
    are = "is" if len(members) == 1 else "are"
    if key is None:
        yield (
            f"{traces} {are} this execution: no correlation key is on any of its spans, so it is "
            "what links and messages join, named after its first root."
        )
        return
    bound = sum(row["bond"] == "key" for row in members)
    some = f"{bound} of them {'carries' if bound == 1 else 'carry'}"
    carry = "it carries" if len(members) == bound == 1 else some
    carry = "each carries" if len(members) == bound > 1 else carry
    lower = sum(row["bond"] == "lower key" for row in members)
    stand = f", {lower} {'has' if lower == 1 else 'have'} a key that stands for it" if lower else ""
    yield f"{traces} {are} one execution: {carry} {key['key']}={key['value']}{stand}."
    chosen = next((k for k in keys if k["name"] == key["key"]), None)
    if chosen is not None and chosen["chosen"]:
        spelled = f" (also spelled {', '.join(chosen['aliases'])})" if chosen["aliases"] else ""
        yield f"{key['key']}{spelled} tells executions apart ({chosen['reason']})."
    runs = list(dict.fromkeys(row["execution"] for row in chain))
    if len(runs) > 1:
        yield (
            f"It is run {runs.index(execution['execution']) + 1} of {len(runs)}: "
            f"{key['value']} began again after the run before had completed ({', '.join(runs)})."
        )
    if execution["parent"]:
        yield (
            f"It is a child of {short_id(execution['parent'])}, under whose spans it began with "
            f"another value of {key['key']}; the two are not merged."
        )


def because(row: Row, execution: Row, numbers: Mapping[str, int]) -> Iterator[str]:
    """Why one trace belongs, the bond first, then what its other spans go by."""
    key = execution["correlation"]
    step = f"{row['by_name']} ({row['by_service']})" if row["by_name"] else "its spans"
    if row["bond"] == "key":
        where = count(row["carriers"], "span")
        yield f"carries {key['key']}={key['value']} itself, on {where}; first on {step}"
        if left := row["spans"] - row["carriers"]:
            have = "has" if left == 1 else "have"
            yield f"{count(left, 'other span')} {have} it from the spans above, below or beside"
    elif row["bond"] == "lower key":
        yield (
            f"{step} carries {row['how']}, which stands beside {key['key']}={key['value']} "
            "elsewhere and means the same wherever it is alone"
        )
    elif row["to_trace_id"] is None:
        yield "no key; the trace that it began with"
    else:
        yield f"{_bound(row, step)} {_other(row, numbers)}"
    if row["shared_by"] > 1:
        spans = count(row["shared_spans"], "span")
        yield (
            f"{spans} of it {'is' if row['shared_spans'] == 1 else 'are'} shared by up to "
            f"{row['shared_by']:,} executions (a batch, or several values on one span), which are "
            "not merged by that"
        )


def _bound(row: Row, step: str) -> str:
    if row["bond"] == "link":
        return f"no key; {step} links to"
    if row["bond"] == "linked from":
        return f"no key; {step} is linked to by"
    if row["how"] == "span link":
        return f"no key; a span link joins {step} and"
    return f"no key; {step} {_HOW.get(str(row['how']), 'shares a message with')}"


def _other(row: Row, numbers: Mapping[str, int]) -> str:
    place = numbers.get(row["to_trace_id"])
    where = f"in trace {place}" if place else f"in trace {short_id(row['to_trace_id'])}"
    return f"{row['to_name']} ({row['to_service']}) {where}"


def weakest(members: Sequence[Row], numbers: Mapping[str, int]) -> str | None:
    """The bond that proves least, where it is no key of the trace's own."""
    hanging = [
        r for r in members if r["bond"] != "key" and (r["to_trace_id"] or r["bond"] != "joined")
    ]
    if not hanging or len(members) < 2:
        return None
    last = max(hanging, key=lambda r: (_ORDER.index(r["bond"]), numbers[r["trace_id"]]))
    rest = {
        "lower key": f"a key of its own, {last['how']}, that stands for this one",
        "link": "one span link",
        "linked from": "one span link to it",
        "message": f"one message, joined by {last['how'] or 'its identity'}",
        "joined": f"a {last['how'] or 'link'}",
    }[last["bond"]]
    return (
        f"Weakest evidence: trace {numbers[last['trace_id']]} rests on {rest}; "
        "without that it would be an execution of its own."
    )
