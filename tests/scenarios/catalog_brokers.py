"""What brokers and their clients have of their own: error queues, and sends that are calls."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import ORDERS, key, order, placed, said


def _mass_transit(
    s: Scenario, sent: Span, service: Service, queue: str, at: float, error: str | None
) -> Span:
    """Take what was sent from a queue, as MassTransit tells it: a receive, and work below it."""
    received = s.span(
        service, f"{queue} receive", Kind.CONSUMER, at, 0.2, parent=sent,
        attributes=said("messaging", operation="receive", destination__name=queue),
    )  # fmt: skip
    message = sent.attribute("messaging.masstransit.message_id")
    s.span(
        service, f"{queue} process", Kind.CONSUMER, at + 0.01, 0.1, parent=received, error=error,
        attributes=said("messaging", operation="process", masstransit__message_id=message),
    )  # fmt: skip
    return received


def _order_placed(s: Scenario, service: Service, number: int, at: float) -> Span:
    root = s.serve(service, "POST /orders", at, 0.1, attributes=key(number))
    return s.span(
        service, "Shop:OrderPlaced send", Kind.PRODUCER, at + 0.05, 0.004, parent=root,
        attributes=said(
            "messaging", operation="send", system="rabbitmq", destination__name="Shop:OrderPlaced",
            masstransit__message_id=f"m-{number}",
        ),
    )  # fmt: skip


@scenario("message-in-an-error-queue", lookalike_of=("DUP001", "ORP002", "STL001"))
def error_queue(s: Scenario) -> None:
    """MassTransit's ``stock_error`` and ``stock_skipped``, NServiceBus' ``error``: put aside.

    MassTransit moves a message without a span of its own (``RabbitMqMoveTransport.cs``), with the
    context of who sent it; a fault is published below the receive (``DiagnosticHeaders.cs``,
    ``LogContextActivityExtensions.cs``; ``DefaultErrorQueueNameFormatter.cs`` and
    ``DefaultDeadLetterQueueNameFormatter.cs`` have the names). NServiceBus' RabbitMQ transport
    publishes to the queue ``error`` (``ErrorQueueSettings.cs``, ``DirectRoutingTopology.cs``); that
    is told by RabbitMQ's client (``RabbitMQActivitySource.cs``).

    That stock's own clerk took ord-1041 from ``stock_error`` and ord-1042 from ``stock_skipped``,
    and billing's ord-1043 from ``error``, mends none of them.
    """
    shop, stock = s.service("shop", "storefront"), s.service("stock", "warehouse")
    billing = s.service("billing", "money")

    def charge(number: int, at: float, queue: str, parent: Span) -> Span:
        """Publish by RabbitMQ's client."""
        return s.span(
            parent.service, f"publish {queue}", Kind.PRODUCER, at, 0.004, parent=parent,
            attributes=said(
                "messaging", system="rabbitmq", operation__type="send", operation__name="publish",
                destination__name="amq.default", rabbitmq__destination__routing_key=queue,
                message__id=f"n-{number}",
            ),
        )  # fmt: skip

    def take(number: int, at: float, queue: str, sent: Span) -> Span:
        return s.span(
            billing, f"deliver {queue}", Kind.CONSUMER, at, 0.1, parent=sent, links=[sent],
            attributes=said(
                "messaging", system="rabbitmq", operation__type="process",
                operation__name="deliver", destination__name="amq.default",
                rabbitmq__destination__routing_key=queue, message__id=f"n-{number}",
            ),
        )  # fmt: skip

    for number in (*range(1, 41), 41, 42, 43, 90):
        at = number * 60.0
        sent = _order_placed(s, shop, number, at)
        nsb = said(
            "nservicebus", message_id=f"n-{number}",
            enclosed_message_types="Shop.Charge, Shop, Version=1.0.0.0, Culture=neutral",
        )  # fmt: skip
        command = s.span(
            shop, "send message", Kind.PRODUCER, at + 0.06, 0.01, parent=sent.parent, attributes=nsb
        )
        charged = charge(number, at + 0.062, "billing", command)
        delivered = take(number, at + 0.3, "billing", charged)
        s.span(
            billing, "process message", Kind.CONSUMER, at + 0.31, 0.05, parent=charged,
            attributes=nsb, error="TimeoutException: bank" if number == 43 else None,
        )  # fmt: skip
        if number == 43:
            moved = charge(number, at + 0.38, "error", delivered)
            take(number, at + 30.0, "error", moved)
        if number == 42:
            s.span(
                stock, "stock receive", Kind.CONSUMER, at + 0.2, 0.1, parent=sent,
                attributes=said("messaging", operation="receive", destination__name="stock"),
            )  # fmt: skip
            _mass_transit(s, sent, stock, "stock_skipped", at + 30.0, None)
            continue
        error = "TimeoutException: shelf" if number == 41 else None
        received = _mass_transit(s, sent, stock, "stock", at + 0.2, error)
        if error:
            fault = "MassTransit:Fault--Shop:OrderPlaced--"
            s.span(
                stock, f"{fault} send", Kind.PRODUCER, at + 0.35, 0.004, parent=received,
                attributes=said(
                    "messaging", operation="send", system="rabbitmq", destination__name=fault
                ),
            )  # fmt: skip
            _mass_transit(s, sent, stock, "stock_error", at + 30.0, None)
    s.expected["executions"] = {
        "of": {order(n): {"status": "failed"} for n in (41, 43)}
        | {order(40): {"status": "completed"}}
    }
    s.expected["messages"] = [
        {"destination": "Shop:OrderPlaced", "state": "dead-lettered", "executions": [order(n)]}
        for n in (41, 42)
    ] + [{"destination": "error", "state": "dead-lettered", "executions": [order(43)]}]


