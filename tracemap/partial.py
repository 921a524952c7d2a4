"""A partial analysis: only the executions that new spans, or time, may have changed.

It runs the statements of a whole analysis on a part of the store. They read and write tables by
names such as ``derived.step``; the search path puts an *overlay*, a database in memory, before the
file. What the overlay has is found there: the spans of the part, and all that is concluded of them.
What it lacks is found in the file: settings, shapes, and the *reference tables* that only the whole
store can tell (keys, model, habits of consumer groups; design section 3), which a whole analysis
learns. In the end the executions of the part take the place of what the file said of them.

The part is closed (``queries/scope``): all traces of a value of a key; whatever new spans link to
or share a message with; and traces that have their membership from others (*open* traces), with
what they are tied to. A trace that tells by itself where it belongs is not followed further: it is
read beside the part, as its *context*, and nothing is concluded of it. So a batch of two hundred
orders does not drag them all in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracemap.build import Build
from tracemap.correlation import assign_members, read_keys
from tracemap.detection import detect
from tracemap.executions import (
    build_executions,
    build_steps,
    join_messages,
    read_shapes,
    read_spans,
    tally,
)
from tracemap.model import judge, learn
from tracemap.queries.rooms_partial import TAKEOVER
from tracemap.settings import Settings

#: The name of the overlay's database, as in ``queries/scope`` and ``queries/takeover``.
_NAME: Final = "tracemap_overlay"
#: Identities outside of the part that a span moved into or out of widen it; so often at most.
_ROUNDS: Final = 4


class TooWideError(Exception):
    """What is touched is so much of the store that a whole analysis costs less."""


def possible(build: Build) -> bool:
    """Whether there can be an overlay: not where the file itself would be taken for it."""
    ((name,),) = build.rows("scope/database")
    return str(name).lower() != _NAME


class Overlay:
    """The overlay of ``build``'s cursor; it is entered empty, and left and dropped in the end."""

    def __init__(self, build: Build) -> None:
        self.build = build
        ((name,),) = build.rows("scope/database")
        self._file = str(name)
        build.run("scope/attach")
        self.clear()

    def clear(self) -> None:
        """Empty it, and put it before the file in the search path."""
        self.leave()
        self.drop()
        self.build.forget()
        for name in ("create_derived", "create_store"):
            self.build.run(f"scope/{name}")
        self.build.run("scope/search", path=_path(_NAME, self._file))

    def leave(self) -> None:
        """Let names mean the file's tables again."""
        self.build.run("scope/search", path=_path(self._file))

    def drop(self) -> None:
        """Free what it holds; after ``leave``."""
        for name in ("drop_derived", "drop_store"):
            self.build.run(f"scope/{name}")


def analyse(
    overlay: Overlay, settings: Settings, now_ns: int, *, after: int, upto: int, most: int
) -> bool:
    """Analyse what the batches ``after`` .. ``upto`` and time up to ``now_ns`` (ns, UTC) touch, in
    the overlay; ``take_over`` makes it the file's.

    Returns whether something was seen that only a whole analysis can judge: destinations joined
    for the first time, something whose owner is not known, a service that begins to log or to start
    a workflow of a known name. Raises
    TooWideError when more than ``most`` spans are touched.
    """
    build = overlay.build
    _find_fresh(build, after=after, upto=upto)
    overlay.clear()
    tally(build, settings, now_ns, after=after, upto=upto)
    _all(build, ("trace_empty", "tied_empty", "key_empty"))
    _all(build, ("trace_fresh", "trace_unsettled", "key_fresh"))
    surprised = False
    for _ in range(_ROUNDS):
        close(build)
        _read(build, after=after, upto=upto, most=most)
        surprised = _rebuild(build, settings)
        _all(build, ("inside", "disturbed"))
        if not build.value("scope/disturbed_count"):
            break
        overlay.clear()
        tally(build, settings, now_ns, after=after, upto=upto)
        _all(build, ("disturbed_trace", "disturbed_key"))
    else:
        raise TooWideError
    learn(build, settings)
    judge(build, settings)
    build.run(
        "service_attribute",
        owner_attributes=[*settings.owner_attributes, *settings.system_attributes],
    )
    build.run("custody")
    detect(build, settings)
    _all(build, ("new_workflow", "new_start"))
    unknown = ("unknown_owner", "unknown_logger", "second_start")
    return surprised or any(build.value(f"scope/{name}") for name in unknown)


def take_over(build: Build) -> None:
    """Replace what the file says of the part by what the overlay does, in the caller's transaction
    and with the overlay left."""
    for name in TAKEOVER:
        build.run(f"takeover/{name}")


def _path(*databases: str) -> str:
    quoted = [name.replace('"', '""') for name in databases]
    return ",".join(f'"{n}".{schema}' for n in quoted for schema in ("derived", "store", "main"))


def _find_fresh(build: Build, *, after: int, upto: int) -> None:
    """What the new spans carry and are tied to, read from them alone."""
    for name in ("fresh_span", "fresh_link", "fresh_event", "fresh_log"):
        build.run(f"scope/{name}", after=after, upto=upto)
    read_shapes(build)
    read_spans(build, alone=True)
    build.run("message_tie")
    read_keys(build)
    for name in ("fresh_key", "fresh_tie", "fresh_id", "fresh_out", "fresh_told"):
        build.run(f"scope/{name}")


def close(build: Build) -> None:
    """Follow keys, and ties to open traces, until nothing is added."""
    while build.value("scope/front_left"):
        _all(build, ("key_more", "tied", "tied_all", "trace_looked", "trace_more", "key_looked"))


def _read(build: Build, *, after: int, upto: int, most: int) -> None:
    """The spans of the part and its context into the overlay."""
    _all(build, ("context", "beside", "read_trace"))
    ((spans, first_batch),) = build.rows("scope/size", after=after, upto=upto)
    if spans > most:
        raise TooWideError
    build.run("scope/old", first_batch=first_batch)
    _all(build, ("old_set", "gone"))
    for name in ("read_span", "read_link", "read_event"):
        build.run(f"scope/{name}", first_batch=first_batch, upto=upto)
    build.run("scope/read_log", upto=upto)


def _rebuild(build: Build, settings: Settings) -> bool:
    """Membership, steps and executions of the part; whether destinations were newly joined."""
    read_spans(build)
    join_messages(build)
    joined = bool(build.value("scope/new_pair"))
    assign_members(build, settings)
    build_steps(build)
    build_executions(build)
    return joined


def _all(build: Build, names: Sequence[str]) -> None:
    for name in names:
        build.run(f"scope/{name}")
