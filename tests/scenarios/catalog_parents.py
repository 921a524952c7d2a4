"""Missing parents (ORP001): crashed, dropped; and late, sampled, uninstrumented, in progress."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import LEARNED, MUCH_LATER, ORDERS, Shop, key, order


def _label(
    shop: Shop, labels: Service, number: int, message: Span, worker: Service, *, dies: bool = False
) -> None:
    """Ship one order: the worker has a label printed; when it ``dies`` its spans are lost."""
    shipment = shop.ship(number, message, by=worker, lasts=0.25, lost=dies)
    shop.scenario.call(
        worker,
        labels,
        "POST /labels",
        shipment.start + 0.02,
        0.1,
        parent=shipment,
        attributes=key(number),
        lost_client=dies,
    )


@scenario("orp001-worker-crashed")
def worker_crashed(s: Scenario) -> None:
    """A worker dies while it holds an order.

    Two instances of shipping share the queue. The second has a label printed for the 20th order
    and is killed before it can export a single span of that work. What remains is the label
    service's span, whose parent never arrives. The instance is never heard of again; the other
    one goes on with the later orders.

    This is one finding: the missing parent. That the message was never seen processed and the
    shipment never seen finished follows from it and is not reported again.
    """
    shop = Shop.of(s)
    labels = s.service("labels", "printing")
    workers = [shop.shipping, s.service("shipping", "logistics", instance="shipping-2")]
    for number in range(1, LEARNED + 1):
        worker = workers[number % 2 == 0 and number <= 20]
        message = shop.place(number, number * 60.0, charge=False)
        _label(shop, labels, number, message, worker, dies=number == 20)
    later = LEARNED * 60.0 + MUCH_LATER
    message = shop.place(LEARNED + 1, later, charge=False)
    _label(shop, labels, LEARNED + 1, message, workers[0])
    s.expect("ORP001", order(20), service="shipping", team="logistics")
    s.expected["executions"] = {"count": LEARNED + 1}


@scenario("orp001-parent-dropped")
def parent_dropped(s: Scenario) -> None:
    """One span in the middle of a trace was dropped.

    Checkout's CLIENT span around the 20th charge never arrives, while the trace's root and the
    payment's SERVER span do. The caller's trace has long ended and its instance is alive: the
    span was dropped, it will not come any more. The order itself went through.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 1):
        at = number * 60.0
        message = shop.place(number, at, charge=number != 20)
        if number == 20 and message.parent:
            shop.charge(number, at + 0.01, message.parent, lost_client=True)
        shop.ship(number, message)
    shop.order(LEARNED + 1, LEARNED * 60.0 + MUCH_LATER)
    s.expect("ORP001", order(20), service="checkout", team="storefront")
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "of": {order(20): {"status": "completed", "traces": 2}},
    }


@scenario("orp001-not-uninstrumented-gateway", lookalike_of=("ORP001",))
def uninstrumented_gateway(s: Scenario) -> None:
    """Every trace begins below a gateway that exports nothing.

    The gateway creates the trace context and passes it on, so each ``POST /orders`` has a parent
    that never arrives. It is missing on *every* trace: nothing was lost, the caller is simply not
    instrumented.
    """
    shop = Shop.of(s)
    gateway = s.service("gateway", "edge")
    for number in ORDERS:
        at = number * 60.0
        outside = s.span(gateway, "POST", Kind.CLIENT, at - 0.01, 0.15, lost=True)
        root = s.serve(
            shop.checkout, "POST /orders", at, 0.12, parent=outside, attributes=key(number)
        )
        shop.charge(number, at + 0.01, root)
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.1, parent=root))
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("orp001-not-sampled", lookalike_of=("ORP001",))
def sampled(s: Scenario) -> None:
    """The gateway keeps a quarter of its spans, everything behind it keeps half.

    Consistent probability sampling (``ot=th`` in the tracestate): whatever the gateway keeps, the
    others keep too, but not the other way round. So half of the traces have a root whose parent
    was never exported, by decision.
    """
    gateway = s.service("gateway", "edge")
    checkout = s.service("checkout", "storefront")
    payment = s.service("payment", "payments")
    for number in ORDERS:
        at = number * 60.0
        kept = number % 2 == 0
        front = s.serve(
            gateway,
            "POST /shop/orders",
            at,
            0.2,
            attributes=key(number),
            lost=not kept,
            trace_state="ot=th:c",
        )
        forward = s.span(
            gateway, "POST", Kind.CLIENT, at + 0.01, 0.18, parent=front, lost=not kept,
            trace_state="ot=th:c",
        )  # fmt: skip
        root = s.serve(
            checkout, "POST /orders", at + 0.02, 0.15, parent=forward, attributes=key(number),
            trace_state="ot=th:8",
        )  # fmt: skip
        client = s.span(
            checkout, "POST", Kind.CLIENT, at + 0.03, 0.1, parent=root, trace_state="ot=th:8"
        )
        s.serve(payment, "POST /charge", at + 0.04, 0.08, parent=client, trace_state="ot=th:8")


