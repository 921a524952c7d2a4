"""Signals to a serving process: whenever they come, they are heard."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tracemap.cli.interrupt import ends_statements
from tracemap.cli.signals import Signals
from tracemap.store import Store

#: More lines than waiting for a signal has.
LINES = 40


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    kept = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def wait_and_raise_at(line: int) -> int:
    """Wait for a signal that has come, while another comes at that line; lines there were."""
    signals = Signals()
    signal.raise_signal(signal.SIGINT)
    seen = 0

    def trace(_: FrameType, event: str, __: Any) -> Any:
        nonlocal seen
        seen += event == "line"
        if seen == line and event == "line":
            signal.raise_signal(signal.SIGTERM)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        signals.until_stop(lambda: None)
    finally:
        sys.settrace(before)
    return seen


@pytest.mark.timeout(20)
def test_a_signal_that_comes_while_the_wait_begins_is_not_waited_for_for_ever() -> None:
    lines = wait_and_raise_at(0)
    assert 0 < lines < LINES
    for line in range(1, lines + 1):
        wait_and_raise_at(line)


def test_each_hang_up_is_heard_in_its_turn_and_a_second_stop_has_its_own_way() -> None:
    signals = Signals()
    for number in (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
        signal.raise_signal(number)
    heard: list[int] = []
    signals.until_stop(lambda: heard.append(1))
    assert len(heard) == 2
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGHUP) != signal.SIG_DFL


@pytest.mark.timeout(60)
def test_ctrl_c_ends_a_statement_that_would_take_for_ever(tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Store.open(tmp_path / "a.duckdb") as store:
        cursor = store.cursor()
        timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt), ends_statements(store):
            cursor.execute("SELECT count(*) FROM range(100000000) AS a, range(100000000) AS b")
        with ends_statements(store):
            assert cursor.execute("SELECT 1").fetchall() == [(1,)]


def test_what_fails_without_ctrl_c_fails_as_it_did(tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Store.open(tmp_path / "a.duckdb") as store:
        with pytest.raises(ValueError, match="as before"), ends_statements(store):
            raise ValueError("as before")
        assert signal.set_wakeup_fd(-1) == -1
