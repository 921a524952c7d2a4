"""Destinations and groups of healthy systems that look like losses and duplicates."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, ORDERS, Shop, key, order


@scenario("orp002-not-overtaken-across-partitions", lookalike_of=("ORP002",))
def across_partitions(s: Scenario) -> None:
    """One partition of a topic is stuck; the others go on.

    The last four messages of partition 2 wait, while later ones of partitions 0 and 1 are taken:
    between partitions there is no order, so they were not overtaken. They wait, all in one place.
    """
    shop = Shop.of(s)
    for number in range(1, 56):
        part = number % 3
        place = {"messaging.destination.partition.id": str(part)}
        message = shop.place(number, number * 60.0, charge=False, attributes=place)
        if part != 2 or number < 43:
            shop.ship(number, message, attributes=place)
    s.expect("STL001", order(44), mentions=["orders.placed", "shipping"])


@scenario("orp002-lost-in-its-partition")
def lost_in_its_partition(s: Scenario) -> None:
    """A message is lost on one of three partitions: a later one of the same partition was taken."""
    shop = Shop.of(s)
    for number in ORDERS:
        place = {"messaging.destination.partition.id": str(number % 3)}
        message = shop.place(number, number * 60.0, charge=False, attributes=place)
        if number != 20:
            shop.ship(number, message, attributes=place)
    s.expect("ORP002", order(20), mentions=["orders.placed", "shipping"])


@scenario("orp002-not-competing-services", lookalike_of=("ORP002", "STL001"))
def competing_services(s: Scenario) -> None:
    """Two services share one queue, unevenly; no group has a name.

    A queue gives each message to one of them. What the small one took is not lost to the large.
    """
    shop = Shop.of(s)
    helper = s.service("shipping-overflow", "logistics")
    none = {"messaging.consumer.group.name": ""}
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        by = helper if number % 9 == 4 else shop.shipping
        shop.ship(number, message, by=by, attributes=none)


@scenario("stl001-not-renamed-group", lookalike_of=("STL001", "ORP002"))
def renamed_group(s: Scenario) -> None:
    """A consumer group is renamed half way, with the service that uses it.

    ``shipping`` reads until order 30, ``shipping-v2`` from then on. The old group has stopped, but
    nothing waits for it: another one took over where it ended.
    """
    shop = Shop.of(s)
    new = s.service("shipping-v2", "logistics")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message, by=new if number > 30 else shop.shipping)


@scenario("stl001-not-anonymous-group", lookalike_of=("STL001", "ORP002"))
def anonymous_group(s: Scenario) -> None:
    """Every start of a service is a group of its own, as with broadcasts to caches.

    Each instance of pricing reads all orders under an anonymous group. It is redeployed twice; no
    message waits for the groups that are gone.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        start = (number - 1) // 15 if number <= LEARNED else 2
        pricing = s.service("pricing", "catalog", instance=f"pricing-{start}")
        s.process(pricing, message, message.end + 0.1, 0.01, group=f"anonymous.{start}f3c")


@scenario("orp002-not-filtered-kind", lookalike_of=("ORP002", "STL001"))
def filtered_kind(s: Scenario) -> None:
    """A topic carries two kinds of events, and a group ignores the rarer one.

    Notification takes every placed order and none of the four address changes, which checkout
    publishes to the same topic from another endpoint.
    """
    shop = Shop.of(s)
    mailer = s.service("mailer", "messaging")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        s.process(mailer, message, message.end + 0.1, 0.01)
        if number % 11 == 5:
            at = number * 60.0 + 20.0
            root = s.serve(shop.checkout, "PUT /address", at, 0.05, attributes=key(number))
            change = s.publish(shop.checkout, shop.destination, at + 0.02, parent=root)
            shop.ship(number, change)


@scenario("orp002-not-sampled-consumer", lookalike_of=("ORP002",))
def sampled_consumer(s: Scenario) -> None:
    """The consumer's traces are sampled at 85%, by its own decision and without saying so.

    Traces that begin at a consumer are sampled anew. Gaps that regular are no losses.
    """
    shop = Shop.of(s)
    for number in range(1, 92):
        root = s.serve(shop.checkout, "POST /orders", number * 60.0, 0.1, attributes=key(number))
        message = s.publish(shop.checkout, shop.destination, number * 60.0 + 0.05, parent=root)
        if number % 7 != 3:
            shop.ship(number, message)


@scenario("orp002-not-slow-worker", lookalike_of=("ORP002", "STL001"))
def slow_worker(s: Scenario) -> None:
    """Parallel workers: one is at it for four minutes while others overtake it.

    Transcoding takes between ten seconds and six minutes. The span of video 21's work is exported
    when it is done, which the recording does not see any more. Later ones were quicker.
    """
    upload = s.service("upload", "media")
    coder = s.service("transcoder", "media")
    for number in range(1, 26):
        at = number * 120.0
        name = {"video.id": f"vid-{number:04}"}
        root = s.serve(upload, "PUT /videos", at, 0.2, attributes=name)
        message = s.publish(upload, "videos", at + 0.1, parent=root)
        lasts = (10.0, 360.0, 60.0, 30.0)[number % 4]
        if number == 21 or (number % 4 == 1 and number > 21):
            continue
        s.process(coder, message, at + 1.0, lasts, attributes=name)


