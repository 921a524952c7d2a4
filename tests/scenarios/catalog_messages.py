"""The lives of messages, and runs of one key, as instrumentations report them."""

from __future__ import annotations

from typing import Any

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, ORDERS, Shop, key, order


@scenario("message-consumer-as-child")
def consumer_as_child(s: Scenario) -> None:
    """The consumer goes on in the producer's trace, as a child of its span: one trace an order."""
    shop = Shop.of(s)
    for number in ORDERS:
        shop.ship(number, shop.place(number, number * 60.0), joined_by="parent")
    s.expected["executions"] = {"count": len(ORDERS), "all": {"traces": 1, "spans": 5}}
    s.expected["messages"] = [{"destination": "orders.placed", "state": "processed"}]
    handoff = {"to_service": "shipping", "type": "message", "mode": "async"}
    s.expected["handoffs"] = [handoff | {"destination": "orders.placed"}]


@scenario("message-received-and-processed-apart", lookalike_of=("DUP001", "DUP002", "ORP002"))
def received_and_processed_apart(s: Scenario) -> None:
    """Receiving and processing are spans of two traces, and a third acknowledges.

    The poll loop receives (CLIENT, a link to the message), a worker's thread processes in a trace
    of its own, the acknowledgement comes later from the loop. One message, processed once.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        facts = {
            "messaging.system": "kafka",
            "messaging.destination.name": "orders.placed",
            "messaging.consumer.group.name": "shipping",
        }
        at = message.end + 0.2
        for name, operation, wait in (("poll", "receive", 0.0), ("ack", "settle", 0.9)):
            did = facts | {"messaging.operation.type": operation}
            what = f"{name} orders.placed"
            s.span(
                shop.shipping, what, Kind.CLIENT, at + wait, 0.01, links=[message], attributes=did
            )
        shop.ship(number, message, at=at + 0.1)
    s.expected["executions"] = {"count": len(ORDERS), "all": {"traces": 4}}
    s.expected["messages"] = [{"destination": "orders.placed", "state": "settled"}]


@scenario("message-dead-lettered", lookalike_of=("DUP001", "ORP002", "STL001"))
def dead_lettered(s: Scenario) -> None:
    """A message fails three times and goes to the dead-letter queue, where it is taken up.

    The broker moves it: there is no second PRODUCER span. Support's consumer of
    ``orders.placed.dlq`` reports the same message id. It is one message with one life, neither lost
    nor done twice; for analytics, which had no trouble with it, it is processed.
    """
    shop = Shop.of(s)
    analytics = s.service("analytics", "insights")
    support = s.service("support", "customer-care")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False, system="rabbitmq")
        s.process(analytics, message, message.end + 0.1, 0.02)
        if number != 20:
            shop.ship(number, message)
            continue
        for again in range(3):
            at = message.end + 0.4 + again
            shop.ship(number, message, at=at, lasts=0.1, error="ValueError: no such address")
        s.process(
            support, message, message.end + 4.0, 0.1, joined_by="id",
            attributes={**key(number), "messaging.destination.name": "orders.placed.dlq"},
        )  # fmt: skip
    s.expected["messages"] = [
        {"consumer_group": "shipping", "state": "dead-lettered", "executions": [order(20)]},
        {"consumer_group": "shipping", "state": "processed", "executions": [order(19)]},
        {"consumer_group": "analytics", "state": "processed", "executions": [order(20)]},
    ]
    s.expected["executions"] = {"count": len(ORDERS)}


@scenario("message-doubled-producer", lookalike_of=("ORP002", "STL001", "DUP001"))
def doubled_producer(s: Scenario) -> None:
    """Two instrumentations report each send, one span inside the other.

    The consumer links to the inner one. It is one message: the outer span's is not left in the
    queue.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        outer = shop.place(number, number * 60.0, charge=False, message_id=False)
        inner = s.span(
            shop.checkout, outer.name, Kind.PRODUCER, outer.start + 0.001, 0.002, parent=outer,
            attributes=dict(outer.attributes), scope="kafka-clients",
        )  # fmt: skip
        shop.ship(number, inner)
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("message-request-and-reply", lookalike_of=("ORP002", "STL001", "ORP004"))
def request_and_reply(s: Scenario) -> None:
    """A question over one queue, its answer over another, each consumer in a trace of its own.

    Only the first message knows the order. The answer hangs on the question by links; all four
    traces are the order's.
    """
    shop = Shop.of(s)
    stock = s.service("stock", "warehouse")
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=key(number))
        ask = s.publish(shop.checkout, "stock.ask", at + 0.05, parent=root)
        asked = s.process(stock, ask, ask.end + 0.2, 0.1)
        answer = s.publish(stock, "stock.answers", asked.end - 0.02, parent=asked)
        took = s.process(shop.checkout, answer, answer.end + 0.2, 0.05)
        shop.ship(number, s.publish(shop.checkout, shop.destination, took.end - 0.01, parent=took))
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 4, "workflow": "POST /orders"},
        "status": {"completed": len(ORDERS)},
    }


