"""Finding ownership files in a folder or a repository checkout, and choosing their reader.

Files are known by name; other YAML files by what they begin with, for a Backstage catalog may be
called anything. Symbolic links are not followed, and depth, number and size are limited, so that
the walk ends wherever it is started.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tracemap.catalogs.secrets import without_secrets
from tracemap.declarations import MAX_BYTES, Catalog, Format, Problem
from tracemap.errors import InputError

MAX_DEPTH: Final = 20
MAX_ENTRIES: Final = 500_000
MAX_FILES: Final = 20_000
MAX_TOTAL: Final = 256 * 1024 * 1024

#: Other people's code lies there; hidden folders are skipped as well.
SKIPPED: Final = frozenset(
    ["node_modules", "vendor", "third_party", "__pycache__", "site-packages"]
)
#: Where GitHub looks for the file, in its order; only the first counts.
CODEOWNERS_PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")

_NAMES: Final[tuple[tuple[Format, re.Pattern[str]], ...]] = (
    ("codeowners", re.compile(r"CODEOWNERS\Z")),
    ("map", re.compile(r"(?i:(.+[-.])?ownership-map\.ya?ml)\Z")),
    ("ownership", re.compile(r"(?i:(.+\.)?ownership\.ya?ml)\Z")),
    ("backstage", re.compile(r"(?i:(.+\.)?catalog-info([-_.].+)?\.(ya?ml|json))\Z")),
    # Not every *.datadog.yaml: static-analysis.datadog.yml and the agent's own are something else.
    ("datadog", re.compile(r"(?i:(.+[-.])?(service|entity)\.datadog\.(ya?ml|json))\Z")),
)
_SNIFFED: Final = 64 * 1024
_STARTS: Final[tuple[tuple[Format, re.Pattern[bytes]], ...]] = (
    (
        "backstage",
        re.compile(rb"""^["']?apiVersion["']?\s*:\s*["']?backstage\.io/""", re.MULTILINE),
    ),
    ("map", re.compile(rb"""\A# Written by 'tracemap map export'""")),
    ("datadog", re.compile(rb"""^schema-version\s*:\s*["']?v2""", re.MULTILINE)),
    ("datadog", re.compile(rb"""^apiVersion\s*:\s*["']?v3["']?\s*$""", re.MULTILINE)),
)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file's content and what it is called; ``repository`` is known for CODEOWNERS."""

    path: str
    content: bytes
    repository: str = ""


@dataclass(slots=True)
class Found:
    """What lies at a path: files in the order of their names, and what could not be read.

    ``folder`` is the path, where it is a folder: what was declared below it before and is not
    among ``files`` is gone.
    """

    files: list[SourceFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    folder: str | None = None


def find(path: str | Path) -> Found:
    """The ownership files at ``path``: the file itself, or those in a folder and below.

    Raises InputError when there is nothing at ``path``, or the file cannot be read.
    """
    real = Path(path)
    shown = Path(os.path.normpath(path))
    try:
        if real.is_dir():
            walked = _Walk(real, shown).run()
            if not walked.files:
                what = "no ownership file lies in this folder"
                walked.problems.append(Problem(str(shown), 1, what, "see docs/ownership.md"))
            return walked
        content = _content(real)
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=str(path), do="check the path"
        ) from error
    repository = ""
    if format_of(str(shown), content) == "codeowners":
        place = real.resolve().parent
        repository = repository_of(place.parent if place.name in (".github", "docs") else place)
    return Found([SourceFile(str(shown), content, repository)])


