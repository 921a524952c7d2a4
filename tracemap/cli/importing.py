"""``tracemap import``: spans from files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracemap.cli.common import (
    DEFAULT_DB,
    REDACT,
    Db,
    examples,
    open_database,
    redaction_rules,
)
from tracemap.cli.output import err, out
from tracemap.cli.text import clean, count
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.collectors.files import ImportResult, Progress

EPILOG = examples(
    "tracemap import traces.jsonl",
    "tracemap import --db shop.duckdb --source staging traces.jsonl.gz traces.binpb",
)


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="OTLP as JSON, JSON lines or protobuf; plain, gzip or zstd."
        ),
    ],
    db: Db = DEFAULT_DB,
    source: Annotated[
        str,
        typer.Option(help="Where the spans came from; each source has a horizon of its own."),
    ] = "recorded",
    owners: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Take in this ownership.yaml too.")
    ] = None,
    redact: Annotated[list[str] | None, REDACT] = None,
) -> None:
    """Store the spans of OTLP files. What is bad is reported by file and line, the rest is kept."""
    if not any(file.exists() for file in (*files, *(owners or ()))):
        # A typing slip makes no database.
        raise InputError(
            "there is no such file",
            where=", ".join(map(str, files)),
            do="check the path; a relative one begins in this folder",
        )
    mistakes = 0
    rules = redaction_rules(redact)
    with open_database(db, create=True) as opened:
        if rules is not None:
            opened.backend.configure(replace(opened.backend.settings(), redact=rules))
        for file in owners or ():
            for mistake in opened.load_ownership(file):
                mistakes += 1
                err().print(clean(mistake), style="red", soft_wrap=True)
        with _bar(files) as progress:
            result = opened.import_files(files, source=source, progress=progress)
    _tell(result, db)
    if result.problem_count or mistakes:
        raise typer.Exit(InputError.exit_code)


@contextmanager
def _bar(files: list[Path]) -> Iterator[Progress | None]:
    """A bar over the bytes of all files, on a terminal."""
    console = err()
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    sizes = {file: file.stat().st_size if file.is_file() else 0 for file in files}
    done = dict.fromkeys(sizes, 0)
    bar = Progress(
        TextColumn("{task.fields[file]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=sum(sizes.values()), file="")

        def progress(file: Path, read: int, size: int) -> None:
            done[file] = min(read, size)
            bar.update(task, completed=sum(done.values()), file=clean(file.name)[:40])

        yield progress


def _tell(result: ImportResult, db: Path) -> None:
    console = err()
    for problem in result.problems:
        console.print(clean(problem), style="red", soft_wrap=True)
    if (more := result.problem_count - len(result.problems)) > 0:
        console.print(f"... and {count(more, 'problem')} more", style="red")
    logs = f" and {count(result.logs, 'log record')}" if result.logs else ""
    out().print(
        f"{count(result.spans, 'span')}{logs} of {count(result.requests, 'request')} "
        f"from {count(result.files, 'file')} stored in {clean(db)}",
        style="bold",
        soft_wrap=True,
    )
    if result.copies:
        out().print(
            f"{count(result.copies, 'span')} of these had been stored before: "
            "a span that came twice counts once",
            soft_wrap=True,
        )
    if result.problem_count:
        what = "span" if not result.logs else "record"
        refused = f", {count(result.rejected, what)} refused" if result.rejected else ""
        out().print(f"{count(result.problem_count, 'problem')}{refused}", soft_wrap=True)
    if result.unrelated:
        out().print(f"{count(result.unrelated, 'log record')} of no span left out")
    if result.other_signals:
        out().print(f"{count(result.other_signals, 'request')} of metrics left out")
