"""What libraries write, as their sources say: publishing, receiving and processing."""

from __future__ import annotations

from typing import Any

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import ORDERS, key, order


def _said(space: str, **facts: Any) -> dict[str, Any]:
    """Return attributes of one namespace; a dot within a name is written ``__``."""
    return {f"{space}.{name.replace('__', '.')}": value for name, value in facts.items()}


def _placed(s: Scenario, service: Service, number: int, at: float) -> Span:
    return s.serve(service, "POST /orders", at, 0.1, attributes=key(number))


@scenario("orp002-lost-from-a-counted-batch")
def counted_batch(s: Scenario) -> None:
    """The poll counts the messages of its batch, and what is below it links to them.

    KafkaJS's ``eachBatch``, and the Java agent with its receive telemetry: a process for each
    message, with the link. aiokafka's ``getmany``: a receive for the poll, one a topic, which links
    to the receives of its records, each in its order's trace. The counts are no sign of links that
    got lost: of order 20, both readers lost the message.
    """
    checkout = s.service("checkout", "storefront")
    search, billing = s.service("search", "catalog"), s.service("billing", "billing")
    kafka = _said("messaging", system="kafka", destination__name="orders")
    receive = kafka | _said("messaging", operation__type="receive")
    for batch in range(9):
        at, sent = batch * 60.0, []
        for number in range(batch * 5 + 1, batch * 5 + 6):
            root = _placed(s, checkout, number, at + number % 5)
            send = s.span(
                checkout, "send orders", Kind.PRODUCER, root.start + 0.05, 0.01, parent=root,
                attributes=kafka | _said("messaging", operation__type="send"),
            )  # fmt: skip
            sent += [send] if number != 20 else []
        count = _said("messaging", batch__message_count=len(sent))
        poll = s.span(
            search, "receive orders", Kind.CONSUMER, at + 7.0, 0.5, attributes=receive | count
        )
        for index, send in enumerate(sent):
            s.span(
                search, "process orders", Kind.CONSUMER, at + 7.0, 0.5, parent=poll, links=[send],
                attributes=kafka | _said(
                    "messaging", operation__type="process", destination__partition__id="0",
                    kafka__offset=batch * 5 + index,
                ),
            )  # fmt: skip
        group = _said("messaging", consumer__group__name="billing")
        taken = [
            s.span(
                billing, "orders receive", Kind.CONSUMER, at + 8.0, 0.0001, parent=send,
                attributes=receive | group | _said(
                    "messaging", destination__partition__id="0",
                    message__id=f"orders.0.{batch * 5 + index}",
                ),
            )
            for index, send in enumerate(sent)
        ]  # fmt: skip
        told = _said("messaging", system="kafka", operation__type="receive")
        poll = s.span(
            billing,
            "orders receive",
            Kind.CONSUMER,
            at + 8.0,
            0.002,
            attributes=told | group | count,
        )
        s.span(
            billing, "orders receive", Kind.CONSUMER, at + 8.0, 0.001, parent=poll, links=taken,
            attributes=receive | group | count,
        )  # fmt: skip
    for service in ("search", "billing"):
        s.expect("ORP002", order(20), service=service, mentions=["orders"])
    s.expected["executions"] = {"count": 45}
    s.expected["messages"] = [
        {"consumer_group": "search", "state": "processed", "executions": [order(7)]},
        {"consumer_group": "billing", "state": "received", "executions": [order(7)]},
    ]


