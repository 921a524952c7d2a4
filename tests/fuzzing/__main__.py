"""By hand: python -m fuzzing TARGET... --seconds 600 (make fuzz sets up what it needs)."""

from __future__ import annotations

import argparse
import hashlib
import secrets
import sys
from pathlib import Path

from fuzzing.targets import TARGETS
from fuzzing.watch import Order, Outcome, run


def main() -> int:
    """Fuzz until the time is up or something goes wrong; keep the input that did it."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("-s", "--seconds", type=float, default=60.0, help="of each target")
    parser.add_argument("--seed", type=int, help="to repeat a run; otherwise a new one")
    parser.add_argument("--replay", type=Path, help="this input alone, of one target")
    parser.add_argument("--keep", type=Path, default=Path(), help="folder for what goes wrong")
    arguments = parser.parse_args()
    if unknown := set(arguments.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    bad = 0
    for target in arguments.targets or TARGETS:
        seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
        replay = str(arguments.replay.resolve()) if arguments.replay else ""
        outcome = run(Order(target, seed, arguments.seconds, replay=replay))
        print(outcome, flush=True)
        if outcome.wrong:
            bad += 1
            if not replay:
                print(f"kept as {_keep(arguments.keep, outcome)}")
    return min(bad, 1)


def _keep(folder: Path, outcome: Outcome) -> Path:
    name = f"{outcome.order.target}-{hashlib.sha256(outcome.data).hexdigest()[:8]}"
    path = folder / name
    path.write_bytes(outcome.data)
    return path


if __name__ == "__main__":
    sys.exit(main())
