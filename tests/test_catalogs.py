"""Reading catalogs: what a checkout with files of every format declares, and its mistakes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracemap import ownership
from tracemap.catalogs import backstage, codeowners, datadog, finding
from tracemap.catalogs.references import Reference, reference
from tracemap.declarations import MAX_BYTES, Catalog, Contact, Declaration, Team
from tracemap.errors import InputError

SHOP = Path(__file__).parent / "catalogs" / "shop"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of ``acme/shop``, and the working directory above it."""
    shutil.copytree(SHOP, tmp_path / "shop")
    git = tmp_path / "shop" / ".git"
    git.mkdir()
    (git / "config").write_text(
        '[core]\n\tbare = false\n[remote "upstream"]\n\turl = https://example.com/other.git\n'
        '[remote "origin"]\n\turl = https://jane:s3cret@github.com/acme/Shop.git\n'
    )
    (git / "ownership.yaml").write_text("version: 1\nservices: [{name: hidden, team: x}]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "shop"


def problems(catalog: Catalog) -> list[str]:
    return [str(problem) for problem in catalog.problems]


def test_a_checkout_is_read_whole_and_every_mistake_is_told(shop: Path) -> None:
    catalog = ownership.read("shop")
    assert catalog.usable
    assert problems(catalog) == (SHOP.parent / "mistakes.txt").read_text().splitlines()
    assert {d.name for d in catalog.declarations if d.path.endswith("catalog-info.yml")} == {
        "spelling"
    }


def test_what_is_hidden_or_elses_is_not_read(shop: Path) -> None:
    read = {file.path for file in finding.find("shop").files}
    assert read == {
        "shop/.github/CODEOWNERS",
        "shop/catalog-info.yaml",
        "shop/org/org.yaml",
        "shop/ownership.yaml",
        "shop/services/checkout/catalog-info.yaml",
        "shop/services/payment/entity.datadog.yaml",
        "shop/services/payment/service.datadog.yaml",
        "shop/services/search/catalog-info.yml",
        "shop/templates/skeleton/catalog-info.yaml",
    }


def test_symbolic_links_are_not_followed(shop: Path) -> None:
    (shop / "org" / "loop").symlink_to(shop)
    (shop / "org" / "linked.yaml").symlink_to(shop / "ownership.yaml")
    before = {file.path for file in finding.find("shop").files}
    assert not any("loop" in path or "linked" in path for path in before)


@pytest.mark.parametrize("limit", ["MAX_ENTRIES", "MAX_FILES", "MAX_TOTAL"])
def test_a_walk_ends_at_its_limits_and_says_so(
    shop: Path, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, limit, 3)
    found = finding.find("shop")
    assert 0 < len(found.files) <= 3
    assert "are enough" in found.problems[-1].what


def test_a_walk_goes_only_so_deep(tmp_path: Path) -> None:
    folder = tmp_path
    for _ in range(finding.MAX_DEPTH + 1):
        folder /= "d"
    folder.mkdir(parents=True)
    (folder / "ownership.yaml").write_text("version: 1\n")
    assert finding.find(tmp_path).files == []
    assert len(finding.find(tmp_path / "d").files) == 1


def test_a_file_is_known_by_its_name_else_by_what_it_begins_with(tmp_path: Path) -> None:
    entity = b"# hello\napiVersion: backstage.io/v1alpha1\nkind: Component\n"
    assert finding.format_of("a/catalog-info.yaml", b"") == "backstage"
    assert finding.format_of("catalog-info-staff.yaml", b"") == "backstage"
    assert finding.format_of("all.yaml", entity) == "backstage"
    assert finding.format_of("entity.datadog.yaml", b"") == "datadog"
    assert finding.format_of("x.yaml", b"apiVersion: v3\nkind: service\n") == "datadog"
    assert finding.format_of("x.yaml", b"schema-version: v2.1\n") == "datadog"
    assert finding.format_of("shop/CODEOWNERS", entity) == "codeowners"
    assert finding.format_of("codeowners.md", b"") == "ownership"
    assert finding.format_of("teams.ownership.yml", entity) == "ownership"
    assert finding.format_of("k8s.yaml", b"apiVersion: v1\nkind: Service\n") == "ownership"


def test_nothing_there_and_nothing_in_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        finding.find(tmp_path / "nowhere")
    assert [p.what for p in finding.find(tmp_path).problems] == [
        "no ownership file lies in this folder"
    ]


# ---- Backstage ----


def component(spec: str, metadata: str = "") -> Catalog:
    return backstage.read(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\n"
        f"metadata: {{name: a, {metadata}}}\nspec: {{type: service, {spec}}}\n".encode(),
        "c.yaml",
    )


def teams_of(catalog: Catalog) -> list[str | None]:
    return [declaration.team for declaration in catalog.declarations]


def test_entities_become_declarations_with_their_line(shop: Path) -> None:
    read = backstage.read((shop / "catalog-info.yaml").read_bytes(), "c.yaml")
    shop_system = ("backstage:system:default/shop",)
    assert read.problems == ()
    assert read.declarations == (
        Declaration(
            "c.yaml",
            8,
            "system",
            "shop",
            team="storefront",
            format="backstage",
            entity="backstage:system:default/shop",
            parents=("backstage:domain:default/commerce",),
        ),
        Declaration(
            "c.yaml",
            16,
            "domain",
            "commerce",
            team="leadership",
            format="backstage",
            entity="backstage:domain:default/commerce",
        ),
        Declaration(
            "c.yaml",
            25,
            "datastore",
            "orders-db",
            team="storefront",
            format="backstage",
            entity="backstage:resource:default/orders-db",
            parents=shop_system,
        ),
        Declaration(
            "c.yaml",
            34,
            "destination",
            "orders.placed",
            team="storefront",
            format="backstage",
            entity="backstage:resource:default/orders.placed",
            parents=shop_system,
        ),
        Declaration(
            "c.yaml",
            45,
            "service",
            "orders-api",
            team="storefront",
            format="backstage",
            entity="backstage:api:default/orders-api",
            parents=shop_system,
            fit=2,
        ),
        # Exported from a running catalog: its relations go before what the file said.
        Declaration(
            "c.yaml",
            55,
            "service",
            "invoice",
            namespace="billing",
            team="billing/invoicing",
            format="backstage",
            entity="backstage:component:billing/invoice",
            parents=shop_system,
        ),
    )


def test_groups_and_users_are_known_by_every_spelling(shop: Path) -> None:
    read = backstage.read((shop / "org" / "org.yaml").read_bytes(), "o.yaml")
    by_name = {team.name: team for team in read.teams}
    assert by_name["storefront"] == Team(
        "o.yaml",
        4,
        "storefront",
        (
            "group:default/storefront",
            "group:storefront",
            "default/storefront",
            "Storefront",
            "The Storefront Team",
            "acme/web",
            "@acme/web",
        ),
        email="storefront@acme.example",
        format="backstage",
    )
    assert by_name["billing/invoicing"].aliases == ("group:billing/invoicing", "invoicing")
    assert "@jenny" in by_name["user:jdoe"].aliases
    assert [(c.type, c.value, c.title) for c in read.contacts] == [
        ("channel", "https://acme.slack.com/archives/C0STORE", "#storefront"),
        ("runbook", "https://wiki.example/storefront/runbook", "Runbook"),
        ("pager", "PSTORE1", "PagerDuty service"),
        ("pager", "…9f3c", "PagerDuty integration key"),
    ]
    assert "not-to-be-kept" not in repr(read)


def test_a_component_goes_by_the_names_in_its_annotations_too(shop: Path) -> None:
    path = shop / "services" / "checkout" / "catalog-info.yaml"
    read = backstage.read(path.read_bytes(), "c.yaml")
    assert [(d.name, d.fit, d.team) for d in read.declarations] == [
        ("checkout", 0, "user:jdoe"),
        ("shop-checkout", 1, "user:jdoe"),
        ("checkout-deployment", 1, "user:jdoe"),
    ]
    entity = "backstage:component:default/checkout"
    assert read.contacts == (
        Contact(
            "c.yaml",
            12,
            "runbook",
            "https://wiki.example/checkout/playbook",
            "What to do",
            entity=entity,
        ),
        Contact(
            "c.yaml", 13, "link", "https://grafana.example/d/checkout", "Dashboard", entity=entity
        ),
    )


@pytest.mark.parametrize(
    ("owner", "team"),
    [
        ("pay", "pay"),
        ("group:pay", "pay"),
        ("Group:Default/Pay", "Pay"),
        ("group:bank/pay", "bank/pay"),
        ("bank/pay", "bank/pay"),
        ("user:jane", "user:jane"),
        ("{kind: Group, namespace: bank, name: pay}", "bank/pay"),
        ("{name: pay}", "pay"),
        ("pay@bank.example", "pay@bank.example"),
    ],
)
def test_an_owner_is_a_reference(owner: str, team: str) -> None:
    read = component(f"owner: {owner if owner[0] == '{' else repr(owner)}")
    assert (read.problems, teams_of(read)) == ((), [team])


def test_a_reference_is_completed_from_where_it_stands() -> None:
    read = component("owner: pay, system: money", "namespace: Bank")
    (declared,) = read.declarations
    assert (declared.namespace, declared.team) == ("bank", "bank/pay")
    assert declared.parents == ("backstage:system:bank/money",)


@pytest.mark.parametrize(
    "spec",
    ["owner: 5", "owner: [a]", "owner: {kind: Group}", "owner: 'group:'", "owner: component:x"],
)
def test_a_wrong_owner_declares_nothing_even_in_a_system(spec: str) -> None:
    read = component(f"{spec}, system: money")
    assert read.declarations == ()
    assert len(read.problems) == 1


def test_an_entity_that_is_in_a_file_twice_is_told() -> None:
    text = b"---\napiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\n"
    one, other = text % b"a" + b"spec: {owner: x}\n", text % b"A" + b"spec: {owner: y}\n"
    read = backstage.read(one + other, "c.yaml")
    assert problems(read) == ["c.yaml:9: component 'A' is also in line 4 (remove one of the two)"]
    assert len(read.declarations) == 2


@pytest.mark.parametrize(
    ("type_", "kinds"),
    [
        ("database", {"datastore"}),
        ("s3-bucket", {"datastore"}),
        ("kafka-topic", {"destination"}),
        ("SQS", {"destination"}),
        ("event-store", {"datastore", "destination"}),
        ("kubernetes-cluster", {"datastore", "destination", "service"}),
    ],
)
def test_a_resource_is_what_its_type_says(type_: str, kinds: set[str]) -> None:
    read = backstage.read(
        "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: a}\n"
        f"spec: {{type: {type_}, owner: x}}\n".encode(),
        "c.yaml",
    )
    assert {declaration.kind for declaration in read.declarations} == kinds


# ---- Datadog ----


def test_services_of_every_old_version(shop: Path) -> None:
    path = shop / "services" / "payment" / "service.datadog.yaml"
    read = datadog.read(path.read_bytes(), "s.yaml")
    assert read.problems == ()
    assert [(d.line, d.kind, d.name, d.team, d.entity) for d in read.declarations] == [
        (3, "service", "payment", "payments", "datadog:service:default/payment"),
        (21, "service", "ledger", "payments", "datadog:service:default/ledger"),
    ]
    assert [(c.line, c.type, c.value) for c in read.contacts if "payment" in str(c.entity)] == [
        (12, "runbook", "https://wiki.example/payment"),
        (13, "link", "https://github.com/acme/shop"),
        (9, "channel", "https://acme.slack.com/archives/C0PAY"),
        (10, "email", "payments@acme.example"),
        (15, "pager", "https://acme.pagerduty.com/service-directory/PPAY"),
    ]
    assert [c.value for c in read.contacts if c.type == "pager" and "ledger" in str(c.entity)] == [
        "https://acme.pagerduty.com/service-directory/PLED",
        "https://www.opsgenie.com/service/123",
    ]


def test_entities_of_v3(shop: Path) -> None:
    path = shop / "services" / "payment" / "entity.datadog.yaml"
    read = datadog.read(path.read_bytes(), "e.yaml")
    assert read.problems == ()
    money = ("datadog:system:default/money",)
    assert [
        (d.line, d.kind, d.name, d.namespace, d.system, d.team, d.role, d.parents, d.fit)
        for d in read.declarations
    ] == [
        (5, "system", "money", None, None, "payments", "accountable", (), 0),
        (7, "system", "money", None, None, "risk", "stakeholder", (), 0),
        (9, "service", "refund", None, None, None, "accountable", money, 0),
        (9, "destination", "refunds", None, None, None, "accountable", money, 0),
        (14, "destination", "payments.charge", None, "rabbitmq", None, "accountable", money, 0),
        (26, "datastore", "payments-db", "bank", None, "payments", "accountable", (), 0),
        (28, "datastore", "payments-db", "bank", None, "dba", "operator", (), 0),
        (29, "datastore", "payments-db", "bank", None, "audit", "additional", (), 0),
        (38, "service", "charge-api", None, None, "payments", "accountable", (), 2),
    ]


def test_a_database_among_services_is_a_datastore_too() -> None:
    text = b"schema-version: v2.2\ndd-service: orders-db\nteam: dba\ntype: db\n"
    assert [(d.kind, d.fit) for d in datadog.read(text, "s.yaml").declarations] == [
        ("service", 0),
        ("datastore", 1),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("schema-version: v1\ninfo: {dd-service: a}", "1: schema-version is 'v1'"),
        ("apiVersion: v4\nkind: service", "1: apiVersion is 'v4'"),
        ("dd-service: a\nteam: b", "1: a definition has no version"),
        ("schema-version: v2\nteam: b", "1: a definition has no dd-service"),
        ("schema-version: v2\ndd-service: [a]", "2: dd-service in a definition is a list"),
        ("schema-version: v2\ndd-service: a\nteam: 5", "3: team in service 'a' is a number"),
        ("schema-version: 2\ndd-service: a", "1: schema-version in a definition is a number"),
        ("apiVersion: v3\nkind: service", "1: a service has no metadata"),
        ("apiVersion: v3\nkind: service\nmetadata: {owner: a}", "1: a service has no name"),
        ("apiVersion: v3\nmetadata: {name: a}", "1: an entity has no kind"),
        (
            "apiVersion: v3\nkind: service\nmetadata: {name: a, owner: [x]}",
            "3: owner in service 'a' is a list",
        ),
        (
            "apiVersion: v3\nkind: service\nmetadata: {name: a, additionalOwners: [{type: x}]}",
            "3: an additional owner of service 'a' has no name",
        ),
        (
            "apiVersion: v3\nkind: queue\nmetadata: {name: a}\nspec: {componentOf: system:x}",
            "4: componentOf in queue 'a' is text",
        ),
        ("- a", "1: a document is a list, not a definition"),
        ("{{ service }}: [", "1: this is not valid YAML"),
    ],
)
def test_mistakes_in_definitions(text: str, told: str) -> None:
    read = datadog.read(text.encode(), "s.yaml")
    assert f"s.yaml:{told}" in str(read.problems[0])
    assert read.declarations == ()


