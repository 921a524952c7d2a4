"""Custody as it could be known at a moment of the past: ``custody --as-of``.

``--at`` tells who held an execution then, from all that is known now. This tells what tracemap
would have answered then: the spans that had not come are not there. It is an analysis of a part of
the store (``tracemap.partial``), in memory and dropped after it: the asked execution, with what it
is tied to. What only the whole store can tell - keys, owners, what is normal, deadlines - is taken
as it is known today, so that the answer says what the spans showed, and not how little had been
learned.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from tracemap import partial, tracing
from tracemap.build import Build
from tracemap.correlation import assign_members
from tracemap.errors import InputError, TooLargeError
from tracemap.executions import (
    build_executions,
    build_steps,
    join_messages,
    read_shapes,
    read_spans,
)
from tracemap.model import judge, learn
from tracemap.settings import Settings
from tracemap.store import Store

#: Spans that one answer reads at most: it has to be given while people and exporters wait.
MOST: Final = 250_000
#: How often traces that belonged elsewhere then may widen the part.
_ROUNDS: Final = 10


@tracing.traced("as of")
def custody(
    store: Store, execution: str | None, as_of_ns: int, limit: int | None = None
) -> pa.Table:
    """Who held ``execution`` (or each, for None), as could be known at ``as_of_ns`` (ns, UTC).

    Columns as of the view ``custody``. The analysis of now has to be up to date. Raises
    TooLargeError when more than ``MOST`` spans would have to be read.
    """
    settings = store.settings()
    with store.deriving, store.cursor() as cursor:
        build = Build(cursor, "past")
        if not partial.possible(build):
            raise InputError(
                "a database of this name cannot be asked what was known at a time",
                where=str(store.path),
                do="give the file another name",
            )
        overlay = partial.Overlay(build)
        try:
            _analyse(overlay, settings, execution, as_of_ns)
            asked = {"execution": execution, "limit": limit}
            return build.table("as_of/custody", **asked)
        finally:
            overlay.leave()
            overlay.drop()


def _analyse(
    overlay: partial.Overlay, settings: Settings, execution: str | None, as_of_ns: int
) -> None:
    build = overlay.build
    ((upto, _),) = build.rows("store/last_batch")
    build.run("as_of/batch", as_of_ns=as_of_ns, upto=upto)
    build.run("as_of/asked", execution=execution)
    for name in ("scope/trace_empty", "scope/tied_empty", "scope/key_empty"):
        build.run(name)
    for name in ("as_of/fresh_key", "as_of/trace"):
        build.run(name)
    for _ in range(_ROUNDS):
        partial.close(build)
        _read(build, settings, as_of_ns, everything=execution is None)
        join_messages(build)
        assign_members(build, settings)
        build.run("as_of/opened")
        if not build.value("as_of/opened_count"):
            break
        overlay.clear()
        build.run("as_of/opened_trace")
    else:
        raise _too_large(everything=execution is None)
    build_steps(build)
    build_executions(build)
    learn(build, settings)
    build.run("as_of/newest_taken")
    judge(build, settings)
    build.run("custody")


def _read(build: Build, settings: Settings, as_of_ns: int, *, everything: bool) -> None:
    """What had come of the part into the overlay, and up to when it was known."""
    for name in ("scope/context", "scope/beside", "scope/read_trace", "as_of/place"):
        build.run(name)
    if build.value("as_of/size") > MOST:
        raise _too_large(everything=everything)
    build.run("as_of/taken")
    build.run("as_of/source", as_of_ns=as_of_ns, lag_ns=settings.lag_ns)
    for name in ("read_span", "read_link", "read_event", "read_log"):
        build.run(f"as_of/{name}")
    read_shapes(build)
    read_spans(build)


def _too_large(*, everything: bool) -> TooLargeError:
    what = "all executions together have" if everything else "this execution is tied to"
    do = "name one execution" if everything else "ask with --at, in hindsight"
    return TooLargeError(f"{what} more than {MOST:,} spans, too many to go back in time", do=do)
