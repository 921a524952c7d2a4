"""Who owns what: precedence, default rules, explanations, independence of order."""

from __future__ import annotations

import random
import tempfile
from functools import cache
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ownership_world import ATTRIBUTES, Answer, World, answers, owned

from tracemap import ownership
from tracemap.declarations import Kind
from tracemap.errors import InputError, NotFoundError
from tracemap.store import Store


@pytest.fixture
def world() -> World:
    return World()


def test_a_declaration_goes_before_attributes_and_these_before_the_namespace(
    world: World, tmp_path: Path
) -> None:
    world.service("declared", "shop", team="payments", owner="risk")
    world.service("attributed", "shop", owner="risk", team="payments")
    world.service("hinted", "shop")
    world.service("nobody")
    world.declare(services=[{"name": "declared", "team": "storefront"}])
    found = answers(world.build(tmp_path))
    assert found["service", "declared", "shop"] == Answer(
        "storefront",
        "declared",
        f"{tmp_path}/own.yaml:3",
        (
            ("payments", "resource-attribute"),
            ("risk", "resource-attribute"),
            ("shop", "namespace-hint"),
        ),
    )
    assert found["service", "attributed", "shop"] == Answer(
        "payments",
        "resource-attribute",
        "resource attribute team",
        (("risk", "resource-attribute"), ("shop", "namespace-hint")),
    )
    assert found["service", "hinted", "shop"] == Answer(
        "shop", "namespace-hint", "service.namespace", ()
    )
    assert found["service", "nobody", None] == Answer(None, "no-match", None, ())


def test_the_list_of_attributes_decides_which_are_read_and_trusted(
    world: World, tmp_path: Path
) -> None:
    world.service("a", service__owner__name="first", team="second", department="third")
    cursor = world.build(tmp_path)
    assert answers(cursor)["service", "a", None].team == "first"
    ownership.resolve_owners(cursor, ["department", "team"])
    assert answers(cursor)["service", "a", None].team == "third"
    assert answers(cursor)["service", "a", None].losers == (("second", "resource-attribute"),)


def test_attributes_that_disagree_keep_the_loser(world: World, tmp_path: Path) -> None:
    world.service("a")
    world.attribute("a", "team", "payments", spans=90)
    world.attribute("a", "team", "risk", spans=10)
    assert answers(world.build(tmp_path))["service", "a", None] == Answer(
        "payments",
        "resource-attribute",
        "resource attribute team",
        (("risk", "resource-attribute"),),
    )


def test_a_namespace_narrows_a_declaration_and_the_narrower_one_wins(
    world: World, tmp_path: Path
) -> None:
    world.service("a", "shop")
    world.service("a", "bank")
    world.service("a")
    world.declare(
        services=[
            {"name": "a", "team": "any"},
            {"name": "a", "namespace": "bank", "team": "bankers"},
        ]
    )
    found = answers(world.build(tmp_path))
    assert found["service", "a", "shop"].team == "any"
    assert found["service", "a", "bank"].team == "bankers"
    assert ("any", "declared") in found["service", "a", "bank"].losers
    assert found["service", "a", None].team == "any"


def test_declared_unowned_and_no_match_are_different(world: World, tmp_path: Path) -> None:
    world.service("left", team="payments")
    world.service("lost")
    world.declare(services=[{"name": "left", "unowned": True}])
    found = answers(world.build(tmp_path))
    assert found["service", "left", None] == Answer(
        None,
        "declared-unowned",
        f"{tmp_path}/own.yaml:3",
        (("payments", "resource-attribute"),),
    )
    assert found["service", "lost", None] == Answer(None, "no-match", None, ())


@pytest.mark.parametrize("name", ["unknown_service", "unknown_service:java"])
def test_the_sdks_default_name_is_no_identity(name: str, world: World, tmp_path: Path) -> None:
    world.service(name, "shop", team="payments")
    world.service("unknown_services", team="real")
    world.declare(services=[{"name": name, "team": "storefront"}])
    found = answers(world.build(tmp_path))
    assert found["service", name, "shop"] == Answer(
        None, "no-identity", None, (("payments", "resource-attribute"),)
    )
    assert found["service", "unknown_services", None].team == "real"


