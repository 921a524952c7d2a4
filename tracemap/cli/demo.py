"""``tracemap demo``: the whole thing on sample data, in one command."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracemap.cli.common import examples, open_database
from tracemap.cli.output import err, out
from tracemap.cli.text import clean

if TYPE_CHECKING:
    from tracemap.demo.run import DemoResult, Watch

EPILOG = examples("tracemap demo", "tracemap demo --seed 7 --db shop.duckdb --keep")

#: Seeds are short enough to be typed again.
_SEEDS = 100_000


def demo(
    db: Annotated[
        Path | None,
        typer.Option("--db", help="A new database for the data; a temporary one if not given."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Decides which orders go wrong; any if not given.")
    ] = None,
    orders: Annotated[int, typer.Option(help="How many orders the shop takes.")] = 200,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the collector running, until Ctrl-C.")
    ] = False,
) -> None:
    """A collector, a shop of five services whose orders go wrong, and what tracemap says of it."""
    from tracemap.demo.run import running_demo

    seed = secrets.randbelow(_SEEDS) if seed is None else seed
    err().print(f"seed {seed}: a shop of five processes, {orders:,} orders", soft_wrap=True)
    with (
        _progress(orders) as watch,
        running_demo(seed=seed, orders=orders, database=db, watch=watch) as result,
    ):
        watch.phase("")
        _print(result)
        if keep:
            _wait_for_interrupt(result)
    if result.differences:
        raise typer.Exit(1)


def _print(result: DemoResult) -> None:
    from tracemap.cli import demo_page

    with open_database(result.database) as opened:
        demo_page.print_demo(out(), opened, result)


def _wait_for_interrupt(result: DemoResult) -> None:
    err().print(
        f"the collector goes on serving {clean(result.database)}; Ctrl-C stops it", soft_wrap=True
    )
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        err().print("stopping")


@contextmanager
def _progress(orders: int) -> Iterator[Watch]:
    """A bar on a terminal, a line for each phase elsewhere; an empty phase ends it."""
    from tracemap.demo.run import Watch

    console = err()
    if not sys.stderr.isatty():
        yield Watch(
            phase=lambda phase: console.print(phase, soft_wrap=True) if phase else None,
            placed=lambda _: None,
        )
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = bar.add_task("", total=orders)

    def phase(name: str) -> None:
        if name:
            bar.update(task, description=name)
        else:
            bar.stop()

    with bar:
        yield Watch(phase=phase, placed=lambda placed: bar.update(task, completed=placed))
