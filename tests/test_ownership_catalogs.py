"""Who owns what when catalogs say so: precedence, inheritance, conflicts, contacts."""

from __future__ import annotations

import json
import random
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from ownership_world import ATTRIBUTES, Answer, World, answers

from tracemap import ownership
from tracemap.owner_resolution import MAX_INHERITANCE
from tracemap.store import Store

SHOP = Path(__file__).parent / "catalogs" / "shop"


@pytest.fixture
def world() -> World:
    return World()


def backstage(kind: str, name: str, metadata: str = "", **spec: str) -> str:
    """A Backstage entity as text; ``metadata`` is more of it in flow style."""
    fields = yaml.safe_dump({"type": "service", "lifecycle": "production", **spec})
    inside = "".join(f"  {line}\n" for line in fields.splitlines())
    return (
        f"---\napiVersion: backstage.io/v1alpha1\nkind: {kind}\n"
        f"metadata: {{name: {name}, {metadata}}}\nspec:\n{inside}"
    )


def datadog(kind: str, name: str, spec: dict[str, object] | None = None, **metadata: object) -> str:
    document = {
        "apiVersion": "v3",
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": spec or {},
    }
    return "---\n" + yaml.safe_dump(document, sort_keys=False)


def conflicts(cursor: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str | None, str]]]:
    rows = cursor.execute(
        "SELECT name, to_json(objections)::VARCHAR FROM derived.owner_conflict"
    ).fetchall()
    return {name: [(o["team"], o["rule"]) for o in json.loads(text)] for name, text in rows}


def dangling(cursor: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str, str | None]]:
    return set(
        cursor.execute("SELECT kind, name, written, near FROM derived.owner_dangling").fetchall()
    )


# ---- precedence ----


def test_every_source_goes_before_the_next(world: World, tmp_path: Path) -> None:
    """One service a level; each has everything that lies below its level as well."""
    levels = ("declared", "catalog", "attribute", "codeowners", "inherited", "hint", "nobody")
    for number, level in enumerate(levels):
        rest = levels[number:]
        namespace = "ns" if "hint" in rest else None
        world.service(level, namespace)
        if "attribute" in rest:
            world.attribute(level, "team", "from-attribute", namespace=namespace)
        if "codeowners" in rest:
            world.resource(level, namespace, vcs__repository__name="code")
    world.declare(services=[{"name": "declared", "team": "from-file"}])
    world.catalog(
        "service.datadog.yaml",
        "".join(datadog("service", name, owner="from-catalog") for name in levels[:2]),
    )
    world.catalog(
        "catalog-info.yaml",
        backstage("System", "all", owner="from-system")
        + "".join(backstage("Component", name, system="all") for name in levels[:5]),
    )
    world.catalog("code/CODEOWNERS", "* @org/from-code\n")
    found = answers(world.build(tmp_path))
    lost = [
        ("from-catalog", "catalog"),
        ("from-attribute", "resource-attribute"),
        ("@org/from-code", "codeowners"),
        ("from-system", "inherited"),
        ("ns", "namespace-hint"),
    ]
    for number, (level, team, rule) in enumerate(
        [
            ("declared", "from-file", "declared"),
            ("catalog", "from-catalog", "catalog"),
            ("attribute", "from-attribute", "resource-attribute"),
            ("codeowners", "@org/from-code", "codeowners"),
            ("inherited", "from-system", "inherited"),
            ("hint", "ns", "namespace-hint"),
        ]
    ):
        answer = found["service", level, "ns"]
        assert (answer.team, answer.rule) == (team, rule)
        assert answer.losers == tuple(lost[number:])
    assert found["service", "nobody", None] == Answer(None, "no-match", None, ())


