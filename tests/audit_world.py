"""A shop whose orders wait, retry, fail and are undone, for the tests of the audit and the map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import front
import pytest
from scenarios.builder import Scenario

import tracemap
from tracemap.api import Tracemap
from tracemap.collectors import files
from tracemap.store import Store

RECORDINGS = Path(__file__).parents[2] / "shared" / "recordings"
needs_recordings = pytest.mark.skipif(
    not RECORDINGS.is_dir(), reason="the recordings are not beside this checkout (../shared)"
)

ORDERS = range(1, 21)
#: Shipping fails for good, and has inventory release what it reserved.
UNDONE = (5, 10)
#: The first charge fails; checkout tries again.
RETRIED = 7

SHOP = "POST /orders"


def shop_lines(rename: Callable[[str], str] = lambda name: name) -> list[bytes]:
    """Twenty orders. Checkout waits 150 ms of 500 for two calls that overlap by 50 ms."""
    s = Scenario("audit-shop")
    checkout = s.service(rename("checkout"), rename("storefront"))
    payment = s.service("payment", "payments")
    inventory = s.service("inventory", "warehouse")
    shipping = s.service("shipping", "logistics")
    for number in ORDERS:
        at, key = number * 60.0, {"order.id": f"ord-{number}"}
        root = s.serve(checkout, SHOP, at, 0.5, attributes=key)
        s.call(checkout, inventory, "POST /reserve", at + 0.1, 0.1, parent=root, attributes=key)
        charge = {**key, "app.idempotency_key": f"charge-{number}"}
        start = at + 0.15
        if number == RETRIED:
            s.call(checkout, payment, "POST /charge", start, 0.05, parent=root, error="Busy: later")
            start += 0.05
        s.call(
            checkout,
            payment,
            "POST /charge",
            start,
            at + 0.25 - start,
            parent=root,
            attributes=charge,
        )
        placed = s.publish(checkout, "orders.placed", at + 0.3, parent=root)
        s.publish(checkout, "audit.log", at + 0.31, parent=root)
        bad = number in UNDONE
        taken = s.process(
            shipping,
            placed,
            at + 1.0,
            0.4,
            attributes=key,
            error="AddressInvalid: no such street" if bad else None,
        )
        if bad:
            s.call(
                shipping, inventory, "POST /release", at + 1.2, 0.1, parent=taken, attributes=key
            )
    return [line.encode() for line in s.lines()]


def shop(folder: Path, lines: Sequence[bytes] | None = None) -> Path:
    """The shop's database in ``folder``."""
    path = folder / "shop.duckdb"
    with Store.open(path) as store:
        front.store_lines(store, shop_lines() if lines is None else lines)
    return path


def recording(folder: Path, name: str) -> Tracemap:
    """A recording's database, open."""
    path = folder / f"{name}.duckdb"
    with Store.open(path) as store:
        for batch in files.read(RECORDINGS / f"{name}.otlp.jsonl"):
            store.write([batch], source="recorded", kind="recorded")
    return tracemap.open(path)
