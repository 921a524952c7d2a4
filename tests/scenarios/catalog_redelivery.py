"""Messages that come again after a try that failed, and those that do not."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario, Span
from scenarios.registry import scenario
from scenarios.shop import LEARNED, Shop, key, order

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
