"""A store split by execution into ten, each analysed with the whole store's reference tables.

Their findings together are the whole store's (design section 3). A partition holds the traces of
its executions; what it finds of others, of which it saw a part, is theirs to find.

One rule speaks of several executions at once: STL001, of all messages that wait for one consumer
group. Each partition finds it of its own messages; together they are one, the one with the oldest.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from scenarios import run

from tracemap import pipeline
from tracemap.collectors.files.importing import read
from tracemap.store import Store

PARTS: Final = 10
#: What only a whole store can tell, and is handed to each partition.
REFERENCES: Final = (
    "caller_type", "clean_effect", "clean_step", "destination_pair", "detour", "doubled_group",
    "hub", "instance", "key", "log_service", "model_destination", "model_next",
    "model_redelivery", "model_step", "model_workflow", "newest_taken", "owner", "owner_contact",
    "resource_use", "rhythm", "run_ending", "service_attribute", "service_silence", "source",
    "reading", "usual_source", "variant", "workflow_ambiguous", "workflow_moved",
)  # fmt: skip
FOUND: Final = """
    SELECT fingerprint, rule, severity, execution, service, step, team, message, evidence, effects,
        eids[1]
    FROM derived.finding_raw WHERE family NOT IN ('ownership', 'data')"""
#: The rows of a part's spans: all traces in which one of its executions has a step.
TRACES: Final = """
    CREATE TEMP TABLE mine AS SELECT DISTINCT t.trace_id
    FROM whole.derived.execution_step AS x JOIN whole.derived.step AS t USING (step)
    WHERE x.eid % {parts} = {part}"""
WAITING: Final = """
    SELECT fingerprint, eids, since_ns, evidence FROM derived.finding_raw WHERE rule = 'STL001'"""


def findings(store: Store) -> set[tuple[object, ...]]:
    return {tuple(map(str, row)) for row in store.cursor().execute(FOUND).fetchall()}


def copy(store: Store, whole: Path, part: int, parts: int = PARTS) -> None:
    """Spans, links and events of the part's traces, and the whole store's reference tables."""
    cursor = store.cursor()
    cursor.execute(f"ATTACH '{whole}' AS whole (READ_ONLY)")
    cursor.execute(TRACES.format(parts=parts, part=part))
    for table in ("source", "batch", "shape", "resource", "scope", "setting", "declaration"):
        cursor.execute(f"INSERT INTO store.{table} SELECT * FROM whole.store.{table}")
    for table in ("packed_span", "link", "event"):
        cursor.execute(
            f"INSERT INTO store.{table} SELECT * FROM whole.store.{table} "
            "SEMI JOIN mine USING (trace_id)"
        )
    for table in (*REFERENCES, "analysis"):
        cursor.execute(
            f"CREATE OR REPLACE TABLE derived.{table} AS SELECT * FROM whole.derived.{table}"
        )
    cursor.execute("DETACH whole")
    cursor.close()


@pytest.mark.parametrize(
    "name",
    ["orp002-lost-message-and-what-follows"],
)
def test_partitions_find_what_the_whole_store_finds(name: str, tmp_path: Path) -> None:
    whole = tmp_path / "whole.duckdb"
    with Store.open(whole) as store:
        store.write(list(read(run.ROOT / name / "input.otlp.jsonl")), kind="recorded")
        pipeline.refresh(store)
        wanted = findings(store)
    found = set()
    for part in range(PARTS):
        with Store.open(tmp_path / f"{part}.duckdb") as store:
            copy(store, whole, part)
            pipeline.refresh(store, mode="partition")
            found |= {row for row in findings(store) if int(str(row[-1])) % PARTS == part}
    assert found == wanted
    assert wanted


def waiting(store: Store, mine: tuple[int, int] | None = None) -> list[dict[str, Any]]:
    """Its findings of STL001, as what a report would put together."""
    return [
        {"fingerprint": fingerprint, "eids": set(eids), "since": since, **json.loads(evidence)}
        for fingerprint, eids, since, evidence in store.cursor().execute(WAITING).fetchall()
        if mine is None or eids[0] % mine[1] == mine[0]
    ]


def test_one_stopped_consumer_is_one_finding_a_partition(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.duckdb", 3
    with Store.open(whole) as store:
        lines = run.ROOT / "stl001-consumer-stopped" / "input.otlp.jsonl"
        store.write(list(read(lines)), kind="recorded")
        pipeline.refresh(store)
        (wanted,) = waiting(store)
    found = []
    for part in range(parts):
        with Store.open(tmp_path / f"{part}.duckdb") as store:
            copy(store, whole, part, parts)
            pipeline.refresh(store, mode="partition")
            found += waiting(store, (part, parts))
    assert len(found) > 1  # a partition without such a message has none
    oldest = min(found, key=lambda one: int(one["since"]))
    assert {**oldest, "eids": set().union(*(one["eids"] for one in found))} == {
        **wanted,
        "waiting": oldest["waiting"],
    }
    assert sum(one["waiting"] for one in found) == wanted["waiting"] == 7