#: How the replies' queues are called; none of the names comes twice.
_REPLY_QUEUES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("rabbitmq", "amq.gen-{uid:.11}-{uid:.10}", {}),
    ("rabbitmq", "amq.rabbitmq.reply-to.g1h{uid}.{uid:.22}==", {}),
    (
        "nats",
        "_INBOX.{uid:.22}",
        {"messaging.destination.template": "_INBOX.", "messaging.destination.temporary": True},
    ),
    ("jms", "ID:stock-7c9f-40151-16025116{n}-3:1:1", {"messaging.destination.temporary": True}),
    ("jms", "replies of {uid:.6}", {"messaging.destination.anonymous": True}),
    ("celery", "{uuid}", {}),
    ("jms", "answers.{uid:.6}", {"messaging.destination.template": "answers.{order}"}),
)


@scenario(
    "message-reply-queues-of-their-own", lookalike_of=("ORP002", "STL001", "OWN001", "DUP001")
)
def reply_queues_of_their_own(s: Scenario) -> None:
    """Each answer comes to a queue made for it, and only its id says so: the same id in each queue.

    The queue's name is made up by broker or client (RabbitMQ, NATS, JMS), or its spans say that it
    is temporary or anonymous. All of them are one destination, (anonymous), owned by who asks, and
    one step each of who answers and who takes the answer; where a template is given, that is its
    name. Two orders at a time are answered crosswise: by name and nearness alone each would get the
    other's answer. Nobody waits for the last answer of each kind any more: whoever makes a queue
    for itself may be gone, and has said so elsewhere.
    """
    shop = Shop.of(s)
    stock = s.service("stock", "warehouse")
    for number in ORDERS:
        at = number // 2 * 120.0
        system, pattern, said = _REPLY_QUEUES[number // 2 % len(_REPLY_QUEUES)]
        uid = s.random.randbytes(32).hex()
        uuid = f"{uid[:8]}-{uid[8:12]}-{uid[12:16]}-{uid[16:20]}-{uid[20:32]}"
        queue = pattern.format(uid=uid, n=10000 + number, uuid=uuid)
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=key(number))
        ask = s.publish(shop.checkout, "stock.ask", at + 0.05, parent=root)
        asked = s.process(stock, ask, ask.end + 0.2 + number % 2 / 10, 0.08)
        # What who asks knows of a direct reply-to is the same for all.
        direct = "reply-to" in queue
        facts = {"messaging.message.id": uid[:8] if direct else "1", **said}
        answer = s.publish(
            stock, queue, asked.end - 0.01, parent=asked, system=system, attributes=facts
        )
        # The one who asked first is the last to look.
        taken_at = answer.end + (0.3 if number % 2 == 0 else 0.05)
        seen = {**said, "messaging.destination.name": "amq.rabbitmq.reply-to"} if direct else said
        took = s.process(
            shop.checkout, answer, taken_at, 0.03, joined_by="id", group="checkout", attributes=seen
        )
        shop.ship(number, s.publish(shop.checkout, shop.destination, took.end - 0.01, parent=took))
        if number > LEARNED - 12 and number % 2 and pattern != _REPLY_QUEUES[-1][1]:
            late = {"messaging.message.id": "2", **said}
            s.publish(stock, queue, asked.end - 0.008, parent=asked, system=system, attributes=late)
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 4, "workflow": "POST /orders"},
        "status": {"completed": len(ORDERS)},
    }
    s.expected["owners"] = [
        {"kind": "destination", "name": name, "namespace": system, "team": "storefront"}
        for system, name in (
            *((system, "(anonymous)") for system in ("celery", "jms", "nats", "rabbitmq")),
            ("jms", "answers.{order}"),
        )
    ]


