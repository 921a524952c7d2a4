"""A partial analysis says what a whole one says with the same reference tables.

Random worlds (``test_arrival.world``) arrive in random pieces, each analysed in part. Then all is
analysed whole, with the reference tables that were there. Every public view must agree.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import front
import pytest
from scenarios import check
from scenarios.builder import Kind, Scenario, Service
from scenarios.run import analysis, expected_of, lines_of
from scenarios.shop import Shop, key
from test_arrival import VIEWS, world

from tracemap import freshness, ownership, partial, pipeline
from tracemap.build import Build
from tracemap.collectors.otlp.decode import decode
from tracemap.detection import detect
from tracemap.local import LocalBackend
from tracemap.queries.rooms_partial import TAKEOVER
from tracemap.reads import Limits
from tracemap.settings import KeySetting, Settings
from tracemap.store import Store

KEYS = (KeySetting("order.id"), KeySetting("pay.id"))
WITHIN = (KeySetting("order.id", per=("tenant.id",)), KeySetting("pay.id"))


#: What is said of services and sources is said by whole analyses only.
SEEN = VIEWS | {
    "findings": "SELECT * FROM findings WHERE family NOT IN ('ownership', 'data')",
    "workflow_steps": "SELECT * FROM workflow_steps",
    "workflow_edges": "SELECT * FROM workflow_edges",
}
#: The executions of the graph, and the same counted one by one.
GRAPH = """
    SELECT workflow, from_service, from_name, to_service, to_name, type, mode,
        sum(executions), sum(count)
    FROM workflow_edges GROUP BY ALL
    UNION ALL
    SELECT workflow, service, name, 'step', '', '', '', sum(executions), 0 FROM workflow_steps
    WHERE kind NOT IN ('external', 'datastore') GROUP BY ALL"""
ONE_BY_ONE = """
    SELECT workflow, from_service, from_name, to_service, to_name, type, mode,
        count(DISTINCT execution), count(*)
    FROM handoffs GROUP BY ALL
    UNION ALL
    SELECT e.workflow, c.service, c.name, v.service, v.name, 'call', 'sync',
        count(DISTINCT execution), count(*)
    FROM steps AS v JOIN steps AS c USING (execution) JOIN executions AS e USING (execution)
    WHERE v.is_virtual AND c.step = v.caller_step AND NOT c.is_virtual GROUP BY ALL
    UNION ALL
    SELECT w.workflow, m.service, m.name, 'step', '', '', '', sum(s.executions), 0
    FROM (
        SELECT wf, st, count(DISTINCT eid) AS executions FROM derived.execution_step GROUP BY ALL
    ) AS s
    JOIN derived.model_step AS m USING (wf, st) JOIN derived.model_workflow AS w USING (wf)
    GROUP BY ALL"""


def rows(store: Store, sql: str) -> list[str]:
    return sorted(map(str, store.cursor().execute(sql).fetchall()))


def views(store: Store) -> dict[str, list[str]]:
    return {name: rows(store, sql) for name, sql in SEEN.items()}


def in_parts(folder: Path, pieces: Sequence[Sequence[bytes]], settings: Settings) -> Store:
    """The first piece is analysed whole, every other one in part."""
    store = Store.open(folder / "parts.duckdb")
    store.configure(settings)
    for piece in pieces:
        store.write([decode([one]) for one in piece], kind="recorded")
        pipeline.refresh(store, mode="partial")
    return store


def cut(rng: random.Random, spans: Sequence[bytes], pieces: int) -> list[Sequence[bytes]]:
    places = sorted(rng.sample(range(1, len(spans)), pieces - 1))
    return [spans[a:b] for a, b in zip([0, *places], [*places, len(spans)], strict=True)]


@pytest.mark.parametrize(
    ("seed", "hub_limit", "keys"),
    [
        (0, 10_000, KEYS),
        (2, 3, KEYS),
        pytest.param(secrets.randbelow(1_000_000), 10_000, KEYS, id="new"),
        pytest.param(secrets.randbelow(1_000_000), 3, KEYS, id="new-with-hubs"),
        pytest.param(secrets.randbelow(1_000_000), 10_000, WITHIN, id="new-with-tenants"),
    ],
)
def test_parts_add_up_to_the_whole(
    seed: int, hub_limit: int, keys: tuple[KeySetting, ...], tmp_path: Path
) -> None:
    print("seed", seed)
    rng = random.Random(seed)
    spans = world(seed, tenants=keys == WITHIN)
    rng.shuffle(spans)
    settings = Settings(keys=keys, hub_limit=hub_limit)
    pieces = cut(rng, spans, min(len(spans), rng.randint(2, 5)))
    again = rng.sample(spans, len(spans) // 5)
    with in_parts(tmp_path, [*pieces, again], settings) as store:
        found = views(store)
        graph, counted = (rows(store, sql) for sql in (GRAPH, ONE_BY_ONE))
        pipeline.refresh(store, mode="given")
        wanted = views(store)
    assert wanted["execution_spans"]
    for name in SEEN:
        assert found[name] == wanted[name], name
    assert graph == counted


def test_nothing_that_a_part_concludes_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every table that a part makes in the overlay is taken over into the file."""
    made: set[str] = set()
    leave = partial.Overlay.leave

    def look(overlay: partial.Overlay) -> None:
        rows = overlay.build.cursor.execute(
            "SELECT table_name FROM duckdb_tables() "
            "WHERE database_name = 'tracemap_overlay' AND schema_name = 'derived'"
        ).fetchall()
        made.update(row[0] for row in rows)
        leave(overlay)

    monkeypatch.setattr(partial.Overlay, "leave", look)
    spans = world(1)
    in_parts(tmp_path, [spans[:-3], spans[-3:]], Settings(keys=KEYS)).close()
    taken = {name.removeprefix("take_").removeprefix("replace_") for name in TAKEOVER}
    assert "execution" in made
    assert made <= taken


