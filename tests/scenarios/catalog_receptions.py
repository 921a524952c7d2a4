"""How libraries tell that a message was taken, as their sources say, and what it does not mean."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, order, placed, said


@scenario("dup001-received-and-worked-on-in-one", lookalike_of=("ORP002", "STL001"))
def received_and_worked_on(s: Scenario) -> None:
    """Spring for Apache Kafka: what goes on from the publication says ``receive``.

    The listener's work is below it, and nothing else processes. Order 20's record is read again
    after a rebalance, and worked on a second time; order 30's was worked on when the first try had
    failed. kafka-python's receive ends at once, with nothing below it: that search has read order
    20's record twice, too, says nothing of what it did. Nor does that the mailer's pika got order
    20's mail twice: it may have refused the first.
    """
    checkout = s.service("checkout", "storefront")
    shipping, search = s.service("shipping", "logistics"), s.service("search", "catalog")
    mailer, kafka = s.service("mailer", "crm"), said("messaging", system="kafka")
    rabbit = said("messaging", system="rabbitmq", destination="mails")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, checkout, number, at)
        sent = s.span(
            checkout, "orders send", Kind.PRODUCER, at + 0.05, 0.01, parent=root,
            attributes=kafka | said("messaging", operation="publish", destination__name="orders"),
        )  # fmt: skip
        ask = s.span(
            checkout, "mails send", Kind.PRODUCER, at + 0.07, 0.01, parent=root, attributes=rabbit
        )
        for again in range(2 if number in (20, 30) else 1):
            taken_at = at + 0.3 + again * 9.0
            failed = "IOException: no such address" if (number, again) == (30, 0) else None
            taken = s.span(
                shipping, "orders receive", Kind.CONSUMER, taken_at, 0.3, parent=sent, error=failed,
                attributes=kafka | said(
                    "messaging", operation="receive", source__name="orders",
                    kafka__consumer__group="shipping", kafka__source__partition="0",
                    kafka__message__offset=str(number),
                ),
            )  # fmt: skip
            s.span(shipping, "pack", Kind.INTERNAL, taken_at + 0.01, 0.2, parent=taken)
            s.span(
                search, "orders receive", Kind.CONSUMER, taken_at, 0.0001, parent=sent,
                attributes=kafka | said("messaging", destination="orders", kafka__partition=0),
            )  # fmt: skip
            mail = s.span(
                mailer, "mails receive", Kind.CONSUMER, taken_at, 0.1, parent=ask,
                attributes=rabbit | said("messaging", operation="receive"),
            )  # fmt: skip
            s.span(mailer, "smtp", Kind.CLIENT, taken_at + 0.01, 0.05, parent=mail)
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
    rabbit = said("messaging", system="rabbitmq", destination__name="orders") | said(
        "messaging.rabbitmq", destination__routing_key="order.placed"
    )
    old = said("messaging", system="rabbitmq", destination="", destination_kind="queue")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, checkout, number, at)
        sent = s.span(
            checkout, "publish", Kind.PRODUCER, at + 0.05, 0.002, parent=root,
            attributes=rabbit | said("messaging", operation__type="send"),
        )  # fmt: skip
        for place in range(2 if number % 5 == 0 else 1):
            s.span(
                notification, "deliver", Kind.CONSUMER, at + 0.2 + place, 0.1, links=[sent],
                attributes=rabbit | said("messaging", operation__type="process"),
            )  # fmt: skip
        for place in range(2):
            read = s.span(
                ledger, "orders.order.placed receive", Kind.CONSUMER, at + 0.4 + place, 0.001,
                attributes=said(
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
    kafka = said("messaging", system="kafka", destination__name="orders")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, checkout, number, at)
        partition, offset = number % 3, str(number // 3)
        s.span(
            checkout, "orders publish", Kind.PRODUCER, at + 0.05, 0.01, parent=root,
            attributes=kafka | said(
                "messaging", operation="publish", message__id=offset,
                kafka__destination__partition=partition,
            ),
        )  # fmt: skip
        # The first of each three is the last to be taken.
        for topic in ("orders", "returns"):
            s.span(
                shipping, f"{topic} receive", Kind.CONSUMER, at + 200.0 - partition * 60, 0.1,
                attributes=kafka | said(
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


@scenario("running-task-put-off-by-itself", lookalike_of=("ORP002", "STL001"))
def put_off(s: Scenario) -> None:
    """Celery tries a task again after three minutes, where nothing else is said.

    The try that failed publishes the task's own message once more. All others are taken at once,
    and many after it: it waits, and is not lost.
    """
    web, worker = s.service("web", "storefront"), s.service("worker", "payments")
    for number in range(1, 61):
        at = number * 10.0
        root = placed(s, web, number, at)
        task = said("messaging", destination="celery", message__id=f"task-{number}")
        sent = s.span(
            web, "apply_async/charge", Kind.PRODUCER, at + 0.05, 0.004, parent=root, attributes=task
        )
        state = "RETRY" if number == 45 else "SUCCESS"
        tried = s.span(
            worker, "run/charge", Kind.CONSUMER, at + 0.2, 0.1, parent=sent,
            attributes=task | said("celery", action="run", state=state),
        )  # fmt: skip
        if state == "RETRY":
            s.span(
                worker, "apply_async/charge", Kind.PRODUCER, at + 0.25, 0.004, parent=tried,
                attributes=task,
            )  # fmt: skip
    s.expected["executions"] = {"status": {"completed": 59, "running": 1}}
    s.expected["custody"] = [
        {"correlation": order(45), "holder": "celery", "state": "waiting in the queue"}
    ]
