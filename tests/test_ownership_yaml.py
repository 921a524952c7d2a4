"""The reader of ownership.yaml: what it reads, what it reports, what it survives."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tracemap.catalogs.ownership_yaml import SECTIONS, read
from tracemap.declarations import MAX_BYTES, Catalog, CodeLocation, Declaration, Team

WHOLE = b"""\
version: 1
teams:
  - {name: payments, aliases: [pay-team], channel: "#payments", runbook: "https://runbooks/pay"}
  - name: storefront
services:
  - {name: checkout, namespace: shop, team: payments}
  - {name: legacy-ftp, unowned: true}
destinations:
  - {name: orders.placed, system: kafka, team: storefront, type: event}
  - {name: orders.retry, type: command}
datastores:
  - name: orders-db
    team: storefront
workflows:
  - {name: "POST /orders", team: storefront, colour: blue}
"""


def problems(text: str | bytes) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    return [str(problem) for problem in read(content, "own.yaml").problems]


def test_reads_every_kind_with_its_line() -> None:
    catalog = read(WHOLE, "own.yaml")
    assert catalog.problems == ()
    assert catalog.teams == (
        Team("own.yaml", 3, "payments", ("pay-team",), "#payments", "https://runbooks/pay"),
        Team("own.yaml", 4, "storefront"),
    )
    assert catalog.declarations == (
        Declaration("own.yaml", 6, "service", "checkout", namespace="shop", team="payments"),
        Declaration("own.yaml", 7, "service", "legacy-ftp", unowned=True),
        Declaration(
            "own.yaml", 9, "destination", "orders.placed", None, "kafka", "storefront", type="event"
        ),
        Declaration("own.yaml", 10, "destination", "orders.retry", type="command"),
        Declaration("own.yaml", 12, "datastore", "orders-db", team="storefront"),
        Declaration("own.yaml", 15, "workflow", "POST /orders", team="storefront"),
    )


def test_all_mistakes_are_told_at_once_and_the_rest_is_used() -> None:
    text = """\
version: 1
services:
  - {name: 4711, team: no}
  - just text
  - {team: payments}
  - {name: both, team: payments, unowned: true}
  - {name: neither}
  - {name: fine, team: payments}
  - {name: wide, namespace: [shop], team: payments}
  - {name: maybe, unowned: "yes"}
destinations:
  - {name: orders, team: payments, type: evnt}
  - {name: retries, team: 7, type: event}
workflows: {name: x}
"""
    assert problems(text) == [
        'own.yaml:3: name in services is a number, not text (write it in quotes: name: "4711")',
        'own.yaml:3: team in services is a truth value, not text (write it in quotes: team: "no")',
        "own.yaml:4: an entry of services is text, not a mapping (write '- name: ...')",
        "own.yaml:5: an entry of services has no name (add 'name: ...')",
        (
            "own.yaml:6: 'both' has a team and is declared unowned "
            "(remove one of the two; the entry is not used)"
        ),
        "own.yaml:7: 'neither' has no team (add 'team: ...', or 'unowned: true')",
        "own.yaml:9: namespace in services is a list, not text (write text)",
        (
            "own.yaml:10: unowned in services is text, not true or false "
            "(write 'unowned: true', or remove it)"
        ),
        "own.yaml:12: type is 'evnt' (write one of event, command, dead-letter)",
        'own.yaml:13: team in destinations is a number, not text (write it in quotes: team: "7")',
        "own.yaml:14: workflows is a mapping, not a list (write '- name: ...' below it)",
    ]
    catalog = read(text.encode(), "own.yaml")
    assert catalog.usable
    assert [d.name for d in catalog.declarations] == ["fine"]


def test_fields_of_others_are_kept_quiet_about() -> None:
    text = """\
version: 1
x-generated-by: {a: [1, 2]}
services:
  - {name: a, team: t, tier: 1, tags: [x]}
"""
    assert problems(text) == []


def test_entries_that_contradict_each_other_are_reported_and_both_kept() -> None:
    text = """\
