"""Old spans go, by age and by size; open executions and ingest stay, and the file stops growing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import front
import otlp_requests as otlp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tracemap import pipeline, retention
from tracemap.cli.common import size_bytes
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import InputError
from tracemap.local import LocalBackend
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store
from tracemap.web.keeper import Keeper

SECOND = 10**9
DAY = 86_400 * SECOND
START = 1_750_000_000 * SECOND


class Clock:
    """The wall clock of a simulated month, for the store and the analysis."""

    def __init__(self) -> None:
        self.now = START

    def time_ns(self) -> int:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("tracemap.store.time.time_ns", found.time_ns)
    return found


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "db") as opened:
        yield opened


def order(number: int, at_ns: int, *, steps: int = 3, trace: int | None = None) -> list[Span]:
    """An order: a root and calls below it, each with the order's id."""
    trace_id = (trace or number).to_bytes(16)
    root = (number * 1000 + 1).to_bytes(8)
    return [
        otlp.span(
            f"step {n}",
            trace_id=trace_id,
            span_id=(number * 1000 + n + 1).to_bytes(8),
            parent_span_id=b"" if n == 0 else root,
            kind=Span.SPAN_KIND_SERVER if n == 0 else Span.SPAN_KIND_INTERNAL,
            start_time_unix_nano=at_ns + n * 10**6,
            end_time_unix_nano=at_ns + SECOND,
            attributes=[otlp.attribute("order.id", string_value=f"order-{number}")],
            events=[Span.Event(name="e", time_unix_nano=at_ns)],
            links=[Span.Link(trace_id=trace_id, span_id=root)] if n else [],
        )
        for n in range(steps)
    ]


def put(store: Store, *spans: Span, instance: str = "1") -> None:
    message = otlp.request(*spans)
    message.resource_spans[0].resource.attributes.append(
        otlp.attribute("service.instance.id", string_value=instance)
    )
    store.write([decode([message.SerializeToString()])])


def value(store: Store, sql: str) -> Any:
    row = store.cursor().execute(sql).fetchone()
    return row[0] if row else None


def executions(store: Store, clock: Clock) -> set[str]:
    pipeline.refresh(store, now_ns=clock.now)
    rows = store.cursor().execute("SELECT execution FROM executions").fetchall()
    return {row[0] for row in rows}


def keep(store: Store, clock: Clock, age: int | None = None, most: int | None = None) -> Any:
    return retention.keep(
        store,
        lambda: pipeline.refresh(store, now_ns=clock.now),
        now_ns=clock.now,
        keep_ns=age,
        most=most,
    )


def check_whole(store: Store) -> None:
    """Counts agree with rows, and nothing refers to what is gone."""
    assert store.missing_rows() == []
    for table in ("link", "event"):
        orphans = (
            f"SELECT count(*) FROM store.{table} ANTI JOIN store.span USING (batch_id, span_no)"
        )
        assert value(store, orphans) == 0
    for name in ("shape", "resource", "scope"):
        lost = f"SELECT count(*) FROM store.span ANTI JOIN store.{name} USING ({name}_id)"
        assert value(store, lost) == 0


def test_done_executions_go_by_age_whole(store: Store, clock: Clock) -> None:
    for number in range(1, 41):
        put(store, *order(number, clock.now))
        clock.now += DAY
    assert len(executions(store, clock)) == 40
    deleted = keep(store, clock, 10 * DAY)
    # Received before the cutoff: the last ten days stay.
    assert deleted.executions == tuple(sorted(f"order-{n}" for n in range(1, 31)))
    assert deleted.spans == 90
    assert executions(store, clock) == {f"order-{n}" for n in range(31, 41)}
    assert value(store, "SELECT count(*) FROM spans") == 30
    check_whole(store)
    assert keep(store, clock, 10 * DAY).spans == 0


def test_what_is_part_of_something_younger_stays(store: Store, clock: Clock) -> None:
    store.configure(Settings(keys=(KeySetting("order.id"),)))
    for number in range(1, 11):
        put(store, *order(number, clock.now))
    # A second order in the trace of order 3, and a late copy of a span of order 5.
    late, copied = order(103, clock.now + 20 * DAY, trace=3), order(5, clock.now)[:1]
    clock.now += 20 * DAY
    put(store, *late)
    put(store, *copied)
    clock.now += DAY
    deleted = keep(store, clock, 10 * DAY)
    assert {"order-3", "order-5"}.isdisjoint(deleted.executions)
    assert len(deleted.executions) == 8
    assert executions(store, clock) == {"order-3", "order-5", "order-103"}
    check_whole(store)


def test_open_executions_stay_by_age_and_go_by_size_last(tmp_path: Path, clock: Clock) -> None:
    with Store.open(tmp_path / "shop.duckdb") as store:
        front.store_lines(store, front.lines())
        before = executions(store, clock)
        store.cursor().execute(
            "UPDATE derived.execution_state SET status = 'stalled' WHERE eid = "
            f"(SELECT eid FROM derived.execution WHERE execution = '{front.LOST}')"
        )
        # However old it is, what is not done stays.
        deleted = retention.by_age(store, clock.now + 1)
        assert set(deleted.executions) == before - {front.LOST}
        assert deleted.findings == 0
        check_whole(store)
        assert retention.by_age(store, clock.now + 1).spans == 0
        assert value(store, "SELECT count(*) FROM store.span") > 0
        assert retention.by_age(store, clock.now + 1, level=1).executions == (front.LOST,)
        assert value(store, "SELECT count(*) FROM store.span") == 0


