"""The demo's collector: ``tracemap serve`` as everyone runs it, ended with the demo.

``python -m tracemap.demo.collector serve ...`` is ``tracemap serve ...`` that also stops when its
standard input closes, so that a demo that was killed leaves no collector behind.
"""

from __future__ import annotations

import json
import os
import runpy
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracemap.demo.process import Child, ShopError

#: The services' exporters are done within a second, so a late span need not be waited for longer.
GRACE: Final = "2s"
LAG: Final = "1s"
#: A collector that does not listen after this many seconds will not.
START_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a collector takes spans, as values of OTEL_EXPORTER_OTLP_ENDPOINT."""

    grpc: str
    http: str


@contextmanager
def running_collector(database: Path, logs: Path) -> Iterator[Endpoints]:
    """A collector on ``database`` and free ports; raises ShopError when it does not come up."""
    ready = logs / "collector.json"
    ports = ["--grpc", "127.0.0.1:0", "--http", "127.0.0.1:0"]
    times = ["--grace", GRACE, "--lag", LAG]
    where = ["--db", str(database), "--ready-file", str(ready)]
    arguments = ["tracemap.demo.collector", "serve", *where, *ports, *times]
    child = Child("collector", arguments, os.environ, logs)
    try:
        yield _wait_for(child, ready)
        child.ask_to_stop()
        if code := child.wait_stopped():
            raise ShopError(f"the collector ended with {code}: {child.last_words()}")
    finally:
        if child.exit_code is None:
            child.kill()


def _wait_for(child: Child, ready: Path) -> Endpoints:
    give_up = time.monotonic() + START_SECONDS
    while not ready.exists():
        if child.exit_code is not None or time.monotonic() > give_up:
            raise ShopError(f"the collector did not start: {child.last_words()}")
        time.sleep(0.02)
    told = json.loads(ready.read_text(encoding="utf-8"))
    return Endpoints(f"http://{told['grpc']}", f"http://{told['http']}")


def _stop_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    runpy.run_module("tracemap", run_name="__main__")
