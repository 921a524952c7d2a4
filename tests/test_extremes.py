"""Spans as no sane system sends them: each ends with an answer, right or honestly partial."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import tracemap
from tracemap import pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

SECOND = 1_000_000_000
NOON = 1_740_000_000 * SECOND

Analyse = Callable[[Sequence[dict[str, Any]]], Callable[[str], list[tuple[Any, ...]]]]


def span(
    trace: int,
    number: int,
    parent: int | None = None,
    *,
    kind: int = 1,
    start_ns: int = NOON,
    lasts_ns: int = 1_000_000,
    key: str | None = None,
    links: Sequence[tuple[int, int]] = (),
    **attributes: str,
) -> dict[str, Any]:
    """An OTLP/JSON span; attributes are given with ``__`` for the dots."""
    named = {name.replace("__", "."): value for name, value in attributes.items()}
    if key is not None:
        named["order.id"] = key
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{number:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": "work",
        "kind": kind,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + lasts_ns),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in named.items()],
        "links": [{"traceId": f"{t:032x}", "spanId": f"{s:016x}"} for t, s in links],
    }


@pytest.fixture
def analyse(tmp_path: Path) -> Iterator[Analyse]:
    with Store.open(tmp_path / "tracemap.duckdb") as store:
        store.configure(Settings(keys=(KeySetting("order.id"),)))

        def run(spans: Sequence[dict[str, Any]]) -> Callable[[str], list[tuple[Any, ...]]]:
            resource = [
                {"key": "service.name", "value": {"stringValue": "shop"}},
                {"key": "team", "value": {"stringValue": "shop"}},
            ]
            body = {
                "resourceSpans": [
                    {"resource": {"attributes": resource}, "scopeSpans": [{"spans": list(spans)}]}
                ]
            }
            batch = decode([to_protobuf(json.dumps(body).encode())])
            store.write([batch], kind="recorded")
            pipeline.refresh(store)
            return lambda sql: store.cursor().execute(sql).fetchall()

        yield run


EVERY_SPAN_ONCE = """
    SELECT (SELECT count(*) FROM spans), (SELECT count(*) FROM execution_spans)"""


@pytest.mark.parametrize(
    "spans",
    [
        pytest.param([span(1, 1, 2), span(1, 2, 3), span(1, 3, 1), span(1, 4, 3)], id="cycle"),
        pytest.param(
            [span(1, 1, 2), span(1, 2, 1), span(1, 3, 2, key="order-1")], id="cycle with a key"
        ),
        pytest.param(
            [
                span(1, 1, key="order-1"),
                *(span(1, n, n - 1) for n in range(2, 41)),
                span(1, 101, 102),
                *(span(1, n, n - 1) for n in range(102, 141)),
            ],
            id="a deep chain beside a cycle with another below it",
        ),
        pytest.param([span(1, 1, 1), span(1, 2, 1)], id="its own parent"),
        pytest.param([span(1, 1, start_ns=1), span(1, 2, 1)], id="1970"),
        pytest.param([span(1, 1, start_ns=0, lasts_ns=0)], id="no time at all"),
        pytest.param([span(1, 1, lasts_ns=-SECOND), span(1, 2, 1, lasts_ns=-5)], id="end first"),
        pytest.param([span(1, 1, lasts_ns=2**64 - 1 - NOON)], id="the last nanosecond"),
        pytest.param([span(1, n, n - 1 or None) for n in range(1, 10_001)], id="10,000 deep"),
        pytest.param(
            [span(1, n, n - 1 or None, kind=2 + n % 2) for n in range(1, 10_001)],
            id="10,000 calls deep",
        ),
        pytest.param(
            [span(1, n, n // 10 or None, kind=1 + n % 5) for n in range(1, 50_001)],
            id="50,000 spans in a trace",
        ),
        pytest.param(
            [span(n, n, kind=5, links=[(n - 1, n - 1)] if n > 1 else []) for n in range(1, 1001)],
            id="1,000 traces in a row of links",
        ),
    ],
)
def test_every_span_is_in_one_execution(analyse: Analyse, spans: Sequence[dict[str, Any]]) -> None:
    select = analyse(spans)
    assert select(EVERY_SPAN_ONCE) == [(len(spans), len(spans))]
    assert select("SELECT count(*) FROM executions") == [(1,)]


def test_two_keys_at_the_foot_of_a_deep_chain_do_not_take_its_head(analyse: Analyse) -> None:
    chain = [span(1, n, n - 1 or None) for n in range(1, 5001)]
    select = analyse(
        [*chain, span(1, 6001, 5000, key="order-1"), span(1, 6002, 5000, key="order-2")]
    )
    found: dict[str, int] = dict(
        select("SELECT execution, count(*) FROM execution_spans GROUP BY execution")
    )
    assert found.pop("order-1") == 1
    assert found.pop("order-2") == 1
    assert list(found.values()) == [5000]


def test_a_value_in_more_traces_than_the_limit_is_no_execution(analyse: Analyse) -> None:
    orders = [span(n, n, kind=2, key=f"order-{n // 2}") for n in range(2, 102)]
    crowd = [span(n, n, kind=2, key="load-test") for n in range(1_000, 11_001)]
    select = analyse([*orders, *crowd])
    assert select("SELECT value FROM derived.identity WHERE hub") == [("load-test",)]
    assert select("SELECT count(*) FROM executions WHERE execution = 'load-test'") == [(0,)]


def test_a_batch_of_many_is_shared_and_merges_none(analyse: Analyse) -> None:
    count = 5_000
    sent = [
        span(
            n,
            n,
            kind=4,
            key=f"order-{n}",
            start_ns=NOON + n,
            messaging__system="kafka",
            messaging__destination__name="orders",
        )
        for n in range(2, count + 2)
    ]
    batch = span(1, 1, kind=5, start_ns=NOON + SECOND, links=[(n, n) for n in range(2, count + 2)])
    select = analyse([*sent, batch])
    assert select("SELECT count(*) FROM executions") == [(count,)]
    assert select("""
        SELECT count(*) FROM execution_spans WHERE span_id = '0000000000000001'""") == [(count,)]


def test_one_key_on_every_span_is_one_execution_until_it_is_a_hub(analyse: Analyse) -> None:
    """Thousands of traces that only a key joins: no step is compared with every other."""
    each = [span(n, n, kind=2, key="all", start_ns=NOON + n * 1000) for n in range(1, 9_001)]
    select = analyse(each)
    assert select("SELECT execution, traces FROM executions") == [("all", 9_000)]
    assert select("SELECT count(*) FROM handoffs") == [(8_999,)]
    select = analyse([span(n, n, kind=2, key="all") for n in range(9_001, 10_003)])
    assert select("SELECT count(*) FROM executions WHERE execution = 'all'") == [(0,)]
    assert select("SELECT rule, evidence->>'traces' FROM findings") == [("DAT005", "10002")]


def test_a_message_from_1970_is_taken_today(analyse: Analyse) -> None:
    """Everything ends; the wait is as long as the clocks say, and DAT001 tells why."""
    kafka: Any = {"messaging__system": "kafka", "messaging__destination__name": "orders"}

    def sent(n: int) -> dict[str, Any]:
        start_ns = 1 if n == 3 else NOON + n * SECOND
        return span(n, n, kind=4, key=f"o{n}", start_ns=start_ns, **kafka)

    def taken(n: int) -> dict[str, Any]:
        start_ns = NOON + (n + 20) * SECOND
        return span(50 + n, 50 + n, kind=5, links=[(n, n)], start_ns=start_ns, **kafka)

    select = analyse([make(n) for make in (sent, taken) for n in range(1, 8)])
    assert select("SELECT DISTINCT status FROM executions") == [("completed",)]
    assert select("SELECT state FROM messages WHERE executions = ['o3']") == [("processed",)]
    assert select("SELECT rule FROM findings") == [("DAT001",)]


@pytest.mark.skipif("TRACEMAP_TEST_LONG" not in os.environ, reason="by hand: TRACEMAP_TEST_LONG=1")
def test_a_trace_of_200_000_spans(analyse: Analyse) -> None:
    many = 200_000
    select = analyse([span(1, n, n // 10 or None, kind=1 + n % 5) for n in range(1, many + 1)])
    assert select(EVERY_SPAN_ONCE) == [(many, many)]
    assert select("SELECT count(*) FROM executions") == [(1,)]


def test_minutes_of_skew_do_not_change_the_order(analyse: Analyse) -> None:
    """A child whose host is four minutes behind stays the child, and no wait is negative time."""
    select = analyse(
        [
            span(1, 1, kind=2, key="order-1", lasts_ns=SECOND),
            span(1, 2, 1, kind=3, start_ns=NOON + 1000),
            span(1, 3, 2, kind=2, start_ns=NOON - 240 * SECOND),
        ]
    )
    assert select("SELECT from_name, to_name, type FROM handoffs") == [("work", "work", "call")]
    assert select("SELECT workflow, status FROM executions") == [("work", "completed")]


def test_what_begins_in_one_instant_starts_every_execution_alike(analyse: Analyse) -> None:
    """An engine's spans may last no time; which of them began first is not for their ids to say."""
    names = ("RunWorkflow:Ship", "StartActivity:Pack")
    pairs = [
        span(n, 10 * n + (place if n % 2 else 5 - place), key=f"order-{n}", lasts_ns=0, kind=2)
        | {"name": name}
        for n in range(1, 5)
        for place, name in enumerate(names, start=1)
    ]
    select = analyse(pairs)
    assert select("SELECT DISTINCT workflow FROM executions") == [("RunWorkflow:Ship",)]


