"""``tracemap serve`` as a process of its own, as everyone runs it: started, stopped and killed."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: A machine under load takes its time; a server that is not up after this is not coming (s).
PATIENCE = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Served:
    """A running server: its process and where it listens."""

    process: subprocess.Popen[str]
    db: Path
    grpc: str
    http: str
    web: str | None
    socket: Path

    def cpu(self) -> float:
        """Seconds of processor time that the server has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def memory(self) -> int:
        """Bytes of memory that the server has held at most."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text("utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("the kernel does not tell")

    def stop(self) -> str:
        """SIGTERM; the server must end well. Returns what it said on stderr."""
        self.process.send_signal(signal.SIGTERM)
        return self.ended(0)

    def kill(self) -> None:
        """``kill -9``."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def ended(self, code: int) -> str:
        """Wait for the process to end with ``code``; returns what it said on stderr."""
        try:
            _, said = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # it says what each thread was at
            raise AssertionError(f"it does not end: {self.process.communicate()[1]}") from None
        assert self.process.returncode == code, (self.process.returncode, said)
        assert "Traceback" not in said
        return said


@contextmanager
def serving(db: Path, *options: str, files: int | None = None) -> Iterator[Served]:
    """A server of ``db`` on free ports; when the test has not ended it, it is killed.

    ``files`` is how many files it may have open.
    """
    with tempfile.TemporaryDirectory(prefix="tracemap-ready-") as folder:
        ready = Path(folder) / "ready.json"
        arguments = ["--ready-file", str(ready), *_free_ports(options), *options]
        process = start("serve", "--db", str(db), *arguments, files=files)
        try:
            give_up = time.monotonic() + PATIENCE
            while not ready.exists():
                if process.poll() is not None or time.monotonic() > give_up:
                    process.kill()
                    raise AssertionError(f"it did not start: {process.communicate()}")
                time.sleep(0.02)
            told = json.loads(ready.read_text(encoding="utf-8"))
            yield Served(process, db, told["grpc"], told["http"], told["web"], Path(told["socket"]))
        except BaseException:
            process.kill()
            sys.stderr.write(f"the server said:\n{process.communicate()[1]}")
            raise
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def start(*arguments: str, files: int | None = None) -> subprocess.Popen[str]:
    """A tracemap command as a process, with its output kept."""

    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    return subprocess.Popen(
        [sys.executable, "-m", "tracemap", *arguments],
        cwd=ROOT,  # so that it runs this checkout, installed or not
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1", "COLUMNS": "200", "PYTHONFAULTHANDLER": "1"},
        preexec_fn=None if files is None else limit,  # noqa: PLW1509 - it only sets a number
    )


def command(*arguments: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """A tracemap command run to its end; it must end with ``code``."""
    process = start(*map(str, arguments))
    said, complained = process.communicate(timeout=2 * PATIENCE)
    done = subprocess.CompletedProcess(process.args, process.returncode, said, complained)
    assert done.returncode == code, done
    assert "Traceback" not in done.stderr, done
    return done


def _free_ports(options: Sequence[str]) -> Iterator[str]:
    for option in ("--grpc", "--http"):
        if option not in options:
            yield option
            yield "127.0.0.1:0"