def test_findings_of_what_is_deleted_go_with_it(tmp_path: Path, clock: Clock) -> None:
    with Store.open(tmp_path / "shop.duckdb") as store:
        front.store_lines(store, front.lines())
        pipeline.refresh(store)
        assert value(store, "SELECT count(*) FROM findings") == 1
        deleted = retention.by_age(store, clock.now + 1, level=1)
        assert deleted.findings == 1
        assert front.LOST in deleted.executions
        pipeline.refresh(store)
        for table in ("store.finding", "store.mute", "findings", "executions", "spans"):
            assert value(store, f"SELECT count(*) FROM {table}") == 0
        check_whole(store)


@pytest.mark.slow
def test_the_file_stops_growing_over_a_simulated_month(store: Store, clock: Clock) -> None:
    rng = random.Random(1)
    sizes, rows = [], []
    for day in range(30):
        first = 1000 * (day + 1)
        orders = [span for n in range(100) for span in order(first + n, clock.now, steps=5)]
        for span in orders:  # some weight: without deleting, a month of it is 30 MB
            span.attributes.append(otlp.attribute("note", string_value=rng.randbytes(500).hex()))
        put(store, *orders, instance=str(day))
        clock.now += DAY
        if day % 3 == 2:
            keep(store, clock, 4 * DAY + 1)
            sizes.append(store.path.stat().st_size)
            rows.append(value(store, "SELECT count(*) FROM store.span"))
    print(sizes, rows)
    assert rows[1:] == [2000] * 9
    # Nothing grows with the days once the oldest of them goes: neither the file nor what repeats.
    assert max(sizes[5:]) <= 1.1 * max(sizes[1:5])
    assert value(store, "SELECT count(*) FROM store.resource") == 4
    assert value(store, "SELECT count(*) FROM store.batch") == 4
    check_whole(store)


def test_by_size_the_oldest_goes_first(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An empty database has some MB of its own; here a span weighs 1,000 bytes and that is all.
    monkeypatch.setattr(
        retention, "used_bytes", lambda s: 1000 * value(s, "SELECT count(*) FROM store.span")
    )
    store.configure(Settings(keys=(KeySetting("order.id"),)))
    for number in range(1, 61):
        put(store, *order(number, clock.now, steps=10))
        clock.now += DAY
    assert len(executions(store, clock)) == 60
    assert keep(store, clock, most=600_000).spans == 0
    deleted = keep(store, clock, most=400_000)
    # Down to nine tenths of it, so that it does not begin again at once; the oldest, and whole.
    left = executions(store, clock)
    assert left == {f"order-{number}" for number in range(25, 61)}
    assert set(deleted.executions) == {f"order-{number}" for number in range(1, 25)}
    check_whole(store)


def test_ingest_goes_on_meanwhile(tmp_path: Path) -> None:
    backend = LocalBackend.open(tmp_path / "db", create=True)
    now = time.time_ns()
    stop = threading.Event()
    errors: list[BaseException] = []
    sent: list[int] = []

    def send() -> None:
        try:
            while not stop.is_set():
                sent.append(len(sent) + 1)
                put(backend.store, *order(sent[-1], now), instance=str(sent[-1] % 7))
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    deleted = 0
    for _ in range(4):
        time.sleep(0.1)
        backend.refresh()
        deleted += retention.by_age(backend.store, time.time_ns(), level=2).spans
        retention.tidy(backend.store)
    stop.set()
    sender.join()
    backend.refresh()
    store = backend.store
    assert not errors
    assert deleted > 0
    assert value(store, "SELECT count(*) FROM store.span") + deleted == 3 * len(sent)
    assert store.last_batch() == len(sent)
    check_whole(store)
    backend.close()
    with Store.open(tmp_path / "db") as again:
        assert again.last_batch() == len(sent)
        put(again, *order(10**6, now))
        check_whole(again)


def test_the_keeper_deletes_and_ends(tmp_path: Path) -> None:
    path = front.shop(tmp_path)
    backend = LocalBackend.open(path, create=False)
    keeper = Keeper(backend, 0, None, every=0.05)
    keeper.start()
    deadline = time.monotonic() + 60
    count = "SELECT count(*) FROM store.span"
    while value(backend.store, count) and time.monotonic() < deadline:
        time.sleep(0.05)
    keeper.stop()
    keeper.thread.join(60)
    assert value(backend.store, count) == 0
    backend.close()


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MB", 64 * 10**6), ("1.5 gb", 1_500_000_000), ("20GiB", 20 * 2**30), ("1T", 10**12)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_bytes(text) == size


@pytest.mark.parametrize("text", ["", "20", "20XB", "-1GB", "1kB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InputError):
        size_bytes(text)
