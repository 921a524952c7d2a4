"""The command line: parse, call the library, print. Nothing is computed here."""

from __future__ import annotations


def main() -> None:
    """Run ``tracemap``."""
    from tracemap.cli.app import app

    app(prog_name="tracemap")
