"""Workflows that change, branch and loop in health, and steps that run twice for a reason."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Jobs, Shop, key, order

NOTHING_ELSE = ("ORP004", "STL002")


@scenario("orp004-not-step-added", lookalike_of=NOTHING_ELSE)
def step_added(s: Scenario) -> None:
    """A deployment in the middle adds a step to the workflow.

    The first four orders ended with dispatch. Since then a survey is sent after it, always. The
    old orders are not abandoned for want of a step that did not exist yet.
    """
    jobs = Jobs.of(s)
    survey = s.service("survey", "marketing")
    for number in range(1, 58):
        sent = jobs.order(number, number * 60.0)
        if number > 4:
            s.span(survey, "ask", Kind.INTERNAL, sent.end + 2.0, 0.1, attributes=key(number))
    s.expected["executions"] = {"count": 57, "status": {"completed": 57}}


@scenario("orp004-same-work-abandoned")
def same_work_abandoned(s: Scenario) -> None:
    """Three orders are forgotten that look like all others.

    Nothing in their traces differs from orders that went on, and three in forty-eight are no habit.
    """
    jobs = Jobs.of(s)
    for number in range(1, 49):
        if number in (12, 20, 31):
            jobs.place(number, number * 60.0)
            s.expect("ORP004", order(number), service="fulfilment")
        else:
            jobs.order(number, number * 60.0)


@scenario("orp004-not-step-dropped", lookalike_of=NOTHING_ELSE)
def step_dropped(s: Scenario) -> None:
    """A deployment in the middle takes a step out of the workflow.

    Fulfilment was between order and dispatch; the new version of dispatch picks for itself. What
    is last in the workflow still runs, so nothing is missing in the six new orders.
    """
    jobs = Jobs.of(s)
    for number in range(1, 51):
        if number <= 44:
            jobs.order(number, number * 60.0)
        else:
            placed = jobs.place(number, number * 60.0)
            jobs.send_off(number, placed.end + 4.0)
    s.expected["executions"] = {"count": 50, "status": {"completed": 50}}


@scenario("orp004-not-declined", lookalike_of=NOTHING_ELSE)
def declined(s: Scenario) -> None:
    """One order in ten is declined, which is no error: it ends early with status OK.

    Nothing of the trace says so; but orders keep ending here, again and again between others that
    go on. An end that is as usual as this is an end.
    """
    jobs = Jobs.of(s)
    for number in range(1, 101):
        if number % 10:
            placed = s.serve(
                jobs.checkout, "POST /orders", number * 60.0, 0.08, attributes=key(number)
            )
            jobs.fulfil(number, placed.end + s.random.uniform(2.0, 4.0))
        else:
            s.serve(jobs.checkout, "POST /orders", number * 60.0, 0.05, attributes=key(number))
    s.expected["executions"] = {"count": 100, "status": {"completed": 100}}


@scenario("orp004-not-seldom-declined", lookalike_of=NOTHING_ELSE)
def seldom_declined(s: Scenario) -> None:
    """Four orders in eighty are rejected by the risk check, each by the same short way.

    Checkout asks risk and, told no, answers politely without storing the order. Rare as it is, the
    same work was done each time, and orders that took this way never went on.
    """
    jobs = Jobs.of(s)
    risk = s.service("risk", "risk")
    for number in range(1, 81):
        at = number * 60.0
        if number % 20:
            placed = jobs.place(number, at)
            jobs.fulfil(number, placed.end + s.random.uniform(2.0, 4.0))
        else:
            root = s.serve(jobs.checkout, "POST /orders", at, 0.08, attributes=key(number))
            s.serve(risk, "POST /reject", at + 0.01, 0.02, parent=root, attributes=key(number))
    s.expected["executions"] = {"count": 80}


@scenario("orp004-not-refused", lookalike_of=NOTHING_ELSE)
def refused(s: Scenario) -> None:
    """One order was refused as invalid: the server answered 422, which is no error of its own.

    By the conventions the status of a SERVER span stays unset for 4xx. The order has not been
    placed, so nothing has to follow.
    """
    jobs = Jobs.of(s)
    for number in ORDERS:
        if number != 20:
            jobs.order(number, number * 60.0)
            continue
        s.serve(
            jobs.checkout, "POST /orders", number * 60.0, 0.03,
            attributes={**key(number), "http.response.status_code": 422},
        )  # fmt: skip


@scenario("orp004-not-parallel-and-loops", lookalike_of=("ORP004", "STL002", "DUP002"))
def parallel_and_loops(s: Scenario) -> None:
    """Two branches run side by side, and one step runs as often as an order has lines."""
    checkout = s.service("checkout", "storefront")
    picker = s.service("picker", "warehouse")
    billing = s.service("billing", "finance")
    done = s.service("closing", "storefront")
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(checkout, "POST /orders", at, 0.05, attributes=key(number))
        ends = []
        for line in range(1 + number % 4):
            start = root.end + 1.0 + line * s.random.uniform(0.2, 2.0)
            ends.append(s.span(picker, "pick", Kind.INTERNAL, start, 0.3, attributes=key(number)))
        start = root.end + s.random.uniform(0.5, 4.0)
        ends.append(s.span(billing, "invoice", Kind.INTERNAL, start, 0.2, attributes=key(number)))
        last = max(span.end for span in ends)
        s.span(done, "close order", Kind.INTERNAL, last + 1.0, 0.1, attributes=key(number))
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}


@scenario("dup002-not-client-retry", lookalike_of=("DUP002",))
def client_retry(s: Scenario) -> None:
    """Clients try again after answers that are no errors of the server: 401, 409, 429.

    The SERVER span's status stays unset for those; the work was done by the second call only.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.5, attributes=key(number))
        if number in (12, 24):
            client = s.span(
                shop.checkout, "POST", Kind.CLIENT, at + 0.01, 0.05, parent=root,
                attributes={"http.response.status_code": 429}, error="429",
            )  # fmt: skip
            code = {**key(number), "http.response.status_code": 429}
            s.serve(shop.payment, "POST /charge", at + 0.02, 0.03, parent=client, attributes=code)
        shop.charge(number, at + 0.2, root)


@scenario("dup002-not-reading", lookalike_of=("DUP002",))
def reading(s: Scenario) -> None:
    """A customer looks at the order's page a second time. Reading twice changes nothing."""
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        shop.order(number, at)
        for view in range(2 if number == 20 else 1):
            s.serve(
                shop.checkout, "GET /orders/{id}", at + 10.0 + view * 7.0, 0.02,
                attributes=key(number),
            )  # fmt: skip


@scenario("dup002-not-often-twice", lookalike_of=("DUP002",))
def often_twice(s: Scenario) -> None:
    """One order in eleven is changed by its customer and packed again. A habit is no slip."""
    checkout = s.service("checkout", "storefront")
    packing = s.service("packing", "warehouse")
    for number in range(1, 111):
        at = number * 60.0
        s.serve(checkout, "POST /orders", at, 0.08, attributes=key(number))
        for time in range(2 if number % 11 == 3 else 1):
            s.span(
                packing, "pack", Kind.INTERNAL, at + 3.0 + time * 9.0, 0.2, attributes=key(number)
            )
