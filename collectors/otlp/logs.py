"""OTLP requests of logs -> one ``SpanBatch`` of log records, in columns.

Only records that belong to a span are stored: those with a trace id of 16 and a span id of 8 bytes,
neither all zero. Any other, says logs.proto, belongs to none; those are counted. A record that
cannot be stored (its values are nested too deep) is rejected as a span would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tracemap.batch import LOGS, SPANS, SpanBatch
from tracemap.collectors.otlp import attributes, counting, groups, signals, wire
from tracemap.collectors.otlp.attributes import BrokenValuesError, Shapes
from tracemap.collectors.otlp.ids import check_links, span_ids, trace_ids, uuids
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.owners import Owners
from tracemap.collectors.otlp.tables import Children, null_when_empty, small
from tracemap.collectors.otlp.values import Ints
from tracemap.errors import PayloadError

#: The name under which a body is spoken of, and may be named to be dropped or hashed.
BODY = "body"


def decode(requests: Sequence[bytes], *, limits: Limits = DEFAULT_LIMITS) -> SpanBatch:
    """Decode serialised ``ExportLogsServiceRequest`` messages (``LogsData`` is the same).

    Raises PayloadError when any of them is none, TooLargeError when they are beyond ``limits``
    together; decode them one at a time then to tell which.
    """
    size = sum(map(len, requests))
    for body in requests:
        if len(body) > 2 * limits.items:
            counting.bound(body, limits, signals.LOGS)
    groups.refuse_deep(requests, signals.LOGS)
    try:
        rows = wire.columns(wire.LOGS_HANDLER, requests)
    except ValueError as error:
        why = str(error).removeprefix("failed to decode Protobuf message: ")
        raise PayloadError(f"this is not an OTLP logs request ({why})") from error
    if size > 2 * limits.fewest:
        counting.check(rows, limits)
    per_request = np.diff(np.asarray(rows.offsets))
    if any(body and not count for body, count in zip(requests, per_request, strict=True)):
        raise PayloadError("this is not an OTLP logs request (it holds no resource logs)")
    return _batch(rows, limits)


@dataclass(frozen=True, slots=True)
class _Records:
    """Log records with where each stands."""

    rows: pa.StructArray
    scope: Ints  #: scope of each
    request: Ints  #: request of each
    position: Ints  #: position of each in its scope, from 0

    def only(self, keep: Ints) -> _Records:
        """Those that ``keep`` marks."""
        rows = self.rows.filter(pa.array(keep))
        return _Records(rows, self.scope[keep], self.request[keep], self.position[keep])


def _batch(requests: pa.ListArray, limits: Limits) -> SpanBatch:
    resources = Children.of(requests)
    scopes = Children.of(resources.rows.field("scope_logs"))
    found = Children.of(scopes.rows.field("log_records"))
    request = resources.span[scopes.span][found.span]
    records = _Records(found.rows, found.span, request, found.position)
    keep = np.ones(len(records.rows), bool)
    keep[list(check_links(records.rows))] = False  # a record's ids are those of a link
    unrelated = np.bincount(request[~keep], minlength=len(requests))
    records = records.only(keep)
    shapes = Shapes()
    rejected: dict[int, str] = {}
    try:
        columns = _attributes(records.rows, shapes, limits)
    except BrokenValuesError as broken:
        rejected = broken.reasons
        reasons = [
            f"log record {records.position[row] + 1} of its scope: {why}"
            for row, why in sorted(rejected.items())
        ]
        keep = np.ones(len(records.rows), bool)
        keep[list(rejected)] = False
        records = records.only(keep)
        columns = _attributes(records.rows, shapes, limits)
    else:
        reasons = []
    owners = Owners(shapes, limits)
    numbers = owners.numbers(resources.rows, scopes.rows, scopes.span, records.scope)
    return SpanBatch(
        shapes=tuple(shapes.numbers),
        resources=tuple(owners.resources),
        scopes=tuple(owners.scopes),
        spans=SPANS.empty_table(),
        logs=_table(records.rows, numbers, *columns),
        rejected=len(rejected),
        rejected_for={"value": len(rejected)},
        reasons=tuple(reasons[: limits.reasons]),
        unrelated=tuple(unrelated.tolist()),
    )


def _bodies(records: pa.StructArray) -> pa.ListArray:
    """The bodies as attribute lists of one each, to be read as those are."""
    count = len(records)
    names = pa.repeat(pa.scalar(BODY, pa.string()), count)
    pairs = pa.StructArray.from_arrays([names, records.field("body")], ["key", "value"])
    return pa.ListArray.from_arrays(pa.array(np.arange(count + 1, dtype=np.int32)), pairs)


def _attributes(
    records: pa.StructArray, shapes: Shapes, limits: Limits
) -> tuple[attributes.Attributes, tuple[Ints, pa.Array]]:
    """The attributes, and (type, text) of the bodies. Raises BrokenValuesError with rows."""
    apart = Shapes()
    reasons: dict[int, str] = {}
    found = []
    for lists, of in ((_bodies(records), apart), (records.field("attributes"), shapes)):
        try:
            found += attributes.columns([lists], of, limits)
        except BrokenValuesError as broken:
            reasons |= _by_record(broken.reasons, lists)
    for name in ("severity_text", "event_name"):
        column = records.field(name)
        reasons |= attributes.too_long(column, limits.name_length, f'"{name}" has')
    if reasons:
        raise BrokenValuesError(reasons)
    columns, (number, texts) = found[1], found[0]
    types = np.asarray([shape.types[0] for shape in apart.numbers], np.uint8)[number]
    return columns, (types, texts.values)


def _by_record(reasons: dict[int, str], lists: pa.ListArray) -> dict[int, str]:
    """Reasons given by position in the values of all lists, by row instead."""
    offsets = np.asarray(lists.offsets)
    found: dict[int, str] = {}
    for at, why in reasons.items():
        key = lists.values.field("key")[at].as_py()
        key = key if len(key) <= 80 else key[:79] + "…"
        found.setdefault(int(np.searchsorted(offsets, at, side="right")) - 1, f'"{key}" {why}')
    return found


def _table(
    records: pa.StructArray,
    owners: tuple[Ints, Ints],
    columns: attributes.Attributes,
    bodies: tuple[Ints, pa.Array],
) -> pa.Table:
    """LOGS."""
    if not len(records):
        return LOGS.empty_table()
    column = records.field
    resource_no, scope_no = owners
    shape_no, vals = columns
    body_type, body = bodies
    return pa.Table.from_arrays(
        [
            pa.array(np.arange(len(records), dtype=np.uint32)),
            pa.array(resource_no.astype(np.uint32)),
            pa.array(scope_no.astype(np.uint32)),
            uuids(trace_ids(column("trace_id"))),
            pa.array(span_ids(column("span_id"))),
            column("flags"),
            column("time_unix_nano"),
            column("observed_time_unix_nano"),
            small(column("severity_number")),
            null_when_empty(column("severity_text")),
            null_when_empty(column("event_name")),
            pa.array(body_type),
            body,
            pa.array(shape_no),
            vals,
            column("dropped_attributes_count"),
        ],
        schema=LOGS,
    )