@pytest.mark.parametrize(
    ("name", "in_part"), [('o"d d.duckdb', True), ("tracemap_overlay.duckdb", False)]
)
def test_behind_the_fences_of_sql_and_by_any_name(
    name: str, in_part: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "_SMALL", 0)
    monkeypatch.setattr(pipeline, "_WIDE", 1)
    spans = [decode([one]) for one in world(3)]
    backend = LocalBackend.open(tmp_path / name, create=True)
    learned, found = [], 0
    for piece in (spans[:-4], spans[-4:]):
        backend.write(piece, source="recorded")
        found = backend.sql("SELECT count(*) AS spans FROM spans", Limits()).rows.column("spans")[0]
        cursor = backend.store.cursor()
        learned += cursor.execute("SELECT learned_ns FROM derived.analysis").fetchall()
    assert found == len(spans)
    assert (learned[0] == learned[1]) is in_part
    backend.close()


def test_time_alone_makes_late_and_lost_and_abandoned(tmp_path: Path) -> None:
    """A part takes up what is open as soon as it is beyond its deadline."""
    s = Scenario("time-alone")
    shop = Shop.of(s)
    began = shop.orders(40)

    def told() -> list[bytes]:
        lines = [line.encode() for line in s.lines()]
        s.spans.clear()
        return lines

    pieces = [told()]
    shop.place(50, began + 10)  # is never taken
    s.serve(shop.checkout, "POST /orders", began + 20, 0.12, attributes=key(51))  # stops there
    shop.charge(52, began + 30, s.serve(shop.checkout, "POST /orders", began + 30, 1.0))
    s.spans[:] = [one for one in s.spans if one.end != began + 31.0]  # its parent never comes
    for number, minutes in enumerate((1, 4, 30), start=60):
        shop.order(number, began + minutes * 60)
        pieces.append(told())
    statuses = set()
    with (
        Store.open(tmp_path / "parts.duckdb") as parts,
        Store.open(tmp_path / "given.duckdb") as given,
    ):
        for number, piece in enumerate(pieces):
            for store in (parts, given):
                front.store_lines(store, piece)
            pipeline.refresh(parts, mode="partial")
            pipeline.refresh(given, mode="given" if number else "whole")
            found, wanted = views(parts), views(given)
            for name in SEEN:
                assert found[name] == wanted[name], (number, name)
            told_of = "SELECT DISTINCT status FROM executions"
            statuses |= {row[0] for row in parts.cursor().execute(told_of).fetchall()}
    assert statuses == {"completed", "running", "stalled", "abandoned"}


