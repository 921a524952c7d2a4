"""The shape of a list of attributes: which lists share one, and what a hostile sender can do."""

from __future__ import annotations

import time

import numpy as np
import otlp_requests as otlp

from tracemap.collectors.otlp.decode import decode

#: Of Arrow's hash of 9 to 16 bytes (cpp/src/arrow/util/hashing.h): one factor for each half.
_FACTORS = (11400714785074694791, 14029467366897019727)


def test_lists_with_the_same_letters_cut_elsewhere_have_shapes_of_their_own() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("abc", ""), ("ab", "c")]
    spans = [otlp.span(attributes=[otlp.attribute(k, int_value=1) for k in two]) for two in pairs]
    batch = decode([otlp.body(*spans)])
    numbers = batch.spans["shape_no"].to_pylist()
    assert [batch.shapes[n].keys for n in numbers] == pairs
    assert len(set(numbers)) == 3


def test_a_shape_has_one_number_however_many_spans_have_it() -> None:
    one = otlp.attribute("order.id", string_value="4711")
    other = otlp.attribute("order.id", int_value=4711)
    spans = [otlp.span(attributes=[other if n % 3 else one]) for n in range(5000)]
    batch = decode([otlp.body(*spans)])
    numbers = batch.spans["shape_no"].to_pylist()
    assert numbers == [numbers[bool(n % 3)] for n in range(5000)]
    assert numbers[0] != numbers[1]


def _colliding(count: int) -> list[str]:
    """Texts of sixteen ASCII characters of which all have one hash in Arrow."""
    first, last = (np.uint64(factor) for factor in _FACTORS)
    undo = np.uint64(pow(_FACTORS[1], -1, 2**64))
    chance = np.random.default_rng(4711)
    found: list[str] = []
    while len(found) < count:
        tails = chance.integers(0, 128, (1 << 20, 8), dtype=np.uint8)
        ours = (tails.view("<u8").ravel() * first).byteswap()
        heads = ((ours ^ last).byteswap() * undo).view(np.uint8).reshape(-1, 8)
        plain = (heads < 128).all(axis=1)
        found += [bytes(text).decode() for text in np.hstack([heads, tails])[plain].tolist()]
    return found[:count]


def _cost(keys: list[str], each: int) -> float:
    """Seconds of CPU to decode a request with these attributes, so many on each span."""
    spans = [
        otlp.span(attributes=[otlp.attribute(key, int_value=1) for key in keys[at : at + each]])
        for at in range(0, len(keys), each)
    ]
    body = otlp.body(*spans)
    began = time.process_time()
    decode([body])
    return time.process_time() - began


def test_names_that_are_chosen_to_collide_cost_what_others_cost() -> None:
    """Compared all with each other they would cost eighty times as much, and more with more."""
    count = 20_000
    chance = np.random.default_rng(17)
    letters = chance.integers(97, 122, (count, 16), dtype=np.uint8)
    others = [bytes(text).decode() for text in letters.tolist()]
    hostile = _colliding(count)
    for each in (1, 100):
        assert _cost(hostile, each) < 15 * _cost(others, each)