def test_aliases_are_resolved_across_files_and_in_attributes(world: World, tmp_path: Path) -> None:
    world.service("a", team="PAY-team")
    world.service("b", "pay")
    world.service("c")
    world.service("d", team="x")
    world.declare(
        "teams.yaml",
        teams=[
            {"name": "Payments", "aliases": ["pay-team", "pay", "x"]},
            {"name": "risk", "aliases": ["X", "payments"]},
        ],
    )
    world.declare("own.yaml", services=[{"name": "c", "team": "pay-team"}])
    found = answers(world.build(tmp_path))
    assert found["service", "a", None].team == "Payments"
    assert found["service", "a", None].source == "resource attribute team (PAY-team)"
    assert found["service", "b", "pay"].team == "Payments"
    assert found["service", "c", None].team == "Payments"
    # Two teams claim it: it stands for neither.
    assert found["service", "d", None].team == "x"


# ---- what sends no telemetry ----


def test_a_datastore_that_one_team_uses_is_theirs(world: World, tmp_path: Path) -> None:
    first = world.service("a", team="payments")
    second = world.service("b", team="payments")
    other = world.service("c", team="risk")
    orphan = world.service("d")
    world.peer(first, "ledger", "datastore")
    world.peer(second, "ledger", "datastore")
    world.peer(first, "shared", "datastore")
    world.peer(other, "shared", "datastore")
    world.peer(first, "half", "datastore")
    world.peer(orphan, "half", "datastore")
    world.peer(other, "declared", "datastore")
    world.declare(datastores=[{"name": "declared", "team": "platform"}])
    found = answers(world.build(tmp_path))
    assert found["datastore", "ledger", None] == Answer("payments", "only-user", "used by a, b", ())
    assert found["datastore", "shared", None].rule == "no-match"
    assert found["datastore", "half", None].rule == "no-match"
    assert found["datastore", "declared", None].team == "platform"
    assert found["datastore", "declared", None].losers == (("risk", "only-user"),)


def test_an_external_peer_is_declared_as_a_service(world: World, tmp_path: Path) -> None:
    step = world.service("a", team="payments")
    world.service("b", team="risk")
    for name in ("api.bank.example", "maps.example", "b"):
        world.peer(step, name, "external")
    world.declare(services=[{"name": "api.bank.example", "team": "payments"}])
    found = answers(world.build(tmp_path))
    assert found["service", "api.bank.example", None].rule == "declared"
    assert found["service", "maps.example", None] == Answer(None, "external", None, ())
    # Seen by its own spans: one answer, from them.
    assert found["service", "b", None].team == "risk"


# ---- workflows ----


def test_a_workflow_is_declared_or_its_orchestrators_or_its_starters(
    world: World, tmp_path: Path
) -> None:
    world.service("api", team="storefront")
    world.service("engine", team="platform")
    world.execution("declared", "api", "engine")
    world.execution("orchestrated", "api", "engine")
    world.execution("choreographed", "api")
    world.declare(workflows=[{"name": "declared", "team": "sales"}])
    found = answers(world.build(tmp_path))
    assert found["workflow", "declared", None].team == "sales"
    assert found["workflow", "declared", None].losers == (
        ("platform", "orchestrator"),
        ("storefront", "started-by"),
    )
    assert found["workflow", "orchestrated", None] == Answer(
        "platform", "orchestrator", "orchestrated by engine", (("storefront", "started-by"),)
    )
    assert found["workflow", "choreographed", None] == Answer(
        "storefront", "started-by", "started by api", ()
    )


# ---- files ----


