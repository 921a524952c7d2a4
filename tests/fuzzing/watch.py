"""Runs a target in a child process and says how that ended, with the input that ended it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[1]
#: Bytes of the largest input.
ROOM = 1 << 26
#: Inputs that once went wrong, by target; the tests run each of them again.
FOUND = Path(__file__).resolve().parent / "found"


@dataclass(frozen=True)
class Bounds:
    """What one input may cost, and what all of them together may leave behind."""

    seconds: float = 8.0  #: of processor time
    memory: int = 160 << 20  #: bytes by which the peak may rise, and for each byte of input:
    memory_per_byte: int = 100
    left: int = 48 << 20  #: bytes by which the process may grow once half of its time is over
    all_memory: int = 6 << 30


@dataclass(frozen=True)
class Order:
    """What a child is to do. ``seconds`` are of its processor time."""

    target: str
    seed: int
    seconds: float
    shared: str = ""
    replay: str = ""  #: a file: this one input alone
    bounds: Bounds = field(default_factory=Bounds)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        told = json.loads(text)
        return cls(**told | {"bounds": Bounds(**told["bounds"])})


@dataclass
class Stats:
    """What a child tells when nothing went wrong."""

    inputs: int = 0
    ways: int = 0  #: in which they ended
    resident: int = 0  #: bytes, half way
    grown: int = 0  #: bytes since then
    peak: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: well, or what went wrong and with which input."""

    order: Order
    stats: Stats
    wrong: str = ""
    trace: str = ""
    data: bytes = b""

    def __str__(self) -> str:
        told = f"{self.order.target}, seed {self.order.seed}: "
        if not self.wrong:
            return (
                f"{told}{self.stats.inputs} inputs ended in {self.stats.ways} ways, "
                f"peak {self.stats.peak >> 20} MiB, grown {self.stats.grown >> 10} KiB since half"
            )
        return f"{told}{self.wrong}\nwith {len(self.data)} bytes: {self.data[:200]!r}\n{self.trace}"


def run(order: Order) -> Outcome:
    """Run it to its end. A hang of any kind is one of its ends."""
    with tempfile.NamedTemporaryFile(prefix="tracemap-fuzz-") as shared:
        shared.truncate(ROOM + 8)
        order = Order(**vars(order) | {"shared": shared.name})
        process = subprocess.Popen(
            [sys.executable, "-m", "fuzzing.child", order.to_json()],
            env=os.environ | {"PYTHONPATH": str(TESTS)},
            cwd=TESTS.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            # Its time is processor time; on a busy machine that takes a while longer.
            out, said = process.communicate(timeout=20 * order.seconds + 300)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return _failed(order, "it hung without using its processor", "", shared.name)
        finally:
            process.kill()
        told: dict[str, Any] = json.loads(out) if out.strip().startswith("{") else {}
        if process.returncode == 0 and "inputs" in told:
            stats = Stats(**told)
            if stats.grown > order.bounds.left:
                return Outcome(order, stats, f"it leaks: {stats.grown >> 20} MiB in half its time")
            return Outcome(order, stats)
        if process.returncode == 3 and told:
            return _failed(order, told["error"], told["trace"], shared.name)
        return _failed(order, _end(process.returncode, order), said[-3000:], shared.name)


def _end(code: int, order: Order) -> str:
    if code == -signal.SIGPROF:
        return f"an input took more than {order.bounds.seconds:g} s of processor time"
    return f"the process died of {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def _failed(order: Order, wrong: str, trace: str, shared: str) -> Outcome:
    with Path(shared).open("rb") as file:
        data = file.read(int.from_bytes(file.read(8)))
    return Outcome(order, Stats(), wrong, trace, data)
