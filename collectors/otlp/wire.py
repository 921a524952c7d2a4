"""OTLP's messages, reshaped for column decoding: the same bytes on the wire, fewer columns.

Four fields are declared as ``bytes`` instead of the message they hold. Protobuf writes both the
same way, so the decoder hands them over undecoded:

- ``Resource`` and ``InstrumentationScope`` repeat from request to request: they are decoded once
  for each distinct run of bytes, not into columns;
- ``AnyValue`` has a column for each of its seven types, of which each value fills one: it is read
  from its bytes instead (``values``), which costs less and knows which of several values is last.

The descriptors are derived from the installed OTLP ones; ``tests/test_otlp_coverage.py`` fails
when OTLP gains a field, until it has a place.

``*_strindex`` fields refer to a string table that only the profiling signal has. As OTLP's
common.proto asks of receivers of other signals, they are treated as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ptars
import pyarrow as pa
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.proto.common.v1 import common_pb2
from opentelemetry.proto.logs.v1 import logs_pb2
from opentelemetry.proto.resource.v1 import resource_pb2
from opentelemetry.proto.trace.v1 import trace_pb2

_FILES = (  # dependencies first
    common_pb2,
    resource_pb2,
    trace_pb2,
    trace_service_pb2,
    logs_pb2,
    logs_service_pb2,
)
_TRACES = "collector.trace.v1.ExportTraceServiceRequest"
_LOGS = "collector.logs.v1.ExportLogsServiceRequest"
_IGNORED_SUFFIX = "_strindex"

_RAW_VALUES = {("KeyValue", "value"), ("LogRecord", "body")}
_RAW_OWNERS = {
    ("ResourceSpans", "resource"),
    ("ScopeSpans", "scope"),
    ("ResourceLogs", "resource"),
    ("ScopeLogs", "scope"),
}
_COUNTED = {
    ("ExportTraceServiceRequest", "resource_spans"),
    ("ResourceSpans", "scope_spans"),
    ("ScopeSpans", "spans"),
    ("Span", "events"),
    ("Span", "links"),
    ("ExportLogsServiceRequest", "resource_logs"),
    ("ResourceLogs", "scope_logs"),
    ("ScopeLogs", "log_records"),
}
_COUNTED_RAW = {(name, "attributes") for name in ("Span", "Event", "Link", "LogRecord")}
_CONTAINED_RAW = {("ScopeSpans", "spans"), ("ScopeLogs", "log_records")}

#: What becomes of a field of a message: "keep" it, take it as "raw" bytes, or "drop" it.
_Plan = Callable[[str, str], str]


def _slim(message: str, field: str) -> str:
    """For decoding: resources, scopes and nested values stay raw."""
    if field.endswith(_IGNORED_SUFFIX):
        return "drop"
    return "raw" if (message, field) in _RAW_VALUES | _RAW_OWNERS else "keep"


def _counting(message: str, field: str) -> str:
    """For counting before decoding: only the lists, their innermost elements raw."""
    if (message, field) in _COUNTED_RAW:
        return "raw"
    return "keep" if (message, field) in _COUNTED else "drop"


def _containing(message: str, field: str) -> str:
    """For looking at a request from outside: its spans or log records raw, and nothing else."""
    if (message, field) in _CONTAINED_RAW:
        return "raw"
    return "keep" if (message, field) in _COUNTED and message != "Span" else "drop"


def _pool(plan: _Plan) -> descriptor_pool.DescriptorPool:
    """A descriptor pool with OTLP's files, each field treated as ``plan`` says."""
    pool = descriptor_pool.DescriptorPool()
    for module in _FILES:
        file = FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        for message in file.message_type:
            _reshape(message, plan)
        pool.Add(file)
    return pool


def _reshape(message: DescriptorProto, plan: _Plan) -> None:
    for nested in message.nested_type:
        _reshape(nested, plan)
    for field in list(message.field):
        fate = plan(message.name, field.name)
        if fate == "drop":
            message.field.remove(field)
        elif fate == "raw":
            field.type = FieldDescriptorProto.TYPE_BYTES
            field.ClearField("type_name")
    if not message.field:
        del message.oneof_decl[:]  # a choice between no fields is no valid descriptor


def _find(pool: descriptor_pool.DescriptorPool, name: str) -> Any:
    return pool.FindMessageTypeByName(f"opentelemetry.proto.{name}")


def _handler(pool: descriptor_pool.DescriptorPool, request: str) -> Any:
    descriptor = _find(pool, request)
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


def columns(handler: Any, requests: Sequence[bytes]) -> pa.ListArray:
    """Requests as columns by one of the handlers below, one row a request. Raises ValueError."""
    try:
        return handler.list_to_record_batch(list(requests)).column(0)
    except Exception:
        raise
    except BaseException as error:
        # A panic of the decoder on bytes it did not expect (ptars 0.0.25: lengths that end within
        # a number) is no Exception. It has unwound, and it must not end the thread that decodes.
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError("a length does not fit its field") from error


_slim_pool = _pool(_slim)
_counting_pool = _pool(_counting)

#: Of whole requests.
HANDLER = _handler(_slim_pool, _TRACES)
LOGS_HANDLER = _handler(_slim_pool, _LOGS)
#: Of only the lists in them, for a first pass that counts.
COUNTING_HANDLER = _handler(_counting_pool, _TRACES)
LOGS_COUNTING_HANDLER = _handler(_counting_pool, _LOGS)
#: The descriptors of what those read.
COUNTING = _find(_counting_pool, _TRACES)
LOGS_COUNTING = _find(_counting_pool, _LOGS)


def _class(pool: descriptor_pool.DescriptorPool, name: str) -> Any:
    return message_factory.GetMessageClass(_find(pool, name))


#: Message classes; an ``AnyValue`` is bytes in them.
Resource: Any = _class(_slim_pool, "resource.v1.Resource")
Scope: Any = _class(_slim_pool, "common.v1.InstrumentationScope")
Span: Any = _class(_slim_pool, "trace.v1.Span")
LogRecord: Any = _class(_slim_pool, "logs.v1.LogRecord")
_containing_pool = _pool(_containing)
#: Requests whose spans or log records are bytes, by protobuf's library and as columns.
Containers: Any = _class(_containing_pool, _TRACES)
LogContainers: Any = _class(_containing_pool, _LOGS)
CONTAINERS_HANDLER = _handler(_containing_pool, _TRACES)
LOG_CONTAINERS_HANDLER = _handler(_containing_pool, _LOGS)
