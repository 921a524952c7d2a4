"""Fails when OTLP gains a field that the batch cannot hold, until it is given a place."""

from __future__ import annotations

import dataclasses
from typing import Any

import duckdb
import pytest
from google.protobuf.descriptor import Descriptor
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tracemap import queries
from tracemap.batch import EVENTS, LINKS, LOGS, SPANS, Resource, Scope, ValueType

#: A place that is the structure itself: lists of other messages.
STRUCTURE = "structure"
#: References to the string table of the profiling signal: absent in traces (common.proto).
PROFILES_ONLY = "profiles only"
#: Two columns hold an attribute list.
ATTRIBUTES = ("shape_no", "vals")

PLACES: dict[str, dict[str, str | tuple[str, ...]]] = {
    "ExportTraceServiceRequest": {"resource_spans": STRUCTURE},
    "ResourceSpans": {
        "resource": STRUCTURE,
        "scope_spans": STRUCTURE,
        "schema_url": "resource.schema_url",
    },
    "ScopeSpans": {"scope": STRUCTURE, "spans": STRUCTURE, "schema_url": "scope.schema_url"},
    "Resource": {
        "attributes": ("resource.shape", "resource.values"),
        "dropped_attributes_count": "resource.dropped_attributes",
        "entity_refs": "resource.entity_refs",
    },
    "EntityRef": {
        "schema_url": "resource.entity_refs",
        "type": "resource.entity_refs",
        "id_keys": "resource.entity_refs",
        "description_keys": "resource.entity_refs",
    },
    "InstrumentationScope": {
        "name": "scope.name",
        "version": "scope.version",
        "attributes": ("scope.shape", "scope.values"),
        "dropped_attributes_count": "scope.dropped_attributes",
    },
    "Span": {
        "trace_id": "spans.trace_id",
        "span_id": "spans.span_id",
        "trace_state": "spans.trace_state",
        "parent_span_id": "spans.parent_span_id",
        "flags": "spans.flags",
        "name": "spans.name",
        "kind": "spans.kind",
        "start_time_unix_nano": "spans.start_ns",
        "end_time_unix_nano": "spans.end_ns",
        "attributes": ("spans.shape_no", "spans.vals"),
        "dropped_attributes_count": "spans.dropped_attributes",
        "events": STRUCTURE,
        "dropped_events_count": "spans.dropped_events",
        "links": STRUCTURE,
        "dropped_links_count": "spans.dropped_links",
        "status": STRUCTURE,
    },
    "Status": {"code": "spans.status", "message": "spans.status_message"},
    "Event": {
        "time_unix_nano": "events.time_ns",
        "name": "events.name",
        "attributes": ("events.shape_no", "events.vals"),
        "dropped_attributes_count": "events.dropped_attributes",
    },
    "Link": {
        "trace_id": "links.linked_trace_id",
        "span_id": "links.linked_span_id",
        "trace_state": "links.trace_state",
        "attributes": ("links.shape_no", "links.vals"),
        "dropped_attributes_count": "links.dropped_attributes",
        "flags": "links.flags",
    },
    "ExportLogsServiceRequest": {"resource_logs": STRUCTURE},
    "ResourceLogs": {
        "resource": STRUCTURE,
        "scope_logs": STRUCTURE,
        "schema_url": "resource.schema_url",
    },
    "ScopeLogs": {
        "scope": STRUCTURE,
        "log_records": STRUCTURE,
        "schema_url": "scope.schema_url",
    },
    "LogRecord": {
        "time_unix_nano": "logs.time_ns",
        "observed_time_unix_nano": "logs.observed_ns",
        "severity_number": "logs.severity",
        "severity_text": "logs.severity_text",
        "body": ("logs.body_type", "logs.body"),
        "attributes": ("logs.shape_no", "logs.vals"),
        "dropped_attributes_count": "logs.dropped_attributes",
        "flags": "logs.flags",
        "trace_id": "logs.trace_id",
        "span_id": "logs.span_id",
        "event_name": "logs.event_name",
    },
    "KeyValue": {"key": "shape.keys", "value": STRUCTURE, "key_strindex": PROFILES_ONLY},
    "AnyValue": {
        "string_value": "type.STRING",
        "bool_value": "type.BOOL",
        "int_value": "type.INT",
        "double_value": "type.DOUBLE",
        "array_value": "type.ARRAY",
        "kvlist_value": "type.KVLIST",
        "bytes_value": "type.BYTES",
        "string_value_strindex": PROFILES_ONLY,
    },
    "ArrayValue": {"values": STRUCTURE},
    "KeyValueList": {"values": STRUCTURE},
}

