"""Text that others wrote, made safe for Markdown (CommonMark with GitHub's tables and autolinks).

Attribute values reach a report by way of messages and names. Whatever they contain, they are shown
as they are written: they open no table cell, link, image, heading, code block or HTML, they reorder
no line, and they end up in no mail client as markup.
"""

from __future__ import annotations

import re
from typing import Final

MAX_TEXT: Final = 500

#: Control characters, separators of lines, and what changes direction or visibility around it.
_HIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARKUP: Final = re.compile(r"[\\`*\[\]|~$]")
#: An underscore inside a word is harmless in GitHub's and CommonMark's rules, and ids have many.
_EMPHASIS: Final = re.compile(r"(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])")
#: What becomes a link without being asked to: https://, mailto:, www., name@host.
_LINKS: Final = re.compile(r"(?i):(?=//)|(?<=mailto):|(?<=xmpp):|(?<=www)\.|@")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.\-]+(?::\d{1,5})?(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/?#-]*)?"
)


#: What Mermaid would read as its own, as its entity codes.
_MERMAID: Final = {ord(c): f"#{ord(c)};" for c in '"<>[](){}|#;&`\\'}
#: Words that it acts on in quoted labels too: it takes the line for a direction, and looks for
#: colours behind the others.
_MERMAID_WORDS: Final = re.compile("direction|style|classDef")


def mermaid_label(line: str) -> str:
    """One visible line as what stands between the quotes of a label of a Mermaid flowchart."""
    escaped = line.translate(_MERMAID)
    return _MERMAID_WORDS.sub(lambda word: f"#{ord(word[0][0])};{word[0][1:]}", escaped)


def visible(value: str) -> str:
    r"""One line in which what cannot be seen is written as ``\u202e``; at most 500 characters."""
    cut = value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"
    spaced = re.sub(r"[ \t\r\n]+", " ", cut).strip()
    return _HIDDEN.sub(lambda found: _escaped(found[0]), spaced)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def inline(value: str) -> str:
    """Text inside a paragraph, a list item or a table cell; never the first thing on its line.

    Nothing visible is shown as ``(empty)``, so that marks set around it still find a word.
    """
    text = _MARKUP.sub(lambda found: f"\\{found[0]}", visible(value) or "(empty)")
    text = _EMPHASIS.sub(r"\\_", text)
    text = _LINKS.sub(lambda found: f"\\{found[0]}", text)
    return re.sub("[&<>]", lambda found: _HTML[found[0]], text)


def code(value: str, *, cell: bool = False) -> str:
    """A code span with the text in it; ``cell``: inside of a table."""
    text = visible(value)
    if not text:
        return "` `"
    if cell:
        # The cell is cut out before the code span is read, so the bar needs its backslash.
        text = text.replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    padding = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def link(url: str) -> str:
    """An address as a link when it is plainly one, else as code."""
    return f"<{url}>" if len(url) <= MAX_TEXT and _URL.fullmatch(url) else code(url)