version: 1
teams: [{name: payments, aliases: [pay]}, {name: risk}]
services:
  - {name: a, team: payments}
  - {name: a, team: risk}
  - {name: b, team: payments}
  - {name: b, team: pay}
  - {name: b, namespace: other, team: risk}
"""
    assert problems(text) == [
        "own.yaml:5: service 'a' is declared otherwise in line 4 (remove one of the two)"
    ]
    assert len(read(text.encode(), "own.yaml").declarations) == 5


def test_a_team_that_the_file_does_not_list_is_likely_a_slip() -> None:
    text = """\
version: 1
teams: [{name: payments}]
services: [{name: a, team: paymets}, {name: b, team: PAYMENTS}]
"""
    assert problems(text) == [
        "own.yaml:3: team 'paymets' of service 'a' is not under teams (did you mean 'payments'?)"
    ]
    assert problems("version: 1\nservices: [{name: a, team: anybody}]") == []


def test_an_alias_names_one_team_only() -> None:
    text = """\
version: 1
teams:
  - {name: a, aliases: [x, B]}
  - {name: b, aliases: [X]}
  - {name: A}
"""
    assert problems(text) == [
        (
            "own.yaml:3: alias 'B' of team 'a' also means team 'b' (line 4) "
            "(let it name one team only)"
        ),
        (
            "own.yaml:4: alias 'X' of team 'b' also means team 'a' (line 3) "
            "(let it name one team only)"
        ),
        "own.yaml:5: team 'A' is also in line 3 (merge the two)",
    ]


def test_others_have_a_role_and_are_not_accountable() -> None:
    text = """\
version: 1
services:
  - name: a
    team: payments
    others:
      - {team: sre, role: operator}
      - {team: risk}
      - {team: risk, role: Accountable}
      - risk
      - {team: [x], role: operator}
  - {name: b, unowned: true, others: [{team: sre, role: operator}]}
"""
    assert problems(text) == [
        (
            f"own.yaml:{line}: an entry of others of service 'a' needs a team and a role "
            "(such as 'role: operator'; accountable is 'team')"
        )
        for line in (7, 8)
    ] + [
        (
            "own.yaml:9: an entry of others in service 'a' is text, not a mapping "
            "(write '- key: ...')"
        ),
        "own.yaml:10: team in others of service 'a' is a list, not text (write text)",
    ]
    read_ = read(text.encode(), "own.yaml")
    assert [(d.line, d.name, d.team, d.role, d.unowned) for d in read_.declarations] == [
        (3, "a", "payments", "accountable", False),
        (6, "a", "sre", "operator", False),
        (11, "b", None, "accountable", True),
        (11, "b", "sre", "operator", False),
    ]


def test_a_shared_list_of_others_does_not_multiply() -> None:
    many = ", ".join(f"{{team: t{i}, role: r}}" for i in range(2000))
    services = [
        f"  - {{name: s{i}, team: a, others: {f'&many [{many}]' if i == 0 else '*many'}}}"
        for i in range(50)
    ]
    catalog = read("\n".join(["version: 1", "services:", *services]).encode(), "own.yaml")
    assert len(catalog.declarations) == 50 * (1 + 20)
    assert "has 2,000 others" in catalog.problems[0].what


def test_repositories_say_where_code_lies() -> None:
    text = """\
version: 1
repositories:
  - {name: "https://github.com/acme/Shop.git", path: ./services/pay/, service: pay}
  - {name: acme/shop, root: /app}
  - {name: acme/shop, path: x}
  - {name: acme/shop, path: a/../../b, service: x}
  - {name: acme/shop, service: [x]}
