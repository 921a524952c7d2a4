"""A small world for tests of ownership: what was seen, as rows of the tables that are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pyarrow as pa
import yaml

from tracemap import ownership
from tracemap.store import Store

#: The columns of derived tables that ownership reads (the pipeline's own have more).
TABLES: dict[str, str] = {
    "span": "resource_id BIGINT",
    "service_attribute": "service VARCHAR, namespace VARCHAR, key VARCHAR, value VARCHAR, "
    "spans BIGINT",
    "message": "mid BIGINT, system VARCHAR, destination VARCHAR, producer_service VARCHAR, "
    "producer_namespace VARCHAR",
    "reception": "mid BIGINT, step BIGINT, consumer_group VARCHAR, service VARCHAR, "
    "destination VARCHAR",
    "step": "step BIGINT, service VARCHAR, namespace VARCHAR, name VARCHAR",
    "execution_step": "eid BIGINT, step BIGINT",
    "virtual_step": "caller BIGINT, service VARCHAR, peer_kind VARCHAR",
    "execution": "eid BIGINT, workflow VARCHAR, start_service VARCHAR",
}

ATTRIBUTES = ("service.owner.name", "team", "owner")


@dataclass
class World:
    """Collects rows, then answers who owns what."""

    rows: dict[str, list[tuple[Any, ...]]] = field(
        default_factory=lambda: {table: [] for table in TABLES}
    )
    files: dict[str, Mapping[str, object] | str] = field(default_factory=dict)
    #: (service, namespace, attributes of its resource): for what is not in ``service_attribute``.
    resources: list[tuple[str, str | None, Mapping[str, str]]] = field(default_factory=list)
    owner_attributes: Sequence[str] = ATTRIBUTES
    _next: int = 0

    def _number(self) -> int:
        self._next += 1
        return self._next

    def service(self, name: str, namespace: str | None = None, **attributes: str) -> int:
        """A service with a step and resource attributes (``service__owner__name``: dots)."""
        step = self._number()
        self.seen(name, namespace)
        self.rows["step"].append((step, name, namespace, "work"))
        for key, value in attributes.items():
            self.attribute(name, key.replace("__", "."), value, namespace=namespace)
        return step

    def seen(self, name: str, namespace: str | None = None) -> None:
        """A span of a service of which nothing else is known."""
        self.rows["span"].append((len(self.resources),))
        self.resources.append((name, namespace, {}))

    def attribute(
        self, service: str, key: str, value: str, spans: int = 1, namespace: str | None = None
    ) -> None:
        self.rows["service_attribute"].append((service, namespace, key, value, spans))

    def message(
        self,
        destination: str,
        producer: str | None,
        *consumers: str,
        system: str | None = "kafka",
        taken_at: str | None = None,
    ) -> None:
        """One message; each consumer is a group of its own unless written ``service@group``."""
        mid = self._number()
        self.rows["message"].append((mid, system, destination, producer, None))
        for consumer in consumers:
            service, _, group = consumer.partition("@")
            step = self._number()
            self.rows["step"].append((step, service, None, "process"))
            self.rows["reception"].append(
                (mid, step, group or service, service, taken_at or destination)
            )

    def peer(self, caller_step: int | None, name: str, kind: str) -> None:
        self.rows["virtual_step"].append((caller_step, name, kind))

    def execution(self, workflow: str, starter: str, orchestrator: str | None = None) -> None:
        eid = self._number()
        self.rows["execution"].append((eid, workflow, starter))
        if orchestrator:
            step = self._number()
            self.rows["step"].append((step, orchestrator, None, f"RunWorkflow:{workflow}"))
            self.rows["execution_step"].append((eid, step))

    def declare(self, path: str = "own.yaml", **sections: object) -> None:
        self.files[path] = {"version": 1, **sections}

    def catalog(self, path: str, text: str) -> None:
        """A file of any format, without its common indentation."""
        self.files[path] = dedent(text).lstrip("\n")

    def resource(self, service: str, namespace: str | None = None, **attributes: str) -> None:
        """A resource of a service, with attributes that ownership reads itself."""
        named = {key.replace("__", "."): value for key, value in attributes.items()}
        self.resources.append((service, namespace, named))

    def build(self, folder: Path) -> duckdb.DuckDBPyConnection:
        """A database in ``folder`` with all of this in it, owners resolved."""
        cursor = Store.open(folder / "world.duckdb").cursor()
        self.fill(cursor, folder)
        return cursor

    def fill(self, cursor: duckdb.DuckDBPyConnection, folder: Path) -> None:
        """Put all of this, and nothing else, into an open database; resolve the owners."""
        create(cursor)
        for table, rows in self.rows.items():
            if rows:
                cursor.register("incoming", pa.table(_columns(TABLES[table], rows)))
                cursor.execute(f"INSERT INTO derived.{table} BY NAME SELECT * FROM incoming")
                cursor.unregister("incoming")
        self._resources(cursor)
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
            (folder / path).write_text(text)
            catalog = ownership.load(cursor, folder / path)
            assert catalog.usable, catalog.problems
        ownership.resolve_owners(cursor, self.owner_attributes)

    def _resources(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for table in ("resource", "shape"):
            cursor.execute(f"DELETE FROM store.{table}")
        numbers = list(range(len(self.resources)))
        keys = [list(attributes) for _, _, attributes in self.resources]
        cursor.execute(
            "INSERT INTO store.shape SELECT unnest(?::UINTEGER[]), unnest(?::VARCHAR[][]), "
            "unnest(?::UTINYINT[][])",
            [numbers, keys, [[0] * len(names) for names in keys]],
        )
        cursor.execute(
            "INSERT INTO store.resource SELECT unnest(?::UINTEGER[]) AS n, unnest(?::VARCHAR[]), "
            "unnest(?::VARCHAR[]), NULL, n, unnest(?::VARCHAR[][]), '', 0, NULL",
            [
                numbers,
                [service for service, _, _ in self.resources],
                [namespace for _, namespace, _ in self.resources],
                [list(attributes.values()) for _, _, attributes in self.resources],
            ],
        )


def _columns(table: str, rows: list[tuple[Any, ...]]) -> dict[str, pa.Array]:
    types = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    names = [column.split() for column in table.split(", ")]
    return {
        name: pa.array([row[i] for row in rows], types[kind])
        for i, (name, kind) in enumerate(names)
    }


def create(cursor: duckdb.DuckDBPyConnection, tables: Iterable[str] = TABLES) -> None:
    """The derived tables that ownership reads, empty."""
    for table in tables:
        cursor.execute(f"CREATE OR REPLACE TABLE derived.{table} ({TABLES[table]})")


@dataclass(frozen=True)
class Answer:
    """A row of ``derived.owner``; losers as (team, rule)."""

    team: str | None
    rule: str
    source: str | None
    losers: tuple[tuple[str | None, str], ...]


def answers(cursor: duckdb.DuckDBPyConnection) -> dict[tuple[str, str, str | None], Answer]:
    """(kind, name, namespace) -> answer, for everything seen."""
    rows = cursor.execute(
        "SELECT kind, name, namespace, team, rule, source, losers::VARCHAR FROM derived.owner"
    ).fetchall()
    return {
        (kind, name, namespace): Answer(
            team, rule, source, tuple((x["team"], x["rule"]) for x in json.loads(losers))
        )
        for kind, name, namespace, team, rule, source, losers in rows
    }


def owned(world: World) -> World:
    """Four services, each with a team of its own."""
    for name in ("order", "payment", "mail", "rescue"):
        world.service(name, team=f"{name}-team")
    return world
