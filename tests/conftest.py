"""What every test may rely on: no settings of the machine's own, and no network but this machine.

Fixtures that only one room needs live in that room's tests.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# One profile for all property tests: the same examples at each run, no limit of wall time (the
# machine may be busy), and a slow generator is not a failure.
settings.register_profile(
    "tracemap",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
# By hand, to look further: HYPOTHESIS_PROFILE=deep make test
settings.register_profile("deep", parent=settings.get_profile("tracemap"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tracemap"))

#: Settings of a developer's shell that would change what a test sees.
_FOREIGN = ("OTEL_", "TRACEMAP_", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "COLUMNS", "LINES")

#: What asks the tests themselves for more: longer loops, another seed.
_OURS = "TRACEMAP_TEST_"


class NetworkUsedError(RuntimeError):
    """A test tried to reach another machine."""


def _refuse_other_machines(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.connect" and isinstance(args[1], tuple):
        host = str(args[1][0])
    elif event == "socket.getaddrinfo":
        host = str(args[0] or "localhost")
    else:
        return
    if host not in ("localhost", "") and not _is_here(host):
        raise NetworkUsedError(f"a test tried to reach {host}: tests use this machine only")


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def pytest_configure() -> None:
    """Before anything is imported: a clean environment, here and in every child process."""
    for name in list(os.environ):
        foreign = name.startswith(_FOREIGN) and not name.startswith(_OURS)
        if foreign or name.lower().endswith("_proxy"):
            del os.environ[name]
    # New at each run, the same in all its worker processes; DEMO_SEED=7 make test repeats one.
    os.environ.setdefault("DEMO_SEED", str(secrets.randbelow(100_000)))
    sys.addaudithook(_refuse_other_machines)


def pytest_report_header() -> str:
    """What of a run is not the same in the next one."""
    return f"demo: seed {os.environ['DEMO_SEED']}"


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
