"""Log requests for tests: generated ones, and what a decoded batch must say of them."""

from __future__ import annotations

import json
from typing import Any

import otlp_requests as otlp
from google.protobuf import json_format
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from otlp_requests import Row

#: Of the span that ``otlp_requests.span`` makes.
IDS = {"trace_id": otlp.TRACE, "span_id": otlp.SPAN}


def log(text: str = "charging", **fields: Any) -> LogRecord:
    """A log record of the span that ``otlp_requests.span`` makes, with other fields as given."""
    return LogRecord(**({"body": AnyValue(string_value=text)} | IDS | fields))


def request(*records: LogRecord, service: str = "shop") -> ExportLogsServiceRequest:
    """One request of one service."""
    message = ExportLogsServiceRequest()
    sent = message.resource_logs.add()
    sent.resource.attributes.add(key="service.name", value=AnyValue(string_value=service))
    sent.scope_logs.add().log_records.extend(records)
    return message


def body(*records: LogRecord) -> bytes:
    """One request of one service, serialised."""
    return request(*records).SerializeToString()


def related(record: LogRecord) -> bool:
    """Whether it belongs to a span."""
    return (
        len(record.trace_id) == 16
        and len(record.span_id) == 8
        and any(record.trace_id)
        and any(record.span_id)
    )


def rows_of_message(message: ExportLogsServiceRequest) -> list[Row]:
    """Every log record of a request that belongs to a span, field by field."""
    return [
        {
            "resource": [(a.key, a.value) for a in sent.resource.attributes],
            "entities": [json_format.MessageToDict(r) for r in sent.resource.entity_refs],
            "dropped": (
                sent.resource.dropped_attributes_count,
                scoped.scope.dropped_attributes_count,
                one.dropped_attributes_count,
            ),
            "urls": (sent.schema_url, scoped.schema_url),
            "scope": (
                scoped.scope.name,
                scoped.scope.version,
                [(a.key, a.value) for a in scoped.scope.attributes],
            ),
            "ids": (one.trace_id, one.span_id, one.flags),
            "times": (one.time_unix_nano, one.observed_time_unix_nano),
            "severity": (one.severity_number, one.severity_text),
            "event": one.event_name,
            "body": one.body,
            "attributes": [(a.key, a.value) for a in one.attributes],
        }
        for sent in message.resource_logs
        for scoped in sent.scope_logs
        for one in scoped.log_records
        if related(one)
    ]


def to_json(message: ExportLogsServiceRequest) -> bytes:
    """A request as OTLP/JSON."""
    return json.dumps(otlp.to_json(message)).encode()


records = st.builds(
    LogRecord,
    trace_id=otlp.trace_ids | st.sampled_from([b"", bytes(16), b"short"]),
    span_id=otlp.span_ids | st.sampled_from([b"", bytes(8)]),
    flags=otlp.uint32,
    time_unix_nano=otlp.uint64,
    observed_time_unix_nano=otlp.uint64,
    severity_number=st.integers(0, 24),
    severity_text=otlp.texts,
    event_name=otlp.texts,
    body=st.none() | otlp.any_values,
    attributes=otlp.attribute_lists,
    dropped_attributes_count=otlp.uint32,
)


@st.composite
def requests(draw: st.DrawFn) -> ExportLogsServiceRequest:
    """A request with every field of OTLP's logs."""
    message = ExportLogsServiceRequest()
    for _ in range(draw(st.integers(0, 2))):
        sent = message.resource_logs.add(schema_url=draw(otlp.texts))
        sent.resource.attributes.extend(draw(otlp.attribute_lists))
        sent.resource.dropped_attributes_count = draw(otlp.uint32)
        for _ in range(draw(st.integers(0, 1))):
            sent.resource.entity_refs.add(schema_url=draw(otlp.texts), type=draw(otlp.texts))
        for _ in range(draw(st.integers(0, 2))):
            scoped = sent.scope_logs.add(schema_url=draw(otlp.texts))
            scoped.scope.name, scoped.scope.version = draw(otlp.texts), draw(otlp.texts)
            scoped.scope.attributes.extend(draw(otlp.attribute_lists))
            scoped.scope.dropped_attributes_count = draw(otlp.uint32)
            scoped.log_records.extend(draw(st.lists(records, max_size=3)))
    return message