def parts(files: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """``files`` in parts that are small enough to be sent; one part at least."""
    part: list[SourceFile] = []
    size = 0
    for file in files:
        if part and size + len(file.content) > MAX_BYTES:
            yield part
            part, size = [], 0
        part.append(file)
        size += len(file.content)
    yield part


def read(file: SourceFile) -> Catalog:
    """What a file declares, read by the reader of its format; secrets in contacts are hidden."""
    return without_secrets(_read(file))


def _read(file: SourceFile) -> Catalog:
    # Here, for every command that opens a database imports this module, and few read a file.
    from tracemap.catalogs import backstage, codeowners, datadog, map_yaml, ownership_yaml

    match format_of(file.path, file.content):
        case "codeowners":
            return codeowners.read(file.content, file.path, file.repository)
        case "backstage":
            return backstage.read(file.content, file.path)
        case "datadog":
            return datadog.read(file.content, file.path)
        case "map":
            return map_yaml.read(file.content, file.path)
        case _:
            return ownership_yaml.read(file.content, file.path)


def format_of(path: str, content: bytes) -> Format:
    """By the file's name, else by what it begins with; else our own."""
    return _by_name(Path(path).name) or _by_start(content) or "ownership"


def _by_name(name: str) -> Format | None:
    return next((known for known, pattern in _NAMES if pattern.match(name)), None)


def _by_start(content: bytes) -> Format | None:
    start = content[:_SNIFFED]
    return next((known for known, pattern in _STARTS if pattern.search(start)), None)


def _content(path: Path) -> bytes:
    """At most one byte more than is allowed: enough to know; a device or pipe may have no end."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


class _Walk:
    """One walk through a folder, in the order of names: its result depends on nothing else."""

    def __init__(self, root: Path, shown: Path) -> None:
        self.root = root
        self.shown = shown
        self.found = Found(folder=str(shown))
        self.entries = 0
        self.bytes = 0

    def run(self) -> Found:
        # (folder, what it is called, how deep, whether a repository around it is known)
        stack = [(self.root, self.shown, 0, False)]
        while stack:
            folder, shown, depth, inside = stack.pop()
            entries = self.list(folder, shown)
            inside = self.code_owners(folder, shown, inside=inside)
            folders = []
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED and depth < MAX_DEPTH:
                        folders.append(entry)
                elif entry.is_file(follow_symlinks=False):
                    self.take(Path(entry.path), shown / entry.name)
                if self.full(shown):
                    return self.found
            stack += [(Path(e.path), shown / e.name, depth + 1, inside) for e in reversed(folders)]
        return self.found

    def list(self, folder: Path, shown: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.wrong(shown, f"the folder cannot be read: {error.strerror}", "check its rights")
            return []
        self.entries += len(found)
        return found

    def full(self, shown: Path) -> bool:
        """Whether a limit is reached, which is told."""
        limits = (
            (self.entries, MAX_ENTRIES, "files and folders"),
            (len(self.found.files), MAX_FILES, "ownership files"),
            (self.bytes, MAX_TOTAL, "bytes of ownership files"),
        )
        for have, most, what in limits:
            if have >= most:
                self.wrong(shown, f"{most:,} {what} are enough", "load folders one by one")
                return True
        return False

    def code_owners(self, folder: Path, shown: Path, *, inside: bool) -> bool:
        """Take a repository's CODEOWNERS; return whether ``folder`` is, or lies in, a repository.

        Deeper in a repository such a file has no meaning. Without ``.git`` (an export), the
        outermost folder that has one is taken for a repository.
        """
        checkout = (folder / ".git").exists()
        if inside and not checkout:
            return True
        for place in CODEOWNERS_PLACES:
            path = folder / place
            if path.is_file():
                self.add(path, shown / place, repository_of(folder))
                return True
        return checkout

    def take(self, path: Path, shown: Path) -> None:
        known = _by_name(path.name)
        if known is None and path.suffix.lower() in (".yaml", ".yml"):
            try:
                with path.open("rb") as file:
                    known = _by_start(file.read(_SNIFFED))
            except OSError:
                return  # what it is cannot be known; most YAML files are none of ours
        if known is not None and known != "codeowners":
            self.add(path, shown, "")

    def add(self, path: Path, shown: Path, repository: str) -> None:
        try:
            content = _content(path)
        except OSError as error:
            self.wrong(shown, f"the file cannot be read: {error.strerror}", "check its rights")
            return
        self.bytes += len(content)
        self.found.files.append(SourceFile(str(shown), content, repository))

    def wrong(self, shown: Path, what: str, do: str) -> None:
        self.found.problems.append(Problem(str(shown), 1, what, do))


def repository_of(folder: Path) -> str:
    """What the repository in ``folder`` is called: its remote's URL; else the folder's name.

    Reads ``.git/config`` as git writes it; no program is run.
    """
    real = folder.resolve()
    return _remote(real / ".git") or real.name


def _remote(git: Path) -> str:
    try:
        if git.is_file():  # a worktree or submodule: a line that says where it is
            told = git.read_text(encoding="utf-8")[:4096].removeprefix("gitdir:").strip()
            git = git.parent / told
            common = git / "commondir"
            if common.is_file():
                git = git / common.read_text(encoding="utf-8")[:4096].strip()
        with (git / "config").open(encoding="utf-8", errors="replace") as file:
            config = file.read(2**20)
    except (OSError, ValueError):
        return ""
    urls: dict[str, str] = {}
    section = ""
    for line in config.splitlines():
        if heading := re.match(r'\s*\[remote "(.*)"\]', line):
            section = heading[1]
        elif line.lstrip().startswith("["):
            section = ""
        elif section and (url := re.match(r"\s*url\s*=\s*(\S+)", line)):
            urls.setdefault(section, url[1])
    found = urls.get("origin") or next(iter(urls.values()), "")
    from tracemap.catalogs.codeowners import repository_key

    # Never the user and password that may stand in it.
    return repository_key(found)
