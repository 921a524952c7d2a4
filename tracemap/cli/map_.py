"""``tracemap map``: the map of workflows and owners as text, and whether it still holds."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from tracemap.cli.common import DEFAULT_DB, Commands, Db, examples, open_database
from tracemap.cli.output import note, out, write_json
from tracemap.cli.text import clean, count
from tracemap.errors import InputError

if TYPE_CHECKING:
    from tracemap.ownership_map import Change, Seen

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    help="Workflows, hand-offs, owners and boundaries as text to review, and whether it holds.",
    epilog=examples("tracemap map export --out docs", "tracemap map check docs/ownership-map.yaml"),
)
EXPORT_EPILOG: Final = examples("tracemap map export --format md", "tracemap map export --out docs")
CHECK_EPILOG: Final = examples(
    "tracemap map check docs/ownership-map.yaml",
    "tracemap map check docs/ownership-map.yaml --format md",
)


LOAD_EPILOG: Final = examples(
    "tracemap map load docs/ownership-map.yaml",
    "tracemap map load --db shop.duckdb docs/ownership-map.yaml",
)


class MapFormat(StrEnum):
    """How a map is written."""

    yaml = "yaml"
    md = "md"


class CheckFormat(StrEnum):
    """How differences are written."""

    diff = "diff"
    json = "json"
    md = "md"


@app.command("export", epilog=EXPORT_EPILOG)
def export(
    db: Db = DEFAULT_DB,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Write ownership-map.yaml and ownership-map.md into this folder."
        ),
    ] = None,
    format: Annotated[  # noqa: A002
        MapFormat, typer.Option("--format", "-f", help="What goes to stdout, without --out.")
    ] = MapFormat.yaml,
) -> None:
    """Write the map as it is seen now: the same text each time, without counts and durations."""
    from tracemap import ownership_map
    from tracemap.ownership_map_markdown import to_markdown

    with open_database(db) as opened:
        seen = ownership_map.seen(opened)
    if out is not None:
        _write(out, seen)
    elif format is MapFormat.md:
        sys.stdout.write(to_markdown(seen))
    else:
        sys.stdout.write(ownership_map.to_yaml(seen.map))


def _write(folder: Path, seen: Seen) -> None:
    from tracemap import ownership_map
    from tracemap.ownership_map_markdown import to_markdown

    texts = {
        ownership_map.YAML_NAME: ownership_map.to_yaml(seen.map),
        ownership_map.MARKDOWN_NAME: to_markdown(seen),
    }
    for name, text in texts.items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise InputError(
                f"the map cannot be written: {error.strerror}", where=str(path), do="check --out"
            ) from error
        note(f"written to {path}")


@app.command("load", epilog=LOAD_EPILOG)
def load(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'map export' wrote.")],
    db: Db = DEFAULT_DB,
) -> None:
    """Take in the committed map: from now on findings tell what is not in it (OWN005).

    It replaces what the same file said before.
    """
    from tracemap import ownership_map

    ownership_map.load(file)  # whatever it is called, it has to be a map
    with open_database(db, create=True) as opened:
        problems = opened.load_ownership(file)
        changed = opened.findings(rule="OWN005").height
    if problems:  # a name by which it is taken for something else
        raise InputError(
            "its name is that of another kind of file",
            where=str(file),
            do="call it *ownership-map.yaml",
        )
    note(f"the map is loaded; {count(changed, 'finding')} of what is not in it (rule OWN005)")


@app.command("check", epilog=CHECK_EPILOG)
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What 'map export' wrote.")],
    db: Db = DEFAULT_DB,
    format: Annotated[CheckFormat, typer.Option("--format", "-f")] = CheckFormat.diff,  # noqa: A002
) -> None:
    """Exit with 1 on an undeclared or changed boundary, a changed owner or a vanished step.

    New steps and hand-offs within a team are told and break nothing.
    """
    from dataclasses import asdict

    from tracemap import ownership_map

    declared = ownership_map.load(file)
    with open_database(db) as opened:
        changes = ownership_map.check(declared, ownership_map.seen(opened).map)
    if format is CheckFormat.json:
        write_json([{**asdict(one), "breaks": one.breaks} for one in changes])
    elif format is CheckFormat.md:
        _write_markdown(changes)
    else:
        _print(out(), changes)
    if any(one.breaks for one in changes):
        raise typer.Exit(1)


def _summary(changes: list[Change]) -> str:
    breaking = sum(one.breaks for one in changes)
    if not changes:
        return "The map is as declared."
    told = count(len(changes) - breaking, "other difference")
    if not breaking:
        return f"The map holds; {told}."
    return f"{count(breaking, 'difference')} that a reviewer has to decide, {told}."


def _print(console: Console, changes: list[Change]) -> None:
    """Like a diff: what is declared after a minus, what is seen after a plus."""
    style = "bold red" if any(one.breaks for one in changes) else "green"
    console.print(Text(_summary(changes), style=style), soft_wrap=True)
    last: tuple[bool, str | None] | None = None
    for one in changes:
        if (one.breaks, one.workflow) != last:
            last = (one.breaks, one.workflow)
            console.print()
            console.print(Text(clean(one.workflow or "owners"), style="bold"), soft_wrap=True)
        line = Text(f"  {one.kind}: ", style="red" if one.breaks else "dim")
        console.print(line.append(clean(one.what), style="default"), soft_wrap=True)
        for sign, text, colour in (("-", one.declared, "red"), ("+", one.seen, "green")):
            if text is not None:
                console.print(Text(f"    {sign} {clean(text)}", style=colour), soft_wrap=True)


def _write_markdown(changes: list[Change]) -> None:
    from tracemap.markdown import inline

    sys.stdout.write(f"{_summary(changes)}\n")
    if not changes:
        return
    sys.stdout.write("\n| | workflow | what | declared | seen |\n| --- | --- | --- | --- | --- |\n")
    for one in changes:
        mark = f"**{one.kind}**" if one.breaks else one.kind
        cells = (one.workflow or "-", one.what, one.declared or "-", one.seen or "-")
        sys.stdout.write(f"| {mark} | {' | '.join(inline(cell) for cell in cells)} |\n")