@scenario("orp002-lost-where-others-came-again", lookalike_of=("STL001",))
def lost_where_others_came_again(s: Scenario) -> None:
    """A message is lost where others failed and came again an hour later.

    Each try takes 150 ms. That orders 7 and 15 were shipped an hour after their first try does not
    make an hour's work of it: three hours later the message of order 20 is not in process still.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0)
        if number in (7, 15):
            failed = shop.ship(number, message, error="TimeoutError: no answer of the carrier")
            shop.ship(number, message, at=failed.end + 3600.0)
        elif number != 20:
            shop.ship(number, message)
    shop.order(LEARNED + 42, 3 * 3600.0)
    s.expect("ORP002", order(20), team="logistics", mentions=["orders.placed", "processing_ns"])


@scenario("orp002-not-delayed-queue", lookalike_of=("ORP002", "STL001"))
def delayed_queue(s: Scenario) -> None:
    """A queue delivers reminders after a delay that the sender chooses: a minute or thirty."""
    shop = Shop.of(s)
    for number in range(1, 46):
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        wait = 1800.0 if number % 6 == 0 else 60.0
        if message.end + wait < 46 * 60.0:
            shop.ship(number, message, at=message.end + wait)


@scenario("orp002-not-caught-up", lookalike_of=("ORP002", "STL001", "ORP004"))
def caught_up(s: Scenario) -> None:
    """One of two groups is down for fifteen minutes and then takes up everything in order."""
    shop = Shop.of(s)
    analytics = s.service("analytics", "insights")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shop.ship(number, message)
        at = message.end + 0.1
        if 20 <= number < 35:
            at = 35 * 60.0 + (number - 20) * 0.5
        s.process(analytics, message, at, 0.02)


@scenario("dup001-not-batch-send", lookalike_of=("DUP001", "DUP002"))
def batch_send(s: Scenario) -> None:
    """One ``send`` of a batch passes its one context to all messages in it.

    As with SQS's SendMessageBatch: three messages, three ids, one PRODUCER span. Each is processed
    once.
    """
    checkout = s.service("checkout", "storefront")
    shipping = s.service("shipping", "logistics")
    for number in range(1, 31):
        at = number * 60.0
        root = s.serve(checkout, "POST /orders", at, 0.1, attributes=key(number))
        sent = s.publish(
            checkout, "parcels", at + 0.05, parent=root, system="aws_sqs", message_id=False,
            attributes={"messaging.batch.message_count": 3},
        )  # fmt: skip
        for parcel in range(3):
            name = {**key(number), "messaging.message.id": f"p-{number}-{parcel}"}
            s.process(shipping, sent, sent.end + 0.2 + parcel * 0.3, 0.1, attributes=name)


@scenario("dup001-not-two-queues", lookalike_of=("DUP001", "DUP002"))
def two_queues(s: Scenario) -> None:
    """One service has two queues bound to one exchange.

    RabbitMQ, without group names: notification takes each event once for mail and once for text
    messages. Same service, two queues, two pieces of work.
    """
    shop = Shop.of(s)
    notification = s.service("notification", "messaging")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        shop.ship(number, message, attributes={"messaging.consumer.group.name": ""})
        for place, queue in enumerate(("mail", "sms") if number % 5 == 0 else ("mail",)):
            s.process(
                notification, message, message.end + 0.2 + place, 0.05,
                attributes={
                    "messaging.destination.name": queue, "messaging.consumer.group.name": "",
                },
            )  # fmt: skip


@scenario("dup001-not-a-queue-for-each-instance", lookalike_of=("DUP001", "DUP002", "ORP002"))
def queue_for_each_instance(s: Scenario) -> None:
    """Two instances hear of each order, each in a queue that the broker named for it.

    They drop it from their caches. The queues are one destination to people, (anonymous); that a
    message was taken from both is what a fan-out is for, and what one of them does is no further
    try of what the other one did.
    """
    shop = Shop.of(s)
    caches = [s.service("catalog", "storefront", instance=f"catalog-{i}") for i in (1, 2)]
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        shop.ship(number, message)
        for place, cache in enumerate(caches):
            failed = "KeyError: no such order" if number == 20 and place == 0 else None
            s.process(
                cache, message, message.end + 0.01 + place, 0.05, error=failed,
                attributes={"messaging.destination.name": f"amq.gen-2K{place}-tQ0fU3c8rzS9kPdQxA"},
            )  # fmt: skip
    s.expected["executions"] = {"status": {"completed": len(ORDERS)}}
    s.expected["steps"] = [
        {"execution": order(20), "service": "catalog", "status": status, "attempt": 1}
        for status in ("error", "ok")
    ]


@scenario("dup001-not-unseen-sender", lookalike_of=("DUP001",))
def unseen_sender(s: Scenario) -> None:
    """Messages of one unseen request link to the same span, and carry no id.

    The shop in front sends no telemetry; where an order has two parcels, both messages carry the
    context of the same request. Two messages, not one taken twice.
    """
    front = s.service("front", "storefront")
    shipping = s.service("shipping", "logistics")
    for number in range(1, 31):
        at = number * 60.0
        root = s.span(front, "POST", Kind.CLIENT, at, 0.1, lost=True)
        for parcel in range(2 if number % 4 == 0 else 1):
            s.span(
                shipping, "process parcels", Kind.CONSUMER, at + 0.3 + parcel * 3.0, 0.1,
                links=[root],
                attributes={
                    "parcel.id": f"par-{number}-{parcel}",
                    "messaging.system": "rabbitmq",
                    "messaging.destination.name": "parcels",
                    "messaging.operation.type": "process",
                },
            )  # fmt: skip
    s.expected["messages"] = [
        {"destination": "parcels", "state": "processed", "published_at": None}
    ]


@scenario(
    "healthy-outbox-retries-and-replies", lookalike_of=("DUP001", "DUP002", "ORP002", "ORP004")
)
def outbox_retries_and_replies(s: Scenario) -> None:
    """An outbox relay in traces of its own, a retry topic, and replies over a second queue.

    The relay publishes what it finds every minute. Every tenth shipment is put off to
    ``orders.retry`` without an error, and taken up from there. Stock is asked through a queue and
    answers through another.
    """
    shop = Shop.of(s)
    relay = s.service("relay", "storefront")
    stock = s.service("stock", "warehouse")
    for number in range(1, 33):
        at = number * 60.0
        s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=key(number))
        tick = s.span(relay, "relay tick", Kind.INTERNAL, at + 5.0, 0.2)
        message = s.publish(relay, shop.destination, at + 5.1, parent=tick)
        shipment = shop.ship(number, message)
        if number % 10 == 0:
            again = s.publish(
                shop.shipping, "orders.retry", shipment.end - 0.02, parent=shipment,
                attributes=key(number),
            )  # fmt: skip
            shipment = s.process(
                shop.shipping, again, again.end + 5.0, 0.15, attributes=key(number)
            )
        ask = s.publish(shop.shipping, "stock.ask", shipment.end - 0.05, parent=shipment)
        asked = s.process(stock, ask, ask.end + 0.1, 0.05, joined_by="parent")
        reply = s.publish(stock, "stock.answers", asked.end - 0.01, parent=asked)
        s.process(shop.shipping, reply, reply.end + 0.1, 0.02, joined_by="parent")


@scenario("healthy-batches-creates-and-settles", lookalike_of=("DUP001", "DUP002", "ORP002"))
def batches_creates_and_settles(s: Scenario) -> None:
    """``create`` spans, one ``send`` for them, a batch received, each processed and settled."""
    checkout = s.service("checkout", "storefront")
    shipping = s.service("shipping", "logistics")
    base = {"messaging.system": "servicebus", "messaging.destination.name": "orders"}
    facts = base | {"messaging.consumer.group.name": "shipping"}
    for batch in range(12):
        at, made = batch * 60.0, []
        for place in range(3):
            number = batch * 3 + place
            root = s.serve(checkout, "POST /orders", at + place, 0.1, attributes=key(number))
            made.append(
                s.span(
                    checkout, "create orders", Kind.PRODUCER, at + place + 0.05, 0.001, parent=root,
                    attributes=base | {"messaging.operation.type": "create"},
                )
            )  # fmt: skip
        s.span(
            checkout, "send orders", Kind.CLIENT, at + 5.0, 0.02, links=made,
            attributes=base
            | {"messaging.operation.type": "send", "messaging.batch.message_count": 3},
        )  # fmt: skip
        got = s.span(
            shipping, "receive orders", Kind.CLIENT, at + 6.0, 0.02, links=made,
            attributes=facts
            | {"messaging.operation.type": "receive", "messaging.batch.message_count": 3},
        )  # fmt: skip
        for place, message in enumerate(made):
            number = batch * 3 + place
            work = s.span(
                shipping, "process orders", Kind.CONSUMER, at + 6.1 + place, 0.2, parent=got,
                links=[message], attributes=facts | key(number)
                | {"messaging.operation.type": "process"},
            )  # fmt: skip
            s.span(
                shipping, "complete orders", Kind.CLIENT, work.end - 0.02, 0.01, parent=work,
                links=[message], attributes=facts | {"messaging.operation.type": "settle"},
            )  # fmt: skip