def test_a_clock_at_the_end_of_time_leaves_every_answer_standing(tmp_path: Path) -> None:
    """The last nanosecond that OTLP can say is beyond what a timestamp can, in every column."""
    last = 2**64 - 1
    spans = [
        span(1, 1, lasts_ns=last - NOON, key="order-1") | {"events": [{"timeUnixNano": str(last)}]},
        span(2, 2, start_ns=last, lasts_ns=0, key="order-2"),
    ]
    with tracemap.open(tmp_path / "late.duckdb", create=True) as opened:
        body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
        opened.backend.write([decode([to_protobuf(json.dumps(body).encode())])], source="recorded")
        for execution in opened.executions()["execution"]:
            assert opened.execution(execution)["steps"].height == 1
            assert opened.custody_chain(execution).height
            assert opened.custody(execution, at="2030-01-01").height == (execution == "order-1")
        assert opened.reconcile().executions == 1  # the other one begins after all that is known
        for view in (
            "spans",
            "events",
            "steps",
            "messages",
            "findings",
            "custody",
            "workflow_steps",
        ):
            opened.sql(f"SELECT * FROM {view}")


def test_one_message_id_on_every_message_is_the_nearest_one_before(analyse: Analyse) -> None:
    """A constant for an id: each is taken from the one just sent, and not compared with all."""
    kafka: Any = {"messaging__system": "kafka", "messaging__destination__name": "q"}
    spans = [
        span(
            n,
            n,
            kind=4 + n % 2,
            key=f"order-{n // 2}",
            start_ns=NOON + n * SECOND,
            messaging__message__id="constant",
            **kafka,
        )
        for n in range(2, 20_002)
    ]
    select = analyse(spans)
    assert select("SELECT count(*) FROM executions") == [(10_000,)]
    assert select("SELECT DISTINCT state, len(executions) FROM messages") == [("processed", 1)]


