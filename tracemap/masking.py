"""Patterns of text, masked wherever they are found: an e-mail address in a span's name, a card
number in an exception's message.

Patterns are regular expressions of RE2, which takes time in proportion to the text whatever that
is: it came from strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from tracemap.batch import Resource, Scope, SpanBatch, ValueType
from tracemap.errors import InputError

MASK: Final = "***"
#: Columns of free text, by table. Trace states belong to vendors, who read them.
_COLUMNS: Final = {
    "spans": ("name", "status_message"),
    "events": ("name",),
    "logs": ("severity_text", "event_name"),
}
_TABLES: Final = ("spans", "links", "events", "logs")


def check(pattern: str) -> None:
    """Raises InputError when it is no regular expression, or would be found in no text at all."""
    try:
        empty = pc.match_substring_regex(pa.array([""]), pattern=pattern)[0].as_py()
    except pa.ArrowInvalid as error:
        raise InputError(
            f"/{pattern}/ is no regular expression ({error})", do="write it as RE2 has it"
        ) from error
    if empty:
        raise InputError(
            f"/{pattern}/ is found in every text, also in one of no characters",
            do="write a pattern that needs something to be there",
        )


class Masking:
    """Masks what any of ``patterns`` finds. Raises InputError for one that is none."""

    def __init__(self, patterns: Sequence[str]) -> None:
        for pattern in patterns:
            check(pattern)
        self._pattern = "|".join(f"(?:{pattern})" for pattern in patterns)

    def apply(self, batch: SpanBatch) -> SpanBatch:
        """The batch with all its text masked."""
        changed: dict[str, Any] = {}
        for name in _TABLES:
            table = getattr(batch, name)
            if table.num_rows:
                table = table.combine_chunks()
                for column in _COLUMNS.get(name, ()):
                    table = _with(table, column, self._texts(_whole(table, column)))
                changed[name] = self._values(table, batch)
        if "logs" in changed:
            changed["logs"] = self._bodies(changed["logs"])
        return replace(
            batch,
            resources=tuple(self._owner(one, batch) for one in batch.resources),
            scopes=tuple(self._owner(one, batch) for one in batch.scopes),
            **changed,
        )

    def _texts(self, texts: pa.StringArray) -> pa.StringArray:
        return pc.replace_substring_regex(texts, pattern=self._pattern, replacement=MASK)

    def _values(self, table: pa.Table, batch: SpanBatch) -> pa.Table:
        lists = _whole(table, "vals")
        numbers = np.asarray(table["shape_no"])
        first = np.asarray(lists.offsets)
        rows = np.repeat(np.arange(len(numbers)), np.diff(first))

        def kind(at: int) -> int:
            row = int(rows[at])
            types = batch.shapes[int(numbers[row])].types
            return types[at - int(first[row] - first[0])]

        vals = pa.ListArray.from_arrays(
            pa.array(first - first[0]), self._typed(lists.flatten(), kind)
        )
        return _with(table, "vals", vals)

    def _bodies(self, logs: pa.Table) -> pa.Table:
        kinds = logs["body_type"].to_pylist()
        return _with(logs, "body", self._typed(_whole(logs, "body"), kinds.__getitem__))

    def _owner(self, owner: Any, batch: SpanBatch) -> Any:
        """A resource, or a scope with its name."""
        assert isinstance(owner, Resource | Scope)
        kinds = batch.shapes[owner.shape].types
        values = self._typed(pa.array(owner.values, pa.string()), kinds.__getitem__)
        owner = replace(owner, values=tuple(values.to_pylist()))
        if isinstance(owner, Scope):
            named = self._texts(pa.array([owner.name, owner.version])).to_pylist()
            owner = replace(owner, name=named[0], version=named[1])
        return owner

    def _typed(self, texts: pa.StringArray, kind: Callable[[int], int]) -> pa.StringArray:
        """Attribute values, of which ``kind`` is the ``ValueType``: a number stays one."""
        masked = self._texts(texts)
        changed = np.flatnonzero(np.asarray(pc.not_equal(texts, masked)))
        if not len(changed):
            return texts
        kinds = [kind(at) for at in changed.tolist()]
        instead = [
            self._nested(texts[at].as_py(), of) if of in _NESTED else texts[at].as_py()
            for at, of in zip(changed.tolist(), kinds, strict=True)
            if of != ValueType.STRING
        ]
        other = np.zeros(len(texts), bool)
        other[changed[[of != ValueType.STRING for of in kinds]]] = True
        return pc.replace_with_mask(masked, pa.array(other), pa.array(instead, pa.string()))

    def _nested(self, text: str, kind: int) -> str:
        """The texts in a list or map; what else is in it, and the keys, stay."""
        tree, leaves = orjson.loads(text), []
        walk = _otlp if kind == ValueType.NESTED else _plain

        def collect(leaf: str) -> str:
            leaves.append(leaf)
            return leaf

        walk(tree, collect)
        masked = iter(self._texts(pa.array(leaves, pa.string())).to_pylist())
        return orjson.dumps(walk(tree, lambda _: next(masked))).decode()


_NESTED: Final = frozenset({ValueType.ARRAY, ValueType.KVLIST, ValueType.NESTED})


def _plain(tree: Any, change: Callable[[str], str]) -> Any:
    """A value of plain JSON with its texts changed, in order."""
    if isinstance(tree, str):
        return change(tree)
    if isinstance(tree, list):
        return [_plain(item, change) for item in tree]
    if isinstance(tree, dict):
        return {key: _plain(item, change) for key, item in tree.items()}
    return tree


def _otlp(tree: Any, change: Callable[[str], str]) -> Any:
    """The same of an AnyValue of OTLP/JSON."""
    if isinstance(tree, list):
        return [_otlp(item, change) for item in tree]
    if isinstance(tree, dict):
        return {
            key: change(item) if key == "stringValue" else _otlp(item, change)
            for key, item in tree.items()
        }
    return tree


def _whole(table: pa.Table, column: str) -> Any:
    """A column as one array."""
    chunked = table[column]
    return chunked.chunk(0) if chunked.num_chunks == 1 else chunked.combine_chunks()


def _with(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(column)
    return table.set_column(at, table.schema.field(at), values)
