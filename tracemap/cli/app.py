"""The commands of ``tracemap``, each in a module of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any, Final

import typer

from tracemap.cli.common import Commands, examples

#: The commands in the order in which people need them: the module of each, where it is not called
#: so, and what it does in a few words.
_COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("serve", "Collect spans, analyse them, answer the other commands."),
    "import": ("importing", "Take in spans from OTLP files."),
    "executions": ("executions", "The runs of business workflows: list, show."),
    "graph": ("graph", "How work flows through a workflow or an execution."),
    "messages": ("messages", "What was published, and what became of it."),
    "custody": ("custody", "Who holds an execution, since when."),
    "owners": ("owners", "Who is accountable for what, and why: list, explain, load, gaps."),
    "audit": ("audit", "What is synchronous, what is not, and what each costs."),
    "map": ("map_", "Workflows, owners and boundaries as text: export, check."),
    "findings": ("findings", "What is wrong, the worst first; mute, unmute."),
    "rules": ("rules", "What is looked for, and rules of your own: list, load, clear."),
    "explain": ("explain", "A rule, a finding, or why traces are one execution."),
    "keys": ("keys", "What executions are told apart by, and why."),
    "query": ("query", "Named queries: list, show, run."),
    "sql": ("sql", "One read-only SELECT."),
    "reconcile": ("reconcile", "Is every execution accounted for? The report for cron."),
    "export": ("exporting", "Stored spans as OTLP files again."),
    "forget": ("forgetting", "Remove executions and all that was concluded, for good."),
    "demo": ("demo", "The whole thing on sample data, in one command."),
}


class _Loaded(MutableMapping[str, Any]):
    """The commands by name, each imported when it is asked for: an answer waits for no other."""

    def __init__(self) -> None:
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _command(name, *_COMMANDS[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in _COMMANDS


class _Root(Commands):
    """Has the commands in the order in which people need them."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loaded()


def _command(name: str, module: str, short: str) -> Any:
    """The command, or the group of them, that a module has."""
    found = import_module(f"tracemap.cli.{module}")
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    if hasattr(found, "app"):
        alone.add_typer(found.app, name=name, short_help=short)
        return typer.main.get_group(alone).commands[name]
    function = getattr(found, f"{name}_" if iskeyword(name) else name)
    alone.command(name, epilog=found.EPILOG, short_help=short)(function)
    return typer.main.get_command(alone)


app = typer.Typer(
    cls=_Root,
    name="tracemap",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Who holds order 4711 right now, since when, and what should have happened next: "
    "business workflows rebuilt from OpenTelemetry spans.",
    epilog=examples("tracemap demo", "tracemap serve --db shop.duckdb"),
)


def _version(asked: bool) -> None:
    if asked:
        from tracemap import __version__

        typer.echo(f"tracemap {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """The options of ``tracemap`` itself."""