def test_kinds_and_fields_of_others_are_kept_quiet_about() -> None:
    text = b"apiVersion: v3\nkind: rocket\nmetadata: 5\n---\n"
    text += b"apiVersion: v3\nkind: service\nmetadata: {name: a, owner: b, fuel: [x]}\nx: 1\n"
    read = datadog.read(text, "e.yaml")
    assert (read.problems, teams_of(read)) == ((), ["b"])


# ---- what all have in common ----


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", Reference("group", "default", "a")),
        ("User:a", Reference("user", "default", "a")),
        ("n/a", Reference("group", "n", "a")),
        (" user:N/A ", Reference("user", "n", "A")),
        ("user:n/a:b", Reference("user", "n", "a:b")),
        ("n/a:b", Reference("group", "n", "a:b")),
        ("", None),
        ("user:", None),
        ("n/", None),
        ("/a", None),
        (":a", None),
    ],
)
def test_references(text: str, expected: Reference | None) -> None:
    assert reference(text, kind="group") == expected


READERS = (backstage.read, datadog.read, codeowners.read)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_make_a_reader_fail(content: bytes) -> None:
    for read in READERS:
        assert isinstance(read(content, "x"), Catalog)


_JUNK: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(["null", "1", "true", "x", '"a:b"', "2024-01-01", "!!x y", "''", "*a"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["name", "url", "type", "kind"]), inner, max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k}: {v}" for k, v in pairs.items()) + "}"
        )
    ),
    max_leaves=4,
)
_FIELDS = [
    "name",
    "namespace",
    "annotations",
    "links",
    "owner",
    "additionalOwners",
    "inheritFrom",
    "contacts",
    "title",
    "spec",
    "metadata",
    "relations",
    "integrations",
    "componentOf",
    "components",
    "system",
    "profile",
    "dd-service",
    "team",
]


