"""Telemetry that is not as it should be: copies, gaps, hubs, what was dropped (DAT002-DAT006)."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Jobs, Shop, key


@scenario("dat002-copies-contradict", lookalike_of=("DUP001", "DUP002"))
def copies_contradict(s: Scenario) -> None:
    """A span is exported while it is open, and again when it has failed.

    Shipping's exporter sends long spans early, with the time so far as their end. For order 20 the
    second copy says that the work failed. It is one span; the copy that ended last is followed.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        shipment = shop.order(number, number * 60.0)
        if number == 20:
            s.copy(shipment, end=shipment.end + 4.0, error="Timeout: no answer from the carrier")
    s.expect("DAT002", "ord-1020", service="shipping", team="logistics", mentions=["end", "status"])
    s.expected["executions"] = {"count": len(ORDERS), "of": {"ord-1020": {"status": "failed"}}}


@scenario("dat004-not-a-quiet-night", lookalike_of=("DAT004", "ORP001", "STL001"))
def quiet_night(s: Scenario) -> None:
    """For two hours nobody orders anything.

    All of checkout is silent, far longer than it ever is. Nobody called it in that time: there was
    nothing to tell, and no telemetry is missing.
    """
    shop = Shop.of(s)
    for number in range(1, 61):
        shop.order(number, number * 30.0 + (7000.0 if number > 30 else 0.0))


@scenario("dat005-hub-value", lookalike_of=("DUP002", "ORP004"))
def hub_value(s: Scenario) -> None:
    """A probe writes a placeholder where the order's id belongs.

    Every minute ``GET /orders`` is tried with ``order.id`` set to ``none``. With a limit of 50
    traces (10,000 unless set otherwise) that value is no execution: it is ignored and reported, and
    each probe stands for itself. Orders are not affected.
    """
    s.expected["settings"] = {"hub_limit": 50}
    shop = Shop.of(s)
    nobody = {"order.id": "none"}
    for number in ORDERS:
        shop.order(number, number * 60.0)
        for probe in range(2):
            at = number * 60.0 + 20.0 + probe * 10
            s.serve(shop.checkout, "GET /orders", at, 0.01, attributes=nobody)
    s.expect("DAT005", service="checkout", team="storefront", mentions=["none", "82 traces"])
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": 3 * len(ORDERS)}


@scenario("dat005-hub-within-a-tenant", lookalike_of=("DUP002", "ORP004"))
def hub_within_a_tenant(s: Scenario) -> None:
    """A tenant's placeholder is another tenant's order.

    Orders are numbered within a tenant. A probe of acme tries ``GET /orders`` with order 0 twice a
    minute, which is no execution there; globex has an order 0 that is as good as any, and it is not
    among what is reported of acme's.
    """
    s.expected["settings"] = {
        "hub_limit": 50,
        "keys": [{"name": "order.id", "per": ["tenant.id"]}],
    }
    shop = Shop.of(s)
    for number in ORDERS:
        for probe in range(2):
            at = number * 60.0 + 20.0 + probe * 10
            s.serve(shop.checkout, "GET /orders", at, 0.01,
                attributes={"order.id": "0", "tenant.id": "acme"})  # fmt: skip
    for part in range(3):
        s.span(shop.payment, "settle", Kind.INTERNAL, 700.0 + part, 0.2,
            attributes={"order.id": "0", "tenant.id": "globex"})  # fmt: skip
    s.expect("DAT005", service="checkout", team="storefront", mentions=["acme/0", "82 traces"])
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": 2 * len(ORDERS) + 1,
        "of": {"globex/0": {"workflow": "settle", "traces": 3}},
    }


@scenario("dat005-not-a-large-order", lookalike_of=("DAT005", "DUP002"))
def large_order(s: Scenario) -> None:
    """One order is worked on in forty traces; that is a large order, and no hub."""
    s.expected["settings"] = {"hub_limit": 50}
    jobs = Jobs.of(s)
    for number in ORDERS:
        jobs.order(number, number * 60.0)
    for part in range(40):
        s.span(
            jobs.dispatch, "dispatch part", Kind.INTERNAL, 1300.0 + part, 0.2, attributes=key(20)
        )
    s.expected["executions"] = {"count": len(ORDERS), "of": {"ord-1020": {"traces": 43}}}


@scenario("dat006-events-dropped", lookalike_of=("ORP002",))
def events_dropped(s: Scenario) -> None:
    """Shipping records more events than its SDK keeps; among the dropped may be an exception."""
    shop = Shop.of(s)
    for number in ORDERS:
        shop.order(number, number * 60.0)
    message = shop.place(90, 91 * 60.0)
    shop.ship(90, message, dropped_events=3)
    s.expect("DAT006", service="shipping", team="logistics", mentions=["1 span", "3 events"])


@scenario("dat006-not-attributes-dropped", lookalike_of=("DAT006",))
def attributes_dropped(s: Scenario) -> None:
    """Attributes beyond the SDK's limit are dropped: no link and no event is missing."""
    shop = Shop.of(s)
    for number in ORDERS:
        shop.ship(number, shop.place(number, number * 60.0), dropped_attributes=7)