def test_loading_again_replaces_what_the_file_declared(world: World, tmp_path: Path) -> None:
    world.service("a")
    world.service("b")
    world.declare("one.yaml", services=[{"name": "a", "team": "x"}])
    world.declare("two.yaml", services=[{"name": "b", "team": "y"}])
    cursor = world.build(tmp_path)
    one = tmp_path / "one.yaml"
    one.write_text("version: 1\nservices: [{name: a, team: z}]\n")
    # The same file by another spelling of its path.
    ownership.load(cursor, tmp_path / "." / ".." / tmp_path.name / "one.yaml")
    ownership.resolve_owners(cursor, ATTRIBUTES)
    found = answers(cursor)
    assert (found["service", "a", None].team, found["service", "a", None].losers) == ("z", ())
    assert found["service", "b", None].team == "y"
    one.unlink()
    ownership.forget(cursor, one)
    ownership.resolve_owners(cursor, ATTRIBUTES)
    assert answers(cursor)["service", "a", None].rule == "no-match"


def test_a_broken_file_leaves_what_was_declared(world: World, tmp_path: Path) -> None:
    world.service("a")
    world.declare(services=[{"name": "a", "team": "x"}])
    cursor = world.build(tmp_path)
    (tmp_path / "own.yaml").write_text("version: 1\nservices: [{name: a, team: ]\n")
    catalog = ownership.load(cursor, tmp_path / "own.yaml")
    assert not catalog.usable
    assert str(catalog.problems[0]).startswith(f"{tmp_path}/own.yaml:2: this is not valid YAML")
    ownership.resolve_owners(cursor, ATTRIBUTES)
    assert answers(cursor)["service", "a", None].team == "x"


