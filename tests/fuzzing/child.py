"""Runs inputs of one target until its time is up. Started by ``fuzzing.watch``, and by nobody else.

Each input is in the shared file before it runs, so that it is known when it ends this process.
"""

from __future__ import annotations

import faulthandler
import gc
import json
import mmap
import resource
import signal
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from random import Random

from fuzzing.damage import LONGEST, damaged
from fuzzing.harm import HARM
from fuzzing.targets import TARGETS, Target
from fuzzing.watch import Bounds, Order, Stats

#: Inputs that ended in a way of their own, and are changed further.
_POOL = 500


class _Bound:
    """What one input may cost. Beyond its processor time the kernel ends the process (SIGPROF)."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._before = self.peak = 0
        self._status = Path("/proc/self/status")
        # The machine is shared: what runs away gets an error, not all of its memory.
        resource.setrlimit(resource.RLIMIT_DATA, (bounds.all_memory, bounds.all_memory))

    def begin(self) -> None:
        # Counts the peak anew. Not ru_maxrss, which begins with what the parent held.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = self._held()
        signal.setitimer(signal.ITIMER_PROF, self._bounds.seconds)

    def end(self, data: bytes) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        held = self._held()
        self.peak = max(self.peak, held)
        grown = held - self._before
        allowed = self._bounds.memory + self._bounds.memory_per_byte * len(data)
        if grown > allowed:
            raise AssertionError(f"memory grew by {grown >> 20} MiB for {len(data)} bytes")

    def _held(self) -> int:
        """Bytes of memory that the process has held at most since it was last counted anew."""
        _, _, found = self._status.read_bytes().partition(b"VmHWM:")
        return int(found.split(None, 1)[0]) * 1024


def _resident() -> int:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


class _Inputs:
    """First those that are known, then new ones, and ones that ended in a new way changed."""

    def __init__(self, target: Target, seed: int) -> None:
        self._target = target
        self._rng = Random(seed)
        self._pool: list[bytes] = []
        self._ways: set[str] = set()

    def more(self) -> bytes:
        rng = self._rng
        if self._pool and rng.random() < 0.4:
            return damaged(rng, rng.choice(self._pool), rng.choice(self._pool))
        return self._target.make(rng)

    def ended(self, data: bytes, way: str) -> int:
        """Take note of how an input ended; returns in how many ways they have."""
        if way not in self._ways:
            self._ways.add(way)
            if len(data) < LONGEST and len(self._pool) < _POOL:
                self._pool.append(data)
        return len(self._ways)


def _run(order: Order, shared: mmap.mmap) -> Stats:
    target = (TARGETS | HARM)[order.target]
    bound = _Bound(order.bounds)
    inputs = _Inputs(target, order.seed)
    stats = Stats()

    def run(data: bytes) -> None:
        shared[:8] = len(data).to_bytes(8)
        shared[8 : 8 + len(data)] = data
        bound.begin()
        way = target.run(data)
        bound.end(data)
        stats.inputs += 1
        stats.ways = inputs.ended(data, way)

    if order.replay:
        run(Path(order.replay).read_bytes())
        return stats
    for data in target.first():
        run(data)
    began = time.process_time()
    while (spent := time.process_time() - began) < order.seconds:
        run(inputs.more())
        if spent > order.seconds / 2 and not stats.resident:
            stats.resident = _resident()
    stats.grown = _resident() - stats.resident if stats.resident else 0
    stats.peak = bound.peak
    return stats


def main() -> None:
    """Run an order given as JSON; 0 and statistics, or 3 and what went wrong, as JSON."""
    faulthandler.enable()
    order = Order.from_json(sys.argv[1])
    with Path(order.shared).open("r+b") as file:
        shared = mmap.mmap(file.fileno(), 0)
    try:
        stats = _run(order, shared)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        signal.setitimer(signal.ITIMER_PROF, 0)
        told = {"error": repr(error)[:500], "trace": traceback.format_exc()[-3000:]}
        print(json.dumps(told), flush=True)
        raise SystemExit(3) from None
    print(json.dumps(asdict(stats)), flush=True)


if __name__ == "__main__":
    main()
