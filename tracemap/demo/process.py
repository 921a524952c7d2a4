"""How the shop's processes start, find each other and stop.

Every process inherits its listening socket, so that addresses are known before anyone runs and
no port is taken in between. It stops when its standard input closes: that happens when the parent
asks for it and also when the parent is killed, so nothing is ever left behind.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tracemap.errors import TracemapError

#: Time a process may take to flush its spans after it was asked to stop.
STOP_SECONDS: Final = 15.0


def stop_event() -> threading.Event:
    """In a child: an event that is set when the parent wants this process to stop."""
    # Ctrl-C reaches the whole terminal group; only the parent acts on it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stop = threading.Event()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        stop.set()
        # A process that cannot stop by itself must not outlive its parent.
        time.sleep(STOP_SECONDS)
        os._exit(75)

    threading.Thread(target=watch, daemon=True).start()
    return stop


def listening_socket() -> socket.socket:
    """In a child: the socket that its parent opened for it."""
    return socket.socket(fileno=int(os.environ["SHOP_LISTEN_FD"]))


def address_from(variable: str) -> tuple[str, int]:
    """In a child: the address ``host:port`` in an environment variable."""
    host, _, port = os.environ[variable].rpartition(":")
    return host, int(port)


def listen() -> socket.socket:
    """In the parent: a listening socket on a free port of the loopback interface."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


class ShopError(TracemapError):
    """The demo's shop did not run as it should."""

    exit_code = 3


class Child:
    """A running process of the shop, as its parent sees it."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: Mapping[str, str],
        logs: Path,
        listener: socket.socket | None = None,
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        env = dict(environment)
        fds: tuple[int, ...] = ()
        if listener is not None:
            fds = (listener.fileno(),)
            env["SHOP_LISTEN_FD"] = str(listener.fileno())
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=env,
                pass_fds=fds,
            )

    def wait_ready(self) -> None:
        """Return when the process has said that it is at work.

        Raises ShopError with the end of its log when it ends without saying so.
        """
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            self.wait_stopped()
            raise ShopError(f"{self.name} did not start: {self.last_words()}")

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""
        return self._process.poll()

    def ask_to_stop(self) -> None:
        """Close its standard input; it then finishes its work and ends."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait_stopped(self) -> int:
        """Wait for the end and return the exit code; after STOP_SECONDS the process is killed."""
        try:
            self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
        return self._reap()

    def kill(self) -> int:
        """End it at once."""
        self._process.kill()
        return self._reap()

    def _reap(self) -> int:
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return code

    def last_words(self) -> str:
        """The last lines of its log, for an error message."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "it said nothing"
