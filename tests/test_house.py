"""The lints of the house: each is seen to fail, and the checkout passes all of them."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import house
import pytest
from conftest import NetworkUsedError


def source(text: str, path: str = "tracemap/sample.py") -> house.Source:
    return house.Source(path, text)


def test_the_checkout_keeps_the_rules_of_the_house(root: Path) -> None:
    errors, _ = house.breaches(root)
    assert errors == []


@pytest.mark.parametrize(
    "line",
    [
        'x = "SELECT 1"',
        'x = "select a from spans"',
        'x = "  SELECT * FROM spans"',
        'x = f"SELECT {column}"',
        'x = "SELECT " + column',
        'x = "INSERT INTO spans VALUES (1)"',
        'x = """\n    WITH a AS (SELECT 1) FROM a"""',
        'x = "with a as (select 1) from a"',
        'x = "UPDATE spans SET name = $name"',
        'x = "CREATE TABLE t (a INT)"',
        'x = f"DROP TABLE {name}"',
        "x = \"ATTACH 'a.duckdb'\"",
        'x = "SET memory_limit = $limit"',
        'x = "COMMIT"',
        'run("FROM spans")',
        'x = f"DELETE FROM {table}"',
    ],
)
def test_sql_in_python_is_found(line: str) -> None:
    (breach,) = house.sql_in_python(source(f"\n{line}\n"))
    assert breach.startswith("tracemap/sample.py:2: SQL in Python")


@pytest.mark.parametrize(
    "line",
    [
        '"""SELECT in a docstring is prose."""',
        'x = "Select the rows that you want"',
        'x = "SELECT"',
        'x = ("SELECT", "WITH", "FROM")',
        'x = "INSERT orders"  # the name of a database span',
        'x = "Update available"',
        'x = "With a queue between"',
        'x = "from_service"',
        "x = \"tracemap sql 'SELECT 1'\"  # an example in a help text",
        'x = "a finding is muted"',
    ],
)
def test_prose_is_no_sql(line: str) -> None:
    assert list(house.sql_in_python(source(line))) == []


def test_network_code_is_found_outside_its_rooms() -> None:
    text = "from urllib.parse import quote\nimport json, http.client\nfrom socket import AF_INET\n"
    assert [breach.split(" is ")[0] for breach in house.network_in_library(source(text))] == [
        "tracemap/sample.py:2: http.client",
        "tracemap/sample.py:3: socket",
    ]
    assert list(house.network_in_library(source(text, "tracemap/web/client.py"))) == []


def test_long_modules_warn_and_longer_ones_fail() -> None:
    assert list(house.too_long(source("x\n" * 600))) == []
    assert list(house.rather_long(source("x\n" * 400))) == []
    assert "401 lines" in next(house.rather_long(source("x\n" * 401)))
    assert "601 lines" in next(house.too_long(source("x\n" * 601)))


def test_a_statement_that_does_not_exist_is_found() -> None:
    breaches = house.unknown_statements(source('queries.text("store/typo")'), {"store/meta"})
    assert list(breaches) == ["tracemap/sample.py:1: there is no query 'store/typo'"]
    assert list(house.unknown_statements(source('queries.text("store/a")'), {"store/a"})) == []
    assert list(house.unknown_statements(source("queries.text(name)"), {"store/a"})) == []


@pytest.mark.parametrize(
    "line",
    [
        'queries.text("store/insert_meta")',
        'queries.text(f"store/insert_{name}")',
        'queries.room("store")',
        "queries.STORE",
    ],
)
def test_a_statement_counts_as_used(line: str) -> None:
    assert list(house.unused_statements([source(line)], ["store/insert_meta"])) == []


def test_a_statement_that_nothing_runs_is_found() -> None:
    unused = house.unused_statements([source('queries.text("store/a")')], ["store/a", "store/b"])
    assert list(unused) == ["queries/store/b.sql: nothing runs it"]


@pytest.mark.parametrize(
    "text",
    [
        "--index" + "-url x",
        "a==1\n--find" + "-links x",
        "see https://pypi" + ".org/simple/duckdb",
        "open('/" + "home/someone/tracemap')",
        "/" + "root/.cache",
        "C:\\" + "Users\\someone",
    ],
)
def test_addresses_of_one_machine_are_found(text: str) -> None:
    (breach,) = house.addresses("notes.md", text.encode())
    assert breach.startswith("notes.md:")


def test_other_addresses_are_fine() -> None:
    text = b"http://127.0.0.1:4318/v1/traces, /usr/bin/python3, ~/x, https://opentelemetry.io/docs"
    assert list(house.addresses("notes.md", text)) == []


def test_the_product_is_read_once_and_not_through_the_links(root: Path) -> None:
    names = [source.path for source in house.product(root, house.tracked(root))]
    assert "queries/__init__.py" in names
    assert not [name for name in names if name.startswith("tracemap/queries")]


def test_the_locks_hold_only_versions_and_hashes(root: Path) -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = (root / name).read_text().splitlines()
        entries = [line for line in lines if line and not line.startswith(("#", " "))]
        hashes = [line for line in lines if line.startswith("    ")]
        assert entries
        assert all("==" in line.split(";")[0] for line in entries), name
        assert all(line.startswith("    --hash=sha256:") for line in hashes), name
        assert len(hashes) >= len(entries)


def test_what_is_imported_is_declared_and_what_is_declared_is_imported(root: Path) -> None:
    """An import that happens to work because something else depends on it breaks one day."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[<>=!~\[;]", entry)[0] for entry in project["dependencies"]}
    modules = {
        name.split(".")[0]
        for source in house.product(root, house.tracked(root))
        for _, name in house.imports(source)
    }
    names = {name for name in modules if name not in sys.stdlib_module_names} - {"tracemap"}
    by_module = metadata.packages_distributions()
    used = {dist.lower() for name in names for dist in by_module[name]}
    shared = {dist for dist in used if dist.startswith(("opentelemetry", "googleapis"))}
    assert used - shared <= declared
    assert declared - used == set()


