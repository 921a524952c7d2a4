"""``tracemap.open(...)``: executions, steps, hand-offs, owners and findings as polars DataFrames.

A ``Tracemap`` reads through a ``Backend``: the database in this process (``tracemap.local``), or a
running server that holds it (``tracemap.web.client``). Which one makes no difference to callers;
every frame is of the moment of the call, after all spans that were stored before it.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl

from tracemap.backend import Backend
from tracemap.errors import InputError, NotFoundError
from tracemap.moments import Moment, to_ns

if TYPE_CHECKING:  # a client of a server needs neither DuckDB nor pyarrow
    from tracemap.collectors.files import ImportResult, Progress
    from tracemap.forgetting import Forgotten
    from tracemap.local import Read
    from tracemap.ownership import Explanation
    from tracemap.queries import Rule, Value
    from tracemap.report_data import Report

STATUSES: Final = ("running", "stalled", "completed", "failed", "compensated", "abandoned")
FINDING_STATUSES: Final = ("new", "ongoing", "resolved", "muted")

_TRACE_OR_SPAN: Final = re.compile(r"[0-9a-fA-F]{8,32}")


class TruncatedWarning(UserWarning):
    """A result holds only as many rows as were asked for; there are more."""


class Tracemap:
    """An open database, wherever it is held. Use it as a context manager, or ``close()`` it."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

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

    def executions(
        self,
        *,
        status: str | None = None,
        workflow: str | None = None,
        service: str | None = None,
        since: Moment | None = None,
        execution: str | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Executions, the ones seen last first. ``status`` may be several, set apart by commas."""
        _known_all("status", status, STATUSES)
        return self._frame(
            "executions",
            execution=execution,
            status=status,
            workflow=workflow,
            service=service,
            since_ns=to_ns(since),
            limit=limit,
        )

    def execution_totals(
        self,
        *,
        status: str | None = None,
        workflow: str | None = None,
        service: str | None = None,
        since: Moment | None = None,
    ) -> pl.DataFrame:
        """How many executions stand how: ``status, executions``."""
        _known_all("status", status, STATUSES)
        return self._frame(
            "execution_totals",
            status=status,
            workflow=workflow,
            service=service,
            since_ns=to_ns(since),
        )

    def execution(self, execution: str) -> dict[str, pl.DataFrame]:
        """Everything about one execution, of one moment.

        Frames by name: ``execution`` (one row), ``steps``, ``handoffs``, ``members`` (its traces
        and why each belongs), ``chain`` (its runs), ``messages``, ``custody``, ``findings`` (open
        ones), ``keys`` and ``analysis``.
        """
        of_it = {"execution": execution, "limit": None}
        every: dict[str, Any] = dict.fromkeys(_FINDING_FILTERS)
        found = self.read(
            execution=("api/executions", dict.fromkeys(_EXECUTION_FILTERS) | of_it),
            steps=("api/steps", {"service": None, **of_it}),
            handoffs=("api/handoffs", {"workflow": None, **of_it}),
            members=("api/execution_members", {"execution": execution}),
            chain=("api/execution_chain", {"execution": execution}),
            messages=("api/messages", {"state": None, "destination": None, **of_it}),
            custody=("api/custody", of_it),
            findings=("api/findings", {**every, "status": "open", **of_it}),
            keys=("api/keys", {}),
            analysis=("api/analysis", {}),
        )
        if found["execution"].is_empty():
            raise self._unknown_execution(execution)
        return found

    def graph(self, workflow: str | None = None) -> dict[str, pl.DataFrame]:
        """The graph of a workflow (or of all) over its executions: ``steps`` and ``edges``."""
        return self.read(
            steps=("api/workflow_steps", {"workflow": workflow}),
            edges=("api/workflow_edges", {"workflow": workflow}),
            owners=("api/owners", {"kind": "workflow", "name": workflow, "team": None}),
        )

    def custody_totals(self) -> pl.DataFrame:
        """Who holds how many executions that are not done, the one held longest first."""
        return self._frame("custody_totals")

    def steps(
        self,
        execution: str | None = None,
        *,
        service: str | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Steps in the order in which they started."""
        return self._frame("steps", execution=execution, service=service, limit=limit)

    def handoffs(
        self,
        execution: str | None = None,
        *,
        workflow: str | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Hand-offs between steps, in the order in which they began."""
        return self._frame("handoffs", execution=execution, workflow=workflow, limit=limit)

    def messages(
        self,
        execution: str | None = None,
        *,
        state: str | None = None,
        destination: str | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Messages, the oldest first; one row a message and consumer group."""
        return self._frame(
            "messages", execution=execution, state=state, destination=destination, limit=limit
        )

    def owners(
        self, *, kind: str | None = None, name: str | None = None, team: str | None = None
    ) -> pl.DataFrame:
        """The accountable team of every service, destination, datastore and workflow, and why."""
        return self._frame("owners", kind=kind, name=name, team=team)

    def findings(
        self,
        status: str = "open",
        *,
        family: str | None = None,
        rule: str | None = None,
        team: str | None = None,
        severity: str | None = None,
        since: Moment | None = None,
        execution: str | None = None,
        workflow: str | None = None,
        service: str | None = None,
        id: str | None = None,  # noqa: A002 - the name of the column
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Findings, the worst first. ``severity`` means at least this one; ``id`` is a prefix."""
        if status not in ("open", "all"):
            _known_all("status", status, FINDING_STATUSES, extra=("open", "all"))
        _known_all("family", family, _FAMILIES)
        _known_all("severity", severity, _SEVERITIES)
        return self._frame(
            "findings",
            status=status,
            family=family,
            rule=rule,
            team=team,
            severity=severity,
            since_ns=to_ns(since),
            execution=execution,
            workflow=workflow,
            service=service,
            id=id,
            limit=limit,
        )

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

    def keys(self) -> pl.DataFrame:
        """Correlation keys and candidates, ranked, with the numbers behind each choice."""
        return self._frame("keys")

    def custody(
        self,
        execution: str | None = None,
        at: Moment | None = None,
        *,
        as_of: Moment | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Who holds an execution (or all of them), since when; now, or in hindsight ``at``.

        ``as_of``: as could be known then, without what came later; TooLargeError when that is more
        than can be analysed anew.
        """
        asked = {"execution": execution, "limit": limit}
        if as_of is not None:
            if at is not None:
                raise InputError("'at' and 'as_of' are two questions", do="give one of them")
            read = ("as_of/custody", {"as_of_ns": to_ns(as_of), **asked})
            return self.backend.frames([read])[0]
        if at is None:
            return self._frame("custody", **asked)
        return self._frame("custody_at", at_ns=to_ns(at), **asked)

    def custody_chain(self, execution: str, *, limit: int | None = None) -> pl.DataFrame:
        """The whole custody of an execution: who held it, from when to when, what ended it."""
        return self._frame("custody_chain", execution=execution, limit=limit)

    def spans(
        self,
        execution: str | None = None,
        *,
        trace_id: str | None = None,
        service: str | None = None,
        name: str | None = None,
        limit: int | None = None,
    ) -> pl.DataFrame:
        """Spans in the order in which they started."""
        return self._frame(
            "spans",
            execution=execution,
            trace_id=trace_id,
            service=service,
            name=name,
            limit=limit,
        )

    def workflows(self) -> pl.DataFrame:
        """The workflows seen, with how their executions stand."""
        return self._frame("workflows")

    def analysis(self) -> pl.DataFrame:
        """One row: when the data was last analysed, up to which moment, how much of it."""
        return self._frame("analysis")

    def explain_owner(self, name: str, kind: str | None = None) -> tuple[Explanation, ...]:
        """Who owns what is called ``name``, by which rule, and which candidates lost.

        Raises NotFoundError, with the nearest name, when nothing seen is called so.
        """
        from difflib import get_close_matches

        from tracemap import ownership

        rows, known = self.backend.frames(
            [("owners/explain", {"name": name, "kind": kind}), ("owners/names", {})]
        )
        if rows.is_empty():
            near = get_close_matches(name[:200], [str(row[0]) for row in known.iter_rows()], n=1)
            raise NotFoundError(
                f"nothing called {name!r} was seen" + (f" as a {kind}" if kind else ""),
                do=f"did you mean {near[0]!r}?" if near else "see 'tracemap owners list'",
            )
        return ownership.explanations(rows.iter_rows())

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

        return files.import_files(paths, self.backend.write, source=source, progress=progress)

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

    def query(self, name: str, **params: Value) -> pl.DataFrame:
        """The rows of a named query (``tracemap query list``). Parameters are bound."""
        return self.backend.frames([(f"explore/{name}", params)])[0]

    def sql(self, text: str, *, limit: int = 100_000, timeout: float = 30.0) -> pl.DataFrame:
        """The rows of one read-only SELECT over the public views.

        Warns with TruncatedWarning when there are more than ``limit`` rows. Raises InputError for
        what is no such SELECT, LimitError when it takes longer than ``timeout`` seconds.
        """
        from tracemap.guard import Limits

        answer = self.backend.sql(text, Limits(rows=limit, seconds=timeout))
        if answer.truncated:
            message = f"there are more than {limit:,} rows; the rest was left out"
            warnings.warn(message, TruncatedWarning, stacklevel=2)
        return answer.frame

    def read(self, **reads: Read) -> dict[str, pl.DataFrame]:
        """Several named reads of one moment: ``read(steps=("api/steps", {...}), ...)``."""
        return dict(zip(reads, self.backend.frames(list(reads.values())), strict=True))

    def resolve(self, text: str) -> list[str]:
        """The executions that ``text`` may mean, in order of their names.

        It may be an execution (its later runs are meant, too), ``key=value``, a correlation value,
        the beginning of a finding's or trace's id, a span id, how a name ends, or else what some
        attribute of its spans says, or a segment of a path. Raises NotFoundError with near names
        when it is none of them.
        """
        text = text.strip()
        key, sign, value = text.partition("=")
        pair: dict[str, Any] = (
            {"key": key, "value": value} if sign else {"key": None, "value": None}
        )
        found = self._frame("resolve", text=text, **pair)
        bare = text.removeprefix("trace:")  # how executions without a key are called
        if found.is_empty() and _TRACE_OR_SPAN.fullmatch(bare):
            found = self._frame("resolve_ids", text=bare)
        if found.is_empty() and sign and key and key[0] not in "$/":
            found = self._frame("resolve_attribute", **pair)
        if found.is_empty() and not sign:
            found = self._frame("resolve_value", text=text)
        if found.is_empty():
            raise self._unknown_execution(text)
        return found["execution"].to_list()

    def _unknown_execution(self, text: str) -> NotFoundError:
        bare = text.removeprefix("trace:")
        if _TRACE_OR_SPAN.fullmatch(bare):
            for aside in self._frame("resolve_aside", text=bare).to_dicts():
                return NotFoundError(
                    f"trace {aside['trace_id']} is no execution, but a {aside['what']} of "
                    f"{aside['service']} ({aside['because']})",
                    do="its spans are in view spans; view set_aside lists all such traces",
                )
        near = self._frame("nearest_executions", text=text)["execution"].to_list()
        if not near:
            return NotFoundError(
                f"there is no execution {text!r}: no spans have been stored yet",
                do="point an exporter at 'tracemap serve', or 'tracemap import FILE'",
            )
        return NotFoundError(
            f"there is no execution {text!r}", do=f"did you mean {' or '.join(near)}?"
        )

    def _frame(self, name: str, /, **params: Any) -> pl.DataFrame:
        return self.backend.frames([(f"api/{name}", params)])[0]


_EXECUTION_FILTERS: Final = ("execution", "status", "workflow", "service", "since_ns", "limit")
_FINDING_FILTERS: Final = (
    *("status", "family", "rule", "team", "severity", "since_ns"),
    *("execution", "workflow", "service", "id", "limit"),
)
_FAMILIES: Final = ("orphaned", "duplicated", "stalled", "inconsistent", "ownership", "data")
_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


def _known_all(
    name: str, given: str | None, known: Sequence[str], extra: Sequence[str] = ()
) -> None:
    """Raise InputError when one of the comma-separated words is not among ``known``."""
    from difflib import get_close_matches

    for word in given.split(",") if given is not None else ():
        if word not in known:
            near = get_close_matches(word, known, n=1)
            do = f"did you mean {near[0]!r}?" if near else f"one of {', '.join((*extra, *known))}"
            raise InputError(f"{word!r} is not a {name}", do=do)
