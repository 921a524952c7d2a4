"""Steps, messages, executions and hand-offs (design section 6), once membership is known.

The statements lie in ``queries/build``; their order is the data's order.
"""

from __future__ import annotations

from tracemap import tracing
from tracemap.build import Build
from tracemap.correlation import climb
from tracemap.settings import Settings


def read_shapes(build: Build) -> None:
    """Where each shape keeps what is read of it, and what made-up names are called: once, before
    ``read_spans``."""
    for name in ("known_as", "scattered", "is_id", "shape_field"):
        build.run(name)


@tracing.traced("read spans")
def read_spans(build: Build, *, alone: bool = False) -> None:
    """Spans without copies, with parents and messaging attributes, their links and traces;
    ``alone``: without the latter."""
    build.run("step_name")
    build.run("span_dropped")
    build.learn("span_copy")
    for name in ("span_log", "aws_call", "due", "span_field", "span"):
        build.run(name)
    if not alone:
        build.run("link")
        build.run("trace")


def tally(build: Build, settings: Settings, now_ns: int, *, after: int, upto: int) -> None:
    """Add the batches beyond ``after`` to what is counted of all: when each source and instance
    told something, and so up to when it is known."""
    if after == 0:
        for name in ("moment_empty", "resource_use_empty", "instance_empty"):
            build.run(name)
    build.run("fresh", after=after, upto=upto)
    for name in ("moment", "resource_use", "instance"):
        build.run(name)
    build.run("horizon", now_ns=now_ns, lag_ns=settings.lag_ns)


@tracing.traced("join messages")
def join_messages(build: Build) -> None:
    """Tie consumers to producers: by parent, link, message id, offset. Needs no membership."""
    for name in ("sent", "producer", "taker", "join_causal"):
        build.run(name)
    build.learn("destination_pair")
    for name in ("join_message_id", "join_offset", "join_identity", "join_nested", "message_tie"):
        build.run(name)


@tracing.traced("build steps")
def build_steps(build: Build) -> None:
    """Entry spans and what happens under them, messages and who took them."""
    build.run("starter")
    build.run("climb_from_entry")
    left = climb(build, "climb_pointers_inner")
    build.run("span_step")
    if left:
        build.run("span_step_left")
    for name in (
        "message",
        "join_correlation",
        "polled",
        "reception",
        "message_unseen",
        "put_off",
        "own_failure",
        "step",
        "attempt",
        "attempted",
        "virtual_step",
    ):
        build.run(name)


@tracing.traced("build executions")
def build_executions(build: Build) -> None:
    """Runs of identities, their workflow, parent and hand-offs."""
    for name in ("step_identity", "linked", "cause", "head", "start"):
        build.run(name)
    build.learn("run_ending")
    for name in ("run_start", "execution_run", "run_step", "execution_base"):
        build.run(name)
    build.learn("workflow_moved")
    build.run("workflow_named")
    build.learn("workflow_start")
    build.learn("workflow_ambiguous")
    for name in ("workflow", "parent_execution", "execution", "execution_step", "handoff"):
        build.run(name)
    build.learn("reading")
    for name in ("look", "headless"):
        build.run(name)
    build.learn("usual_source")
    for name in ("handoff_correlation", "handoff_tie", "handoff_tied", "virtual_call", "repeated"):
        build.run(name)
