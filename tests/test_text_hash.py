"""Numbers for texts: what stands for a text in joins and groups is of that text alone."""

from __future__ import annotations

import random
import string
from itertools import product
from pathlib import Path

import pyarrow as pa
import pytest

from tracemap.store import Store

#: Where the texts of a family differ: late in eights of bytes, where one difference may undo the
#: other in DuckDB's own hash; the same four and one bytes on; and anywhere.
_PLACES = ((7, 15), (6, 14, 22), (3, 7, 11, 15), (6, 7, 14, 15), (2, 3, 10, 11), (0, 9, 18, 27))


def family(seed: int) -> list[str]:
    """Some thousand texts of one length that differ in a few places."""
    rnd = random.Random(seed)
    places = _PLACES[seed % len(_PLACES)]
    length = max(places) + rnd.randint(1, 20)
    base = rnd.choices(string.ascii_letters + string.digits + "-_/.:", k=length)
    some = string.digits + string.ascii_uppercase
    some = some[: int(5_000 ** (1 / len(places)))]
    texts = []
    for letters in product(some, repeat=len(places)):
        for place, letter in zip(places, letters, strict=True):
            base[place] = letter
        texts.append("".join(base))
    return texts


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder: Path = tmp_path_factory.mktemp("hashes")
    return Store.open(folder / "tracemap.duckdb")


def value(store: Store, query: str) -> int:
    row = store.cursor().execute(query).fetchone()
    assert row
    return int(row[0])


def numbers(store: Store, texts: list[str], expression: str) -> int:
    cursor = store.cursor()
    cursor.register("given", pa.table({"t": texts}))
    row = cursor.execute(f"SELECT count(DISTINCT {expression}) FROM given").fetchone()
    assert row
    return int(row[0])


def test_no_two_texts_have_one_number(store: Store) -> None:
    undone = 0
    for seed in range(60):
        texts = family(seed)
        assert numbers(store, texts, "text_hash(t)") == len(texts), seed
        assert numbers(store, texts, "value_id('order.id', t)") == len(texts), seed
        undone += numbers(store, texts, "hash(t)") < len(texts)
    assert undone, "DuckDB's own hash tells all of these apart: text_hash has served its time"


def test_a_key_and_its_value_are_two_texts(store: Store) -> None:
    assert value(store, "SELECT value_id('a', 'bc') != value_id('ab', 'c')")


def test_negative_numbers_are_those_of_sets(store: Store) -> None:
    assert value(store, "SELECT min(value_id('a', i::VARCHAR)) FROM range(1000) t(i)") >= 0
