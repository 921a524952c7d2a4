"""CODEOWNERS: GitHub's rules, each example of its documentation, and no pattern that hangs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemap.catalogs.codeowners import MAX_BYTES, Rules, read
from tracemap.declarations import CodeRule

#: The example file of docs.github.com, "About code owners", without its comments.
EXAMPLE = """\
# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
"""


def rules(text: str) -> Rules:
    return Rules(read(text.encode(), "CODEOWNERS").code_rules)


def owners(found: CodeRule | None) -> tuple[str, ...] | None:
    return None if found is None else found.owners


def matches(pattern: str, path: str) -> bool:
    return rules(f"{pattern} @x").of(path) is not None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("deep/in/any.rb", ("@global-owner1", "@global-owner2")),
        ("README", ("@global-owner1", "@global-owner2")),
        ("src/a.js", ("@js-owner",)),
        ("a.go", ("docs@example.com",)),
        ("deep/a.txt", ("@octo-org/octocats",)),
        ("build/logs/deep/a.log", ("@octocat",)),  # **/logs comes later than /build/logs/
        ("deeply/nested/logs", ("@octocat",)),
        ("build/logs/a.js", ("@octocat",)),
        ("docs/getting-started.md", ("@doctocat",)),  # /docs/ comes later than docs/*
        ("docs/build-app/troubleshooting.md", ("@doctocat",)),
        ("src/apps/a.rb", ("@octocat",)),
        ("scripts/a.sh", ("@doctocat", "@octocat")),
        ("apps/main.js", ("@octocat",)),
        ("apps/github/a.js", ()),  # owned by nobody, on purpose
        ("apps/github", ()),
        ("apps/githubber/a.rb", ("@octocat",)),
    ],
)
def test_the_example_of_the_documentation(path: str, expected: tuple[str, ...]) -> None:
    assert owners(rules(EXAMPLE).of(path)) == expected


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("*", ["a", "a/b/c"], []),
        ("**", ["a", "a/b/c"], []),
        ("/*", ["a"], ["a/b"]),
        ("docs/*", ["docs/a.md"], ["docs/a/b.md", "x/docs/a.md", "docs"]),
        ("docs/*.md", ["docs/a.md"], ["docs/x/a.md", "docs/a.mdx"]),
        ("docs/", ["docs/a", "docs/a/b", "x/docs/a"], ["docs", "docsx/a", "xdocs/a"]),
        ("/docs/", ["docs/a"], ["x/docs/a", "docs"]),
        ("docs", ["docs", "docs/a", "x/docs/a/b"], ["docs.md"]),
        ("/docs", ["docs", "docs/a"], ["x/docs"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b", "a/bc"]),
        ("**/b", ["b", "a/b", "x/y/b/c"], ["ab"]),
        ("a/**", ["a/b", "a/b/c"], ["a", "x/a/b"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b/z"], ["a/xb", "b"]),
        ("a/**/**/b", ["a/b", "a/x/b"], ["a"]),
        ("a/*/b", ["a/x/b", "a/x/b/c"], ["a/b", "a/x/y/b"]),
        ("a?c", ["abc", "x/abc"], ["ac", "a/c", "abbc"]),
        ("*.py", ["a.py", "x/a.py", "x.py/a"], ["a.pyc"]),
        ("path\\ with\\ spaces/", ["path with spaces/a"], ["path/a"]),
        ("a\\*b", ["a*b"], ["axb"]),
        ("Docs/", ["Docs/a"], ["docs/a"]),
        ("/", [], ["a", "a/b"]),
        ("a//b", ["a/b"], ["a"]),
    ],
)
def test_patterns(pattern: str, inside: list[str], outside: list[str]) -> None:
    assert [path for path in inside if not matches(pattern, path)] == []
    assert [path for path in outside if matches(pattern, path)] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("!docs/ @a", "a pattern cannot be negated"),
        ("[a-z].md @a", "character ranges do not work"),
        ("[Section] @a", "character ranges do not work"),
        ("\\#a @a", "a leading # cannot be escaped"),
        ("***/*.rb @a", "three * in a row"),
        ("*.txt docs@", "'docs@' is no owner"),
        ("docs/ bob", "'bob' is no owner"),
        ("docs/ @a, @b", "'@a,' is no owner"),
        ("docs/ @-a", "'@-a' is no owner"),
        (f"{'a' * 1001} @a", "longer than 1000 characters"),
    ],
)
def test_a_line_that_is_wrong_is_left_out_and_told(line: str, told: str) -> None:
    catalog = read(f"* @fine\n{line}\n/x @too\n".encode(), "CODEOWNERS", "acme/shop")
    assert [(rule.line, rule.owners) for rule in catalog.code_rules] == [
        (1, ("@fine",)),
        (3, ("@too",)),
    ]
    (problem,) = catalog.problems
    assert (problem.line, told in problem.what) == (2, True)


def test_comments_line_ends_and_repeated_owners() -> None:
    catalog = read(b"\xef\xbb\xbf# a\r\n\r\n  # b\r\n* @a @a x@y.z # c\r\n/d#e @b\r\n", "C")
    assert catalog.problems == ()
    assert [(rule.line, rule.pattern, rule.owners) for rule in catalog.code_rules] == [
        (4, "*", ("@a", "x@y.z")),
        (5, "/d#e", ("@b",)),
    ]


def test_a_file_that_github_would_not_load() -> None:
    catalog = read(b"#" * (MAX_BYTES + 1), "CODEOWNERS")
    assert not catalog.usable
    assert "GitHub loads 3,145,728" in catalog.problems[0].what


def test_a_folder_is_decided_by_the_rules_that_hold_for_all_of_it() -> None:
    found = rules("* @all\n/services/ @some\n/services/pay/ @pay\n*.md @docs\n/services/x/*.go @go")
    assert owners(found.of_folder("services/pay")) == ("@pay",)
    assert owners(found.of_folder("/services/pay/deep/")) == ("@pay",)
    assert owners(found.of_folder("services/x")) == ("@some",)
    assert owners(found.of_folder("")) == ("@all",)
    # Rules for some of the files do not decide about the repository.
    assert rules("/services/ @some\n/* @root\n*.md @docs").of_folder("") is None


# ---- against the definition, as a regular expression ----


def expression(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression, written independently of the matcher."""
    segments = [s for s in pattern.split("/") if s]
    anchored = "/" in pattern.rstrip("/")
    out = "" if anchored or segments[0] == "**" else "(?:.+/)?"
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        if segment == "**":
            out += ".+" if last else "(?:.+/)?"
        else:
            plain = "".join({"*": "[^/]*", "?": "[^/]"}.get(c, re.escape(c)) for c in segment)
            out += "[^/]+" if segment == "*" else plain
            out += "" if last else "/"
    if pattern.endswith("/") and segments[-1] != "**":
        out += "/.+"
    elif segments[-1] != "**" and not (anchored and segments[-1] == "*"):
        out += "(?:/.*)?"
    return re.compile(rf"\A{out}\Z")


