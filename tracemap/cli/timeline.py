"""One execution on a time axis: work and waits to scale, from microseconds to days.

No single scale shows a call of 40 us and a wait of two days. So the time is cut into *acts* where
what is beside an empty stretch could not be told apart; each act is drawn on a scale of its own,
and what lies between two acts is one line that says how long, and who held the execution then. One
line above all draws the whole on one scale.

Clocks differ. A step is drawn no earlier than what led to it, and a call that returned within the
step that made it (``place``); its measured duration is never changed.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from tracemap.cli.execution_page import arrow, headline, holding, horizon_of
from tracemap.cli.step_order import ordered
from tracemap.cli.table import Row
from tracemap.cli.text import at, clean, count, duration

if TYPE_CHECKING:
    from tracemap.rows import Rows

#: Lines of a timeline, and acts; an execution of 200,000 spans is for --format json.
MOST_STEPS: Final = 200
MOST_ACTS: Final = 30
#: A correction of a clock (ns) that is worth a remark.
JITTER_NS: Final = 1_000_000

_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - frames hold naive UTC
_UNITS: Final = (
    *(m * 10**e for e in range(10) for m in (1, 2, 5)),
    *(s * 10**9 for s in (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)),
    *(d * 86_400 * 10**9 for d in (1, 2, 5, 10, 20, 50, 100, 365, 1000, 3650, 10000)),
)


@dataclass(slots=True)
class Placed:
    """A step on the axis, all in ns; ``shift`` is what was added to its own clock."""

    step: Row
    arrival: Row | None
    depth: int
    start: int
    end: int
    shift: int = 0
    published: int | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the axis, and what begins in it."""

    start: int
    end: int
    rows: tuple[Placed, ...]


def place(steps: Sequence[Row], handoffs: Sequence[Row]) -> list[Placed]:
    """The steps in order of cause, moved where their clocks contradict it."""
    found: list[Placed] = []
    by_step: dict[str, Placed] = {}
    for step, arrival, _, depth in ordered(steps, handoffs):
        start = _ns(step["started_at"])
        one = Placed(step, arrival, depth, start, start + max(0, step["duration_ns"] or 0))
        if step["is_virtual"]:
            caller = by_step.get(step["caller_step"])
            _move(one, caller.shift if caller else 0)
        else:
            if arrival is not None and (cause := by_step.get(arrival["from_step"])) is not None:
                _after(one, cause, arrival)
            by_step[step["step"]] = one
        found.append(one)
    return found


def _after(one: Placed, cause: Placed, arrival: Row) -> None:
    """Move a step to where what led to it allows it to be."""
    lasted = one.end - one.start
    earliest = cause.start
    if arrival["wait_ns"] is not None:
        earliest = max(earliest, one.start - arrival["wait_ns"] + cause.shift)
    start = max(one.start, earliest)
    if arrival["type"] == "call" and arrival["mode"] == "sync":
        start = max(earliest, min(start, cause.end - lasted))
    elif arrival["mode"] == "async":
        one.published = earliest
    _move(one, start - one.start)


def _move(one: Placed, shift: int) -> None:
    one.shift = shift
    one.start += shift
    one.end += shift


def acts(placed: Sequence[Placed]) -> list[Act]:
    """The axis cut where so much is empty that what is beside it could not be told apart."""
    starts = sorted(one.start for one in placed)
    points = sorted({p for one in placed for p in (one.start, one.end)})
    parts = [points]
    while len(parts) < MOST_ACTS:
        cuts = [
            (gap, index, where)
            for index, part in enumerate(parts)
            for gap, where in _cuts(part, starts, _covered(placed))
        ]
        if not cuts:
            break
        _, index, where = max(cuts)
        parts[index : index + 1] = [parts[index][:where], parts[index][where:]]
    rows: list[list[Placed]] = [[] for _ in parts]
    for one in placed:
        # The last part that had begun when the step did.
        rows[bisect_right([part[0] for part in parts], one.start) - 1].append(one)
    return [Act(part[0], part[-1], tuple(r)) for part, r in zip(parts, rows, strict=True)]