def test_a_file_that_is_not_there_is_an_error_that_says_where(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: the file cannot be read: No such file"):
        ownership.read(tmp_path / "nowhere.yaml")
    (told,) = ownership.read(tmp_path).problems
    assert told.what == "no ownership file lies in this folder"


# ---- explanations ----


def test_an_explanation_names_rule_place_losers_and_how_to_reach_the_team(
    world: World, tmp_path: Path
) -> None:
    world.service("a", team="risk")
    world.declare(
        teams=[{"name": "payments", "channel": "#payments", "runbook": "https://run"}],
        services=[{"name": "a", "team": "payments"}],
    )
    (found,) = ownership.explain(world.build(tmp_path), "a")
    assert (found.kind, found.team, found.rule) == ("service", "payments", "declared")
    assert found.because == f"declared in {tmp_path}/own.yaml:7"
    assert (found.channel, found.runbook) == ("#payments", "https://run")
    assert found.losers == (
        ownership.Loser("risk", "resource attribute team", "resource-attribute", agrees=False),
    )


def test_explaining_an_unknown_name_hints_at_a_near_one(world: World, tmp_path: Path) -> None:
    world.service("checkout")
    cursor = world.build(tmp_path)
    with pytest.raises(NotFoundError, match=r"'chekout' was seen \(did you mean 'checkout'\?\)"):
        ownership.explain(cursor, "chekout")
    with pytest.raises(NotFoundError, match="as a workflow"):
        ownership.explain(cursor, "checkout", "workflow")


def test_every_rule_has_a_sentence(world: World, tmp_path: Path) -> None:
    step = owned(world).service("nobody")
    world.service("unknown_service")
    world.service("hinted", "shop")
    world.message("placed", "order", "payment", "mail")
    world.message("x.dlq", None, "payment")
    world.message("in", "order")
    world.message("out", None, "payment", "mail")
    world.message("do", "order", "payment")
    world.peer(step, "db", "datastore")
    world.peer(step, "ext", "external")
    world.execution("w", "order")
    world.execution("o", "order", "mail")
    world.declare(services=[{"name": "order", "team": "t"}, {"name": "mail", "unowned": True}])
    cursor = world.build(tmp_path)
    names = [name for _, name, _ in answers(cursor)]
    texts = {e.rule: e.because for name in names for e in ownership.explain(cursor, name)}
    assert all("{" not in text and "None" not in text for text in texts.values()), texts
    assert len(texts) >= 14


def test_every_rule_is_documented(root: Path) -> None:
    page = (root / "docs" / "ownership.md").read_text(encoding="utf-8")
    for rule in get_args(ownership.RuleName):
        assert f"`{rule}`" in page


# ---- independence of order ----

_NAMES = st.sampled_from(["a", "b"])
_TEAMS = st.sampled_from(["x", "y", "X2", "z"])
_DECLARED = st.fixed_dictionaries(
    {"name": _NAMES, "team": _TEAMS}, optional={"namespace": st.sampled_from(["n", "m"])}
)
_TEAM_ENTRIES = st.fixed_dictionaries(
    {"name": _TEAMS}, optional={"aliases": st.lists(_TEAMS, max_size=2)}
)


@given(
    files=st.lists(
        st.fixed_dictionaries(
            {
                "services": st.lists(_DECLARED | st.just({"name": "a", "unowned": True})),
                "teams": st.lists(_TEAM_ENTRIES, max_size=3),
            }
        ),
        min_size=1,
        max_size=3,
    ),
    attributes=st.lists(
        st.tuples(_NAMES, st.sampled_from(ATTRIBUTES), _TEAMS, st.integers(1, 3)), max_size=6
    ),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=settings().max_examples // 2)  # of half a second each
def test_the_answer_does_not_depend_on_the_order_of_entries_or_files(
    files: list[dict[str, list[object]]],
    attributes: list[tuple[str, str, str, int]],
    seed: int,
) -> None:
    shuffle = random.Random(seed)
    found = []
    cursor = _shared_database()
    for again in range(2):
        world = World()
        steps = [("a", "n"), ("a", None), ("b", "m"), ("b", None)]
        order = list(files)
        rows = list(attributes)
        if again:
            shuffle.shuffle(steps)
            shuffle.shuffle(order)
            shuffle.shuffle(rows)
        for name, namespace in steps:
            world.service(name, namespace)
        for service, key, value, spans in rows:
            world.attribute(service, key, value, spans)
        for i, content in enumerate(order):
            entries = {section: list(values) for section, values in content.items()}
            if again:
                for values in entries.values():
                    shuffle.shuffle(values)
            world.declare(f"{i}.yaml", **entries)
        with tempfile.TemporaryDirectory() as folder:
            world.fill(cursor, Path(folder))
            for path in world.files:
                ownership.forget(cursor, Path(folder) / path)
        found.append(
            {
                subject: (answer.team, answer.rule, sorted(answer.losers, key=str))
                for subject, answer in answers(cursor).items()
            }
        )
    assert found[0] == found[1]


@cache
def _shared_database() -> duckdb.DuckDBPyConnection:
    """One for all examples of a property: opening one takes longer than the example."""
    return Store.open(Path(tempfile.mkdtemp(prefix="tracemap-")) / "world.duckdb").cursor()


@pytest.mark.parametrize("kind", ["service", "destination", "datastore", "workflow"])
def test_one_name_of_several_kinds_is_answered_for_each(
    kind: Kind, world: World, tmp_path: Path
) -> None:
    step = world.service("orders", team="x")
    world.message("orders", "orders", "orders")
    world.peer(step, "orders", "datastore")
    world.execution("orders", "orders")
    cursor = world.build(tmp_path)
    assert len(ownership.explain(cursor, "orders")) == 4
    assert [e.kind for e in ownership.explain(cursor, "orders", kind)] == [kind]


def test_ten_thousand_services_and_a_hostile_number_of_values(tmp_path: Path) -> None:
    world = World()
    for i in range(10_000):
        world.seen(f"svc-{i}")
    world.rows["service_attribute"] = [("svc-0", None, "team", f"t{i}", 1) for i in range(5_000)]
    world.declare(
        teams=[{"name": f"team-{i}", "aliases": [f"alias-{i}"]} for i in range(500)],
        services=[{"name": f"svc-{i}", "team": f"alias-{i % 500}"} for i in range(1, 10_000)],
    )
    found = answers(world.build(tmp_path))
    assert found["service", "svc-9999", None].team == "team-499"
    assert len(found["service", "svc-0", None].losers) == 20
