"""The registry of SQL statements and the headers of rules and named queries."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest

from tracemap import queries
from tracemap.errors import InputError, NotFoundError, RegistryError
from tracemap.queries import header

QUERY = """\
-- title: Slowest hand-offs
-- description: Where work waits longest between two steps,
--   most waiting first.
-- param: workflow VARCHAR = NULL   only this workflow
-- param: least DOUBLE = 0.5        seconds,
--   and no less
-- param: word VARCHAR = 'it''s; x'
-- param: since TIMESTAMP WITH TIME ZONE   from when on
-- param: price DECIMAL(10, 2)[] = NULL
SELECT $workflow, $least, $word, $since, $price, '$none; neither' -- nor $this;
;
"""

RULE = """\
-- code: ORP001
-- title: Missing parent
-- family: orphaned
-- severity: high
-- meaning: A span's parent never arrived.
-- cause: Late, sampled, dropped or crashed.
-- action: Look at the caller.
-- unless: the caller is always missing.
SELECT 1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A registry of its own: rooms ``schema`` (one, two), ``detect`` and ``explore``."""
    monkeypatch.setattr(queries, "_HERE", tmp_path)
    monkeypatch.setattr(queries, "ROOMS", MappingProxyType({"schema": ("two", "one")}))
    for room in ("schema", "detect", "explore"):
        (tmp_path / room).mkdir()
    (tmp_path / "schema/one.sql").write_text("SELECT 1;\n")
    (tmp_path / "schema/two.sql").write_text("-- two\nSELECT 2\n")
    (tmp_path / "detect/ORP001_missing_parent.sql").write_text(RULE)
    (tmp_path / "explore/slowest_handoffs.sql").write_text(QUERY)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for cached in (queries._read, queries._rules, queries._queries):
        cached.cache_clear()


def complaints() -> str:
    with pytest.raises(RegistryError) as caught:
        queries.check()
    return str(caught.value)


def test_names_and_files_of_the_real_registry_agree() -> None:
    queries.check()
    for room in (*queries.ROOMS, *queries.OPEN):
        for name in queries.room(room):
            assert queries.text(name).strip()


def test_a_temporary_table_is_made_by_one_statement_or_by_design() -> None:
    """Two that chose one name would take each other's rows for their own."""
    made = defaultdict(set)
    for name in queries.room("build"):
        for table in re.findall(r"^CREATE .*TEMP TABLE (\w+)", queries.text(name), re.MULTILINE):
            made[table].add(name)
    twice = {table for table, names in made.items() if len(names) > 1}
    climbs = {"b_near", "b_pointer", "b_chain", "b_seed", "b_open"}
    assert twice == climbs | {"b_heard", "b_component", "b_wanted", "b_key_within"}


def test_a_sound_registry_is_read_in_its_order(folder: Path) -> None:
    queries.check()
    assert queries.room("schema") == ("schema/two", "schema/one")
    assert queries.room("detect") == ("detect/ORP001_missing_parent",)
    assert queries.text("schema/two") == "-- two\nSELECT 2\n"
    assert queries.text("explore/slowest_handoffs") == QUERY


def test_a_file_nobody_named(folder: Path) -> None:
    (folder / "schema/three.sql").write_text("SELECT 3")
    assert "queries/schema/three.sql is not named: add it to SCHEMA" in complaints()
    with pytest.raises(NotFoundError):
        queries.text("schema/three")


def test_a_name_without_a_file(folder: Path) -> None:
    (folder / "schema/one.sql").unlink()
    assert "schema/one is named in queries/rooms*.py" in complaints()
    with pytest.raises(RegistryError, match=r"queries/schema/one\.sql is absent"):
        queries.text("schema/one")


def test_everything_wrong_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "ROOMS", {"schema": ("one", "two", "one")})
    (folder / "extra").mkdir()
    (folder / "schema/notes.txt").write_text("")
    (folder / "schema/two.sql").write_text("SELECT 1; SELECT 2")
    (folder / "explore/empty.sql").write_text("-- title: x\n-- description: y\n")
    (folder / "detect/ORP001_again.sql").write_text(RULE)
    told = complaints()
    for what in (
        "queries/extra/ is not a room",
        "schema/one is named twice",
        "queries/schema/notes.txt is not a .sql file",
        "queries/schema/two.sql: more than one statement",
        "queries/explore/empty.sql: there is no SQL",
        "ORP001 is also the code of queries/detect/ORP001_again.sql",
    ):
        assert what in told


def test_an_unknown_name_suggests_the_nearest(folder: Path) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'schema/one'"):
        queries.text("schema/oen")
    with pytest.raises(NotFoundError):
        queries.text("../secrets/one")
    with pytest.raises(NotFoundError, match="no room 'nowhere'"):
        queries.room("nowhere")


