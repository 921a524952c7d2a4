"""Mermaid and DOT of names that strangers gave: nothing but labels comes of them.

Each line is held against the few forms that are written. Where Mermaid itself is installed for node
(``npm install mermaid jsdom``, and NODE_PATH its node_modules), its own parser reads them too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from test_cli_text import _edge, _graph

from tracemap.cli import graph_text
from tracemap.cli.text import clean

HOSTILE: Final = (
    *('a"b', "a]b", "a|b", "a{b}(c)", "end", "subgraph x", "a\nb", "a\r\n  end", "a;b", "\\"),
    *('click s0 "javascript:alert(1)"', "s0 --> s1", "%%{init: {}}%%", "%% gone", "a:::b"),
    *("style s0 fill:#f00", "classDef x fill:#f00;", "direction TB", "@{shape: x}", "$$x$$"),
    *("<script>alert(1)</script>", "<b>bold</b>", "`md`", "**md**", "#35;", "&quot;", 'a\\"'),
    *("größe 注文 😀", "\u202etxt", "a\x00b", "\x1b[31m", " "),
)
#: A label: letters, digits, what is harmless, and numbers for the rest.
_LABEL: Final = r'"(?:[^"<>\[\](){}|#;&`\\\n]|#\d+;)*"'
_BOX: Final = _LABEL.replace(")*", "|<br/>)*")
_FLOWCHART: Final = re.compile(
    rf"flowchart LR|  subgraph (?:w\d+)?t\d+\[{_LABEL}\]|    (?:w\d+)?s\d+\[{_BOX}\]|  end"
    rf"|  (?:w\d+)?s\d+ (?:-->|-\.->)\|{_LABEL}\| (?:w\d+)?s\d+"
)
_QUOTED: Final = r'"(?:[^"\\\n]|\\["\\n])*"'
_DIGRAPH: Final = re.compile(
    rf"digraph {_QUOTED} {{|  rankdir=LR;|  node \[shape=box\];"
    rf"|  subgraph cluster_\d+ {{ label={_QUOTED};|    s\d+ \[label={_QUOTED}\];|  }}"
    rf'|  s\d+ -> s\d+ \[label={_QUOTED}, style="[a-z,]+"\];|}}'
)
#: Reads a flowchart from stdin and tells what Mermaid takes it for.
_READ: Final = """
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";
const require = createRequire(process.env.MERMAID_AT + "/");
const { JSDOM } = require("jsdom");
globalThis.window = new JSDOM("<body></body>").window;
globalThis.document = window.document;
const { default: mermaid } = await import(pathToFileURL(require.resolve("mermaid")));
await mermaid.parse("flowchart LR\\n a-->b");  // it learns its diagrams with the first
const found = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  const db = (await mermaid.mermaidAPI.getDiagramFromText(text)).db;
  const boxes = [...db.getVertices().values()];
  found.push({
    boxes: boxes.map((v) => v.text), links: boxes.filter((v) => v.link || v.haveCallback).length,
    edges: db.getEdges().map((e) => [e.start, e.end]), frames: db.getSubGraphs().length,
    classes: [...db.getClasses().keys()],
  });
}
console.log(JSON.stringify(found));
"""


def _named(name: str) -> graph_text.Graph:
    return _graph(_edge(name, "b", "async"), _edge("b", name))


@pytest.mark.parametrize("name", HOSTILE)
def test_every_line_is_one_that_is_written(name: str) -> None:
    graph = _named(name)
    for line in graph_text.mermaid(graph).splitlines():
        assert _FLOWCHART.fullmatch(line), line
    for line in graph_text.dot(graph).splitlines():
        assert _DIGRAPH.fullmatch(line), line


@pytest.mark.parametrize("name", HOSTILE)
def test_a_box_says_the_name(name: str) -> None:
    boxes = re.findall(rf"s\d+\[({_BOX})\]", graph_text.mermaid(_named(name)))
    said = {_decoded(box[1:-1].split("<br/>")[0], r"#(\d+);") for box in boxes}
    assert said == {clean(name), "b"}


@cache
def _mermaid() -> str | None:
    """The folder of node modules that has Mermaid and a page for it to think it is in."""
    for place in filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)):
        if all((Path(place) / name).is_dir() for name in ("mermaid", "jsdom")):
            return place
    return None


@pytest.mark.skipif(
    shutil.which("node") is None or _mermaid() is None,
    reason="Mermaid is not installed for node: npm install mermaid jsdom, and set NODE_PATH",
)
def test_mermaid_itself_reads_boxes_and_nothing_else() -> None:
    texts = [graph_text.mermaid(_named(name)) for name in HOSTILE]
    texts.append(graph_text.mermaid(*map(_named, HOSTILE)))
    read = subprocess.run(
        ["node", "--input-type=module", "-e", _READ],
        input=json.dumps(texts),
        env={**os.environ, "MERMAID_AT": str(_mermaid())},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[dict[str, Any]] = json.loads(read.stdout)
    for name, one in zip(HOSTILE, found, strict=False):
        said = {_decoded(re.split("<br ?/?>", box)[0], r"ﬂ°°(\d+)¶ß") for box in one["boxes"]}
        assert said == {clean(name).strip(), "b"}  # it trims
        assert sorted(one["edges"]) == [["s0", "s1"], ["s1", "s0"]]
        assert (one["links"], one["frames"], one["classes"]) == (0, 1, [])
    assert len(found[-1]["edges"]) == 2 * len(HOSTILE)


def _decoded(text: str, number: str) -> str:
    return re.sub(number, lambda found: chr(int(found[1])), text)
