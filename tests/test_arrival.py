"""Arrival order, batching and repetition change nothing: on worlds nobody would draw by hand.

A world is a handful of traces with parents, links, keys, messages and errors thrown at random. It
is stored as it is, and again shuffled, split and a quarter of it twice; every view must agree.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tracemap import pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

TENTH = 100_000_000
NOON = 1_740_000_000_000_000_000

#: What people see, but for sets that the engine gives in any order.
VIEWS = {
    "execution_spans": "SELECT * FROM execution_spans",
    "executions": "SELECT * EXCLUDE (holders) FROM executions",
    "findings": "SELECT * FROM findings",
    "handoffs": "SELECT * FROM handoffs",
    "messages": "SELECT * FROM messages",
    "custody": "SELECT * FROM custody",
    "steps": "SELECT * FROM steps",
    "spans": "SELECT * FROM spans",
    "links": "SELECT * FROM links",
}


def request(service: str, instance: str, span: dict[str, Any], **more: str) -> bytes:
    named = {"service.name": service, "service.instance.id": instance, "team": "t", **more}
    attributes = [{"key": k, "value": {"stringValue": v}} for k, v in named.items()]
    scopes = [{"spans": [span]}]
    spans = [{"resource": {"attributes": attributes}, "scopeSpans": scopes}]
    return to_protobuf(json.dumps({"resourceSpans": spans}).encode())


def _attributes(rng: random.Random, kind: int) -> dict[str, str]:
    found = {}
    if rng.random() < 0.25:
        found["order.id"] = f"o{rng.randint(1, 4)}"
    if rng.random() < 0.15:
        found["pay.id"] = f"p{rng.randint(1, 3)}"
    if kind in (4, 5) or rng.random() < 0.1:
        found["messaging.system"] = "kafka"
        if rng.random() < 0.8:
            found["messaging.destination.name"] = rng.choice(["q1", "q2", "q1.dlq"])
        if rng.random() < 0.6:
            found["messaging.message.id"] = f"m{rng.randint(1, 5)}"
        if rng.random() < 0.5:
            kinds = ["send", "process", "receive", "settle", "create"]
            found["messaging.operation.type"] = rng.choice(kinds)
    if kind == 3:
        found["peer.service"] = "bank"
    return found


def world(seed: int, *, tenants: bool = False) -> list[bytes]:
    """One request a span. With ``tenants``, some spans and some resources name one of two."""
    rng = random.Random(seed)
    who = random.Random(seed)
    made: list[bytes] = []
    everyone: list[tuple[int, int]] = []
    for trace in range(1, rng.randint(2, 9)):
        members: list[int] = []
        for _ in range(rng.randint(1, 12)):
            number = len(everyone) + 1
            chance = rng.random()
            parent = rng.choice(members) if members and chance < 0.85 else 0
            if parent == 0 and chance > 0.93:
                parent = 90_000 + rng.randint(1, 3)  # never arrives
            links = [rng.choice(everyone) for _ in range(rng.choice([0, 0, 0, 1, 2])) if everyone]
            if rng.random() < 0.05:
                links.append((77, 77))
            kind = rng.randint(1, 5)
            start = NOON + rng.randint(0, 20) * TENTH
            span: dict[str, Any] = {
                "traceId": f"{trace:032x}",
                "spanId": f"{number:016x}",
                "parentSpanId": f"{parent:016x}" if parent else "",
                "name": rng.choice(["GET /x/12", "work", "process q1", "send"]),
                "kind": kind,
                "startTimeUnixNano": str(start),
                "endTimeUnixNano": str(start + rng.randint(0, 30) * TENTH // 10),
                "attributes": [
                    {"key": k, "value": {"stringValue": v}}
                    for k, v in _attributes(rng, kind).items()
                ],
                "links": [{"traceId": f"{t:032x}", "spanId": f"{s:016x}"} for t, s in links],
                "status": {"code": 2 if rng.random() < 0.1 else 0},
            }
            resource = {}
            if tenants and who.random() < 0.2:
                told = {"key": "tenant.id", "value": {"stringValue": who.choice("tu")}}
                span["attributes"] += [told]
            if tenants and who.random() < 0.2:
                resource["tenant.id"] = who.choice("tu")
            made.append(request(rng.choice("abcd"), rng.choice(["i1", "i2"]), span, **resource))
            everyone.append((trace, number))
            members.append(number)
    return made


def seen(
    folder: Path, deliveries: Sequence[Sequence[bytes]], *, per: tuple[str, ...] = ()
) -> dict[str, list[str]]:
    """The rows of every view, as text, sorted."""
    folder.mkdir()
    keys = (KeySetting("order.id", per=per), KeySetting("pay.id"))
    with Store.open(folder / "tracemap.duckdb") as store:
        store.configure(Settings(keys=keys))
        for delivery in deliveries:
            store.write([decode([one]) for one in delivery], kind="recorded")
            # Analysed in between as well: nothing may stay behind of what was known then.
            pipeline.refresh(store)
        return {
            name: sorted(map(str, store.cursor().execute(sql).fetchall()))
            for name, sql in VIEWS.items()
        }


@pytest.mark.parametrize(
    ("seed", "per"),
    [
        # The last: consumers of one queue begin at the same moment, and nothing tells them apart.
        *((seed, ()) for seed in (0, 1, 2, 3, 567724)),
        pytest.param(secrets.randbelow(1_000_000), (), id="new"),
        pytest.param(secrets.randbelow(1_000_000), ("tenant.id",), id="new-with-tenants"),
    ],
)
def test_how_spans_arrive_does_not_matter(seed: int, per: tuple[str, ...], tmp_path: Path) -> None:
    print("seed", seed)
    spans = world(seed, tenants=bool(per))
    rng = random.Random(seed)
    shuffled = rng.sample(spans, len(spans))
    cut = rng.randint(1, len(spans))
    twice = rng.sample(shuffled, len(spans) // 4)
    once = seen(tmp_path / "once", [spans], per=per)
    again = seen(tmp_path / "again", [shuffled[:cut], shuffled[cut:] + twice], per=per)
    assert once["execution_spans"]
    for name in VIEWS:
        assert again[name] == once[name], name