@scenario("message-from-an-outbox", lookalike_of=("ORP002", "ORP004", "DUP002"))
def from_an_outbox(s: Scenario) -> None:
    """A relay publishes what it finds in a table, in traces of its own without any key.

    One run of the relay sends the messages of three orders, and merges none of them: each message
    belongs to the order whose shipment it led to, the run itself to none of the three.
    """
    shop = Shop.of(s)
    relay = s.service("relay", "storefront")
    for batch in range(14):
        at = batch * 120.0
        numbers = [batch * 3 + index for index in range(1, 4)]
        for index, number in enumerate(numbers):
            s.serve(shop.checkout, "POST /orders", at + index, 0.1, attributes=key(number))
        tick = s.span(relay, "relay tick", Kind.INTERNAL, at + 10.0, 0.2)
        for index, number in enumerate(numbers):
            message = s.publish(relay, shop.destination, tick.start + 0.02 * index, parent=tick)
            shop.ship(number, message)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": 42 + 14, "of": {order(5): {"traces": 3}}}
    s.expected["handoffs"] = [
        {
            "from_service": "checkout",
            "to_service": "relay",
            "evidence": f"order.id {order(5)}: the step before carries it, the one after has it "
            "from what links to it",
        }
    ]


@scenario("runs-again-after-its-end", lookalike_of=("DUP002",))
def runs_again(s: Scenario) -> None:
    """Order 20 is placed a second time under its old number, a day after it was shipped.

    The first run had completed: the second is an execution of its own, ``ord-1020#2``.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        shop.order(number, number * 60.0)
    shop.order(20, 86_400.0)
    s.expected["executions"] = {
        "count": len(ORDERS) + 1,
        "named": {
            "ord-1020": {"traces": 2, "status": "completed"},
            "ord-1020#2": {"traces": 2, "status": "completed"},
        },
    }


@scenario("runs-not-again-while-at-work", lookalike_of=("DUP002",))
def not_again(s: Scenario) -> None:
    """Order 20 is asked for again while it is being shipped: the same run, in one more trace."""
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0)
        shop.ship(number, message, lasts=30.0)
        if number == 20:
            s.serve(shop.checkout, "GET /orders", number * 60.0 + 5.0, 0.02, attributes=key(number))
    s.expected["executions"] = {"count": len(ORDERS), "of": {order(20): {"traces": 3}}}


@scenario("batch-of-which-few-are-named", lookalike_of=("ORP002", "ORP004", "STL001"))
def batch_few_named(s: Scenario) -> None:
    """A consumer takes twenty messages at once, and names four of the orders.

    The four are wrapped as gifts, in spans of their own; of the others nothing is told but the
    link. All twenty were shipped.
    """
    shop = Shop.of(s)
    for batch in [0, 1, 20]:
        numbers, taken = shop.batch(batch)
        for number in numbers[::5]:
            s.span(
                shop.shipping, "wrap", Kind.INTERNAL, taken.start + 0.1, 0.03, parent=taken,
                attributes=key(number),
            )  # fmt: skip
    s.expected["settings"] = {"keys": [{"name": "order.id"}]}
    s.expected["executions"] = {
        "count": 60,
        "all": {"traces": 2, "services": ["checkout", "shipping"]},
    }


@scenario("keys-told-by-the-span-in-a-batch", lookalike_of=("ORP004",))
def told_in_a_batch(s: Scenario) -> None:
    """Twenty orders are settled at once, and each of them by a payment of its own.

    The span of each payment names it and its order, under a span that names all the orders. The
    bank's answers name the payment alone: each is of its one order.
    """
    shop = Shop.of(s)
    for batch in [0, 1, 20]:
        numbers = [batch * 20 + index for index in range(1, 21)]
        for index, number in enumerate(numbers):
            shop.order(number, batch * 120.0 + index * 5.0, charge=False)
        at = batch * 120.0 + 110.0
        settle = s.span(
            shop.payment,
            "settle",
            Kind.INTERNAL,
            at,
            5.0,
            attributes={"order.ids": [order(number) for number in numbers]},
        )
        for index, number in enumerate(numbers):
            paid = {"pay.id": f"pay-{number}"}
            s.span(
                shop.payment, "pay", Kind.INTERNAL, at + index * 0.2, 0.1, parent=settle,
                attributes={**key(number), **paid},
            )  # fmt: skip
            s.serve(shop.payment, "POST /paid", at + 60.0 + index, 0.1, attributes=paid)
    s.expected["settings"] = {
        "keys": [{"name": "order.id", "aliases": ["order.ids"]}, {"name": "pay.id"}]
    }
    s.expected["executions"] = {"count": 60, "all": {"traces": 4}}


@scenario("batch-worked-off-one-by-one", lookalike_of=("ORP002", "ORP004", "STL001"))
def worked_off(s: Scenario) -> None:
    """The Java agent's Kafka consumers: a receive of ten records, and a process of each under it.

    Each process links to the publication of its record; one order in ten is wrapped as a gift, in a
    span that names it. Each order has its own process, and none of the others'.
    """
    shop = Shop.of(s)
    for batch in [0, 1, 2, 9]:
        numbers = [batch * 10 + index for index in range(1, 11)]
        messages = [
            shop.place(number, batch * 120.0 + index * 5.0, charge=False, message_id=False)
            for index, number in enumerate(numbers)
        ]
        facts = {
            "messaging.system": "kafka",
            "messaging.destination.name": "orders.placed",
            "messaging.kafka.consumer.group": "shipping",
        }
        at = messages[-1].end + 0.2
        received = s.span(
            shop.shipping, "orders.placed receive", Kind.CONSUMER, at, 0.01,
            attributes={**facts, "messaging.operation": "receive"},
        )  # fmt: skip
        for index, (number, message) in enumerate(zip(numbers, messages, strict=True)):
            work = s.span(
                shop.shipping, "orders.placed process", Kind.CONSUMER, at + 0.1 + index * 0.05,
                0.04, parent=received, links=[message],
                attributes={**facts, "messaging.operation": "process"},
            )  # fmt: skip
            if index == 0:
                s.span(
                    shop.shipping, "wrap", Kind.INTERNAL, work.start + 0.01, 0.01, parent=work,
                    attributes=key(number),
                )  # fmt: skip
    s.expected["settings"] = {"keys": [{"name": "order.id"}]}
    s.expected["executions"] = {
        "count": 40,
        "all": {"traces": 2, "services": ["checkout", "shipping"]},
        "of": {order(1): {"spans": 5}, order(2): {"spans": 4}},
    }
    # What tells of the order is below the poll, not on it.
    s.expected["handoffs"] = [
        {
            "execution": order(2),
            "from_service": "checkout",
            "to_name": "orders.placed receive",
            "evidence": f"order.id {order(2)}: the step before carries it, the one after has it "
            "from what is below it",
        }
    ]
