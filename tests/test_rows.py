"""Rows on their way out: DuckDB's types as Python values, as JSON, as a frame, and on the wire."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import front
import orjson
import pytest

from tracemap import arrow, frames
from tracemap.errors import InputError, ServerError
from tracemap.rows import BrokenStreamError, Rows

#: An expression, its Python value, and its JSON value where that is another.
TYPES: Final[Sequence[tuple[str, Any, Any]]] = [
    ("NULL", None, None),
    ("true", True, True),
    ("(-128)::TINYINT", -128, -128),
    ("18446744073709551615::UBIGINT", 2**64 - 1, 2**64 - 1),
    ("2::HUGEINT", 2, 2),
    ("9223372036854775808::HUGEINT", Decimal(2**63), float(2**63)),
    ("(-7)::DECIMAL(9, 0)", -7, -7),
    ("(-0.05)::DECIMAL(18, 2)", Decimal("-0.05"), -0.05),
    ("12345678901234567890.123456789::DECIMAL(38, 9)", ..., 1.2345678901234567e19),
    ("0.1::FLOAT", 0.10000000149011612, 0.10000000149011612),
    ("'-inf'::DOUBLE", float("-inf"), float("-inf")),
    ("'é€😀'", "é€😀", "é€😀"),
    ("'b'::ENUM('a', 'b')", "b", "b"),
    ("'\\xAA\\x00b'::BLOB", b"\xaa\x00b", "aa0062"),
    ("UUID '00000000-0000-0000-0000-00000000000a'", f"{'0' * 8}-0000-0000-0000-{10:012x}", ...),
    ("INTERVAL '1 month 2 days 3.5 s'", "1 months 2 days 00:00:03.5", ...),
    ("INTERVAL '-1 s'", "-00:00:01", ...),
    ("DATE '0001-01-01'", dt.date(1, 1, 1), "0001-01-01"),
    ("TIME '10:11:12'", dt.time(10, 11, 12), "10:11:12"),
    ("TIME '10:11:12.5'", dt.time(10, 11, 12, 500_000), "10:11:12.500"),
    ("TIMESTAMP '2020-01-01'", dt.datetime(2020, 1, 1), "2020-01-01T00:00:00Z"),  # noqa: DTZ001
    ("TIMESTAMP_MS '1969-12-31 23:59:59.5'", ..., "1969-12-31T23:59:59.500Z"),
    ("TIMESTAMP '2020-01-01 10:00:00.123456'", ..., "2020-01-01T10:00:00.123456Z"),
    ("TIMESTAMP_S '2038-01-19 03:14:07'", ..., "2038-01-19T03:14:07Z"),
    (
        "TIMESTAMP_NS '2024-01-01 00:00:00.123456789'",
        dt.datetime(2024, 1, 1, 0, 0, 0, 123456),  # noqa: DTZ001
        "2024-01-01T00:00:00.123456789Z",
    ),
    (
        "TIMESTAMPTZ '2024-01-01 00:00:00+02'",
        dt.datetime(2023, 12, 31, 22, tzinfo=dt.UTC),
        "2023-12-31T22:00:00Z",
    ),
    ("[1, 2, NULL]", [1, 2, None], ...),
    ("[]::INT[]", [], ...),
    ("NULL::INT[]", None, None),
    ("[['a'], NULL, []]", [["a"], None, []], ...),
    ("[1, NULL]::INT[2]", [1, None], ...),
    ("{'a': 1, 'b': ['x'::ENUM('x')]}", {"a": 1, "b": ["x"]}, ...),
    ("NULL::STRUCT(a INT)", None, None),
    ("{'t': [DATE '2020-01-02']}", {"t": [dt.date(2020, 1, 2)]}, {"t": ["2020-01-02"]}),
    ("[1.25::DECIMAL(5, 2)]", [Decimal("1.25")], [1.25]),
    ("MAP {'a': 1}", {"a": 1}, ...),
    ("MAP {1: 'x'}", {1: "x"}, ...),
    ("MAP {'a': {'x': '\\xAA'::BLOB}, 'b': NULL}", ..., {"a": {"x": "aa"}, "b": None}),
]
#: What neither Python nor a frame can hold as it is.
FAR: Final = [
    ("MAP {[1]: 'x'}", [{"key": [1], "value": "x"}]),
    ("TIMESTAMP '20000-01-01'", "+20000-01-01T00:00:00Z"),
    ("TIMESTAMP '44-03-15 (BC)'", "-0043-03-15T00:00:00Z"),
    ("TIMESTAMP 'infinity'", "infinity"),
    ("DATE '-infinity'", "-infinity"),
    ("DATE '20000-02-29'", "+20000-02-29"),
]


def select(expressions: Sequence[str]) -> Rows:
    """Three rows of each, of which the second is null."""
    some = ", ".join(
        f"CASE WHEN i = 1 THEN NULL ELSE {text} END AS c{place}"
        for place, text in enumerate(expressions)
    )
    return Rows.of(duckdb.connect().sql(f"SELECT {some} FROM range(3) AS t(i) ORDER BY i"))


def test_each_type_as_a_python_value_and_as_json() -> None:
    found = select([text for text, *_ in TYPES])
    assert (found.height, found.is_empty()) == (3, False)
    for rows, place in ((found.to_dicts(), 1), (found.records(), 2)):
        for number, wanted in enumerate(TYPES):
            value = wanted[1] if wanted[place] is ... else wanted[place]
            if value is ...:
                continue
            told = [row[f"c{number}"] for row in rows]
            assert told == [value, None, value], wanted[0]
            assert type(told[0]) is type(value), wanted[0]
    orjson.dumps(found.records(), option=orjson.OPT_NON_STR_KEYS)


def test_a_frame_has_the_same_values() -> None:
    found = select([text for text, *_ in TYPES])
    assert frames.of(found).to_dicts() == found.to_dicts()


def test_and_so_has_what_a_server_sent() -> None:
    found = select([text for text, *_ in TYPES])
    sent = Rows.from_ipc(arrow.to_ipc(found))
    assert sent.to_dicts() == found.to_dicts()
    assert sent.records() == found.records()
    assert sent.columns == found.columns
    empty = Rows.of(duckdb.connect().sql("SELECT 1 AS a, 'x'::ENUM('x') AS e WHERE false"))
    assert Rows.from_ipc(arrow.to_ipc(empty)).columns == ["a", "e"]
    with pytest.raises(ServerError, match="no Arrow stream"):
        Rows.from_ipc(b"no stream")
    with pytest.raises(ServerError, match="no Arrow stream"):
        Rows.from_ipc(arrow.to_ipc(found)[:-1000])


@pytest.mark.parametrize(("text", "shown"), FAR)
def test_what_python_has_not_is_shown_all_the_same(text: str, shown: object) -> None:
    found = select([text])
    assert found.to_dicts()[0] == found.records()[0] == {"c0": shown}


def test_a_type_that_nobody_can_show_is_told() -> None:
    union = Rows.of(duckdb.connect().sql("SELECT union_value(k := 1) AS a"))
    for read in (union.to_dicts, union.records, lambda: frames.of(union)):
        with pytest.raises(InputError, match="cannot be shown"):
            read()


def test_columns_of_one_name_have_numbers_and_json_text_is_json() -> None:
    found = Rows.of(
        duckdb.connect().sql(
            """SELECT 1 AS a, 2.5 AS a, 'x' AS a_2, '{"b": [1, null]}' AS evidence, '{' AS losers"""
        )
    )
    assert found.columns == ["a", "a_2", "a_2_2", "evidence", "losers"]
    assert found.numeric == [True, True, False, False, False]
    assert found.records() == [
        {"a": 1, "a_2": 2.5, "a_2_2": "x", "evidence": {"b": [1, None]}, "losers": "{"}
    ]
    assert found.to_dicts()[0]["evidence"] == '{"b": [1, null]}'
    assert found.column("a_2_2") == ["x"]


def test_answers_in_many_batches_and_several_answers_are_one() -> None:
    sql = (
        "SELECT i, [i, NULL] AS l, CASE WHEN i % 3 > 0 THEN i::VARCHAR END AS s FROM range({}) t(i)"
    )
    con = duckdb.connect()
    found = Rows.of(con.sql(sql.format(300_000)))
    assert [found.column(name)[299_997] for name in found.columns] == [
        299_997,
        [299_997, None],
        None,
    ]
    assert found.column("s")[:3] == [None, "1", "2"]
    two = Rows.together([Rows.of(con.sql(sql.format(2))), Rows.of(con.sql(sql.format(1)))])
    assert two.column("i") == [0, 1, 0]
    assert frames.of(two).height == 3


def test_an_answer_that_breaks_off_says_why() -> None:
    relation = duckdb.connect().sql(
        "SELECT CASE WHEN i = 900000 THEN 'x' ELSE '1' END::INT FROM range(1000000) t(i)"
    )
    with pytest.raises(BrokenStreamError, match=r"^Conversion Error: .*'x'"):
        Rows.of(relation)


#: What takes longer to load than an answer takes to be found.
HEAVY: Final = ("polars", "pyarrow", "numpy", "pydantic")
READING: Final = (
    ("executions", "list"),
    ("executions", "show", front.LOST, "--format", "json"),
    ("custody", front.LOST),
    ("findings", "--format", "csv"),
    ("graph",),
    ("explain", front.LOST),
    ("owners", "explain", "payment"),
    ("query", "run", "slowest_handoffs"),
    ("audit", "--format", "json"),
)
_PROBE: Final = """
import json, sys
from tracemap.cli.app import app
for arguments in json.loads(sys.argv[1]):
    app(arguments, standalone_mode=False)
print(json.dumps([name for name in json.loads(sys.argv[2]) if name in sys.modules]))
"""


def loaded(db: Path, *commands: Sequence[str], watched: Sequence[str] = HEAVY) -> list[str]:
    """Which modules are loaded once these commands have answered."""
    asked = [[*command, "--db", str(db)] for command in commands]
    told = subprocess.run(
        [sys.executable, "-c", _PROBE, json.dumps(asked), json.dumps(watched)],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    found: list[str] = json.loads(told.stdout.splitlines()[-1])
    return found


def test_what_only_reads_loads_nothing_heavy(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    assert loaded(db, *READING) == []
    # A person's statement is read in pieces, by pyarrow: the fence counts them.
    assert "polars" not in loaded(db, ("sql", "SELECT 1"))
    with front.serving(db):
        sql = ("sql", "SELECT DATE '2020-01-01'")
        assert loaded(db, *READING, sql, watched=(*HEAVY, "duckdb")) == []
