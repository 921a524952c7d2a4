"""The configuration file of ``tracemap serve``: TOML whose keys are the command's own options.

``log_format = "json"`` is ``--log-format json``. What begins alike may stand in a table: ``[tls]``
with ``key = "..."`` is ``tls_key``. The table ``[limits]`` is ``--limit`` by names. The command
line goes before the file. Paths are seen from the file's folder.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final, TypeVar, get_args, get_type_hints

import typer

from tracemap.errors import InputError

_T = TypeVar("_T")

_LIMITS: Final = "limits"
#: Parameters of the command that are no options to be set.
_NOT_IN_FILES: Final = ("ctx", "config", "limit", "return")


@dataclass(frozen=True, slots=True)
class Config:
    """What a file says: options by the names of the command's parameters, and limits by theirs."""

    file: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)


def read(file: Path, command: Callable[..., Any]) -> Config:
    """The file's options for ``command``. Raises InputError that names file and key."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"the configuration cannot be read: {error.strerror}", where=str(file)
        ) from error
    except UnicodeDecodeError as error:
        raise InputError("the configuration is not UTF-8", where=str(file)) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"the configuration is not TOML: {error}", where=str(file)) from error
    limits = found.pop(_LIMITS, {})
    if not isinstance(limits, dict):
        raise InputError(
            "limits have names and values",
            where=f"{file}: {_LIMITS}",
            do="write the table [limits]",
        )
    kinds = {
        name: kind for name, kind in get_type_hints(command).items() if name not in _NOT_IN_FILES
    }
    options: dict[str, Any] = {}
    for path, value in _flat(found):
        name, key = "_".join(path), ".".join(path)
        where = f"{file}: {key}"
        if name not in kinds:
            close = difflib.get_close_matches(name, [*kinds, _LIMITS], 1)
            raise InputError(
                f'there is no option "{key}"',
                where=where,
                do=f"did you mean {close[0]}?" if close else f"one of {', '.join(kinds)}",
            )
        if name in options:
            raise InputError("this is given twice", where=where, do="take one of them out")
        options[name] = _checked(value, kinds[name], file, where)
    return Config(file, options, limits)


def _flat(table: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[tuple[list[str], Any]]:
    """(names on the way to it, value) of all values in tables within each other."""
    found: list[tuple[list[str], Any]] = []
    for name, value in table.items():
        path = (*above, name)
        found += _flat(value, path) if isinstance(value, dict) else [([*path], value)]
    return found


def _checked(value: object, kind: Any, file: Path, where: str) -> Any:
    """``value`` as the command line would give it to an option of that type."""
    inner = next((k for k in get_args(kind) if k is not type(None)), kind)
    if getattr(inner, "__origin__", None) is list:
        (inner,) = get_args(inner)
        given = value if isinstance(value, list) else [value]
        return [_text(each, inner, file, where) for each in given]
    return _text(value, inner, file, where)


def _text(value: object, kind: Any, file: Path, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{value!r} is not text", where=where, do=f'write it as "{value}"')
    if kind is Path:
        return str(file.parent / value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        known = [each.value for each in kind]
        if value not in known:
            raise InputError(
                f'"{value}" is not known', where=where, do=f"one of {', '.join(known)}"
            )
    return value


def option(command: Callable[[], Callable[..., Any]]) -> Any:
    """The option ``--config`` of a command, which is read before the others are looked at."""

    def take(ctx: typer.Context, file: Path | None) -> Path | None:
        if file is not None:
            ctx.obj = config = read(file, command())
            ctx.default_map = {**(ctx.default_map or {}), **config.options}
        return file

    return typer.Option(
        metavar="FILE", callback=take, is_eager=True, help="A TOML file with any of these options."
    )


class Given:
    """What a command was given, each thing with the place it came from."""

    def __init__(self, ctx: typer.Context) -> None:
        self._ctx = ctx
        self._config: Config | None = ctx.obj if isinstance(ctx.obj, Config) else None

    def where(self, name: str) -> str:
        """Where the option ``name`` was given: ``--keep``, or ``serve.toml: keep``."""
        source = self._ctx.get_parameter_source(name)
        if self._config is not None and source is not None and source.name == "DEFAULT_MAP":
            return f"{self._config.file}: {name}"
        return f"--{name.replace('_', '-')}"

    def read(self, name: str, text: str | None, parse: Callable[[str], _T]) -> _T | None:
        """The text of option ``name``, parsed; None when there is none. Errors say where it is."""
        return None if text is None else self.at(name, lambda: parse(text))

    def at(self, name: str, make: Callable[[], _T]) -> _T:
        """What ``make`` makes of the option ``name``; errors say where it is, if nothing nearer."""
        try:
            return make()
        except InputError as error:
            where = error.where or self.where(name)
            raise InputError(error.what, where=where, do=error.do) from None

    def limits(self, pairs: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
        """(where, limits by name): of the file, then of the command line, which goes before it."""
        found: list[tuple[str, dict[str, Any]]] = []
        if self._config is not None:
            for name, value in self._config.limits.items():
                found.append((f"{self._config.file}: {_LIMITS}.{name}", {name: value}))
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals:
                raise InputError(
                    f'"{pair}" is no limit', where="--limit", do="write it as NAME=VALUE"
                )
            found.append(("--limit", {name.strip(): value}))
        return found
