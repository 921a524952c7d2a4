"""Steps, messages, executions and hand-offs (design section 6), once membership is known.

The statements lie in ``queries/build``; their order is the data's order.
"""

from __future__ import annotations

from tracemap.build import Build
from tracemap.correlation import climb
from tracemap.settings import Settings


def read_spans(build: Build, settings: Settings, now_ns: int) -> None:
    """Spans without copies, with parents and messaging attributes, their links and traces."""
    for name in (
        "step_name",
        "shape_field",
        "span_dropped",
        "span_copy",
        "span_index",
        "parent",
        "span",
        "link",
        "trace",
    ):
        build.run(name)
    build.run("horizon", now_ns=now_ns, lag_ns=settings.lag_ns)
    build.run("service_attribute", owner_attributes=list(settings.owner_attributes))


def join_messages(build: Build) -> None:
    """Tie consumers to producers: by parent, link, message id, offset. Needs no membership."""
    for name in (
        "producer",
        "taker",
        "join_causal",
        "join_message_id",
        "join_offset",
        "join_identity",
        "join_nested",
    ):
        build.run(name)


def build_steps(build: Build) -> None:
    """Entry spans and what happens under them, messages and who took them."""
    build.run("member_empty")
    build.run("climb_from_entry")
    climb(build)
    for name in (
        "span_step",
        "message",
        "join_correlation",
        "reception",
        "step",
        "attempt",
        "virtual_step",
    ):
        build.run(name)


def build_executions(build: Build) -> None:
    """Runs of identities, their workflow, parent and hand-offs."""
    for name in (
        "step_identity",
        "head",
        "run_start",
        "execution_run",
        "execution_base",
        "workflow",
        "parent_execution",
        "execution",
        "execution_step",
        "handoff",
        "handoff_correlation",
    ):
        build.run(name)
