"""Lost messages (ORP002) and abandoned executions (ORP004)."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, MUCH_LATER, ORDERS, Jobs, Shop, key, order


@scenario("orp002-lost-message")
def lost_message(s: Scenario) -> None:
    """A message is sent and nobody ever takes it.

    Shipping processes what was sent before and after, but never the message of order 20. It was
    overtaken, so it is not merely waiting. That the order is left without a shipment follows from
    it and is listed as an effect.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 1):
        message = shop.place(number, number * 60.0)
        if number != 20:
            shop.ship(number, message)
    shop.order(LEARNED + 1, LEARNED * 60.0 + MUCH_LATER)
    s.expect(
        "ORP002",
        order(20),
        team="logistics",
        mentions=["orders.placed", "shipping"],
        effects=["shipping"],
    )
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "status": {"completed": LEARNED, "abandoned": 1},
    }


@scenario("orp002-lost-message-and-what-follows")
def lost_message_and_what_follows(s: Scenario) -> None:
    """A message is lost, and two steps behind it never run.

    Shipping tells notification when a parcel is ready. For order 20 shipping never got its
    message, so notification was never told either. There is one cause and one finding; both steps
    that did not run are its effects.
    """
    shop = Shop.of(s)
    notification = s.service("notification", "messaging")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        if number == 20:
            continue
        shipment = shop.ship(number, message)
        ready = s.publish(shop.shipping, "parcels.ready", shipment.end - 0.02, parent=shipment)
        s.process(notification, ready, ready.end + s.random.uniform(0.1, 0.3), 0.05)
    s.expect(
        "ORP002",
        order(20),
        team="logistics",
        mentions=["orders.placed"],
        effects=["shipping", "notification"],
    )
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "status": {"completed": LEARNED, "abandoned": 1},
    }


@scenario("orp002-lost-for-one-group")
def lost_for_one_group(s: Scenario) -> None:
    """Two groups read one topic; one of them misses a message.

    Shipping has processed the message of order 20, analytics has not, although it has processed
    later ones. To analytics it is lost, whatever shipping did with its copy.
    """
    shop = Shop.of(s)
    analytics = s.service("analytics", "insights")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        if number != 20:
            s.process(analytics, message, message.end + s.random.uniform(0.1, 0.2), 0.02)
    s.expect("ORP002", order(20), mentions=["orders.placed", "analytics"])


@scenario("orp002-not-late-group", lookalike_of=("ORP002",))
def late_group(s: Scenario) -> None:
    """A second group begins to read a topic in the middle of the recording.

    Fraud starts at the newest message, as new groups do. The messages before were never meant
    for it; each was processed by shipping.
    """
    shop = Shop.of(s)
    fraud = s.service("fraud", "payments")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        if number > 8:
            s.process(fraud, message, message.end + s.random.uniform(0.1, 0.2), 0.02)


@scenario("orp002-not-partial-group", lookalike_of=("ORP002", "STL001"))
def partial_group(s: Scenario) -> None:
    """A second group takes only some of a topic's messages.

    Insurance subscribes to ``orders.placed`` with a filter for valuable orders, three in five.
    The others were never meant for it, whether later ones were taken or not.
    """
    shop = Shop.of(s)
    insurance = s.service("insurance", "risk")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        if number % 5 in (0, 2, 3):
            s.process(insurance, message, message.end + s.random.uniform(0.1, 0.2), 0.02)


@scenario("orp002-not-no-consumer", lookalike_of=("ORP002", "STL001"))
def no_consumer(s: Scenario) -> None:
    """Messages go to a topic that nothing in the recording ever reads.

    ``audit.trail`` is read by a system without telemetry, or by nobody at all. Without a single
    consumer seen there is no telling a lost message from one that was read elsewhere.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        s.publish(shop.checkout, "audit.trail", number * 60.0 + 0.05, parent=message.parent)
        shop.ship(number, message)
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("orp002-not-batch-links-dropped", lookalike_of=("ORP002", "ORP004"))
def batch_links_dropped(s: Scenario) -> None:
    """A batch consumer says that it dropped links: two messages only look unread.

    Shipping takes ten messages at a time and links to each. Its SDK allows eight links a span in
    the third batch; ``dropped_links_count`` is 2, the batch's own count still 10. The two
    messages without a link were in that batch.
    """
    shop = Shop.of(s)
    for batch in [*range(5), 85]:
        messages = [
            shop.place(batch * 10 + index, batch * 30.0 + index * 3.0, charge=False)
            for index in range(1, 11)
        ]
        dropped = 2 if batch == 2 else 0
        s.span(
            shop.shipping,
            "process orders.placed",
            Kind.CONSUMER,
            messages[-1].end + 0.2,
            0.4,
            links=messages[dropped:],
            dropped_links=dropped,
            attributes={
                "messaging.system": "kafka",
                "messaging.destination.name": "orders.placed",
                "messaging.operation.type": "process",
                "messaging.consumer.group.name": "shipping",
                "messaging.batch.message_count": 10,
            },
        )
    s.expect("DAT006", service="shipping", mentions=["2 links"])
    s.expected["executions"] = {"count": 60}


@scenario("orp002-not-context-lost", lookalike_of=("ORP002",))
def context_lost_once(s: Scenario) -> None:
    """One consumer lost the producer's context, but names the same order.

    A proxy stripped the headers of one message: shipping's span for order 20 has no link and no
    message id. The order's id shows that the message arrived.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message, joined_by="none" if number == 20 else "link")
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("orp004-abandoned")
def abandoned(s: Scenario) -> None:
    """An order is stored and then forgotten.

    Fulfilment finds orders in a table, so nothing but ``order.id`` joins its traces to checkout's.
    It never picks up order 20; all others were picked up within seconds and went on to dispatch.
    There is no message that could have been lost: the execution has ended without an end.
    """
    jobs = Jobs.of(s)
    for number in range(1, LEARNED + 1):
        if number == 20:
            jobs.place(number, number * 60.0)
        else:
            jobs.order(number, number * 60.0)
    jobs.order(LEARNED + 1, LEARNED * 60.0 + MUCH_LATER)
    s.expect("ORP004", order(20), service="fulfilment", team="warehouse", mentions=["checkout"])
    s.expected["executions"] = {
        "count": LEARNED + 1,
        "status": {"completed": LEARNED, "abandoned": 1},
    }