HELD = {
    "spans": set(SPANS.names),
    "links": set(LINKS.names),
    "events": set(EVENTS.names),
    "logs": set(LOGS.names),
    "resource": {field.name for field in dataclasses.fields(Resource)},
    "scope": {field.name for field in dataclasses.fields(Scope)},
    "shape": {"keys", "types"},
    "type": {kind.name for kind in ValueType},
}


def _messages(descriptor: Descriptor, found: dict[str, Descriptor]) -> dict[str, Descriptor]:
    """Every message type within a message type, by its short name."""
    if found.setdefault(descriptor.name, descriptor).full_name != descriptor.full_name:
        raise AssertionError(f"two messages are called {descriptor.name}")
    for field in descriptor.fields:
        if field.message_type is not None and field.message_type.name not in found:
            _messages(field.message_type, found)
    return found


MESSAGES = _messages(
    ExportLogsServiceRequest.DESCRIPTOR, _messages(ExportTraceServiceRequest.DESCRIPTOR, {})
)


def test_every_message_of_otlp_is_known() -> None:
    assert set(MESSAGES) == set(PLACES)


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_field_of_a_message_has_a_place(name: str) -> None:
    fields = {field.name for field in MESSAGES[name].fields}
    assert fields == set(PLACES[name]), "give the new field a place: batch, decode and store"


@pytest.mark.parametrize("name", sorted(PLACES))
def test_every_place_exists(name: str) -> None:
    for place in PLACES[name].values():
        for one in (place,) if isinstance(place, str) else place:
            if one not in {STRUCTURE, PROFILES_ONLY}:
                table, _, column = one.partition(".")
                assert column in HELD[table], one


def test_the_enums_are_those_the_columns_speak_of() -> None:
    assert dict(Span.SpanKind.items()) == {
        "SPAN_KIND_UNSPECIFIED": 0,
        "SPAN_KIND_INTERNAL": 1,
        "SPAN_KIND_SERVER": 2,
        "SPAN_KIND_CLIENT": 3,
        "SPAN_KIND_PRODUCER": 4,
        "SPAN_KIND_CONSUMER": 5,
    }
    assert dict(Status.StatusCode.items()) == {
        "STATUS_CODE_UNSET": 0,
        "STATUS_CODE_OK": 1,
        "STATUS_CODE_ERROR": 2,
    }


def test_severities_are_those_that_the_view_names() -> None:
    with duckdb.connect() as connection:
        connection.execute(queries.text("macros/severity_name"))
        for name, number in SeverityNumber.items():
            shown = connection.execute("SELECT severity_name(?::UTINYINT)", [number]).fetchone()
            short = name.removeprefix("SEVERITY_NUMBER_")
            assert shown == (None if short == "UNSPECIFIED" else short,)
        assert connection.execute("SELECT severity_name(25::UTINYINT)").fetchone() == (None,)


@pytest.mark.parametrize(
    ("answer", "rejected"),
    [
        (ExportTraceServiceResponse, "rejected_spans"),
        (ExportLogsServiceResponse, "rejected_log_records"),
        (ExportMetricsServiceResponse, "rejected_data_points"),
    ],
)
def test_the_answer_has_no_field_we_do_not_know(answer: Any, rejected: str) -> None:
    """One writer serves all three: their fields have the same numbers."""
    assert [(field.name, field.number) for field in answer.DESCRIPTOR.fields] == [
        ("partial_success", 1)
    ]
    partial = answer.DESCRIPTOR.fields_by_name["partial_success"].message_type
    assert [(field.name, field.number) for field in partial.fields] == [
        (rejected, 1),
        ("error_message", 2),
    ]
