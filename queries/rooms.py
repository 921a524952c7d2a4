"""The names of the statements, room by room: **a new file is one new line here**.

A *room* is a folder of ``queries/``. Where a room is run as a whole, this is the order.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Tables, macros and public views, in the order of their creation.
SCHEMA: Final[tuple[str, ...]] = (
    "store_schema",
    "derived_schema",
    "meta",
    "setting",
    "source",
    "batch",
    "loss",
    "shape",
    "resource",
    "scope",
    "span",
    "link",
    "event",
    "declaration",
    "team",
    "finding",
    "mute",
    "report",
    "reported",
    "hex_span_id",
    "hex_trace_id",
    "utc",
    "attribute_json",
    "kind_name",
    "kset_id",
    "wilson_lower",
    "wilson_upper",
    "learned_deadline",
    "is_dead_letter",
    "findings",
)

#: Writing, reading and pruning of what was received. Not run in order: an order of reading.
STORE: Final[tuple[str, ...]] = (
    "activity",
    "checkpoint",
    "count_objects",
    "delete_setting",
    "execution_copies",
    "export_batches",
    "export_events",
    "export_links",
    "export_range",
    "export_resources",
    "export_scopes",
    "export_shapes",
    "export_spans",
    "has_meta",
    "has_analysis",
    "inputs",
    "last_analysis",
    "insert_batch",
    "insert_events",
    "insert_links",
    "insert_loss",
    "insert_meta",
    "insert_resources",
    "insert_scopes",
    "insert_setting",
    "insert_shapes",
    "insert_source",
    "insert_spans",
    "last_batch",
    "missing_rows",
    "read_losses",
    "recount",
    "read_meta",
    "read_resources",
    "read_scopes",
    "read_setting",
    "read_shapes",
    "read_sources",
)

#: Spans -> links -> membership -> executions -> steps -> hand-offs -> model, in this order.
BUILD: Final[tuple[str, ...]] = (
    "step_name",
    "shape_field",
    "span_dropped",
    "span_index",
    "parent",
    "span",
    "link",
    "trace",
    "horizon",
    "service_attribute",
    "producer",
    "taker",
    "join_causal",
    "join_message_id",
    "join_offset",
    "join_identity",
    "join_nested",
    "engine_key",
    "key_candidate",
    "span_count",
    "key_value",
    "key_statistics",
    "key_overlap",
    "user_key",
    "user_key_add",
    "key",
    "keyed",
    "identity",
    "own",
    "member_empty",
    "kset_empty",
    "climb_from_own",
    "climb_from_seed",
    "climb_from_entry",
    "climb_pointers",
    "climb_hit",
    "climb_jump",
    "climb_left",
    "beside",
    "child",
    "resolve_start",
    "identity_ranks",
    "resolve_rank",
    "seed_own",
    "kset_add",
    "member_seed",
    "member_near",
    "trace_agreement",
    "member_trace",
    "seed_descendants",
    "seed_outside",
    "seeds_left",
    "component_start",
    "component_edge",
    "component_step",
    "component_jump",
    "component_moving",
    "component_changed",
    "component_take",
    "identity_trace",
    "member_rest",
    "span_set",
    "set_identity",
    "span_step",
    "message",
    "join_correlation",
    "reception",
    "step",
    "attempt",
    "virtual_step",
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
    "model_workflow",
    "matured",
    "model_step",
    "reach",
    "model_next",
    "model_destination",
    "caller_type",
    "missing_parent",
    "waiting",
    "expected_next",
    "ending",
    "open_item",
    "open_next",
    "execution_state",
    "service_silence",
    "custody",
    "found",
    "found_add",
    "unrun",
    "effect",
    "finding_raw",
    "finding_execution",
    "analysis",
)

#: The public views, in the order of their creation; they read schema derived.
VIEWS: Final[tuple[str, ...]] = (
    "spans",
    "links",
    "events",
    "custody",
    "executions",
    "execution_spans",
    "steps",
    "handoffs",
    "messages",
    "owners",
    "keys",
    "workflow_steps",
    "workflow_edges",
    "analysis",
)

#: Who owns what, in this order (``tracemap.ownership.resolve_owners``).
OWNERSHIP: Final[tuple[str, ...]] = (
    "team",
    "declared",
    "service",
    "service_team",
    "destination",
    "peer",
    "workflow",
    "owner",
)

#: Writing and asking about declarations and owners. Not run in order: an order of reading.
OWNERS: Final[tuple[str, ...]] = (
    "delete_declarations",
    "delete_teams",
    "explain",
    "insert_declarations",
    "insert_teams",
    "names",
    "paths",
)

#: Findings from one run to the next: new, ongoing, resolved, muted.
LIFECYCLE: Final[tuple[str, ...]] = ("by_id", "merge", "mute", "reported", "unmute")

#: What the reconciliation report counts and keeps. Not run in order: an order of reading.
REPORT: Final[tuple[str, ...]] = (
    "delete",
    "executions",
    "findings",
    "insert",
    "keys",
    "next_id",
    "previous",
    "same_window",
    "sources",
)

#: What the Python API reads; every one a SELECT that a client of the server may name.
API: Final[tuple[str, ...]] = (
    "analysis",
    "custody",
    "custody_at",
    "custody_chain",
    "custody_totals",
    "execution_members",
    "execution_totals",
    "executions",
    "findings",
    "handoffs",
    "keys",
    "messages",
    "nearest_executions",
    "owners",
    "resolve",
    "resolve_attribute",
    "resolve_ids",
    "spans",
    "steps",
    "workflow_edges",
    "workflow_steps",
    "workflows",
)

#: What guards a person's own SQL.
GUARD: Final[tuple[str, ...]] = (
    "begin_reading",
    "harden_access",
    "harden_lock",
    "harden_scans",
    "harden_share",
    "memory_in_use",
    "memory_share",
    "parse_select",
    "relations",
)

#: What each workflow costs and who answers for it. Read together, of one moment.
AUDIT: Final[tuple[str, ...]] = (
    "workflows",
    "handoffs",
    "steps",
    "handlers",
    "compensations",
    "undone",
    "destinations",
    "idempotency",
    "teams",
)

#: Room -> its names, in order. A new room is one more line.
ROOMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "schema": SCHEMA,
        "store": STORE,
        "build": BUILD,
        "views": VIEWS,
        "ownership": OWNERSHIP,
        "owners": OWNERS,
        "lifecycle": LIFECYCLE,
        "report": REPORT,
        "api": API,
        "guard": GUARD,
        "audit": AUDIT,
    }
)

#: Rooms where every file with a valid header belongs.
OPEN: Final[tuple[str, ...]] = ("detect", "explore")

#: Parameters that detection binds for every rule; a rule need not declare them.
RULE_PARAMS: Final[frozenset[str]] = frozenset({"grace_ns"})