@given(
    head=st.sampled_from(
        [f"apiVersion: backstage.io/v1alpha1\nkind: {k}" for k in ("Component", "Group", "API")]
        + [f"apiVersion: v3\nkind: {k}" for k in ("service", "system", "queue")]
        + ["schema-version: v2.2"]
    ),
    top=st.dictionaries(st.sampled_from(_FIELDS), _JUNK, max_size=4),
    metadata=st.dictionaries(st.sampled_from(_FIELDS), _JUNK, max_size=4),
    spec=st.dictionaries(st.sampled_from(_FIELDS), _JUNK, max_size=4),
)
def test_no_type_in_any_place_makes_a_reader_fail(
    head: str, top: dict[str, str], metadata: dict[str, str], spec: dict[str, str]
) -> None:
    def block(fields: dict[str, str], indent: str) -> str:
        return "".join(f"{indent}{key}: {value}\n" for key, value in fields.items())

    inside = {"metadata": f"\n  name: n\n{block(metadata, '  ')}", "spec": f"\n{block(spec, '  ')}"}
    rest = {key: value for key, value in top.items() if key not in inside}
    text = f"{head}\n{block(rest, '')}" + "".join(f"{k}:{v}" for k, v in inside.items())
    for read in (backstage.read, datadog.read):
        catalog = read(text.encode(), "x")
        assert all(d.line >= 1 and d.name for d in catalog.declarations)


