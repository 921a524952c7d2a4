"""Ctrl-C while DuckDB works: Python hears of it only once the statement is over."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tracemap.store import Store

#: Between two tries to end it, in seconds: an interrupt between two statements is lost.
_AGAIN: Final = 0.05


@contextmanager
def ends_statements(store: Store) -> Iterator[None]:
    """Ctrl-C ends what ``store`` runs; KeyboardInterrupt is raised, whatever DuckDB makes of it.

    The signal's number is written to a socket as it comes (``signal.set_wakeup_fd``), where a
    thread waits for it. Not in another thread than the main one, nor where SIGINT means something
    of somebody's own.
    """
    usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    here, there = socket.socketpair()
    here.setblocking(False)
    came, over = threading.Event(), threading.Event()

    def wait() -> None:
        if signal.SIGINT not in there.recv(16):  # the end, without one
            return
        came.set()
        while not over.wait(_AGAIN):
            store.interrupt()

    before = signal.set_wakeup_fd(here.fileno(), warn_on_full_buffer=False)
    waiting = threading.Thread(target=wait, name="tracemap-interrupt", daemon=True)
    waiting.start()
    try:
        yield
    except Exception:
        if came.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.set_wakeup_fd(before)
        over.set()
        here.close()
        waiting.join()
        there.close()
