"""Membership and messages, compared with a naive reading of the design on random worlds.

A world is a handful of traces thrown together: keys of three ranks and lists of them, links,
batches, messages whose ids are used again elsewhere, parents in a circle, parents that never come,
copies. Many of them, which share nothing, are stored and analysed together.
"""

from __future__ import annotations

import json
import os
import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from oracle.members import Membership
from oracle.messages import joins
from oracle.world import Identity, Span, World

from tracemap import pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

#: Each time, of two seeds. By hand, for longer: TRACEMAP_TEST_WORLDS=1000 make test
WORLDS = int(os.environ.get("TRACEMAP_TEST_WORLDS", "60"))
NOON = 1_740_000_000_000_000_000
SECOND = 1_000_000_000
HUB_LIMIT = 4
RANKS = {"order.id": 1, "pay.id": 2, "task.id": 3}
KEYS = (KeySetting("order.id", ("order.ids",)), KeySetting("pay.id"), KeySetting("task.id"))
KINDS = ("internal", "server", "client", "producer", "consumer")

MEMBERS = """
    SELECT x.trace_id, x.span_id,
        coalesce(e.correlation.key, 'trace'),
        coalesce(e.correlation.value, e.execution)
    FROM execution_spans AS x JOIN executions AS e USING (execution)"""
REASONS = """
    SELECT hex_trace_id(s.trace_id), hex_span_id(s.span_id), m.reason
    FROM derived.span_set AS m JOIN derived.span AS s USING (sid)"""
ASIDE = "SELECT trace_id FROM set_aside"
JOINS = """
    SELECT hex_trace_id(t.trace_id), t.span_id, r.how, r.mid, hex_trace_id(p.trace_id), p.span_id
    FROM derived.reception AS r JOIN derived.span AS t USING (sid)
    LEFT JOIN derived.span AS p ON p.sid = r.mid
    WHERE r.how != 'correlation'"""
GUESSED = """
    SELECT hex_trace_id(t.trace_id), t.span_id FROM derived.reception AS r
    JOIN derived.span AS t USING (sid) WHERE r.how = 'correlation'"""


# -- worlds ----------------------------------------------------------------------------------------


