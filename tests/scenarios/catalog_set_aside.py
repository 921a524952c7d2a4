"""What is no run of a workflow: probes and empty polls. And what merely looks like it."""

from __future__ import annotations

from typing import Any

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import Shop, key, order

_QUEUE = {"messaging.system": "aws_sqs", "messaging.destination.name": "orders.placed"}


@scenario("set-aside-probes-and-polls")
def probes_and_polls(s: Scenario) -> None:
    """Health checks, scrapes and polls that brought nothing are no executions.

    Kubernetes, a load balancer, a monitor with spans of its own, gRPC's health protocol, Prometheus
    and Spring's actuator ask each service how it is; one asks its database, one the next service.
    Shipping polls its queue, by SQS, Kafka and Redis, mostly in vain. Twelve orders are executions.
    """
    shop = Shop.of(s)
    monitor = s.service("monitor", "platform")

    def ask(
        service: Service, name: str, at: float, parent: Span | None = None, **said: Any
    ) -> Span:
        facts = {f"{space}.{what}": value for what, (space, value) in said.items()}
        return s.serve(service, name, at, 0.01, parent=parent, attributes=facts)

    for number in range(1, 13):
        at = number * 60.0
        shop.order(number, at)
        agent = ("user_agent", "kube-probe/1.29")
        ask(shop.checkout, "GET /", at + 5, original=agent)
        ready = ask(shop.payment, "GET /readyz", at + 10)
        s.span(
            shop.payment, "SELECT 1", Kind.CLIENT, at + 10, 0.005, parent=ready,
            attributes={"db.system.name": "postgresql"},
        )  # fmt: skip
        for index, name in enumerate(
            ("GET /actuator/health/liveness", "GET /metrics", "HEAD /api/health")
        ):
            ask(shop.shipping, name, at + 15 + index)
        ask(shop.shipping, "GET", at + 20, path=("url", "/-/healthy"))
        ask(shop.shipping, "grpc.health.v1.Health/Check", at + 25)
        ready = ask(shop.checkout, "GET /readyz", at + 30)
        asks = s.span(shop.checkout, "GET", Kind.CLIENT, at + 30.001, 0.008, parent=ready)
        ask(shop.payment, "GET /healthz", at + 30.002, parent=asks)
        looks = s.span(monitor, "GET", Kind.CLIENT, at + 35, 0.02)
        ask(shop.payment, "GET /healthz", at + 35.001, parent=looks)
        receive = {**_QUEUE, "messaging.operation.type": "receive"}
        poll = s.span(
            shop.shipping, "SQS.ReceiveMessage", Kind.CLIENT, at + 40, 10, attributes=receive
        )
        s.span(shop.shipping, "POST", Kind.CLIENT, at + 40.1, 9.8, parent=poll)
        none = {**receive, "messaging.system": "kafka", "messaging.batch.message_count": 0}
        s.span(shop.shipping, "poll orders.placed", Kind.CONSUMER, at + 51, 0.1, attributes=none)
        redis = {"db.system.name": "redis", "db.namespace": "0"}
        s.span(shop.shipping, "BRPOP", Kind.CLIENT, at + 52, 1.0, attributes=redis)
    s.expected["executions"] = {"count": 12, "all": {"workflow": "POST /orders"}}
    s.expected["set_aside"] = {"probe": 12 * 9, "poll": 12 * 3}


@scenario("set-aside-not-work-that-looks-like-it")
def work_that_looks_like_it(s: Scenario) -> None:
    """What is named or shaped like a probe or a poll, and is work.

    A patient's health, a ping that is posted or publishes, a check that carries an order, a cron
    job that first asks if all is well, an order that was polled (its producer unseen), three that
    were polled at once, a poll with work beneath, and what pika calls a receive, though RabbitMQ
    brought it: each is an execution.
    """
    shop = Shop.of(s)
    shop.orders(3)
    at = 600.0
    s.serve(shop.checkout, "GET /patients/{id}/health", at, 0.01)
    s.serve(shop.checkout, "POST /ping", at + 1, 0.01)
    ping = s.serve(shop.checkout, "GET /ping", at + 2, 0.01)
    s.publish(shop.checkout, "pinged", at + 2.001, parent=ping)
    s.serve(shop.checkout, "GET /health", at + 3, 0.01, attributes=key(4))
    job = s.span(shop.checkout, "nightly", Kind.INTERNAL, at + 4, 0.1)
    asks = s.span(shop.checkout, "GET", Kind.CLIENT, at + 4.01, 0.02, parent=job)
    s.serve(shop.payment, "GET /ping", at + 4.015, 0.01, parent=asks)
    receive = {**_QUEUE, "messaging.operation.type": "receive"}
    named: tuple[dict[str, Any], ...] = (
        {"messaging.message.id": "m1"},
        {"messaging.batch.message_count": 3},
    )
    for index, facts in enumerate(named):
        s.span(
            shop.shipping, "receive orders", Kind.CONSUMER, at + 6 + index, 0.1,
            attributes={**receive, **facts},
        )  # fmt: skip
    poll = s.span(shop.shipping, "receive orders", Kind.CONSUMER, at + 9, 0.1, attributes=receive)
    s.span(shop.shipping, "pack order", Kind.INTERNAL, at + 9.01, 0.05, parent=poll)
    pushed = {**receive, "messaging.system": "rabbitmq"}
    took = s.span(shop.shipping, "orders receive", Kind.CONSUMER, at + 11, 0.1, attributes=pushed)
    s.span(shop.shipping, "POST", Kind.CLIENT, at + 11.01, 0.05, parent=took)
    s.expected["executions"] = {"count": 3 + 9, "of": {order(4): {"workflow": "GET /health"}}}
    s.expected["set_aside"] = {}
