"""Text that others wrote stays text in a report, whatever it contains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tracemap.markdown import code, inline, link, visible
from tracemap.report_data import Contact, Finding, Key, Report, Source, Team, Workflow
from tracemap.report_markdown import to_markdown

NIGHT = 1_772_416_800 * 10**9
WAYS = ("channel", "pager", "email", "runbook", "link")

RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

HOSTILE = [
    "a | b | c",
    "`code` ``two`` `",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[click](https://evil.example) ![x](https://evil.example/x.png) [r]: https://evil",
    "https://evil.example www.evil.example me@evil.example mailto:me@evil.example <https://e.v>",
    "**bold** _it_ ~~gone~~ __x__ *y*",
    "# head\n## head\n\n---\n\n```\ncode\n```\n> quote\n- item\n1. one\n    code\n| a |\n|---|",
    "\x1b[31mred\x1b[0m \x00 \x07 \r\n \u202egnp.exe \u200b \u2028 \ufeff",
    "&lt;b&gt; &#60; &amp;",
    "\\",
    "\\`",
    "a\\|b",
    "=====",
    "$x$ $$y$$",
    "",
    " ",
    "x" * 5000,
    "\U000e0041 \ud800",
]


def shown(tokens_of: str) -> tuple[list[str], str]:
    """(the kinds of tokens, the text that a reader sees)."""
    kinds: list[str] = []
    text: list[str] = []
    for block in RENDER.parse(tokens_of):
        kinds.append(block.type)
        for token in block.children or ():
            kinds.append(token.type)
            text.append(token.content)
    return kinds, "".join(text)


def as_shown(value: str, escape: Callable[[str], str]) -> str:
    return visible(value) or ("(empty)" if escape is inline else "")


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("escape", [inline, code])
def test_hostile_text_is_shown_as_it_is_written(value: str, escape: Callable[[str], str]) -> None:
    kinds, text = shown(f"- x {escape(value)} end")
    allowed = {"text", "code_inline"} if escape is code else {"text"}
    inside = set(kinds) - {
        *("bullet_list_open", "list_item_open", "paragraph_open", "inline"),
        *("paragraph_close", "list_item_close", "bullet_list_close"),
    }
    assert inside <= allowed, kinds
    assert " ".join(text.split()) == " ".join(f"x {as_shown(value, escape)} end".split())


@given(st.text(max_size=60))
def test_no_text_opens_anything(value: str) -> None:
    each: list[tuple[Callable[[str], str], set[str]]] = [
        (inline, {"text"}),
        (code, {"text", "code_inline"}),
    ]
    for escape, allowed in each:
        kinds, text = shown(f"- **x**: {escape(value)} end")
        assert set(kinds) - {"strong_open", "strong_close"} <= allowed | {
            *("bullet_list_open", "list_item_open", "paragraph_open", "inline"),
            *("paragraph_close", "list_item_close", "bullet_list_close"),
        }
        assert " ".join(text.split()) == " ".join(f"x: {as_shown(value, escape)} end".split())


@given(st.text(max_size=40) | st.sampled_from(HOSTILE))
def test_no_text_opens_a_cell(value: str) -> None:
    for cell in (inline(value), code(value, cell=True)):
        kinds, _ = shown(f"| a | b |\n|---|---|\n| {cell} | 2 |")
        assert kinds.count("td_open") == 2
        assert "html_inline" not in kinds


def test_a_whole_report_of_hostile_text_keeps_its_shape() -> None:
    """The same headings, tables and list items as the same report of tame text."""
    tame = hostile_report(lambda value: "tame")
    wild = hostile_report(lambda value: value)
    block = [
        k for k in shown(to_markdown(tame))[0] if k not in ("text", "code_inline", "softbreak")
    ]
    wild_block = [
        k for k in shown(to_markdown(wild))[0] if k not in ("text", "code_inline", "softbreak")
    ]
    assert wild_block == block


def hostile_report(of: Callable[[str], str]) -> Report:
    base = Report(
        report_id=1, created_ns=NIGHT, window_from_ns=None, window_to_ns=NIGHT, looks_back=False,
        previous=None, sources=(), keys=(), executions=9, accounted=8, earlier=1, workflows=(),
        teams=(), resolved=(), muted=(),
    )  # fmt: skip
    finding = Finding(
        id="0" * 12, rule="X001", title="t", family="orphaned", severity="high", status="new",
        reopened=False, execution="e", correlation=("k", "v"), workflow="w", service="s",
        step="s", team="t", trace_id=None, span_ids=(), first_seen_ns=NIGHT, last_seen_ns=NIGHT,
        message="m", evidence={"a": "b"}, effects=("e",), next_action="n",
    )  # fmt: skip
    found = []
    for i, value in enumerate(HOSTILE):
        text = of(value) or "x"
        found.append(
            replace(
                finding,
                rule=f"X{i:03}",
                title=text,
                execution=text,
                correlation=(text, text),
                message=text,
                evidence={text or "k": [text], "deep": {text: text}, "plain": text},
                effects=(text, text),
                next_action=text,
            )
        )
    return replace(
        base,
        teams=tuple(
            Team(
                of(v) or "x",
                (replace(f, contacts=tuple(Contact(t, of(v), of(v), "t", None) for t in WAYS)),),
            )
            for v, f in zip(HOSTILE, found, strict=True)
        ),
        resolved=tuple(replace(f, status="resolved") for f in found),
        muted=tuple(replace(f, status="muted", muted_reason=f.message) for f in found),
        workflows=tuple(
            Workflow(of(v), of(v), i + 1, i, {of(v) or "s": 1} if i == 0 else {})
            for i, v in enumerate(HOSTILE)
        ),
        keys=tuple(Key(of(v), (of(v),), "user") for v in HOSTILE),
        sources=tuple(Source(of(v), "live", NIGHT, False) for v in HOSTILE),
    )


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://runbooks.example/pay?x=1#top", True),
        ("http://localhost:8080", True),
        ("javascript:alert(1)", False),
        ("https://a.example/>\n<script>", False),
        ("https://user:secret@a.example/", False),
        ("https://a.example/ b", False),
        ("runbook in the wiki", False),
    ],
)
def test_only_plain_web_addresses_become_links(url: str, is_link: bool) -> None:
    kinds, _ = shown(f"Runbook {link(url)}")
    assert ("link_open" in kinds) is is_link
