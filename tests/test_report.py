"""The reconciliation report: what it counts, what is new, how it reads, what it lets through."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_world import DAY, HOUR, MINUTE, NIGHT, Raw, Shop, contact, of_order, refresh

from tracemap import lifecycle, ownership, pipeline, report
from tracemap.collectors.otlp.decode import decode
from tracemap.collectors.otlp.json import to_protobuf
from tracemap.errors import InputError
from tracemap.queries import Rule
from tracemap.report_data import Report, ns_of, rfc3339
from tracemap.report_markdown import to_markdown
from tracemap.store import Store

GOLDEN = Path(__file__).parent / "golden"

LOST = Raw("lost", rule="ORP002")
TWICE = Raw("twice", rule="DUP001", family="duplicated", severity="critical")
UNOWNED = Raw(
    "cart", rule="OWN001", family="ownership", severity="low", team=None, trace_id=None, span_ids=()
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    titles = {"ORP002": "Lost message", "DUP001": "Message processed twice"}
    rules = tuple(
        Rule(name=c, code=c, title=t, family="", severity="", meaning="", cause="", action="",
             unless="", params=(), sql="", where="")
        for c, t in titles.items()
    )  # fmt: skip
    monkeypatch.setattr("tracemap.report.queries.rules", lambda: rules)
    with Store.open(tmp_path / "shop.duckdb") as store:
        yield Shop(store.cursor())


def tell(
    shop: Shop,
    *found: Raw,
    save: bool = False,
    now_ns: int = NIGHT + MINUTE,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> Report:
    """A report on what was found just now."""
    refresh(shop.cursor, found, now_ns)
    made = report.reconcile(shop.cursor, now_ns=now_ns, since_ns=since_ns, until_ns=until_ns)
    return report.save(shop.cursor, made) if save else made


def changes(made: Report) -> dict[str, str]:
    """Finding id -> what the report says of it."""
    found = [*made.open, *made.resolved, *made.muted]
    return {f.id: "back" if f.reopened else f.status for f in found}


# ---- accounted for ----


def test_an_execution_is_accounted_for_unless_an_open_finding_of_four_families_concerns_it(
    shop: Shop,
) -> None:
    shop.orders(range(1, 101))
    families = ("orphaned", "duplicated", "stalled", "inconsistent", "ownership", "data")
    found = [of_order(Raw(f, family=f), i) for i, f in enumerate(families, start=1)]
    made = tell(shop, *found)
    assert (made.executions, made.accounted) == (100, 96)


def test_two_findings_on_one_execution_and_one_on_three_count_executions(shop: Shop) -> None:
    shop.orders(range(1, 11))
    both = [of_order(LOST, 1), of_order(TWICE, 1)]
    batch = replace(of_order(Raw("batch"), 5), eids=(5, 6, 7))
    assert tell(shop, *both, batch).accounted == 6


def test_a_muted_finding_does_not_count_against_its_execution(shop: Shop) -> None:
    shop.orders([1, 2])
    lost = of_order(LOST, 1)
    assert tell(shop, lost).accounted == 1
    lifecycle.mute(shop.cursor, lost.id, "refunded by hand")
    made = tell(shop, lost)
    assert made.accounted == 2
    assert changes(made) == {lost.id: "muted"}
    assert report.exit_code(made, "any") == 0


def test_executions_are_counted_by_workflow_and_status_the_troubled_first(shop: Shop) -> None:
    shop.orders(range(1, 4))
    shop.orders([4], "running")
    shop.orders([10], "failed", workflow="refund")
    shop.owner("refund", "payments")
    made = tell(shop, of_order(LOST, 10, "refund"))
    assert [(w.workflow, w.team, w.executions, w.accounted) for w in made.workflows] == [
        ("refund", "payments", 1, 0),
        ("POST /orders", None, 4, 4),
    ]
    assert made.workflows[1].statuses == {"completed": 3, "running": 1}


# ---- the window ----


def test_a_window_covers_what_was_done_in_it_and_what_was_left_open_before(shop: Shop) -> None:
    before = NIGHT - 2 * DAY
    shop.orders([1], start_ns=before)  # done long ago
    shop.orders([2], "stalled", start_ns=before)
    shop.orders([3], "running", start_ns=before)
    shop.orders([4], start_ns=before, end_ns=NIGHT - HOUR)  # ended in the window
    shop.orders([5], start_ns=before)  # done, but with an open finding
    shop.orders([6], start_ns=NIGHT - HOUR)
    shop.orders([7], start_ns=NIGHT)  # begins after it
    made = tell(shop, of_order(LOST, 5), since_ns=NIGHT - DAY)
    assert (made.executions, made.accounted, made.earlier) == (5, 4, 3)


def test_the_window_begins_where_the_report_before_ended(shop: Shop) -> None:
    shop.orders(range(1, 6), start_ns=NIGHT - HOUR)
    first = tell(shop, save=True)
    assert (first.report_id, first.window_from_ns, first.window_to_ns) == (1, None, NIGHT)
    shop.source("live", "live", NIGHT + DAY)
    shop.orders([6, 7], start_ns=NIGHT + HOUR)
    second = tell(shop, save=True)
    assert (second.report_id, second.window_from_ns) == (2, NIGHT)
    assert second.window_to_ns == NIGHT + DAY
    assert second.previous is not None
    assert second.previous.report_id == 1
    assert second.executions == 2


def test_asking_twice_without_new_data_says_the_same_and_is_saved_once(shop: Shop) -> None:
    shop.orders(range(1, 6))
    tell(shop, of_order(LOST, 1), save=True)
    shop.source("live", "live", NIGHT + DAY)
    shop.orders([6], start_ns=NIGHT + HOUR)
    found = [of_order(LOST, 1), of_order(TWICE, 6)]
    second = tell(shop, *found, save=True)
    again = tell(shop, *found, save=True)
    assert again == second
    assert changes(again) == {found[0].id: "ongoing", found[1].id: "new"}
    saved = shop.cursor.execute("SELECT report_id FROM store.report ORDER BY 1").fetchall()
    assert saved == [(1,), (2,)]


def test_a_look_back_is_not_saved_and_shows_what_had_begun(shop: Shop) -> None:
    shop.orders([1], start_ns=NIGHT - 5 * HOUR)
    shop.orders([2], start_ns=NIGHT - HOUR)
    early = of_order(replace(LOST, since_ns=NIGHT - 4 * HOUR), 1)
    late = of_order(replace(TWICE, since_ns=NIGHT - HOUR), 2)
    made = tell(shop, early, late, until_ns=NIGHT - 2 * HOUR, save=True)
    assert made.looks_back
    assert made.report_id is None
    assert changes(made) == {early.id: "new"}
    assert made.executions == 1
    assert shop.cursor.execute("SELECT count(*) FROM store.report").fetchall() == [(0,)]


def test_a_window_that_ends_before_it_begins_is_an_error_that_says_how_far_data_reaches(
    shop: Shop,
) -> None:
    with pytest.raises(InputError, match="the data reaches to 2026-03-02T02:00:00Z"):
        tell(shop, since_ns=NIGHT + 1)


def test_an_empty_store_has_a_report(shop: Shop) -> None:
    shop.cursor.execute("DELETE FROM derived.source")
    made = tell(shop, save=True)
    assert (made.executions, made.window_to_ns) == (0, NIGHT + MINUTE)
    assert to_markdown(made).startswith("# No execution in this window\n\nNo findings.\n")


# ---- what is new ----


def night(shop: Shop, number: int, *found: Raw) -> dict[str, str]:
    shop.source("live", "live", NIGHT + number * DAY)
    return changes(tell(shop, *found, save=True))


def test_new_then_ongoing_then_resolved_then_gone(shop: Shop) -> None:
    assert night(shop, 1, LOST) == {LOST.id: "new"}
    assert night(shop, 2, LOST, TWICE) == {LOST.id: "ongoing", TWICE.id: "new"}
    assert night(shop, 3, TWICE) == {LOST.id: "resolved", TWICE.id: "ongoing"}
    assert night(shop, 4, TWICE) == {TWICE.id: "ongoing"}
    assert night(shop, 5, LOST, TWICE) == {LOST.id: "back", TWICE.id: "ongoing"}
    assert night(shop, 6, LOST, TWICE) == {LOST.id: "ongoing", TWICE.id: "ongoing"}


def test_what_is_new_does_not_depend_on_analyses_in_between(shop: Shop) -> None:
    night(shop, 1, LOST)
    for found in ([], [LOST], [], [TWICE], [LOST]):
        refresh(shop.cursor, found)
    assert night(shop, 2, LOST) == {LOST.id: "ongoing"}


def test_the_view_agrees_once_the_report_is_saved(shop: Shop) -> None:
    night(shop, 1, LOST)
    night(shop, 2, TWICE)
    rows = shop.cursor.execute("SELECT id, status FROM findings").fetchall()
    assert dict(rows) == {LOST.id: "resolved", TWICE.id: "ongoing"}


# ---- teams, exit codes, JSON ----


def test_teams_are_told_the_worst_first_and_what_nobody_owns_last(shop: Shop) -> None:
    made = tell(
        shop,
        replace(UNOWNED, severity="critical"),
        replace(LOST, team="shipping", severity="medium"),
        replace(TWICE, team="payments", contacts=(contact("channel", "#pay"),)),
    )
    assert [(t.team, t.first("channel")) for t in made.teams] == [
        ("payments", "#pay"),
        ("shipping", None),
        (None, None),
    ]


def test_what_all_findings_of_a_team_share_stands_at_the_team(shop: Shop) -> None:
    shared = contact("channel", "#pay")
    made = tell(
        shop,
        replace(LOST, contacts=(shared, contact("pager", "P1", of="service"))),
        replace(TWICE, contacts=(shared, contact("pager", "P2", of="service", title="PagerDuty"))),
    )
    (team,) = made.teams
    assert [c.value for c in team.contacts] == ["#pay"]
    lines = to_markdown(made).splitlines()
    assert "Channel `#pay`" in lines
    assert "  - Pager `P1`" in lines
    assert "  - Pager `P2` (PagerDuty)" in lines
    found = report.to_json(made)["teams"][0]
    assert (found["channel"], found["pager"], found["email"]) == ("#pay", None, None)
    assert {f["contacts"][1]["value"] for f in found["findings"]} == {"P1", "P2"}


def test_contacts_are_shown_harmlessly(shop: Shop) -> None:
    bad = "https://x.example/](javascript:1)<b>|`\u202e"
    made = tell(shop, replace(LOST, contacts=(contact("runbook", bad), contact("pager", bad))))
    text = to_markdown(made)
    assert "\u202e" not in text
    assert f"<{bad[:10]}" not in text


@pytest.mark.parametrize(
    ("fail_on", "expected"),
    [(None, 0), ("any", 1), ("new", 1), ("critical", 0), ("high", 1), ("low", 1), ("info", 1)],
)
def test_the_exit_code_says_whether_something_is_at_or_above(
    fail_on: str | None, expected: int, shop: Shop
) -> None:
    made = tell(shop, of_order(LOST, 1), UNOWNED)
    assert report.exit_code(made, fail_on) == expected


def test_the_exit_code_for_new_ignores_ongoing_but_not_what_is_back(shop: Shop) -> None:
    night(shop, 1, LOST)
    night(shop, 2, LOST)
    assert report.exit_code(tell(shop, LOST), "new") == 0
    night(shop, 3)
    shop.source("live", "live", NIGHT + 4 * DAY)
    assert report.exit_code(tell(shop, LOST), "new") == 1
    assert report.exit_code(tell(shop), "any") == 0


def test_failing_on_another_word_is_an_error_that_lists_the_words(shop: Shop) -> None:
    with pytest.raises(InputError, match=r"'hihg' is nothing to fail on.*any, new, critical"):
        report.exit_code(tell(shop), "hihg")


def test_the_json_reads_back_into_the_same_report(shop: Shop) -> None:
    made = full(shop)
    text = json.dumps(report.to_json(made))
    assert report.from_json(json.loads(text)) == made


def test_every_field_of_the_json_is_documented(shop: Shop, root: Path) -> None:
    page = (root / "docs" / "reconcile.md").read_text(encoding="utf-8")

    def names(value: object) -> set[str]:
        if isinstance(value, list):
            return {name for one in value for name in names(one)}
        if not isinstance(value, dict):
            return set()
        inside = {
            k: v for k, v in value.items() if k not in ("evidence", "statuses", "correlation")
        }
        return {*value, *names(list(inside.values()))}

    for name in names(report.to_json(full(shop))):
        assert f"`{name}`" in page, name


def test_json_of_another_version_or_none_at_all_is_refused(shop: Shop) -> None:
    value = report.to_json(tell(shop))
    with pytest.raises(InputError, match="version 2, this tracemap reads 1"):
        report.from_json({**value, "version": 2})
    del value["window"]
    with pytest.raises(InputError, match="no reconciliation report"):
        report.from_json(value)


@given(st.integers(-(2**62), 2**63 - 1))
def test_times_in_json_are_exact(ns: int) -> None:
    assert ns_of(rfc3339(ns)) == ns


# ---- as people read it ----


def full(shop: Shop) -> Report:
    """A report with everything in it: two nights of a shop."""
    shop.key("order.id", "orderId")
    shop.key("shipment.id", chosen=False)
    shop.owner("POST /orders", "storefront")
    shop.source("recorded", "recorded", NIGHT - 300 * DAY)
    payments = (
        contact("channel", "#payments"),
        contact("pager", "payments-primary"),
        contact("runbook", "https://runbooks.example/payments"),
    )
    shop.orders(range(1, 101), start_ns=NIGHT - 5 * HOUR)
    shop.orders([101], "stalled", start_ns=NIGHT - 5 * HOUR)
    stuck = of_order(
        Raw(
            "stuck",
            rule="STL001",
            family="stalled",
            team="shipping",
            severity="medium",
            since_ns=NIGHT - 5 * HOUR,
            message="a message waits at shipments since 5 h",
            evidence={
                "destination": "shipments",
                "deadline": "default",
                "deadline_ns": 900 * 10**9,
            },
            effects=("STL002: pack has not begun", "order-0101 is stalled"),
            next_action="Start the consumer of shipments.",
        ),
        101,
    )
    healed = of_order(replace(LOST, message="payment never took a message from charges"), 7)
    tell(shop, stuck, healed, UNOWNED, save=True)
    shop.source("live", "live", NIGHT + DAY)
    shop.orders(range(201, 400), start_ns=NIGHT + 3 * HOUR)
    shop.orders(range(400, 412), "running", start_ns=NIGHT + DAY - MINUTE)
    shop.orders([500, 501], "compensated", workflow="refund", start_ns=NIGHT + HOUR)
    twice = [
        of_order(
            Raw(
                f"twice-{i}",
                rule="DUP001",
                family="duplicated",
                severity="critical",
                since_ns=NIGHT + DAY - i * 7 * MINUTE,
                message=f"payment processed one message from charges {i} times",
                evidence={"times": i, "apart_ns": 1_500_000_000, "message_id": f"m-{i}"},
                next_action="Check what the second run changed and undo it.",
                contacts=payments
                if i == 2
                else (*payments, contact("link", "https://dash.example", "destination", "Lag")),
            ),
            200 + i,
        )
        for i in (2, 3)
    ]
    muted = of_order(replace(LOST, anchor="muted", message="a known loss"), 210)
    refresh(shop.cursor, [stuck, *twice, muted, UNOWNED])
    lifecycle.mute(shop.cursor, muted.id, "replayed by hand, see ticket 17")
    unowned = replace(
        UNOWNED,
        message="cart has no owner: 12 spans in 3 executions",
        evidence={"spans": 12, "first_seen_ns": NIGHT - 3 * HOUR, "rule": None},
        next_action="Add cart to ownership.yaml, or set the resource attribute team on it.",
    )
    return tell(shop, stuck, *twice, muted, unowned, save=True)


def golden(name: str, text: str) -> None:
    """Compare with the file; ``UPDATE_GOLDEN=1`` writes it instead, for a person to review."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_the_markdown_is_as_reviewed(shop: Shop) -> None:
    golden("reconcile.md", to_markdown(full(shop)))