def test_the_import_order_is_checked_and_fails_when_broken(root: Path, tmp_path: Path) -> None:
    """import-linter on a house of three rooms with the order of ours, one import backwards."""
    config = (root / "pyproject.toml").read_text()
    (tmp_path / "pyproject.toml").write_text(config[config.index("[tool.importlinter]") :])
    for room in ("", "cli", "api", "collectors", "pipeline", "report", "store", "errors"):
        folder = tmp_path / "tracemap" / room
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text("")
    assert lint_imports(tmp_path).returncode == 0

    (tmp_path / "tracemap/store/__init__.py").write_text("import tracemap.api\n")
    broken = lint_imports(tmp_path)
    assert broken.returncode == 1
    assert "tracemap.store is not allowed to import tracemap.api" in broken.stdout

    (tmp_path / "tracemap/store/__init__.py").write_text("")
    (tmp_path / "tracemap/newroom.py").write_text("")
    unplaced = lint_imports(tmp_path)
    assert unplaced.returncode == 1
    assert "newroom" in unplaced.stdout


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("room", ["collectors", "queries", "tests", "sample_traces"])
def test_bare_names_of_rooms_are_banned(root: Path, room: str) -> None:
    found = ruff(root, f"from {room} import something\n\nprint(something)\n", "tracemap/x.py")
    assert "TID251" in found
    assert "T201" in found  # and print is banned with them


def test_the_command_line_may_print(root: Path) -> None:
    assert "T201" not in ruff(root, 'print("hello")\n', "tracemap/cli/x.py")


def ruff(root: Path, text: str, path: str) -> str:
    options = ["--no-cache", "--output-format", "concise", "--stdin-filename", path]
    return subprocess.run(
        [sys.executable, "-m", "ruff", "check", *options, "-"],
        cwd=root,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    ).stdout


def test_tests_reach_this_machine_only() -> None:
    with pytest.raises(NetworkUsedError, match=r"192\.0\.2\.1"):
        socket.create_connection(("192.0.2.1", 80), timeout=0.1)
    with pytest.raises(NetworkUsedError, match=r"example\.invalid"):
        socket.getaddrinfo("example.invalid", 80)
    with socket.create_server(("127.0.0.1", 0)) as here:
        socket.create_connection(here.getsockname(), timeout=5).close()
