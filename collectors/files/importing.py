"""Files -> the store: decoded some thousand spans or logs at a time, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from tracemap.batch import SpanBatch
from tracemap.collectors.files.limits import LIMITS
from tracemap.collectors.files.reading import read_file
from tracemap.collectors.files.records import Location, OtherSignal, Problem, Request
from tracemap.collectors.otlp import decode, logs
from tracemap.collectors.otlp.signals import LOGS, TRACES, Signal
from tracemap.errors import PayloadError, TracemapError

#: The source that imported spans belong to, unless told otherwise (design section 8).
SOURCE = "recorded"

#: Bytes decoded at once: about five thousand spans.
_DECODED_TOGETHER = 2 << 20
#: Decoded batches written in one transaction.
_WRITTEN_TOGETHER = 8
#: Problems that are kept; all are counted.
_PROBLEMS = 1000

#: Called with a file, the bytes of it read so far and its size.
Progress = Callable[[Path, int, int], None]


class FileSink(Protocol):
    """Stores batches; returns once they are on disk. ``Store.write`` with its kind given."""

    def __call__(self, batches: Sequence[SpanBatch], /, *, source: str) -> object: ...


@dataclass(slots=True)
class ImportResult:
    """What became of the files of one import."""

    files: int = 0
    requests: int = 0  #: stored, whole or in part
    spans: int = 0  #: stored
    copies: int = 0  #: of these, had been stored before; whoever has the database counts them
    logs: int = 0  #: log records stored
    rejected: int = 0  #: spans and log records refused one by one
    unrelated: int = 0  #: log records that belong to no span, left out
    other_signals: int = 0  #: requests of metrics, left out
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)  #: the first of them

    def note(self, problem: Problem) -> None:
        """Count a problem, and keep it if it is one of the first."""
        self.problem_count += 1
        if len(self.problems) < _PROBLEMS:
            self.problems.append(problem)


def import_files(
    paths: Iterable[Path | str],
    sink: FileSink,
    *,
    source: str = SOURCE,
    progress: Progress | None = None,
) -> ImportResult:
    """Hand the spans of ``paths`` to ``sink``; what cannot be read is reported, the rest is kept.

    Raises what ``sink`` raises (StoreError); batches that it took before stay stored.
    """
    result = ImportResult()
    pending: list[SpanBatch] = []
    for path in map(Path, paths):
        result.files += 1
        for batch in _batches(path, result, progress):
            pending.append(batch)
            if len(pending) == _WRITTEN_TOGETHER:
                _write(sink, pending, source, result)
        if progress is not None and path.is_file():
            size = path.stat().st_size
            progress(path, size, size)
    _write(sink, pending, source, result)
    return result


def read(path: Path | str) -> Iterator[SpanBatch]:
    """The spans of one file. Raises PayloadError at its first problem or rejected span."""
    result = ImportResult()
    for batch in _batches(Path(path), result, None):
        if batch.reasons:
            raise PayloadError(batch.reasons[0])
        yield batch
    if result.problems:
        first = result.problems[0]
        raise PayloadError(first.what, where=str(first.location), do=first.do or None)


def _write(sink: FileSink, pending: list[SpanBatch], source: str, result: ImportResult) -> None:
    if pending:
        sink(tuple(pending), source=source)
        result.spans += sum(batch.spans.num_rows for batch in pending)
        result.logs += sum(batch.logs.num_rows for batch in pending)
        pending.clear()


def _batches(path: Path, result: ImportResult, progress: Progress | None) -> Iterator[SpanBatch]:
    """Decode the requests of a file, several together; problems go to ``result``."""
    position = None if progress is None else (lambda done, size: progress(path, done, size))
    together: dict[Signal, list[Request]] = {TRACES: [], LOGS: []}
    held = dict.fromkeys(together, 0)
    taken = others = problems = 0
    other = ""
    for record in read_file(path, position):
        if isinstance(record, Problem):
            problems += 1
            result.note(record)
        elif isinstance(record, OtherSignal):
            others += 1
            other = record.signal
        else:
            taken += 1
            signal = record.signal
            together[signal].append(record)
            held[signal] += len(record.body)
            if held[signal] >= _DECODED_TOGETHER:
                yield from _decode(together[signal], result)
                together[signal], held[signal] = [], 0
    for requests in together.values():
        yield from _decode(requests, result)
    result.other_signals += others
    if others and not taken and not problems:
        result.note(Problem(Location(path, 0, ""), f"this file holds {other}, not traces or logs"))


def _decode(requests: list[Request], result: ImportResult) -> Iterator[SpanBatch]:
    """One batch of all requests, of one signal; when something is wrong with one, of each."""
    if not requests:
        return
    batch: SpanBatch | None
    try:
        decoder = logs.decode if requests[0].signal is LOGS else decode.decode
        batch = decoder([request.body for request in requests], limits=LIMITS)
        problems = [*batch.reasons]
    except TracemapError as error:
        batch, problems = None, [error.what]
    if problems and len(requests) > 1:  # one at a time tells which it is
        for request in requests:
            yield from _decode([request], result)
        return
    for problem in problems:
        result.note(Problem(requests[0].location, problem))
    if batch is None:
        return
    result.requests += len(requests)
    result.rejected += batch.rejected
    result.unrelated += sum(batch.unrelated)
    yield batch
