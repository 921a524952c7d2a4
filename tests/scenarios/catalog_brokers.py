"""What brokers and their clients have of their own: error queues, and sends that are calls."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import key, order, said


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