@scenario("message-not-in-an-error-queue", lookalike_of=("DUP001", "ORP002"))
def no_error_queue(s: Scenario) -> None:
    """Queues of work that are called after errors: ``errors`` and ``payment_error_reports``.

    What is taken from them is processed, and twice is once too often; an order whose charge failed
    goes on there.
    """
    shop, reports = s.service("shop", "storefront"), s.service("reports", "quality")
    for number in range(1, 41):
        at = number * 60.0
        root = s.serve(shop, "POST /orders", at, 0.1, attributes=key(number))
        for place, queue in enumerate(("errors", "payment_error_reports", "error_handling")):
            sent = s.publish(shop, queue, at + 0.05 + place / 100, parent=root, system="rabbitmq")
            s.process(reports, sent, at + 0.3 + place, 0.1)
    s.expected["executions"] = {"status": {"completed": 40}}
    s.expected["messages"] = [
        {"destination": queue, "state": "processed", "executions": [order(7)]}
        for queue in ("errors", "payment_error_reports", "error_handling")
    ]


_REGION = "eu-west-1"
_QUEUES = f"https://sqs.{_REGION}.amazonaws.com/123456789012"


def _boto(
    s: Scenario, service: Service, call: str, at: float, parent: Span | None, **more: Any
) -> Span:
    """Call AWS as botocore's instrumentation tells it: ``_boto(..., "SQS.SendMessage", ...)``."""
    api, method = call.split(".")
    return s.span(
        service, call, Kind.CLIENT, at, 0.01, parent=parent,
        attributes=said("rpc", system="aws-api", service=api, method=method)
        | said("cloud", region=_REGION) | said("http", status_code=200)
        | said("server", address=f"{api.lower()}.{_REGION}.amazonaws.com", port=443) | more,
    )  # fmt: skip


def _boto_queue(queue: str, message: str | None = None) -> dict[str, Any]:
    url = f"{_QUEUES}/{queue}"
    facts = {"aws.queue_url": url}
    facts |= said("messaging", system="aws.sqs", url=url, destination=queue)
    return facts | ({"messaging.message_id": message} if message else {})