_SEGMENT = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "?", "**"])
_PATTERN = st.builds(
    lambda lead, segments, trail: lead + "/".join(segments) + trail,
    st.sampled_from(["", "/"]),
    st.lists(_SEGMENT, min_size=1, max_size=4),
    st.sampled_from(["", "/"]),
)
_PATH = st.lists(st.sampled_from(["a", "b", "ab", "abb", "c"]), min_size=1, max_size=5)


@given(_PATTERN, _PATH)
def test_the_matcher_agrees_with_the_definition(pattern: str, parts: list[str]) -> None:
    path = "/".join(parts)
    assert matches(pattern, path) is bool(expression(pattern).match(path)), (pattern, path)


@given(st.lists(st.tuples(_PATTERN, st.sampled_from(["@a", "@b", ""])), max_size=8), _PATH)
def test_the_last_rule_that_matches_decides(lines: list[tuple[str, str]], parts: list[str]) -> None:
    text = "\n".join(f"{pattern} {owner}" for pattern, owner in lines)
    path = "/".join(parts)
    last = [owner for pattern, owner in lines if expression(pattern).match(path)][-1:]
    assert owners(rules(text).of(path)) == (tuple(last[0].split()) if last else None)


def test_patterns_that_make_regular_expressions_hang() -> None:
    path = "/".join(["a" * 50] * 100)
    assert not matches("/" + "*a" * 400 + "*b", path)
    assert not matches("**/a*/" * 100 + "b", path)
    assert not matches("/**/*a" * 100 + "b", path)
