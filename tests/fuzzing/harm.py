"""Targets that do harm, each its own: the watch must see it."""

from __future__ import annotations

import faulthandler

from fuzzing.targets import Target

_kept: list[bytes] = []


def _harm(data: bytes) -> str:
    """Do what the input says."""
    match data:
        case b"crash":
            faulthandler._sigsegv()  # type: ignore[attr-defined]
        case b"hang":
            while True:
                pass
        case b"memory":
            return str(len(b"x" * (200 << 20)))
        case b"error":
            return str(1 // len(data[:0]))
        case b"leak":
            _kept.append(b"%d" % len(_kept) * 10_000)
    return "taken"


def _target(name: str) -> Target:
    return Target(lambda _: name.encode(), _harm, lambda: iter(()))


HARM: dict[str, Target] = {
    name: _target(name) for name in ("none", "crash", "hang", "memory", "error", "leak")
}
