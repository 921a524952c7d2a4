"""Missing parents (ORP001): crashed, dropped; and late, sampled, uninstrumented, in progress."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Service
from scenarios.registry import scenario
from scenarios.shop import LEARNED, MUCH_LATER, ORDERS, Shop, key, order


@scenario("orp001-worker-crashed")
def worker_crashed(s: Scenario) -> None:
    """A worker dies while it holds an order.

    Two instances of shipping share the queue. The second has a label printed for the 20th order
    and is killed before it can export a single span of that work. What remains is the label
    service's span, whose parent never arrives. The instance is never heard of again; the other
    one goes on with the later orders.

    This is one finding: the missing parent. That the message was never seen processed, and that
    notification was never told, follows from it and is not reported again.
    """
    shop = Shop.of(s)
    labels = s.service("labels", "printing")
    notification = s.service("notification", "messaging")
    workers = [shop.shipping, s.service("shipping", "logistics", instance="shipping-2")]
    for number in ORDERS:
        worker, dies = workers[number % 2 == 0 and number <= 20], number == 20
        message = shop.place(number, number * 60.0, charge=False)
        shipment = shop.ship(number, message, by=worker, lasts=0.25, lost=dies)
        s.call(
            worker,
            labels,
            "POST /labels",
            shipment.start + 0.02,
            0.1,
            parent=shipment,
            attributes=key(number),
            lost_client=dies,
        )
        if not dies:
            ready = s.publish(worker, "parcels.ready", shipment.start + 0.2, parent=shipment)
            s.process(notification, ready, ready.end + s.random.uniform(0.1, 0.3), 0.05)
    s.expect(
        "ORP001",
        order(20),
        service="shipping",
        team="logistics",
        mentions=["crashed", "shipping-2"],
        effects=["notification"],
    )
    s.expected["executions"] = {"count": len(ORDERS), "of": {order(20): {"status": "abandoned"}}}


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
    """The gateway keeps most of its spans, everything behind it keeps all.

    Consistent probability sampling, as the tracestate says: the gateway's threshold is
    ``ot=th:2``, seven in eight. One trace in eight has a root whose parent was never exported, by
    decision.
    """
    gateway = s.service("gateway", "edge")
    checkout = s.service("checkout", "storefront")
    payment = s.service("payment", "payments")
    for number in ORDERS:
        _through_gateway(
            s, (gateway, checkout, payment), number, number * 60.0,
            lost=["gateway"] if number % 8 == 4 else [], trace_state="ot=th:2",
        )  # fmt: skip


@scenario("orp001-nothing-sampled-away")
def nothing_sampled_away(s: Scenario) -> None:
    """A consistent sampler that keeps everything explains no missing span.

    ``ot=th:0`` in the tracestate is a threshold of zero: every span is kept. The gateway's span
    that is missing above order 20 was not left out by decision.
    """
    gateway = s.service("gateway", "edge")
    checkout = s.service("checkout", "storefront")
    payment = s.service("payment", "payments")
    for number in ORDERS:
        _through_gateway(
            s, (gateway, checkout, payment), number, number * 60.0,
            lost=["gateway"] if number == 20 else [], trace_state="ot=th:0",
        )  # fmt: skip
    s.expect("ORP001", order(20), service="gateway", team="edge")


def _through_gateway(
    s: Scenario,
    services: tuple[Service, Service, Service],
    number: int,
    at: float,
    *,
    lost: list[str],
    trace_state: str = "",
) -> None:
    """Let gateway, checkout and payment call each other; the spans of some services are lost."""
    gateway, checkout, payment = services
    out, name = "gateway" in lost, key(number)
    front = s.serve(
        gateway, "POST /shop/orders", at, 0.2, attributes=name, lost=out, trace_state=trace_state
    )
    out = "checkout" in lost
    root = s.serve(
        checkout, "POST /orders", at + 0.02, 0.15, parent=front, attributes=name, lost=out,
        trace_state=trace_state,
    )  # fmt: skip
    client = s.span(
        checkout, "POST", Kind.CLIENT, at + 0.04, 0.1, parent=root, lost=out,
        trace_state=trace_state,
    )  # fmt: skip
    s.serve(
        payment, "POST /charge", at + 0.05, 0.08, parent=client, attributes=name,
        trace_state=trace_state,
    )  # fmt: skip


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
    for number in range(1, 81):
        gap = ["checkout"] if 30 <= number < 44 else []
        _through_gateway(s, (gateway, checkout, payment), number, number * 30.0, lost=gap)
    s.expect("DAT004", service="checkout", team="storefront", mentions=["14 calls of payment"])
    s.expected["executions"] = {"count": 80}


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


@scenario("running-batch-of-several-orders", lookalike_of=("ORP001", "STL001"))
def batch_under_way(s: Scenario) -> None:
    """A batch of four orders is being packed: its span has not ended, those of three orders have.

    Each of these three is with the warehouse, and none waits in the queue any more. Of the fourth
    nothing has come yet: for all that is known it is in the queue.
    """
    shop = Shop.of(s)
    facts = {
        "messaging.system": "kafka",
        "messaging.destination.name": "orders.placed",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "shipping",
    }
    for first in range(1, LEARNED + 5, 4):
        last = first > LEARNED
        batch = range(first, first + 4)
        messages = [shop.place(number, number * 60.0, charge=False) for number in batch]
        at = messages[-1].end + 0.5
        shipped = s.span(
            *(shop.shipping, "process orders.placed", Kind.CONSUMER, at, 2.0),
            links=messages,
            attributes=facts,
            lost=last,
        )
        for place, number in enumerate(batch):
            late = last and place == 3
            began = at + 0.1 + place * 0.4
            s.span(
                *(shop.shipping, "pack", Kind.INTERNAL, began, 0.3),
                parent=shipped,
                attributes=key(number),
                lost=late,
            )
    held = {"holder_kind": "service", "holder": "shipping", "team": "logistics"}
    s.expected["custody"] = [
        *(
            held | {"correlation": order(n), "state": "executing process orders.placed"}
            for n in range(LEARNED + 1, LEARNED + 4)
        ),
        {"correlation": order(LEARNED + 4), "holder_kind": "queue", "holder": "orders.placed"},
    ]
    s.expected["executions"] = {
        "count": LEARNED + 4,
        "status": {"completed": LEARNED, "running": 4},
    }


@scenario("running-call-within-a-call", lookalike_of=("ORP001",))
def call_within_a_call(s: Scenario) -> None:
    """Checkout waits for payment: neither span has ended, but something below both.

    Payment holds the order, and checkout, which waits for it, does not.
    """
    checkout = s.service("checkout", "storefront")
    payment = s.service("payment", "payments")
    for number in (*range(1, LEARNED + 1), LEARNED + 1):
        at, lost = number * 60.0, number > LEARNED
        root = s.serve(checkout, "POST /orders", at, 1.0, attributes=key(number), lost=lost)
        s.span(
            checkout,
            "validate",
            Kind.INTERNAL,
            at + 0.01,
            0.02,
            parent=root,
            attributes=key(number),
        )
        client = s.span(checkout, "POST", Kind.CLIENT, at + 0.1, 0.8, parent=root, lost=lost)
        charge = s.serve(
            *(payment, "POST /charge", at + 0.15, 0.7),
            parent=client,
            attributes=key(number),
            lost=lost,
        )
        s.span(
            payment, "check", Kind.INTERNAL, at + 0.2, 0.1, parent=charge, attributes=key(number)
        )
    s.expected["custody"] = [
        {
            "correlation": order(LEARNED + 1),
            "branch": 1,
            "holder": "payment",
            "state": "executing POST /charge",
            "team": "payments",
        }
    ]
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "of": {order(LEARNED + 1): {"status": "running"}},
    }


@scenario("orp001-hung-before-it-went-on")
def hung_before_it_went_on(s: Scenario) -> None:
    """The 20th order hangs in payment, and nothing of it was ever heard again.

    Neither checkout's span nor payment's arrives; what they had done by then does. No message waits
    and no step is awaited, for the one that would lead there has not ended: the order is no less
    open for that. It is with payment, for which checkout waits: one finding, for payment, of which
    checkout's missing span is an effect. Checkout's of the 30th order is none: it went on after all
    that was heard of payment. These are two.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at, hangs, went_on = number * 60.0, number == 20, number == 30
        lost = hangs or went_on
        root = s.serve(shop.checkout, "POST /orders", at, 1.0, attributes=key(number), lost=lost)
        s.span(
            *(shop.checkout, "validate", Kind.INTERNAL, at + 0.01, 0.02),
            parent=root,
            attributes=key(number),
        )
        client = s.span(shop.checkout, "POST", Kind.CLIENT, at + 0.1, 0.7, parent=root, lost=hangs)
        charge = s.serve(
            *(shop.payment, "POST /charge", at + 0.15, 0.6),
            parent=client,
            attributes=key(number),
            lost=lost,
        )
        s.span(
            *(shop.payment, "check limit", Kind.INTERNAL, at + 0.2, 0.1),
            parent=charge,
            attributes=key(number),
        )
        if went_on:
            s.span(shop.checkout, "choose carrier", Kind.INTERNAL, at + 0.86, 0.01, parent=root)
        if not lost:
            shop.ship(number, s.publish(shop.checkout, shop.destination, at + 0.9, parent=root))
    s.expect("ORP001", order(20), service="payment", effects=["POST /orders (checkout) began"])
    for service, step in (("checkout", "POST /orders"), ("payment", "POST /charge")):
        s.expect("ORP001", order(30), service=service, mentions=[step])
    s.expected["custody"] = [
        {
            "correlation": order(20),
            "branch": 1,
            "holder": "payment",
            "state": "vanished in POST /charge",
            "team": "payments",
        }
    ]
    s.expected["executions"] = {
        "count": len(ORDERS),
        "status": {"completed": len(ORDERS) - 2, "abandoned": 2},
    }
