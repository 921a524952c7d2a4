"""Writes the real output that the pages show, from one run of the demo. Run by ``make pictures``.

    python tools/pictures.py

1. ``tracemap demo --seed 7``: the beginning of what it prints becomes ``docs/demo.svg``.
2. Blocks called ``shown ...`` in the pages hold commands, as lines that begin with ``$``. Each is
   run on the demo's database, and what it prints is put below it.

Times and ids are new at each run, so no test compares them; ``tests/test_docs.py`` runs the
commands on other data and compares the headings of their tables.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import pages
from rich.console import Console
from rich.text import Text

ROOT: Final = pages.ROOT
DEMO: Final = "tracemap demo --seed 7 --db shop.duckdb"
#: Columns of the picture, and of the text that pages show.
WIDE: Final = 106
NARROW: Final = 96
#: The heading at which the picture ends: what follows is for the reader's own screen.
CUT: Final = "What is wrong, by team"

#: Rich's frame of a picture, without the fonts that it would fetch from another site.
_SVG: Final = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
    <style>
    .{unique_id}-matrix {{
        font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
        font-size: {char_height}px;
        line-height: {line_height}px;
        font-variant-east-asian: full-width;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
    </style>
    <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
    </defs>
    {chrome}
    <g transform="translate({terminal_x}, {terminal_y})"
       clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
    </g>
</svg>
"""


class Shell:
    """Runs commands as a reader would, in an empty folder with this checkout's tracemap."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        bin_ = folder / ".bin"
        bin_.mkdir()
        script = bin_ / "tracemap"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tracemap "$@"\n')
        script.chmod(0o755)
        (folder / "sample_traces").symlink_to(ROOT / "sample_traces")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRACEMAP_", "NO_COLOR"))}
        self._environment = {
            **kept,
            "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
        }

    def run(self, command: str, **environment: str) -> str:
        """What ``command`` prints. A server is stopped once it has said where it listens."""
        with subprocess.Popen(
            ["sh", "-c", f"exec {command}" if "|" not in command else command],
            cwd=self._folder,
            env=self._environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout
            lines = []
            for line in process.stdout:
                lines.append(line)
                if "Ctrl-C stops it" in line:
                    process.send_signal(signal.SIGINT)
                    process.wait()
                    return "".join(lines)
            if process.wait() not in (0, 1):
                raise SystemExit(f"$ {command}\n{''.join(lines)}")
        return "".join(lines)


def picture(shell: Shell) -> str:
    """The beginning of the demo's output as SVG."""
    printed = shell.run(f"{DEMO} 2>/dev/null", COLUMNS=str(WIDE), FORCE_COLOR="1")
    shown, cut, _ = printed.partition(CUT)
    if not cut:
        raise SystemExit(f"the demo prints no {CUT!r}:\n{printed}")
    console = Console(record=True, width=WIDE, file=io.StringIO(), highlight=False)
    console.print(Text(f"$ {DEMO.partition(' --db')[0]}", style="bold"))
    for line in shown.rsplit("\n", 1)[0].rstrip().splitlines():
        console.print(Text.from_ansi(line), soft_wrap=True)
    svg = console.export_svg(title="tracemap", code_format=_SVG, unique_id="demo")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def shown(shell: Shell, text: str) -> str:
    """A block with the output of its commands below each."""
    parts = []
    for line in text.splitlines():
        if line.startswith("$ "):
            printed = shell.run(line[2:], COLUMNS=str(NARROW), TRACEMAP_DB="shop.duckdb")
            lines = [each.rstrip() for each in printed.rstrip().splitlines()]
            parts.append("\n".join([line, *lines]))
    body = "\n\n".join(parts)
    return f"```console\n{body}\n```\n"


def main() -> int:
    """Run the demo, then every shown command."""
    with tempfile.TemporaryDirectory(prefix="tracemap-pictures-") as folder:
        shell = Shell(Path(folder))
        (ROOT / "docs" / "demo.svg").write_text(picture(shell), encoding="utf-8")
        for path in pages.pages():
            old = path.read_text(encoding="utf-8")
            new = pages.fill(
                old, lambda name, text: shown(shell, text) if name.startswith("shown") else None
            )
            if new != old:
                path.write_text(new, encoding="utf-8")
                print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
