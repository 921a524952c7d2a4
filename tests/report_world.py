"""A small world for tests of the findings' life and the report: executions and what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from tracemap import lifecycle, queries

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR
#: 2026-03-02 02:00:00 UTC, in ns.
NIGHT = 1_772_416_800 * 10**9

#: The columns of derived tables that are read here (the pipeline's own have more).
TABLES: dict[str, str] = {
    "finding_raw": "fingerprint VARCHAR, rule VARCHAR, family VARCHAR, severity VARCHAR,"
    " execution VARCHAR, correlation_key VARCHAR, correlation_value VARCHAR, workflow VARCHAR,"
    " service VARCHAR, step VARCHAR, team VARCHAR, trace_id UUID, span_ids UBIGINT[],"
    " since_ns BIGINT, seen_ns BIGINT, message VARCHAR, evidence JSON, effects VARCHAR[],"
    " next_action VARCHAR",
    "finding_execution": "fingerprint VARCHAR, family VARCHAR, eid BIGINT",
    "finding_contact": "fingerprint VARCHAR, contacts STRUCT(type VARCHAR, value VARCHAR,"
    " title VARCHAR, of VARCHAR, source VARCHAR)[]",
    "execution": "eid BIGINT, execution VARCHAR, workflow VARCHAR, start_ns BIGINT, end_ns BIGINT",
    "execution_state": "eid BIGINT, status VARCHAR",
    "owner": "kind VARCHAR, name VARCHAR, namespace VARCHAR, team VARCHAR",
    "source": "name VARCHAR, kind VARCHAR, horizon_ns BIGINT, silent BOOLEAN",
    "set_aside": "trace_id UUID",
    "trace": "trace_id UUID, start_ns BIGINT, end_ns BIGINT",
    "key": "name VARCHAR, aliases VARCHAR[], per VARCHAR[], kind VARCHAR, rank INTEGER, "
    "chosen BOOLEAN",
}


@dataclass(frozen=True)
class Raw:
    """A row of ``derived.finding_raw``, and the executions that it concerns."""

    anchor: str
    rule: str = "ORP001"
    family: str = "orphaned"
    severity: str = "high"
    execution: str | None = None
    correlation_key: str | None = None
    correlation_value: str | None = None
    workflow: str | None = None
    service: str | None = "payment"
    step: str | None = "charge"
    team: str | None = "payments"
    trace_id: str | None = "0af7651916cd43dd8448eb211c80319c"
    span_ids: tuple[int, ...] = (0xB7AD6B7169203331,)
    since_ns: int = NIGHT - 3 * HOUR
    seen_ns: int = NIGHT
    message: str = "a parent never arrived"
    evidence: Any = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    next_action: str | None = "Look."
    eids: tuple[int, ...] = ()
    contacts: tuple[dict[str, str | None], ...] = ()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(f"{self.rule}|{self.anchor}".encode()).hexdigest()

    @property
    def id(self) -> str:
        return self.fingerprint[:12]

    def row(self) -> list[Any]:
        names = [column.split()[0] for column in TABLES["finding_raw"].split(", ")]
        return [
            json.dumps(self.evidence)
            if name == "evidence"
            else list(getattr(self, name))
            if name in ("span_ids", "effects")
            else getattr(self, name)
            for name in names
        ]


def create(cursor: duckdb.DuckDBPyConnection) -> None:
    """The derived tables that are read here, empty."""
    for table, columns in TABLES.items():
        cursor.execute(f"CREATE OR REPLACE TABLE derived.{table} ({columns})")
    cursor.execute("CREATE OR REPLACE VIEW keys AS FROM derived.key")
    cursor.execute(queries.text("views/findings"))


def refresh(cursor: duckdb.DuckDBPyConnection, found: Iterable[Raw], now_ns: int = NIGHT) -> None:
    """What the analysis does at its end: everything found anew, then the life of findings."""
    cursor.begin()
    cursor.execute("DELETE FROM derived.finding_raw")
    cursor.execute("DELETE FROM derived.finding_execution")
    cursor.execute("DELETE FROM derived.finding_contact")
    for raw in found:
        marks = ", ".join("?" * len(raw.row()))
        cursor.execute(f"INSERT INTO derived.finding_raw VALUES ({marks})", raw.row())
        if raw.contacts:
            cursor.execute(
                "INSERT INTO derived.finding_contact VALUES (?, ?)",
                [raw.fingerprint, list(raw.contacts)],
            )
        for eid in raw.eids:
            cursor.execute(
                "INSERT INTO derived.finding_execution VALUES (?, ?, ?)",
                [raw.fingerprint, raw.family, eid],
            )
    lifecycle.update(cursor, now_ns)
    cursor.commit()


def statuses(cursor: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Finding id -> status, as the public view says."""
    return dict(cursor.execute("SELECT id, status FROM findings").fetchall())


@dataclass
class Shop:
    """Executions of a shop, by number, put into a database."""

    cursor: duckdb.DuckDBPyConnection
    horizon_ns: int = NIGHT

    def __post_init__(self) -> None:
        create(self.cursor)
        self.source("live", "live", self.horizon_ns)

    def source(self, name: str, kind: str, horizon_ns: int, silent: bool = False) -> None:
        self.cursor.execute("DELETE FROM derived.source WHERE name = ?", [name])
        self.cursor.execute(
            "INSERT INTO derived.source VALUES (?, ?, ?, ?)", [name, kind, horizon_ns, silent]
        )

    def key(self, name: str, *aliases: str, chosen: bool = True) -> None:
        self.cursor.execute(
            "INSERT INTO derived.key VALUES (?, ?, NULL, 'discovered', 1, ?)",
            [name, list(aliases), chosen],
        )

    def owner(self, workflow: str, team: str | None) -> None:
        self.cursor.execute(
            "INSERT INTO derived.owner VALUES ('workflow', ?, NULL, ?)", [workflow, team]
        )

    def orders(
        self,
        numbers: Iterable[int],
        status: str = "completed",
        *,
        workflow: str | None = "POST /orders",
        start_ns: int = NIGHT - 2 * HOUR,
        end_ns: int | None = None,
    ) -> None:
        for number in numbers:
            end = start_ns + MINUTE if end_ns is None else end_ns
            self.cursor.execute(
                "INSERT INTO derived.execution VALUES (?, ?, ?, ?, ?)",
                [number, f"order-{number:04}", workflow, start_ns, end],
            )
            self.cursor.execute(
                "INSERT INTO derived.execution_state VALUES (?, ?)", [number, status]
            )


def contact(
    type_: str, value: str, of: str = "team", title: str | None = None
) -> dict[str, str | None]:
    """A contact as a finding carries it."""
    return {"type": type_, "value": value, "title": title, "of": of, "source": "o:1"}


def of_order(raw: Raw, number: int, workflow: str = "POST /orders") -> Raw:
    """The finding, for one order."""
    name = f"order-{number:04}"
    return replace(
        raw,
        execution=name,
        correlation_key="order.id",
        correlation_value=name,
        workflow=workflow,
        eids=(number,),
    )