@scenario("orp004-not-too-few", lookalike_of=("ORP004", "STL002"))
def too_few_to_know(s: Scenario) -> None:
    """An order stops where five others went on.

    Fulfilment never picks up order 4. Five other orders are no basis for expecting that it
    should; with thirty, it would be abandoned.
    """
    jobs = Jobs.of(s)
    for number in range(1, 7):
        if number == 4:
            jobs.place(number, number * 60.0)
        else:
            jobs.order(number, number * 60.0)
    jobs.order(7, 7 * 60.0 + MUCH_LATER)
    s.expected["executions"] = {"count": 7}


@scenario("orp004-not-optional-step", lookalike_of=("ORP004",))
def optional_step(s: Scenario) -> None:
    """Six orders in ten are gift-wrapped; the others end without it.

    Gift-wrapping is the last step of those that have it. Not being wrapped is no fault: the step
    is not expected, since many go without.
    """
    jobs = Jobs.of(s)
    wrapping = s.service("gift-wrap", "warehouse")
    for number in ORDERS:
        sent = jobs.order(number, number * 60.0)
        if number % 5 < 3:
            at = sent.end + s.random.uniform(1.0, 2.0)
            s.span(wrapping, "wrap order", Kind.INTERNAL, at, 0.3, attributes=key(number))
    s.expected["executions"] = {"count": LEARNED + 1, "status": {"completed": LEARNED + 1}}


@scenario("orp004-not-compensated", lookalike_of=("ORP004",))
def compensated(s: Scenario) -> None:
    """Some orders fail and are undone; they never reach the last step of the others.

    When fulfilment finds no stock it fails, and payment refunds. These orders end after the
    refund instead of dispatch, every time: failed and compensated, not abandoned.
    """
    jobs = Jobs.of(s)
    payment = s.service("payment", "payments")
    for number in [*range(1, LEARNED + 11), LEARNED + 51]:
        if number % 16:
            jobs.order(number, number * 60.0)
            continue
        placed = jobs.place(number, number * 60.0)
        failed = jobs.fulfil(number, placed.end + 3.0, error="OutOfStock: no shelf holds it")
        at = failed.end + s.random.uniform(1.0, 2.0)
        s.span(payment, "refund order", Kind.INTERNAL, at, 0.1, attributes=key(number))
    s.expected["executions"] = {
        "count": LEARNED + 11,
        "of": {order(16): {"status": "compensated"}, order(17): {"status": "completed"}},
    }


@scenario("orp004-not-failed", lookalike_of=("ORP004", "STL002"))
def failed(s: Scenario) -> None:
    """One order fails, and nothing follows.

    Fulfilment of order 20 ends in an error, so there is nothing to dispatch. The execution has an
    end, if not a good one: failed, not abandoned.
    """
    jobs = Jobs.of(s)
    for number in ORDERS:
        if number != 20:
            jobs.order(number, number * 60.0)
            continue
        placed = jobs.place(number, number * 60.0)
        jobs.fulfil(number, placed.end + 3.0, error="AddressInvalid: no such street")
    s.expected["executions"] = {
        "count": len(ORDERS),
        "status": {"completed": len(ORDERS) - 1, "failed": 1},
    }


@scenario("orp004-not-another-way", lookalike_of=("ORP004",))
def another_way(s: Scenario) -> None:
    """A few orders end by another way than most.

    One order in twelve is collected in the shop: after fulfilment it is handed over at the counter
    and never dispatched. The step that nearly all others take is not missing where another one
    took its place, as it did before.
    """
    jobs = Jobs.of(s)
    counter = s.service("counter", "storefront")
    for number in [*range(1, LEARNED + 11), LEARNED + 51]:
        if number % 12:
            jobs.order(number, number * 60.0)
            continue
        placed = jobs.place(number, number * 60.0)
        picked = jobs.fulfil(number, placed.end + 3.0)
        at = picked.end + s.random.uniform(1.0, 2.0)
        s.span(counter, "hand over", Kind.INTERNAL, at, 0.1, attributes=key(number))
    s.expected["executions"] = {
        "count": LEARNED + 11,
        "status": {"completed": LEARNED + 11},
    }
