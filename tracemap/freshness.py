"""Whether what is derived still holds: what a reader asks first.

Apart from the analysis (``tracemap.pipeline``), so that an answer from a fresh one loads none of
it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final
from zlib import crc32

import duckdb

from tracemap import queries
from tracemap.build import Build

if TYPE_CHECKING:
    from tracemap.store import Store

#: While time passes, a live store is analysed again when the last answer is this old (ns) ...
_FRESH_NS: Final = 1_000_000_000
#: ... or this many times as old as an analysis takes, so that it never takes more than its share.
_SHARE: Final = 4
#: What was seen that only a whole analysis can judge waits so many times as long as that takes.
_HASTE: Final = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """How the last analysis stands to what is stored now; see ``queries/scope/standing.sql``."""

    given: int
    upto: int
    intact: bool
    received: int
    fresh: int
    learned_ns: int
    learning_ns: int
    learned_spans: int
    due: bool


def holds(store: Store) -> bool:
    """Whether an analysis now would find nothing new. Waits for one that runs."""
    with store.deriving, store.cursor() as cursor:
        build = Build(cursor)
        standing, given = standing_of(build), given_of(build)
        return not stale(build, standing, given, time.time_ns(), forced=False)


def standing_of(build: Build) -> Standing | None:
    """How it stands; None where there is no analysis, or one of another form."""
    try:
        ((given, *more),) = build.rows("scope/standing")
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    return Standing(given, *more)


def stale(
    build: Build, standing: Standing | None, given: int, now_ns: int, *, forced: bool
) -> bool:
    """Whether there is more to be known at ``now_ns`` by what is ``given``.

    ``forced``: there is, of another moment.
    """
    if standing is None:
        return True
    ((built_ns, inputs, took_ns, live),) = build.rows("store/last_analysis")
    if inputs != inputs_of(build, given):  # an upgrade is reason enough
        return True
    if forced:
        return bool(built_ns != now_ns)
    if overdue(standing):
        return True
    return bool(live and now_ns - built_ns > max(_FRESH_NS, _SHARE * took_ns))


def overdue(standing: Standing) -> bool:
    """Whether it is time for the whole analysis that an earlier one asked for."""
    return standing.due and hasty(standing)


def hasty(standing: Standing) -> bool:
    """Whether the reference tables are old enough to be made anew when something asks for it."""
    return waited(standing, _HASTE)


def waited(standing: Standing, times: int) -> bool:
    """Whether the reference tables are so many times as old as making them takes."""
    return time.time_ns() - standing.learned_ns > times * standing.learning_ns


def inputs_of(build: Build, given: int) -> int:
    """A number for all that an analysis goes by: what is stored, and what is ``given``."""
    return build.value("store/inputs", given=given)


def given_of(build: Build) -> int:
    """A number for what people decided and for the program.

    An analysis asks for it before it reads any of that: what is decided while it runs is then
    another number, and the next analysis goes by it.
    """
    return build.value("store/given", program=f"{duckdb.__version__} {_program()}")


@cache
def _program() -> int:
    """A number for the statements of the analysis: another program draws other conclusions."""
    rooms = ("build", "ownership", "views")
    texts = [queries.text(n) for room in rooms for n in queries.room(room)]
    return crc32("".join((*texts, *(rule.sql for rule in queries.rules()))).encode())
