"""Every finding names whom to tell and how, from the files as they are now, without secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import front
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tracemap.catalogs.secrets import hidden
from tracemap.cli.app import app

RUNNER = CliRunner()

# The shop's one finding goes to the owner of shipping: logistics.
GROUPS = """\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: logistics
  annotations:
    pagerduty.com/service-id: PLOGIST
    pagerduty.com/integration-key: c0ffee00c0ffee00c0ffee00c0ff9f3c
    opsgenie.com/team: ${{ secrets.TEAM }}
  links:
    - {url: "https://runbooks.example/logistics", title: Runbooks}
    - {url: "https://hooks.slack.com/services/T0000/B0000/sEcReT", title: slack alerts}
spec: {type: team, children: [], profile: {email: logistics@shop.example}}
"""
SHIPPING = """\
apiVersion: v3
kind: service
metadata:
  name: shipping
  owner: logistics
  contacts:
    - {name: Parcel desk, type: slack, contact: "https://shop.slack.com/archives/C1"}
  links:
    - {name: Consumer lag, type: dashboard, url: "https://dash.example/lag?token=s3cr3t&kafka=1"}
integrations:
  pagerduty: {serviceURL: "https://ops:pa55word@x.pagerduty.com/services/PSHIP"}
"""
OWN = """\
version: 1
teams:
  - {name: logistics, channel: "#logistics"}
"""
SECRETS = ("c0ffee00c0", "sEcReT", "s3cr3t", "pa55word", "secrets.TEAM")


def run(*args: object) -> str:
    done = RUNNER.invoke(app, [str(arg) for arg in args], env={"COLUMNS": "160"})
    assert done.exit_code == 0, (done.output, done.exception)
    return done.stdout


def finding(db: Path) -> dict[str, Any]:
    (one,) = json.loads(run("findings", "--db", db, "--format", "json"))
    return dict(one)


def routed(folder: Path) -> Path:
    """The shop's database, with the owners of ``folder / "owners"`` loaded."""
    owners = folder / "owners"
    owners.mkdir()
    for name, text in (
        ("catalog-info.yaml", GROUPS),
        ("entity.datadog.yaml", SHIPPING),
        ("ownership.yaml", OWN),
    ):
        (owners / name).write_text(text, encoding="utf-8")
    path = front.shop(folder)
    run("owners", "load", owners, "--db", path)
    return path


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return routed(tmp_path_factory.mktemp("routing"))


def test_a_finding_names_the_team_and_every_way_to_reach_it(db: Path) -> None:
    one = finding(db)
    assert (one["rule"], one["team"]) == ("ORP002", "logistics")
    assert [(c["type"], c["value"], c["title"], c["of"]) for c in one["contacts"]] == [
        ("channel", "#logistics", None, "team"),
        ("channel", "https://hooks.slack.com/…", "slack alerts", "team"),
        ("channel", "https://shop.slack.com/archives/C1", "Parcel desk", "service"),
        ("pager", "PLOGIST", "PagerDuty service", "team"),
        ("pager", "…9f3c", "PagerDuty integration key", "team"),
        ("pager", "https://ops:…@x.pagerduty.com/services/PSHIP", "PagerDuty", "service"),
        ("email", "logistics@shop.example", None, "team"),
        ("runbook", "https://runbooks.example/logistics", "Runbooks", "team"),
        ("link", "https://dash.example/lag?token=…&kafka=1", "Consumer lag", "service"),
    ]


def test_people_see_it_where_they_look(db: Path) -> None:
    one = finding(db)
    text = run("explain", one["id"], "--db", db)
    assert "  channel: #logistics\n" in text
    assert "  pager: PLOGIST (PagerDuty service)\n" in text
    assert "Channel `#logistics`" in run("reconcile", "--no-save", "--db", db)
    text = run("map", "export", "--format", "md", "--db", db)
    assert "| logistics | #logistics | PLOGIST | logistics\\@shop.example |" in text
    assert "| service shipping | logistics | Parcel desk <https://shop.slack.com/arch" in text


def test_no_secret_is_printed_or_stored(db: Path) -> None:
    shown = [
        run("findings", "--db", db, "--format", "csv"),
        run("explain", finding(db)["id"], "--db", db),
        run("owners", "explain", "shipping", "--db", db, "--format", "json"),
        run("reconcile", "--no-save", "--db", db, "--format", "json"),
        run("map", "export", "--db", db),
        "".join(path.read_bytes().decode("latin-1") for path in db.parent.glob(f"{db.name}*")),
    ]
    for text in shown:
        for secret in SECRETS:
            assert secret not in text


def test_contacts_are_those_of_now_and_of_catalogs_that_mean_the_team(tmp_path: Path) -> None:
    db = routed(tmp_path)
    before = finding(db)
    path = tmp_path / "owners" / "ownership.yaml"
    path.write_text(
        "version: 1\n"
        "teams: [{name: storefront, channel: '#orders'}]\n"
        "services: [{name: shipping, team: storefront}]\n",
        encoding="utf-8",
    )
    run("owners", "load", path, "--db", db)
    rows = json.loads(run("findings", "--db", db, "--format", "json"))
    after = next(row for row in rows if row["id"] == before["id"])
    assert after["team"] == "storefront"
    # Datadog's pager and channel are logistics'; the dashboard helps whoever owns it.
    assert [c["value"] for c in after["contacts"]] == [
        "#orders",
        "https://dash.example/lag?token=…&kafka=1",
    ]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("#payments", "#payments"),
        ("https://shop.slack.com/archives/C1", "https://shop.slack.com/archives/C1"),
        ("https://wiki.example/hooks?keyword=1", "https://wiki.example/hooks?keyword=1"),
        ("https://discord.com/channels/1/2", "https://discord.com/channels/1/2"),
        ("https://discord.com/api/webhooks/1/xyz", "https://discord.com/…"),
        ("https://a.webhook.office.com/webhookb2/x@y", "https://a.webhook.office.com/…"),
        ("https://x.example/r?api_key=1&b=2#f", "https://x.example/r?api_key=…&b=2#f"),
        ("0123456789abcdef0123456789abcdef", "…cdef"),
        ("b5a1f0c2-0000-4000-8000-0123456789ab", "…89ab"),
        ("https://[::1", "…"),
    ],
)
def test_what_is_hidden_and_what_is_not(written: str, shown: str) -> None:
    assert hidden(written) == shown


@given(st.text(max_size=80))
def test_hiding_never_fails_and_does_it_once(text: str) -> None:
    for written in (text, f"https://{text}", f"https://a:{text}@b.example/?token={text}"):
        assert hidden(hidden(written)) == hidden(written)
