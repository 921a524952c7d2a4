"""The commands of ``tracemap``, each in a module of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from tracemap.cli import (
    audit,
    custody,
    demo,
    executions,
    explain,
    exporting,
    findings,
    forgetting,
    gaps,
    graph,
    importing,
    keys,
    map_,
    messages,
    owners,
    query,
    reconcile,
    rules,
    serve,
    sql,
)
from tracemap.cli.common import Commands, examples


class _Ordered(Commands):
    """Lists the commands in the order in which people need them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of ``_SHORT``."""
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: list(_SHORT).index(name))


app = typer.Typer(
    cls=_Ordered,
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


#: Each in a few words, for the list of commands; in the order in which people need them.
_SHORT = {
    "serve": "Collect spans, analyse them, answer the other commands.",
    "import": "Take in spans from OTLP files.",
    "executions": "The runs of business workflows: list, show.",
    "graph": "How work flows through a workflow or an execution.",
    "messages": "What was published, and what became of it.",
    "custody": "Who holds an execution, since when.",
    "owners": "Who is accountable for what, and why: list, explain, load, gaps.",
    "audit": "What is synchronous, what is not, and what each costs.",
    "map": "Workflows, owners and boundaries as text: export, check.",
    "findings": "What is wrong, the worst first; mute, unmute.",
    "rules": "What is looked for, and rules of your own: list, load, clear.",
    "explain": "A rule, a finding, or why traces are one execution.",
    "keys": "What executions are told apart by, and why.",
    "query": "Named queries: list, show, run.",
    "sql": "One read-only SELECT.",
    "reconcile": "Is every execution accounted for? The report for cron.",
    "export": "Stored spans as OTLP files again.",
    "forget": "Remove executions and all that was concluded, for good.",
    "demo": "The whole thing on sample data, in one command.",
}


def _command(name: str, module: Any, function: Callable[..., None]) -> None:
    app.command(name, epilog=module.EPILOG, short_help=_SHORT[name])(function)


def _group(name: str, module: Any) -> None:
    app.add_typer(module.app, name=name, short_help=_SHORT[name])


_command("serve", serve, serve.serve)
_command("import", importing, importing.import_)
_group("executions", executions)
_command("graph", graph, graph.graph)
_command("messages", messages, messages.messages)
_command("custody", custody, custody.custody)
_group("owners", owners)
owners.app.command("gaps", epilog=gaps.EPILOG)(gaps.gaps)
_command("audit", audit, audit.audit)
_group("map", map_)
_group("findings", findings)
_group("rules", rules)
_command("explain", explain, explain.explain)
_group("keys", keys)
_group("query", query)
_command("sql", sql, sql.sql)
_command("reconcile", reconcile, reconcile.reconcile)
_command("export", exporting, exporting.export)
_command("forget", forgetting, forgetting.forget)
_command("demo", demo, demo.demo)
