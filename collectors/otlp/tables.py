"""The three tables of a batch (``tracemap.batch``), built from decoded OTLP columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import EVENTS, LINKS, SPANS
from tracemap.collectors.otlp.attributes import Attributes
from tracemap.collectors.otlp.ids import Ids, check_links, span_ids, trace_ids, uuids
from tracemap.collectors.otlp.values import Ints

_NO_LINKS = LINKS.empty_table()
_NO_EVENTS = EVENTS.empty_table()


@dataclass(frozen=True, slots=True)
class Children:
    """Lists within rows, flattened: the events or the links of spans."""

    rows: pa.StructArray
    span: Ints  #: row that each belongs to
    position: Ints  #: index in that row's list

    @classmethod
    def of(cls, lists: pa.ListArray) -> Children:
        """Flatten one list a row."""
        offsets = np.asarray(lists.offsets)
        lengths = np.diff(offsets)
        count = int(offsets[-1])
        return cls(
            lists.values,
            np.repeat(np.arange(len(lengths), dtype=np.uint32), lengths),
            np.arange(count, dtype=np.uint32) - np.repeat(offsets[:-1], lengths),
        )


def spans_table(
    spans: pa.StructArray,
    ids: Ids,
    owners: tuple[Ints, Ints],
    attributes: Attributes,
    lost_links: Ints | None,
) -> pa.Table:
    """SPANS. ``owners`` are resource_no and scope_no of each span; ``lost_links`` the number of
    links left out of each, when any."""
    column = spans.field
    resource_no, scope_no = owners
    shape_no, vals = attributes
    dropped_links = column("dropped_links_count")
    if lost_links is not None:
        total = np.asarray(dropped_links).astype(np.uint64) + lost_links
        dropped_links = pa.array(np.minimum(total, 0xFFFF_FFFF).astype(np.uint32))
    status_message, status = column("status").flatten()
    return pa.Table.from_arrays(
        [
            pa.array(np.arange(len(spans), dtype=np.uint32)),
            pa.array(resource_no.astype(np.uint32)),
            pa.array(scope_no.astype(np.uint32)),
            uuids(ids.trace),
            pa.array(ids.span),
            pa.array(ids.parent, mask=ids.parent == 0),
            null_when_empty(column("trace_state")),
            column("flags"),
            column("name"),
            small(column("kind")),
            column("start_time_unix_nano"),
            column("end_time_unix_nano"),
            pa.array(shape_no),
            vals,
            column("dropped_attributes_count"),
            column("dropped_events_count"),
            dropped_links,
            small(status.fill_null(0)),
            null_when_empty(status_message),
        ],
        schema=SPANS,
    )


def links_table(
    links: Children, ids: Ids, attributes: Attributes
) -> tuple[pa.Table, Ints | None, dict[int, str]]:
    """LINKS without those whose ids cannot be used; how many each span lost, or None; and why, by
    span (of several, the first)."""
    if not len(links.rows):
        return _NO_LINKS, None, {}
    reasons = check_links(links.rows)
    shape_no, vals = attributes
    lost, why = None, {}
    if reasons:
        bad = np.zeros(len(links.rows), bool)
        bad[list(reasons)] = True
        lost = np.bincount(links.span[bad], minlength=len(ids.span)).astype(np.uint64)
        for row in sorted(reasons, reverse=True):
            link = int(links.position[row]) + 1
            why[int(links.span[row])] = f"link {link} is left out: {reasons[row]}"
        keep = pa.array(~bad)
        links = Children(links.rows.filter(keep), links.span[~bad], links.position[~bad])
        shape_no, vals = shape_no[~bad], vals.filter(keep)
    column = links.rows.field
    table = pa.Table.from_arrays(
        [
            pa.array(links.span),
            pa.array(links.position),
            uuids(ids.trace[links.span]),
            pa.array(ids.span[links.span]),
            uuids(trace_ids(column("trace_id"))),
            pa.array(span_ids(column("span_id"))),
            null_when_empty(column("trace_state")),
            column("flags"),
            pa.array(shape_no),
            vals,
            column("dropped_attributes_count"),
        ],
        schema=LINKS,
    )
    return table, lost, why


def events_table(events: Children, ids: Ids, attributes: Attributes) -> pa.Table:
    """EVENTS."""
    if not len(events.rows):
        return _NO_EVENTS
    column = events.rows.field
    shape_no, vals = attributes
    return pa.Table.from_arrays(
        [
            pa.array(events.span),
            pa.array(events.position),
            uuids(ids.trace[events.span]),
            pa.array(ids.span[events.span]),
            column("time_unix_nano"),
            column("name"),
            pa.array(shape_no),
            vals,
            column("dropped_attributes_count"),
        ],
        schema=EVENTS,
    )


def null_when_empty(column: pa.StringArray) -> pa.Array:
    """Text, null where it is empty or absent."""
    if not len(column) or pc.max(pc.binary_length(column)).as_py() in (0, None):
        return pa.nulls(len(column), pa.string())
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def small(enum: pa.Int32Array) -> pa.Array:
    """An enum as uint8; protobuf allows any 32-bit number, and those mean nothing: 0."""
    numbers = np.asarray(enum)
    return pa.array(np.where((numbers < 0) | (numbers > 255), 0, numbers).astype(np.uint8))