def _cuts(
    part: list[int], starts: list[int], covered: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The widest gap of a part, and where it ends, if a cut there shows more."""
    whole = part[-1] - part[0]
    gap, where = max(((b - a, i) for i, (a, b) in enumerate(pairwise(part), 1)), default=(0, 0))
    if gap == 0:
        return
    left, right = part[where - 1], part[where]
    sides = (
        (left - part[0], bisect_right(starts, left) - bisect_left(starts, part[0])),
        (part[-1] - right, bisect_right(starts, part[-1]) - bisect_left(starts, right)),
    )
    at_work = any(a <= left and b >= right for a, b in covered)
    empty, small = (0.9, 0.03) if at_work else (0.3, 0.1)
    # One step alone is as well told by a mark; several would be one mark.
    if gap > empty * whole and any(n > 1 and length < small * whole for length, n in sides):
        yield gap, where


def print_timeline(
    console: Console,
    page: Mapping[str, Rows],
    chain: Sequence[Row],
    now: dt.datetime,
) -> None:
    """The execution, one line a step; then what the signs mean."""
    (execution,) = page["execution"].to_dicts()
    console.print(headline(execution), soft_wrap=True)
    for holder in page["custody"].to_dicts():
        console.print(holding(holder, horizon_of(page["analysis"].to_dicts(), now)), soft_wrap=True)
    placed = place(page["steps"].to_dicts(), page["handoffs"].to_dicts())
    if not placed:
        return
    shown = placed[:MOST_STEPS]
    parts = acts(shown)
    layout = _Layout.of(console.width, shown)
    console.print(_summary(placed), style="dim", soft_wrap=True)
    if len(parts) > 1:
        console.print()
        console.print(_whole(shown, parts, console.width), soft_wrap=True)
    for index, act in enumerate(parts):
        if index:
            console.print()
            console.print(_between(parts[index - 1], act, chain, console.width), soft_wrap=True)
        if act.rows:
            console.print()
            for line in _act_lines(act, parts[0].start, layout):
                console.print(line, soft_wrap=True)
    if len(placed) > MOST_STEPS:
        console.print(
            f"... {count(len(placed) - MOST_STEPS, 'step')} more: --format json", style="dim"
        )
    console.print()
    legend = "█ work  ░ waiting to be taken up  ▒ a peer without telemetry  ▶ goes on beyond"
    console.print(legend, style="dim", soft_wrap=True)
    if moved := sum(abs(one.shift) >= JITTER_NS for one in placed):
        console.print(
            f"~ clocks differ: {count(moved, 'step')} drawn where what led there allows",
            style="dim",
            soft_wrap=True,
        )


@dataclass(frozen=True, slots=True)
class _Layout:
    label: int
    bar: int
    team: int

    @classmethod
    def of(cls, width: int, placed: Sequence[Placed]) -> _Layout:
        longest = max(cell_len(_label(one)) for one in placed)
        team = max(len(clean(one.step["team"] or "unowned")) for one in placed)
        team = min(team, 16) + 2 if width >= 130 else 0
        failed = 8 * any(one.step["status"] == "error" for one in placed)
        room = width - 24 - team - failed
        label = max(16, min(longest, room * 11 // 20))
        return cls(label, max(10, room - label - 2), team)


def _act_lines(act: Act, origin: int, layout: _Layout) -> Iterator[Text]:
    length = act.end - act.start
    begins = f"+{duration(act.start - origin)}" if act.start > origin else at(_moment(act.start))
    head = Text(_fit(begins, layout.label) + "  " + _axis(length, layout.bar), style="dim")
    head.append(("  " + _fit("TEAM", layout.team - 2)) if layout.team else "")
    yield head.append(f"{'WAITED':>13}{'TOOK':>11}")
    for one in act.rows:
        line = Text(_fit(_label(one), layout.label) + "  ")
        for text, style in _bar(one, act, layout.bar):
            line.append(text, style=style)
        if layout.team:
            line.append("  " + _fit(clean(one.step["team"] or "unowned"), layout.team - 2), "bold")
        waited = duration(one.start - one.published) if one.published is not None else "-"
        line.append(f"{waited:>13}{duration(one.step['duration_ns']):>11}")
        failed = one.step["status"] == "error"
        yield line.append("  failed" if failed else "", style="red")


def _label(one: Placed) -> str:
    tip = f"{arrow(one.arrival)} " if one.arrival is not None else ""
    early = "~" if abs(one.shift) >= JITTER_NS else ""
    attempt = one.step["attempt"] or 1
    again = f" ×{attempt}" if attempt > 1 else ""
    name = clean(f"{one.step['service']} {one.step['name']}")
    return f"{'  ' * min(one.depth, 8)}{early}{clean(tip)}{name}{again}"


def _bar(one: Placed, act: Act, width: int) -> Iterator[tuple[str, str]]:
    """Blanks, the wait, and the work, ``width`` cells in all; half a cell is the finest."""
    scale = 2 * width / max(1, act.end - act.start)

    def half(moment: int) -> int:
        return min(2 * width, max(0, round((moment - act.start) * scale)))

    first, last = half(one.start), half(one.end)
    if first >= 2 * width:
        first = 2 * width - 1
    asked = min(first, half(one.published)) if one.published is not None else first
    beyond = one.end > act.end
    cells = "".join(
        _cell(first, max(last, first + 1), cell, tiny=last <= first) for cell in range(width)
    )
    body = cells.strip(" ")
    left = len(cells) - len(cells.lstrip(" "))
    waiting = min(left, asked // 2)
    if one.step["is_virtual"]:
        body = body.replace("█", "▒")
    if beyond:
        body = body[:-1] + "▶"
    yield " " * waiting, ""
    yield "░" * (left - waiting), "yellow"
    yield body, "red" if one.step["status"] == "error" else "cyan"
    yield " " * (width - left - len(body)), ""


def _cell(first: int, last: int, cell: int, *, tiny: bool) -> str:
    left, right = first <= 2 * cell < last, first <= 2 * cell + 1 < last
    if tiny:
        return "▏" if left else "▕" if right else " "
    return "█" if left and right else "▌" if left else "▐" if right else " "


def _axis(length: int, width: int) -> str:
    """Marks at round times, each under its label: ``0       10 ms     20 ms``."""
    unit = next((u for u in _UNITS if length / u * 10 <= width), _UNITS[-1])
    line = "0"
    for number in range(1, width):
        column = round(number * unit * width / max(1, length))
        mark = duration(number * unit)
        if column + len(mark) > width or number * unit > length:
            break
        if column > len(line):
            line = line.ljust(column) + mark
    return line.ljust(width)[:width]


def _summary(placed: Sequence[Placed]) -> str:
    whole = max(one.end for one in placed) - min(one.start for one in placed)
    busy = sum(b - a for a, b in _covered(placed))
    rest = f", {duration(whole - busy)} in which no step ran" if whole > busy else ""
    return f"  {duration(whole)} from the first to the last: {duration(busy)} at work{rest}"


def _covered(placed: Sequence[Placed]) -> list[tuple[int, int]]:
    """When any step was at work."""
    found: list[tuple[int, int]] = []
    for a, b in sorted((one.start, one.end) for one in placed):
        if found and a <= found[-1][1]:
            found[-1] = (found[-1][0], max(b, found[-1][1]))
        else:
            found.append((a, b))
    return found


def _whole(placed: Sequence[Placed], parts: Sequence[Act], width: int) -> Text:
    """All of it on one scale."""
    start, end = parts[0].start, max(one.end for one in placed)
    room = width - 12
    cells = ["·"] * room
    for a, b in _covered(placed):
        first = min(room - 1, (a - start) * room // max(1, end - start))
        last = min(room - 1, (b - start) * room // max(1, end - start))
        cells[first : last + 1] = "█" * (last + 1 - first)
    return Text("".join(cells), style="cyan").append(
        f"{duration(end - start):>12}", style="not bold"
    )


def _between(before: Act, after: Act, chain: Sequence[Row], width: int) -> Text:
    """``··· 2 h 10 min in queue orders.placed (team logistics) ···``."""
    middle = _moment((before.end + after.start) // 2)
    held = next(
        (
            r
            for r in chain
            if r["since"] and r["since"] <= middle and (r["until"] or middle) >= middle
        ),
        None,
    )
    text = duration(after.start - before.end)
    if held is not None and held["holder_kind"] != "done":
        where = {"queue": "in queue", "between": "until"}.get(held["holder_kind"], "in")
        state = "" if held["holder_kind"] == "queue" else f": {held['state']}"
        text += (
            f" {where} {clean(held['holder'])} ({clean(held['team'] or 'unowned')}){clean(state)}"
        )
    text = set_cell_size(text, width - 10).rstrip()
    side = "·" * max(3, (width - cell_len(text) - 2) // 2)
    return Text(f"{side} ", style="yellow").append(text, style="not dim").append(f" {side}")


def _fit(text: str, width: int) -> str:
    return (
        text + " " * (width - cell_len(text))
        if cell_len(text) <= width
        else (set_cell_size(text, width - 1) + "…")
    )


def _ns(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1) * 1000


def _moment(ns: int) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=ns // 1000)