@scenario("orp001-not-late-parent", lookalike_of=("ORP001",))
def late_parent(s: Scenario) -> None:
    """A span arrives long after its children, and heals what looked like an orphan.

    The exporter of checkout kept one span back and delivered it at the very end of the file.
    Before that last line the missing parent is a finding; with it, it is none.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 1):
        at = number * 60.0
        if number != 20:
            shop.order(number, at)
            continue
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number))
        client = s.span(
            shop.checkout, "POST", Kind.CLIENT, at + 0.01, 0.06, parent=root, late=True,
            attributes={"server.address": "payment"},
        )  # fmt: skip
        s.serve(
            shop.payment, "POST /charge", at + 0.02, 0.04, parent=client, attributes=key(number)
        )
        shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.1, parent=root))
    shop.order(LEARNED + 1, LEARNED * 60.0 + MUCH_LATER)
    early = {"rule": "ORP001", "correlation": order(20), "service": "checkout"}
    s.expected["stages"] = [{"lines": len(s.lines()) - 1, "findings": [early]}]
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("orp001-not-telemetry-gap", lookalike_of=("ORP001",))
def telemetry_gap(s: Scenario) -> None:
    """For seven minutes nothing of checkout's telemetry arrives; checkout itself is fine.

    The host's collector was down. In that time gateway and payment report as ever, so every
    ``POST /charge`` has a missing parent. All of checkout is silent at once, longer than ten
    times its usual rhythm, and the same instance is back afterwards: telemetry was lost, not
    orders.
    """
    gateway = s.service("gateway", "edge")
    checkout = s.service("checkout", "storefront")
    payment = s.service("payment", "payments")
    for number in [*range(1, 56), 55 + 80]:
        at = number * 30.0
        gap = 25 <= number < 39
        front = s.serve(gateway, "POST /shop/orders", at, 0.2, attributes=key(number))
        forward = s.span(gateway, "POST", Kind.CLIENT, at + 0.01, 0.18, parent=front)
        root = s.serve(
            checkout, "POST /orders", at + 0.02, 0.15, parent=forward, attributes=key(number),
            lost=gap,
        )  # fmt: skip
        s.call(checkout, payment, "POST /charge", at + 0.04, 0.1, parent=root, lost_client=gap)
    s.expected["executions"] = {"count": 56}


@scenario("orp001-not-in-progress", lookalike_of=("ORP001", "ORP002"))
def in_progress(s: Scenario) -> None:
    """A worker is still busy with an order; its span will be exported when it is done.

    Packing takes about a minute. At the end of the recording the worker has held order 38 for
    four minutes: the call it made is there, the span around it is not. Ten times the usual
    minute have not passed, its instance is alive, its trace has not ended: a step in progress.
    Later messages were already processed, by other threads; the message was not lost either.
    """
    shop = Shop.of(s)
    stock = s.service("stock", "warehouse")
    for number in range(1, LEARNED + 2):
        message = shop.place(number, number * 80.0, charge=False)
        shipment = shop.ship(number, message, lasts=s.random.uniform(50.0, 70.0), lost=number == 38)
        call = s.span(
            shop.shipping, "POST", Kind.CLIENT, shipment.start + 0.5, 0.06, parent=shipment,
            attributes=key(number),
        )  # fmt: skip
        s.serve(stock, "POST /pick", shipment.start + 0.51, 0.04, parent=call)
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "of": {order(38): {"status": "running"}},
    }
    s.expected["custody"] = [
        {
            "correlation": order(38),
            "holder": "shipping",
            "holder_kind": "service",
            "team": "logistics",
        }
    ]
