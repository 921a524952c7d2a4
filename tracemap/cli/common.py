"""What all commands share: their options, how they open the database, how they fail."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from tracemap.cli.output import Format, err
from tracemap.cli.text import clean
from tracemap.errors import InputError, TracemapError

if TYPE_CHECKING:
    from tracemap.api import PlainTracemap
    from tracemap.store import Store

Db = Annotated[
    Path,
    typer.Option(
        "--db",
        envvar="TRACEMAP_DB",
        help="The database file; its running server is asked, when there is one. Or the address "
        "of a server elsewhere: https://HOST:PORT.",
        show_default=True,
    ),
]
DEFAULT_DB = Path("tracemap.duckdb")

#: The option ``--redact``, to be read by ``redaction_rules``.
REDACT: Any = typer.Option(
    metavar="NAME=ACTION",
    help="Drop, hash or mask attributes before they are stored: 'user.*=hash', card=drop; or mask"
    " what a regular expression finds in any text: '/[^ ]+@[^ ]+/=mask'; 'off': no more. Stored.",
)

OutputFormat = Annotated[
    Format, typer.Option("--format", "-f", help="json and csv have all columns, whole and exact.")
]
Limit = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most this many rows.")]
Workflows = Annotated[
    int | None, typer.Option("--limit", "-n", min=1, help="At most so many workflows.")
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="A time (2026-01-31T14:05:00Z; 14:05, in UTC) or an age (90s, 15m, 24h, 7d).",
    ),
]

#: Exit code of an interrupt, as shells have it, and of a defect: never 1, which means findings.
INTERRUPTED = 130
DEFECT = 3

#: Bytes below which an empty database with its analysis does not get.
SMALLEST = 64_000_000

_UNITS = {"ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9}


def examples(first: str, second: str) -> str:
    """The two examples that end each help text, as its epilog."""
    return f"Examples:\n\n  {first}\n\n  {second}"


class Commands(TyperGroup):
    """Turns our errors into one sentence on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Exit codes: design section 11."""
        try:
            return super().invoke(ctx)
        except TracemapError as error:
            say_error(error)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader (head, a pager) has had enough. Python would complain at exit otherwise.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            if type(error).__module__.startswith(("typer", "click")):
                raise
            traceback.print_exc()
            err().print(
                f"tracemap failed where it should not: {clean(error)}. Please report this.",
                style="red",
                soft_wrap=True,
            )
            raise typer.Exit(DEFECT) from None


def say_error(error: TracemapError) -> None:
    """``tracemap: where: what`` and, on the next line, what to do."""
    console = err()
    where = f"{clean(error.where)}: " if error.where else ""
    console.print(f"tracemap: {where}{clean(error.what)}", style="red", soft_wrap=True)
    if error.do:
        console.print(f"  try: {clean(error.do)}", soft_wrap=True)


@contextmanager
def open_database(db: Path, *, create: bool = False) -> Iterator[PlainTracemap]:
    """The database, or the server that holds it. Ctrl-C ends what it is asked."""
    from tracemap.api import PlainTracemap
    from tracemap.cli.interrupt import ends_statements
    from tracemap.web.connect import connect

    with PlainTracemap(connect(db, create=create)) as opened:
        store: Store | None = getattr(opened.backend, "store", None)
        with nullcontext() if store is None else ends_statements(store):
            yield opened


def since_ns(text: str | None) -> int | None:
    """A time, or how long ago, as nanoseconds since the Unix epoch. Raises InputError."""
    import time

    from tracemap.moments import last_ns, to_ns

    if text is None:
        return None
    now = time.time_ns()
    if (found := last_ns(text, now)) is not None:
        return found
    try:
        return now - duration_ns(text.removesuffix("ago"))
    except InputError:
        try:
            return to_ns(text)
        except InputError:
            raise InputError(
                f"{text!r} is neither a time nor an age",
                do="write 2026-01-31T14:05:00Z, or 14:05 (UTC), or 15m, 24h, 7d",
            ) from None


def duration_ns(text: str) -> int:
    """``2s``, ``1.5h``, ``500ms`` in nanoseconds. Raises InputError."""
    import re

    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)", text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a duration", do="write it as 500ms, 2s, 15m, 24h or 7d")
    unit = "m" if match[2] == "min" else match[2]
    return round(float(match[1]) * _UNITS[unit])


def size_bytes(text: str) -> int:
    """``500MB``, ``1.5GB``, ``20GiB`` in bytes. Raises InputError."""
    import re

    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip(), re.IGNORECASE)
    if match is None or not match[2]:
        raise InputError(f"{text!r} is not a size", do="write it as 500MB, 20GB or 1TB")
    unit = 1024.0 if match[3] else 1000.0
    found = round(float(match[1]) * unit ** ("kmgt".index(match[2].lower()) + 1))
    if found < SMALLEST:
        raise InputError(f"{text!r} is too small for a database", do="give 64MB or more")
    return found


def redaction_rules(given: list[str] | None) -> tuple[str, ...] | None:
    """The rules of ``--redact``; () for 'off', None when there are none. Raises InputError."""
    from tracemap.redaction import Rule

    if not given:
        return None
    if given == ["off"]:
        return ()
    for text in given:
        Rule.parse(text)
    return tuple(given)


def one_of(found: Sequence[str], text: str) -> str:
    """The execution found for ``text``: the only one, or of several runs the one that is called so.

    Raises InputError that lists them when several fit.
    """
    if len(found) == 1 or text in found:
        return text if text in found else found[0]
    some = ", ".join(found[:5]) + (", ..." if len(found) > 5 else "")
    raise InputError(f"{text!r} may mean {len(found)} executions: {some}", do="name one of them")
