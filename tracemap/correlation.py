"""Membership: which executions every span belongs to, and why (design section 5).

The statements lie in ``queries/build``; this module is the loop around them. A span's answer is a
*set* of identities (``kset``), because membership is many to many; sets are compared by number.
"""

from __future__ import annotations

from tracemap import tracing
from tracemap.build import Build
from tracemap.settings import Settings

#: Spans are seldom deeper than that below one that has an answer: so far, a generation a round.
_STEPS = 12
#: Doubling reaches chains of 2^32 spans; what is left then is a cycle of parents.
_MAX_JUMPS = 32
#: Links that lead from trace to trace to trace; beyond it the rest stands for itself.
_MAX_HOPS = 256
#: Discovery looks at about this many key values; it samples values, never spans.
_SAMPLE = 500_000


@tracing.traced("find keys")
def find_keys(build: Build, settings: Settings) -> None:
    """Choose the correlation keys (section 5.1) into ``derived.key`` with their numbers."""
    build.run("engine_key")
    build.run("key_candidate")
    one_in = max(1, build.value("value_count") // _SAMPLE)
    build.run("key_value", one_in=one_in)
    build.run("key_overlap", one_in=one_in)
    build.run("key_family")
    build.run("key_spelled")
    build.run("key_statistics", one_in=one_in)
    build.run("key_per")
    build.run("user_key")
    for rank, key in enumerate(settings.keys, start=1):
        spelled = {"name": key.name, "aliases": list(key.aliases), "per": list(key.per)}
        build.run("user_key_add", **spelled, rank=rank)
    build.run("key_within_found")
    if build.value("keys_within"):
        build.run("key_scope")
        build.run("key_value_within")
        build.run("key_statistics", one_in=one_in)
    build.run("key")


def read_keys(build: Build) -> None:
    """Every value of a key on every span, with what it is unique within."""
    build.run("key_within")
    build.run("key_scope")
    build.run("keyed")


@tracing.traced("assign members")
def assign_members(build: Build, settings: Settings) -> None:
    """Give every span its set of identities: own, inherited, linked, by message, or its trace's."""
    read_keys(build)
    build.run("scope/identity" if build.part else "identity", hub_limit=settings.hub_limit)
    if build.sight == "partition":
        build.run("hub_known")
    else:
        build.learn("hub")
    build.run("key_tie")
    build.run("own")
    build.run("span_set")
    build.run("kset_empty")
    _resolve_lower_keys(build)
    build.run("seed_own")
    # The way to the nearest keyed ancestor is known from resolving lower keys.
    _enter_seeds(build)
    build.run("open_span")
    build.run("batch")
    for _ in range(_MAX_HOPS):
        if _next_round(build):
            continue
        if not build.value("batches_waiting"):
            break
        if not build.value("traces_agreed"):
            build.run("batch_release")
    _join_rest(build)
    build.run("set_identity")
    build.run("open_trace")


def climb(build: Build, start: str = "climb_pointers") -> int:
    """Lead every span to its nearest ancestor in ``b_near``: some generations one by one, then, of
    a chain, by pointer doubling. Returns how many spans of ``b_pointer`` nothing leads to.

    ``start`` makes ``b_pointer``: of all spans, of those without a membership, or of those within
    steps.
    """
    left = build.value(start)
    for generation in range(1, _STEPS + 1):
        found = build.value("climb_step", round=generation)
        left -= found
        if not found or not left:
            return left
    build.run("climb_chain", round=_STEPS)
    for _ in range(_MAX_JUMPS):
        left -= build.value("climb_hit", round=_STEPS)
        build.run("climb_jump")
        if not build.value("climb_left"):
            break
    return left


def _resolve_lower_keys(build: Build) -> None:
    build.run("climb_from_own")
    climb(build)
    build.run("beside")
    build.run("child")
    build.run("resolve_start")
    if build.part:
        build.run("scope/resolve_outside")
    for (rank,) in build.rows("identity_ranks"):
        build.run("resolve_rank", rank=rank)
    build.run("resolution")


def _next_round(build: Build) -> bool:
    """Batches, what is within traces, what joins them; False when nothing was found."""
    build.run("batch_waiting")
    build.run("seed_batch")
    batches = _spread(build)
    build.run("trace_agreement")
    build.run("member_trace")
    build.run("open_span_left")
    build.run("seed_descendants")
    inside = _spread(build)
    build.run("seed_outside")
    return _spread(build) or inside or batches


def _spread(build: Build) -> bool:
    """Enter this round's seeds and everything below them; False when there are none."""
    if not build.value("seeds_left"):
        return False
    build.run("climb_from_seed")
    climb(build, "climb_pointers_open")
    _enter_seeds(build)
    build.run("open_span_left")
    return True


def _enter_seeds(build: Build) -> None:
    build.run("kset_add")
    build.run("member_seed")
    build.run("member_near")


def _join_rest(build: Build) -> None:
    """Spans that no key reaches: the traces joined by links are an execution of their own, but for
    probes and empty polls."""
    build.run("set_aside")
    build.run("component_start")
    build.run("component_edge")
    while True:
        build.run("component_step")
        if not build.value("component_changed"):
            break
        while build.value("component_moving"):
            build.run("component_jump")
        build.run("component_take")
    build.run("component_name")
    build.run("identity_trace")
    build.run("member_rest")
