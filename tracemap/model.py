"""What is normal, learned from matured executions, and how each execution stands (section 8)."""

from __future__ import annotations

from tracemap.build import Build
from tracemap.settings import Settings


def learn(build: Build, settings: Settings) -> None:
    """Steps, successors, waits and deadlines per workflow; who takes what from each destination."""
    build.run("model_workflow")
    build.run("matured")
    build.run("model_step", deadline_step_ns=settings.deadline_step_ns)
    build.run("reach")
    build.run("model_next", deadline_handoff_ns=settings.deadline_handoff_ns)
    build.run("model_destination", deadline_handoff_ns=settings.deadline_handoff_ns)
    build.run("caller_type")


def judge(build: Build, settings: Settings) -> None:
    """What is open in each execution, and its status."""
    grace_ns = settings.grace_ns
    build.run("missing_parent", deadline_step_ns=settings.deadline_step_ns, grace_ns=grace_ns)
    build.run("waiting", grace_ns=grace_ns)
    build.run("expected_next", grace_ns=grace_ns)
    build.run("ending")
    build.run("open_item")
    build.run("open_next")
    build.run("execution_state")
