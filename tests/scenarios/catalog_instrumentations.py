"""What widely used instrumentations write, and what it must not be taken for."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Span
from scenarios.registry import scenario
from scenarios.shop import MUCH_LATER, ORDERS, Shop, key, order


@scenario("message-producer-says-receive")
def producer_says_receive(s: Scenario) -> None:
    """Confluent's Kafka client for Python: the PRODUCER calls its operation ``receive``.

    The consumer opens a ``recv`` that ends at once and, below it, a ``process`` with the link that
    lasts as long as the work: one step, as long as the work, and failed when that fails. Order 20's
    message got lost, order 30's work failed, and order 36's waits for both groups.
    """
    checkout = s.service("checkout", "storefront")
    readers = (s.service("billing", "billing"), s.service("search", "catalog"))
    facts = {"messaging.system": "kafka", "messaging.destination": "orders"}
    for number in range(1, 37):
        at = number * 60.0
        root = s.serve(checkout, "POST /orders", at, 0.1, attributes=key(number))
        sent = s.span(
            checkout, "orders send", Kind.PRODUCER, at + 0.05, 0.001, parent=root,
            attributes={**facts, "messaging.operation": "receive"},
        )  # fmt: skip
        for reader in readers:
            if number == 36 or (number == 20 and reader is readers[0]):
                continue
            polled = s.span(reader, "recv", Kind.CONSUMER, at + 0.3, 0.0001)
            s.span(
                reader, "orders process", Kind.CONSUMER, at + 0.3, 0.25, parent=polled,
                links=[sent], error="ValueError: no price" if number == 30 else None,
                attributes={
                    **facts, "messaging.operation": "process", "messaging.kafka.partition": 0,
                    "messaging.message.id": f"orders.0.{number}",
                },
            )  # fmt: skip
    s.expect("ORP002", order(20), mentions=["orders", "billing"])
    s.expected["executions"] = {
        "status": {"completed": 33, "failed": 1, "abandoned": 1, "running": 1},
        "of": {order(30): {"status": "failed"}, order(36): {"status": "running"}},
    }
    s.expected["custody"] = [{"correlation": order(36), "holder": "orders", "branch": 2}]


@scenario("message-default-exchange")
def default_exchange(s: Scenario) -> None:
    """RabbitMQ's default exchange has no name: the routing key is the queue's.

    amqplib for Node writes both on either side. Order 20's invoice got lost, order 41's mail waits.
    """
    api = s.service("api", "storefront")
    readers = {"mail": s.service("mailer", "crm"), "invoice": s.service("invoicer", "billing")}
    for number in range(1, 42):
        at = number * 60.0
        root = s.serve(api, "POST /orders", at, 0.1, attributes=key(number))
        for queue, reader in readers.items():
            facts = {
                "messaging.system": "rabbitmq",
                "messaging.destination": "",
                "messaging.rabbitmq.routing_key": queue,
            }
            sent = s.span(
                api, "publish <default>", Kind.PRODUCER, at + 0.05, 0.002, parent=root,
                attributes=facts,
            )  # fmt: skip
            if (number, queue) not in ((20, "invoice"), (41, "mail")):
                s.span(
                    reader, f"{queue} process", Kind.CONSUMER, at + 0.3, 0.2, parent=sent,
                    attributes={**facts, "messaging.operation": "process"},
                )  # fmt: skip
    s.expect("ORP002", order(20), service="invoicer", mentions=["invoice"])
    s.expected["custody"] = [
        {"correlation": order(41), "holder": "mail", "holder_kind": "queue", "team": "crm"}
    ]


@scenario("keys-of-a-trace-stand-together", lookalike_of=("DUP002", "DUP001"))
def keys_of_a_trace(s: Scenario) -> None:
    """Celery: a conversation id on each task, and an order's number on the span that saved it.

    Neither stands above the other, but the trace has one of each. A task that asks for another try
    ends with its status unset and the state RETRY, and sends its own message once more.
    """
    django = s.service("django", "storefront")
    worker = s.service("worker", "payments")

    def task(at: float, state: str, sent: Span, number: int) -> Span:
        return s.span(
            worker, "run/shop.charge", Kind.CONSUMER, at, 0.3, parent=sent,
            attributes={
                "celery.action": "run", "celery.state": state, "messaging.destination": "celery",
                "messaging.message.id": f"task-{number}",
                "messaging.conversation_id": f"task-{number}",
            },
        )  # fmt: skip

    def send(at: float, parent: Span, number: int) -> Span:
        return s.span(
            parent.service, "apply_async/shop.charge", Kind.PRODUCER, at, 0.004, parent=parent,
            attributes={
                "celery.action": "apply_async", "messaging.destination": "celery",
                "messaging.message.id": f"task-{number}",
            },
        )  # fmt: skip

    for number in range(1, 41):
        at = number * 60.0
        root = s.serve(django, "POST orders/", at, 0.1)
        s.span(
            django, "order saved", Kind.INTERNAL, at + 0.01, 0.01, parent=root,
            attributes={"order.pk": number},
        )  # fmt: skip
        sent = send(at + 0.05, root, number)
        if number in (7, 21):
            sent = send(at + 0.45, task(at + 0.2, "RETRY", sent, number), number)
        if number < 40:
            task(sent.end + 0.15, "SUCCESS", sent, number)
    s.expected["settings"] = {"keys": [{"name": "order.pk"}]}
    s.expected["executions"] = {"count": 40, "status": {"completed": 39, "running": 1}}
    s.expected["custody"] = [{"correlation": "40", "holder": "celery", "team": "payments"}]


@scenario("keys-not-counted-conversations")
def counted_conversations(s: Scenario) -> None:
    """SQS batches for Python: the entries of each batch are conversations 0, 1, 2.

    A conversation id is a key, but not where each batch begins to count anew: it would make one
    execution of all first entries.
    """
    importer = s.service("importer", "ingest")
    indexer = s.service("indexer", "search")
    facts = {"messaging.system": "aws.sqs", "messaging.destination": "docs"}
    for number in range(1, 13):
        at = number * 60.0
        root = s.span(importer, "import file", Kind.INTERNAL, at, 0.5)
        for entry in range(3):
            name = {"messaging.message_id": f"m-{number}-{entry}"}
            sent = s.span(
                importer, "docs send", Kind.PRODUCER, at + 0.1, 0.05, parent=root,
                attributes={**facts, **name, "messaging.conversation_id": str(entry)},
            )  # fmt: skip
            s.span(
                indexer, "docs process", Kind.CONSUMER, at + 0.5 + entry, 0.1, links=[sent],
                attributes={**facts, **name, "messaging.operation": "process"},
            )  # fmt: skip
    s.expected["keys"] = []
    s.expected["executions"] = {
        "count": 12, "all": {"workflow": "import file", "traces": 4, "status": "completed"},
    }  # fmt: skip


@scenario("dat001-consumer-in-its-own-trace")
def consumer_in_its_own_trace(s: Scenario) -> None:
    """Shipping's clock is three seconds behind, and it works in traces of its own.

    By the clocks each order begins at shipping. By cause it begins at checkout: shipping's link
    says so, and that is what names the workflow and orders the steps.
    """
    checkout = s.service("checkout", "storefront")
    shipping = s.service("shipping", "logistics", skew=-3.0)
    for number in range(1, 13):
        root = s.serve(checkout, "POST /orders", number * 60.0, 0.1, attributes=key(number))
        sent = s.publish(checkout, "orders", number * 60.0 + 0.05, parent=root)
        s.process(shipping, sent, sent.end + 0.4, 0.2, attributes=key(number))
    s.expect("DAT001", service="shipping", mentions=["checkout"])
    s.expected["executions"] = {"count": 12, "all": {"workflow": "POST /orders"}}
    s.expected["handoffs"] = [{"from_service": "checkout", "to_service": "shipping"}]


@scenario("orp001-not-a-closed-page", lookalike_of=("ORP001",))
def closed_page(s: Scenario) -> None:
    """A page that is closed takes its spans with it: nothing was left undone by a team."""
    page = s.service("shop-web", "web", resource={"telemetry.sdk.language": "webjs"})
    api = s.service("api", "storefront")
    for number in range(1, 41):
        at, closed = number * 60.0, number in (9, 23)
        click = s.span(page, "click", Kind.INTERNAL, at, 0.4, lost=closed)
        post = s.span(page, "POST", Kind.CLIENT, at + 0.01, 0.3, parent=click, lost=closed)
        s.serve(api, "POST /orders", at + 0.1, 0.1, parent=post, attributes=key(number))
    s.serve(api, "GET /health", MUCH_LATER + 2400.0, 0.01)
    s.expected["executions"] = {"status": {"completed": 40}}


@scenario("running-approved-after-days", lookalike_of=("ORP004", "STL002"))
def approved_after_days(s: Scenario) -> None:
    """A person approves each loan, one to four days after it was asked for.

    The recording is two weeks long: ten times as long as that has passed for none. All the same,
    nearly all that are older than four days were approved, and so the youngest awaits it.
    """
    desk = s.service("loans", "lending")
    approval = s.service("approval", "underwriting")
    day = 86400.0
    for number in range(1, 57):
        at, loan = number * day / 4, {"loan.id": f"loan-{number}"}
        s.serve(desk, "POST /loans", at, 0.2, attributes=loan)
        approved = at + day * (1.0 + number * 7 % 10 / 3)
        if approved < 14 * day:
            s.serve(approval, "POST /loans/{id}/approve", approved, 0.1, attributes=loan)
    s.expected["executions"] = {"count": 56, "of": {"loan-1": {"status": "completed"}}}
    s.expected["custody"] = [
        {"correlation": "loan-56", "holder": "approval", "holder_kind": "between"}
    ]


@scenario("running-connections-open-for-an-hour", lookalike_of=("ORP001",))
def open_connections(s: Scenario) -> None:
    """A connection's span comes when it is closed, after an hour, its messages' at once.

    Twelve of the forty are open at the end. They are not missing as those of a gateway are that
    sends no telemetry: the gateway holds what goes through them.
    """
    gateway = s.service("gateway", "edge")
    for number in range(1, 41):
        at = number * 300.0
        line = s.serve(gateway, "WS /stream", at, 3600.0, lost=number > 28)
        for place in range(2):
            s.span(
                gateway, "ws.message", Kind.INTERNAL, at + 10.0 + place * 40.0, 0.05, parent=line
            )
    s.expected["executions"] = {"status": {"completed": 28, "running": 12}}


@scenario("keys-by-which-messages-are-parted", lookalike_of=("ORP004",))
def parted_messages(s: Scenario) -> None:
    """An outbox's relay knows of an order nothing but the key by which Kafka parts its message.

    It publishes in traces of its own what it finds. The message of order 20 was published and got
    lost: it was not the relay that failed to act.
    """
    checkout = s.service("checkout", "storefront")
    relay = s.service("relay", "platform")
    shipping = s.service("shipping", "logistics")
    for number in range(1, 46):
        at, parted = number * 60.0, {"messaging.kafka.message.key": order(number)}
        s.serve(checkout, "POST /orders", at, 0.1, attributes=key(number))
        poll = s.span(relay, "poll", Kind.INTERNAL, at + 5.0, 0.2)
        sent = s.publish(relay, "orders", at + 5.1, parent=poll, attributes=parted)
        if number != 20:
            s.process(shipping, sent, at + 6.0, 0.1, attributes={**key(number), **parted})
    s.expect("ORP002", order(20), service="shipping", mentions=["relay"])
    s.expected["keys"] = ["order.id"]
    s.expected["custody"] = [{"correlation": order(20), "holder": "orders", "team": "logistics"}]


@scenario("keys-not-of-a-batch-s-branches")
def branches_of_a_batch(s: Scenario) -> None:
    """A worker's poll takes an order, and a quote of another order, in one trace.

    The trace has one order's number and one conversation id, and they have nothing to do with each
    other: the quote's own trace says whose conversation it is.
    """
    checkout = s.service("checkout", "storefront")
    quotes = s.service("quotes", "pricing")
    worker = s.service("worker", "logistics")
    for number in range(1, 33):
        at, talk = number * 60.0, {"messaging.message.conversation_id": f"talk-{number}"}
        s.serve(checkout, "POST /orders", at, 0.1, attributes=key(number))
        asked = s.serve(quotes, "POST /quotes", at + 3.0, 0.1, attributes=key(number + 100))
        sent = s.publish(quotes, "quotes", at + 3.05, parent=asked, attributes=talk)
        poll = s.span(worker, "poll", Kind.INTERNAL, at + 10.0, 1.0)
        s.span(worker, "handle", Kind.INTERNAL, at + 10.1, 0.1, parent=poll, attributes=key(number))
        process = {**talk, "messaging.operation.type": "process"}
        s.span(
            worker, "process quotes", Kind.CONSUMER, at + 10.3, 0.1, parent=poll, links=[sent],
            attributes=process,
        )  # fmt: skip
    s.expected["executions"] = {
        "of": {
            order(5): {"services": ["checkout", "worker"], "spans": 2},
            order(105): {"services": ["quotes", "worker"], "spans": 3},
        }
    }


@scenario("message-processed-by-an-internal-span", lookalike_of=("DUP001", "ORP002"))
def pubsub(s: Scenario) -> None:
    """Google's Pub/Sub clients: who received is a CONSUMER, what processes under it INTERNAL.

    The message is a ``create``; the call that sends links to it from a trace of its own, and the
    acknowledgement, in another one, links to what received. One message, processed and settled.
    """
    shop = Shop.of(s)
    topic = {"messaging.system": "gcp_pubsub", "messaging.destination.name": "orders"}
    own = {"messaging.system": "gcp_pubsub", "messaging.destination.name": "orders-sub"}
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.1, attributes=key(number))
        created = s.span(
            shop.checkout, "orders create", Kind.PRODUCER, at + 0.03, 0.01, parent=root,
            attributes={
                **topic, "messaging.operation": "create", "messaging.message.id": f"77{number}",
            },
        )  # fmt: skip
        s.span(
            shop.checkout, "orders publish", Kind.CLIENT, at + 0.04, 0.02, links=[created],
            attributes={**topic, "messaging.operation": "publish"},
        )  # fmt: skip
        received = s.span(
            shop.shipping, "orders-sub subscribe", Kind.CONSUMER, at + 0.2, 0.3, parent=created,
            attributes={
                **own, "messaging.operation": "receive", "messaging.message.id": f"77{number}",
            },
        )  # fmt: skip
        s.span(
            shop.shipping, "orders-sub process", Kind.INTERNAL, at + 0.23, 0.2, parent=received,
            attributes={"messaging.system": "gcp_pubsub", "messaging.operation": "process"},
        )  # fmt: skip
        s.span(
            shop.shipping, "orders-sub ack", Kind.CLIENT, at + 0.52, 0.01, links=[received],
            attributes={**own, "messaging.operation": "ack"},
        )  # fmt: skip
    s.expected["executions"] = {"count": len(ORDERS), "all": {"traces": 3, "spans": 6}}
    s.expected["messages"] = [{"destination": "orders", "state": "settled"}]
    s.expected["handoffs"] = [
        {"to_service": "shipping", "to_name": "orders-sub subscribe", "type": "message"},
        {"to_service": "shipping", "to_name": "orders-sub ack", "type": "link"},
    ]
