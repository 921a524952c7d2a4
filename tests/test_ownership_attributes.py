"""Owners as they arrive in resource attributes: Kubernetes' labels, placeholders, systems."""

from __future__ import annotations

from pathlib import Path

import pytest
from ownership_world import World, answers
from test_ownership_catalogs import backstage, datadog

from tracemap.catalogs import datadog as datadog_reader
from tracemap.catalogs.finding import find
from tracemap.settings import Settings


@pytest.fixture
def world() -> World:
    return World(owner_attributes=Settings().owner_attributes)


def test_kubernetes_says_it_in_labels_and_annotations_from_pod_to_namespace(
    world: World, tmp_path: Path
) -> None:
    spellings = {
        "a": "k8s.pod.label.team",
        "b": "k8s.pod.labels.team",
        "c": "k8s.deployment.annotation.a8r.io/owner",
        "d": "k8s.statefulset.annotations.a8r.io/owner",
        "e": "k8s.cronjob.label.owner",
        "f": "k8s.namespace.labels.team",
        "g": "a8r.io/owner",
    }
    for service, key in spellings.items():
        world.service(service)
        world.attribute(service, key, f"team-{service}")
        world.attribute(service, "k8s.namespace.annotation.a8r.io/owner", "platform")
        world.attribute(service, "k8s.pod.label.steam", "no")
        world.attribute(service, "k8s.node.label.team", "no")
    found = answers(world.build(tmp_path))
    for service, key in spellings.items():
        one = found["service", service, None]
        assert (one.team, one.source) == (f"team-{service}", f"resource attribute {key}")
        assert one.losers == (("platform", "resource-attribute"),)


@pytest.mark.parametrize("value", ["unknown", "None", "n/a", "TBD", "-", "No owner", " null "])
def test_a_value_that_stands_for_none_names_nobody(
    world: World, tmp_path: Path, value: str
) -> None:
    world.service("a", team=value)
    world.service("b", team=value, owner="nobodys-fault")
    found = answers(world.build(tmp_path))
    assert found["service", "a", None].rule == "no-match"
    assert found["service", "b", None].team == "nobodys-fault"


def test_a_pattern_is_a_pattern_and_a_name_is_a_name(tmp_path: Path) -> None:
    world = World(owner_attributes=("squad", "k8s.*.label.squad"))
    for service, key in (("a", "k8s.pod.label.squad"), ("b", "squadron"), ("c", "team")):
        world.service(service)
        world.attribute(service, key, "x")
    found = answers(world.build(tmp_path))
    assert [found["service", s, None].team for s in "abc"] == ["x", None, None]


def test_part_of_names_a_system_whose_owner_is_inherited(world: World, tmp_path: Path) -> None:
    for service, key, value in (
        ("a", "app.kubernetes.io/part-of", "Money"),
        ("b", "k8s.deployment.labels.app.kubernetes.io/part-of", "shop"),
        ("c", "k8s.pod.label.app.kubernetes.io/part-of", "argocd"),  # nobody's catalog has it
        ("d", "app.kubernetes.io/part-of", "checkout"),  # a component, no system
    ):
        world.service(service)
        world.attribute(service, key, value)
    world.service("e", team="own")
    world.attribute("e", "app.kubernetes.io/part-of", "money")
    world.catalog(
        "catalog-info.yaml",
        backstage("System", "money", owner="finance")
        + backstage("Component", "checkout", owner="web"),
    )
    world.catalog("entity.datadog.yaml", datadog("system", "shop", owner="storefront"))
    found = answers(world.build(tmp_path))
    a, b = found["service", "a", None], found["service", "b", None]
    assert (a.team, a.rule) == ("finance", "inherited")
    assert (a.source or "").startswith("part of Money by app.kubernetes.io/part-of (")
    assert (b.team, b.rule) == ("storefront", "inherited")
    assert found["service", "c", None].rule == "no-match"
    assert found["service", "d", None].rule == "no-match"
    assert found["service", "e", None].team == "own"


def test_datadog_entities_inherit_from_the_only_system_of_their_file() -> None:
    system = datadog("system", "shop", owner="storefront")
    loose = datadog("queue", "orders")
    one = datadog_reader.read((loose + system).encode(), "f")
    assert [d.parents for d in one.declarations if d.name == "orders"] == [
        ("datadog:system:default/shop",)
    ]
    two = datadog_reader.read((loose + system + datadog("system", "b", owner="x")).encode(), "f")
    assert not [d for d in two.declarations if d.name == "orders"]


def test_files_of_datadog_s_other_tools_are_not_taken_for_definitions(tmp_path: Path) -> None:
    for name, text in {
        "static-analysis.datadog.yml": "schema-version: v1\nrulesets: [python-security]\n",
        "code-security.datadog.yaml": "schema-version: v1.0\nsast: {}\n",
        "datadog.yaml": "api_key: abc\nsite: datadoghq.eu\n",
        "deploy/team.datadog.yaml": "schema-version: v2.1\ndd-service: a\nteam: b\n",
        "service.datadog.yaml": "kind: service\nmetadata: {name: x}\n",  # a mistake worth telling
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = find(tmp_path)
    names = [Path(file.path).name for file in found.files]
    assert names == ["service.datadog.yaml", "team.datadog.yaml"]
