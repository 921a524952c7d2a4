"""From stored spans to everything derived: the same result every time, in one transaction.

``refresh`` is what a reader calls before it reads. Whatever lies in schema ``derived`` can be
dropped; it is rebuilt from schema ``store``. A *whole* analysis reads every span and learns the
reference tables; a *partial* one (``tracemap.partial``) takes those as they are and rebuilds what
new spans touch. Small stores are always analysed whole.
"""

from __future__ import annotations

import logging
import time
from typing import Final, Literal

import duckdb

from tracemap import lifecycle, partial, queries, tracing
from tracemap.build import Build
from tracemap.correlation import assign_members, find_keys
from tracemap.detection import detect
from tracemap.executions import (
    build_executions,
    build_steps,
    join_messages,
    read_shapes,
    read_spans,
    tally,
)
from tracemap.freshness import (
    Standing,
    given_of,
    hasty,
    inputs_of,
    overdue,
    stale,
    standing_of,
    waited,
)
from tracemap.model import judge, learn
from tracemap.owner_resolution import resolve_owners
from tracemap.store import Store
from tracemap.threads import one_thread
from tracemap.transactions import transaction

_log = logging.getLogger(__name__)

Mode = Literal["auto", "whole", "partial", "given", "partition"]

#: Up to this many spans a whole analysis is quick, and learns from every one of them.
_SMALL: Final = 100_000
#: Up to so many new spans touch so few that one thread does it best, where looking for them is
#: little work: in a store of so many.
_FEW: Final = 25_000
_NARROW: Final = 2_000_000
#: A larger store is analysed whole again when it has grown by this share since ...
_GROWN: Final = 0.5
#: ... or, while it is live, after so many times as long as that takes ...
_PATIENCE: Final = 50
#: A part of more than this share of the spans is no part: the whole costs less.
_WIDE: Final = 0.3


def refresh(store: Store, *, now_ns: int | None = None, mode: Mode = "auto") -> bool:
    """Bring everything derived up to date with what is stored, at ``now_ns`` (UTC; default: now).

    Does nothing when neither the spans, the settings, the declarations nor, for live sources, the
    time have moved on. Safe to call from several threads: one builds, the others wait and find it
    done. Returns whether it built. ``mode``: "auto" chooses; "whole" and "partial" insist, the
    latter where there is an analysis to go on from; "given" and "partition" analyse every span
    with the reference tables that are there (``tracemap.build.Sight``). Raises StoreError when
    disk or memory do not suffice.
    """
    with store.deriving:
        moment = time.time_ns() if now_ns is None else now_ns
        cursor = store.cursor()
        build = Build(cursor)
        given = given_of(build)
        standing = standing_of(build)
        if mode == "auto" and not stale(build, standing, given, moment, forced=now_ns is not None):
            return False
        began = time.monotonic_ns()
        if standing and mode in ("auto", "partial"):
            insist = mode == "partial"
            if insist or _suffices(build, standing, given):
                with one_thread(cursor, few=_is_few(standing)):
                    if _part(store, standing, moment, began, insist=insist):
                        return True
        if mode in ("given", "partition"):
            build.sight = mode
        ((_, total),) = build.rows("store/last_batch")
        with one_thread(cursor, few=total <= _SMALL), transaction(cursor, store.path):
            _whole(build, store, moment, given, began, standing)
        return True


def _is_few(standing: Standing) -> bool:
    return standing.fresh <= _FEW and standing.received <= _NARROW


def _suffices(build: Build, standing: Standing, given: int) -> bool:
    """Whether a partial analysis will do."""
    total = standing.received + standing.fresh
    if total <= _SMALL or not standing.intact or standing.given != given:
        return False
    if total > (1 + _GROWN) * standing.learned_spans or standing.fresh > _WIDE * total:
        return False
    ((_, _, _, live),) = build.rows("store/last_analysis")
    if live and waited(standing, _PATIENCE):
        return False
    return not overdue(standing)


@tracing.traced("analyse a part")
def _part(store: Store, standing: Standing, now_ns: int, began: int, *, insist: bool) -> bool:
    """A partial analysis; False when a whole one is better after all."""
    settings = store.settings()
    cursor = store.cursor()
    build = Build(cursor, "part")
    inputs = inputs_of(build, standing.given)
    ((upto, _),) = build.rows("store/last_batch")
    total = standing.received + standing.fresh
    most = total if insist else int(_WIDE * total)
    if not partial.possible(build):
        return False
    overlay = partial.Overlay(build)
    try:
        surprised = partial.analyse(
            overlay, settings, now_ns, after=standing.upto, upto=upto, most=most
        )
        if surprised and not insist and hasty(standing):
            return False
        build.remember()
        overlay.leave()
        with transaction(cursor, store.path):
            partial.take_over(build)
            lifecycle.update(cursor, now_ns)
            _sign(
                build,
                standing,
                now_ns,
                standing.given,
                inputs,
                upto,
                began,
                due=standing.due or surprised,
            )
    except partial.TooWideError:
        return False
    except duckdb.Error as error:
        if insist:
            raise
        _log.warning("a partial analysis failed, a whole one follows: %s", error)
        return False
    finally:
        overlay.leave()
        overlay.drop()
        cursor.close()
    return True


@tracing.traced("analyse")
def _whole(
    build: Build, store: Store, now_ns: int, given: int, began: int, standing: Standing | None
) -> None:
    settings = store.settings()
    inputs = inputs_of(build, given)
    ((upto, _),) = build.rows("store/last_batch")
    renewed = standing is None or standing.given != given  # by a newer program, it may be
    for name in queries.room("macros") if renewed else ():
        build.run(name)
    read_shapes(build)
    read_spans(build)
    if build.sight != "partition":
        tally(build, settings, now_ns, after=0, upto=upto)
    build.run(
        "service_attribute",
        owner_attributes=[*settings.owner_attributes, *settings.system_attributes],
    )
    join_messages(build)
    if build.learning:
        find_keys(build, settings)
    assign_members(build, settings)
    build_steps(build)
    build_executions(build)
    learn(build, settings)
    judge(build, settings)
    if build.learning:
        resolve_owners(
            build.cursor,
            settings.owner_attributes,
            settings.repository_attributes,
            settings.path_attributes,
            settings.system_attributes,
        )
    build.learn("service_silence")
    build.run("custody")
    detect(build, settings)
    build.remember()
    lifecycle.update(build.cursor, now_ns)
    learned = None if build.learning else standing
    _sign(build, learned, now_ns, given, inputs, upto, began, due=False)
    for name in queries.room("views") if renewed else ():
        build.run(name)


def _sign(
    build: Build,
    standing: Standing | None,
    now_ns: int,
    given: int,
    inputs: int,
    upto: int,
    began: int,
    *,
    due: bool,
) -> None:
    """One row about the analysis; ``standing`` is of the one whose reference tables it goes by."""
    took_ns = time.monotonic_ns() - began
    build.run(
        "analysis",
        now_ns=now_ns,
        inputs=inputs,
        took_ns=took_ns,
        upto=upto,
        given=given,
        learned_ns=standing.learned_ns if standing else time.time_ns(),
        learning_ns=standing.learning_ns if standing else took_ns,
        learned_spans=standing.learned_spans if standing else None,
        due=due,
    )
