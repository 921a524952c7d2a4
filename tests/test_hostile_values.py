"""Values and clocks that nobody expects, in spans of every kind: each question has an answer.

Scenarios with some of their values, names, kinds and times replaced. What comes of them is not
judged here; that one sender's nonsense takes the answers from all others is what must not be.
``TRACEMAP_TEST_NONSENSE=100`` tries so many more, of new seeds.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import front
import pytest

import tracemap
from tracemap import pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.store import Store

MORE: Final = int(os.environ.get("TRACEMAP_TEST_NONSENSE", "0"))
#: Each made the whole analysis fail: by numbers of 39 digits, by pauses and waits of centuries.
SEEDS: Final = (3, 6, 9)

NUMBERS: Final = (
    *("0", "-1", "-0", "0.1", "0x10", "inf", "nan", "1e38", "-1e38", "1e308", "1e999"),
    *(str(n) for n in (2**63 - 1, -(2**63), 2**127 - 1, -(2**127), 10**43)),
)
TEXTS: Final = (
    *("", "\0", "a\0b", "/", "%2F", "{}", "[]", "null", "'", '"', "\\", "\n", "#2", "trace:1"),
    *("acme/#/", "order.id=1", "|", "id|a|b", "(anonymous)", "{id}", "$TMP$.x", "%s%n", "ot=th:0"),
    *("[red]x[/red]", "\x1b[31m", "\u202e", "\ufeff", "\U0001f600", "é" * 50, "x" * 3000),
    *("amq.rabbitmq.reply-to.x", "a" * 20 + "-" * 30),
)
TIMES: Final = (0, 1, 10**18, 2**63 - 1, 2**63 - 2, 2**63, 2**64 - 1, 2**63 - 2 - 10**9)
VIEWS: Final = (
    *("spans", "links", "events", "custody", "executions", "execution_spans", "set_aside", "steps"),
    *("handoffs", "messages", "owners", "keys", "workflow_steps", "workflow_edges", "findings"),
)


class Nonsense:
    """What replaces a value, at a rate."""

    def __init__(self, rnd: random.Random, rate: float) -> None:
        self.rnd = rnd
        self.rate = rate

    def hits(self, share: float = 1.0) -> bool:
        return self.rnd.random() < self.rate * share

    def value(self) -> dict[str, Any]:
        rnd = self.rnd
        some = [{"stringValue": rnd.choice(NUMBERS + TEXTS)} for _ in range(rnd.randint(0, 4))]
        return rnd.choice(
            (
                {"stringValue": rnd.choice(NUMBERS)},
                {"stringValue": rnd.choice(TEXTS)},
                {"intValue": str(rnd.choice((0, -1, 2**63 - 1, -(2**63))))},
                {"doubleValue": rnd.choice((0.0, 1e308, -1e308, "NaN", "Infinity"))},
                {"arrayValue": {"values": some}},
                {"arrayValue": {"values": [*some, {"arrayValue": {"values": []}}]}},
                {"kvlistValue": {"values": [{"key": "a", "value": {"stringValue": "b"}}]}},
            )
        )

    def spoil(self, resource_spans: dict[str, Any]) -> None:
        for attribute in resource_spans.get("resource", {}).get("attributes", []):
            if self.hits(0.3):
                attribute["value"] = self.value()
        for spans in resource_spans["scopeSpans"]:
            for span in spans["spans"]:
                self.spoil_span(span)

    def spoil_span(self, span: dict[str, Any]) -> None:
        rnd = self.rnd
        for attribute in span.get("attributes", []):
            if self.hits():
                attribute["value"] = self.value()
        for side in ("startTimeUnixNano", "endTimeUnixNano"):
            if self.hits(0.5):
                span[side] = str(rnd.choice(TIMES))
        for event in span.get("events", []):
            if self.hits():
                event["timeUnixNano"] = str(rnd.choice(TIMES))
        if self.hits(0.3):
            span["name"] = rnd.choice(TEXTS + NUMBERS)
        if self.hits(0.2):
            span["kind"] = rnd.randint(0, 5)
        if self.hits(0.2):
            span["status"] = {"code": rnd.randint(0, 2), "message": rnd.choice(TEXTS)}
        if self.hits(0.1):
            span["parentSpanId"] = span["spanId"]


def requests(rnd: random.Random) -> Iterator[bytes]:
    folder = rnd.choice(sorted(p.parent for p in front.SAMPLES.glob("*/input.otlp.jsonl")))
    print(folder.name)
    nonsense = Nonsense(rnd, rnd.choice((0.01, 0.05, 0.2)))
    for line in (folder / "input.otlp.jsonl").read_text().splitlines():
        request = json.loads(line) if line.strip() else {}
        if "resourceSpans" in request:
            for resource_spans in request["resourceSpans"]:
                nonsense.spoil(resource_spans)
            yield to_protobuf(json.dumps(request).encode())


@pytest.mark.parametrize(
    "seed",
    [*SEEDS, *(pytest.param(secrets.randbelow(1_000_000), id=f"new{n}") for n in range(1 + MORE))],
)
def test_every_question_has_an_answer(seed: int, tmp_path: Path) -> None:
    print("seed", seed)
    rnd = random.Random(seed)
    batches = [decode([request]) for request in requests(rnd)]
    path = tmp_path / "nonsense.duckdb"
    live = rnd.random() < 0.5
    with Store.open(path) as store:
        store.write(batches, source="s", kind="live" if live else "recorded")
    with tracemap.open(path) as opened:
        executions = opened.executions()["execution"].to_list()
        for view in VIEWS:
            opened.sql(f"SELECT * FROM {view}")
        assert opened.custody_totals() is not None
        for execution in rnd.sample(executions, min(2, len(executions))):
            print(repr(execution))
            assert opened.execution(execution)["steps"] is not None
            opened.custody_chain(execution)
            opened.custody(execution, at="2030-01-01")
            opened.custody(execution, as_of="2030-01-01")
        opened.graph()
        opened.reconcile()
        opened.backend.write(batches[:1], source="again")
        pipeline.refresh(opened.backend.store, mode="partial")  # type: ignore[attr-defined]