@scenario("orp002-lost-from-a-call-that-sends", lookalike_of=("DUP001", "STL001"))
def calls_that_send(s: Scenario) -> None:
    """AWS: to send a message is a call of SQS or SNS, told by a CLIENT span.

    .NET's (``AWSTracingPipelineHandler.cs``, ``AWSServiceHelper.cs``) hands the context of that
    span to who takes the message: here Python's Lambda (``aws_lambda/_sqs.py``), which links to it.
    botocore's (``botocore/extensions/sqs.py``) tells the message's id, and Celery publishes through
    it. otelaws (``sqsattributes.go``, ``snsattributes.go``) tells no more than the queue's URL, as
    the server's address, and of SNS the topic (ord-1007). Of ord-1020 the label, the invoice and
    the mail got lost; the last one's label waits.
    """
    shop, label = s.service("shop", "storefront"), s.service("label", "logistics")
    books, mailer = s.service("books", "billing"), s.service("mailer", "crm")
    last = 26
    for number in range(1, last + 1):
        at, m = number * 60.0, f"m-{number}"
        root = placed(s, shop, number, at)
        queue = said("messaging", destination__name="labels", system="aws_sqs")
        net = s.span(
            shop, "SQS.SendMessage", Kind.CLIENT, at + 0.02, 0.01, parent=root,
            attributes=queue | said("rpc", system="aws-api", service="SQS", method="SendMessage")
            | said("aws", sqs__queue__url=f"{_QUEUES}/labels", region=_REGION)
            | said("server", address=f"sqs.{_REGION}.amazonaws.com") | said(
                "messaging", operation__type="send", operation__name="SendMessage",
                message__id=f"l{m}",
            ),
        )  # fmt: skip
        _boto(s, shop, "SQS.SendMessage", at + 0.04, root, **_boto_queue("invoices", f"i{m}"))
        task = said("messaging", destination="mails", message__id=f"t{m}")
        sent = s.span(
            shop, "apply_async/mail", Kind.PRODUCER, at + 0.06, 0.02, parent=root,
            attributes=task | said("celery", action="apply_async", task_name="mail"),
        )  # fmt: skip
        _boto(s, shop, "SQS.SendMessage", at + 0.065, sent, **_boto_queue("mails", f"c{m}"))
        told = {
            "SQS/SendMessage": said("server", address=f"{_QUEUES}/audit"),
            "SNS/Publish": said(
                "messaging", system="aws_sns", destination__name="news", operation__type="send",
                operation__name="publish_input",
            ),
        }  # fmt: skip
        for call, more in told.items() if number == 7 else ():
            s.span(
                shop, call.replace("/", "."), Kind.CLIENT, at + 0.09, 0.005, parent=root,
                attributes=said("rpc", system__name="aws-api", method=call)
                | said("aws", region=_REGION) | said("messaging", system="aws_sqs") | more,
            )  # fmt: skip
        if number not in (20, last):
            function = s.span(label, "print-label", Kind.SERVER, at + 0.3, 0.2)
            s.span(
                label, "process labels", Kind.CONSUMER, at + 0.31, 0.18, parent=function,
                links=[net], attributes=queue | said("messaging", operation__type="process"),
            )  # fmt: skip
        if number != 20:
            s.span(
                books, "invoices process", Kind.CONSUMER, at + 0.4, 0.1,
                attributes=said(
                    "messaging", system="aws_sqs", destination__name="invoices",
                    operation__type="process", message__id=f"i{m}",
                ),
            )  # fmt: skip
            s.span(
                mailer, "run/mail", Kind.CONSUMER, at + 0.5, 0.1, parent=sent,
                attributes=task | said("celery", action="run", state="SUCCESS", task_name="mail"),
            )  # fmt: skip
    for service, place in (("label", "labels"), ("books", "invoices"), ("mailer", "mails")):
        s.expect("ORP002", order(20), service=service, mentions=[f"published to {place} "])
    s.expected["executions"] = {"count": last}
    s.expected["handoffs"] = [
        {"from_service": "shop", "to_service": to, "type": "message", "mode": "async"}
        for to in ("label", "books", "mailer")
    ]
    s.expected["messages"] = [
        {"destination": place, "state": state, "executions": [order(7)]}
        for place, state in (
            ("labels", "processed"), ("invoices", "processed"), ("mails", "processed"),
            ("audit", "published"), ("news", "published"),
        )
    ]  # fmt: skip
    s.expected["custody"] = [{"correlation": order(last), "holder": "labels"}]


