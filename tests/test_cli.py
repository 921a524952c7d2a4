"""The commands: what they print, what they promise to machines, how they fail."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import front
import pytest
import typer
from scenarios.build import ROOT
from test_own_rules import SHAPE, rule
from typer.testing import CliRunner, Result

from tracemap.cli.app import app
from tracemap.store import Store

RUNNER = CliRunner()

#: The columns of the JSON contracts (design section 11, and `contacts`), in order.
CONTRACTS = {
    "findings": "id rule family severity status execution correlation workflow service step team "
    "trace_id span_ids first_seen last_seen message evidence effects next_action contacts",
    "executions list": "execution correlation workflow status started_at last_seen services traces "
    "spans parent holders",
    "custody 4711": "execution branch holder holder_kind state since team evidence",
    "owners list": "kind name namespace team source rule losers",
}


def run(*args: str | Path, code: int = 0, width: int = 160, **environment: str) -> Result:
    """Run a command in this process; it must end with ``code``."""
    result = RUNNER.invoke(app, [str(a) for a in args], env={"COLUMNS": str(width), **environment})
    assert result.exit_code == code, (result.exit_code, result.output, result.exception)
    return result


def answer(*args: str | Path) -> Any:
    """What a command answers as JSON."""
    return json.loads(run(*args, "--format", "json").stdout)


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A shop where order 4711 was lost; for reading only."""
    path = front.shop(tmp_path_factory.mktemp("cli"))
    old = os.environ.get("TRACEMAP_DB")
    os.environ["TRACEMAP_DB"] = str(path)
    yield path
    if old is None:
        del os.environ["TRACEMAP_DB"]
    else:
        os.environ["TRACEMAP_DB"] = old


# --- help -----------------------------------------------------------------------------------------


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))


COMMANDS = dict(_commands(typer.main.get_command(app)))


def _examples(command: Any) -> list[str]:
    return [line.strip() for line in command.epilog.splitlines() if "tracemap " in line]