def test_a_query_is_read_with_its_parameters() -> None:
    query = header.query("slowest_handoffs", QUERY, "here")
    assert query.title == "Slowest hand-offs"
    assert query.description == ("Where work waits longest between two steps, most waiting first.")
    assert [(p.name, p.type, p.default, p.meaning, p.required) for p in query.params] == [
        ("workflow", "VARCHAR", None, "only this workflow", False),
        ("least", "DOUBLE", 0.5, "seconds, and no less", False),
        ("word", "VARCHAR", "it's; x", "", False),
        ("since", "TIMESTAMP WITH TIME ZONE", None, "from when on", True),
        ("price", "DECIMAL(10, 2)[]", None, "", False),
    ]
    assert query.sql.startswith("SELECT")
    assert query.sql.endswith("nor $this;")  # the closing semicolon is gone, the comment is not


def test_a_rule_is_read_and_explained() -> None:
    rule = header.rule("ORP001_missing_parent", RULE, "here")
    assert (rule.code, rule.family, rule.severity) == ("ORP001", "orphaned", "high")
    assert rule.meaning == "A span's parent never arrived."
    assert rule.unless == "the caller is always missing."
    assert rule.sql == "SELECT 1"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-- title: Slowest hand-offs\n", "", "lacks title"),
        ("-- title: Slowest hand-offs", "-- title:", "lacks title"),
        ("-- title:", "-- titel: x\n-- title:", "unknown key 'titel'"),
        ("-- title:", "-- title: x\n-- title:", "here:2: the key 'title' is there twice"),
        ("-- title:", "--title: x\n-- title:", "here:1: not a header line"),
        ("-- title:", "--   more of nothing\n-- title:", "here:1: not a header line"),
        ("= 0.5", "= half", "here:5: 'half' is not a value for least, which is DOUBLE"),
        ("workflow VARCHAR", "workflow", "here:4: not a parameter"),
        ("SELECT $workflow", "SELECT $other, $workflow", r"binds \$other"),
        ("$word,", "", "parameter 'word' is not used"),
        ("-- param: word", "-- param: least DOUBLE = 1\n-- param: word", "'least' is there twice"),
        ("SELECT $workflow", "DELETE FROM x; SELECT $workflow", "more than one statement"),
        ("SELECT $workflow", "DELETE FROM x WHERE $workflow", "not a SELECT"),
    ],
)
def test_a_bad_header_is_told_with_its_line(old: str, new: str, message: str) -> None:
    assert old in QUERY
    with pytest.raises(InputError, match=message):
        header.query("x", QUERY.replace(old, new, 1), "here")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("code: ORP001", "code: ORP002", "file's name says otherwise"),
        ("code: ORP001", "code: orphan", "not a code"),
        ("family: orphaned", "family: lost", "family is 'lost', not one of orphaned"),
        ("severity: high", "severity: huge", "severity is 'huge'"),
        ("-- action: Look at the caller.\n", "", "lacks action"),
        ("SELECT 1", "SELECT $now_ns", r"binds \$now_ns"),
    ],
)
def test_a_bad_rule_is_told(old: str, new: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        header.rule("ORP001_missing_parent", RULE.replace(old, new, 1), "here")


def test_every_rule_may_bind_what_detection_gives_to_all() -> None:
    text = RULE.replace("SELECT 1", "SELECT $now_ns")
    assert header.rule("ORP001_x", text, "here", frozenset({"now_ns"})).params == ()


def test_a_folder_of_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "ACME001_ours.sql").write_text(RULE.replace("ORP001", "ACME001"))
    assert [rule.code for rule in queries.rules(tmp_path)] == ["ACME001"]
    (tmp_path / "ACME001_twice.sql").write_text(RULE.replace("ORP001", "ACME001"))
    forget()
    with pytest.raises(InputError, match="ACME001 is also the code of"):
        queries.rules(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        queries.explore(tmp_path / "absent")


def test_what_is_bound() -> None:
    params = header.query("x", QUERY, "here").params
    bound = queries.bindings(params, {"since": "2026-01-01", "least": "2"})
    assert bound == {
        "workflow": None,
        "least": 2.0,
        "word": "it's; x",
        "since": "2026-01-01",
        "price": None,
    }
    with pytest.raises(InputError, match="'since' has no value"):
        queries.bindings(params, {})
    with pytest.raises(InputError, match="no parameter 'limit'"):
        queries.bindings(params, {"since": "x", "limit": 1})
    with pytest.raises(InputError, match="'much' is not a value for least"):
        queries.bindings(params, {"since": "x", "least": "much"})


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("BIGINT", "-5", -5),
        ("DOUBLE", "1e3", 1000.0),
        ("BOOLEAN", "True", True),
        ("VARCHAR", "5", "5"),
        ("INTERVAL", "5 minutes", "5 minutes"),
    ],
)
def test_text_becomes_a_value_of_the_type(kind: str, text: str, value: header.Value) -> None:
    read = header.Param("x", kind, None, "").read(text)
    assert read == value
    assert type(read) is type(value)