def test_a_service_that_begins_to_log_makes_a_whole_analysis_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the log of a service tells of steps in progress is learned from all that it logs."""
    name = "stl001-not-taken-and-logging"
    lines = lines_of(name)
    logs = [line for line in lines if line.startswith('{"resourceLogs"')]
    with analysis(name, tmp_path) as run:
        run.deliver([line for line in lines if line not in logs], analyse=False)
        pipeline.refresh(run._store, mode="whole")
        run.deliver(logs, analyse=False)
        pipeline.refresh(run._store, mode="partial")
        assert run.select("SELECT due FROM derived.analysis") == [{"due": True}]
        monkeypatch.setattr(freshness, "_HASTE", 0)
        pipeline.refresh(run._store)
        assert run.select("SELECT due FROM derived.analysis") == [{"due": False}]
        assert check.problems(expected_of(name), run.select) == []


def test_queues_that_are_made_for_one_answer_are_nothing_new(tmp_path: Path) -> None:
    """Nor do they make the tables of what is known of destinations grow."""
    name = "message-reply-queues-of-their-own"
    *lines, last = lines_of(name)
    with analysis(name, tmp_path) as run:
        run.deliver(lines, analyse=False)
        pipeline.refresh(run._store, mode="whole")
        known = "SELECT kind, name, namespace FROM owners ORDER BY ALL"
        before = run.select(known)
        run.deliver([last], analyse=False)
        pipeline.refresh(run._store, mode="partial")
        assert run.select("SELECT due FROM derived.analysis") == [{"due": False}]
        assert check.problems(expected_of(name), run.select) == []
        assert run.select(known) == before
        steps = run.select("SELECT name FROM workflow_steps WHERE name LIKE '%anonymous%'")
        assert {row["name"] for row in steps} == {"process (anonymous)"}
        destinations = run.select("SELECT name FROM owners WHERE kind = 'destination'")
        assert {row["name"] for row in destinations} == {
            *("(anonymous)", "answers.{order}", "orders.placed", "stock.ask")
        }


def test_who_starts_a_workflow_of_a_known_name_makes_a_whole_analysis_due(tmp_path: Path) -> None:
    """The service becomes part of the name then, of the executions that were there before, too."""
    s = Scenario("second-start")
    shop = Shop.of(s)
    shop.orders(3)
    with Store.open(tmp_path / "t.duckdb") as store:
        cursor = store.cursor()

        def after(starter: Service, number: int, mode: Literal["whole", "partial"]) -> set[str]:
            s.serve(starter, "POST /orders", number * 60.0, 0.1, attributes=key(number))
            front.store_lines(store, [line.encode() for line in s.lines()])
            s.spans.clear()
            pipeline.refresh(store, mode=mode)
            return {row[0] for row in cursor.execute("SELECT workflow FROM executions").fetchall()}

        def due() -> bool:
            return bool(cursor.execute("SELECT due FROM derived.analysis").fetchall()[0][0])

        assert after(shop.checkout, 4, "whole") == {"POST /orders"}
        assert after(shop.checkout, 5, "partial") == {"POST /orders"}
        assert not due()
        after(shop.payment, 6, "partial")
        assert due()
        both = {"checkout POST /orders", "payment POST /orders"}
        assert after(shop.payment, 7, "whole") == both
        # A third one is a new workflow of a known service.
        assert after(shop.shipping, 8, "partial") == both | {"shipping POST /orders"}
        assert not due()
        assert after(shop.shipping, 9, "whole") == both | {"shipping POST /orders"}


def test_another_program_analyses_a_store_to_which_nothing_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answers may read what the program before did not make."""
    with Store.open(tmp_path / "upgraded.duckdb") as store:
        store.write([decode([one]) for one in world(3)], kind="recorded")
        assert pipeline.refresh(store)
        assert not pipeline.refresh(store)
        store.cursor().execute("DROP VIEW custody")
        monkeypatch.setattr(freshness, "_program", lambda: 1)
        assert pipeline.refresh(store)
        assert store.cursor().execute("SELECT count(*) FROM custody").fetchone() != (0,)


