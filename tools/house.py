"""The rules of the house that no off-the-shelf linter knows. Run by ``make check``.

    python tools/house.py

Prints ``file:line: what is wrong`` for each breach and exits 1; warnings do not fail. Every check
is a function from a ``Source`` (or bytes) to sentences, so that the tests can show it fail.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

#: Where Python of the product lives. Tests and benchmarks may hold SQL and be long.
PRODUCT: Final = ("tracemap/", "collectors/", "queries/")

#: Rooms that talk to a network; everything else in tracemap/ is a library that does not.
NETWORKED: Final = ("collectors/", "tracemap/web/", "tracemap/demo/", "tracemap/cli/")
NETWORK: Final = frozenset(
    {"asyncio", "ftplib", "grpc", "http", "httpx", "requests", "select", "smtplib", "socket"}
    | {"socketserver", "ssl", "starlette", "urllib3", "uvicorn", "xmlrpc"}
)

WARN_LINES: Final = 400
MOST_LINES: Final = 600

# A statement: the verb in capitals with what follows it, or in any case with the words that belong
# to it. "Select the rows" in a help text is neither, nor is "INSERT orders", a span's name.
_SQL = re.compile(
    r"""\s*(?:
      (?:SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|DROP|ALTER|COPY|PRAGMA|CALL|EXPLAIN|PIVOT
        |UNPIVOT|MERGE|VALUES|TRUNCATE|SET|RESET|EXPORT|IMPORT|VACUUM|ANALYZE)
        \s+(?:\Z|(?![A-Za-z_][\w.]*\Z)[A-Za-z0-9_"'*($@{])
      | (?:ATTACH|DETACH|USE|DESCRIBE|SUMMARIZE|INSTALL|LOAD|FROM)\s+[a-z0-9_"'($@{]
      | (?:BEGIN|COMMIT|ROLLBACK|CHECKPOINT|BEGIN\s+TRANSACTION|FORCE\s+CHECKPOINT)\s*;?\s*\Z
      | (?i:select\s+.+\sfrom\s|insert\s+(?:or\s+\w+\s+)?into\s|update\s+\S+\s+set\s
        |delete\s+from\s|with\s+(?:recursive\s+)?\w+\s+as\s+(?:materialized\s*)?\(
        |create\s+(?:or\s+replace\s+)?(?:temp\w*\s+)?(?:table|view|macro|schema|type)\s
        |drop\s+(?:table|view|macro|schema|type)\s|alter\s+table\s)
    )""",
    re.VERBOSE | re.DOTALL,
)

#: Written so that they do not match themselves.
_ADDRESSES: Final[Mapping[str, re.Pattern[bytes]]] = {
    "the address of a registry": re.compile(
        rb"pypi\.org/s[i]mple|files\.pytho[n]hosted|test\.p[y]pi|registry\.np[m]js|proxy\.gola[n]g"
        rb"|//[^\s/\"']+/(?:artifact[o]ry|nex[u]s|devp[i])/",
    ),
    "an option that names a registry": re.compile(
        rb"^--(?:extra-|find-)?(?:inde[x]|link[s])", re.MULTILINE
    ),
    "a path of one machine": re.compile(
        rb"(?<![\w.-])/(?:home/[a-z][\w.-]*|Users/[A-Za-z][\w.-]*|root|work/(?:main|shared))/"
        rb"|[A-Z]:\\Users\\",
    ),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A Python file of the product: its path from the root, and its text."""

    path: str
    text: str

    @property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)


def sql_in_python(source: Source) -> Iterator[str]:
    """SQL lives in .sql files: no string (or part of an f-string) that begins like a statement."""
    tree = source.tree
    prose = {id(node) for node in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(_piece(value) for value in node.values)
            prose.update(id(value) for value in node.values)  # judged here, as a whole
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if id(node) not in prose and _SQL.match(text):
            start = " ".join(text.split())[:50]
            yield f"{source.path}:{node.lineno}: SQL in Python ({start!r}): move it to queries/"


def _piece(value: ast.expr) -> str:
    return str(value.value) if isinstance(value, ast.Constant) else "{}"


def _docstrings(tree: ast.Module) -> Iterator[ast.expr]:
    """Strings that stand alone as a statement: docstrings and their like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            yield node.value


def network_in_library(source: Source) -> Iterator[str]:
    """No module of the library outside the networked rooms imports what opens a connection."""
    if source.path.startswith(NETWORKED):
        return
    for line, name in imports(source):
        if name.split(".")[0] in NETWORK or name.startswith("urllib.request"):
            yield f"{source.path}:{line}: {name} is network code: it belongs to web/"


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, those inside functions included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""


def too_long(source: Source) -> Iterator[str]:
    """A module beyond MOST_LINES is two modules."""
    lines = source.text.count("\n")
    if lines > MOST_LINES:
        yield f"{source.path}: {lines} lines; split it (at most {MOST_LINES})"


def rather_long(source: Source) -> Iterator[str]:
    """A warning between WARN_LINES and MOST_LINES."""
    lines = source.text.count("\n")
    if WARN_LINES < lines <= MOST_LINES:
        yield f"{source.path}: {lines} lines; consider splitting it (aim at {WARN_LINES})"


def unknown_statements(source: Source, known: Collection[str]) -> Iterator[str]:
    """``queries.text("room/name")`` of a name that does not exist."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and _called(node) == "queries.text" and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and name.value not in known:
                yield f"{source.path}:{node.lineno}: there is no query {name.value!r}"


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return ""


def unused_statements(sources: Iterable[Source], known: Iterable[str]) -> Iterator[str]:
    """A named statement that no Python asks for, neither by name nor by the start of an f-string.

    A room that is run as a whole (``queries.BUILD``, ``queries.room("build")``) is used throughout.
    """
    texts: set[str] = set()
    starts: set[str] = set()
    rooms: set[str] = set()
    for source in sources:
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr) and "/" in _piece(node.values[0]):
                starts.add(_piece(node.values[0]))
            elif isinstance(node, ast.Attribute) and node.attr.isupper():
                rooms.add(node.attr.lower())
            elif isinstance(node, ast.Call) and _called(node) == "queries.room":
                rooms.update(str(arg.value) for arg in node.args if isinstance(arg, ast.Constant))
    for name in known:
        if name.split("/")[0] not in rooms and name not in texts and not _starts(name, starts):
            yield f"queries/{name}.sql: nothing runs it"


def _starts(name: str, starts: Iterable[str]) -> bool:
    return any(name.startswith(start) for start in starts)


def addresses(path: str, content: bytes) -> Iterator[str]:
    """What belongs to one machine or one network and not in a repository."""
    for what, pattern in _ADDRESSES.items():
        for match in pattern.finditer(content):
            line = content.count(b"\n", 0, match.start()) + 1
            yield f"{path}:{line}: {what} ({match[0].decode(errors='replace').strip()})"


def tracked(root: Path) -> list[Path]:
    """Files that git knows or would add; everything in the folder where there is no git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [root / name for name in listed.stdout.decode().split("\0") if name]
    else:
        paths = [p for p in root.rglob("*") if not {".git", ".venv"} & set(p.parts)]
    return sorted(path for path in set(paths) if path.is_file() and not path.is_symlink())


def product(root: Path, paths: Iterable[Path]) -> list[Source]:
    """The Python files of the product, each once (the links inside tracemap/ are not followed)."""
    named = [(path.relative_to(root).as_posix(), path) for path in paths if path.suffix == ".py"]
    return [
        Source(name, path.read_text(encoding="utf-8"))
        for name, path in named
        if name.startswith(PRODUCT)
    ]


def breaches(root: Path) -> tuple[list[str], list[str]]:
    """(errors, warnings) of a whole checkout."""
    paths = tracked(root)
    sources = product(root, paths)
    errors, warnings = _registry_errors(sources)
    for source in sources:
        errors += [*sql_in_python(source), *network_in_library(source), *too_long(source)]
        warnings += rather_long(source)
    for path in paths:
        errors += addresses(path.relative_to(root).as_posix(), path.read_bytes())
    return errors, warnings


def _registry_errors(sources: list[Source]) -> tuple[list[str], list[str]]:
    from tracemap import queries
    from tracemap.errors import RegistryError

    try:
        queries.check()
    except RegistryError as error:
        return [error.what], []
    ordered = [name for room in queries.ROOMS for name in queries.room(room)]
    known = {*ordered, *(name for room in queries.OPEN for name in queries.room(room))}
    errors = [breach for source in sources for breach in unknown_statements(source, known)]
    return [*errors, *unused_statements(sources, ordered)], []


def main() -> int:
    """Check the checkout this file lies in; 1 when a rule is broken."""
    errors, warnings = breaches(ROOT)
    for warning in warnings:
        print(f"warning: {warning}")
    for error in errors:
        print(error)
    print(f"The house: {len(errors)} broken, {len(warnings)} warnings.")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