def test_the_json_is_as_reviewed(shop: Shop) -> None:
    text = json.dumps(report.to_json(full(shop)), indent=2, ensure_ascii=False)
    golden("reconcile.json", f"{text}\n")


def test_all_is_well_is_said_in_the_first_line(shop: Shop) -> None:
    shop.orders(range(1, 1201))
    text = to_markdown(tell(shop))
    assert text.splitlines()[0] == "# All 1,200 executions are accounted for"
    assert "\n\nNo findings.\n\n" in text


def test_a_finding_without_an_execution_is_not_passed_over(shop: Shop) -> None:
    shop.orders([1])
    text = to_markdown(tell(shop, LOST))
    assert text.startswith("# The 1 execution is accounted for\n")
    assert "\n1 finding names no execution.\n" in text


def test_long_lists_are_cut_with_the_command_that_shows_the_rest(shop: Shop) -> None:
    shop.orders(range(1, 40))
    found = [of_order(replace(LOST, anchor=str(i), team="o'team"), i) for i in range(1, 40)]
    made = tell(shop, *found)
    text = to_markdown(made)
    assert text.count("tracemap explain") == 20
    assert "And 19 more: `tracemap findings --rule ORP002 --team 'o'\"'\"'team'`" in text
    assert len(report.to_json(made)["teams"][0]["findings"]) == 39