def test_spans_of_many_attributes_have_few_keys(tmp_path: Path) -> None:
    """Forty attributes a span, each as good a key as the order's id: what two of them say is not
    compared for all pairs, and what each means is not asked in terms of all others."""
    shop = [{"key": "service.name", "value": {"stringValue": name}} for name in ("shop", "ship")]
    groups = []
    for part, service in enumerate(shop):
        spans = [
            span(2 * n + part, n, start_ns=NOON + n * SECOND, key=f"o{n}")
            | {"attributes": [{"key": "order.id", "value": {"stringValue": f"o{n}"}}, *(
                {"key": f"field_{f}", "value": {"stringValue": f"v{n}-{f}"}} for f in range(40)
            )]}
            for n in range(1, 401)
        ]  # fmt: skip
        groups.append({"resource": {"attributes": [service]}, "scopeSpans": [{"spans": spans}]})
    with tracemap.open(tmp_path / "wide.duckdb", create=True) as opened:
        body = json.dumps({"resourceSpans": groups}).encode()
        opened.backend.write([decode([to_protobuf(body)])], source="recorded")
        keys = opened.keys()
        assert (keys.height, keys["chosen"].sum()) == (41, 10)
        assert keys["name"][0] == "order.id"
        assert "ten better ones are enough" in keys["reason"].to_list()[-1]
        assert opened.executions().height == 400
