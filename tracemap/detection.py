"""Running the rules: every file of ``queries/detect`` is one, and so is a user's own.

A rule selects findings in a fixed shape; ``queries/build/effect`` then keeps one root finding a
cause and lists what follows from it, and ``finding_raw`` names execution and team.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from tracemap import queries, tracing
from tracemap.build import Build
from tracemap.errors import InputError
from tracemap.queries import Rule, header
from tracemap.settings import Settings

#: The columns that every rule selects, in any order (see CONTRIBUTING.md).
RULE_SHAPE = frozenset(
    {
        "anchor",  # text that names the trouble, stable under arrival order: for the fingerprint
        "eids",  # the executions concerned, the first is the finding's own
        "service",
        "step",
        "owner_kind",  # with owner_name and owner_namespace: whose team is told
        "owner_name",
        "owner_namespace",
        "trace_id",
        "span_ids",
        "since_ns",  # since when, ns UTC
        "seen_ns",  # up to when the data shows it, ns UTC
        "message",
        "evidence",  # JSON object
        "next_action",
    }
)


#: Families with findings of services and sources, not of executions: a whole analysis finds them.
STORE_WIDE = frozenset({"ownership", "data"})


@tracing.traced("detect")
def detect(build: Build, settings: Settings, folders: Sequence[Path] = ()) -> None:
    """Run our rules and those in ``folders`` into ``derived.finding_raw``.

    Raises InputError for a rule whose SQL fails or does not select the shape.
    """
    build.run("found")
    for rule in (*queries.rules(), *(r for f in folders for r in queries.rules(f))):
        if build.sight in ("whole", "given") or rule.family not in STORE_WIDE:
            with tracing.span(f"rule {rule.code}"):
                _run(build, rule, settings)
    build.run("unrun")
    build.run("effect")
    build.run("finding_raw")
    build.run("finding_execution")
    build.run("ownership/finding_contact")


def _run(build: Build, rule: Rule, settings: Settings) -> None:
    ambient = {"grace_ns": settings.grace_ns}
    params = queries.bindings(rule.params, {})
    bound = {n: ambient.get(n, params.get(n)) for n in header.bound_names(rule.sql)}
    try:
        found = build.cursor.sql(rule.sql, params=bound or None).to_arrow_table()
    except duckdb.Error as error:
        raise InputError(str(error), where=rule.where, do="correct the rule's SQL") from error
    if set(found.column_names) != RULE_SHAPE:
        odd = ", ".join(sorted(RULE_SHAPE ^ set(found.column_names)))
        raise InputError(
            f"a rule selects a fixed shape; missing or too many: {odd}",
            where=rule.where,
            do="see 'A rule' in CONTRIBUTING.md",
        )
    if not found.num_rows:
        return
    build.cursor.register("incoming_found", found)
    build.run("found_add", rule=rule.code, family=rule.family, severity=rule.severity)
    build.cursor.unregister("incoming_found")
