"""Writing: the statements are planned once, whatever happens around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import front
import otlp_requests as otlp
import pyarrow as pa
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracemap.batch import SpanBatch
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import StoreError
from tracemap.inserts import Inserts
from tracemap.local import LocalBackend
from tracemap.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "db.duckdb") as opened:
        yield opened


def batch(number: int, *, service: str = "shop") -> SpanBatch:
    """One span with an event and a link."""
    one = otlp.span(
        span_id=number.to_bytes(8),
        attributes=[otlp.attribute("order.id", string_value=f"{service}-{number}")],
        events=[Span.Event(name="placed", time_unix_nano=number)],
        links=[Span.Link(trace_id=otlp.TRACE, span_id=otlp.SPAN)],
    )
    return decode([otlp.request(one, service=service).SerializeToString()])


def stored(store: Store) -> list[int]:
    """Rows of batches, shapes, resources, scopes, spans, links and events."""
    tables = ("batch", "shape", "resource", "scope", "span", "link", "event")
    counts = (store.cursor().execute(f"SELECT count(*) FROM store.{t}").fetchone() for t in tables)
    return [row[0] for row in counts if row]


#: What separates stored values, what marks that, and other things that text may hold.
HOSTILE = ["", "\x1f", "\x1e", "\x00", "a\x1f\x1eb", "\x1e" * 40, "é😀", "long " * 5000]


@pytest.mark.parametrize("plain", [True, False])
def test_values_come_back_as_the_list_they_were(store: Store, plain: bool) -> None:
    texts = [text for text in HOSTILE if not plain or not {"\x1e", "\x1f"} & set(text)]
    lists = [[], [""], ["", ""], texts, *([text] for text in texts)]
    spans = [
        otlp.span(
            span_id=(1 + number).to_bytes(8),
            attributes=[otlp.attribute(f"k{i}", string_value=v) for i, v in enumerate(values)],
        )
        for number, values in enumerate(lists)
    ]
    store.write([decode([otlp.request(*spans).SerializeToString()])])
    marked = store.cursor().execute("SELECT bool_or(packed[1] = chr(30)) FROM store.packed_span")
    assert marked.fetchone() == (not plain,)
    for _ in range(2):  # from the write-ahead log, and from the file
        rows = store.cursor().execute("SELECT vals FROM store.span ORDER BY span_id").fetchall()
        assert [row[0] for row in rows] == lists
        store.checkpoint()


def test_several_batches_of_one_write_are_numbered_on(store: Store) -> None:
    store.write([batch(1), batch(2, service="bank")])
    store.write([batch(3)])
    rows = store.cursor().execute("SELECT batch_id, spans, links, events, total FROM store.batch")
    assert rows.fetchall() == [(1, 1, 1, 1, 1), (2, 1, 1, 1, 2), (3, 1, 1, 1, 3)]
    assert stored(store)[4:] == [3, 3, 3]
    assert store.missing_rows() == []
    services = store.cursor().execute(
        "SELECT s.span_id, r.service FROM store.span AS s JOIN store.resource AS r"
        " USING (resource_id) ORDER BY 1"
    )
    assert services.fetchall() == [(1, "shop"), (2, "bank"), (3, "shop")]


def test_writing_goes_on_when_tables_come_and_go_around_it(tmp_path: Path) -> None:
    backend = LocalBackend.open(tmp_path / "db.duckdb", create=True)
    try:
        backend.store.write([batch(1)])
        backend.refresh()  # replaces the tables of schema derived
        backend.store.write([batch(2)])
        backend.store.checkpoint()
        backend.store.write([batch(3)])
        assert stored(backend.store)[4:] == [3, 3, 3]
    finally:
        backend.close()


def test_a_write_that_fails_leaves_nothing_and_the_next_one_is_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([batch(1)])
    before = stored(store)
    run = Inserts.run

    def fails(self: Inserts, tables: Mapping[str, pa.Table]) -> None:
        run(self, tables)
        raise duckdb.IOException("IO Error: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Inserts, "run", fails)
        with pytest.raises(StoreError, match="the disk is full"):
            store.write([batch(2, service="bank")])
    assert stored(store) == before
    store.write([batch(2, service="bank")])
    assert stored(store)[4:] == [2, 2, 2]
    assert store.missing_rows() == []


def test_a_rebuilt_statement_still_refuses_what_the_table_does(store: Store) -> None:
    store.write([batch(1)])
    broken = batch(2)
    nulls = pa.nulls(1, pa.uint64())
    schema = broken.spans.schema
    place = schema.get_field_index("start_ns")
    broken.spans = pa.Table.from_arrays(
        [*broken.spans.columns[:place], nulls, *broken.spans.columns[place + 1 :]], schema=schema
    )
    before = stored(store)
    with pytest.raises(StoreError):
        store.write([batch(3), broken])
    assert stored(store) == before


def test_a_closed_store_leaves_no_file_but_its_own(tmp_path: Path) -> None:
    path = tmp_path / "db.duckdb"
    with Store.open(path) as store:
        store.write([batch(1)])
    assert [file.name for file in tmp_path.iterdir()] == ["db.duckdb"]
    with front.local(path) as opened:
        assert len(opened.sql("SELECT * FROM spans")) == 1


@pytest.mark.parametrize("name", ["store.duckdb", "Derived.v2.duckdb"])
def test_a_name_that_no_database_can_have_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="the name of one of its own schemas"):
        Store.open(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_a_database_holds_three_gigabytes_at_most_and_less_where_asked(tmp_path: Path) -> None:
    read = "SELECT current_setting('memory_limit')"
    with Store.open(tmp_path / "a.duckdb") as store:
        ((bound,),) = store.cursor().execute(read).fetchall()
        assert bound.endswith("GiB")
        assert float(bound.split()[0]) <= 2.8
        with Store.open(tmp_path / "a.duckdb") as again:
            assert again.cursor().execute(read).fetchall() == [(bound,)]
    with Store.open(tmp_path / "b.duckdb", memory=500_000_000) as store:
        assert store.cursor().execute(read).fetchall() == [("476.8 MiB",)]
