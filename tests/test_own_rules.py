"""Rules of the user's own: loaded, run with every analysis, and kept from doing harm."""

from __future__ import annotations

import json
import re
from pathlib import Path

import front
import pytest
from test_arrival import NOON, request, world
from test_partial import KEYS, in_parts, views
from typer.testing import CliRunner

import tracemap
from tracemap import pipeline
from tracemap.api import Tracemap
from tracemap.cli.app import app
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import InputError
from tracemap.local import LocalBackend
from tracemap.settings import RuleText, Settings

RUNNER = CliRunner()
SHAPE = """-- code: ACME001
-- title: Ours
-- family: data
-- severity: low
-- meaning: M.
-- cause: C.
-- action: A.
SELECT 'x' AS anchor, []::BIGINT[] AS eids, 'pay' AS service, NULL AS step, 'service' AS owner_kind,
    'pay' AS owner_name, NULL AS owner_namespace, NULL AS trace_id, NULL AS span_ids,
    0 AS since_ns, 1 AS seen_ns, 'm' AS message,
    '{}' AS evidence, 'n' AS next_action
"""


def rule(folder: Path, text: str, name: str = "ACME001_ours") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sql").write_text(text, encoding="utf-8")
    return folder


def run(db: Path, *words: str, code: int = 0) -> str:
    result = RUNNER.invoke(app, [*words, "--db", str(db)], env={"COLUMNS": "120"})
    assert result.exit_code == code, result.output
    return result.output


def documented() -> str:
    page = (front.ROOT / "docs/rules.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```sql\n(-- code: .*?)```", page, re.DOTALL)
    return str(text)


def test_the_rule_of_the_manual_is_a_rule_as_any_other(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    slow = documented().replace("= 2000000000 ", "= 1 ")
    told = run(db, "rules", "load", str(rule(tmp_path / "rules", slow, "ACME001_slow_charge")))
    assert re.fullmatch(r"ACME001: [1-9]\d* findings\n", told)
    found = json.loads(run(db, "findings", "--rule", "ACME001", "--format", "json"))
    assert {one["team"] for one in found} == {"payments"}
    assert all(one["execution"] and one["evidence"]["promised_ns"] == 1 for one in found)
    assert "A charge took longer than the provider promises." in run(db, "explain", "ACME001")
    assert "Slow charge" in run(db, "explain", found[0]["id"])
    (listed,) = (r for r in json.loads(run(db, "rules", "list", "-f", "json")) if r["own"])
    assert listed["findings"] == len(found)
    assert listed["aside"] is None
    assert "your own" in run(db, "rules", "list")
    assert "1 rule of your own taken out" in run(db, "rules", "clear")
    gone = RUNNER.invoke(app, ["findings", "--rule", "ACME001", "-f", "json", "--db", str(db)])
    assert json.loads(gone.stdout) == []
    assert "there is no rule 'ACME001'" in gone.stderr


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> LocalBackend:
    return LocalBackend.open(front.shop(tmp_path_factory.mktemp("own")), create=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("'m' AS", "(SELECT content FROM read_text('/etc/passwd')) AS", r"read_text\(\) is not"),
        ("'m' AS", "(SELECT * FROM '/etc/passwd') AS", "no table or view '/etc/passwd'"),
        ("'m' AS", "getenv('HOME') AS", r"getenv\(\) is not allowed"),
        ("'m' AS", "(SELECT value FROM store.setting LIMIT 1) AS", "no table or view 'store.sett"),
        ("'m' AS", "(SELECT any_value(execution) FROM steps) AS", "no table or view 'steps'"),
        ("'m' AS", "repeat('x', 1000000000) AS", r"repeat\(\) takes a size"),
        ("SELECT 'x'", "WITH w AS (DELETE FROM derived.step RETURNING 1) SELECT 'x'", "not a SEL"),
        ("SELECT 'x'", "COPY derived.step TO '/tmp/x'; SELECT 'x'", "more than one statement"),
        ("'n' AS next_action", "nope AS next_action FROM derived.step", r"sql:11: .*nope"),
        ("'m' AS message,", "'m' AS message,,", r"ACME001_ours\.sql:1[01]: "),
        ("'m' AS", "error(anchor) AS", "x"),
        ("'m' AS", "NULL AS", "message is null"),
        ("'{}'", "'{'", "no JSON object"),
        (", 'n' AS next_action", "", "missing or too many: next_action"),
        ("ACME001\n", "ORP001\n", "the file's name says otherwise"),
        ("-- cause: C.\n", "", "lacks cause"),
    ],
)
def test_what_is_no_rule_or_reaches_further_is_refused(
    old: str, new: str, message: str, backend: LocalBackend, tmp_path: Path
) -> None:
    assert old in SHAPE
    folder = rule(tmp_path / "rules", SHAPE.replace(old, new, 1))
    with pytest.raises(InputError, match=message) as raised:
        Tracemap(backend).load_rules(folder)
    assert "ACME001_ours.sql" in str(raised.value)
    assert backend.settings().rules == ()