@scenario("orp002-lost-where-queues-have-other-names")
def other_names(s: Scenario) -> None:
    """BullMQ, NServiceBus and remoulade: attributes of their own, and no destination among them.

    A job's queue, an event's type and an actor's name say where a message goes. BullMQ tries order
    7's job again below a span of the failed try. Of order 20 all three messages got lost, and of
    the last one all three wait.
    """
    shop = s.service("shop", "storefront")
    mailer, stock = s.service("mailer", "crm"), s.service("stock", "warehouse")
    score = s.service("score", "risk")
    last = ORDERS[-1]
    for number in ORDERS:
        at = number * 60.0
        root = _placed(s, shop, number, at)
        job = _said("bullmq", queue__name="mails", job__id=str(number), job__name="welcome")
        event = _said(
            "nservicebus", message_id=f"e-{number}", conversation_id=f"c-{number}",
            enclosed_message_types="Shop.OrderPlaced, Shop, Version=1.0.0.0, Culture=neutral",
        )  # fmt: skip
        actor = _said("remoulade", actor_name="score_order", retry_count=0) | _said(
            "messaging", message__id=f"a-{number}"
        )
        sent = [
            s.span(shop, name, Kind.PRODUCER, at + 0.05, 0.004, parent=root, attributes=facts)
            for name, facts in (
                ("add mails.welcome", job | _said("bullmq", queue__operation="add")),
                ("publish event", event),
                ("remoulade/send", actor | _said("remoulade", action="send")),
            )
        ]
        if number in (20, last):
            continue
        mails = job | _said("bullmq", queue__operation="process", worker__id="w1")
        error = "Error: no route to host" if number == 7 else None
        mail = s.span(
            mailer, "process mails", Kind.CONSUMER, at + 0.2, 0.1, parent=sent[0], attributes=mails,
            error=error, error_status=False,
        )  # fmt: skip
        if error:
            delay = s.span(
                mailer, "delay mails", Kind.INTERNAL, at + 0.29, 0.005, parent=mail,
                attributes=job | _said("bullmq", queue__operation="delay"),
            )  # fmt: skip
            s.span(
                mailer, "process mails", Kind.CONSUMER, at + 1.3, 0.1, parent=delay,
                attributes=mails,
            )  # fmt: skip
        handled = s.span(
            stock, "process message", Kind.CONSUMER, at + 0.3, 0.1, parent=sent[1], attributes=event
        )
        s.span(stock, "OrderPlacedHandler", Kind.INTERNAL, at + 0.31, 0.08, parent=handled)
        s.span(
            score, "remoulade/process", Kind.CONSUMER, at + 0.4, 0.1, parent=sent[2],
            attributes=actor | _said("remoulade", action="run"),
        )  # fmt: skip
    for service, queue in (
        ("mailer", "mails"),
        ("stock", "Shop.OrderPlaced"),
        ("score", "score_order"),
    ):
        s.expect("ORP002", order(20), service=service, mentions=[f"published to {queue} "])
    s.expected["executions"] = {
        "count": len(ORDERS),
        "of": {order(7): {"status": "completed"}, order(last): {"status": "running"}},
    }
    s.expected["custody"] = [
        {"correlation": order(last), "holder": queue, "holder_kind": "queue", "team": team}
        for queue, team in (
            ("mails", "crm"),
            ("Shop.OrderPlaced", "warehouse"),
            ("score_order", "risk"),
        )
    ]
    s.expected["steps"] = [
        {"execution": order(7), "service": "mailer", "status": status, "attempt": attempt}
        for attempt, status in ((1, "error"), (2, "ok"))
    ]


@scenario("orp002-lost-task-of-celery")
def lost_task(s: Scenario) -> None:
    """Celery's tasks name their queue by its routing key, on either side.

    Order 20's task got lost. A task that is sent by its name alone, to a worker of other code, is
    another matter: its PRODUCER never ends, and the worker goes on below what nobody exported. The
    trace tells whose task it is.
    """
    web = s.service("web", "storefront")
    payments, stock = s.service("payments", "payments"), s.service("stock", "warehouse")
    for number in ORDERS:
        at = number * 60.0
        root = _placed(s, web, number, at)
        for worker, task, queue, ended in (
            (payments, "shop.charge", "payments", True),
            (stock, "stock.reserve", "stock", False),
        ):
            facts = {
                **_said("celery", task_name=task),
                **_said("messaging", message__id=f"{task}-{number}", destination=queue),
            }
            sent = s.span(
                web, f"apply_async/{task}", Kind.PRODUCER, at + 0.05, 0.004, parent=root,
                attributes=facts | _said("celery", action="apply_async"), lost=not ended,
            )  # fmt: skip
            if number != 20 or not ended:
                s.span(
                    worker, f"run/{task}", Kind.CONSUMER, at + 0.3, 0.1, parent=sent,
                    attributes=facts | _said("celery", action="run", state="SUCCESS")
                    | _said("messaging", conversation_id=f"{task}-{number}"),
                )  # fmt: skip
    s.expect("ORP002", order(20), service="payments", mentions=["payments"])
    s.expected["executions"] = {"count": len(ORDERS), "of": {order(19): {"status": "completed"}}}
    s.expected["handoffs"] = [
        {"from_service": "web", "to_service": "stock", "mode": "async"},
        {
            "from_service": "web",
            "to_service": "payments",
            "mode": "async",
            "destination": "payments",
        },
    ]


@scenario("dup001-received-and-worked-on-in-one", lookalike_of=("ORP002", "STL001"))
def received_and_worked_on(s: Scenario) -> None:
    """Spring for Apache Kafka and pika: what goes on from the publication says ``receive``.

    The listener's work is below it, and nothing else processes. Order 20's record is read again
    after a rebalance, and worked on a second time; order 30's was worked on when the first try had
    failed. kafka-python's receive ends at once, with nothing below it: that search has read order
    20's record twice, too, says nothing of what it did.
    """
    checkout = s.service("checkout", "storefront")
    shipping, search = s.service("shipping", "logistics"), s.service("search", "catalog")
    kafka = _said("messaging", system="kafka")
    for number in ORDERS:
        at = number * 60.0
        root = _placed(s, checkout, number, at)
        sent = s.span(
            checkout, "orders send", Kind.PRODUCER, at + 0.05, 0.01, parent=root,
            attributes=kafka | _said("messaging", operation="publish", destination__name="orders"),
        )  # fmt: skip
        for again in range(2 if number in (20, 30) else 1):
            taken_at = at + 0.3 + again * 9.0
            failed = "IOException: no such address" if (number, again) == (30, 0) else None
            taken = s.span(
                shipping, "orders receive", Kind.CONSUMER, taken_at, 0.3, parent=sent, error=failed,
                attributes=kafka | _said(
                    "messaging", operation="receive", source__name="orders",
                    kafka__consumer__group="shipping", kafka__source__partition="0",
                    kafka__message__offset=str(number),
                ),
            )  # fmt: skip
            s.span(shipping, "pack", Kind.INTERNAL, taken_at + 0.01, 0.2, parent=taken)
            s.span(
                search, "orders receive", Kind.CONSUMER, taken_at, 0.0001, parent=sent,
                attributes=kafka | _said("messaging", destination="orders", kafka__partition=0),
            )  # fmt: skip
    s.expect("DUP001", order(20), service="shipping", mentions=["9.0 s apart"])
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
    s.expected["messages"] = [
        {"consumer_group": group, "state": state, "executions": [order(number)]}
        for group, state, number in (
            ("shipping", "processed", 30), ("search", "received", 30), ("shipping", "processed", 5),
        )
    ]  # fmt: skip