def test_who_was_in_one_batch_with_it_begins_no_new_workflow(tmp_path: Path) -> None:
    """Of others in the batch the part reads what the batch links to, and not how they began."""
    s = Scenario("batch")
    shop = Shop.of(s)
    packed = []
    for number in range(1, 6):
        shipped = shop.order(number, number * 5.0, charge=False)
        at = shipped.start + 0.1
        packed.append(s.publish(shop.shipping, "orders.packed", at, parent=shipped))
    s.span(shop.shipping, "process orders.packed", Kind.CONSUMER, 60.0, 0.9, links=packed)
    with Store.open(tmp_path / "t.duckdb") as store:
        front.store_lines(store, [line.encode() for line in s.lines()])
        pipeline.refresh(store, mode="whole")
        workflows = """SELECT name FROM owners WHERE kind = 'workflow'
            UNION SELECT workflow FROM derived.model_workflow"""
        assert store.cursor().execute(workflows).fetchall() == [("POST /orders",)]
        s.spans.clear()
        s.span(shop.shipping, "pick", Kind.INTERNAL, 90.0, 0.1, attributes=key(1))
        front.store_lines(store, [line.encode() for line in s.lines()])
        pipeline.refresh(store, mode="partial")
        assert store.cursor().execute(workflows).fetchall() == [("POST /orders",)]
        due = store.cursor().execute("SELECT due FROM derived.analysis").fetchall()
        assert due == [(False,)]


@pytest.mark.parametrize("mode", ["whole", "partial"])
def test_what_is_decided_while_an_analysis_runs_is_not_taken_for_followed(
    mode: Literal["whole", "partial"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keys are set while the spans are being read; the next question goes by them."""
    monkeypatch.setattr(pipeline, "_SMALL", 0)
    with Store.open(tmp_path / "decided.duckdb") as store:
        *first, last = world(3)
        store.write([decode([one]) for one in first], kind="recorded")
        store.configure(Settings(keys=KEYS))
        pipeline.refresh(store, mode="whole")
        store.write([decode([last])], kind="recorded")

        def detect_late(build: Build, settings: Settings) -> None:
            store.configure(Settings(keys=KEYS[1:]))
            detect(build, settings)

        with monkeypatch.context() as late:
            late.setattr(partial, "detect", detect_late)
            late.setattr(pipeline, "detect", detect_late)
            pipeline.refresh(store, mode=mode)
        keys = "SELECT name FROM keys WHERE chosen"
        assert len(store.cursor().execute(keys).fetchall()) == 2
        assert pipeline.refresh(store)
        assert store.cursor().execute(keys).fetchall() == [("pay.id",)]


OWNERSHIP = """
version: 1
teams:
  - name: storefront
    channel: "#shop"
workflows:
  - name: POST /exchanges
    team: storefront
"""


@pytest.mark.parametrize(("start", "due"), [("POST /returns", False), ("POST /exchanges", True)])
def test_a_new_workflow_of_a_known_service_needs_no_whole_analysis(
    start: str, due: bool, tmp_path: Path
) -> None:
    """It belongs to who starts it, unless a file says otherwise; so says the whole one after it."""
    s = Scenario("new-workflow")
    shop = Shop.of(s)
    shop.orders(3)
    known = [line.encode() for line in s.lines()]
    s.spans.clear()
    s.call(
        shop.checkout, shop.payment, "POST /refunds", 200.1, 0.1,
        parent=s.serve(shop.checkout, start, 200.0, 0.3, attributes=key(99)),
    )  # fmt: skip
    (tmp_path / "ownership.yaml").write_text(OWNERSHIP, encoding="utf-8")
    told = "SELECT COLUMNS(*) FROM owners WHERE kind = 'workflow' ORDER BY name"
    with Store.open(tmp_path / "t.duckdb") as store:
        assert not ownership.load(store.cursor(), tmp_path).problems
        front.store_lines(store, known)
        pipeline.refresh(store, mode="whole")
        front.store_lines(store, [line.encode() for line in s.lines()])
        pipeline.refresh(store, mode="partial")
        cursor = store.cursor()
        assert cursor.execute("SELECT due FROM derived.analysis").fetchall() == [(due,)]
        found = cursor.execute(told).fetchall()
        contacts = cursor.execute("FROM derived.owner_contact ORDER BY ALL").fetchall()
        pipeline.refresh(store, mode="whole")
        assert (cursor.execute(told).fetchall() == found) is not due
        if not due:
            assert [row for row in found if start in row]
            again = cursor.execute("FROM derived.owner_contact ORDER BY ALL").fetchall()
            assert contacts == again
            assert len({row[1] for row in contacts if row[0] == "workflow"}) == 2
