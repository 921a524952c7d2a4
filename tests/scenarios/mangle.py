"""The same spans, delivered otherwise: the findings must not change (design section 14)."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

#: How many of the spans are delivered a second time.
REPEATED = 0.1
#: Where spans, and where log records, stand in a request.
_LISTS = (
    ("resourceSpans", "scopeSpans", "spans"),
    ("resourceLogs", "scopeLogs", "logRecords"),
)


def scramble(lines: Sequence[str], seed: int, parts: int = 4) -> list[list[str]]:
    """Return the file's spans and log records shuffled, some twice, dealt to several deliveries.

    Each travels alone in its request, with its own copy of resource and scope.
    """
    chance = random.Random(seed)
    singles = [json.dumps(request) for line in lines for request in _apart(json.loads(line))]
    singles += chance.sample(singles, round(len(singles) * REPEATED))
    chance.shuffle(singles)
    return [singles[part::parts] for part in range(parts)]


def relabel(lines: Sequence[str], seed: int) -> list[str]:
    """Return the file with other trace and span ids, consistently."""
    return [json.dumps(_relabelled(json.loads(line), seed)) for line in lines]


def skew(lines: Sequence[str], seed: int, bound: float) -> list[str]:
    """Return the file with the clock of each instance off by up to ``bound`` seconds."""
    chance = random.Random(seed)
    clocks: dict[str, int] = {}
    out = []
    for line in lines:
        request = json.loads(line)
        for resource in request["resourceSpans"]:
            instance = json.dumps(resource["resource"], sort_keys=True)
            if instance not in clocks:
                clocks[instance] = round(chance.uniform(-bound, bound) * 1e9)
            for scope in resource["scopeSpans"]:
                for span in scope["spans"]:
                    _shift(span, clocks[instance])
        out.append(json.dumps(request))
    return out


def _shift(span: dict[str, Any], by_ns: int) -> None:
    for name in ("startTimeUnixNano", "endTimeUnixNano"):
        span[name] = str(int(span[name]) + by_ns)
    for event in span.get("events", ()):
        event["timeUnixNano"] = str(int(event["timeUnixNano"]) + by_ns)


def _apart(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for top, scopes, records in _LISTS:
        for resource in request.get(top, ()):
            for scope in resource[scopes]:
                for record in scope[records]:
                    alone = {**resource, scopes: [{**scope, records: [record]}]}
                    yield {top: [alone]}


def _relabelled(value: Any, seed: int) -> Any:
    if isinstance(value, list):
        return [_relabelled(item, seed) for item in value]
    if isinstance(value, dict):
        return {
            name: _other(item, seed)
            if name in ("traceId", "spanId", "parentSpanId")
            else _relabelled(item, seed)
            for name, item in value.items()
        }
    return value


def _other(identifier: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}/{identifier}".encode()).hexdigest()[: len(identifier)]
