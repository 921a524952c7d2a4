"""Every decoder under made-up input, for a short while; longer by hand with make fuzz.

What is looked for: a process that dies, an input that takes for ever, memory without bound, an
error that is not of our own kind, and a reading that is not protobuf's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from fuzzing.targets import TARGETS
from fuzzing.watch import FOUND, Bounds, Order, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")

#: By hand, for longer or elsewhere: TRACEMAP_TEST_FUZZ=60 TRACEMAP_TEST_SEED=7 make test
SECONDS = float(os.environ.get("TRACEMAP_TEST_FUZZ", "1"))
SEED = int(os.environ.get("TRACEMAP_TEST_SEED", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_no_input_does_harm(target: str) -> None:
    outcome = run(Order(target, SEED, SECONDS))
    print(outcome)
    assert not outcome.wrong, outcome
    assert outcome.stats.ways > 5


@pytest.mark.parametrize(
    "path", sorted(FOUND.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_once_did_harm_does_no_more(path: Path) -> None:
    way = TARGETS[path.parent.name].run(path.read_bytes())
    assert way


def test_broken_bodies_leave_nothing_behind() -> None:
    body = (FOUND / "compressed" / "zstd-broken-after-a-while").read_bytes()
    run_it = TARGETS["compressed"].run
    before = 0
    for number in range(120):
        run_it(body)
        if number == 20:
            before = resident()
    assert resident() - before < 16 << 20  # it was half a megabyte each


def resident() -> int:
    """Bytes of memory that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


#: Each way of doing harm, and how it must end.
ENDS = {
    "none": "",
    "crash": "the process died of SIGSEGV",
    "hang": "an input took more than 0.5 s of processor time",
    "memory": "AssertionError('memory grew by",
    "error": "ZeroDivisionError(",
    "leak": "it leaks: ",
}


@pytest.mark.parametrize("harm", ENDS)
def test_the_watch_sees_what_it_is_to_see(harm: str) -> None:
    bounds = Bounds(seconds=0.5, memory=64 << 20, left=8 << 20)
    outcome = run(Order(harm, SEED, 0.5, bounds=bounds))
    assert outcome.wrong.startswith(ENDS[harm]), outcome
    assert bool(outcome.wrong) == bool(ENDS[harm])
    if harm not in {"none", "leak"}:
        assert outcome.data == harm.encode()
