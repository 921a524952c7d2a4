"""The pages say what the code does: what they list is all there is, and what they show works."""

from __future__ import annotations

import io
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import front
import pages
import pytest
from pages import ROOT
from typer.testing import CliRunner

from tracemap import queries
from tracemap.api import Tracemap
from tracemap.cli.app import app
from tracemap.settings import Settings
from tracemap.store import Store

PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in pages.pages()
}
#: Pages that people follow, beside ours: they are checked for links and commands, too.
OTHERS = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in ("sample_traces", "tests")
    for path in sorted((ROOT / folder).glob("*.md"))
}
RUNNER = CliRunner()


# --- what is made from the code -------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_made_parts_are_up_to_date(name: str) -> None:
    """``make docs`` writes them."""
    assert pages.fill(PAGES[name], pages.from_code) == PAGES[name], f"{name}: run 'make docs'"


def test_a_block_is_replaced_and_the_rest_kept() -> None:
    kept = "<!-- begin: shown y -->\nkept\n<!-- end -->\n"
    page = f"a\n<!-- begin: x 1 -->\nold\n<!-- end -->\nb\n{kept}"
    made = pages.fill(page, lambda name, _: f"new {name}\n" if name == "x 1" else None)
    assert made == page.replace("old", "new x 1")


def test_a_block_that_nothing_makes_is_refused() -> None:
    with pytest.raises(KeyError):
        pages.from_code("nonsense of mine", "")


# --- everything is documented ---------------------------------------------------------------------


COMMANDS = dict(pages.commands())
#: Commands that only hold others have no section of their own.
RUNNABLE = [
    words for words, command in COMMANDS.items() if words and not hasattr(command, "commands")
]


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_its_help_on_the_page(words: str) -> None:
    names = [name for name, _ in pages.blocks(PAGES["docs/cli.md"])]
    assert f"help {words}".strip() in names


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_is_on_the_page(words: str) -> None:
    shown = dict(pages.blocks(PAGES["docs/cli.md"]))[f"help {words}".strip()]
    options = [o for p in COMMANDS[words].params for o in (*p.opts, *p.secondary_opts)]
    missing = [o for o in options if o.startswith("--") and not re.search(rf"{o}\b", shown)]
    assert not missing


@pytest.mark.parametrize("words", sorted({words.split()[0] for words in RUNNABLE}))
def test_the_readme_has_a_first_look_at_every_command(words: str) -> None:
    assert re.search(rf"^(\$ )?tracemap {words}\b", PAGES["README.md"], re.MULTILINE)


@pytest.mark.parametrize("rule", queries.rules(), ids=lambda rule: rule.code)
def test_every_rule_has_a_section(rule: queries.Rule) -> None:
    assert f"\n### {rule.code} {rule.title}\n" in PAGES["docs/rules.md"]


@pytest.mark.parametrize("query", queries.explore(), ids=lambda query: query.name)
def test_every_named_query_has_a_section(query: queries.Query) -> None:
    assert f"\n### {query.name}\n" in PAGES["docs/sql.md"]


def test_the_changelog_lists_every_command_and_rule() -> None:
    listed = re.findall(r"`(?:tracemap )?([\w]+)`|\b([A-Z]{3}\d{3})\b", PAGES["CHANGELOG.md"])
    told = {word for pair in listed for word in pair if word}
    exists = {words.split()[0] for words in RUNNABLE} | {rule.code for rule in queries.rules()}
    assert exists <= told, exists - told


