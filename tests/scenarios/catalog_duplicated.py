"""Messages processed twice (DUP001), and what only looks like it."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Shop, key, order


@scenario("dup001-processed-twice")
def processed_twice(s: Scenario) -> None:
    """One message is processed twice, both times with success.

    Shipping processes the message of order 20, and eight seconds later, in another trace, the
    same message again: the same message id, the same group, no failure in between. It also has
    a second label printed: that follows from it and is no finding of its own.
    """
    shop = Shop.of(s)
    labels = s.service("labels", "printing")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        _with_label(shop, labels, number, message, message.end + 0.4)
        if number == 20:
            _with_label(shop, labels, number, message, message.end + 8.4)
    s.expect(
        "DUP001",
        order(20),
        service="shipping",
        team="logistics",
        mentions=["orders.placed"],
        effects=["labels"],
    )
    s.expected["executions"] = {"count": len(ORDERS)}


def _with_label(shop: Shop, labels: Service, number: int, message: Span, at: float) -> None:
    shipment = shop.ship(number, message, at=at)
    shop.scenario.call(
        shop.shipping, labels, "POST /labels", at + 0.02, 0.1, parent=shipment,
        attributes=key(number),
    )  # fmt: skip


@scenario("dup001-kafka-offsets-reread")
def offsets_reread(s: Scenario) -> None:
    """A group reads three offsets again, eight seconds later.

    Kafka's messages carry no id here; topic, partition and offset name them. After a rebalance
    shipping processes the last three again, with success: three messages processed twice.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        offset = {"messaging.destination.partition.id": "0", "messaging.kafka.offset": number}
        message = shop.place(
            number, number * 60.0, charge=False, message_id=False, attributes=offset
        )
        shop.ship(number, message, attributes=offset)
        if 18 <= number <= 20:
            at = 20 * 60.0 + 8.0 + number * 0.3
            shop.ship(number, message, at=at, attributes=offset)
            s.expect("DUP001", order(number), service="shipping", team="logistics")


@scenario("dup001-not-retry", lookalike_of=("DUP001", "DUP002"))
def retry(s: Scenario) -> None:
    """A message is processed, fails, and is processed again.

    The first attempt for order 20 ends in an error. The redelivery of the same message succeeds:
    two attempts, one of them successful.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        if number == 20:
            shop.ship(number, message, error="TimeoutError: no answer from the carrier")
            shop.ship(number, message, at=message.end + 5.0)
        else:
            shop.ship(number, message)
    s.expected["executions"] = {
        "count": len(ORDERS),
        "status": {"completed": len(ORDERS)},
    }


@scenario("dup001-not-retry-after-exception", lookalike_of=("DUP001", "DUP002"))
def retry_after_exception(s: Scenario) -> None:
    """The failed attempt shows its failure in an exception event only.

    Some instrumentations record the exception and leave the status unset. The first attempt for
    order 20 failed all the same; the redelivery, in the same trace, succeeds.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        if number == 20:
            shop.ship(
                number,
                message,
                joined_by="parent",
                error="TimeoutError: no answer from the carrier",
                error_status=False,
            )
            shop.ship(number, message, joined_by="parent", at=message.end + 5.0)
        else:
            shop.ship(number, message, joined_by="parent")
    s.expected["executions"] = {"count": len(ORDERS), "all": {"traces": 1}}


@scenario("dup001-without-a-key")
def unkeyed_duplicate(s: Scenario) -> None:
    """A message is processed twice, in traces that carry no business key.

    Reports are rendered from a queue; the 20th is rendered again nine seconds later. The finding
    belongs to an execution without a correlation value.
    """
    portal = s.service("portal", "insights")
    renderer = s.service("renderer", "rendering")
    for number in ORDERS:
        root = s.serve(portal, "POST /reports", number * 60.0, 0.05)
        message = s.publish(portal, "reports.requested", root.start + 0.02, parent=root)
        s.process(renderer, message, message.end + 0.3, 0.5)
        if number == 20:
            s.process(renderer, message, message.end + 9.3, 0.5)
    s.expect("DUP001", service="renderer", team="rendering", mentions=["reports.requested"])
    s.expected["executions"] = {"count": len(ORDERS)}


