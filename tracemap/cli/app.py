"""The commands of ``tracemap``, each in a module of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from tracemap.cli import (
    custody,
    demo,
    executions,
    explain,
    findings,
    graph,
    importing,
    keys,
    owners,
    query,
    reconcile,
    serve,
    sql,
)
from tracemap.cli.common import Commands, examples

app = typer.Typer(
    cls=Commands,
    name="tracemap",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
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


app.command("serve", epilog=serve.EPILOG)(serve.serve)
app.command("import", epilog=importing.EPILOG)(importing.import_)
app.add_typer(executions.app, name="executions")
app.command("graph", epilog=graph.EPILOG)(graph.graph)
app.command("custody", epilog=custody.EPILOG)(custody.custody)
app.add_typer(owners.app, name="owners")
app.command("findings", epilog=findings.EPILOG)(findings.findings)
app.command("explain", epilog=explain.EPILOG)(explain.explain)
app.add_typer(keys.app, name="keys")
app.add_typer(query.app, name="query")
app.command("sql", epilog=sql.EPILOG)(sql.sql)
app.command("reconcile", epilog=reconcile.EPILOG)(reconcile.reconcile)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
