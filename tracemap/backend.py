"""What a ``Tracemap`` reads and writes through: this process, or a server of the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # a client of a server needs neither DuckDB nor pyarrow
    from tracemap.batch import SpanBatch
    from tracemap.catalogs.finding import SourceFile
    from tracemap.forgetting import Forgotten
    from tracemap.reads import Answer, Limits, Read
    from tracemap.report_data import Report
    from tracemap.rows import Rows
    from tracemap.settings import Settings


class Backend(Protocol):
    """Where a ``Tracemap`` reads and writes."""

    def rows(self, reads: Sequence[Read]) -> list[Rows]:
        """The rows of named queries, all of one moment."""
        ...

    def sql(self, text: str, limits: Limits) -> Answer:
        """A person's own SELECT."""
        ...

    def write(self, batches: Sequence[SpanBatch], /, *, source: str) -> Sequence[int]:
        """Store recorded spans; when this returns they are on disk. The numbers of the batches."""
        ...

    def copies(self, batches: Sequence[int]) -> int:
        """How many spans of these batches had been stored before; nothing is analysed for it."""
        ...

    def export(self, execution: str | None) -> Iterator[SpanBatch]:
        """All stored spans, or those of one execution, as they came in; in bounded memory."""
        ...

    def load_ownership(
        self, files: Sequence[SourceFile], *, folder: str | None, present: Sequence[str]
    ) -> list[tuple[bool, list[str]]]:
        """Store what ownership files declare; of ``folder``, forget what is not ``present``.

        Returns for each file whether it was of use, and its mistakes, one line each.
        """
        ...

    def mute(self, finding: str, reason: str) -> str:
        """Set a finding aside, with the reason; an empty one lets it count again.

        ``finding`` is the beginning of its id; the whole one is returned.
        """
        ...

    def reconcile(self, since_ns: int | None, until_ns: int | None, *, save: bool) -> Report:
        """The report of a window, saved unless asked not to."""
        ...

    def forget(self, key: str, value: str, *, shared: bool, dry_run: bool) -> Forgotten:
        """Remove the executions that have ``value`` for ``key``, for good; or say what that is."""
        ...

    def settings(self) -> Settings:
        """What the user decided, or the defaults."""
        ...

    def configure(self, settings: Settings) -> None:
        """Store settings for every later analysis."""
        ...

    def close(self) -> None:
        """Let go of the database or the connection."""
        ...
