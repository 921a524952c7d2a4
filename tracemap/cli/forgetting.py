"""``tracemap forget``: remove executions, and all that was concluded from them, for good."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracemap.cli.common import DEFAULT_DB, Db, examples, open_database
from tracemap.cli.output import note, out
from tracemap.cli.text import clean, count
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.forgetting import Forgotten

EPILOG = examples("tracemap forget order.id=4711 --dry-run", "tracemap forget order.id=4711 --yes")


def forget(
    what: Annotated[
        str,
        typer.Argument(
            metavar="KEY=VALUE", help="A correlation key, or another attribute, and its value."
        ),
    ],
    db: Db = DEFAULT_DB,
    shared: Annotated[
        bool, typer.Option("--shared", help="Spans that other executions share go too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove executions for good: spans, logs and findings; saved reports forget them too."""
    key, sign, value = what.partition("=")
    if not sign or not key or not value:
        raise InputError(f"{what!r} names nothing", do="write it as KEY=VALUE: order.id=4711")
    asks = not dry_run and not yes
    if asks and not sys.stdin.isatty():
        raise InputError("this cannot be undone", do="give --yes, or --dry-run to see what it is")
    with open_database(db) as opened:
        if dry_run or asks:
            _tell(opened.forget(key, value, shared=shared, dry_run=True), what, "would remove")
        if dry_run:
            return
        if asks and not typer.confirm("Remove it for good?", err=True):
            note("nothing was removed")
            return
        gone = opened.forget(key, value, shared=shared)
    _tell(gone, what, "removed")
    _tell_bytes(gone, db)


def _tell(found: Forgotten, what: str, verb: str) -> None:
    names = ", ".join(found.executions[:5]) + (", ..." if len(found.executions) > 5 else "")
    print_ = out().print
    print_(
        f"{clean(what)} is {count(len(found.executions), 'execution')}: {clean(names)}",
        style="bold",
        soft_wrap=True,
    )
    print_(
        f"{verb} {count(found.spans, 'span')}, {count(found.logs, 'log record')}, "
        f"{count(found.links, 'link')} to them from elsewhere, {count(found.findings, 'finding')}; "
        f"{count(found.reports, 'saved report')} changed",
        soft_wrap=True,
    )
    if found.shared:
        fate = "with them" if found.shared_removed else "that stay, values and all (--shared: go)"
        print_(f"{count(found.shared, 'span')} shared with other executions, {fate}")


def _tell_bytes(found: Forgotten, db: Path) -> None:
    if not found.scrubbed:
        note("others were reading: blocks of the file may still hold bytes of it; run it again")
    for log in sorted(db.parent.glob(f"{db.name}.wal.damaged-*")):
        note(f"{clean(log)} was set aside after a crash and may hold it still")