"""
    assert problems(text) == [
        (
            "own.yaml:5: repository 'acme/shop' has neither service nor root "
            "(say whose code it is: 'service: ...')"
        ),
        "own.yaml:6: path 'a/../../b' leaves the repository (write it whole)",
        "own.yaml:7: service in repositories is a list, not text (write text)",
    ]
    assert read(text.encode(), "own.yaml").code_locations == (
        CodeLocation("own.yaml", 3, "github.com/acme/shop", "services/pay", "pay"),
        CodeLocation("own.yaml", 4, "acme/shop", root="/app"),
    )


@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"version: 1\nservices:\n  - {name: a, team: [}\n", 3, "not valid YAML"),
        (b"version: 1\nservices:\n\t- a\n", 3, "not valid YAML"),
        (b"version: 1\nservices: *nobody\n", 2, "names no anchor"),
        (b"version: 1\n# \xff\n", 2, "not UTF-8"),
        (b"version: 1\nname: a\x00b\n", 2, "control character"),
        (b"version: 1\n---\nversion: 1\n", 2, "second document"),
        (b"version: 2\n", 1, "version is '2'"),
        (b"- a\n", 1, "a list, not a mapping"),
        (b"[" * 100_000, 1, "nested more than 32 deep"),
        (b"{a: " * 100_000, 1, "nested more than 32 deep"),
        (b"- " * 100_000, 1, "nested more than 32 deep"),
        (b"# x\n" * (MAX_BYTES // 4 + 1), 1, "more than 4,194,304"),
        (b"- []\n" * 500_001, 500_000, "more than 500,000 values"),
    ],
)
def test_a_file_that_cannot_be_used_declares_nothing_and_says_why(
    content: bytes, line: int, what: str
) -> None:
    catalog = read(content, "own.yaml")
    assert not catalog.usable
    assert catalog.declarations == ()
    assert len(catalog.problems) == 1
    assert catalog.problems[0].line == line
    assert what in catalog.problems[0].what


def test_aliases_are_references_and_never_copies() -> None:
    """Twenty lines that a loader which copies would turn into 9^20 values."""
    lines = ["version: 1", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 20)]
    lines += ["services: *a19", "loop: &loop [*loop]", "workflows: *loop"]
    assert {p.split(": ", 1)[1][:30] for p in problems("\n".join(lines))} == {
        "an entry of services is a list",
        "an entry of workflows is a lis",
    }


def test_a_shared_list_of_aliases_does_not_multiply() -> None:
    shared = "&many [" + ", ".join(f"n{i}" for i in range(5000)) + "]"
    teams = [f"  - {{name: t{i}, aliases: {shared if i == 0 else '*many'}}}" for i in range(50)]
    catalog = read("\n".join(["version: 1", "teams:", *teams]).encode(), "own.yaml")
    assert sum(len(team.aliases) for team in catalog.teams) == 50 * 100
    assert "a team has 5,000 aliases" in catalog.problems[0].what


def test_no_tag_makes_anything() -> None:
    text = 'version: 1\nservices: [{name: !!python/object/apply:os.getcwd "", team: a}]'
    assert "name in services is a value with a tag" in problems(text)[0]


def test_a_merge_key_is_reported_and_not_followed() -> None:
    text = "version: 1\nb: &b {team: x}\nservices: [{<<: *b, name: a}]"
    assert "own.yaml:3: an entry of services uses '<<' (write the fields out)" in problems(text)
    assert read(text.encode(), "own.yaml").declarations == ()


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_file_declares_nothing(content: bytes) -> None:
    catalog = read(content, "own.yaml")
    assert (catalog.usable, catalog.declarations) == (True, ())
    assert catalog.problems[0].what == "the file is empty"


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_make_the_reader_fail(content: bytes) -> None:
    assert isinstance(read(content, "own.yaml"), Catalog)
    assert isinstance(read(b"version: 1\nservices:\n  - " + content, "own.yaml"), Catalog)


# ---- the reader and the published schema agree ----

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "tracemap" / "ownership.schema.json").read_text()
)
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}


def valid(value: object, schema: dict[str, Any]) -> bool:
    """JSON Schema, as far as ownership.schema.json uses it; an unknown keyword fails."""
    checks: dict[str, Callable[[Any], bool]] = {
        "$ref": lambda want: valid(value, SCHEMA["$defs"][want.rsplit("/", 1)[1]]),
        "type": lambda want: any(
            isinstance(value, _TYPES[t]) for t in ([want] if isinstance(want, str) else want)
        ),
        "const": lambda want: value == want and type(value) is type(want),
        "enum": lambda want: any(value == w and type(value) is type(w) for w in want),
        "required": lambda want: not isinstance(value, dict) or all(k in value for k in want),
        "properties": lambda want: (
            not isinstance(value, dict)
            or all(valid(v, want[k]) for k, v in value.items() if k in want)
        ),
        "items": lambda want: not isinstance(value, list) or all(valid(v, want) for v in value),
        "maxItems": lambda want: not isinstance(value, list) or len(value) <= want,
        "maxLength": lambda want: not isinstance(value, str) or len(value) <= want,
        "pattern": lambda want: not isinstance(value, str) or bool(re.search(want, value)),
        "allOf": lambda want: all(valid(value, s) for s in want),
        "anyOf": lambda want: any(valid(value, s) for s in want),
        "oneOf": lambda want: sum(valid(value, s) for s in want) == 1,
        "not": lambda want: not valid(value, want),
    }
    notes = {"$schema", "title", "description", "$defs"}
    return all(checks[word](want) for word, want in schema.items() if word not in notes)


_LONG = st.integers(1001, 1001).map(lambda size: "x" * size)
_JUNK: st.SearchStrategy[Any] = _LONG | st.sampled_from(
    [None, True, 5, [], ["x"], {"a": 1}, "", "  "]
)


def _entry(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly right entries, with junk here and there."""
    right = st.fixed_dictionaries({"name": st.just("n")}, optional=fields)
    wrong = {name: strategy | _JUNK for name, strategy in fields.items()}
    return right | st.fixed_dictionaries({}, optional={"name": st.just("n") | _JUNK, **wrong})


