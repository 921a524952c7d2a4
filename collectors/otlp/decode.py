"""OTLP requests -> one ``SpanBatch``, in columns: no Python object for a span or an attribute.

Spans that cannot be stored (ids of a wrong length or all zero, values nested too deep) are
rejected one by one and counted; the rest of their request is kept. A link with a bad id is left
out and counted in its span's ``dropped_links``, where a reader looks for missing links. A parent id
of all zeros is W3C's "no parent".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tracemap.batch import SPANS, SpanBatch
from tracemap.collectors.otlp import attributes, counting, groups, wire
from tracemap.collectors.otlp.attributes import Attributes, BrokenValuesError, Shapes
from tracemap.collectors.otlp.ids import Ids, check_spans
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.owners import Owners
from tracemap.collectors.otlp.tables import Children, events_table, links_table, spans_table
from tracemap.collectors.otlp.values import Ints
from tracemap.errors import PayloadError


def decode(
    requests: Sequence[bytes],
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> SpanBatch:
    """Decode serialised ``ExportTraceServiceRequest`` messages (``TracesData`` is the same).

    Raises PayloadError when any of them is not an OTLP trace request, TooLargeError when they are
    beyond ``limits`` together; decode them one at a time then to tell which.
    """
    if not any(requests):
        return SpanBatch((), (), (), SPANS.empty_table())
    size = sum(map(len, requests))
    # An item takes two bytes at least. Requests that are decoded together are few bytes together.
    for body in requests:
        if len(body) > 2 * limits.items:
            counting.bound(body, limits)
    groups.refuse_deep(requests)
    try:
        rows = wire.columns(wire.HANDLER, requests)
    except ValueError as error:
        why = str(error).removeprefix("failed to decode Protobuf message: ")
        raise PayloadError(f"this is not an OTLP trace request ({why})") from error
    per_request = np.diff(np.asarray(rows.offsets))
    if any(body and not count for body, count in zip(requests, per_request, strict=True)):
        raise PayloadError("this is not an OTLP trace request (it holds no resource spans)")
    if size > 2 * limits.fewest:
        counting.check(rows, limits)
    return _batch(_Tree.of(rows), limits)


@dataclass(frozen=True, slots=True)
class _Tree:
    """The lists of a decoded batch, flattened."""

    resources: pa.StructArray
    scopes: pa.StructArray
    spans: pa.StructArray
    scope_resource: Ints  #: resource of each scope
    span_scope: Ints  #: scope of each span
    span_position: Ints  #: position of each span in its request, from 0
    span_total: Ints  #: spans of the request of each span

    @classmethod
    def of(cls, rows: pa.ListArray) -> _Tree:
        resources = rows.values
        scopes = resources.field("scope_spans").values
        spans = scopes.field("spans").values
        resource_request = _owner(rows)
        scope_resource = _owner(resources.field("scope_spans"))
        span_scope = _owner(scopes.field("spans"))
        scope_request = resource_request[scope_resource]
        totals = np.bincount(scope_request[span_scope], minlength=len(rows))
        starts = np.cumsum(totals) - totals
        return cls(
            resources,
            scopes,
            spans,
            scope_resource,
            span_scope,
            np.arange(len(spans)) - np.repeat(starts, totals),
            np.repeat(totals, totals),
        )

    def only(self, keep: Ints) -> _Tree:
        """The tree with the spans that ``keep`` marks."""
        return _Tree(
            self.resources,
            self.scopes,
            self.spans.filter(pa.array(keep)),
            self.scope_resource,
            self.span_scope[keep],
            self.span_position[keep],
            self.span_total[keep],
        )

    def place(self, span: int) -> str:
        """Where a span stands, for people: 'span 3 of 12 ("charge card")'."""
        name = _short(self.spans.field("name")[span].as_py())
        return f'span {self.span_position[span] + 1} of {self.span_total[span]} ("{name}")'


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _owner(lists: pa.ListArray) -> Ints:
    """For each element of the lists, the row it stands in."""
    lengths = np.diff(np.asarray(lists.offsets))
    return np.repeat(np.arange(len(lengths)), lengths)


class _Refusals:
    """Counts what was refused and keeps the first reasons."""

    def __init__(self, limits: Limits) -> None:
        self.kinds: Counter[str] = Counter()
        self.reasons: list[str] = []
        self._limits = limits

    def note(self, tree: _Tree, reasons: dict[int, str]) -> None:
        """Keep reasons, given by span of ``tree``."""
        for span in sorted(reasons)[: max(0, self._limits.reasons - len(self.reasons))]:
            self.reasons.append(f"{tree.place(span)}: {reasons[span]}")

    def without(self, tree: _Tree, **refused: dict[int, str]) -> _Tree:
        """``tree`` without the spans that are refused, by kind of reason; the first counts."""
        reasons: dict[int, str] = {}
        for kind, some in refused.items():
            self.kinds[kind] += len(some.keys() - reasons.keys())
            reasons = some | reasons
        self.note(tree, reasons)
        keep = np.ones(len(tree.spans), bool)
        keep[list(reasons)] = False
        return tree.only(keep)


def _batch(tree: _Tree, limits: Limits) -> SpanBatch:
    refusals = _Refusals(limits)
    ids, texts = check_spans(tree.spans), _long_names(tree, limits)
    if ids or texts:
        tree = refusals.without(tree, id=ids, text=texts)
    events, links = _children(tree)
    shapes = Shapes()
    try:
        columns = _attributes(tree, events, links, shapes, limits)
    except BrokenValuesError as broken:
        values = _by_span(broken.reasons, tree.spans, events, links)
        tree = refusals.without(tree, value=values)
        events, links = _children(tree)
        columns = _attributes(tree, events, links, shapes, limits)
    span_attributes, event_attributes, link_attributes = columns
    owners = Owners(shapes, limits)
    numbers = owners.numbers(tree.resources, tree.scopes, tree.scope_resource, tree.span_scope)
    found = Ids.of(tree.spans)
    link_table, lost_links, reasons = links_table(links, found, link_attributes)
    refusals.note(tree, reasons)
    return SpanBatch(
        shapes=tuple(shapes.numbers),
        resources=tuple(owners.resources),
        scopes=tuple(owners.scopes),
        spans=spans_table(tree.spans, found, numbers, span_attributes, lost_links),
        links=link_table,
        events=events_table(events, found, event_attributes),
        rejected=refusals.kinds.total(),
        reasons=tuple(refusals.reasons),
        rejected_for=refusals.kinds,
    )


def _long_names(tree: _Tree, limits: Limits) -> dict[int, str]:
    """Why a span must be rejected whose texts, or whose events' names, are too long, by its row."""
    reasons: dict[int, str] = {}
    events = tree.spans.field("events")
    if long := attributes.too_long(events.values.field("name"), limits.name_length, "a name of"):
        rows = Children.of(events)
        for at, why in long.items():
            reasons[int(rows.span[at])] = f"event {rows.position[at] + 1} has {why}"
    for column, most, what in (
        (tree.spans.field("status").field("message"), limits.attribute_length, "status message"),
        (tree.spans.field("trace_state"), limits.attribute_length, "trace state"),
        (tree.spans.field("name"), limits.name_length, "name"),
    ):
        reasons |= attributes.too_long(column, most, f"the {what} has")
    return reasons


def _children(tree: _Tree) -> tuple[Children, Children]:
    """The events and links of all spans."""
    return Children.of(tree.spans.field("events")), Children.of(tree.spans.field("links"))


def _attributes(
    tree: _Tree, events: Children, links: Children, shapes: Shapes, limits: Limits
) -> list[Attributes]:
    """The attributes of spans, events and links as columns."""
    parts = (tree.spans, events.rows, links.rows)
    return attributes.columns([part.field("attributes") for part in parts], shapes, limits)


def _by_span(
    reasons: dict[int, str], spans: pa.StructArray, events: Children, links: Children
) -> dict[int, str]:
    """Reasons given by position in all attribute values, by span instead."""
    found: dict[int, str] = {}
    start = 0
    for part, owner in ((spans, None), (events.rows, events.span), (links.rows, links.span)):
        offsets = np.asarray(part.field("attributes").offsets)
        keys = part.field("attributes").values.field("key")
        for position, why in reasons.items():
            if start <= position < start + len(keys):
                at = position - start
                row = int(np.searchsorted(offsets, at, side="right")) - 1
                span = row if owner is None else int(owner[row])
                found.setdefault(span, f'attribute "{_short(keys[at].as_py())}" {why}')
        start += len(keys)
    return found
