"""``tracemap forget``: the execution goes, others stay, and its bytes are not left in the file."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import front
import otlp_logs
import otlp_requests as otlp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from otlp_requests import attribute, span
from typer.testing import CliRunner

import tracemap
from tracemap import forgetting, pipeline
from tracemap.cli.app import app
from tracemap.collectors.otlp import decode, logs
from tracemap.errors import NotFoundError
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

RUNNER = CliRunner()
NAME = "ada-4f9c1b7e63@example.org"


def ids(number: int) -> dict[str, Any]:
    return {"trace_id": number.to_bytes(16), "span_id": number.to_bytes(8)}


def put(store: Store, number: int, name: str, **more: Any) -> None:
    """An order of one span with an event, and a log record; of a customer."""
    at = 1_750_000_000_000_000_000 + number * 10**9
    key = [attribute("order.id", string_value=name)]
    one = span(
        f"place {number}",
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=at,
        end_time_unix_nano=at + 10**6,
        attributes=key,
        events=[Span.Event(name="paid", time_unix_nano=at, attributes=key)],
        **ids(number),
        **more,
    )
    told = otlp_logs.log(f"{name} paid", **ids(number))
    store.write([decode.decode([otlp.body(one)]), logs.decode([otlp_logs.body(told)])])


def one(store: Store, sql: str) -> Any:
    row = store.cursor().execute(sql).fetchone()
    return row[0] if row else None


def held(folder: Path, text: str) -> list[str]:
    """The files that hold a text."""
    return [path.name for path in folder.iterdir() if text.encode() in path.read_bytes()]


def forget(store: Store, value: str, **options: Any) -> forgetting.Forgotten:
    return forgetting.forget(store, "order.id", value, lambda: pipeline.refresh(store), **options)


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts stand in the file as they are, so that they can be looked for."""
    opened = Store.open.__func__  # type: ignore[attr-defined]

    def open_(cls: type[Store], /, path: Path, **options: Any) -> Store:
        store: Store = opened(cls, path, **options)
        store.cursor().execute("SET force_compression = 'uncompressed'")
        return store

    monkeypatch.setattr(Store, "open", classmethod(open_))


@pytest.mark.usefixtures("plain")
def test_nothing_of_it_is_left_in_the_files(tmp_path: Path) -> None:
    db = tmp_path / "db"
    with Store.open(db) as store:
        store.configure(Settings(keys=(KeySetting("order.id"),)))
        for number in range(1, 100):
            put(store, number, NAME if number == 50 else f"order-{number}")
            if number == 70:
                pipeline.refresh(store)
                store.checkpoint()
        pipeline.refresh(store)
        store.checkpoint()
    assert held(tmp_path, NAME) == ["db"], "or this test could not fail"
    with Store.open(db) as store:
        gone = forget(store, NAME)
        assert gone == forgetting.Forgotten((NAME,), 1, 1, 0, 0, 0, 0, False, scrubbed=True)
        assert held(tmp_path, NAME) == []
        assert one(store, "SELECT count(*) FROM store.span") == 98
        assert one(store, "SELECT count(*) FROM spans") == 98
        assert one(store, "SELECT count(*) FROM store.event") == 98
        assert one(store, "SELECT count(*) FROM store.log") == 98
        assert one(store, "SELECT count(*) FROM executions") == 98
        assert store.missing_rows() == []
        put(store, 1000, "order-1000")
        assert store.missing_rows() == []
    assert held(tmp_path, NAME) == []
    assert held(tmp_path, "order-49") != []


@pytest.mark.parametrize("shared", [False, True])
def test_spans_that_others_share_stay_unless_told_otherwise(tmp_path: Path, shared: bool) -> None:
    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(keys=(KeySetting("order.id"),)))
        for number in range(1, 6):
            put(store, number, f"order-{number}")
        links = [Span.Link(**ids(number)) for number in range(1, 4)]
        batch = span("ship", kind=Span.SPAN_KIND_CONSUMER, links=links, **ids(77))
        store.write([decode.decode([otlp.body(batch)])])
        pipeline.refresh(store)
        for name, text in (("a", "order-2 is late"), ("b", "order-20 is late"), ("c", "order-1-x")):
            store.cursor().execute(
                "INSERT INTO store.finding BY NAME SELECT $name AS fingerprint, 'X' AS rule,"
                " 'data' AS family, 'low' AS severity, $text AS message, 1 AS resolved_ns",
                {"name": name, "text": text},
            )
        told = forget(store, "order-2", shared=shared, dry_run=True)
        assert one(store, "SELECT count(*) FROM store.span") == 6
        gone = forget(store, "order-2", shared=shared)
        assert (told.spans, told.links, told.shared) == (gone.spans, gone.links, gone.shared)
        assert (gone.spans, gone.links, gone.shared) == ((2, 0, 1) if shared else (1, 1, 1))
        assert one(store, "SELECT count(*) FROM store.span") == 6 - gone.spans
        assert one(store, "SELECT count(*) FROM store.link") == (0 if shared else 2)
        left = store.cursor().execute("SELECT execution FROM executions ORDER BY 1").fetchall()
        assert {row[0] for row in left} == {f"order-{n}" for n in (1, 3, 4, 5)}
        assert store.missing_rows() == []
        mine = "SELECT string_agg(fingerprint, '' ORDER BY 1) FROM store.finding WHERE rule = 'X'"
        assert one(store, mine) == "bc"
        with pytest.raises(NotFoundError, match="nothing stored has"):
            forget(store, "order-2")