@scenario("dup001-not-queues-without-names", lookalike_of=("DUP001", "DUP002", "ORP002"))
def queues_without_names(s: Scenario) -> None:
    """RabbitMQ's client for .NET and Bunny: who takes a message names the exchange, or nothing.

    Notification has two queues at one exchange, of which that for text messages gets every fifth
    order; the ledger has two that get all. Two pieces of work, which nothing but their number tells
    from a redelivery. Bunny's loop has a span for each frame, also for those that bring nothing.
    """
    checkout = s.service("checkout", "storefront")
    notification, ledger = s.service("notification", "crm"), s.service("ledger", "billing")
    rabbit = _said("messaging", system="rabbitmq", destination__name="orders") | _said(
        "messaging.rabbitmq", destination__routing_key="order.placed"
    )
    old = _said("messaging", system="rabbitmq", destination="", destination_kind="queue")
    for number in ORDERS:
        at = number * 60.0
        root = _placed(s, checkout, number, at)
        sent = s.span(
            checkout, "publish", Kind.PRODUCER, at + 0.05, 0.002, parent=root,
            attributes=rabbit | _said("messaging", operation__type="send"),
        )  # fmt: skip
        for place in range(2 if number % 5 == 0 else 1):
            s.span(
                notification, "deliver", Kind.CONSUMER, at + 0.2 + place, 0.1, links=[sent],
                attributes=rabbit | _said("messaging", operation__type="process"),
            )  # fmt: skip
        for place in range(2):
            read = s.span(
                ledger, "orders.order.placed receive", Kind.CONSUMER, at + 0.4 + place, 0.001,
                attributes=_said(
                    "messaging", system="rabbitmq", destination="orders", operation="receive",
                    rabbitmq__routing_key="order.placed",
                ),
            )  # fmt: skip
            s.span(
                ledger, "orders.order.placed process", Kind.CONSUMER, at + 0.401 + place, 0.1,
                parent=read, links=[sent],
            )  # fmt: skip
        s.span(ledger, "Bunny::ReaderLoop#run_once", Kind.CONSUMER, at + 30.0, 10.0, attributes=old)
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
    s.expected["set_aside"] = {"poll": len(ORDERS)}


@scenario("message-offsets-for-ids", lookalike_of=("DUP001", "ORP002"))
def offsets_for_ids(s: Scenario) -> None:
    """Sarama's instrumentation: a message's id is its offset, and each partition counts anew.

    A mirror drops the headers, so that only place and id tell whose message it is: in a topic of
    three partitions each id is there three times. Another topic's producers send no telemetry.
    """
    checkout, shipping = s.service("checkout", "storefront"), s.service("shipping", "logistics")
    kafka = _said("messaging", system="kafka", destination__name="orders")
    for number in ORDERS:
        at = number * 60.0
        root = _placed(s, checkout, number, at)
        partition, offset = number % 3, str(number // 3)
        s.span(
            checkout, "orders publish", Kind.PRODUCER, at + 0.05, 0.01, parent=root,
            attributes=kafka | _said(
                "messaging", operation="publish", message__id=offset,
                kafka__destination__partition=partition,
            ),
        )  # fmt: skip
        # The first of each three is the last to be taken.
        for topic in ("orders", "returns"):
            s.span(
                shipping, f"{topic} receive", Kind.CONSUMER, at + 200.0 - partition * 60, 0.1,
                attributes=kafka | _said(
                    "messaging", operation="receive", message__id=offset,
                    kafka__source__partition=partition, destination__name=topic,
                ),
            )  # fmt: skip
    s.expected["settings"] = {"keys": [{"name": "order.id"}]}
    s.expected["messages"] = [
        {"destination": "orders", "consumer_group": "shipping", "executions": [order(number)]}
        for number in (9, 10, 11)
    ]
    s.expected["executions"] = {
        "count": 2 * len(ORDERS),
        "of": {order(10): {"traces": 2, "services": ["checkout", "shipping"]}},
    }
