"""From stored spans to everything derived: one transaction, the same result every time.

``refresh`` is what a reader calls before it reads. Whatever lies in schema ``derived`` can be
dropped; it is rebuilt from schema ``store``.
"""

from __future__ import annotations

import time

from tracemap import lifecycle, ownership, queries
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

#: While time passes, a live store is analysed again when the last answer is this old (ns) ...
_FRESH_NS = 1_000_000_000
#: ... or this many times as old as an analysis takes, so that it never takes more than its share.
_SHARE = 4


def refresh(store: Store, *, now_ns: int | None = None) -> bool:
    """Bring everything derived up to date with what is stored, at ``now_ns`` (UTC; default: now).

    Does nothing when neither the spans, the settings, the declarations nor, for live sources, the
    time have moved on. Safe to call from several threads: one builds, the others wait and find it
    done. Returns whether it built. Raises StoreError when disk or memory do not suffice.
    """
    with store.deriving:
        given = time.time_ns() if now_ns is None else now_ns
        cursor = store.cursor()
        if not _stale(Build(cursor), given, forced=now_ns is not None):
            return False
        began = time.monotonic_ns()
        with transaction(cursor, store.path):
            _build(Build(cursor), store, given, began)
        return True


def _stale(build: Build, now_ns: int, *, forced: bool) -> bool:
    if not build.value("store/has_analysis"):
        return True
    ((built_ns, inputs, took_ns, live),) = build.rows("store/last_analysis")
    if inputs != build.value("store/inputs"):
        return True
    if forced:
        return bool(built_ns != now_ns)
    return bool(live and now_ns - built_ns > max(_FRESH_NS, _SHARE * took_ns))


def _build(build: Build, store: Store, now_ns: int, began: int) -> None:
    settings = store.settings()
    inputs = build.value("store/inputs")
    first = not build.value("store/has_analysis")
    ((upto, _),) = build.rows("store/last_batch")
    read_spans(build)
    tally(build, settings, now_ns, after=0, upto=upto)
    build.run("service_attribute", owner_attributes=list(settings.owner_attributes))
    join_messages(build)
    find_keys(build, settings)
    assign_members(build, settings)
    build_steps(build)
    build_executions(build)
    learn(build, settings)
    judge(build, settings)
    ownership.resolve_owners(
        build.cursor,
        settings.owner_attributes,
        settings.repository_attributes,
        settings.path_attributes,
    )
    build.run("service_silence")
    build.run("custody")
    detect(build, settings)
    lifecycle.update(build.cursor, now_ns)
    build.run("analysis", now_ns=now_ns, inputs=inputs, took_ns=time.monotonic_ns() - began)
    if first:
        for name in queries.room("views"):
            build.run(name)
