"""Log records of spans: of a step in progress, of one that never came, and of exceptions."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, ORDERS, Shop, key, order


def _long_jobs(s: Scenario, *, silent: int, told_until: float) -> None:
    """Shipping works a minute on each order and logs; of one only logs and a call below it come."""
    shop = Shop.of(s)
    stock = s.service("stock", "warehouse")
    for number in range(1, LEARNED + 2):
        at = number * 90.0
        message = shop.place(number, at, charge=False)
        lost = number == silent
        shipment = shop.ship(number, message, lasts=s.random.uniform(5.0, 7.0), lost=lost)
        s.log(shipment, "picking", shipment.start + 0.2)
        call = s.span(
            shop.shipping, "POST", Kind.CLIENT, shipment.start + 0.5, 0.06, parent=shipment,
            attributes=key(number),
        )  # fmt: skip
        s.serve(stock, "POST /pick", shipment.start + 0.51, 0.04, parent=call)
        if lost:
            pace = 30.0
            for step in range(1, int(told_until / pace) + 1):
                s.log(shipment, f"waiting for shelf {step}", shipment.start + step * pace)


@scenario("orp001-not-still-logging", lookalike_of=("ORP001", "ORP002"))
def still_logging(s: Scenario) -> None:
    """A step lasts far longer than any before it, and its log proves that it goes on.

    Shipping takes six seconds for an order; for order 20 it has waited for a shelf for twenty
    minutes when the recording ends. The call it made is there, the span around it is not, and by
    the spans alone it would have vanished. But every half minute it logs, with that span's id.
    """
    _long_jobs(s, silent=20, told_until=29 * 60.0)
    s.expected["executions"] = {"count": LEARNED + 1, "of": {order(20): {"status": "running"}}}
    s.expected["custody"] = [
        {"correlation": order(20), "holder": "shipping", "holder_kind": "service"}
    ]


@scenario("orp001-log-ended")
def log_ended(s: Scenario) -> None:
    """A step logged for a while, and then no more; its span never came.

    The same as a step that still logs, but the log ends after three minutes, and the recording goes
    on for half an hour: the parent is missing, and the log says until when it was at work.
    """
    _long_jobs(s, silent=20, told_until=3 * 60.0)
    s.expect("ORP001", order(20), service="shipping", team="logistics", mentions=["last_log_ns"])
    s.expected["executions"] = {"count": LEARNED + 1}


@scenario("stl001-not-taken-and-logging", lookalike_of=("STL001", "ORP002"))
def taken_and_logging(s: Scenario) -> None:
    """A message was taken, and its consumer tells so in its log before it has ended anything.

    Shipping joins the trace of the message. The last order's message was taken four minutes ago,
    later than it usually takes; no span of that work has ended, so that by spans alone the message
    still waits. The log records carry the trace and the open span: shipping holds the order.
    """
    shop = Shop.of(s)
    last = LEARNED + 1
    for number in range(1, last + 1):
        message = shop.place(number, number * 60.0, charge=False)
        open_still = number == last
        shipment = shop.ship(number, message, joined_by="parent", lasts=2.0, lost=open_still)
        s.log(shipment, "picking", shipment.start + 0.1)
        if open_still:
            s.log(shipment, "shelf is empty, waiting", shipment.start + 200.0)
    beat = s.service("heartbeat", "platform")
    for minute in range(1, 5):
        s.span(beat, "beat", Kind.INTERNAL, last * 60.0 + minute * 60.0, 0.1)
    s.expected["custody"] = [
        {
            "correlation": order(last),
            "holder": "shipping",
            "holder_kind": "service",
            "state": "executing, as its log tells",
            "team": "logistics",
        }
    ]


@scenario("dup001-not-retry-after-logged-exception", lookalike_of=("DUP001",))
def retry_after_logged_exception(s: Scenario) -> None:
    """A message is processed again after an exception that only the log tells of.

    The instrumentation writes exceptions as log records and leaves the span's status unset. The
    first try at order 20 raised; the second succeeded. That is a retry, and no duplicate.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shipment = shop.ship(number, message)
        if number == 20:
            s.log_exception(shipment, "LabelError: printer is offline")
            shop.ship(number, message, at=shipment.end + 5.0)


@scenario("dup001-handled-exception-logged")
def handled_exception_logged(s: Scenario) -> None:
    """A message is processed twice; the first time an exception was caught, logged, and got over.

    Exceptions that are handled are logged below ERROR. The first processing of order 20 warns of
    one and succeeded all the same, so the second one is a duplicate.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        shipment = shop.ship(number, message)
        if number == 20:
            s.log_exception(shipment, "Timeout: printer is slow", severity=13)
            shop.ship(number, message, at=shipment.end + 5.0)
    s.expect("DUP001", order(20), service="shipping", team="logistics")


@scenario("healthy-logs-without-spans")
def logs_without_spans(s: Scenario) -> None:
    """A service logs within traces whose spans of it are never exported.

    The gateway's spans go to another backend, its access log comes here. Its span ids are in every
    trace, and none of them ever arrives: it says nothing about who holds an order.
    """
    shop = Shop.of(s)
    gateway = s.service("gateway", "edge")
    for number in ORDERS:
        at = number * 60.0
        message = shop.place(number, at)
        shop.ship(number, message)
        proxied = s.span(
            gateway, "proxy", Kind.INTERNAL, at + 0.05, 0.01, parent=message, lost=True
        )
        s.log(proxied, "200 POST /orders", at + 0.06)
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
