"""A person's SQL can read the tables, and nothing else (design section 4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import front
import pytest

from tracemap import guard
from tracemap.api import Tracemap, TruncatedWarning
from tracemap.errors import InputError, LimitError, TooLargeError
from tracemap.reads import Limits

#: Each must be refused by the first fence, before anything is bound.
REFUSED = [
    "",
    "-- only a remark",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE store.span",
    # other statements
    "INSERT INTO store.setting VALUES ('a', '1')",
    "UPDATE store.setting SET value = '1'",
    "DELETE FROM store.span",
    "CREATE TABLE t AS SELECT 1",
    "DROP VIEW findings",
    "ALTER TABLE store.span ADD COLUMN x INTEGER",
    "TRUNCATE store.span",
    "COPY spans TO '{folder}/out.csv'",
    "COPY store.span FROM '{folder}/secret'",
    "EXPORT DATABASE '{folder}/out'",
    "IMPORT DATABASE '{folder}/out'",
    "ATTACH '{folder}/other.duckdb'",
    "DETACH shop",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET threads = 1",
    "RESET threads",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "COMMIT",
    "USE memory",
    "PREPARE p AS SELECT 1",
    "EXECUTE p",
    "EXPLAIN ANALYZE SELECT 1",
    "CREATE SECRET (TYPE s3)",
    # writing inside of a SELECT
    "WITH x AS (INSERT INTO store.setting VALUES ('a', '1') RETURNING *) SELECT * FROM x",
    "WITH x AS (DELETE FROM store.span RETURNING 1) SELECT count(*) FROM x",
    "WITH x AS (UPDATE store.setting SET name = 'x' RETURNING 1) SELECT count(*) FROM x",
    "SELECT nextval('s')",
    # files
    "SELECT * FROM read_csv('{folder}/secret')",
    "SELECT * FROM read_text('{folder}/secret')",
    "SELECT * FROM read_blob('{folder}/secret')",
    "SELECT * FROM read_json('{folder}/secret')",
    "SELECT * FROM read_parquet('{folder}/secret')",
    "SELECT * FROM read_duckdb('{folder}/shop.duckdb')",
    "SELECT * FROM parquet_metadata('{folder}/secret')",
    "SELECT * FROM sniff_csv('{folder}/secret')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM '{folder}/secret'",
    'SELECT * FROM "{folder}/secret"',
    "SELECT (SELECT content FROM read_text('{folder}/secret'))",
    "SELECT * FROM spans WHERE name IN (SELECT content FROM read_text('{folder}/secret'))",
    "SELECT * FROM spans, LATERAL (SELECT * FROM glob(spans.name))",
    "WITH x AS (SELECT * FROM read_text('{folder}/secret')) SELECT * FROM x",
    "DESCRIBE '{folder}/secret'",
    "SUMMARIZE '{folder}/secret'",
    # around the fence
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('spans')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "SELECT * FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM pandas_scan(1)",
    "SELECT * FROM duckdb_secrets()",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM checkpoint()",
    "SELECT * FROM force_checkpoint()",
    "SELECT * FROM enable_logging()",
    "SELECT * FROM enable_profiling(save_location := '{folder}/out')",
    "SELECT * FROM truncate_duckdb_logs()",
    "SELECT write_log('x')",
    "SELECT current_setting('temp_directory')",
    "SELECT getvariable('x')",
    "SELECT getenv('HOME')",
    "SELECT value FROM store.setting",
    "SELECT (SELECT count(*) FROM tracemap.store.setting)",
    "SUMMARIZE store.setting",
    "DESCRIBE store.setting",
    "SELECT sleep_ms(100000)",
    "SELECT pg_sleep(100)",
    "SELECT * FROM other.main.spans",
    # something huge out of nothing: the memory limit of DuckDB does not count these
    "SELECT repeat('x', 2000000000)",
    "SELECT 'x'.repeat(2000000000)",
    "SELECT repeat('x', n) FROM (SELECT 2000000000 AS n)",
    "SELECT repeat('x', 1000000000 + 1000000000)",
    "SELECT repeat(n := 2000000000, s := 'x')",
    "SELECT lpad('x', 2000000000, 'y')",
    "SELECT list_resize([1], 2000000000)",
    "SELECT bitstring('1', 2000000000)",
    "SELECT range(2000000000)",
    "SELECT generate_series(1, 2000000000)",
    "SELECT printf('%2000000000d', 1)",
    "SELECT printf('%*d', 2000000000, 1)",
    "SELECT format('{{:2000000000}}', 1)",
    "SELECT format('{{:{{}}}}', 1, 2000000000)",
    "SELECT printf(name, 1) FROM spans",
]

ALLOWED = [
    "SELECT 1",
    "select 1;",
    "FROM executions SELECT execution",
    "TABLE findings",
    "VALUES (1), (2)",
    "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
    "SELECT * FROM main.findings",
    "SELECT count(*) FROM store.span",
    "SELECT table_name FROM information_schema.tables",
    "SHOW TABLES",
    "DESCRIBE spans",
    "SUMMARIZE findings",
    "SELECT attributes->>'order.id' AS id FROM spans ORDER BY id",
    "SELECT n FROM range(5) AS t(n)",
    "SELECT lpad('7', 3, '0'), repeat('=', 20), printf('%.2f', 0.5), format('{:>10}', 'x')",
    "SELECT unnest(services), count(*) FROM executions GROUP BY 1",
    "SELECT service, count(*) OVER (PARTITION BY service) FROM spans QUALIFY true",
    "SELECT * FROM spans TABLESAMPLE 10%",
    "SELECT a.execution FROM executions AS a JOIN executions AS b ON a.parent = b.execution",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sql")
    (path / "secret").write_text("a,b\n1,secret\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(folder: Path) -> Iterator[Tracemap]:
    with front.local(front.shop(folder)) as found:
        yield found


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_a_single_select_of_tables_is_refused(
    opened: Tracemap, folder: Path, text: str
) -> None:
    before = sorted(p.name for p in folder.iterdir())
    statement = text.replace("{folder}", str(folder)).replace("{{", "{").replace("}}", "}")

    with pytest.raises(InputError):
        opened.sql(statement)

    assert sorted(p.name for p in folder.iterdir()) == before
    assert opened.sql("SELECT count(*) AS n FROM store.span")["n"].item() > 0


@pytest.mark.parametrize("text", ALLOWED)
def test_a_select_is_answered(opened: Tracemap, text: str) -> None:
    assert opened.sql(text).width > 0


def test_the_second_fence_holds_without_the_first(folder: Path, opened: Tracemap) -> None:
    cursor = front.shop(folder, "bare.duckdb")
    with front.local(cursor) as bare:
        inside = bare.backend.store.cursor()  # type: ignore[attr-defined]
        for text in (
            f"SELECT * FROM read_text('{folder}/secret')",
            f"SELECT * FROM '{folder}/secret'",
            f"COPY (SELECT 1) TO '{folder}/out.csv'",
            f"ATTACH '{folder}/other.duckdb'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET lock_configuration = false",
            "SET memory_limit = '100GB'",
        ):
            with pytest.raises(duckdb.Error):
                inside.execute(text)


def test_the_third_fence_holds_without_the_first(folder: Path) -> None:
    with front.local(front.shop(folder, "reading.duckdb")) as bare:
        inside = bare.backend.store.cursor()  # type: ignore[attr-defined]
        inside.execute("BEGIN TRANSACTION READ ONLY")
        with pytest.raises(duckdb.Error, match="read-only"):
            inside.execute(
                "WITH x AS (INSERT INTO store.setting VALUES ('a', '1') RETURNING 1) FROM x"
            )
        inside.rollback()


def test_time_is_limited(opened: Tracemap) -> None:
    began = time.monotonic()
    with pytest.raises(LimitError, match=r"longer than 0\.3 s"):
        opened.sql("SELECT count(*) FROM range(100000000000)", timeout=0.3)
    assert time.monotonic() - began < 30


def test_a_statement_that_streams_for_ever_is_cut_at_its_rows(opened: Tracemap) -> None:
    with pytest.warns(TruncatedWarning):
        frame = opened.sql("SELECT * FROM range(100000000000)", limit=7)
    assert frame.height == 7


def test_exactly_the_limit_is_not_truncated(opened: Tracemap) -> None:
    assert opened.sql("SELECT * FROM range(7)", limit=7).height == 7


def test_memory_is_limited(opened: Tracemap) -> None:
    limits = Limits(memory_bytes=64 * 2**20)
    with pytest.raises(LimitError, match="memory"):
        opened.backend.sql("SELECT list(n) FROM range(1000000000) AS t(n)", limits)


def test_a_large_result_is_refused(opened: Tracemap) -> None:
    limits = Limits(result_bytes=2**20)
    with pytest.raises(LimitError, match="larger than 1 MB"):
        opened.backend.sql("SELECT n, lpad('x', 1000, 'y') FROM range(50000) AS t(n)", limits)


def test_a_long_text_is_refused_unread(opened: Tracemap) -> None:
    with pytest.raises(TooLargeError):
        opened.sql("SELECT 1" + " " * guard.MAX_TEXT)


@pytest.mark.parametrize("shape", ["({})", "[{}]", "(SELECT {})", "CASE WHEN true THEN {} END"])
def test_deep_nesting_ends_in_an_error_and_not_in_a_crash(opened: Tracemap, shape: str) -> None:
    depth = (guard.MAX_TEXT - 100) // len(shape)
    before, after = shape.split("{}")
    with pytest.raises(InputError):
        opened.sql(f"SELECT {before * depth}1{after * depth}")


def test_the_cursor_can_be_used_again_after_an_error(opened: Tracemap) -> None:
    with pytest.raises(InputError):
        opened.sql("SELECT nothing FROM spans")
    assert opened.sql("SELECT 1 AS a")["a"].to_list() == [1]


def test_a_name_that_is_nearly_right_is_told(opened: Tracemap) -> None:
    with pytest.raises(InputError, match="did you mean 'spans'"):
        opened.sql("SELECT * FROM span")
    with pytest.raises(InputError, match="did you mean 'service'"):
        opened.sql("SELECT servce FROM spans")


def test_columns_of_one_name_and_odd_types_have_a_frame(opened: Tracemap) -> None:
    frame = opened.sql(
        "SELECT 1 AS a, 2 AS a, INTERVAL 90 MINUTE AS i, sum(n) AS s, 'x'::ENUM('x') AS e, "
        "NULL AS z FROM range(4) AS t(n)"
    )
    assert frame.to_dicts() == [{"a": 1, "a_2": 2, "i": "01:30:00", "s": 6, "e": "x", "z": None}]
