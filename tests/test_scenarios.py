"""Each folder of ``sample_traces/`` gives the findings it says, and no others (design 14)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scenarios import build, check, registry
from scenarios.run import NAMES, ROOT, analysis, expected_of, lines_of, report

from tracemap import queries

MAX_INPUT = 200_000
#: What happens in stages, and one in three of the others: ``test_scenarios_delivery`` has the
#: rest, with other ids and in another order.
AS_WRITTEN = [n for i, n in enumerate(NAMES) if i % 3 == 1 or "stages" in expected_of(n)]


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_a_scenario_gives_what_it_says(name: str, tmp_path: Path) -> None:
    expected, lines = expected_of(name), lines_of(name)
    with analysis(name, tmp_path) as run:
        done = 0
        for stage in expected.get("stages", ()):
            run.deliver(lines[done : stage["lines"]])
            done = stage["lines"]
            problems = check.findings(stage["findings"], run.select)
            assert not problems, f"after {done} lines:" + report(problems)
        run.deliver(lines[done:])
        problems = check.problems(expected, run.select)
    assert not problems, report(problems)


def test_every_rule_is_shown_and_has_a_lookalike() -> None:
    fired = {finding["rule"] for name in NAMES for finding in expected_of(name)["findings"]}
    resembled = {rule for name in NAMES for rule in expected_of(name)["lookalike_of"]}
    codes = {rule.code for rule in queries.rules()}
    assert codes, "there are no rules"
    assert codes - fired == set(), "rules that no scenario fires"
    assert codes - resembled == set(), "rules without a look-alike"
    assert (fired | resembled) - codes == set(), "scenarios of rules that do not exist"


@pytest.mark.parametrize("name", NAMES)
def test_a_lookalike_expects_no_such_finding(name: str) -> None:
    expected = expected_of(name)
    fired = {finding["rule"] for finding in expected["findings"]}
    assert not fired & set(expected["lookalike_of"])


def test_the_folders_are_what_the_builder_writes(tmp_path: Path) -> None:
    build.write(tmp_path)
    for folder in (ROOT, tmp_path):
        assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == registry.names()
    for name in NAMES:
        ours, theirs = (
            {
                path.relative_to(root): path.read_bytes()
                for path in (root / name).rglob("*")
                if path.is_file()
            }
            for root in (ROOT, tmp_path)
        )
        assert ours == theirs, f"{name}: run PYTHONPATH=tests python -m scenarios.build"


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_small_and_complete(name: str) -> None:
    folder = ROOT / name
    assert (folder / "input.otlp.jsonl").stat().st_size <= MAX_INPUT
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")


# -- the comparison itself -------------------------------------------------------------------------

FOUND = {
    "rule": "ORP002",
    "correlation": "ord-1",
    "service": "shipping",
    "team": "logistics",
    "message": "nobody took it",
    "evidence": '{"destination": "orders"}',
    "effects": ["abandoned"],
}


def compare(expected: list[dict[str, Any]], *found: dict[str, Any]) -> list[str]:
    return check.findings(expected, lambda _: [dict(row) for row in found])


def test_a_comparison_accepts_what_was_expected() -> None:
    want = {"rule": "ORP002", "correlation": "ord-1", "mentions": ["orders"], "effects": ["aband"]}
    assert compare([want], FOUND) == []
    assert compare([]) == []


@pytest.mark.parametrize(
    "change",
    [
        {"rule": "ORP001"},
        {"correlation": "ord-2"},
        {"service": "payment"},
        {"team": None},
        {"mentions": ["parcels"]},
        {"effects": ["nobody"]},
    ],
)
def test_a_comparison_names_both_sides_of_a_difference(change: dict[str, Any]) -> None:
    problems = compare([{"rule": "ORP002", "correlation": "ord-1", **change}], FOUND)
    assert [line.split()[0] for line in problems] == ["missing", "too"]


def test_a_comparison_counts() -> None:
    want = {"rule": "ORP002", "correlation": "ord-1"}
    assert len(compare([want, want], FOUND)) == 1
    assert len(compare([want], FOUND, FOUND)) == 1
