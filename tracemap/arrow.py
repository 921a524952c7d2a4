"""Rows as Arrow that every reader understands, and on the wire between a server and its clients."""

from __future__ import annotations

import pyarrow as pa

from tracemap.errors import InputError
from tracemap.rows import Rows, distinct, interval_text


def plain(rows: Rows) -> pa.Table:
    """A table without Arrow's rarer types.

    Enums become text, whole decimals (sums, HUGEINT) become integers where they fit, intervals
    become text. Columns of one name get a number. Raises InputError for a type that has none.
    """
    table = pa.table(rows)
    columns = [_column(table.column(i)) for i in range(table.num_columns)]
    return pa.table(columns, names=distinct(table.column_names))


def to_ipc(rows: Rows) -> bytes:
    """The rows as an Arrow IPC stream."""
    table = plain(rows)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _column(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    kind = column.type
    if pa.types.is_interval(kind):
        texts = [None if v is None else interval_text(v) for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_decimal(kind) and kind.scale == 0:
        try:
            return column.cast(pa.int64())
        except pa.ArrowInvalid:
            return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    wanted = _without_enums(kind)
    return column if wanted == kind else column.cast(wanted)


def _without_enums(kind: pa.DataType) -> pa.DataType:
    """The type with text for enums, at any depth. Raises InputError for a nested interval."""
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_interval(kind) or pa.types.is_union(kind):
        what = "a union" if pa.types.is_union(kind) else "an interval in a list"
        raise InputError(
            f"a column has a type that cannot be shown: {what}", do="cast it to VARCHAR"
        )
    if pa.types.is_struct(kind):
        return pa.struct([f.with_type(_without_enums(f.type)) for f in kind.fields])
    if pa.types.is_map(kind):
        return pa.map_(
            kind.key_field.with_type(_without_enums(kind.key_type)),
            kind.item_field.with_type(_without_enums(kind.item_type)),
        )
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(kind.value_field.with_type(_without_enums(kind.value_type)), kind.list_size)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_without_enums(kind.value_type)))
    return kind
