"""Few rows are worked on by one thread, and whatever happens then, all are there again after it."""

from __future__ import annotations

import threading
from pathlib import Path

import duckdb
import pytest
from test_arrival import world

from tracemap import pipeline
from tracemap.collectors.otlp.decode import decode
from tracemap.errors import InputError
from tracemap.store import Store
from tracemap.threads import one_thread

_THREADS = "SELECT current_setting('threads')"


def _threads(store: Store) -> int:
    ((threads,),) = store.cursor().execute(_THREADS).fetchall()
    return int(threads)


def test_one_thread_for_few_rows_and_all_of_them_after_a_failure(tmp_path: Path) -> None:
    with Store.open(tmp_path / "t.duckdb") as store:
        cursor = store.cursor()
        cursor.execute("SET threads = 3")
        with one_thread(cursor, few=False):
            assert _threads(store) == 3
        cursor.begin()
        with one_thread(cursor, few=True):
            assert _threads(store) == 1
            with pytest.raises(duckdb.Error):
                cursor.execute("SELECT no_column FROM store.span")
        assert _threads(store) == 3
        with pytest.raises(InputError), one_thread(cursor, few=True):
            raise InputError("it went wrong")
        assert _threads(store) == 3


def test_queries_beside_small_analyses_end_with_what_they_ask_for(tmp_path: Path) -> None:
    spans = world(3)
    with Store.open(tmp_path / "t.duckdb") as store:
        store.cursor().execute("SET threads = 4")
        found: list[object] = []
        over = threading.Event()

        def ask() -> None:
            cursor = store.cursor()
            while not over.is_set():
                cursor.execute("SELECT sum(hash(i) % 7) FROM range(300000) AS r(i) GROUP BY i % 9")
                found.append(len(cursor.fetchall()))

        reader = threading.Thread(target=ask)
        reader.start()
        try:
            for one in spans[:6]:
                store.write([decode([one])], kind="recorded")
                pipeline.refresh(store)
        finally:
            over.set()
            reader.join()
        assert set(found) == {9}
        assert _threads(store) == 4
