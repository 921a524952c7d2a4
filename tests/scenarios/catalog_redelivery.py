"""Messages that come again after a try that failed, and those that do not."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Service, Span
from scenarios.registry import scenario
from scenarios.shop import LEARNED, Shop, key, order, placed

_ERROR = "TimeoutError: no answer of the carrier"
_AFTER = 8.0


@scenario("running-to-be-tried-again", lookalike_of=("ORP002", "ORP004", "STL001"))
def to_be_tried_again(s: Scenario) -> None:
    """A try at a message failed, and until it is tried again the message lies in its queue.

    Of forty orders a third were shipped at the second try, eight seconds after the first.
    ord-1042 has just failed for the first time: it waits in the queue, and nothing failed for
    good. ord-1043 is at its second try, as what it did by now tells: it is with shipping. ord-1044
    failed an hour ago and never came again; ord-1045 was put into the dead-letter queue; ord-1046
    failed three times, and ord-1011 before it, which was given up then: these are failed. What
    analytics, which takes each message once, failed at is not tried again: ord-1047 is failed, too.
    """
    shop = Shop.of(s)
    analytics = s.service("analytics", "insights")

    def finish(number: int, message: Span, at: float, *, lost: bool = False) -> None:
        shipped = shop.ship(number, message, at=at, lost=lost)
        printed = (shop.shipping, "print label", Kind.INTERNAL, at + 0.02, 0.05)
        s.span(*printed, parent=shipped, attributes=key(number))

    def take(number: int, failures: int, at: float, heard: str | None = None) -> Span:
        message = shop.place(number, at)
        s.process(analytics, message, at + 0.2, 0.02, attributes=key(number), error=heard)
        at = message.end + s.random.uniform(0.3, 0.6)
        for _ in range(failures):
            failed = shop.ship(number, message, at=at, error=_ERROR)
            at = failed.end + _AFTER
        return message

    for number in range(1, LEARNED + 1):
        fails = 3 if number == 11 else int(number % 3 == 0)
        message = take(number, fails, number * 60.0)
        if number != 11:
            finish(number, message, message.end + 0.8 + fails * (_AFTER + 0.2))
    take(44, 1, (LEARNED + 4) * 60.0)
    end = LEARNED * 60.0 + 3600.0
    take(42, 1, end - 4.0)
    finish(43, take(43, 1, end - 10.0), end - 1.0, lost=True)
    dead = shop.ship(45, take(45, 0, end - 6.0), at=end - 5.0, error=_ERROR)
    s.publish(shop.shipping, "orders.placed.dlq", dead.end - 0.01, parent=dead)
    take(46, 3, end - 30.0)
    finish(47, take(47, 0, end - 5.0, heard=_ERROR), end - 4.0)
    finish(48, take(48, 0, end - 2.0), end - 1.0)
    running, failed = (42, 43), (11, 44, 45, 46, 47)
    s.expected["executions"] = {
        "of": {order(n): {"status": "running"} for n in running}
        | {order(n): {"status": "failed"} for n in failed}
    }
    queue = {"holder_kind": "queue", "holder": "orders.placed", "state": "to be tried again"}
    s.expected["custody"] = [
        queue | {"correlation": order(42), "branch": 1},
        {"correlation": order(43), "holder_kind": "service", "holder": "shipping"},
    ]


@scenario("retried-by-the-task-itself", lookalike_of=("DUP001", "STL001"))
def retried_by_itself(s: Scenario) -> None:
    """Celery: a task that failed publishes itself once more, to be run when its time has come.

    The spans are those of ``opentelemetry-instrumentation-celery`` (``__init__.py``, ``utils.py``):
    the next try is below an ``apply_async/shop.charge`` of the failed one, under the same task id,
    and nothing on it says until when it waits. The failed ``run/shop.charge`` says so, in
    ``celery.retry.reason``: ``Retry in 180s: ...``, or ``Retry at`` a time (``str`` of Celery's own
    ``Retry``). ord-1007 was charged at the second try, ord-1021 at the third, ord-1033 never.
    ord-1042 and ord-1043 are to be tried again in two hours and at noon: for as long they are in
    the queue, and not late. Of ord-1044 the next try got lost. ord-1045 was charged by two tasks
    one after the other: the second is no try at the first.
    """
    web, worker = s.service("web", "storefront"), s.service("worker", "payments")
    name = "shop.charge"

    def publish(service: Service, at: float, parent: Span, task: str) -> Span:
        return s.span(
            service, f"apply_async/{name}", Kind.PRODUCER, at, 0.004, parent=parent,
            attributes={
                "celery.action": "apply_async", "messaging.message.id": task,
                "celery.task_name": name, "messaging.destination": "celery",
                "messaging.destination_kind": "queue",
            },
        )  # fmt: skip

    def run(sent: Span, at: float, task: str, tries: int, state: str, **more: str) -> Span:
        failed = state != "SUCCESS"
        facts: dict[str, object] = {
            "celery.action": "run", "celery.state": state, "messaging.message.id": task,
            "messaging.conversation_id": task, "messaging.destination": "celery",
            "celery.delivery_info": "{'exchange': '', 'routing_key': 'celery', 'priority': 0}",
            "celery.hostname": "gen1@web", "celery.task_name": name, **more,
        }  # fmt: skip
        if tries:
            facts["celery.retries"] = tries
        return s.span(
            worker, f"run/{name}", Kind.CONSUMER, at, 0.3, parent=sent, attributes=facts,
            error="TimeoutError: bank" if failed and state != "RETRY" else None,
        )  # fmt: skip

    def charge(
        number: int, at: float, retries: int, *, ends: str = "SUCCESS", when: str = ""
    ) -> Span:
        """Try ``retries`` times in vain, each put off for three minutes, and once more."""
        root, task = placed(s, web, number, at), f"task-{number}"
        sent, at = publish(web, at + 0.05, root, task), at + 0.2
        for tries in range(retries):
            why = f"Retry {when or 'in 180s'}: TimeoutError('bank')"
            tried = run(sent, at, task, tries, "RETRY", **{"celery.retry.reason": why})
            sent, at = publish(worker, tried.end - 0.01, tried, task), tried.end + 180.05
        return run(sent, at, task, retries, ends) if ends else root

    retries = {7: 1, 21: 2, 33: 3}
    for number in range(1, LEARNED + 1):
        failed = number == 33
        charge(
            number, number * 60.0, retries.get(number, 0), ends="FAILURE" if failed else "SUCCESS"
        )
    end = LEARNED * 60.0 + 3600.0
    charge(42, end - 2400.0, 1, ends="", when="in 7200s")
    charge(43, end - 2400.0, 1, ends="", when="at 2025-03-03 14:00:00+02:00")
    charge(44, end - 2400.0, 1, ends="")
    root = placed(s, web, 45, end - 600.0)
    for again in (0, 1):
        sent = publish(web, root.start + 0.03 + 0.02 * again, root, f"task-45-{again}")
        run(sent, end - 599.8 + again, f"task-45-{again}", 0, "SUCCESS")
    charge(46, end, 0)
    s.expect("ORP002", order(44), service="worker", mentions=["published to celery "])
    s.expect("DUP002", order(45), service="worker")
    s.expected["executions"] = {
        "of": {order(n): {"status": "completed"} for n in (7, 21, 45)}
        | {order(n): {"status": "running"} for n in (42, 43)}
        | {order(33): {"status": "failed"}, order(44): {"status": "abandoned"}}
    }
    s.expected["steps"] = [
        {"execution": order(n), "service": "worker", "attempt": tries, "status": status}
        for n, tries, status in (
            (7, 1, "error"), (7, 2, "ok"), (21, 2, "error"), (21, 3, "ok"), (33, 4, "error"),
        )
    ]  # fmt: skip
    s.expected["custody"] = [
        {"correlation": order(n), "holder": "celery", "state": "waiting in the queue", "branch": 1}
        for n in (42, 43)
    ]