def test_a_file_too_large_or_not_text_is_told_and_not_used() -> None:
    for read in READERS:
        for content in (b"# " * (MAX_BYTES // 2 + 1), b"\xff\xfe"):
            catalog = read(content, "x")
            assert not catalog.usable
            assert len(catalog.problems) == 1


def test_hostile_yaml_ends_quickly() -> None:
    deep = b"apiVersion: backstage.io/v1\nkind: Component\nmetadata: " + b"{a: " * 100_000
    many = b"---\nx\n" * 600_000
    for read in READERS:
        assert not read(deep, "x").declarations
        assert not read(many, "x").declarations


def test_names_of_repositories() -> None:
    for text in (
        "https://github.com/acme/shop",
        "https://user:token@github.com:443/Acme/Shop.git/",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com:22/acme/shop.git",
        "github.com:acme/shop",
        "github.com/acme/shop?tab=readme#top",
    ):
        assert codeowners.repository_key(text) == "github.com/acme/shop"
    assert codeowners.repository_key("acme/shop") == "acme/shop"
    assert codeowners.same_repository("acme/shop", "github.com/acme/shop")
    assert codeowners.same_repository("shop", "shop")
    assert not codeowners.same_repository("hop", "github.com/acme/shop")
    assert not codeowners.same_repository("", "github.com/acme/shop")


def test_a_checkout_is_called_by_its_remote_and_never_by_its_password(shop: Path) -> None:
    repositories = {file.repository for file in finding.find("shop").files if file.repository}
    assert repositories == {"github.com/acme/shop"}
    (file,) = finding.find("shop/.github/CODEOWNERS").files
    assert file.repository == "github.com/acme/shop"
    (shop / ".git" / "config").write_text("[core]\n")
    assert finding.repository_of(shop) == "shop"


def test_a_worktree_is_called_by_the_remote_of_its_repository(shop: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    place = shop / ".git" / "worktrees" / "tree"
    place.mkdir(parents=True)
    (place / "commondir").write_text("../..\n")
    (tree / ".git").write_text(f"gitdir: {os.fspath(place)}\n")
    assert finding.repository_of(tree) == "github.com/acme/shop"


def test_only_the_outermost_code_owners_of_an_export_count(tmp_path: Path) -> None:
    for place in ("a/CODEOWNERS", "a/deep/CODEOWNERS", "b/docs/CODEOWNERS", "b/x/CODEOWNERS"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("* @x\n")
    found = {
        os.path.relpath(file.path, tmp_path): file.repository
        for file in finding.find(tmp_path).files
    }
    assert found == {"a/CODEOWNERS": "a", "b/docs/CODEOWNERS": "b"}
