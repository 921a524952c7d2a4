"""How long owners take to be read and resolved: one line of JSON.

    python benchmarks/ownership.py [--services 10000] [--teams 500]

Services of every source are seen in spans: ownership.yaml, Backstage (a third of it inherits from
systems), Datadog, resource attributes, CODEOWNERS by repository and path, and some that nobody
declares; a tenth of them publishes to topics that others take from. ``resolve_s`` and
``resolve_cpu_s`` are the resolution alone, as a refresh runs it; ``read_s`` is reading and storing
the files. The files are made anew each time, always the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracemap import ownership, pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.owner_resolution import resolve_owners
from tracemap.store import Store

_START_NS = 1_770_000_000 * 10**9
_A_REQUEST = 500
_SYSTEMS = 200
#: Of ten services, which source names the owner.
_SOURCES = (
    *("ownership", "ownership", "ownership", "backstage", "backstage"),
    *("inherited", "datadog", "attribute", "codeowners", "nobody"),
)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--services", type=int, default=10_000)
    parser.add_argument("--teams", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tracemap-benchmark-") as name:
        print(json.dumps(_measure(Path(name), given.services, given.teams)))


def _measure(folder: Path, services: int, teams: int) -> dict[str, Any]:
    (folder / "catalog").mkdir()
    for name, text in _files(services, teams).items():
        path = folder / "catalog" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    took: dict[str, float] = {}

    def timed(*args: Any) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        resolve_owners(*args)
        took["resolve_s"] = round(time.perf_counter() - wall, 3)
        took["resolve_cpu_s"] = round(time.process_time() - cpu, 3)

    setattr(ownership, "resolve_owners", timed)  # noqa: B010 - measured where a refresh calls it
    with Store.open(folder / "benchmark.duckdb") as store:
        for request in _requests(services, teams):
            batch = decode([to_protobuf(json.dumps(request).encode())])
            store.write([batch], source="recorded", kind="recorded")
        began = time.perf_counter()
        catalog = ownership.load(store.cursor(), folder / "catalog")
        took["read_s"] = round(time.perf_counter() - began, 3)
        pipeline.refresh(store)
        rules = store.cursor().execute("SELECT rule FROM owners WHERE kind = 'service'").fetchall()
    return {
        "benchmark": "ownership",
        "services": services,
        "teams": teams,
        "declarations": len(catalog.declarations),
        "problems": len(catalog.problems),
        **took,
        "services_by_rule": dict(sorted(Counter(rule for (rule,) in rules).items())),
    }


def _team(number: int, teams: int) -> str:
    return f"team-{number % teams:03}"


def _files(services: int, teams: int) -> dict[str, str]:
    own = ["version: 1", "teams:"]
    own += [f"  - {{name: {_team(n, teams)}, channel: '#t{n}'}}" for n in range(teams)]
    own.append("services:")
    backstage = [
        _entity("System", f"system-{n}", f"owner: {_team(n, teams)}") for n in range(_SYSTEMS)
    ]
    datadog: list[str] = []
    code = ["* @acme/platform"]
    for n in range(services):
        name, team = f"service-{n:05}", _team(n * 7, teams)
        match _SOURCES[n % len(_SOURCES)]:
            case "ownership":
                own.append(f"  - {{name: {name}, team: {team}}}")
            case "backstage":
                backstage.append(_entity("Component", name, f"owner: group:{team}"))
            case "inherited":
                backstage.append(_entity("Component", name, f"system: system-{n % _SYSTEMS}"))
            case "datadog":
                datadog.append(f"---\nschema-version: v2.2\ndd-service: {name}\nteam: {team}\n")
            case "codeowners":
                code.append(f"/services/{name}/ @acme/{team}")
    return {
        "ownership.yaml": "\n".join(own) + "\n",
        "catalog-info.yaml": "".join(backstage),
        "service.datadog.yaml": "".join(datadog),
        "shop/CODEOWNERS": "\n".join(code) + "\n",
    }


def _entity(kind: str, name: str, spec: str) -> str:
    return (
        f"---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
        f"spec: {{type: service, lifecycle: production, {spec}}}\n"
    )


def _requests(services: int, teams: int) -> Iterator[dict[str, Any]]:
    every = [_resource_spans(n, teams) for n in range(services)]
    for at in range(0, services, _A_REQUEST):
        yield {"resourceSpans": every[at : at + _A_REQUEST]}


def _resource_spans(number: int, teams: int) -> dict[str, Any]:
    resource = {"service.name": f"service-{number:05}"}
    source = _SOURCES[number % len(_SOURCES)]
    if source == "attribute":
        resource["team"] = _team(number, teams)
    if source == "codeowners":
        resource["vcs.repository.name"] = "shop"
    where = {"code.file.path": f"services/service-{number:05}/main.py"}
    spans = [_span(number, "root", 2, f"GET /things/{number % 50}", where)]
    if number % 10 == 0:
        spans.append(_span(number, "send", 4, "send", _message(number, "send"), parent="root"))
    if number % 10 == 1:
        spans.append(
            _span(number - 1, "take", 5, "process", _message(number - 1, "process"), parent="send")
        )
    return {
        "resource": {"attributes": _attributes(resource)},
        "scopeSpans": [{"scope": {"name": "app"}, "spans": spans}],
    }


def _message(number: int, operation: str) -> dict[str, str]:
    return {
        "messaging.system": "kafka",
        "messaging.destination.name": f"topic-{number // 10}",
        "messaging.operation.type": operation,
    }


def _span(
    number: int, what: str, kind: int, name: str, facts: dict[str, str], parent: str | None = None
) -> dict[str, Any]:
    start = _START_NS + number * 10**6
    found: dict[str, Any] = {
        "traceId": _id(number, "trace", 32),
        "spanId": _id(number, what, 16),
        "kind": kind,
        "name": name,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + 5 * 10**6),
        "attributes": _attributes(facts),
    }
    return found | ({"parentSpanId": _id(number, parent, 16)} if parent else {})


def _id(number: int, what: str, digits: int) -> str:
    return hashlib.sha256(f"{number}/{what}".encode()).hexdigest()[:digits]


def _attributes(facts: dict[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in facts.items()]


if __name__ == "__main__":
    main()
