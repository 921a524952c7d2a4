"""However the spans of a scenario are delivered, the result is the same (design 14)."""

from __future__ import annotations

from pathlib import Path

import pytest
from scenarios import check, mangle
from scenarios.run import NAMES, analysis, expected_of, lines_of, report

#: Any other seed must do as well; one that is fixed can be debugged.
SEED = 20250303


#: ``test_scenarios`` has the others, as they were written.
DELIVERED = [name for i, name in enumerate(NAMES) if i % 3 != 1]


@pytest.mark.slow
@pytest.mark.parametrize("name", DELIVERED)
def test_delivery_does_not_matter(name: str, tmp_path: Path) -> None:
    """Other ids, spans shuffled, some twice, in several deliveries: the same result."""
    lines = mangle.relabel(lines_of(name), SEED)
    *first, middle, last = mangle.scramble(lines, SEED)
    with analysis(name, tmp_path) as run:
        for delivery in first:
            run.deliver(delivery, analyse=False)
        # Findings of half a recording come, and must go again; every third scenario is enough.
        run.deliver(middle, analyse=NAMES.index(name) % 3 == 0)
        run.deliver(last)
        problems = check.problems(expected_of(name), run.select)
    assert not problems, report(problems)


#: Seconds that the clock of an instance may be off; hand-offs in the scenarios take less.
#: DAT001, which says so, is not compared.
SKEW = 0.5


#: One of each kind is enough: what is compared is the analysis, not the scenario.
SKEWED = (
    *("batch-consumer", "child-workflow", "message-request-and-reply", "runs-again-after-its-end"),
    *("dup001-processed-twice", "dup001-not-retry", "orp001-worker-crashed", "orp004-abandoned"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", SKEWED)
def test_bounded_skew_does_not_matter(name: str, tmp_path: Path) -> None:
    """With clocks that differ by more than hand-offs take, the findings are the same."""
    wanted = [f for f in expected_of(name)["findings"] if f["rule"] != "DAT001"]
    with analysis(name, tmp_path) as run:
        run.deliver(mangle.skew(lines_of(name), SEED, SKEW))
        problems = check.findings(wanted, run.select)
    assert not [p for p in problems if "DAT001" not in p], report(problems)
