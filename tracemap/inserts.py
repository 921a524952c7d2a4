"""INSERT statements that are planned once, and run with every commit.

To plan one costs more than to insert a small batch. So a cursor is kept on which each table of the
store has its statement, prepared over a view of Arrow rows; which rows those are changes.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from tracemap import queries
from tracemap.tables import STORED


class _Rows:
    """What the view of one table shows. DuckDB asks for the stream at each run."""

    def __init__(self, schema: pa.Schema) -> None:
        self._nothing = schema.empty_table()
        self.table = self._nothing

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)

    def clear(self) -> None:
        """Let go of the rows."""
        self.table = self._nothing


class Inserts:
    """The statements, on ``cursor``, which belongs to them from now on."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self.cursor = cursor
        self._rows = {name: _Rows(schema) for name, schema in STORED.items()}
        for name, rows in self._rows.items():
            cursor.register(f"incoming_{name}", rows)
            cursor.execute(queries.text(f"store/prepare_{name}"))

    def run(self, tables: Mapping[str, pa.Table]) -> None:
        """Insert the rows of each table that has any, in the cursor's transaction."""
        for name, table in tables.items():
            if not table.num_rows:
                continue
            rows = self._rows[name]
            rows.table = table
            try:
                self.cursor.execute(queries.text(f"store/insert_{name}"))
            finally:
                rows.clear()
