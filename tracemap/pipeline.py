"""From stored spans to everything derived: the same result every time, in one transaction.

``refresh`` is what a reader calls before it reads. Whatever lies in schema ``derived`` can be
dropped; it is rebuilt from schema ``store``. A *whole* analysis reads every span and learns the
reference tables; a *partial* one (``tracemap.partial``) takes those as they are and rebuilds what
new spans touch. Small stores are always analysed whole.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal
from zlib import crc32

import duckdb

from tracemap import lifecycle, ownership, partial, queries, tracing
from tracemap.build import Build
from tracemap.correlation import assign_members, find_keys
from tracemap.detection import detect
from tracemap.executions import (
    build_executions,
    build_steps,
    join_messages,
    read_spans,
    tally,
)
from tracemap.model import judge, learn
from tracemap.store import Store, transaction

_log = logging.getLogger(__name__)

Mode = Literal["auto", "whole", "partial", "given", "partition"]

#: While time passes, a live store is analysed again when the last answer is this old (ns) ...
_FRESH_NS: Final = 1_000_000_000
#: ... or this many times as old as an analysis takes, so that it never takes more than its share.
_SHARE: Final = 4
#: Up to this many spans a whole analysis is quick, and learns from every one of them.
_SMALL: Final = 100_000
#: A larger store is analysed whole again when it has grown by this share since ...
_GROWN: Final = 0.5
#: ... or, while it is live, after so many times as long as that takes ...
_PATIENCE: Final = 50
#: ... or so many times where something was seen that only a whole analysis can judge.
_HASTE: Final = 10
#: A part of more than this share of the spans is no part: the whole costs less.
_WIDE: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Standing:
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
        given = time.time_ns() if now_ns is None else now_ns
        cursor = store.cursor()
        build = Build(cursor)
        standing = _standing(build)
        if mode == "auto" and not _stale(build, standing, given, forced=now_ns is not None):
            return False
        began = time.monotonic_ns()
        if standing and mode in ("auto", "partial"):
            insist = mode == "partial"
            if (insist or _suffices(build, standing)) and _part(
                store, standing, given, began, insist=insist
            ):
                return True
        if mode in ("given", "partition"):
            build.sight = mode
        with transaction(cursor, store.path):
            _whole(build, store, given, began, standing)
        return True


def _standing(build: Build) -> _Standing | None:
    if not build.value("store/has_analysis"):
        return None
    return _Standing(*build.rows("scope/standing")[0])


def _stale(build: Build, standing: _Standing | None, now_ns: int, *, forced: bool) -> bool:
    if standing is None:
        return True
    ((built_ns, inputs, took_ns, live),) = build.rows("store/last_analysis")
    if inputs != _inputs(build):  # an upgrade is reason enough
        return True
    if forced:
        return bool(built_ns != now_ns)
    if standing.due and _waited(standing, _HASTE):
        return True
    return bool(live and now_ns - built_ns > max(_FRESH_NS, _SHARE * took_ns))


def _suffices(build: Build, standing: _Standing) -> bool:
    """Whether a partial analysis will do."""
    total = standing.received + standing.fresh
    if total <= _SMALL or not standing.intact or standing.given != _given(build):
        return False
    if total > (1 + _GROWN) * standing.learned_spans or standing.fresh > _WIDE * total:
        return False
    ((_, _, _, live),) = build.rows("store/last_analysis")
    if live and _waited(standing, _PATIENCE):
        return False
    return not (standing.due and _waited(standing, _HASTE))


def _waited(standing: _Standing, times: int) -> bool:
    return time.time_ns() - standing.learned_ns > times * standing.learning_ns


@tracing.traced("analyse a part")
def _part(store: Store, standing: _Standing, now_ns: int, began: int, *, insist: bool) -> bool:
    """A partial analysis; False when a whole one is better after all."""
    settings = store.settings()
    cursor = store.cursor()
    build = Build(cursor, "part")
    inputs = _inputs(build)
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
        if surprised and not insist and _waited(standing, _HASTE):
            return False
        overlay.leave()
        with transaction(cursor, store.path):
            partial.take_over(build)
            lifecycle.update(cursor, now_ns)
            _sign(build, standing, now_ns, inputs, upto, began, due=standing.due or surprised)
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
def _whole(build: Build, store: Store, now_ns: int, began: int, standing: _Standing | None) -> None:
    settings = store.settings()
    inputs = _inputs(build)
    ((upto, _),) = build.rows("store/last_batch")
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
        ownership.resolve_owners(
            build.cursor,
            settings.owner_attributes,
            settings.repository_attributes,
            settings.path_attributes,
            settings.system_attributes,
        )
    build.learn("service_silence")
    build.run("custody")
    detect(build, settings)
    lifecycle.update(build.cursor, now_ns)
    _sign(build, None if build.learning else standing, now_ns, inputs, upto, began, due=False)
    if standing is None or standing.given != _given(build):  # a newer program's views may differ
        for name in queries.room("views"):
            build.run(name)


def _sign(
    build: Build,
    standing: _Standing | None,
    now_ns: int,
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
        given=_given(build),
        learned_ns=standing.learned_ns if standing else time.time_ns(),
        learning_ns=standing.learning_ns if standing else took_ns,
        learned_spans=standing.learned_spans if standing else None,
        due=due,
    )


def _inputs(build: Build) -> int:
    """A number for all that an analysis goes by: what is stored, what was decided, the program."""
    return build.value("store/inputs", given=_given(build))


def _given(build: Build) -> int:
    return build.value("store/given", program=f"{duckdb.__version__} {_program()}")


@cache
def _program() -> int:
    """A number for the statements of the analysis: another program draws other conclusions."""
    rooms = ("build", "ownership", "views")
    texts = [queries.text(n) for room in rooms for n in queries.room(room)]
    return crc32("".join((*texts, *(rule.sql for rule in queries.rules()))).encode())