def test_an_entity_is_matched_by_name_and_namespace(world: World, tmp_path: Path) -> None:
    for namespace in ("bank", "Shop", None):
        world.service("pay", namespace)
    world.service("PAY", "other")
    world.catalog(
        "catalog-info.yaml",
        backstage("Component", "pay", "namespace: bank", owner="group:default/bankers")
        + backstage("Component", "Pay", owner="everyone"),
    )
    found = answers(world.build(tmp_path))
    assert found["service", "pay", "bank"].team == "bankers"
    assert found["service", "pay", "bank"].losers == (
        ("everyone", "catalog"),
        ("bank", "namespace-hint"),
    )
    assert found["service", "pay", "Shop"].team == "everyone"
    assert found["service", "PAY", "other"].team == "everyone"
    # It says no namespace: the entity for any goes before, but the other one might be meant.
    assert found["service", "pay", None].team == "everyone"
    assert found["service", "pay", None].losers == (("bankers", "catalog"),)


def test_a_namespace_that_a_service_does_not_say_is_no_obstacle(
    world: World, tmp_path: Path
) -> None:
    world.service("pay")
    world.service("pay", "shop")
    world.catalog(
        "catalog-info.yaml", backstage("Component", "pay", "namespace: bank", owner="bankers")
    )
    found = answers(world.build(tmp_path))
    assert found["service", "pay", None].team == "bank/bankers"
    assert found["service", "pay", "shop"].rule == "namespace-hint"


def test_an_own_name_goes_before_an_annotation_and_both_before_an_api(
    world: World, tmp_path: Path
) -> None:
    for name in ("a", "b", "c"):
        world.service(name)
    annotated = "annotations: {{backstage.io/kubernetes-id: {}}}"
    world.catalog(
        "catalog-info.yaml",
        backstage("Component", "a", owner="own")
        + backstage("Component", "x", annotated.format("a"), owner="other")
        + backstage("Component", "y", annotated.format("b"), owner="annotated")
        + "".join(backstage("API", name, owner="api") for name in ("a", "b", "c")),
    )
    found = answers(world.build(tmp_path))
    assert found["service", "a", None].team == "own"
    assert found["service", "a", None].losers == (("other", "catalog"), ("api", "catalog"))
    assert found["service", "b", None].team == "annotated"
    assert found["service", "c", None].team == "api"
    assert conflicts(_again(world, tmp_path)) == {}


def _again(world: World, folder: Path) -> duckdb.DuckDBPyConnection:
    """The world that was built in a folder, once more, in a database of its own."""
    inner = folder / "again"
    inner.mkdir()
    return world.build(inner)


def test_queues_datastores_and_peers_have_owners_in_catalogs(world: World, tmp_path: Path) -> None:
    step = world.service("api", team="web")
    world.message("Orders", "api", "api")
    world.message("jobs", "api", "api", system="rabbitmq")
    world.peer(step, "orders-db", "datastore")
    world.peer(step, "bank.example", "external")
    world.catalog(
        "entity.datadog.yaml",
        datadog("queue", "orders", {"type": "sqs"}, owner="queues")
        + datadog("queue", "jobs", {"type": "kafka"}, owner="kafkas")
        + datadog("queue", "jobs", {"type": "RabbitMQ"}, owner="rabbits")
        + datadog("datastore", "orders-db", owner="dba")
        + datadog("api", "bank.example", owner="partners"),
    )
    found = answers(world.build(tmp_path))
    assert found["destination", "Orders", "kafka"].team == "queues"
    assert found["destination", "Orders", "kafka"].losers == (("web", "command-receiver"),)
    assert found["destination", "jobs", "rabbitmq"].team == "rabbits"
    assert found["datastore", "orders-db", None].losers == (("web", "only-user"),)
    assert found["datastore", "orders-db", None].team == "dba"
    assert found["service", "bank.example", None].team == "partners"


def test_the_sdks_default_name_matches_no_entity(world: World, tmp_path: Path) -> None:
    world.service("unknown_service")
    world.resource("unknown_service", vcs__repository__name="code")
    world.catalog("service.datadog.yaml", datadog("service", "unknown_service", owner="x"))
    world.catalog("code/CODEOWNERS", "* @org/x\n")
    assert answers(world.build(tmp_path))["service", "unknown_service", None] == Answer(
        None, "no-identity", None, ()
    )


# ---- inheritance ----


