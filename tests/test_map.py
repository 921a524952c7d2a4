"""The map in the repository: the same text each time, harmless, and held against what is seen."""

from __future__ import annotations

import json
from pathlib import Path

import audit_world as world
import pytest
import yaml
from typer.testing import CliRunner

import tracemap
from tracemap import ownership_map
from tracemap.cli.app import app
from tracemap.errors import InputError
from tracemap.ownership_map_markdown import to_markdown

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.shop(tmp_path_factory.mktemp("map"))


def seen(db: Path) -> ownership_map.Seen:
    with tracemap.open(db) as opened:
        return ownership_map.seen(opened)


def checked(db: Path, declared: Path, *more: str) -> tuple[int, str]:
    done = RUNNER.invoke(
        app, ["map", "check", str(declared), "--db", str(db), *more], env={"COLUMNS": "120"}
    )
    return done.exit_code, done.output


@pytest.fixture
def declared(db: Path, tmp_path: Path) -> Path:
    done = RUNNER.invoke(app, ["map", "export", "--db", str(db), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    return tmp_path / "out" / "ownership-map.yaml"


def test_the_map_holds_what_it_was_exported_from(db: Path, declared: Path) -> None:
    assert checked(db, declared) == (0, "The map is as declared.\n")
    assert json.loads(checked(db, declared, "--format", "json")[1]) == []


def test_the_text_is_the_same_whatever_order_spans_come_in(
    db: Path, declared: Path, tmp_path: Path
) -> None:
    other = world.shop(tmp_path, world.shop_lines()[::-1])
    assert ownership_map.to_yaml(seen(other).map) == declared.read_text(encoding="utf-8")
    markdown = declared.with_name("ownership-map.md").read_text(encoding="utf-8")
    assert to_markdown(seen(other)) == markdown


def test_the_map_has_workflows_hand_offs_owners_and_boundaries(declared: Path) -> None:
    found = yaml.safe_load(declared.read_text(encoding="utf-8"))
    (workflow,) = found["workflows"]
    assert (workflow["workflow"], workflow["team"]) == (world.SHOP, "storefront")
    assert workflow["compensations"] == [
        {"service": "inventory", "name": "POST /release", "decided_by": "shipping"}
    ]
    assert {
        "from": {"service": "checkout", "name": "POST /orders", "team": "storefront"},
        "to": {"service": "shipping", "name": "process orders.placed", "team": "logistics"},
        "mode": "async",
        "type": "message",
        "destination": "orders.placed",
        "boundary": True,
    } in workflow["handoffs"]
    assert {"kind": "service", "name": "payment", "namespace": None, "team": "payments"} in found[
        "owners"
    ]


def test_the_markdown_has_a_diagram_and_the_responsibilities(declared: Path) -> None:
    text = declared.with_name("ownership-map.md").read_text(encoding="utf-8")
    assert "```mermaid\nflowchart LR\n" in text
    assert '-.->|"message orders.placed"|' in text
    assert "| step | execution | state | errors | compensation | workflow |" in text
    assert "Compensation: POST /release, run by inventory, decided by shipping." in text


@pytest.mark.parametrize(
    ("old", "new", "kind", "shown"),
    [
        ("  team: payments", "  team: finance", "changed owner", ["- finance", "+ payments"]),
        (
            "name: POST /reserve",
            "name: POST /hold",
            "vanished step",
            ["inventory POST /hold", "- warehouse"],
        ),
        (
            "mode: async",
            "mode: sync",
            "changed boundary",
            ["- sync message", "+ async message via orders.placed, storefront » logistics"],
        ),
        ("workflow: POST /orders", "workflow: PUT /x", "vanished workflow", ["PUT /x"]),
        (
            "    to:\n      service: payment\n",
            "    to:\n      service: paypal\n",
            "undeclared boundary",
            ["checkout POST /orders → payment POST /charge", "+ sync call, storefront » payments"],
        ),
    ],
)
def test_what_breaks_the_map(
    db: Path, declared: Path, old: str, new: str, kind: str, shown: list[str]
) -> None:
    text = declared.read_text(encoding="utf-8")
    assert old in text
    declared.write_text(text.replace(old, new), encoding="utf-8")
    code, output = checked(db, declared)
    assert code == 1
    for part in (f"{kind}: ", *shown):
        assert part in output
    changes = json.loads(checked(db, declared, "--format", "json")[1])
    assert kind in {change["kind"] for change in changes if change["breaks"]}
    assert f"**{kind}**" in checked(db, declared, "--format", "md")[1]


def test_what_is_new_within_a_team_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    now = ownership_map.Map(
        owners=[],
        workflows=[
            {
                "workflow": "w",
                "team": "a",
                "steps": [{"service": s, "name": "x", "team": "a"} for s in ("one", "two")],
                "handoffs": [
                    {
                        "from": {"service": "one", "name": "x", "team": "a"},
                        "to": {"service": "two", "name": "x", "team": "a"},
                        "mode": "sync",
                        "type": "call",
                        "destination": None,
                    }
                ],
            }
        ],
    )
    before = {"owners": [], "workflows": [{**now["workflows"][0], "steps": [], "handoffs": []}]}
    changes = ownership_map.check(before, now)
    assert {change.kind for change in changes} == {"new step", "new hand-off"}
    assert not any(change.breaks for change in changes)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "empty"),
        ("version: 2\n", 1, "version 2"),
        ("- a\n", 1, "fields"),
        ("version: 1\nworkflows: x\n", 2, "not a list"),
        ("version: 1\nworkflows:\n- team: a\n", 3, "'workflow' is missing"),
        ("version: 1\nowners:\n- kind: [a]\n  name: x\n", 3, "not a text"),
        ("version: 1\nowners: [\n", 2, "YAML"),
    ],
)
def test_a_file_that_is_no_map_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=what) as caught:
        ownership_map.load(path)
    assert caught.value.where == f"{path}:{line}"


