"""Who calls what is learned from a sample of the spans: of frequent ones some, of rare ones all."""

from __future__ import annotations

from typing import Any

import pytest
from test_extremes import NOON, SECOND, Analyse, analyse, span

from tracemap import model

__all__ = ["analyse"]

#: Where one in two is looked at, all are of those that are fewer than 10,000.
_OFTEN = 12_000
_RARELY = 4_000


def _call(order: int, name: str) -> list[dict[str, Any]]:
    """A caller and what it calls, up to 99 ms later."""
    began = NOON + order * SECOND
    caller = span(order, 1, kind=2, start_ns=began, lasts_ns=200_000_000)
    called = span(order, 2, 1, start_ns=began + order % 100 * 1_000_000)
    return [caller | {"name": "order"}, called | {"name": name}]


@pytest.mark.parametrize("one_in", [1, 2])
def test_of_frequent_spans_some_and_of_rare_ones_all_are_looked_at(
    analyse: Analyse, monkeypatch: pytest.MonkeyPatch, one_in: int
) -> None:
    names = ["charge"] * _OFTEN + ["refund"] * _RARELY
    spans = [one for order, name in enumerate(names, start=1) for one in _call(order, name)]
    monkeypatch.setattr(model, "_SAMPLE", len(spans) // one_in)
    ask = analyse(spans)
    rows = ask(
        "SELECT name, refs, missing, caller_name, times, p99_lead_ns // 1000000 "
        "FROM derived.caller_type WHERE name != 'order' ORDER BY name"
    )
    (*charge, looked_at, lead_ms), (*refund, all_of_them, late_ms) = rows
    assert charge == ["charge", _OFTEN, 0, "order"]
    assert refund == ["refund", _RARELY, 0, "order"]
    assert all_of_them == _RARELY
    assert 0.9 * _OFTEN < looked_at * one_in < 1.1 * _OFTEN
    assert {lead_ms, late_ms} <= {98, 99}