def test_saving_while_an_analysis_runs_disturbs_neither(tmp_path: Path) -> None:
    with Store.open(tmp_path / "both.duckdb") as store:
        shop, other = Shop(store.cursor()), store.cursor()
        shop.orders([1])
        made = tell(shop, of_order(LOST, 1))
        other.begin()
        lifecycle.update(other, NIGHT)
        assert report.save(shop.cursor, made).report_id == 1
        other.commit()


def test_a_failed_save_leaves_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tell(shop, LOST)

    def broken(*_: object) -> None:
        raise duckdb.Error("disk full")

    monkeypatch.setattr("tracemap.report.lifecycle.remember", broken)
    with pytest.raises(duckdb.Error, match="disk full"):
        report.save(shop.cursor, made)
    assert shop.cursor.execute("SELECT count(*) FROM store.report").fetchall() == [(0,)]


def test_the_report_of_a_real_analysis(root: Path, tmp_path: Path) -> None:
    """The tables of these tests are the pipeline's: one scenario from spans to Markdown, twice."""
    folder = root / "sample_traces" / "orp002-lost-message-and-what-follows"
    with Store.open(tmp_path / "real.duckdb") as store:
        lines = (folder / "input.otlp.jsonl").read_bytes().splitlines()
        batches = [decode([to_protobuf(line)]) for line in lines]
        store.write(batches, source="recorded", kind="recorded")
        own = tmp_path / "ownership.yaml"
        own.write_text("version: 1\ndestinations: [{name: orders.placed, type: event}]\n")
        cursor = store.cursor()
        assert ownership.load(cursor, own).problems == ()
        pipeline.refresh(store)
        made = report.save(cursor, report.reconcile(cursor, now_ns=NIGHT))
        assert (made.executions, made.accounted) == (41, 40)
        assert [(t.team, [f.rule for f in t.findings]) for t in made.teams] == [
            ("logistics", ["ORP002"])
        ]
        (placed,) = ownership.explain(cursor, "orders.placed")
        assert (placed.team, placed.rule) == ("storefront", "event-producer")
        # Declared unowned afterwards: the analysis follows, and the report says it once more.
        own.write_text("version: 1\nservices: [{name: shipping, unowned: true}]\n")
        ownership.load(cursor, own)
        assert pipeline.refresh(store)
        again = report.save(cursor, report.reconcile(cursor, now_ns=NIGHT))
        assert [t.team for t in again.teams] == [None]
        assert again.report_id == made.report_id
        assert to_markdown(again).startswith("# 40 of 41 executions are accounted for, 1 is not\n")