@scenario("dup001-not-unfinished-attempt", lookalike_of=("DUP001", "ORP002"))
def unfinished_attempt(s: Scenario) -> None:
    """A message is received twice, but processed once.

    Shipping reports receiving and processing apart. The first time, the worker is stopped after
    receiving the message of order 20; the broker delivers it again, and that time it is
    processed. Only processing counts.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        tries = [message.end + 0.3, message.end + 6.3] if number == 20 else [message.end + 0.3]
        for at in tries:
            received = s.process(shop.shipping, message, at, 0.002, operation="receive")
            if at == tries[-1]:
                _under(shop, number, message, received)
    s.expected["executions"] = {"count": len(ORDERS)}


def _under(shop: Shop, number: int, message: Span, received: Span) -> None:
    """Process a message in the trace of its reception."""
    shop.scenario.span(
        shop.shipping,
        "process orders.placed",
        Kind.CONSUMER,
        received.end + 0.01,
        0.15,
        parent=received,
        links=[message],
        attributes={
            **key(number),
            "messaging.system": "kafka",
            "messaging.destination.name": shop.destination,
            "messaging.operation.type": "process",
            "messaging.message.id": message.attribute("messaging.message.id"),
            "messaging.consumer.group.name": "shipping",
        },
    )


@scenario("dup001-not-requeued", lookalike_of=("DUP001",))
def requeued(s: Scenario) -> None:
    """A consumer refuses a message without an error, and takes it later.

    On RabbitMQ the first delivery for order 20 is nacked and requeued: its span is fine, the
    ``nack`` beside it says that the work was not done. The second delivery is acknowledged.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        if number == 20:
            refused = shop.ship(number, message)
            _settle(shop, message, refused, "nack")
        delivered = shop.ship(number, message, at=message.end + (4.0 if number == 20 else 0.4))
        _settle(shop, message, delivered, "ack")


def _settle(shop: Shop, message: Span, delivery: Span, name: str) -> None:
    shop.scenario.span(
        shop.shipping,
        f"{name} {shop.destination}",
        Kind.CLIENT,
        delivery.end - 0.01,
        0.002,
        parent=delivery,
        attributes={
            "messaging.system": "rabbitmq",
            "messaging.destination.name": shop.destination,
            "messaging.operation.name": name,
            "messaging.operation.type": "settle",
            "messaging.message.id": message.attribute("messaging.message.id"),
        },
    )


@scenario("dup001-not-fan-out", lookalike_of=("DUP001", "DUP002"))
def fan_out(s: Scenario) -> None:
    """Two groups each process every message once.

    Shipping and analytics both read ``orders.placed``. The same message id is processed twice,
    by two groups: that is what a topic is for.
    """
    shop = Shop.of(s)
    analytics = s.service("analytics", "insights")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        s.process(
            analytics, message, message.end + s.random.uniform(0.1, 0.2), 0.02,
            attributes=key(number),
        )  # fmt: skip
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("dup001-not-doubled-instrumentation", lookalike_of=("DUP001", "DUP002"))
def doubled_instrumentation(s: Scenario) -> None:
    """Framework and library both report the same processing.

    Of shipping's two instances the second, which takes every third message, runs a newer image
    that instruments twice: two CONSUMER spans for one message, the second inside the first, or
    beside it and of another scope. They overlap in one instance: one processing, seen twice.
    """
    shop = Shop.of(s)
    newer = s.service("shipping", "logistics", instance="shipping-2")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        if number % 3:
            shop.ship(number, message)
            continue
        outer = shop.ship(number, message, by=newer, scope="framework")
        s.span(
            newer,
            outer.name,
            Kind.CONSUMER,
            outer.start + 0.002,
            0.14,
            parent=outer if number % 2 else None,
            links=[message],
            attributes=dict(outer.attributes),
            scope="framework" if number % 2 else "kafka-client",
        )
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("dup001-not-doubled-as-a-rule", lookalike_of=("DUP001", "DUP002"))
def doubled_as_a_rule(s: Scenario) -> None:
    """Every message is processed twice, at the same time, by the same code.

    Shipping's library creates two spans for each message, side by side and of the same scope.
    Nothing in a single pair tells it from two processings; that all forty-one messages of this
    destination have two overlapping ones does.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        first = shop.ship(number, message)
        shop.ship(number, message, at=first.start + 0.001)
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("dup001-not-span-copies", lookalike_of=("DUP001", "DUP002"))
def span_copies(s: Scenario) -> None:
    """An exporter sent the same spans twice.

    After a time-out the exporters of checkout and shipping repeated a request that had arrived.
    Every span of order 20 is in the file twice, byte for byte. Copies of a span are one span.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        before = len(s.spans)
        shop.order(number, number * 60.0)
        if number == 20:
            for span in s.spans[before:]:
                s.copy(span)
    s.expected["executions"] = {
        "count": len(ORDERS),
        "status": {"completed": len(ORDERS)},
        "of": {order(20): {"spans": 5, "traces": 2}},
    }


@scenario("span-copies-differ", lookalike_of=("DUP001", "DUP002", "DAT002"))
def copies_differ(s: Scenario) -> None:
    """Two copies of one span are not equal, and do not contradict each other.

    A tail processor added an attribute to shipping's span for order 20 in one pipeline and not in
    the other. Both were stored. It is still one span and one processing.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        shipment = shop.order(number, number * 60.0)
        if number == 20:
            s.copy(shipment, attributes=(*shipment.attributes, ("shop.region", "north")))
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