def test_a_folder_that_is_none_or_says_a_code_twice(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    assert "there is no such folder" in run(db, "rules", "load", str(tmp_path / "no"), code=2)
    (tmp_path / "empty").mkdir()
    assert "no .sql file" in run(db, "rules", "load", str(tmp_path / "empty"), code=2)
    folder = rule(tmp_path / "rules", SHAPE)
    rule(folder, SHAPE, "ACME001_again")
    assert "ACME001 is also the code of" in run(db, "rules", "load", str(folder), code=2)
    folder = rule(tmp_path / "ours", SHAPE.replace("ACME001", "ORP001"), "ORP001_ours")
    assert "a code of your own" in run(db, "rules", "load", str(folder), code=2)
    assert "no such folder" in run(db, "serve", "--rules", str(tmp_path / "no"), code=2)


def test_a_rule_that_fails_later_is_set_aside_and_the_others_go_on(tmp_path: Path) -> None:
    """It was well when it was loaded; then a service came whose name is no number."""
    db = tmp_path / "later.duckdb"
    span = {"traceId": "1" * 32, "spanId": "1" * 16, "name": "work", "kind": 2}
    span |= {"startTimeUnixNano": str(NOON), "endTimeUnixNano": str(NOON + 1)}
    fragile = SHAPE + "FROM derived.span WHERE service::INTEGER > 0"
    with tracemap.open(db, create=True) as opened:
        opened.backend.write([decode([request("7", "i", span)])], source="recorded")
        opened.load_rules(rule(tmp_path / "rules", fragile))
        assert "ACME001" in opened.findings()["rule"].to_list()
        other = span | {"spanId": "2" * 16}
        opened.backend.write([decode([request("seven", "i", other)])], source="recorded")
        assert "ACME001" not in opened.findings()["rule"].to_list()
        assert opened.spans().height == 2
        (aside,) = opened.backend.settings().rules
        assert "'seven'" in aside.aside
    assert "ACME001_ours is set aside" in run(db, "findings")
    assert "ACME001 is set aside" in run(db, "rules", "list")
    assert "'seven'" in run(db, "rules", "load", str(tmp_path / "rules"), code=2)
    better = fragile.replace("service::INTEGER", "try_cast(service AS INTEGER)")
    told = run(db, "rules", "load", str(rule(tmp_path / "rules", better)))
    assert told == "ACME001: 1 finding\n"
    assert "set aside" not in run(db, "findings")


def test_in_parts_it_finds_what_it_finds_in_the_whole(tmp_path: Path) -> None:
    """The rule of the manual, in a world where a step belongs to several executions."""
    text = documented().replace("= 2000000000 ", "= 1 ").replace("t.service = 'payment' AND ", "")
    settings = Settings(keys=KEYS, rules=(RuleText("ACME001_slow_charge", text),))
    spans = world(7)
    pieces = [spans[: len(spans) // 2], spans[len(spans) // 2 :]]
    with in_parts(tmp_path, pieces, settings) as store:
        found = views(store)["findings"]
        pipeline.refresh(store, mode="given")
        assert found == views(store)["findings"]
    assert any("ACME001" in finding for finding in found)
