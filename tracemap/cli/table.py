"""Tables that fit the terminal: columns shrink, then the least important ones are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from tracemap.cli.text import clean

Row = Mapping[str, Any]
GAP: Final = 2
#: Columns of this rank and above are shown only where nothing of rank 0 is cut for them.
LUXURY: Final = 4


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table for people.

    ``value`` makes the cell's text from a row, ``style`` its colour. ``rank`` 0 is always shown;
    of the others the highest goes first where there is no room. ``least`` is the width below
    which the text is not cut; a ``wrap`` column goes on in the next line instead.
    """

    title: str
    value: Callable[[Row], object]
    style: Callable[[Row], str] | str = ""
    rank: int = 0
    least: int = 6
    right: bool = False
    wrap: bool = False


@dataclass(slots=True)
class _Fitted:
    column: Column
    cells: list[str]
    natural: int
    width: int

    @property
    def floor(self) -> int:
        return min(self.natural, max(self.column.least, cell_len(self.column.title)))


def print_table(console: Console, columns: Sequence[Column], rows: Iterable[Row]) -> None:
    """Print ``rows`` within the console's width."""
    for line in table_lines(columns, list(rows), console.width):
        console.print(line, soft_wrap=True)


def team_first(width: int, teams: Iterable[str], least: int) -> tuple[int, int]:
    """The least widths of the main column and of the team's, whose name is the last to be cut.

    ``least`` is what the main column takes where there is room. It gives way to the teams' names
    down to 20 cells; a name as wide as the screen is cut then.
    """
    widest = max((cell_len(clean(team)) for team in teams), default=0)
    team = max(4, min(widest, width - GAP - 20))
    return max(20, min(least, width - GAP - team)), team


def table_lines(columns: Sequence[Column], rows: Sequence[Row], width: int) -> list[Text]:
    """The lines of a table at most ``width`` cells wide (unless its first columns are wider)."""
    fitted = _fit([_measure(column, rows) for column in columns], width)
    head = Text("  ".join(_pad(f, f.column.title) for f in fitted).rstrip(), style="dim")
    lines = [head]
    for number, row in enumerate(rows):
        lines += _row_lines(fitted, number, row)
    return lines


def _measure(column: Column, rows: Sequence[Row]) -> _Fitted:
    cells = ["-" if (v := column.value(row)) is None else clean(v) for row in rows]
    natural = max([cell_len(column.title), *map(cell_len, cells)])
    return _Fitted(column, cells, natural, natural)


def _fit(fitted: list[_Fitted], width: int) -> list[_Fitted]:
    def room() -> int:
        return width - GAP * (len(fitted) - 1)

    # A column of dashes says nothing.
    fitted = [f for f in fitted if f.column.rank == 0 or any(c != "-" for c in f.cells)]
    while True:
        weakest = max(fitted, key=lambda f: f.column.rank)
        too_wide = sum(f.floor for f in fitted) > room()
        cut = sum(f.natural if _whole(f.column) else f.floor for f in fitted) > room()
        if weakest.column.rank == 0 or not (too_wide or (cut and weakest.column.rank >= LUXURY)):
            break
        fitted.remove(weakest)
    while (excess := sum(f.width for f in fitted) - room()) > 0:
        widest = max(fitted, key=lambda f: (f.width - f.floor > 0, f.width))
        spare = widest.width - widest.floor
        if spare <= 0:
            break
        others = [f.width for f in fitted if f is not widest and f.width > f.floor]
        step = max(1, widest.width - max(others, default=0))
        widest.width -= min(excess, spare, step)
    return fitted


def _whole(column: Column) -> bool:
    return column.rank == 0 and not column.wrap


def _row_lines(fitted: Sequence[_Fitted], number: int, row: Row) -> list[Text]:
    parts = [
        _wrapped(f.cells[number], f.width) if f.column.wrap else [_cut(f.cells[number], f.width)]
        for f in fitted
    ]
    lines = []
    for depth in range(max(map(len, parts))):
        line = Text()
        for index, (f, part) in enumerate(zip(fitted, parts, strict=True)):
            text = part[depth] if depth < len(part) else ""
            style = f.column.style(row) if callable(f.column.style) else f.column.style
            line.append(_pad(f, text), style=style)
            line.append("" if index == len(fitted) - 1 else " " * GAP)
        line.rstrip()
        lines.append(line)
    return lines


def _pad(f: _Fitted, text: str) -> str:
    space = " " * max(0, f.width - cell_len(text))
    return space + text if f.column.right else text + space


def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def _wrapped(text: str, width: int) -> list[str]:
    """Words in lines of ``width`` cells; a longer word is broken, after a mark where it has one."""
    lines: list[str] = []
    line = ""
    for whole in text.split(" "):
        word = whole
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width > 0:
            piece = set_cell_size(word, width).rstrip()
            mark = max(piece.rfind(one) for one in "-./_:") + 1
            piece = piece[:mark] if mark > 1 else piece or word[:1]
            lines.append(piece)
            word = word[len(piece) :]
        line = word
    lines.append(line)
    return lines