_TEAM: st.SearchStrategy[Any] = st.just("t")
_FLAG: st.SearchStrategy[Any] = st.booleans()
_ROLE: st.SearchStrategy[Any] = st.sampled_from(["operator", "Accountable "])
_DOCUMENT = st.fixed_dictionaries(
    {"version": st.sampled_from([1, 1, 1, 1, 2, "1", None])},
    optional={
        "teams": st.lists(
            _entry(
                aliases=st.lists(st.just("a") | _JUNK, max_size=2),
                channel=st.just("#c"),
                runbook=st.just("r"),
                email=st.just("e"),
                pager=st.just("p"),
            ),
            max_size=1,
        )
        | _JUNK,
        "services": st.lists(
            _entry(
                namespace=_TEAM,
                team=_TEAM,
                unowned=_FLAG,
                others=st.lists(
                    st.fixed_dictionaries(
                        {}, optional={"team": _TEAM | _JUNK, "role": _ROLE | _JUNK}
                    )
                    | _JUNK,
                    max_size=1,
                ),
            ),
            max_size=1,
        )
        | _JUNK,
        "repositories": st.lists(
            _entry(path=_TEAM, service=_TEAM, namespace=_TEAM, root=_TEAM), max_size=1
        )
        | _JUNK,
        "destinations": st.lists(
            _entry(
                system=_TEAM,
                team=_TEAM,
                unowned=_FLAG,
                type=st.sampled_from(["event", "command", "dead-letter", "other"]),
            ),
            max_size=1,
        )
        | _JUNK,
        "datastores": st.lists(_entry(team=_TEAM, unowned=_FLAG), max_size=1),
        "workflows": st.lists(_entry(team=_TEAM, unowned=_FLAG), max_size=1),
        "other": _JUNK,
    },
)


@given(_DOCUMENT)
def test_the_reader_accepts_what_the_schema_accepts(document: dict[str, object]) -> None:
    content = yaml.safe_dump(document).encode()
    told = [p for p in read(content, "own.yaml").problems if "not under teams" not in p.what]
    assert (told == []) is valid(document, SCHEMA), (document, told)


def test_the_documented_example_is_right(root: Path) -> None:
    page = (root / "docs" / "ownership.md").read_text(encoding="utf-8")
    example = re.findall(r"```yaml\n(version: 1.*?)```", page, re.DOTALL)[0]
    catalog = read(example.encode(), "ownership.yaml")
    assert catalog.problems == ()
    assert {d.kind for d in catalog.declarations} == set(SECTIONS.values())
    assert catalog.code_locations
    assert valid(yaml.safe_load(example), SCHEMA)
    assert valid(yaml.safe_load(WHOLE), SCHEMA)
