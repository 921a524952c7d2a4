"""Reader of CODEOWNERS, and whose a path is: GitHub's rules.

Source: docs.github.com, "About code owners". The last pattern that matches wins; one without owners
says that nobody owns the path. Patterns are those of gitignore, except that ``!``, ``[ ]`` and a
leading ``\\#`` do not work, that ``docs/*`` matches what lies directly in docs and nothing deeper,
and that case counts. A line that is wrong is left out, and told.

An own matcher, for two reasons: pattern libraries follow gitignore in the points above, and regular
expressions of many ``*`` take exponential time. Here nothing backtracks further than one ``*``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import merge
from itertools import takewhile
from typing import Final

from tracemap.catalogs.fields import Sheet
from tracemap.declarations import Catalog, CodeRule, Problem
from tracemap.marked_yaml import YamlError, decode

#: GitHub does not load larger ones.
MAX_BYTES: Final = 3 * 1024 * 1024
MAX_PATTERN: Final = 1000
MAX_OWNERS: Final = 50

_OWNER: Final = re.compile(
    r"@[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][\w.-]*)*"  # @user, @org/team (GitLab nests groups)
    r"|[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+"  # or the e-mail address of one
)
_TOKEN: Final = re.compile(r"(?:\\.|[^\s\\])+")
#: A file that lies in a folder, of no particular name: what only the folder's rules match.
ANY_FILE: Final = "\0"


def read(content: bytes, path: str, repository: str = "") -> Catalog:
    """The rules in the ``content`` of a CODEOWNERS file of ``repository`` (host/owner/name)."""
    try:
        if len(content) > MAX_BYTES:
            what = f"the file has {len(content):,} bytes; GitHub loads {MAX_BYTES:,}"
            raise YamlError(what, 1, "use wildcards to make it shorter")
        text = decode(content)
    except YamlError as error:
        problem = Problem(path, error.line, error.what, error.do or "")
        return Catalog(problems=(problem,), usable=False)
    sheet = Sheet(path)
    rules = []
    for line, written in enumerate(text.split("\n"), start=1):
        rule = _rule(sheet, line, written)
        if rule is not None:
            rules.append(CodeRule(path, line, repository_key(repository), *rule))
    return Catalog(code_rules=tuple(rules), problems=sheet.told())


def _rule(sheet: Sheet, line: int, written: str) -> tuple[str, tuple[str, ...]] | None:
    tokens = _tokens(written)
    if not tokens:
        return None
    pattern, owners = tokens[0], tokens[1:]
    wrong = _pattern_problem(pattern)
    if wrong is not None:
        what = f"{pattern[:80]!r}: {wrong}"
        sheet.wrong(line, what, "GitHub leaves the line out, and so does tracemap")
        return None
    for owner in owners:
        if not _OWNER.fullmatch(owner):
            what = f"{owner[:80]!r} is no owner; the line is left out"
            sheet.wrong(line, what, "write @user, @org/team or an e-mail address")
            return None
    if len(owners) > MAX_OWNERS:
        sheet.wrong(line, f"{len(owners):,} owners", f"only the first {MAX_OWNERS} are read")
    return pattern, tuple(dict.fromkeys(owners[:MAX_OWNERS]))


def _tokens(written: str) -> list[str]:
    """The pattern and the owners of a line, without its comment. ``\\ `` is no separator."""
    tokens: list[str] = []
    for match in _TOKEN.finditer(written):
        if match[0].startswith("#"):
            break
        tokens.append(match[0])
    return tokens


def _pattern_problem(pattern: str) -> str | None:
    if pattern.startswith("!"):
        return "a pattern cannot be negated"
    if "[" in pattern or "]" in pattern:
        return "character ranges do not work"
    if pattern.startswith("\\#"):
        return "a leading # cannot be escaped"
    if "***" in pattern:
        return "three * in a row"
    if len(pattern) > MAX_PATTERN:
        return f"longer than {MAX_PATTERN} characters"
    return None


def repository_key(text: str) -> str:
    """A repository's URL or name as it is compared: ``github.com/acme/shop``.

    Lower case, without scheme, user, password, port, ``.git`` and slashes at the ends, so that
    what people clone (``git@github.com:acme/shop.git``) equals what SDKs send.
    """
    rest = text.strip()
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", rest)
    if scheme:
        rest = rest[scheme.end() :]
        host, slash, tail = rest.partition("/")
        rest = re.sub(r":\d*$", "", host.rpartition("@")[2]) + slash + tail
    elif re.match(r"[^/:]+@[^/:]+:|[^/:@]+\.[^/:@]+:", rest):  # git@host:owner/name
        host, _, tail = rest.partition(":")
        rest = f"{host.rpartition('@')[2]}/{tail}"
    rest = re.split(r"[?#]", rest)[0].strip("/")
    return rest.removesuffix(".git").strip("/").lower()


def same_repository(one: str, other: str) -> bool:
    """Whether two keys can mean one repository: ``shop``, ``acme/shop``."""
    short, long = sorted((one, other), key=len)
    return bool(short) and (short == long or long.endswith(f"/{short}"))


# -- matching ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pattern:
    glob: tuple[str, ...]  # one a segment; "**" stands for any number of them; empty: no path
    rule: CodeRule


class Rules:
    """The rules of one CODEOWNERS file, ready to be asked about many paths.

    Rules are found by the plain names with which they begin; of a large file only few are tried on
    a path.
    """

    def __init__(self, rules: Iterable[CodeRule]) -> None:
        self._patterns = [_compile(rule) for rule in sorted(rules, key=lambda r: r.line)]
        self._by_start: dict[tuple[str, ...], list[int]] = {}
        for number, pattern in enumerate(self._patterns):
            if pattern.glob:
                start = tuple(takewhile(lambda name: not _is_wild(name), pattern.glob))
                self._by_start.setdefault(start, []).append(number)
        self._deepest = max(map(len, self._by_start), default=0)

    def of(self, path: str) -> CodeRule | None:
        """The rule that decides about the file at ``path`` (relative to the repository)."""
        parts = tuple(part for part in path.split("/") if part not in ("", "."))
        if not parts:
            return None
        depths = range(min(len(parts), self._deepest) + 1)
        found = (self._by_start.get(parts[:depth], ()) for depth in depths)
        for number in merge(*map(reversed, filter(None, found)), reverse=True):
            pattern = self._patterns[number]
            if _glob(pattern.glob, parts):
                return pattern.rule
        return None

    def of_folder(self, folder: str) -> CodeRule | None:
        """The rule that decides about a file of no particular name in ``folder``.

        For the whole repository (an empty folder), only a rule for every file counts.
        """
        inside = folder.strip("/")
        return self.of(f"{inside}/{ANY_FILE}" if inside else f"{ANY_FILE}/{ANY_FILE}/{ANY_FILE}")


def _compile(rule: CodeRule) -> _Pattern:
    anchored = "/" in rule.pattern.rstrip("/")
    segments = [part for part in rule.pattern.split("/") if part]
    if segments and not anchored:
        segments.insert(0, "**")
    if segments and rule.pattern.endswith("/"):
        segments.append("**")
    glob: list[str] = []
    for segment in segments:  # a/**/**/b is a/**/b
        if not (segment == "**" and glob and glob[-1] == "**"):
            glob.append(segment)
    if len(glob) > 1 and glob[-1] == "**":
        glob[-1:] = ["*", "**"]  # something must lie below: docs/ is no file called docs
    elif glob and not (anchored and glob[-1] == "*"):
        glob.append("**")  # a folder's name stands for what is in it; but docs/* goes no deeper
    return _Pattern(tuple(glob), rule)


def _glob(pattern: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Match segments; ``**`` takes any number of them. Going back to the last ``**`` is enough."""
    p = s = 0
    star, mark = -1, 0
    while s < len(parts):
        if p < len(pattern) and pattern[p] == "**":
            star, mark = p, s
            p += 1
        elif p < len(pattern) and _segment(pattern[p], parts[s]):
            p += 1
            s += 1
        elif star >= 0:
            mark += 1
            p, s = star + 1, mark
        else:
            return False
    return all(rest == "**" for rest in pattern[p:])


def _is_wild(segment: str) -> bool:
    return any(char in segment for char in "*?\\")


def _segment(pattern: str, name: str) -> bool:
    """Match one name; ``*`` any characters, ``?`` one, ``\\`` the next one as it is."""
    if not _is_wild(pattern):
        return pattern == name
    p = s = 0
    star, mark = -1, 0
    while s < len(name):
        width = 2 if pattern[p : p + 1] == "\\" and p + 1 < len(pattern) else 1
        char = pattern[p : p + width]
        if char == "*":
            star, mark = p, s
            p += 1
        elif char and (char == "?" or char[-1] == name[s]):
            p += width
            s += 1
        elif star >= 0:
            mark += 1
            p, s = star + 1, mark
        else:
            return False
    return not pattern[p:].strip("*")
