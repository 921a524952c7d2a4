"""The questions that a database answers, each in a method, whatever shape the answer takes.

``tracemap.api`` answers them as polars DataFrames, and to the command line as ``Rows``: what a
question means is written once. Every answer is of the moment of the call, after all spans that were
stored before it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from tracemap.errors import InputError, NotFoundError
from tracemap.moments import Moment, to_ns

if TYPE_CHECKING:  # a client of a server needs neither DuckDB nor pyarrow
    from tracemap.backend import Backend
    from tracemap.queries import Value
    from tracemap.reads import Read
    from tracemap.rows import Rows

STATUSES: Final = ("running", "stalled", "completed", "failed", "compensated", "abandoned")
FINDING_STATUSES: Final = ("new", "ongoing", "resolved", "muted")

_TRACE_OR_SPAN: Final = re.compile(r"[0-9a-fA-F]{8,32}")

Shape = TypeVar("Shape")


class Questions(ABC, Generic[Shape]):
    """What can be asked of a ``Backend``."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    @abstractmethod
    def _shaped(self, rows: Rows) -> Shape:
        """The rows in the shape in which questions are answered."""

    def executions(
        self,
        *,
        status: str | None = None,
        workflow: str | None = None,
        service: str | None = None,
        since: Moment | None = None,
        execution: str | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Executions, the ones seen last first. ``status`` may be several, set apart by commas."""
        _known_all("status", status, STATUSES)
        return self._answer(
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
    ) -> Shape:
        """How many executions stand how: ``status, executions``."""
        _known_all("status", status, STATUSES)
        return self._answer(
            "execution_totals",
            status=status,
            workflow=workflow,
            service=service,
            since_ns=to_ns(since),
        )

    def execution(self, execution: str) -> dict[str, Shape]:
        """Everything about one execution, of one moment.

        Frames by name: ``execution`` (one row), ``steps``, ``handoffs``, ``members`` (its traces
        and why each belongs), ``chain`` (its runs), ``messages``, ``custody``, ``findings`` (open
        ones), ``keys`` and ``analysis``.
        """
        of_it = {"execution": execution, "limit": None}
        every: dict[str, Any] = dict.fromkeys(_FINDING_FILTERS)
        found = self._read(
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
        return {name: self._shaped(rows) for name, rows in found.items()}

    def graph(self, workflow: str | None = None) -> dict[str, Shape]:
        """The graph of a workflow (or of all) over its executions: ``steps`` and ``edges``.

        With it, of the same moment, the ``owners`` of the workflow, all ``workflows`` and the
        owners of all ``services``.
        """
        return self.read(
            steps=("api/workflow_steps", {"workflow": workflow}),
            edges=("api/workflow_edges", {"workflow": workflow}),
            owners=("api/owners", {"kind": "workflow", "name": workflow, "team": None}),
            workflows=("api/workflows", {}),
            services=("api/owners", {"kind": "service", "name": None, "team": None}),
        )

    def custody_totals(self) -> Shape:
        """Who holds how many executions that are not done, the one held longest first."""
        return self._answer("custody_totals")

    def steps(
        self,
        execution: str | None = None,
        *,
        service: str | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Steps in the order in which they started."""
        return self._answer("steps", execution=execution, service=service, limit=limit)

    def handoffs(
        self,
        execution: str | None = None,
        *,
        workflow: str | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Hand-offs between steps, in the order in which they began."""
        return self._answer("handoffs", execution=execution, workflow=workflow, limit=limit)

    def messages(
        self,
        execution: str | None = None,
        *,
        state: str | None = None,
        destination: str | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Messages, the oldest first; one row a message and consumer group."""
        return self._answer(
            "messages", execution=execution, state=state, destination=destination, limit=limit
        )

    def owners(
        self, *, kind: str | None = None, name: str | None = None, team: str | None = None
    ) -> Shape:
        """The accountable team of every service, destination, datastore and workflow, and why."""
        return self._answer("owners", kind=kind, name=name, team=team)

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
    ) -> Shape:
        """Findings, the worst first. ``severity`` means at least this one; ``id`` is a prefix."""
        if status not in ("open", "all"):
            _known_all("status", status, FINDING_STATUSES, extra=("open", "all"))
        _known_all("family", family, _FAMILIES)
        _known_all("severity", severity, _SEVERITIES)
        return self._answer(
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

    def keys(self) -> Shape:
        """Correlation keys and candidates, ranked, with the numbers behind each choice."""
        return self._answer("keys")

    def custody(
        self,
        execution: str | None = None,
        at: Moment | None = None,
        *,
        as_of: Moment | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Who holds an execution (or all of them), since when; now, or in hindsight ``at``.

        ``as_of``: as could be known then, without what came later; TooLargeError when that is more
        than can be analysed anew.
        """
        asked = {"execution": execution, "limit": limit}
        if as_of is not None:
            if at is not None:
                raise InputError("'at' and 'as_of' are two questions", do="give one of them")
            read = ("as_of/custody", {"as_of_ns": to_ns(as_of), **asked})
            return self._shaped(self.backend.rows([read])[0])
        if at is None:
            return self._answer("custody", **asked)
        return self._answer("custody_at", at_ns=to_ns(at), **asked)

    def custody_chain(self, execution: str, *, limit: int | None = None) -> Shape:
        """The whole custody of an execution: who held it, from when to when, what ended it."""
        return self._answer("custody_chain", execution=execution, limit=limit)

    def spans(
        self,
        execution: str | None = None,
        *,
        trace_id: str | None = None,
        service: str | None = None,
        name: str | None = None,
        limit: int | None = None,
    ) -> Shape:
        """Spans in the order in which they started."""
        return self._answer(
            "spans",
            execution=execution,
            trace_id=trace_id,
            service=service,
            name=name,
            limit=limit,
        )

    def workflows(self) -> Shape:
        """The workflows seen, with how their executions stand."""
        return self._answer("workflows")

    def analysis(self) -> Shape:
        """One row: when the data was last analysed, up to which moment, how much of it."""
        return self._answer("analysis")

    def query(self, name: str, **params: Value) -> Shape:
        """The rows of a named query (``tracemap query list``). Parameters are bound."""
        return self._shaped(self.backend.rows([(f"explore/{name}", params)])[0])

    def read(self, **reads: Read) -> dict[str, Shape]:
        """Several named reads of one moment: ``read(steps=("api/steps", {...}), ...)``."""
        return {name: self._shaped(rows) for name, rows in self._read(**reads).items()}

    def _read(self, **reads: Read) -> dict[str, Rows]:
        return dict(zip(reads, self.backend.rows(list(reads.values())), strict=True))

    def resolve(self, text: str) -> list[str]:
        """The executions that ``text`` may mean, in order of their names.

        It may be an execution (its later runs are meant, too), ``key=value``, a correlation value,
        the beginning of a finding's or trace's id, a span id, how a name ends, or else what some
        attribute of its spans says, a segment of a path, or the beginning of a message's id. Raises
        NotFoundError with near names when it is none of them.
        """
        text = text.strip()
        key, sign, value = text.partition("=")
        pair: dict[str, Any] = (
            {"key": key, "value": value} if sign else {"key": None, "value": None}
        )
        found = self._rows("resolve", text=text, **pair)
        if found.is_empty():
            found = self._rows("resolve_ending", text=text, **pair)
        bare = text.removeprefix("trace:")  # how executions without a key are called
        if found.is_empty() and _TRACE_OR_SPAN.fullmatch(bare):
            found = self._rows("resolve_ids", text=bare)
        if found.is_empty() and sign and key and key[0] not in "$/":
            found = self._rows("resolve_attribute", **pair)
        if found.is_empty() and not sign:
            found = self._rows("resolve_value", text=text)
        if found.is_empty() and not sign:
            found = self._rows("resolve_message", text=text.rstrip("…"))
        if found.is_empty():
            raise self._unknown_execution(text)
        return found.column("execution")

    def _unknown_execution(self, text: str) -> NotFoundError:
        bare = text.removeprefix("trace:")
        if _TRACE_OR_SPAN.fullmatch(bare):
            for aside in self._rows("resolve_aside", text=bare).to_dicts():
                return NotFoundError(
                    f"trace {aside['trace_id']} is no execution, but a {aside['what']} of "
                    f"{aside['service']} ({aside['because']})",
                    do="its spans are in view spans; view set_aside lists all such traces",
                )
        near = self._rows("nearest_executions", text=text).column("execution")
        if not near and not any(self._rows("analysis").column("executions")):
            return NotFoundError(
                f"there is no execution {text!r}: no spans have been stored yet",
                do="point an exporter at 'tracemap serve', or 'tracemap import FILE'",
            )
        return NotFoundError(
            f"there is no execution {text!r}",
            do=f"did you mean {' or '.join(near)}?"
            if near
            else "see 'tracemap executions list', and 'tracemap keys' for what tells them apart",
        )

    def _answer(self, name: str, /, **params: Any) -> Shape:
        return self._shaped(self._rows(name, **params))

    def _rows(self, name: str, /, **params: Any) -> Rows:
        return self.backend.rows([(f"api/{name}", params)])[0]


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