@scenario("orp002-not-a-call-about-a-queue", lookalike_of=("ORP002", "STL001"))
def calls_about_queues(s: Scenario) -> None:
    """AWS: calls of a queue that send nothing, and a call that sends no message of a queue.

    GetQueueUrl, ReceiveMessage and DeleteMessage name the same queue as SendMessage does; so does
    nothing of DynamoDB's DescribeTable, and Connect's SendMessage says something in a chat. All of
    them are calls, now and then.
    """
    shop, books = s.service("shop", "storefront"), s.service("books", "billing")
    for number in ORDERS:
        at = number * 60.0
        root = placed(s, shop, number, at)
        _boto(s, shop, "SQS.SendMessage", at + 0.04, root, **_boto_queue("invoices", f"i-{number}"))
        if number in (10, 20):
            for api in ("GetQueueUrl", "ReceiveMessage", "DeleteMessage"):
                _boto(s, shop, f"SQS.{api}", at + 0.06, root, **_boto_queue("invoices"))
            _boto(s, shop, "DynamoDB.DescribeTable", at + 0.07, root)
            chat = {"messaging.destination": "invoices", "messaging.system": "aws.sqs"}
            _boto(s, shop, "ConnectParticipant.SendMessage", at + 0.08, root, **chat)
        s.span(
            books, "invoices process", Kind.CONSUMER, at + 0.4, 0.1,
            attributes=said(
                "messaging", system="aws_sqs", destination__name="invoices",
                operation__type="process", message__id=f"i-{number}",
            ),
        )  # fmt: skip
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("orp002-lost-after-its-time", lookalike_of=("STL001", "DUP001"))
def after_its_time(s: Scenario) -> None:
    """Messages that are not to be taken before a moment are not late before it.

    NServiceBus writes that into ``nservicebus.deliver_at`` of what it sends
    (``AttachSenderRelatedInfoOnMessageBehavior.cs``, ``ActivityDecorator.cs``), the Java agent into
    ``messaging.rocketmq.message.delivery_timestamp``, in milliseconds
    (``RocketMqProducerAttributeExtractor.java``), and BullMQ's instrumentation of AppSignal how
    long it is until then, ``messaging.bullmq.job.opts.delay`` (``instrumentation.ts``). Reminders
    of ord-1005 and every fifth order are put off for ten minutes, those of ord-1041 for some hours,
    and they wait. ord-1042's were to be taken half an hour ago: they got lost.
    """
    shop = s.service("shop", "storefront")
    takers = {
        system: s.service(f"{system}-reminder", f"{system}-team")
        for system in ("nservicebus", "rocketmq", "bullmq")
    }
    origin = datetime.fromisoformat(s.start)

    def remind(number: int, at: float, delay: float) -> dict[str, Span]:
        """Send a reminder by each of the three, to be taken after so many seconds."""
        root = placed(s, shop, number, at)
        due = origin + timedelta(seconds=at + 0.05 + delay)
        facts = {
            "nservicebus": said(
                "nservicebus", message_id=f"n-{number}",
                enclosed_message_types="Shop.Remind, Shop, Version=1.0.0.0, Culture=neutral",
            ),
            "rocketmq": said(
                "messaging", system="rocketmq", destination__name="reminders", operation="publish",
                message__id=f"r-{number}", rocketmq__message__type="delay" if delay else "normal",
            ),
            "bullmq": said(
                "messaging", system="bullmq", destination__name="reminders",
                operation__type="send", operation__name="Queue.add", message__id=str(number),
                bullmq__job__name="remind",
            ),
        }  # fmt: skip
        if delay:
            facts["nservicebus"]["nservicebus.deliver_at"] = due.strftime("%Y-%m-%d %H:%M:%S:%f Z")
            stamp = int(due.timestamp() * 1000)
            facts["rocketmq"]["messaging.rocketmq.message.delivery_timestamp"] = stamp
            facts["bullmq"]["messaging.bullmq.job.opts.delay"] = int(delay * 1000)
        names = {"nservicebus": "send message", "bullmq": "Queue.add reminders"}
        return {
            system: s.span(
                shop, names.get(system, "reminders publish"), Kind.PRODUCER, at + 0.05, 0.004,
                parent=root, attributes=facts[system],
            )
            for system in takers
        }  # fmt: skip

    def take(sent: dict[str, Span], at: float) -> None:
        names = {"nservicebus": "process message", "bullmq": "Worker.run reminders"}
        process = said("messaging", operation__type="process")
        for system, span in sent.items():
            s.span(
                takers[system], names.get(system, "reminders process"), Kind.CONSUMER, at, 0.1,
                links=[span], attributes=dict(span.attributes)
                | (process if system == "bullmq" else {})
                | ({"messaging.operation": "process"} if system == "rocketmq" else {}),
            )  # fmt: skip

    for number in range(1, 41):
        delay = 600.0 if number % 5 == 0 else 0.0
        take(remind(number, number * 60.0, delay), number * 60.0 + delay + 0.3)
    remind(41, 41 * 60.0, 6 * 3600.0)
    remind(42, 42 * 60.0, 600.0)
    for number in (90, 91, 92):
        take(remind(number, number * 60.0, 0.0), number * 60.0 + 0.3)
    for system in takers:
        s.expect("ORP002", order(42), service=f"{system}-reminder", team=f"{system}-team")
    s.expected["executions"] = {
        "of": {order(40): {"status": "completed"}, order(41): {"status": "running"}}
    }
    s.expected["custody"] = [
        {"correlation": order(41), "holder": holder, "state": "waiting in the queue", "team": team}
        for holder, team in (
            ("Shop.Remind", "nservicebus-team"), ("reminders", "rocketmq-team"),
            ("reminders", "bullmq-team"),
        )
    ]  # fmt: skip