def test_any_attribute_names_executions(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(keys=(KeySetting("order.id", aliases=("orderId",)),)))
        for number in range(1, 5):
            put(store, number, f"order-{number}")
        mail = [attribute("user.email", string_value=NAME)]
        for number in (2, 4):
            more = span(
                "mail",
                attributes=mail,
                trace_id=ids(number)["trace_id"],
                parent_span_id=ids(number)["span_id"],
                span_id=(90 + number).to_bytes(8),
            )
            store.write([decode.decode([otlp.body(more)])])

        def gone(key: str, value: str) -> tuple[str, ...]:
            found = forgetting.forget(store, key, value, lambda: pipeline.refresh(store))
            return found.executions

        told = otlp_logs.log("mail", attributes=mail, **ids(3))
        store.write([logs.decode([otlp_logs.body(told)])])
        assert gone("user.email", NAME) == ("order-2", "order-3", "order-4")
        assert gone("orderId", "order-1") == ("order-1",)
        assert one(store, "SELECT count(*) FROM store.span") == 0


def test_what_is_stored_as_a_hash_is_found_by_its_value(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(keys=(KeySetting("order.id"),), redact=("order.id=hash",)))
        for number in range(1, 4):
            put(store, number, f"order-{number}")
        assert forget(store, "order-2").spans == 1


@pytest.mark.parametrize("served", [False, True])
def test_the_command(tmp_path: Path, served: bool) -> None:
    shop = front.shop(tmp_path)
    with tracemap.open(shop) as opened:
        opened.reconcile(save=True)
        assert front.LOST in opened.findings()["execution"].to_list()
    name = f"order.id={front.LOST}"

    def run(*words: str) -> Any:
        return RUNNER.invoke(app, ["forget", "--db", str(shop), *words])

    def work() -> None:
        asked = run(name)
        assert asked.exit_code == 2
        assert "give --yes, or --dry-run to see what it is" in asked.stderr
        dry = run(name, "--dry-run")
        assert dry.exit_code == 0, dry.output
        assert f"{name} is 1 execution: {front.LOST}" in dry.stdout
        assert "would remove" in dry.stdout
        done = run(name, "--yes")
        assert done.exit_code == 0, done.output
        assert dry.stdout.replace("would remove", "removed") == done.stdout
        assert "1 finding; 1 saved report changed" in done.stdout
        with tracemap.open(shop) as opened:
            assert opened.findings("all").is_empty()
            assert front.LOST not in opened.executions()["execution"].to_list()
            with pytest.raises(NotFoundError):
                opened.resolve(front.LOST)
        again = run(name, "--yes")
        assert again.exit_code == 2
        assert f"nothing stored has {name}" in again.stderr
        assert run("4711").exit_code == 2

    if served:
        with front.serving(shop):
            work()
    else:
        work()
    with Store.open(shop) as store:
        saved = one(store, "SELECT string_agg(content::VARCHAR, '') FROM store.report")
    assert saved
    assert front.LOST not in saved


def test_a_report_is_struck_out_where_it_speaks_of_it() -> None:
    report = {
        "findings": [
            {"execution": "ada", "x": 1},
            {"execution": "bob", "effects": ["ada stalled"]},
        ],
        "executions": [{"correlation": {"key": "k", "value": "ada"}}],
        "text": "ada, adam, x-ada and ada's",
        "of": "ada",
        "n": 7,
    }
    word = re.compile(r"(?<![\w-])ada(?![\w-])")
    assert forgetting._without(report, frozenset({"ada"}), word) == {
        "findings": [{"execution": "bob", "effects": ["(forgotten) stalled"]}],
        "executions": [],
        "text": "(forgotten), adam, x-ada and (forgotten)'s",
        "of": "(forgotten)",
        "n": 7,
    }


def test_it_forgets_while_spans_come_in(tmp_path: Path) -> None:
    with Store.open(tmp_path / "db") as store:
        store.configure(Settings(keys=(KeySetting("order.id"),)))
        for number in range(1, 20):
            put(store, number, f"order-{number}")
        stop = threading.Event()
        sent = [19]
        errors: list[BaseException] = []

        def send() -> None:
            try:
                while not stop.is_set():
                    sent[0] += 1
                    put(store, sent[0], f"order-{sent[0]}")
            except BaseException as error:  # noqa: BLE001 - told below
                errors.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        try:
            assert forget(store, "order-3").spans == 1
        finally:
            stop.set()
            sender.join()
        assert errors == []
        assert one(store, "SELECT count(*) FROM store.span") == sent[0] - 1
        assert one(store, "SELECT count(*) FROM store.log") == sent[0] - 1
        assert store.missing_rows() == []
        assert store.last_batch() == 2 * sent[0]