def test_a_file_that_is_not_there_is_wrong_input(db: Path, tmp_path: Path) -> None:
    code, output = checked(db, tmp_path / "none.yaml")
    assert code == 2
    assert "cannot be read" in output


HOSTILE = '\x1b[31m|<script>\u202e`"]\n```\n# x: y'


def test_hostile_names_are_kept_in_yaml_and_harmless_everywhere(tmp_path: Path) -> None:
    db = world.shop(tmp_path, world.shop_lines(lambda name: name + HOSTILE))
    found = seen(db)
    text = ownership_map.to_yaml(found.map)
    markdown = to_markdown(found)
    for shown in (text, markdown):
        assert "\x1b" not in shown
        assert "\u202e" not in shown
    assert "<script>" not in markdown
    fences = [line for line in markdown.splitlines() if line.startswith("```")]
    assert fences == ["```mermaid", "```"]
    assert "\n# x" not in markdown
    again = yaml.safe_load(text)
    assert {"checkout" + HOSTILE} <= {o["name"] for o in again["owners"]}
    path = tmp_path / "map.yaml"
    path.write_text(text, encoding="utf-8")
    assert checked(db, path)[0] == 0
    path.write_text(text.replace("payments", "finance"), encoding="utf-8")
    assert "\x1b" not in checked(db, path)[1]


@world.needs_recordings
@pytest.mark.parametrize("name", ["temporal-spans", "rabbitmq-pika", "kafka-confluent"])
def test_recordings_hold_against_their_own_map(tmp_path: Path, name: str) -> None:
    with world.recording(tmp_path, name) as opened:
        found = ownership_map.seen(opened)
    path = tmp_path / "map.yaml"
    path.write_text(ownership_map.to_yaml(found.map), encoding="utf-8")
    assert found.map["workflows"]
    assert ownership_map.check(ownership_map.load(path), found.map) == []
    assert to_markdown(found).count("```mermaid") == len(found.map["workflows"])


# --- the committed map in the database ------------------------------------------------------------


def undeclared(db: Path) -> list[str]:
    with tracemap.open(db) as opened:
        return opened.findings(rule="OWN005")["message"].to_list()


def load(db: Path, path: Path, *, code: int = 0) -> str:
    done = RUNNER.invoke(app, ["map", "load", str(path), "--db", str(db)])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_a_loaded_map_makes_findings_of_what_is_not_in_it(declared: Path, tmp_path: Path) -> None:
    db = world.shop(tmp_path)
    assert undeclared(db) == []  # nobody has committed one
    assert "0 findings of what is not in it" in load(db, declared)
    whole = declared.read_text(encoding="utf-8")
    lines = whole.replace("name: POST /charge", "name: POST /old-charge")
    declared.write_text(lines.replace("  team: warehouse\n", "  team: stock\n"), encoding="utf-8")
    load(db, declared)
    charged, stock = sorted(undeclared(db))
    assert charged.startswith("checkout (storefront) passes work to payment (payments) by POST /ch")
    assert stock.startswith("service inventory belongs to warehouse by resource attribute team")
    declared.write_text(whole[: len(whole) // 2] + "\n  [", encoding="utf-8")
    assert "ownership-map.yaml:" in load(db, declared, code=2)
    assert len(undeclared(db)) == 2  # a slip of the pen changes nothing
    declared.write_text(whole, encoding="utf-8")
    load(db, declared)
    assert undeclared(db) == []


def test_a_map_in_a_checkout_is_found_and_forgotten_with_it(declared: Path, tmp_path: Path) -> None:
    db = world.shop(tmp_path)
    text = declared.read_text(encoding="utf-8").replace("POST /charge", "POST /old-charge")
    declared.write_text(text, encoding="utf-8")
    words = ["owners", "load", str(declared.parent), "--db", str(db)]
    assert RUNNER.invoke(app, words).exit_code == 0
    assert len(undeclared(db)) == 1
    declared.unlink()
    RUNNER.invoke(app, words)
    assert undeclared(db) == []


def test_what_is_no_map_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "ownership.yaml"
    path.write_text("version: 1\nservices: [{name: a, team: b}]\nworkflows: [{name: x}]\n")
    assert "'workflow' is missing" in load(tmp_path / "no.duckdb", path, code=2)
    assert not (tmp_path / "no.duckdb").exists()
