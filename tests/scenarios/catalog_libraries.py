"""What libraries write, as their sources say: publishing, receiving and processing."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, order, placed, said


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
    kafka = said("messaging", system="kafka", destination__name="orders")
    receive = kafka | said("messaging", operation__type="receive")
    for batch in range(9):
        at, sent = batch * 60.0, []
        for number in range(batch * 5 + 1, batch * 5 + 6):
            root = placed(s, checkout, number, at + number % 5)
            send = s.span(
                checkout, "send orders", Kind.PRODUCER, root.start + 0.05, 0.01, parent=root,
                attributes=kafka | said("messaging", operation__type="send"),
            )  # fmt: skip
            sent += [send] if number != 20 else []
        count = said("messaging", batch__message_count=len(sent))
        poll = s.span(
            search, "receive orders", Kind.CONSUMER, at + 7.0, 0.5, attributes=receive | count
        )
        for index, send in enumerate(sent):
            s.span(
                search, "process orders", Kind.CONSUMER, at + 7.0, 0.5, parent=poll, links=[send],
                attributes=kafka | said(
                    "messaging", operation__type="process", destination__partition__id="0",
                    kafka__offset=batch * 5 + index,
                ),
            )  # fmt: skip
        group = said("messaging", consumer__group__name="billing")
        taken = [
            s.span(
                billing, "orders receive", Kind.CONSUMER, at + 8.0, 0.0001, parent=send,
                attributes=receive | group | said(
                    "messaging", destination__partition__id="0",
                    message__id=f"orders.0.{batch * 5 + index}",
                ),
            )
            for index, send in enumerate(sent)
        ]  # fmt: skip
        told = said("messaging", system="kafka", operation__type="receive")
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
        root = placed(s, shop, number, at)
        job = said("bullmq", queue__name="mails", job__id=str(number), job__name="welcome")
        event = said(
            "nservicebus", message_id=f"e-{number}", conversation_id=f"c-{number}",
            enclosed_message_types="Shop.OrderPlaced, Shop, Version=1.0.0.0, Culture=neutral",
        )  # fmt: skip
        actor = said("remoulade", actor_name="score_order", retry_count=0) | said(
            "messaging", message__id=f"a-{number}"
        )
        sent = [
            s.span(shop, name, Kind.PRODUCER, at + 0.05, 0.004, parent=root, attributes=facts)
            for name, facts in (
                ("add mails.welcome", job | said("bullmq", queue__operation="add")),
                ("publish event", event),
                ("remoulade/send", actor | said("remoulade", action="send")),
            )
        ]
        if number in (20, last):
            continue
        mails = job | said("bullmq", queue__operation="process", worker__id="w1")
        error = "Error: no route to host" if number == 7 else None
        mail = s.span(
            mailer, "process mails", Kind.CONSUMER, at + 0.2, 0.1, parent=sent[0], attributes=mails,
            error=error, error_status=False,
        )  # fmt: skip
        if error:
            delay = s.span(
                mailer, "delay mails", Kind.INTERNAL, at + 0.29, 0.005, parent=mail,
                attributes=job | said("bullmq", queue__operation="delay"),
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
            attributes=actor | said("remoulade", action="run"),
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
        root = placed(s, web, number, at)
        for worker, task, queue, ended in (
            (payments, "shop.charge", "payments", True),
            (stock, "stock.reserve", "stock", False),
        ):
            facts = {
                **said("celery", task_name=task),
                **said("messaging", message__id=f"{task}-{number}", destination=queue),
            }
            sent = s.span(
                web, f"apply_async/{task}", Kind.PRODUCER, at + 0.05, 0.004, parent=root,
                attributes=facts | said("celery", action="apply_async"), lost=not ended,
            )  # fmt: skip
            if number != 20 or not ended:
                s.span(
                    worker, f"run/{task}", Kind.CONSUMER, at + 0.3, 0.1, parent=sent,
                    attributes=facts | said("celery", action="run", state="SUCCESS")
                    | said("messaging", conversation_id=f"{task}-{number}"),
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


@scenario("orp002-lost-job-of-rails", lookalike_of=("STL001", "DUP001"))
def lost_job(s: Scenario) -> None:
    """Sidekiq, and Active Job above it: two instrumentations, each with a message of its own.

    Both publish under one name, and both process in traces of their own: it is one job. A job that
    is put off for five minutes is pushed again by Sidekiq's poller, which is not traced: its link
    leads to a span that nobody exported, and only its id is that of the first. Of order 20 both got
    lost.
    """
    web, worker = s.service("web", "storefront"), s.service("worker", "jobs")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, web, number, at)
        later = said("messaging", system="sidekiq", destination="later", message_id=f"l{number}")
        s.span(web, "later publish", Kind.PRODUCER, at + 0.02, 0.002, parent=root, attributes=later)
        sidekiq = said("messaging", system="sidekiq", destination="mail", message_id=f"s{number}")
        active = said(
            "messaging", system="active_job", destination="mail", message__id=f"j{number}"
        )
        outer = s.span(
            web, "mail publish", Kind.PRODUCER, at + 0.05, 0.004, parent=root, attributes=active
        )
        inner = s.span(
            web, "mail publish", Kind.PRODUCER, at + 0.051, 0.002, parent=outer, scope="sidekiq",
            attributes=sidekiq,
        )  # fmt: skip
        if number == 20:
            continue
        process = said("messaging", operation="process")
        s.span(
            worker, "mail process", Kind.CONSUMER, at + 0.3, 0.12, links=[inner], scope="sidekiq",
            attributes=sidekiq | process,
        )  # fmt: skip
        s.span(
            worker, "mail process", Kind.CONSUMER, at + 0.31, 0.1, links=[outer], attributes=active
        )
        pushed = s.span(web, "later publish", Kind.PRODUCER, at + 300.0, 0.002, lost=True)
        s.span(
            worker, "later process", Kind.CONSUMER, at + 301.0, 0.1, links=[pushed],
            attributes=later | process,
        )  # fmt: skip
    for queue in ("mail", "later"):
        s.expect("ORP002", order(20), service="worker", mentions=[f"published to {queue} "])
    s.expected["executions"] = {
        "count": len(ORDERS), "of": {order(5): {"traces": 4, "status": "completed"}},
    }  # fmt: skip
    s.expected["messages"] = [
        {"destination": queue, "state": "processed", "executions": [order(5)]}
        for queue in ("mail", "later")
    ]


@scenario("orp002-lost-under-a-qualified-name", lookalike_of=("DUP001", "DUP002"))
def qualified_name(s: Scenario) -> None:
    """MassTransit, aio-pika and Amazon's SNS: one place, called otherwise on either side.

    MassTransit's receive names the queue, and what processes below it nothing; a try that failed is
    tried again below the same receive. aio-pika puts an empty exchange and a comma before the queue
    it publishes to. SNS's topic is an ARN to who publishes, and who takes from its queue names
    that. All three are lost once.
    """
    shop = s.service("shop", "storefront")
    stock, mailer = s.service("stock", "warehouse"), s.service("mailer", "crm")
    books = s.service("books", "billing")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, shop, number, at)
        mass = said("messaging.masstransit", message_id=f"m-{number}")
        rabbit = said("messaging", system="rabbitmq")
        sent = [
            s.span(shop, name, Kind.PRODUCER, at + 0.05, 0.004, parent=root, attributes=facts)
            for name, facts in (
                (
                    "Shop:OrderPlaced send",
                    mass | rabbit
                    | said("messaging", operation="send", destination__name="Shop:OrderPlaced"),
                ),
                (",mails send", rabbit | said("messaging", destination=",mails")),
                (
                    "placed send",
                    said(
                        "messaging", system="aws.sns", destination="placed",
                        destination__name="arn:aws:sns:eu-west-1:123456789012:placed",
                    ),
                ),
            )
        ]  # fmt: skip
        if number == 20:
            continue
        received = s.span(
            stock, "stock receive", Kind.CONSUMER, at + 0.2, 0.2, parent=sent[0],
            attributes=said("messaging", operation="receive", destination__name="stock"),
        )  # fmt: skip
        for again in range(2 if number == 7 else 1):
            s.span(
                stock, "stock process", Kind.CONSUMER, at + 0.21 + again / 10, 0.05,
                parent=received, attributes=mass | said("messaging", operation="process"),
                error="TimeoutException: stock" if (number, again) == (7, 0) else None,
            )  # fmt: skip
        mail = s.span(
            mailer, "mails receive", Kind.CONSUMER, at + 0.3, 0.1, parent=sent[1],
            attributes=rabbit | said("messaging", operation="receive", destination="mails"),
        )  # fmt: skip
        s.span(mailer, "smtp", Kind.CLIENT, at + 0.31, 0.05, parent=mail)
        s.span(
            books, "books process", Kind.CONSUMER, at + 0.4, 0.1, links=[sent[2]],
            attributes=said(
                "messaging", system="aws_sqs", destination__name="books", operation__type="process",
            ),
        )  # fmt: skip
    taken = (
        ("stock", "Shop:OrderPlaced", "processed"),
        ("mailer", "mails", "received"),
        ("books", "placed", "processed"),
    )
    for service, place, _ in taken:
        s.expect("ORP002", order(20), service=service, mentions=[f"published to {place} "])
    s.expected["executions"] = {
        "count": len(ORDERS), "of": {order(7): {"status": "completed"}},
    }  # fmt: skip
    s.expected["messages"] = [
        {
            "destination": place,
            "consumer_group": service,
            "state": state,
            "executions": [order(7)],
        }
        for service, place, state in taken
    ]
