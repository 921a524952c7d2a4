"""``tracemap.open(...)``: executions, steps, hand-offs, owners and findings as polars DataFrames.

A ``Tracemap`` reads through a ``Backend``: the database in this process (``tracemap.local``), or a
running server that holds it (``tracemap.web.client``). Which one makes no difference to callers;
every frame is of the moment of the call, after all spans that were stored before it. The command
line asks the same questions of a ``PlainTracemap``, which answers in ``Rows``.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Generic, Self

from tracemap.errors import InputError, NotFoundError
from tracemap.moments import Moment, to_ns
from tracemap.questions import Questions, Shape
from tracemap.reads import Limits
from tracemap.rows import Rows

if TYPE_CHECKING:  # a client of a server needs neither DuckDB nor pyarrow
    import polars as pl

    from tracemap.batch import SpanBatch
    from tracemap.collectors.files import ImportResult, Progress
    from tracemap.forgetting import Forgotten
    from tracemap.ownership import Explanation
    from tracemap.queries import Rule
    from tracemap.report_data import Report


class TruncatedWarning(UserWarning):
    """A result holds only as many rows as were asked for; there are more."""


class Database(Questions[Shape], Generic[Shape]):
    """An open database, wherever it is held. Use it as a context manager, or ``close()`` it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, or leave the server."""
        self.backend.close()

    def mute(self, finding: str, reason: str) -> str:
        """Set a finding aside, by the beginning of its id; returns the id.

        It stays muted through later analyses, until ``unmute``. Raises NotFoundError, InputError.
        """
        if not reason.strip():
            raise InputError("a muted finding needs a reason", do="say why it can be ignored")
        return self.backend.mute(finding, reason)

    def unmute(self, finding: str) -> str:
        """Let a muted finding count again; returns its id."""
        return self.backend.mute(finding, "")

    def rules(self) -> tuple[Rule, ...]:
        """Every rule: tracemap's and, after them, the user's own."""
        from tracemap import own_rules, queries

        return (*queries.rules(), *own_rules.known(self.backend.settings()))

    def load_rules(self, folder: str | Path) -> list[str]:
        """Run the rules in the ``.sql`` files of ``folder`` from now on, in place of those loaded
        before; returns their codes.

        Raises InputError, with file and line, when one of them is no rule, reaches beyond the
        tables of the analysis, or fails on what is stored; nothing is changed then.
        """
        from tracemap import own_rules

        texts = own_rules.read(Path(folder))
        self.backend.configure(replace(self.backend.settings(), rules=texts))
        return [rule.code for rule in own_rules.parse(texts)]

    def explain_owner(self, name: str, kind: str | None = None) -> tuple[Explanation, ...]:
        """Who owns what is called ``name``, by which rule, and which candidates lost.

        Raises NotFoundError, with the nearest name, when nothing seen is called so.
        """
        from difflib import get_close_matches

        from tracemap import ownership

        found, known = self.backend.rows(
            [("owners/explain", {"name": name, "kind": kind}), ("owners/names", {})]
        )
        if found.is_empty():
            names = [str(one) for one in known.column(known.columns[0])]
            if kind and name in names:
                raise NotFoundError(
                    f"{name!r} was seen, but not as a {kind}",
                    do=f"see 'tracemap owners explain {name}'",
                )
            near = get_close_matches(name[:200], names, n=1)
            raise NotFoundError(
                f"nothing called {name!r} was seen" + (f" as a {kind}" if kind else ""),
                do=f"did you mean {near[0]!r}?" if near else "see 'tracemap owners list'",
            )
        return ownership.explanations(tuple(row.values()) for row in found.to_dicts())

    def load_ownership(self, path: str | Path) -> list[str]:
        """Store what the ownership file at ``path`` declares, in place of what it did before; of a
        folder or a repository checkout, every ownership file in it (docs/ownership.md).

        Returns the mistakes, one line each; the rest is used. Raises InputError when a file cannot
        be read or is of no use as a whole; in a folder, that is one of the mistakes.
        """
        from tracemap.catalogs import finding

        found = finding.find(path)
        present = [file.path for file in found.files]
        told = []
        for first, part in enumerate(finding.parts(found.files)):
            folder = None if first else found.folder
            told += self.backend.load_ownership(
                part, folder=folder, present=present if folder is not None else ()
            )
        problems = [str(problem) for problem in found.problems]
        problems += [line for _, lines in told for line in lines]
        if found.folder is None and not all(used for used, _ in told):
            raise InputError("; ".join(problems) or "the file declares nothing")
        return problems

    def import_files(
        self,
        paths: Iterable[str | Path],
        *,
        source: str = "recorded",
        progress: Progress | None = None,
    ) -> ImportResult:
        """Store the spans of OTLP files; says what could not be read, and keeps the rest."""
        from tracemap.collectors import files

        written: list[int] = []

        def sink(batches: Sequence[SpanBatch], /, *, source: str) -> None:
            written.extend(self.backend.write(batches, source=source))

        result = files.import_files(paths, sink, source=source, progress=progress)
        if result.spans:
            result.copies = self.backend.copies(written)
        return result

    def export(self, execution: str | None = None, *, protobuf: bool = False) -> Iterator[bytes]:
        """OTLP requests of all stored spans, or of one execution's: what came in, as it came in.

        Each is OTLP/JSON on one line, or a serialised ``ExportTraceServiceRequest``. They are read
        as they are asked for, in bounded memory. Raises NotFoundError for an unknown execution.
        """
        from tracemap.collectors.otlp import encode

        to_otlp = encode.to_protobuf if protobuf else encode.to_json
        for batch in self.backend.export(execution):
            yield from to_otlp(batch)

    def forget(
        self, key: str, value: str, *, shared: bool = False, dry_run: bool = False
    ) -> Forgotten:
        """Remove the executions that have ``value`` for ``key``, with all that was concluded.

        Spans that others share stay, unless ``shared``; ``dry_run`` says what would be removed. It
        cannot be undone. Raises NotFoundError when nothing stored has that value.
        """
        return self.backend.forget(key, value, shared=shared, dry_run=dry_run)

    def reconcile(
        self, *, since: Moment | None = None, until: Moment | None = None, save: bool = False
    ) -> Report:
        """Is every execution accounted for? The report since the one before, or of a window.

        ``save`` keeps it, so that the next report says what is new since.
        """
        return self.backend.reconcile(to_ns(since), to_ns(until), save=save)


class Tracemap(Database["pl.DataFrame"]):
    """An open database, whose answers are polars DataFrames."""

    def _shaped(self, rows: Rows) -> pl.DataFrame:
        """The rows as a frame."""
        from tracemap import frames

        return frames.of(rows)

    def sql(self, text: str, *, limit: int = 100_000, timeout: float = 30.0) -> pl.DataFrame:
        """The rows of one read-only SELECT over the public views.

        Warns with TruncatedWarning when there are more than ``limit`` rows. Raises InputError for
        what is no such SELECT, LimitError when it takes longer than ``timeout`` seconds.
        """
        answer = self.backend.sql(text, Limits(rows=limit, seconds=timeout))
        if answer.truncated:
            message = f"there are more than {limit:,} rows; the rest was left out"
            warnings.warn(message, TruncatedWarning, stacklevel=2)
        return self._shaped(answer.rows)


class PlainTracemap(Database[Rows]):
    """An open database, whose answers are ``Rows``: neither polars nor pyarrow is loaded."""

    def _shaped(self, rows: Rows) -> Rows:
        """The rows as they are."""
        return rows
