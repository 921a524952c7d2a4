"""Words, tables and files that are safe and fit, whatever the telemetry holds."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from tracemap.cli import graph_text
from tracemap.cli.evidence import evidence_text, split_expected
from tracemap.cli.execution_page import holding
from tracemap.cli.output import markdown_text, write_csv, write_json
from tracemap.cli.table import Column, print_table, table_lines
from tracemap.cli.text import (
    age,
    at,
    clean,
    count,
    duration,
    escape_json,
    paragraph,
    percent,
    short_id,
    span,
)
from tracemap.moments import last_ns, to_ns

NOW = dt.datetime(2026, 1, 31, 12, 0)  # noqa: DTZ001 - frames hold naive UTC

HOSTILE = (
    "a\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J\r\n\t\x00\u202ecod.exe\u2066 [bold]b[/bold] \x7f"
)


def _harmless(text: str) -> bool:
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return not any(
        unicodedata.category(c) == "Cc" or unicodedata.bidirectional(c) in bidi for c in text
    )


def test_escape_sequences_and_markup_do_not_reach_the_screen() -> None:
    assert clean(HOSTILE) == "ared cod.exe [bold]b[/bold] "


def test_lines_are_filled_by_cells() -> None:
    words = ["published by", "\u4ed3\u5e93\u7ba1\u7406\u7cfb\u7edf", "late  after"] * 8
    lines = paragraph(" ".join(words), 40).splitlines()
    assert all(line.startswith("  ") and cell_len(line) <= 40 for line in lines)
    assert max(map(cell_len, lines)) > 32
    assert " ".join(line[2:] for line in lines) == " ".join(words)


@given(st.text())
def test_no_text_can_move_the_cursor_or_turn_the_line(text: str) -> None:
    assert _harmless(clean(text))


@given(st.text(), st.text())
def test_json_keeps_the_value_and_is_harmless(name: str, value: str) -> None:
    text = escape_json(json.dumps({name: [value]}, ensure_ascii=False, indent=2))
    assert json.loads(text) == {name: [value]}
    assert _harmless(text.replace("\n", ""))


@given(
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=200), st.integers()), max_size=5),
    st.integers(min_value=40, max_value=200),
)
def test_a_table_is_never_wider_than_the_screen(
    rows: list[tuple[str, str, int]], width: int
) -> None:
    columns = (
        Column("NAME", lambda r: r["a"], least=10),
        Column("WHAT", lambda r: r["b"], wrap=True, least=16),
        Column("N", lambda r: r["c"], rank=1, right=True),
        Column("AGAIN", lambda r: r["b"], rank=2, least=20),
    )
    given_rows = [{"a": a, "b": b, "c": c} for a, b, c in rows]
    for line in table_lines(columns, given_rows, width):
        assert cell_len(line.plain) <= width
        assert _harmless(line.plain)


def test_the_least_important_column_goes_first() -> None:
    row = {"a": "x" * 20, "b": "y" * 20, "c": "z" * 20}
    columns = (
        Column("KEPT", lambda r: r["a"], least=20),
        Column("FIRST", lambda r: r["b"], rank=2, least=20),
        Column("SECOND", lambda r: r["c"], rank=1, least=20),
    )

    def head(width: int) -> list[str]:
        return table_lines(columns, [row], width)[0].plain.split()

    assert head(70) == ["KEPT", "FIRST", "SECOND"]
    assert head(60) == ["KEPT", "SECOND"]
    assert head(40) == ["KEPT"]


def test_a_long_cell_is_cut_or_wrapped() -> None:
    row = {"a": "one two three four five six", "b": "one two three four five six"}
    columns = (
        Column("CUT", lambda r: r["a"], least=10),
        Column("WRAPPED", lambda r: r["b"], wrap=True, least=10),
    )
    assert [line.plain for line in table_lines(columns, [row], 24)] == [
        "CUT          WRAPPED",
        "one two th…  one two",
        "             three four",
        "             five six",
    ]


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@sum", "\t=1", " \x1b[1m=1"])
def test_a_csv_cell_is_no_formula(value: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv([{"a": value, "n": -5}], ["a", "n"])
    cell = capsys.readouterr().out.splitlines()[1].split(",")[0]
    assert cell.strip(' "')[:1] == "'"


def test_numbers_in_csv_stay_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    write_csv([{"n": -5, "s": ["a", "b"], "z": None}], ["n", "s", "z"])
    assert capsys.readouterr().out == 'n,s,z\n-5,"[""a"",""b""]",\n'


def test_markdown_shows_text_as_it_is() -> None:
    shown = markdown_text("a|b <script> [x](y) *z* `c` \n# d")
    assert shown == r"a\|b &lt;script&gt; \[x\](y) \*z\* \`c\`  \# d"


def test_a_list_in_json_has_a_line_an_element(capsys: pytest.CaptureFixture[str]) -> None:
    write_json([{"a": 1}, {"a": float("nan")}])
    assert capsys.readouterr().out == '[\n{"a":1},\n{"a":null}\n]\n'
    write_json([])
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (45, "45 s ago"),
        (119, "119 s ago"),
        (720, "12 min ago"),
        (3 * 3600, "3 h ago"),
        (3 * 86400, "3 d ago"),
        (90 * 86400, "3 months ago"),
        (1000 * 86400, "2 years ago"),
        (-180, "in 3 min"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert age(NOW - dt.timedelta(seconds=seconds), NOW) == text


def test_ages_of_nothing() -> None:
    assert age(None, NOW) == "-"
    assert span(0.4) == "0 s"


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (None, "-"),
        (0, "0 ns"),
        (999, "999 ns"),
        (1_234_567, "1.2 ms"),
        (340_000_000, "340 ms"),
        (1_200_000_000, "1.2 s"),
        (245 * 10**9, "4 min 5 s"),
        (7_500 * 10**9, "2 h 5 min"),
        (172_799 * 10**9, "47 h 59 min"),
        (605_000 * 10**9, "7 d 0 h"),
        (-270_000 * 10**9, "-3 d 3 h"),
        (-1_200_000_000, "-1.2 s"),
    ],
)
def test_durations(ns: int | None, text: str) -> None:
    assert duration(ns) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (1.0, "100%"), (0.5, "50%"), (0.9996, "99.9%"), (0.0001, "0.01%")],
)
def test_all_and_nothing_are_never_claimed_by_rounding(share: float, text: str) -> None:
    assert percent(share) == text


def test_ids_are_shortened_and_names_are_not() -> None:
    assert short_id("0af7651916cd43dd8448eb211c80319c") == "0af7651916cd"
    assert short_id("b7ad6b7169203331") == "b7ad6b71"
    assert short_id("trace:0af7651916cd43dd8448eb211c80319c") == "trace:0af7651916cd"
    assert short_id("order-4711#2") == "order-4711#2"
    assert count(1, "finding") == "1 finding"
    assert count(12_345, "entry", "entries") == "12,345 entries"


def test_evidence_in_words() -> None:
    assert (
        evidence_text('{"waited_ns": 960000000000, "ids": [1, 2, 3, 4, 5], "who": null}')
        == "waited 16 min 0 s, ids 1, 2, 3 and 2 more"
    )
    assert (
        evidence_text('{"deadline_ns": 1000000000, "deadline": "learned"}')
        == "deadline 1.0 s (learned)"
    )
    # What is late is late after its deadline and all that is allowed on top of it.
    assert evidence_text(
        '{"deadline_ns": 1000000000, "deadline": "learned: 10 x p99 of 43",'
        ' "waited_ns": 5000000000, "processing_ns": 2000000000, "arrival_grace_ns": 119000000000}'
    ) == (
        "late after 2 min 2 s (deadline 1.0 s, learned: 10 x p99 of 43; + 2.0 s for processing;"
        " + 119 s arrival grace), waited 5.0 s"
    )
    assert evidence_text(None) == ""
    assert evidence_text("no JSON \x1b[31m") == " no JSON "


def _edge(a: str, b: str, mode: str = "sync") -> dict[str, object]:
    return {
        "workflow": "w",
        "from_service": a,
        "from_name": "run",
        "to_service": b,
        "to_name": "run",
        "type": "call" if mode == "sync" else "message",
        "mode": mode,
        "executions": 1,
        "count": 2,
        "errors": 0,
        "p50_wait_ns": 10**9,
        "p95_wait_ns": 10**9,
        "p99_wait_ns": 10**9,
        "destination": None if mode == "sync" else 'q"]; evil',
        "from_team": "x",
        "to_team": None,
        "boundary": True,
    }


def _step(service: str) -> dict[str, object]:
    return {
        "workflow": "w",
        "service": service,
        "name": "run",
        "team": "x",
        "executions": 1,
        "share": 1.0,
        "count": 1,
        "errors": 0,
        "p50_ns": 1,
        "error_rate": 0.0,
        "p95_ns": 1,
        "p99_ns": 1,
    }


def _graph(*edges: dict[str, object]) -> graph_text.Graph:
    names = sorted({str(e[k]) for e in edges for k in ("from_service", "to_service")})
    (graph,) = graph_text.graphs([_step(name) for name in names], edges)
    return graph


def test_a_cycle_of_steps_is_drawn_once() -> None:
    lines = [line["line"] for line in graph_text.tree(_graph(_edge("a", "b"), _edge("b", "a")))]
    assert lines == ["a run", "└ → b run", "  └ → a run ↑"]


def test_a_cycle_beside_a_root_is_drawn_too() -> None:
    graph = _graph(_edge("a", "b"), _edge("c", "d"), _edge("d", "c"))
    lines = [line["line"] for line in graph_text.tree(graph)]
    assert lines == ["a run", "└ → b run", "c run", "└ → d run", "  └ → c run ↑"]


def test_names_do_not_break_out_of_dot_and_mermaid() -> None:
    graph = _graph(_edge('a"]; evil --> x\\', "b<script>", "async"))
    dot, mermaid = graph_text.dot(graph), graph_text.mermaid(graph)
    assert '[label="a\\"]; evil --> x\\\\\\nrun"]' in dot
    assert 'style="dashed,bold"' in dot
    assert "<script>" not in mermaid
    assert "evil --> " not in mermaid
    assert "-.->" in mermaid


@pytest.mark.parametrize(
    "name", ['q"]; x', "a\nb --> c", "[x](y){z}|`%%{init}%%", "#quot;", "end\\", "n" * 5000]
)
def test_a_label_is_one_quoted_line(name: str) -> None:
    graph = _graph(_edge(name, "b"))
    plain = _graph(_edge("a", "b"))
    for written in (graph_text.dot, graph_text.mermaid):
        text = written(graph)
        assert text.count("\n") == written(plain).count("\n")
        assert max(map(len, text.splitlines())) < 1000
    for line in graph_text.mermaid(graph).splitlines():
        assert line.count('"') in (0, 2)
    for line in graph_text.dot(graph).splitlines():
        assert re.sub(r'"(\\.|[^"\\])*"', "", line).count('"') == 0
    assert "%%{" not in graph_text.mermaid(graph)


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
def test_graphviz_draws_what_hostile_names_say() -> None:
    graph = _graph(_edge('a"]; evil -> x\\', "b<script>{|}", "async"), _edge("c\nd", "end\\"))
    drawn = subprocess.run(
        ["dot", "-Tjson"], input=graph_text.dot(graph), capture_output=True, text=True, check=True
    )
    found = json.loads(drawn.stdout)
    assert len(found["edges"]) == 2
    nodes = [o for o in found["objects"] if not o["name"].startswith("cluster")]
    assert len(nodes) == 4


def test_several_workflows_are_one_flowchart() -> None:
    text = graph_text.mermaid(_graph(_edge("a", "b")), _graph(_edge("c", "d")))
    assert text.count("flowchart") == 1
    assert text.count("subgraph") == text.count("  end\n") == 4
    assert "w0s0 -->" in text
    assert "w1s0 -->" in text


def test_the_team_is_cut_last_and_outsiders_are_external() -> None:
    graph = _graph(_edge("a" * 60, "bank"))
    graph.steps[("bank", "run")] = {**_step("bank"), "team": None}
    graph.steps[("a" * 60, "run")] = {**_step("a" * 60), "team": "a-team-of-a-long-name"}
    graph.external = frozenset({"bank"})
    console = Console(file=io.StringIO(), width=80)
    graph_text.print_graph(console, graph)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(len(line) <= 80 for line in lines)
    assert "a-team-of-a-long-name" in lines[2]
    assert "» external" in lines[3]


def test_colour_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    column = Column("A", lambda r: "x", "bold red")

    def printed(*, terminal: bool) -> str:
        stream = io.StringIO()
        console = Console(file=stream, force_terminal=terminal, width=80)
        print_table(console, (column,), [{}])
        return stream.getvalue()

    assert "\x1b[1;31m" in printed(terminal=True)
    assert "\x1b" not in printed(terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31" not in printed(terminal=True)


def test_a_failed_execution_says_first_where_it_failed() -> None:
    """What ended last need not be what failed: the team to wake is another one."""
    since = dt.datetime(2026, 1, 31, 14, 5)  # noqa: DTZ001 - as frames have it
    row = {
        "holder": "warehouse",
        "holder_kind": "done",
        "team": "logistics",
        "state": "failed",
        "since": since,
        "evidence": '{"last_step": "pack", "failed_in": "payment POST /charge"}',
    }
    line = str(holding(row, since))
    assert line.strip().startswith("failed in payment POST /charge; last in warehouse (team log")
    assert "failed since" in str(holding({**row, "evidence": None}, since))
    assert split_expected(row["evidence"], "failed in") == ("last step pack", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("14:05", "2026-01-31T14:05:00Z"),
        ("9:05:10.25 UTC", "2026-01-31T09:05:10.25Z"),
        ("14:06Z", "2026-01-30T14:06:00Z"),
        ("25:00", None),
        ("2026-01-31", None),
    ],
)
def test_a_time_of_day_is_the_last_time_that_it_was_so(text: str, expected: str | None) -> None:
    now = to_ns("2026-01-31T14:05:30Z")
    assert now is not None
    assert last_ns(text, now) == to_ns(expected)


def test_a_moment_is_read_as_it_is_printed() -> None:
    assert to_ns(at(NOW)) == to_ns(NOW)