class Maker:
    """Throws one world together; its names and ids are its own."""

    def __init__(self, seed: int, place: int) -> None:
        self.rng = random.Random(seed)
        self.place = place
        #: Some worlds are nearly without keys, some without messages.
        self.keyed = self.rng.choice([0.05, 0.2, 0.4])
        self.linking = self.rng.choice([0.0, 0.2, 0.5])
        self.made: list[Span] = []

    def world(self) -> list[Span]:
        for trace in range(1, self.rng.randint(3, 8)):
            self._trace(self.place * 100 + trace)
        if self.rng.random() < 0.3:
            self._batch()
        for span in self.rng.sample(self.made, len(self.made) // 10):
            self.made.append(self._copy(span))
        return self.made

    def _trace(self, trace: int) -> None:
        rng = self.rng
        numbers = [len(self.made) + 1 + n for n in range(rng.randint(1, 9))]
        for i, number in enumerate(numbers):
            chance = rng.random()
            if chance < 0.8 and i:
                parent = rng.choice(numbers[:i])
            elif chance < 0.88:
                parent = rng.choice([*numbers, 90_001])  # a circle, itself, or never there
            else:
                parent = 0
            self.made.append(self._span(trace, number, parent))

    def _span(self, trace: int, number: int, parent: int) -> Span:
        rng = self.rng
        kind = rng.choice(KINDS)
        start = rng.randrange(20 * SECOND)
        links: list[tuple[int, int]] = []
        if self.made and rng.random() < self.linking:
            links = [rng.choice(self.made).id for _ in range(rng.choice([1, 1, 2, 3]))]
        if rng.random() < 0.05:
            links.append((self.place * 100 + 99, rng.randint(1, 2)))
        return Span(
            trace, number, parent,
            service=rng.choice("abc"),
            name=rng.choice(["work", "task"]),
            kind=kind,
            start=start,
            end=start + rng.randint(-SECOND, 3 * SECOND),
            keys=self._keys(),
            links=tuple(links),
            **(self._messaging(kind)),
        )  # fmt: skip

    def _keys(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        rng = self.rng
        found = {}
        for key in RANKS:
            if rng.random() < self.keyed:
                several = rng.choice([1, 1, 1, 2, 3])
                values = [f"{key[0]}{self.place}-{rng.randint(1, 3)}" for _ in range(several)]
                found[key] = tuple(rng.choice(["", v, v, v, v]) for v in values)
        return tuple(found.items())

    def _messaging(self, kind: str) -> dict[str, Any]:
        rng = self.rng
        if kind == "consumer":
            operation = rng.choice(["process", "process", "receive", "settle"])
        elif kind == "producer":
            operation = rng.choice(["send", "send", "create"])
        elif kind == "internal" and rng.random() < 0.1:
            operation = "process"
        elif kind == "client" and rng.random() < 0.4:
            operation = rng.choice(["send", "receive", "settle"])
        else:
            return {}
        place = rng.random() < 0.3
        return {
            "operation": operation,
            "system": rng.choice(["kafka", "kafka", "sqs"]),
            "destination": rng.choice([None, f"q{self.place}", f"r{self.place}"]),
            "message_id": f"m{self.place}-{rng.randint(1, 4)}" if rng.random() < 0.6 else None,
            "partition": str(self.place) if place else None,
            "offset": str(rng.randint(1, 3)) if place else None,
        }

    def _batch(self) -> None:
        """One span takes what several sent, and does the work of some of them."""
        rng = self.rng
        sent = [s.id for s in self.made if s.kind == "producer"]
        if len(sent) < 2:
            return
        trace, number = self.place * 100 + 50, len(self.made) + 1
        taken = rng.sample(sent, rng.randint(2, len(sent)))
        told: dict[str, Any] = {
            "operation": "process",
            "system": "kafka",
            "start": 20 * SECOND,
            "end": 22 * SECOND,
        }
        self.made.append(Span(trace, number, kind="consumer", links=tuple(taken), **told))
        for below in range(1, rng.randint(1, 4)):
            work: dict[str, Any] = {"start": 21 * SECOND, "end": 22 * SECOND, "keys": self._keys()}
            self.made.append(Span(trace, number + below, number, **work))

    def _copy(self, span: Span) -> Span:
        """The same span exported again, as it was or as it was sooner."""
        if self.rng.random() < 0.5:
            return span
        told = {name: getattr(span, name) for name in Span.__dataclass_fields__}
        return Span(**told | {"end": span.end - 1, "keys": self._keys()})


def exported(spans: Iterable[Span]) -> list[bytes]:
    """The spans as OTLP requests, one a service."""
    by_service = defaultdict(list)
    for span in spans:
        by_service[span.service].append(_otlp(span))
    return [
        to_protobuf(
            json.dumps(
                {
                    "resourceSpans": [
                        {
                            "resource": {"attributes": [_attribute("service.name", service)]},
                            "scopeSpans": [{"spans": found}],
                        }
                    ]
                }
            ).encode()
        )
        for service, found in by_service.items()
    ]


def _otlp(span: Span) -> dict[str, Any]:
    told: dict[str, Any] = {
        "messaging.operation.type": span.operation,
        "messaging.system": span.system,
        "messaging.destination.name": span.destination,
        "messaging.message.id": span.message_id,
        "messaging.destination.partition.id": span.partition,
        "messaging.kafka.offset": span.offset,
    }
    for key, values in span.keys:
        one = len(values) == 1
        told["order.ids" if key == "order.id" and not one else key] = values[0] if one else values
    return {
        "traceId": f"{span.trace:032x}",
        "spanId": f"{span.number:016x}",
        "parentSpanId": f"{span.parent:016x}" if span.parent else "",
        "name": span.name,
        "kind": 1 + KINDS.index(span.kind),
        "startTimeUnixNano": str(NOON + span.start),
        "endTimeUnixNano": str(NOON + span.end),
        "attributes": [_attribute(k, v) for k, v in told.items() if v is not None],
        "links": [{"traceId": f"{t:032x}", "spanId": f"{n:016x}"} for t, n in span.links],
    }


def _attribute(key: str, value: str | tuple[str, ...]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"key": key, "value": {"stringValue": value}}
    return {"key": key, "value": {"arrayValue": {"values": [{"stringValue": v} for v in value]}}}


# -- what is compared ------------------------------------------------------------------------------


class Product:
    """What the analysis says of many worlds at once."""

    def __init__(self, folder: Path, worlds: Iterable[Iterable[Span]]) -> None:
        self.members: dict[tuple[int, int], set[Identity]] = defaultdict(set)
        self.why: dict[tuple[int, int], str] = {}
        self.joins: dict[tuple[int, int], dict[object, str]] = defaultdict(dict)
        with Store.open(folder / "tracemap.duckdb") as store:
            store.configure(Settings(keys=KEYS, hub_limit=HUB_LIMIT))
            requests = [r for spans in worlds for r in exported(spans)]
            store.write([decode([r]) for r in requests], kind="recorded")
            pipeline.refresh(store)
            cursor = store.cursor()
            for trace, number, key, value in cursor.execute(MEMBERS).fetchall():
                span = int(trace, 16), int(number, 16)
                self.members[span].add((key, value.removeprefix("trace:").split("#")[0]))
            for trace, number, reason in cursor.execute(REASONS).fetchall():
                own = reason.startswith("own ")  # and names the lower key
                self.why[int(trace, 16), int(number, 16)] = "own" if own else reason
            self.aside = {int(trace, 16) for (trace,) in cursor.execute(ASIDE).fetchall()}
            for trace, number, how, mid, *producer in cursor.execute(JOINS).fetchall():
                message = mid if mid < 0 else (int(producer[0], 16), producer[1])
                self.joins[int(trace, 16), number][message] = how
            self.guessed = {(int(t, 16), n) for t, n in cursor.execute(GUESSED).fetchall()}


def differences(product: Product, spans: list[Span]) -> list[str]:
    """Where the two readings of one world differ, in words."""
    world = World(spans, RANKS, HUB_LIMIT)
    taken = joins(world)
    expected = Membership(world, taken)
    found = []
    unseen: set[tuple[frozenset[object], frozenset[int]]] = set()
    for span in world.all:
        if span.trace in product.aside:
            continue
        want, got = expected.of[span], product.members[span.id]
        why, reason = expected.why[span], product.why.get(span.id)
        if want != got or why != reason:
            found.append(f"{span.id}: {sorted(want)} ({why}), not {sorted(got)} ({reason})")
        if span.id in product.guessed:
            continue
        names, mids = taken.get(span, {}), product.joins.get(span.id, {})
        by_name = Counter((getattr(n, "id", "unseen"), how) for n, how in names.items())
        by_mid = Counter(("unseen" if isinstance(m, int) else m, how) for m, how in mids.items())
        theirs = frozenset(name for name in names if not hasattr(name, "id"))
        ours = frozenset(mid for mid in mids if isinstance(mid, int))
        if by_name != by_mid:
            found.append(f"{span.id} took {dict(by_name)}, not {dict(by_mid)}")
        elif theirs:
            unseen.add((theirs, ours))
    apart = len(unseen) == len({names for names, _ in unseen}) == len({mids for _, mids in unseen})
    if not apart or any(len(names) != len(mids) for names, mids in unseen):
        found.append(f"messages of unseen producers are told apart otherwise: {unseen}")
    return found


@pytest.mark.parametrize("seed", [0, pytest.param(secrets.randbelow(1_000_000), id="new")])
def test_membership_is_what_the_design_says(seed: int, tmp_path: Path) -> None:
    print("seed", seed)
    worlds = [Maker(seed * 1_000 + i, i + 1).world() for i in range(WORLDS)]
    product = Product(tmp_path, worlds)
    told = [f"world {i}: {d}" for i, w in enumerate(worlds) for d in differences(product, w)]
    assert not told, f"{len(told)} differences:\n" + "\n".join(told[:20])


def test_a_world_that_differed_once(tmp_path: Path) -> None:
    """Inside a receive and linked to it: one message, taken once."""
    spans = Maker(277_599_493, 494).world()
    assert differences(Product(tmp_path, [spans]), spans) == []