def test_an_owner_is_inherited_from_the_nearest_that_has_one(world: World, tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d", "e"):
        world.service(name)
    world.catalog(
        "catalog-info.yaml",
        backstage("Component", "a", system="owned", subcomponentOf="part")
        + backstage("Component", "b", system="bare")
        + backstage("Component", "c", subcomponentOf="a")
        + backstage("Component", "part", owner="parts")
        + backstage("System", "owned", owner="systems", domain="big")
        + backstage("System", "bare", domain="small")
        + backstage("Domain", "small", subdomainOf="big")
        + backstage("Domain", "big", owner="domains"),
    )
    world.catalog(
        "entity.datadog.yaml",
        datadog("system", "listing", {"components": ["service:d"]}, owner="listed")
        + datadog("service", "e", {"componentOf": ["system:listing"]}, inheritFrom="service:e2")
        + datadog("service", "e2", owner="inherited-from"),
    )
    found = answers(world.build(tmp_path))
    expected = {
        "a": "systems",
        "b": "domains",
        "c": "systems",
        "d": "listed",
        "e": "inherited-from",
    }
    for name, team in expected.items():
        answer = found["service", name, None]
        assert (answer.team, answer.rule) == (team, "inherited"), name
    file = re.escape(f"{tmp_path}/catalog-info.yaml")
    assert re.fullmatch(
        rf"{file}:13, part of domain:default/big \({file}:65\)",
        found["service", "b", None].source or "",
    )


def test_a_circle_of_systems_ends(world: World, tmp_path: Path) -> None:
    world.service("a")
    text = backstage("Component", "a", system="s0")
    for number in range(MAX_INHERITANCE + 5):
        text += backstage("Domain", f"s{number}", subdomainOf=f"s{number + 1}")
    world.catalog("catalog-info.yaml", text)
    world.catalog(
        "circle/catalog-info.yaml",
        backstage("System", "s0", domain="t") + backstage("Domain", "t", subdomainOf="t"),
    )
    assert answers(world.build(tmp_path))["service", "a", None].rule == "no-match"


# ---- dangling references, declared unowned, no match: three different things ----


def test_three_ways_of_having_no_owner_are_told_apart(world: World, tmp_path: Path) -> None:
    for name in ("dangling", "unowned", "nobody", "rescued", "adrift"):
        world.service(name)
    world.attribute("rescued", "team", "payments")
    world.declare(teams=[{"name": "storefront"}], services=[{"name": "unowned", "unowned": True}])
    world.catalog(
        "catalog-info.yaml",
        backstage("Group", "payments", children="[]")
        + backstage("Component", "dangling", owner="paymets")
        + backstage("Component", "rescued", owner="group:gone")
        + backstage("Component", "adrift", system="nowhere")
        + backstage("System", "somewhere", owner="payments"),
    )
    cursor = world.build(tmp_path)
    found = answers(cursor)
    assert found["service", "dangling", None] == Answer(
        None, "dangling-reference", f"{tmp_path}/catalog-info.yaml:15 (paymets)", ()
    )
    assert found["service", "unowned", None].rule == "declared-unowned"
    assert found["service", "nobody", None].rule == "no-match"
    # The next source that names somebody is followed, and what it replaced is shown.
    assert found["service", "rescued", None].team == "payments"
    assert found["service", "rescued", None].losers == (("gone", "dangling-reference"),)
    assert found["service", "adrift", None].rule == "dangling-reference"
    assert dangling(cursor) == {
        ("service", "dangling", "paymets", "payments"),
        ("service", "rescued", "gone", None),
        ("service", "adrift", "system:default/nowhere", None),
    }
    (told,) = ownership.explain(cursor, "dangling")
    assert told.because == (
        f"who is named as its owner is not known: {tmp_path}/catalog-info.yaml:15 (paymets)"
    )


def test_a_reference_dangles_only_where_a_list_should_have_it(world: World, tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        world.service(name)
    world.catalog(
        "catalog-info.yaml",
        backstage("Component", "a", owner="user:jane")  # no users are listed, only groups
        + backstage("Group", "web", children="[]"),
    )
    world.catalog("service.datadog.yaml", datadog("service", "b", owner="elsewhere"))
    world.declare("one.yaml", services=[{"name": "c", "team": "nobody-lists"}])
    world.declare(
        "two.yaml", teams=[{"name": "x"}], services=[{"name": "d", "team": "web"}]
    )  # listed, though in another file
    cursor = world.build(tmp_path)
    found = answers(cursor)
    assert [found["service", name, None].team for name in "abcd"] == [
        "user:jane",
        "elsewhere",
        "nobody-lists",
        "web",
    ]
    assert dangling(cursor) == set()


# ---- conflicts ----


def test_sources_that_disagree_are_a_conflict_and_hints_are_not(
    world: World, tmp_path: Path
) -> None:
    world.service("files", "hint")
    world.service("attribute", team="other")
    world.service("cased", team="PAYMENTS")
    world.service("unowned", team="other")
    world.service("person", team="jane@example.com")
    world.service("two-attributes", team="a", owner="b")
    world.declare(
        "one.yaml",
        services=[
            {"name": "files", "team": "x"},
            {"name": "attribute", "team": "payments"},
            {"name": "cased", "team": "payments"},
            {"name": "unowned", "unowned": True},
            {"name": "person", "team": "payments"},
        ],
    )
    world.declare("two.yaml", services=[{"name": "files", "team": "y"}])
    cursor = world.build(tmp_path)
    assert answers(cursor)["service", "cased", None].team == "payments"
    assert conflicts(cursor) == {
        "files": [("y", "declared")],
        "attribute": [("other", "resource-attribute")],
        "unowned": [("other", "resource-attribute")],
    }


def test_each_source_speaks_with_its_best_word(world: World, tmp_path: Path) -> None:
    world.service("a", "n")
    world.service("b", "n")
    world.declare(
        services=[
            {"name": "a", "namespace": "n", "team": "x"},
            {"name": "a", "team": "y"},
            {"name": "b", "team": "x"},
        ]
    )
    world.catalog(
        "catalog-info.yaml",
        backstage("Component", "a", owner="x")
        + backstage("API", "a", owner="z")
        + backstage("Component", "b", owner="z"),
    )
    assert conflicts(world.build(tmp_path)) == {"b": [("z", "catalog")]}


def test_a_queue_and_a_datastore_can_be_in_conflict_too(world: World, tmp_path: Path) -> None:
    step = world.service("a", team="x")
    world.message("orders", "a", "a")
    world.peer(step, "db", "datastore")
    world.declare(datastores=[{"name": "db", "team": "dba"}])
    world.catalog(
        "entity.datadog.yaml",
        datadog("queue", "orders", owner="queues") + datadog("datastore", "db", owner="other"),
    )
    world.catalog(
        "catalog-info.yaml", backstage("Resource", "orders", type="topic", owner="topics")
    )
    assert conflicts(world.build(tmp_path)) == {
        "orders": [("topics", "catalog")],
        "db": [("other", "catalog")],
    }


# ---- CODEOWNERS ----


def code(world: World, text: str, repository: str = "shop") -> None:
    world.catalog(f"{repository}/CODEOWNERS", text)


def test_code_is_found_by_the_repository_and_the_paths_that_services_say(
    world: World, tmp_path: Path
) -> None:
    for name in ("url", "name", "path", "elsewhere"):
        world.service(name)
    world.resource("url", vcs__repository__url__full="https://github.com/acme/shop.git")
    world.resource("name", vcs__repository__name="shop", vcs__repository__url__full="")
    world.resource("path", vcs__repository__name="shop", code__file__path="src\\pay\\main.py")
    world.resource("elsewhere", vcs__repository__name="workshop")
    code(world, "* @acme/all\n/src/pay/ @acme/pay\n")
    found = answers(world.build(tmp_path))
    assert found["service", "url", None].team == "@acme/all"
    assert found["service", "url", None].source == (
        f"{tmp_path}/shop/CODEOWNERS:1 (github.com/acme/shop)"
    )
    assert found["service", "name", None].team == "@acme/all"
    assert found["service", "path", None].team == "@acme/pay"
    assert found["service", "path", None].source == (
        f"{tmp_path}/shop/CODEOWNERS:2 (src/pay/main.py)"
    )
    assert found["service", "elsewhere", None].rule == "no-match"


def test_most_files_decide_and_the_others_are_losers(world: World, tmp_path: Path) -> None:
    world.service("a")
    for path in ("pay/a.py", "pay/b.py", "web/c.py", "/usr/lib/python/d.py", "C:/x/e.py"):
        world.resource("a", vcs__repository__name="shop", code__file__path=path)
    code(world, "* @acme/all\n/pay/ @acme/pay @acme/risk\n/web/ @acme/web\n")
    cursor = world.build(tmp_path)
    assert answers(cursor)["service", "a", None].team == "@acme/pay"
    assert answers(cursor)["service", "a", None].losers == (
        ("@acme/risk", "codeowners"),
        ("@acme/web", "codeowners"),
    )
    assert conflicts(cursor) == {}
    (told,) = ownership.explain(cursor, "a")
    assert [(other.team, other.role) for other in told.others] == [("@acme/risk", "code owner")]


def test_declared_places_say_where_code_lies(world: World, tmp_path: Path) -> None:
    for name in ("mapped", "rooted", "other"):
        world.service(name)
    world.service("mapped", "special")
    world.resource("rooted", vcs__repository__name="shop", code__file__path="/app/pay/a.py")
    world.resource("other", vcs__repository__name="shop", code__file__path="/srv/pay/a.py")
    world.declare(
        repositories=[
            {"name": "acme/shop", "path": "./pay/", "service": "mapped"},
            {"name": "acme/shop", "path": "web", "service": "mapped", "namespace": "special"},
            {"name": "https://github.com/acme/shop", "root": "/app/"},
        ]
    )
    code(world, "* @acme/all\n/pay/ @acme/pay\n/web/ @acme/web\n")
    found = answers(world.build(tmp_path))
    assert found["service", "mapped", None].team == "@acme/pay"
    assert found["service", "mapped", "special"].team == "@acme/web"
    assert found["service", "rooted", None].team == "@acme/pay"
    # Nothing says where the repository begins in that path.
    assert found["service", "other", None].team == "@acme/all"


def test_an_empty_owner_is_deliberate(world: World, tmp_path: Path) -> None:
    world.service("a", "hint")
    world.service("b", "hint", team="web")
    for name in ("a", "b"):
        world.resource(name, "hint", vcs__repository__name="shop", code__file__path="old/x.py")
    code(world, "* @acme/all\n/old/\n")
    cursor = world.build(tmp_path)
    found = answers(cursor)
    assert found["service", "a", "hint"].rule == "declared-unowned"
    assert found["service", "b", "hint"].team == "web"
    assert conflicts(cursor) == {}


def test_a_name_that_two_repositories_have_means_neither(world: World, tmp_path: Path) -> None:
    world.service("a")
    world.service("b")
    world.resource("a", vcs__repository__name="shop")
    world.resource("b", vcs__repository__url__full="https://github.com/acme/shop")
    for org in ("acme", "other"):
        git = tmp_path / org / "shop" / ".git"
        git.mkdir(parents=True)
        (git / "config").write_text(f'[remote "origin"]\n\turl = git@github.com:{org}/shop\n')
        code(world, f"* @{org}/all\n", f"{org}/shop")
    found = answers(world.build(tmp_path))
    assert found["service", "a", None].rule == "no-match"
    assert found["service", "b", None].team == "@acme/all"


def test_code_owners_are_the_teams_that_other_sources_call_by_their_slug(
    world: World, tmp_path: Path
) -> None:
    for name in ("a", "b", "c", "d"):
        world.service(name)
    world.resource("a", vcs__repository__name="a")
    world.resource("b", vcs__repository__name="b")
    world.resource("c", vcs__repository__name="c")
    world.service("e", team="Used")
    world.catalog(
        "org.yaml",
        backstage("Group", "payments", "annotations: {github.com/team-slug: acme/money}"),
    )
    world.declare(teams=[{"name": "Web"}])
    for name, owner in (("a", "@acme/money"), ("b", "@acme/web"), ("c", "@acme/used")):
        code(world, f"* @jane {owner}\n", name)
    found = answers(world.build(tmp_path))
    assert [found["service", name, None].team for name in "abc"] == ["payments", "Web", "Used"]


def test_code_owners_disagree_when_none_of_them_is_the_owner(world: World, tmp_path: Path) -> None:
    for name in ("one-of", "none-of", "people"):
        world.service(name, team="web")
        world.resource(name, vcs__repository__name=name)
    code(world, "* @acme/platform @acme/web\n", "one-of")
    code(world, "* @acme/platform @jane\n", "none-of")
    code(world, "* @jane joe@example.com\n", "people")
    assert conflicts(world.build(tmp_path)) == {"none-of": [("@acme/platform", "codeowners")]}


def test_the_attributes_that_name_code_are_configuration(world: World, tmp_path: Path) -> None:
    world.service("a")
    world.resource("a", git__repo="shop", source="pay/x.py")
    code(world, "* @acme/all\n/pay/ @acme/pay\n")
    cursor = world.build(tmp_path)
    assert answers(cursor)["service", "a", None].rule == "no-match"
    ownership.resolve_owners(cursor, ATTRIBUTES, ["git.repo"], ["source"])
    assert answers(cursor)["service", "a", None].team == "@acme/pay"


# ---- roles and contacts ----


def test_an_explanation_tells_who_else_and_how_to_reach_them(world: World, tmp_path: Path) -> None:
    shutil.copytree(SHOP, tmp_path / "shop")
    for name in ("checkout", "payment", "refund-worker"):
        world.service(name)
    step = world.service("ledger")
    world.peer(step, "payments-db", "datastore")
    cursor = world.build(tmp_path)
    ownership.load(cursor, tmp_path / "shop")
    ownership.resolve_owners(cursor, ATTRIBUTES)

    (checkout,) = ownership.explain(cursor, "checkout")
    assert (checkout.team, checkout.rule) == ("storefront", "declared")
    assert [(o.team, o.role) for o in checkout.others] == [("payments", "stakeholder")]
    assert (checkout.channel, checkout.pager, checkout.email) == (
        "#storefront",
        "storefront-primary",
        "storefront@acme.example",
    )
    # The team's runbook; then what the catalog says of the service, though its owner lost.
    told = {(c.type, c.of, c.value) for c in checkout.contacts}
    assert ("runbook", "service", "https://wiki.example/checkout/playbook") in told
    assert ("link", "service", "https://grafana.example/d/checkout") in told
    assert ("channel", "team", "https://acme.slack.com/archives/C0STORE") in told

    (payment,) = ownership.explain(cursor, "payment")
    assert (payment.team, payment.channel) == ("payments", "https://acme.slack.com/archives/C0PAY")
    (database,) = ownership.explain(cursor, "payments-db")
    assert [(o.team, o.role) for o in database.others] == [
        ("audit", "additional"),
        ("dba", "operator"),
    ]
    (refund,) = ownership.explain(cursor, "refund-worker")
    assert (refund.team, refund.rule) == ("payments", "codeowners")


def test_the_contacts_of_a_catalog_that_means_another_team_are_not_told(
    world: World, tmp_path: Path
) -> None:
    world.service("a")
    world.declare(services=[{"name": "a", "team": "right"}])
    world.catalog(
        "service.datadog.yaml",
        """
        schema-version: v2.2
        dd-service: a
        team: wrong
        contacts: [{type: email, contact: wrong@example.com}]
        links: [{name: Runbook, type: runbook, url: "https://run.example"}]
        """,
    )
    (told,) = ownership.explain(world.build(tmp_path), "a")
    assert (told.email, told.runbook) == (None, "https://run.example")


# ---- loading ----


def test_loading_a_folder_again_forgets_what_is_gone_and_keeps_what_broke(
    world: World, tmp_path: Path
) -> None:
    for name in ("gone", "broken", "kept", "outside"):
        world.service(name)
    folder = tmp_path / "all"
    folder.mkdir()
    for name in ("gone", "broken", "kept"):
        (folder / f"{name}.ownership.yaml").write_text(
            f"version: 1\nservices: [{{name: {name}, team: x}}]\n"
        )
    world.declare("outside.yaml", services=[{"name": "outside", "team": "x"}])
    cursor = world.build(tmp_path)
    assert ownership.load(cursor, folder).problems == ()
    (folder / "gone.ownership.yaml").unlink()
    (folder / "broken.ownership.yaml").write_text("version: 1\nservices: [")
    catalog = ownership.load(cursor, folder)
    assert (len(catalog.problems), catalog.usable) == (1, True)
    ownership.resolve_owners(cursor, ATTRIBUTES)
    teams = {name: answer.team for (_, name, _), answer in answers(cursor).items()}
    assert teams == {"gone": None, "broken": "x", "kept": "x", "outside": "x"}
    ownership.forget(cursor, folder)
    ownership.resolve_owners(cursor, ATTRIBUTES)
    assert {n for (_, n, _), a in answers(cursor).items() if a.team} == {"outside"}


# ---- independence of order ----

_NAMES = st.sampled_from(["a", "b", "A"])
_TEAMS = st.sampled_from(["x", "y", "group:default/x", "n/y", "user:u"])
_BACKSTAGE = st.builds(
    lambda kind, name, namespace, team, system: backstage(
        kind,
        name,
        f"namespace: {namespace}" if namespace else "",
        **({"owner": team} if team else {}),
        **({"system": system} if system and kind == "Component" else {}),
    ),
    st.sampled_from(["Component", "API", "System", "Resource"]),
    _NAMES,
    st.sampled_from([None, "n"]),
    st.none() | _TEAMS,
    st.none() | _NAMES,
)
_GROUPS = st.builds(
    lambda kind, name, namespace: backstage(kind, name, f"namespace: {namespace}"),
    st.sampled_from(["Group", "User"]),
    st.sampled_from(["x", "y", "u"]),
    st.sampled_from(["default", "n"]),
)
_DATADOG = st.builds(
    lambda kind, name, team, parent: datadog(
        kind,
        name,
        {"componentOf": [f"system:{parent}"]} if parent else {},
        **({"owner": team} if team else {}),
        additionalOwners=[{"name": "z"}],
    ),
    st.sampled_from(["service", "system", "queue"]),
    _NAMES,
    st.none() | _TEAMS,
    st.none() | _NAMES,
)


@given(
    files=st.lists(
        st.tuples(st.just("catalog-info.yaml"), st.lists(_BACKSTAGE | _GROUPS, max_size=6))
        | st.tuples(st.just("entity.datadog.yaml"), st.lists(_DATADOG, max_size=4)),
        max_size=4,
    ),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=settings().max_examples // 2)  # of half a second each
def test_the_answer_does_not_depend_on_the_order_of_files_and_documents(
    files: list[tuple[str, list[str]]], seed: int
) -> None:
    shuffle = random.Random(seed)
    cursor = _shared_database()
    found: list[Any] = []
    for again in range(2):
        world = World()
        for name in ("a", "b"):
            world.service(name)
            world.service(name, "n")
        world.message("a", "a", "b")
        order = list(enumerate(files))
        if again:
            shuffle.shuffle(order)
        for number, (name, documents) in order:
            inside = list(documents)
            if again:
                shuffle.shuffle(inside)
            world.catalog(f"{number}/{name}", "".join(inside) or "# empty\n")
        with tempfile.TemporaryDirectory() as folder:
            world.fill(cursor, Path(folder))
            ownership.forget(cursor, folder)
        found.append(_told(cursor))
    assert found[0] == found[1]


def _told(cursor: duckdb.DuckDBPyConnection) -> list[Any]:
    """Everything resolution says, but for lines, which move with the documents."""
    owners = {
        subject: (answer.team, answer.rule, sorted(answer.losers, key=str))
        for subject, answer in answers(cursor).items()
    }
    roles = "SELECT kind, name, namespace, role, team FROM derived.owner_role ORDER BY ALL"
    return [owners, conflicts(cursor), dangling(cursor), cursor.execute(roles).fetchall()]


@cache
def _shared_database() -> duckdb.DuckDBPyConnection:
    """One for all examples of a property: opening one takes longer than the example."""
    return Store.open(Path(tempfile.mkdtemp(prefix="tracemap-")) / "world.duckdb").cursor()
