"""``tracemap owners load`` and ``check`` on files, folders and checkouts, and through a server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import front
import pytest
from typer.testing import CliRunner, Result

from tracemap.catalogs import finding
from tracemap.cli.app import app
from tracemap.errors import InputError
from tracemap.ownership_check import check

RUNNER = CliRunner()
CATALOGS = Path(__file__).parent / "catalogs"

COMPONENT = """\
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {{name: {name}}}
spec: {{type: service, lifecycle: production, owner: {owner}}}
"""
GROUP = """\
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {{name: {name}, links: [{{url: "https://acme.slack.com/x", title: chat}}]}}
spec: {{type: team, children: []}}
"""


def run(*args: object) -> Result:
    return RUNNER.invoke(app, [str(arg) for arg in args])


def explained(db: Path, name: str) -> dict[str, Any]:
    result = run("owners", "explain", name, "--db", db, "--format", "json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)[0]
    return found


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A folder with a catalog, in which payment changed hands in one place only."""
    folder = tmp_path / "catalog"
    (folder / "teams").mkdir(parents=True)
    (folder / "teams" / "groups.yaml").write_text(
        "".join(GROUP.format(name=name) for name in ("money", "web"))
    )
    (folder / "catalog-info.yaml").write_text(
        COMPONENT.format(name="payment", owner="money") + COMPONENT.format(name="a", owner="web")
    )
    (folder / "service.datadog.yaml").write_text(
        "schema-version: v2.2\ndd-service: payment\nteam: risk\n"
    )
    return folder


@pytest.mark.parametrize("server", [False, True])
def test_a_folder_is_loaded_whole(tmp_path: Path, catalog: Path, server: bool) -> None:
    db = front.shop(tmp_path)

    def steps() -> None:
        loaded = run("owners", "load", catalog, "--db", db)
        assert (loaded.exit_code, loaded.stdout) == (0, ""), loaded.output
        payment = explained(db, "payment")
        assert (payment["team"], payment["rule"]) == ("money", "catalog")
        assert payment["source"] == f"{catalog}/catalog-info.yaml:5"
        assert payment["channel"] == "https://acme.slack.com/x"
        assert payment["losers"][0]["team"] == "risk"
        found = json.loads(run("findings", "--db", db, "-f", "json", "--rule", "OWN002").stdout)
        assert [(one["service"], one["team"]) for one in found] == [("payment", "money")]

        # Gone from the folder, gone from the database; a broken file keeps what it said.
        (catalog / "service.datadog.yaml").unlink()
        (catalog / "catalog-info.yaml").write_text("apiVersion: [")
        loaded = run("owners", "load", catalog, "--db", db)
        assert loaded.exit_code == 2
        assert f"{catalog}/catalog-info.yaml:1: this is not valid YAML" in loaded.stderr
        payment = explained(db, "payment")
        assert payment["team"] == "money"
        assert "risk" not in [loser["team"] for loser in payment["losers"]]

    if server:
        with front.serving(db):
            steps()
    else:
        steps()


@pytest.mark.parametrize("server", [False, True])
def test_a_checkout_with_mistakes_is_told_line_by_line(
    tmp_path: Path, server: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = front.shop(tmp_path)
    shutil.copytree(CATALOGS / "shop", tmp_path / "shop")
    (tmp_path / "shop" / "latin.ownership.yaml").write_bytes(b"version: 1\n# \xe9\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(finding, "MAX_BYTES", 3000)  # in several parts
    expected = (CATALOGS / "mistakes.txt").read_text().splitlines()
    expected.append("shop/latin.ownership.yaml:2: the file is not UTF-8 text (save it as UTF-8)")

    def told() -> list[str]:
        loaded = run("owners", "load", "shop", "--db", db)
        assert loaded.exit_code == 2
        return [line for line in loaded.stderr.splitlines() if line.startswith("shop/")]

    if server:
        with front.serving(db):
            assert sorted(told()) == sorted(expected)
            assert explained(db, "checkout")["pager"] == "storefront-primary"
    else:
        assert sorted(told()) == sorted(expected)
        assert explained(db, "checkout")["pager"] == "storefront-primary"


def test_an_explanation_is_printed_with_losers_roles_and_contacts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = front.shop(tmp_path)
    shutil.copytree(CATALOGS / "shop", tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    run("owners", "load", "shop", "--db", db)
    assert run("owners", "explain", "checkout", "--db", db).stdout.splitlines() == [
        "checkout (service) belongs to storefront: declared in shop/ownership.yaml:9",
        "  stakeholder: payments (shop/ownership.yaml:12)",
        "  channel: #storefront",
        "  channel: https://acme.slack.com/archives/C0STORE (#storefront)",
        "  pager: storefront-primary",
        "  pager: PSTORE1 (PagerDuty service)",
        "  pager: …9f3c (PagerDuty integration key)",
        "  email: storefront@acme.example",
        "  runbook: https://wiki.example/storefront/runbook (Runbook)",
        "  runbook: https://wiki.example/checkout/playbook (What to do)",
        "  link: https://grafana.example/d/checkout (Dashboard)",
        "  lost: user:jdoe by catalog (shop/services/checkout/catalog-info.yaml:17)",
        "  agrees: storefront by resource-attribute (resource attribute team)",
    ]


def test_a_check_tells_what_is_wrong_between_files(catalog: Path, tmp_path: Path) -> None:
    (catalog / "more.catalog-info.yaml").write_text(
        COMPONENT.format(name="b", owner="wbe")
        + COMPONENT.format(name="c", owner="somebody-else")
        + COMPONENT.format(name="d", owner="user:jane")
    )
    result = run("owners", "check", catalog)
    assert result.exit_code == 2
    assert result.stdout.splitlines() == [
        (
            f"{catalog}/more.catalog-info.yaml:5: service 'b' refers to 'wbe', which no file "
            "defines (define it, or correct the name)"
        ),
        (
            f"{catalog}/more.catalog-info.yaml:10: service 'c' refers to 'somebody-else', which "
            "no file defines (define it, or correct the name)"
        ),
        (
            f"{catalog}/service.datadog.yaml:3: service 'payment' belongs to 'risk' here and to "
            f"'money' in {catalog}/catalog-info.yaml:5 (make them agree; the other one wins)"
        ),
    ]
    assert result.stderr.splitlines() == [
        "5 things declared, 2 teams, 0 lines of code owners: 3 mistakes"
    ]


def test_a_check_of_sound_files_is_silent(catalog: Path) -> None:
    (catalog / "service.datadog.yaml").unlink()
    result = run("owners", "check", catalog / "catalog-info.yaml", catalog)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "0 mistakes" in result.stderr


def test_a_check_of_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        check([tmp_path / "nowhere"])
    assert run("owners", "check", tmp_path / "nowhere").exit_code == 2
    assert run("owners", "check", tmp_path).exit_code == 2


def test_hostile_text_in_a_catalog_reaches_no_terminal(tmp_path: Path) -> None:
    db = front.shop(tmp_path)
    (tmp_path / "catalog-info.yaml").write_text(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: payment, links: "
        '[{url: "https://x.example/\\e[31m", title: "[bold]t[/bold]\\r\\e]0;x\\a"}]}\n'
        'spec: {type: service, lifecycle: production, owner: "[red]o\\e[2J"}\n'
    )
    assert run("owners", "load", tmp_path / "catalog-info.yaml", "--db", db).exit_code == 0
    shown = run("owners", "explain", "payment", "--db", db).stdout
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert "[red]o" in shown
    assert "[bold]t[/bold]" in shown
