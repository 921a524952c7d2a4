"""What is normal, learned from matured executions, and how each execution stands (section 8)."""

from __future__ import annotations

from tracemap import tracing
from tracemap.build import Build
from tracemap.settings import Settings

#: Who calls what is learned from about this many spans, and from all of the kinds that are rare.
_SAMPLE = 1_000_000


@tracing.traced("learn")
def learn(build: Build, settings: Settings) -> None:
    """Steps, successors, waits and deadlines per workflow; who takes what from each destination."""
    build.run("model_workflow" if build.learning else "model_default")
    for name in ("matured", "step_kind", "published", "taken", "failed_try"):
        build.run(name)
    if build.learning:
        build.run("model_step", deadline_step_ns=settings.deadline_step_ns)
        build.run("reach")
        build.run("model_next", deadline_handoff_ns=settings.deadline_handoff_ns)
        build.run("model_destination", deadline_handoff_ns=settings.deadline_handoff_ns)
        build.run("model_redelivery", deadline_handoff_ns=settings.deadline_handoff_ns)
        build.run("caller_type", one_in=max(1, build.value("span_count") // _SAMPLE))
        for name in ("rhythm", "clean_step", "clean_effect"):
            build.run(name)
    build.run("processed")
    build.learn("doubled_group")
    if build.sight not in ("partition", "past"):
        build.run("scope/newest_taken" if build.part else "newest_taken")


@tracing.traced("judge")
def judge(build: Build, settings: Settings) -> None:
    """What is open in each execution, and its status."""
    grace_ns = settings.grace_ns
    build.run("missing_parent", deadline_step_ns=settings.deadline_step_ns, grace_ns=grace_ns)
    patience = {"deadline_step_ns": settings.deadline_step_ns, "grace_ns": grace_ns}
    build.learn("log_service", **patience)
    build.run("logged_step", grace_ns=grace_ns)
    build.run("waiting", deadline_handoff_ns=settings.deadline_handoff_ns, grace_ns=grace_ns)
    build.run("redelivery", grace_ns=grace_ns)
    for name in ("next_missing", "went"):
        build.run(name)
    build.learn("detour")
    build.run("handed_back")
    if build.learning:
        _find_variants(build)
    else:
        build.run("work_wanted")
        build.run("work_shape")
    build.run("expected_next", grace_ns=grace_ns)
    for name in ("under_way", "ending", "works_for", "waits_for"):
        build.run(name)
    build.run("open_item", grace_ns=grace_ns)
    for name in ("open_next", "execution_state"):
        build.run(name)


def _find_variants(build: Build) -> None:
    """Work that ends without its usual successor as a rule.

    A hundred steps that went on nearly always show that the same work does; else all are looked at.
    """
    for name in ("work_before", "work_wanted_some", "work_shape", "variant"):
        build.run(name)
    if build.value("variant_count"):
        for name in ("work_wanted_all", "work_shape", "variant"):
            build.run(name)