EXAMPLES = [(path, text) for path, command in COMMANDS.items() for text in _examples(command)]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_ends_with_two_examples_of_the_command(path: tuple[str, ...]) -> None:
    text = run(*path, "--help").stdout
    shown = text[text.index("Examples:") :]
    found = _examples(COMMANDS[path])
    assert len(found) == 2
    for example in found:
        assert example.startswith(f"tracemap {' '.join(path)}")
        assert example in shown
    assert COMMANDS[path].help


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the examples speak of: databases, recordings, files of owners and rules, a map."""
    folder = tmp_path_factory.mktemp("examples")
    front.shop(folder)
    front.shop(folder, "tracemap.duckdb")
    (folder / "traces.jsonl").write_bytes(b"\n".join(front.lines()))
    _other_forms(folder)
    for place in (folder, folder / "a", folder / "b"):
        place.mkdir(exist_ok=True)
        (place / "ownership.yaml").write_text(
            "version: 1\nservices:\n  - {name: payment, team: payments}\n", encoding="utf-8"
        )
    rule(folder / "rules", SHAPE)
    front.export_map(folder)
    return folder


@pytest.mark.parametrize(("path", "example"), EXAMPLES, ids=[e for _, e in EXAMPLES])
def test_the_examples_work(
    path: tuple[str, ...],
    example: str,
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if path in {("serve",), ("demo",)}:
        pytest.skip("runs for long; tests of its own run it")
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    _, *args = shlex.split(example)
    if path == ("findings", "unmute"):
        RUNNER.invoke(app, ["findings", "mute", "4711", "--reason", "known", *args[3:]])
    result = RUNNER.invoke(app, args, env={"COLUMNS": "100"})
    # "reconcile --fail-on high" is right to say 1: order 4711 was lost.
    expected = 1 if "--fail-on" in args else 0
    assert result.exit_code == expected, (result.output, result.exception)


def _other_forms(folder: Path) -> None:
    import gzip

    from tracemap.collectors.otlp.json import to_protobuf

    (folder / "traces.jsonl.gz").write_bytes(gzip.compress(b"\n".join(front.lines())))
    framed = b""
    for line in front.lines():
        body = to_protobuf(line)
        framed += len(body).to_bytes(4, "big") + body
    (folder / "traces.binpb").write_bytes(framed)


def test_completion_is_there() -> None:
    assert "--install-completion" in run("--help").stdout


def test_the_command_starts_as_a_process(db: Path) -> None:
    command = [sys.executable, "-m", "tracemap", "findings", "--db", str(db)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ORP002" in done.stdout
    assert "\x1b" not in done.stdout


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", CONTRACTS)
def test_the_keys_of_json_are_those_of_the_contract(db: Path, command: str) -> None:
    rows = answer(*command.split())
    assert rows
    for row in rows:
        assert list(row) == CONTRACTS[command].split()


def test_values_in_json(db: Path) -> None:
    (finding,) = answer("findings")
    assert finding["correlation"] == {"key": "order.id", "value": front.LOST}
    assert finding["first_seen"] == "2025-03-03T09:20:00.100Z"
    assert finding["evidence"]["destination"] == "orders"
    assert len(finding["trace_id"]) == 32
    assert [len(i) for i in finding["span_ids"]] == [16]
    assert isinstance(finding["effects"], list)


def test_an_execution_in_json_has_its_parts(db: Path) -> None:
    found = answer("executions", "show", "4711")
    parts = ["steps", "handoffs", "members", "messages", "chain"]
    assert list(found) == [*CONTRACTS["executions list"].split(), *parts]
    assert found["execution"] == front.LOST
    assert {"step", "service", "caller_step", "is_virtual"} <= set(found["steps"][0])
    assert {"from_step", "to_step", "type", "mode", "boundary"} <= set(found["handoffs"][0])
    assert list(found["members"][0]) == [
        *("trace_id", "reason", "spans", "services", "started_at", "ended_at"),
        *("bond", "how", "by_service", "by_name", "by_span_id"),
        *("to_trace_id", "to_service", "to_name", "carriers", "shared_spans", "shared_by"),
    ]


def test_graph_in_json(db: Path) -> None:
    (graph,) = answer("graph")
    assert list(graph) == ["graph", "steps", "edges"]
    assert {"from_service", "to_service", "mode", "boundary"} <= set(graph["edges"][0])


def test_sql_and_queries_answer_rows(db: Path) -> None:
    assert answer("sql", "SELECT 1 AS one, NULL AS nothing") == [{"one": 1, "nothing": None}]
    assert "from_service" in answer("query", "run", "slowest_handoffs")[0]


def test_csv_has_the_same_columns(db: Path) -> None:
    lines = run("findings", "--format", "csv").stdout.splitlines()
    assert lines[0].split(",") == CONTRACTS["findings"].split()
    assert len(lines) == 2


# --- for people -----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [100, 160])
@pytest.mark.parametrize(
    "command",
    [
        *(
            "findings",
            "executions list",
            "executions show 4711",
            "custody",
            "custody 4711",
            "graph",
        ),
        *("owners list", "owners explain payment", "keys", "explain ORP002", "explain 4711"),
    ],
)
def test_tables_fit_the_screen(db: Path, command: str, width: int) -> None:
    from rich.cells import cell_len

    for line in run(*command.split(), width=width).stdout.splitlines():
        prose = not line or line.startswith(" ") or "  " not in line
        assert prose or cell_len(line) <= width, line


def test_the_first_line_is_the_answer(db: Path) -> None:
    def first(*args: str) -> str:
        return run(*args).stdout.splitlines()[0]

    assert first("findings").startswith("1 finding in 1 execution: 1 high; the oldest ")
    assert first("executions", "list") == "41 executions: 1 abandoned, 40 completed"
    assert first("custody", "4711").split() == ["4711", "abandoned", "POST", "/orders"]
    assert first("owners", "list") == "5 things seen: all have an owner"
    assert first("keys") == "Executions are told apart by order.id"
    assert first("explain", "ORP002").startswith("ORP002  Lost message")


def test_custody_names_holder_team_and_since(db: Path) -> None:
    second = run("custody", "4711").stdout.splitlines()[1]
    assert second == "  in queue orders (team logistics) for 60 min: lost in the queue"


def test_custody_in_hindsight(db: Path) -> None:
    show = answer("executions", "show", "4711")
    start, charge = show["started_at"], show["steps"][1]["started_at"]

    def holder(at: str) -> list[tuple[str, str]]:
        rows = answer("custody", "4711", "--at", at)
        return [(row["holder"], row["holder_kind"]) for row in rows]

    assert holder(start) == [("checkout", "service")]
    # Its callee holds it while the caller waits.
    assert ("payment", "service") in holder(charge)
    assert ("checkout", "service") not in holder(charge)
    assert holder("2025-03-03T09:45:00Z") == [("orders", "queue")]
    assert holder("2025-03-03T08:00:00Z") == []
    before = run("custody", "4711", "--at", "2025-03-03T08:00:00Z").stdout
    assert "it had not begun, it started 2025-03-03 " in before


def test_what_is_said_of_another_time_says_so(db: Path) -> None:
    for command in (("custody", "4711"), ("executions", "show", "4711")):
        assert "  known up to 2025-03-03 " in run(*command).stdout


@pytest.mark.parametrize(
    "text", ["4711", "order.id=4711", " 4711 ", "{trace}", "{trace:.12}", "{span}", "{finding:.6}"]
)
def test_people_name_an_execution_as_they_know_it(db: Path, text: str) -> None:
    (finding,) = answer("findings")
    name = text.format(
        trace=finding["trace_id"], span=finding["span_ids"][0], finding=finding["id"]
    )
    (row,) = answer("custody", name)
    assert row["execution"] == front.LOST


def test_an_attribute_that_is_no_key_finds_its_executions_too(db: Path) -> None:
    trace = answer("findings")[0]["trace_id"]
    text = (
        "SELECT attributes->>'messaging.message.id' AS id FROM spans "
        f"WHERE trace_id = '{trace}' AND kind = 'producer'"
    )
    (message,) = answer("sql", text)
    for text in (f"messaging.message.id={message['id']}", message["id"], f"{message['id'][:-2]}…"):
        (row,) = answer("custody", text)
        assert row["execution"] == front.LOST


def test_explain_a_finding_and_an_execution(db: Path) -> None:
    finding = answer("findings")[0]["id"]
    text = run("explain", finding[:6]).stdout
    assert "tell logistics" in text
    assert "next: " in text
    assert "because of it: " in text
    assert answer("findings")[0]["evidence"]["producer_span_id"] in text
    assert "carries order.id=4711" in run("explain", "4711").stdout
    assert answer("explain", finding)["explanation"]["code"] == "ORP002"


@pytest.mark.parametrize("form", ["dot", "mermaid"])
@pytest.mark.parametrize("what", ["POST /orders", "4711", "orders"])
def test_graphs_for_tools(db: Path, form: str, what: str) -> None:
    text = run("graph", what, "--format", form).stdout
    assert text.startswith("digraph" if form == "dot" else "flowchart LR")
    assert "payments" in text


def test_reconcile_says_and_exits_as_asked(db: Path, tmp_path: Path) -> None:
    text = run("reconcile", "--no-save", "--fail-on", "high", code=1).stdout
    assert "40 of 41" in text.splitlines()[0]
    run("reconcile", "--no-save", "--fail-on", "critical")
    target = tmp_path / "report.json"
    run("reconcile", "--no-save", "--format", "json", "--output", target)
    assert json.loads(target.read_text(encoding="utf-8"))["executions"]


def test_saved_reports_tell_new_from_ongoing(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    assert [f["status"] for f in answer("findings", "--db", db)] == ["new"]
    run("reconcile", "--db", db)
    assert [f["status"] for f in answer("findings", "--db", db)] == ["ongoing"]
    assert answer("findings", "--db", db, "--status", "new") == []


def test_keys_can_be_declared_and_found_again(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    run("keys", "set", "messaging.message.id=orderId", "--db", db)
    chosen = [row for row in answer("keys", "--db", db) if row["chosen"]]
    assert [(k["name"], k["kind"]) for k in chosen] == [("messaging.message.id", "user")]
    run("keys", "auto", "--db", db)
    assert [k["name"] for k in answer("keys", "--db", db) if k["chosen"]] == ["order.id"]


def test_a_key_within_another_attribute(tmp_path: Path) -> None:
    db = tmp_path / "tenants.duckdb"
    run("import", "--db", db, ROOT / "keys-unique-within-a-tenant" / "input.otlp.jsonl")
    said = run("keys", "set", "order.id", "per", "tenant.id=tenant", "--db", db)
    assert "told apart by order.id per tenant.id" in said.stderr
    assert "told apart by order.id per tenant.id" in run("keys", "--db", db).stdout
    (key,) = (row for row in answer("keys", "--db", db) if row["chosen"])
    assert (key["name"], key["per"]) == ("order.id", ["tenant.id", "tenant"])
    both = run("custody", "ord-1004", "--db", db)
    assert "ord-1004 means 2 executions:" in both.stderr
    for asked in ("ord-1004", "order.id=ord-1004"):
        told = {row["execution"] for row in answer("custody", asked, "--db", db)}
        assert told == {"acme/ord-1004", "globex/ord-1004"}
    assert len(answer("custody", "order.id=acme/ord-1004", "--db", db)) == 1
    refused = run("executions", "show", "ord-1004", "--db", db, code=2)
    assert "may mean 2 executions: acme/ord-1004, globex/ord-1004" in refused.stderr


@pytest.mark.parametrize("text", ["", "=x", "per", "order.id per", "per x", "a per b per c"])
def test_what_names_no_key_is_refused(text: str, tmp_path: Path) -> None:
    refused = run("keys", "set", text, "--db", tmp_path / "none.duckdb", code=2)
    assert "names no key" in refused.stderr


def test_owners_are_loaded_and_mistakes_told(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    file = tmp_path / "ownership.yaml"
    file.write_text(
        "version: 1\nservices:\n  - {name: payment, team: money}\n  - {name: shipping, team: 5}\n",
        encoding="utf-8",
    )
    result = run("owners", "load", file, "--db", db, code=2)
    assert f"{file}:4:" in result.stderr
    assert "0 paths read" in run("owners", "load", tmp_path / "no", "--db", db, code=2).stderr
    assert (
        "payment (service) belongs to money"
        in run("owners", "explain", "payment", "--db", db).stdout
    )


# --- import ---------------------------------------------------------------------------------------


def test_import_keeps_the_rest_of_a_bad_file(tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\n".join([b'{"resourceSpans": nonsense}', *front.lines(), b"[1, 2"]))
    db = tmp_path / "new.duckdb"
    result = run("import", bad, tmp_path / "absent", "--db", db, code=2)
    assert f"{bad}:1: " in result.stderr
    assert f"{tmp_path / 'absent'}: there is no such file" in result.stderr
    assert "204 spans" in result.stdout
    assert answer("sql", "SELECT count(*) AS n FROM spans", "--db", db) == [{"n": 204}]


def test_import_of_nothing_makes_no_database(tmp_path: Path) -> None:
    db = tmp_path / "new.duckdb"
    result = run("import", tmp_path / "absent", "--db", db, code=2)
    assert "there is no such file" in result.stderr
    assert "try: " in result.stderr
    assert not db.exists()


def test_of_an_empty_database_nobody_says_that_all_is_done(tmp_path: Path) -> None:
    db = tmp_path / "new.duckdb"
    Store.open(db).close()
    assert run("custody", "--db", db).stdout == "No executions.\n"


def test_import_again_changes_nothing(tmp_path: Path) -> None:
    db = tmp_path / "new.duckdb"
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"\n".join(front.lines()))
    assert "before" not in run("import", file, "--db", db).stdout
    once = answer("findings", "--db", db)
    told = run("import", file, "--db", db)
    assert "204 spans of these had been stored before" in told.stdout
    assert answer("findings", "--db", db) == once


# --- what goes wrong ------------------------------------------------------------------------------


def fails(*args: str | Path, code: int, say: str, hint: str = "") -> None:
    """The command must say so in one line on stderr, what to do in another, and nothing else."""
    result = run(*args, code=code)
    lines = result.stderr.splitlines()
    assert result.stdout == ""
    assert lines[0].startswith("tracemap: ")
    assert say in lines[0]
    assert len(lines) <= 2
    if hint:
        assert lines[1].startswith("  try: ")
        assert hint in lines[1]


def test_a_typing_slip_is_told_what_was_meant(db: Path) -> None:
    fails("custody", "4712", code=2, say="there is no execution '4712'", hint="4711")
    fails("custody", "ORDER.ID=4711", code=2, say="no execution 'ORDER.ID=4711'", hint="mean 4711")
    fails("custody", "zzz", code=2, say="there is no execution 'zzz'", hint="executions list")
    fails("graph", "POST /ordrs", code=2, say="POST /ordrs", hint="POST /orders")
    fails("owners", "explain", "orders", "--kind", "service", code=2, say="not as a service")
    fails("query", "run", "slowest_handof", code=2, say="no query", hint="slowest_handoffs")
    fails("query", "run", "retries", "-p", "limt=5", code=2, say="'limt'", hint="limit")
    fails("query", "run", "retries", "-p", "limit=x", code=2, say="'x'", hint="number")
    fails("explain", "ORP02", code=2, say="'ORP02'", hint="ORP00")
    fails("owners", "explain", "paymnt", code=2, say="'paymnt'", hint="payment")
    fails("findings", "--severity", "hgh", code=2, say="'hgh'", hint="high")
    fails("findings", "--status", "opn", code=2, say="'opn'", hint="one of")
    fails("executions", "list", "--status", "stuck", code=2, say="'stuck'", hint="running")
    fails("findings", "--since", "yesterday", code=2, say="'yesterday'", hint="24h")
    fails("custody", "4711", "--at", "noon", code=2, say="'noon'", hint="14:05")
    fails("reconcile", "--fail-on", "hgh", code=2, say="'hgh'", hint="high")
    fails("sql", "SELECT servce FROM spans", code=2, say="servce", hint="service")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("findings --team logistcs", "team 'logistcs' owns nothing that was seen; did you mean 'l"),
        ("findings --rule ORP02", "there is no rule 'ORP02'; did you mean 'ORP00"),
        ("executions list --service Payment", "no service 'Payment' was seen; did you mean 'p"),
        ("executions list --workflow 'POST /x'", "no workflow 'POST /x' was seen"),
        ("messages --destination order", "no destination 'order' was seen; did you mean 'orders'?"),
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_slip_in_a_filter_is_not_all_clear(db: Path, command: str, said: str, form: str) -> None:
    result = run(*shlex.split(command), "--format", form)
    assert result.stderr.startswith(said)
    assert run("findings", "--team", "payments", "--format", form).stderr == ""


def test_an_unknown_command_or_option_is_a_usage_error() -> None:
    assert "findings" in run("finding", code=2).output
    run("findings", "--nothing", code=2)
    run("findings", "--format", "yaml", code=2)


def test_sql_that_writes(db: Path) -> None:
    fails("sql", "DROP VIEW findings", code=2, say="read-only", hint="SELECT")
    fails("sql", "SELECT 1; SELECT 2", code=2, say="more than one", hint="one SELECT")
    assert len(answer("findings")) == 1


def test_there_is_no_database(tmp_path: Path) -> None:
    absent = tmp_path / "absent.duckdb"
    fails("findings", "--db", absent, code=3, say=f"{absent}: there is no", hint="tracemap import")
    assert not absent.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a database\n" * 1000, encoding="utf-8")
    fails("findings", "--db", text, code=3, say="not a tracemap database", hint="--db")
    assert text.read_text(encoding="utf-8").startswith("not a database")


def test_a_folder_is_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fails("findings", "--db", tmp_path, code=3, say="is a folder", hint="--db")
    monkeypatch.chdir(tmp_path)
    fails("findings", "--db", ".", code=3, say="is a folder", hint="--db")


def test_a_database_of_something_else(tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS a")
    fails("findings", "--db", other, code=3, say="not a tracemap database", hint="--db")


def test_a_database_of_another_version(tmp_path: Path) -> None:
    old = front.shop(tmp_path)
    with duckdb.connect(str(old)) as connection:
        connection.execute("UPDATE store.meta SET value = '0' WHERE name = 'schema_version'")
    fails("findings", "--db", old, code=3, say="schema version 0", hint="--db")


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(front.lines()[0])
    inside_a_file = file / "db.duckdb"
    result = run("import", file, "--db", inside_a_file, code=3)
    assert str(inside_a_file) in result.stderr
    assert "Traceback" not in result.stderr


def test_a_database_that_another_process_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracemap.web.connect.PATIENCE", 0.2)
    path = front.shop(tmp_path)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()",
            str(path),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        fails("findings", "--db", path, code=3, say="another process", hint="stop it")
    finally:
        holder.communicate(b"\n")


def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        address = f"127.0.0.1:{port}"
        db = tmp_path / "a.duckdb"
        for option, other in (("--grpc", "--http"), ("--http", "--grpc"), ("--web", "--grpc")):
            rest = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
            at = rest.index(option) + 1 if option in rest else None
            args = [*rest, option, address] if at is None else rest
            if at is not None:
                args[at] = address
            result = run("serve", "--db", db, *args, code=3)
            assert str(port) in result.stderr
            assert option in result.stderr
            assert other  # the other one does not matter
        # Nothing was left behind: the database can be opened, no socket lies beside it.
        with Store.open(db):
            assert not db.with_name("a.duckdb.sock").exists()


def test_addresses_that_are_none(tmp_path: Path) -> None:
    db = tmp_path / "a.duckdb"
    fails("serve", "--db", db, "--grpc", "4317", code=2, say="no address", hint="HOST:PORT")
    fails(
        "serve",
        "--db",
        db,
        "--web",
        "0.0.0.0:0",
        code=2,
        say="anyone who reaches",
        hint="127.0.0.1",
    )
    fails("serve", "--db", db, "--grpc", "off", "--http", "off", code=2, say="nowhere")
    fails("serve", "--db", db, "--grace", "soon", code=2, say="'soon'", hint="2s")


def test_a_defect_is_not_taken_for_findings(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("tracemap.api.PlainTracemap.findings", broken)
    assert "should not: boom" in run("findings", code=3).stderr


# --- hostile text ---------------------------------------------------------------------------------


def test_hostile_names_are_harmless_everywhere(tmp_path: Path) -> None:
    db = tmp_path / "evil.duckdb"
    evil = "=cmd|' /C calc'!A0 \\u001b[31mred\\u001b]0;t\\u0007\\u202e\\u009b2J [bold]x[/bold]"
    text = b"\n".join(front.lines()).decode().replace('"payment"', f'"{evil}"')
    file = tmp_path / "evil.jsonl"
    file.write_text(text, encoding="utf-8")
    run("import", file, "--db", db)
    names = {row["name"] for row in answer("owners", "list", "--db", db)}
    assert any("\x1b[31mred" in name for name in names)
    for command in (
        ["findings"],
        ["executions", "list"],
        ["executions", "show", "4711"],
        ["custody", "4711"],
        ["graph"],
        ["graph", "--format", "dot"],
        ["graph", "--format", "mermaid"],
        ["graph", "--format", "json"],
        ["owners", "list"],
        ["owners", "list", "--format", "json"],
        ["owners", "list", "--format", "csv"],
        ["owners", "list", "--format", "md"],
        ["explain", "4711"],
        ["keys"],
        ["reconcile", "--no-save"],
        ["query", "run", "services_by_errors"],
        ["sql", "SELECT service FROM spans"],
        ["sql", "SELECT service FROM spans", "--format", "csv"],
        ["sql", "SELECT resource FROM spans LIMIT 200", "--format", "json"],
    ):
        shown = run(*command, "--db", db).stdout
        for hostile in ("\x1b", "\x07", "\u202e", "\x9b"):
            assert hostile not in shown, command
        if "csv" in command:
            assert "\n=cmd" not in shown
            assert ",=cmd" not in shown
