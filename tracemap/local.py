"""The database read in this process: a store, and an analysis that is brought up to date first."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb

from tracemap import freshness, guard, own_rules, queries
from tracemap.errors import InputError, NotFoundError, StoreBusyError, StoreError
from tracemap.reads import Answer, Limits, Read
from tracemap.rows import BrokenStreamError, Rows
from tracemap.settings import Settings
from tracemap.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracemap import forgetting, retention
    from tracemap.batch import SpanBatch
    from tracemap.catalogs.finding import SourceFile
    from tracemap.report_data import Report

_log = logging.getLogger(__name__)

#: Rooms of queries that may be named from outside. Every file in them is one SELECT.
READABLE: Final = frozenset({"api", "audit", "explore"})
#: Reads that other rooms offer.
READABLE_NAMES: Final = frozenset({"owners/explain", "owners/names"})
#: What goes back in time, and so takes an analysis of its own: ``tracemap.as_of``.
AS_OF: Final = "as_of/custody"


class Refresher:
    """Runs a refresh for many readers at once.

    ``fresh`` returns when a refresh that began after the call has ended, so that a reader sees all
    that was committed before it asked. Readers that come while one runs share the next. After a
    run that had work to do comes a pause as long as it took (at most ``longest_pause`` seconds),
    so that readers who ask all the time leave half of the machine to ingest.
    """

    def __init__(self, run: Callable[[], bool], *, longest_pause: float) -> None:
        self._run = run
        self._longest_pause = longest_pause
        self._turn = threading.Condition()
        self._begun = 0
        self._ended = 0
        self._running = False
        self._not_before = 0.0
        self._errors: dict[int, BaseException] = {}

    def fresh(self) -> None:
        """Wait for, or do, a refresh that begins now or later. Raises what it raised."""
        with self._turn:
            wanted = self._begun + 1
            while self._running:
                self._turn.wait()
                if self._ended >= wanted:
                    if wanted in self._errors:
                        raise self._errors[wanted]
                    return
            self._running = True
        pause = self._not_before - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        with self._turn:
            # Only now: who came during the pause is served by this run as well.
            self._begun += 1
            mine = self._begun
        error: BaseException | None = None
        worked = False
        started = time.monotonic()
        try:
            worked = self._run()
        except BaseException as raised:  # noqa: BLE001 - handed to every reader that waits for it
            error = raised
        took = time.monotonic() - started
        with self._turn:
            self._errors = {mine: error} if error else {}
            if worked:
                self._not_before = time.monotonic() + min(took, self._longest_pause)
            self._ended = mine
            self._running = False
            self._turn.notify_all()
        if error:
            raise error


#: What this process has open, by real path. Two stores on one file would number what they intern
#: each in its own way, so a process has one and shares it.
_opened: Final[dict[Path, LocalBackend]] = {}
_opening: Final = threading.Lock()


class LocalBackend:
    """Reads and writes a store that is open in this process. Thread-safe."""

    def __init__(self, store: Store, real_path: Path, *, longest_pause: float) -> None:
        """Use ``open``. ``longest_pause`` is the Refresher's."""
        self.store = store
        self._real_path = real_path
        self._users = 0
        self._refresher = Refresher(self._refresh, longest_pause=longest_pause)
        self._harden()

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        create: bool,
        alone: bool = False,
        longest_pause: float = 0.0,
        memory: int | None = None,
    ) -> LocalBackend:
        """Open the database at ``path``, or share the one that this process has open.

        ``alone`` refuses to share: a server's. ``memory`` bounds DuckDB's, in bytes.
        Raises as ``Store.open`` does.
        """
        real = Path(path).resolve()
        with _opening:
            found = _opened.get(real)
            if found is not None and alone:
                raise StoreBusyError(
                    "this process has the database open already", where=str(path), do="close it"
                )
            if found is None:
                store = Store.open(path, create=create, memory=memory)
                try:
                    found = cls(store, real, longest_pause=longest_pause)
                except BaseException:
                    store.close()
                    raise
                _opened[real] = found
            found._users += 1
            return found

    def close(self) -> None:
        """Checkpoint and close the store, when nobody else in this process uses it."""
        with _opening:
            self._users -= 1
            if self._users == 0:
                _opened.pop(self._real_path, None)
                self.store.close()

    def refresh(self) -> None:
        """Bring what is derived up to date with the stored spans."""
        self._refresher.fresh()

    def rows(self, reads: Sequence[Read]) -> list[Rows]:
        """The rows of named queries, all of one moment.

        Raises NotFoundError for a name that cannot be read, InputError for parameters that the
        query does not take.
        """
        prepared = [
            (name, "" if name == AS_OF else _statement(name), _bound(name, given))
            for name, given in reads
        ]
        self.refresh()
        with self._reading() as cursor:
            return [
                self._as_of(params) if name == AS_OF else _rows(cursor, name, sql, params)
                for name, sql, params in prepared
            ]

    def sql(self, text: str, limits: Limits) -> Answer:
        """A person's own SELECT. Raises InputError, LimitError, TooLargeError."""
        self.refresh()
        cursor = self.store.cursor()
        try:
            return guard.run(cursor, text, limits)
        finally:
            cursor.close()

    def write(self, batches: Sequence[SpanBatch], /, *, source: str) -> Sequence[int]:
        """Store recorded spans; when this returns they are on disk. The numbers of the batches."""
        return self.store.write(batches, source=source, kind="recorded")

    def copies(self, batches: Sequence[int]) -> int:
        """How many spans of these batches had been stored before; nothing is analysed for it.

        The span ids of the whole store are read once: ask once for all batches.
        """
        with self._reading() as cursor:
            cursor.execute(queries.text("store/copies"), {"batches": list(batches)})
            found = cursor.fetchone()
        return int(found[0]) if found else 0

    def export(self, execution: str | None) -> Iterator[SpanBatch]:
        """All stored spans, or those of one execution, as they came in; in bounded memory."""
        from tracemap import export

        if execution is not None:
            self.refresh()
        try:
            yield from export.batches(self.store, execution)
        except duckdb.Error as error:
            raise _unreadable(self.store, error) from error

    def load_ownership(
        self, files: Sequence[SourceFile], *, folder: str | None, present: Sequence[str]
    ) -> list[tuple[bool, list[str]]]:
        """Store what ownership files declare; of ``folder``, forget what is not ``present``.

        Returns for each file whether it was of use, and its mistakes, one line each.
        """
        from tracemap import ownership

        cursor = self.store.cursor()
        try:
            catalogs = ownership.keep(cursor, files, folder=folder, present=present)
        finally:
            cursor.close()
        return [(c.usable, [str(problem) for problem in c.problems]) for c in catalogs]

    def mute(self, finding: str, reason: str) -> str:
        """Set a finding aside, with the reason; an empty one lets it count again. Returns its id.

        Raises NotFoundError for an unknown one, InputError for a beginning of several.
        """
        from tracemap import lifecycle

        self.refresh()
        cursor = self.store.cursor()
        try:
            full = lifecycle.fingerprint(cursor, finding)
            if reason.strip():
                lifecycle.mute(cursor, full, reason)
            else:
                lifecycle.unmute(cursor, full)
        finally:
            cursor.close()
        return full[:12]

    def reconcile(self, since_ns: int | None, until_ns: int | None, *, save: bool) -> Report:
        """The report of a window, saved unless asked not to. Raises InputError."""
        from tracemap import report

        self.refresh()
        with self._reading() as cursor:
            found = report.reconcile(
                cursor, now_ns=time.time_ns(), since_ns=since_ns, until_ns=until_ns
            )
        if not save:
            return found
        cursor = self.store.cursor()
        try:
            return report.save(cursor, found)
        finally:
            cursor.close()

    def keep(self, keep_ns: int | None, most: int | None) -> retention.Deleted:
        """Delete what is older than ``keep_ns``, and the oldest of what is above ``most`` bytes."""
        from tracemap import retention

        return retention.keep(
            self.store, self.refresh, now_ns=time.time_ns(), keep_ns=keep_ns, most=most
        )

    def forget(self, key: str, value: str, *, shared: bool, dry_run: bool) -> forgetting.Forgotten:
        """Remove the executions that have ``value`` for ``key``, for good; or say what that is."""
        from tracemap import forgetting

        return forgetting.forget(
            self.store, key, value, self.refresh, shared=shared, dry_run=dry_run
        )

    def settings(self) -> Settings:
        """What the user decided, or the defaults."""
        return self.store.settings()

    def configure(self, settings: Settings) -> None:
        """Store settings for every later analysis. Raises InputError for a rule that is none."""
        from tracemap.detection import check_own

        fresh = [rule for rule in settings.rules if rule not in self.store.settings().rules]
        if fresh:
            own_rules.parse(settings.rules)
            self.refresh()
            cursor = self.store.cursor()
            try:
                check_own(cursor, fresh, settings.grace_ns)
            finally:
                cursor.close()
        self.store.configure(settings)

    def _refresh(self) -> bool:
        if freshness.holds(self.store):
            return False
        from tracemap import pipeline

        while True:
            try:
                return pipeline.refresh(self.store)
            except own_rules.RuleFailedError as failed:
                _log.warning("a rule of your own is set aside until it is loaded again: %s", failed)
                self.store.configure(own_rules.without(self.store.settings(), failed))

    def _as_of(self, params: dict[str, Any]) -> Rows:
        """Custody as could be known then; see ``as_of.custody`` for parameters and errors."""
        from tracemap import as_of

        execution, as_of_ns, limit = (params.get(k) for k in ("execution", "as_of_ns", "limit"))
        if not isinstance(as_of_ns, int) or abs(as_of_ns) >= 2**63:
            raise InputError(f"{AS_OF}: give 'as_of_ns'", do="check the parameters")
        return Rows.of(as_of.custody(self.store, execution, as_of_ns, limit))

    def _harden(self) -> None:
        cursor = self.store.cursor()
        try:
            guard.harden(cursor)
        finally:
            cursor.close()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self.store.cursor()
        try:
            cursor.execute(queries.text("guard/begin_reading"))
            yield cursor
        except (duckdb.Error, BrokenStreamError) as error:
            raise _unreadable(self.store, error) from error
        finally:
            cursor.close()


def _unreadable(store: Store, error: Exception) -> StoreError:
    return StoreError(
        f"the database could not be read: {_first_line(error)}", where=str(store.path)
    )


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]


def _statement(name: str) -> str:
    room, _, stem = name.partition("/")
    if room not in READABLE and name not in READABLE_NAMES:
        raise NotFoundError(f"there is no readable query {name!r}", do="see 'tracemap query list'")
    if room == "explore":
        return queries.explore_query(stem).sql
    return queries.text(name)


def _bound(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    room, _, stem = name.partition("/")
    if room == "explore":
        return queries.bindings(queries.explore_query(stem).params, given)
    return dict(given)


def _rows(cursor: duckdb.DuckDBPyConnection, name: str, sql: str, params: dict[str, Any]) -> Rows:
    try:
        return Rows.of(cursor.sql(sql, params=params or None))
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise InputError(f"{name}: {_first_line(error)}", do="check the parameters") from error
    except BrokenStreamError as error:
        if str(error).startswith(("Conversion Error", "Invalid Input Error")):
            raise InputError(f"{name}: {_first_line(error)}", do="check the parameters") from error
        raise