def _table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without the table's own head."""
    below = f"\n{page}".split(f"\n{heading}\n", 1)[1]
    section = re.split(r"^#", below, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[2:]


def test_every_setting_is_documented_with_its_default() -> None:
    told = {row[0].strip("`"): row[1] for row in _table(PAGES["docs/settings.md"], "# Settings")}
    assert list(told) == [field.name for field in fields(Settings)]
    default = Settings()
    for name, text in told.items():
        value = getattr(default, name)
        if name.endswith("_ns"):
            number, unit = text.split()
            assert int(number) * {"s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9}[unit] == value
        elif isinstance(value, int):
            assert int(text) == value
    assert "thirty" in told["owner_attributes"]
    assert len(default.owner_attributes) == 30


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """(column, type) of every public view of an analysed database."""
    path = front.shop(tmp_path_factory.mktemp("views"))
    with Store.open(path) as store:
        rows = store.cursor().execute(
            "SELECT table_name, column_name, data_type FROM duckdb_columns() "
            "WHERE schema_name = 'main' AND NOT internal ORDER BY table_name, column_index"
        )
        found: dict[str, list[tuple[str, str]]] = {}
        for view, column, kind in rows.fetchall():
            found.setdefault(view, []).append((column, kind))
    return found


def test_every_view_is_documented_with_its_columns(
    views: dict[str, list[tuple[str, str]]],
) -> None:
    page = PAGES["docs/sql.md"]
    section = page.split("\n## The views\n")[1].split("\n## ")[0]
    documented = re.findall(r"^### (\w+)$", section, re.MULTILINE)
    assert sorted(documented) == sorted(views)
    for view, columns in views.items():
        told = [(row[0].strip("`"), row[1]) for row in _table(page, f"### {view}")]
        assert told == columns, view


def test_every_method_of_the_python_api_is_documented() -> None:
    public = {name for name in dir(Tracemap) if not name.startswith("_")}
    assert set(re.findall(r"^### (\w+)$", PAGES["docs/python-api.md"], re.MULTILINE)) == public


# --- links and paths ------------------------------------------------------------------------------


_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_CODE = re.compile(r"^(```+|~~~+).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)
#: A path of ours within backticks, with ``*`` or ``NAME``-like parts left out.
_PATH = re.compile(
    r"`((?:tracemap|collectors|queries|tests|tools|docs|sample_traces|benchmarks)/[\w./-]*)`"
)


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_links_within_the_repository_lead_somewhere(name: str) -> None:
    broken = [link for link in _links(name) if not _leads(name, link)]
    assert not broken


def _links(name: str) -> list[str]:
    text = _CODE.sub("", (PAGES | OTHERS)[name])
    return [link for link in _LINK.findall(text) if "://" not in link]


def _leads(name: str, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / name).parent / unquote(path) if path else ROOT / name
    if not target.exists() or not target.resolve().is_relative_to(ROOT):
        return False
    if not anchor:
        return True
    return target.suffix == ".md" and anchor in pages.anchors(target.read_text(encoding="utf-8"))


def test_a_broken_link_is_seen() -> None:
    assert _leads("docs/cli.md", "sql.md#the-views")
    assert not _leads("docs/cli.md", "sql.md#no-such-heading")
    assert not _leads("docs/cli.md", "nowhere.md")


@pytest.mark.parametrize("name", [*PAGES, *OTHERS])
def test_files_that_a_page_names_exist(name: str) -> None:
    text = (PAGES | OTHERS)[name]
    examples = {"tracemap/", "queries/detect/CODE_what_it_finds.sql", "docs/CODEOWNERS"}
    named = {path for path in _PATH.findall(text) if path not in examples}
    assert not [path for path in named if not (ROOT / path).exists()]


def test_statements_that_the_architecture_names_exist() -> None:
    """In the analysis statements of ``queries/build`` are called by name: (`span_dropped`)."""
    section = PAGES["ARCHITECTURE.md"].split("\n## The analysis\n")[1].split("\n## ")[0]
    listed = re.findall(r"\(((?:`\w+`(?:, )?)+)\)", section)
    named = {name.strip("`") for group in listed for name in group.split(", ")}
    known = {*queries.BUILD, "find_keys", "assign_members"}
    assert named <= known, named - known
    assert len(named) > 40


# --- what pages show works ------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A command that a page shows, and the lines of output below it."""

    page: str
    line: str
    output: tuple[str, ...] = ()

    @property
    def words(self) -> list[str]:
        """The command's own words: without ``tracemap``, a pipe, or a remark."""
        return shlex.split(self.line.split(" | ")[0], comments=True)[1:]


_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _fences(*languages: str) -> Iterator[tuple[str, str, str]]:
    """(page, language, text) of code in those languages."""
    for name, page in (PAGES | OTHERS).items():
        for language, text in _FENCE.findall(page):
            if language in languages:
                yield name, language, text


def _shown() -> Iterator[Shown]:
    """In a console block after ``$``; in another at the start of a line, or of a line of cron."""
    for page, language, text in _fences("sh", "console", ""):
        begins = r"\$ tracemap " if language == "console" else r"(\S+ \S+ \* \* \* +)?tracemap "
        lines = text.splitlines()
        starts = [i for i, line in enumerate(lines) if re.match(begins, line)]
        for start, end in pairwise([*starts, len(lines)]):
            command = lines[start][lines[start].index("tracemap ") :]
            yield Shown(page, command, tuple(lines[start + 1 : end]))


SHOWN = list(_shown())
#: Shown, and not run here: they run until they are stopped, or for long. Other tests run them.
LONG = ("serve", "demo")
#: What the pages' commands speak of, in the world that they are run in.
IN_OUR_WORLD = {
    "4711": front.LOST,
    "checkout": "checkout",
    "payment": "shipping",
    "orders.placed": "orders",
    "ACME001": "ORP001",  # whose rule is not loaded here
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``world`` begins with; made once, for the map alone costs more than most commands."""
    folder = tmp_path_factory.mktemp("world")
    front.shop(folder, "tracemap.duckdb")
    for name in ("traces.jsonl", "traces.jsonl.gz", "traces.binpb"):
        (folder / name).write_bytes(b"\n".join(front.lines()))
    (folder / "ownership.yaml").write_text("version: 1\nteams:\n  - name: shop\n")
    (folder / "tracemap.toml").write_text("[limits]\nspans = 5000\n")
    (folder / "rules").mkdir()
    (own,) = (text for _, _, text in _fences("sql") if text.startswith("-- code: ACME001"))
    (folder / "rules" / "ACME001_slow_charge.sql").write_text(own)
    (folder / "sample_traces").symlink_to(ROOT / "sample_traces")
    front.export_map(folder)
    return folder


@pytest.fixture
def world(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a database where order 4711 was lost, and files to import."""
    shutil.copytree(prepared, tmp_path, symlinks=True, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_pages_show_commands() -> None:
    assert len(SHOWN) > 30
    assert {s.words[0] for s in SHOWN} >= {words.split()[0] for words in RUNNABLE}


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown.page}: {shown.line}"[:90])
def test_a_shown_command_works(shown: Shown, world: Path) -> None:
    words = [IN_OUR_WORLD.get(word, word) for word in shown.words]
    words = [str(world / Path(w).name) if w.startswith(("/tmp/", "/var/")) else w for w in words]
    if words[0] in LONG:
        words += ["--help"]  # its options are read before it says so
        _parse(words[:-1])
    _ready(words, world)
    result = RUNNER.invoke(app, words, env={"COLUMNS": "96", "TRACEMAP_DB": "tracemap.duckdb"})
    assert result.exit_code in ((0, 1) if "--fail-on" in words else (0,)), result.output
    if words[0] not in LONG and shown.output and words[:2] != ["query", "run"]:
        assert _heads(shown.output) <= _heads(result.output.splitlines()) | _optional(words)


def _parse(words: list[str]) -> None:
    """Read a command's options as the command line does. Raises for one that it does not have."""
    COMMANDS[words[0]].make_context(words[0], words[1:])


def _ready(words: list[str], world: Path) -> None:
    """The database that the command names, where it is one to be read."""
    if "--db" in words and words[0] not in ("import", *LONG):
        front.shop(world, words[words.index("--db") + 1])


def _heads(lines: list[str] | tuple[str, ...]) -> set[str]:
    """The headings of tables, and what Markdown has in their place."""
    return {
        head
        for line in lines
        if re.match(r"[A-Z]{3,}( [A-Z]+)*  ", line) or line.startswith("## ")
        for head in re.split(r"\s{2,}", line.strip())
        if not re.search(r"\d", head)
    }


def _optional(words: list[str]) -> set[str]:
    """Columns that are left out where they would be empty, or where there is no room."""
    return (
        {"ERRORS", "SHARE", "KIND", "VALUES", "SERVICES", "STATUS", "## Workflows"}
        if words
        else set()
    )


@pytest.mark.parametrize(
    "text",
    [t for page, _, t in _fences("sql") if page != "CONTRIBUTING.md" and "-- code:" not in t],
)
def test_shown_sql_runs(text: str, world: Path) -> None:
    result = RUNNER.invoke(app, ["sql", text])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("page", sorted({page for page, *_ in _fences("python")}))
def test_shown_python_runs(page: str, world: Path) -> None:
    """All of a page's code, in the order of the page."""
    names: dict[str, Any] = {}
    with redirect_stdout(io.StringIO()):
        for name, _, text in _fences("python"):
            if name == page:
                exec(compile(text, page, "exec"), names)


def test_shown_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    shown = {
        match
        for page in PAGES.values()
        for match in re.findall(r"(?:^|`)make (?:[A-Z]+=\S+ )*([a-z]+)", page, re.MULTILINE)
    }
    assert shown <= targets, shown - targets
    assert {"demo", "test", "check"} <= shown
