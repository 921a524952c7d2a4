"""Writes those parts of the pages that are made from the code. Run by ``make docs``.

    python tools/pages.py

A page says where: what stands between ``<!-- begin: NAME -->`` and ``<!-- end -->`` is replaced by
what NAME makes. ``tests/test_docs.py`` fails while a page holds something else than that. Blocks
called ``shown ...`` are real output, and belong to ``tools/pictures.py``.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import typer
from typer.testing import CliRunner

from tracemap import queries
from tracemap.cli.app import app
from tracemap.collectors.access.tokens import SCOPES, VARIABLES
from tracemap.collectors.otlp.limits import BOUNDS, DEFAULT_LIMITS
from tracemap.queries import Param, Query, Rule
from tracemap.queries.header import FAMILIES

ROOT: Final = Path(__file__).resolve().parent.parent

_BLOCK: Final = re.compile(
    r"(?P<begin><!-- begin: (?P<name>[^>]+?) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL
)
_HEADING: Final = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
#: Examples inside code are no headings and hold no links.
_FENCED: Final = re.compile(r"^(```+|~~~+).*?^\1", re.MULTILINE | re.DOTALL)


def fill(page: str, make: Callable[[str, str], str | None]) -> str:
    """``page`` with each block replaced by ``make(name, old text)``; None leaves it as it is."""

    def made(match: re.Match[str]) -> str:
        text = make(match["name"], match["text"])
        return match[0] if text is None else f"{match['begin']}{text}{match['end']}"

    return _BLOCK.sub(made, page)


def blocks(page: str) -> list[tuple[str, str]]:
    """(name, text) of each block."""
    return [(match["name"], match["text"]) for match in _BLOCK.finditer(page)]


def from_code(name: str, _: str) -> str | None:
    """What the code makes of a block's name. Raises KeyError for a name that nothing makes."""
    kind, _, argument = name.partition(" ")
    return None if kind == "shown" else _MAKERS[kind](argument)


def commands() -> Iterator[tuple[str, Any]]:
    """(words, command) of ``tracemap`` itself ("") and every command, in the order of the help."""

    def walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        yield words, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk(f"{words} {name}".strip(), child)

    yield from walk("", typer.main.get_command(app))


def help_text(words: str) -> str:
    """What ``tracemap WORDS --help`` prints on a screen of 80 columns."""
    result = CliRunner(env={"COLUMNS": "80"}).invoke(
        app, [*words.split(), "--help"], prog_name="tracemap", catch_exceptions=False
    )
    if result.exit_code:
        raise KeyError(words)
    lines = [line.rstrip() for line in result.stdout.strip().splitlines()]
    return "\n".join(lines)


def anchors(page: str) -> set[str]:
    """What a link to a heading of the page may say after ``#``."""
    found: set[str] = set()
    for match in _HEADING.finditer(_FENCED.sub("", page)):
        words = re.sub(r"[^\w\- ]", "", match[1].lower()).replace(" ", "-")
        same = sum(1 for other in found if re.fullmatch(re.escape(words) + r"(-\d+)?", other))
        found.add(f"{words}-{same}" if same else words)
    return found


def _help(words: str) -> str:
    return f"```text\n{help_text(words)}\n```\n"


def _rules(family: str) -> str:
    return "\n".join(_rule(rule) for rule in queries.rules() if rule.family == family)


def _rule(rule: Rule) -> str:
    parts = (
        ("What it means", rule.meaning),
        ("Why it happens", rule.cause),
        ("What to do", rule.action),
        ("Silent when", rule.unless),
    )
    told = "".join(f"\n**{title}.** {_prose(text)}\n" for title, text in parts if text)
    where = f"[`{rule.where}`](../{rule.where})"
    return (
        f"### {rule.code} {rule.title}\n\nSeverity {rule.severity}. {where}.\n"
        f"{told}{_params(rule.params)}"
    )


def _rule_table(_: str) -> str:
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}-{_slug(rule.title)}) | {rule.title} "
        f"| {rule.family} | {rule.severity} |"
        for family in FAMILIES
        for rule in queries.rules()
        if rule.family == family
    ]
    return "\n".join(("| rule | finding | family | severity |", "| --- " * 4 + "|", *rows)) + "\n"


def _slug(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _queries(_: str) -> str:
    return "\n".join(_query(query) for query in queries.explore())


def _query(query: Query) -> str:
    return f"### {query.name}\n\n{query.title}. {query.description}\n{_params(query.params)}"


def _params(params: tuple[Param, ...]) -> str:
    if not params:
        return ""
    rows = [
        f"| `{p.name}` | {p.type} | {'-' if p.default is None else p.default} | {p.meaning} |"
        for p in params
    ]
    head = ("\n| parameter | type | default | meaning |", "| --- " * 4 + "|")
    return "\n".join((*head, *rows)) + "\n"


def _limits(_: str) -> str:
    rows = [
        f"| `{name}` | {_amount(getattr(DEFAULT_LIMITS, name), bound.unit)} | {bound.what} |"
        for name, bound in BOUNDS.items()
    ]
    return "\n".join(("| limit | default | of |", "| --- " * 3 + "|", *rows)) + "\n"


def _amount(value: Any, unit: str) -> str:
    if unit == "seconds":
        return f"{value:g} s"
    if unit == "bytes":
        return f"{value >> 20} MiB" if value >= 1 << 20 else f"{value >> 10} KiB"
    return f"{value:,}"


def _scopes(_: str) -> str:
    variables = {scope: name for name, scope in VARIABLES.items()}
    rows = [f"| `{name}` | {what} | `{variables[name]}` |" for name, what in SCOPES.items()]
    return "\n".join(("| scope | opens | variable |", "| --- " * 3 + "|", *rows)) + "\n"


def _layers(_: str) -> str:
    """The rooms in the order of their imports, with the first sentence of each one's docstring."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (order,) = (c for c in config["tool"]["importlinter"]["contracts"] if c["id"] == "order")
    rows = []
    for layer in order["layers"]:
        names = re.findall(r"\w+", layer)
        told = [(name, text) for name in names if (text := _first_sentence(name))]
        if told:
            rooms = ", ".join(f"`{name}`" for name, _ in told)
            rows.append(f"| {rooms} | {'<br>'.join(text for _, text in told)} |")
    return "\n".join(("| room | |", "| --- " * 2 + "|", *rows)) + "\n"


def _first_sentence(room: str) -> str | None:
    """What a module or package of ``tracemap`` says of itself first; None when there is none."""
    for path in (ROOT / "tracemap" / f"{room}.py", ROOT / "tracemap" / room / "__init__.py"):
        if path.exists():
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            first = " ".join(text.split("\n\n")[0].split())
            first = re.split(r"(?<=[.?!])\s", first)[0].rstrip(".:")
            first += "" if first.endswith(("?", "!")) else "."
            return _prose(first.replace("``", "\0")).replace("\0", "`")
    return None


def _prose(text: str) -> str:
    """Text of a header as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_<>|#])", r"\\\1", text)


_MAKERS: Final[dict[str, Callable[[str], str]]] = {
    "help": _help,
    "rules": _rules,
    "rule-table": _rule_table,
    "queries": _queries,
    "layers": _layers,
    "limits": _limits,
    "scopes": _scopes,
}


def pages(root: Path = ROOT) -> list[Path]:
    """The pages of the project: at the root, and in docs/."""
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").glob("*.md"))]


def main() -> int:
    """Write every page anew; says which ones changed."""
    for path in pages():
        old = path.read_text(encoding="utf-8")
        new = fill(old, from_code)
        if new != old:
            path.write_text(new, encoding="utf-8")
            print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
