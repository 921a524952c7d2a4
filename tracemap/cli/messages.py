"""``tracemap messages``: what was published, and what became of it."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from tracemap.cli import message_life
from tracemap.cli.common import (
    DEFAULT_DB,
    Db,
    Limit,
    OutputFormat,
    examples,
    one_of,
    open_database,
)
from tracemap.cli.output import Format, note, out, write_found
from tracemap.cli.table import print_table
from tracemap.cli.unseen import note_unseen
from tracemap.errors import InputError

EPILOG = examples(
    "tracemap messages order.id=4711", "tracemap messages --state published --destination orders"
)
#: Rows that a screen takes.
SCREEN: Final = 40
STATES: Final = ("published", "received", "processed", "settled", "dead-lettered")


def messages(
    which: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Those of this execution. Without it: all, by age."),
    ] = None,
    state: Annotated[str | None, typer.Option(help=", ".join(STATES) + ".")] = None,
    destination: Annotated[
        str | None, typer.Option(help="To this topic, queue or exchange.")
    ] = None,
    db: Db = DEFAULT_DB,
    limit: Limit = None,
    format: OutputFormat = Format.table,  # noqa: A002
) -> None:
    """The life of messages, the oldest first: one line a message and consumer group."""
    if state is not None and state not in STATES:
        raise InputError(f"there is no state {state!r}", do=f"one of {', '.join(STATES)}")
    most = (limit or SCREEN) + 1 if format is Format.table else limit
    with open_database(db) as opened:
        execution = one_of(opened.resolve(which), which) if which else None
        found = opened.messages(execution, state=state, destination=destination, limit=most)
        if found.is_empty():
            note_unseen(opened, destination=destination)
    shown = message_life.columns(own=execution is not None)
    if format is not Format.table:
        write_found(format, shown, found)
        return
    rows = found.to_dicts()[: limit or SCREEN]
    if not rows:
        out().print("No messages.")
        return
    print_table(out(), shown, rows)
    if found.height > len(rows):
        note("there are more: --limit, or narrow it by --state, --destination")
