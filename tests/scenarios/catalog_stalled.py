"""Messages that wait (STL001), steps that do not begin (STL002), and what is merely slow."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import LEARNED, Jobs, Shop, key, order


@scenario("stl001-consumer-stopped")
def consumer_stopped(s: Scenario) -> None:
    """A consumer stops; messages pile up.

    Shipping processes forty orders within a second each and then takes nothing from
    ``orders.placed`` any more, while it still works on returns. Orders keep coming for ten
    minutes. One cause, one finding: it names the message that waits longest; the others stand
    beside it.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 11):
        message = shop.place(number, number * 60.0, charge=False)
        at = number * 60.0 + 0.06
        audit = s.publish(shop.checkout, "orders.audit", at, parent=message.parent)
        s.process(shop.shipping, audit, audit.end + 0.1, 0.02, group="shipping-audit")
        if number <= LEARNED:
            shop.ship(number, message)
    oldest = order(LEARNED + 1)
    s.expect("STL001", oldest, team="logistics", mentions=["orders.placed", "shipping"])
    s.expected["executions"] = {
        "count": LEARNED + 10,
        "of": {oldest: {"status": "stalled"}, order(1): {"status": "completed"}},
    }
    s.expected["custody"] = [
        {
            "correlation": oldest,
            "holder": "orders.placed",
            "holder_kind": "queue",
            "team": "logistics",
        }
    ]


@scenario("stl001-declared-destination")
def declared_destination(s: Scenario) -> None:
    """A consumer dies, and the topic has an owner of its own.

    As when a consumer stops, but all of shipping falls silent and ``ownership.yaml`` gives the
    topic to the storefront team: while an order waits in the queue, that team is accountable.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 11):
        message = shop.place(number, number * 60.0, charge=False)
        if number <= LEARNED:
            shop.ship(number, message)
    oldest = order(LEARNED + 1)
    s.ownership = {
        "version": 1,
        "teams": [{"name": "storefront", "channel": "#storefront"}, {"name": "logistics"}],
        "destinations": [{"name": "orders.placed", "system": "kafka", "team": "storefront"}],
    }
    s.expect("STL001", oldest, mentions=["orders.placed"])
    s.expected["custody"] = [
        {
            "correlation": oldest,
            "holder": "orders.placed",
            "holder_kind": "queue",
            "team": "storefront",
        }
    ]


@scenario("stl001-default-deadline")
def default_deadline(s: Scenario) -> None:
    """Too few messages to learn from, and one waits for an hour.

    Six messages were processed within a second; six are no basis for a learned deadline. The
    default for a hand-off, 15 minutes, has long passed for the seventh. The finding says that
    its deadline is the default.
    """
    shop = Shop.of(s)
    shop.orders(6, at=60.0)
    shop.place(7, 7 * 60.0)
    shop.place(8, 67 * 60.0)
    s.expect("STL001", order(7), mentions=["orders.placed", "default"])


@scenario("stl001-not-default-deadline", lookalike_of=("STL001",))
def within_default_deadline(s: Scenario) -> None:
    """Too few messages to learn from, and one waits for ten minutes.

    A hand-off has 15 minutes by default. Ten minutes are ten times longer than any other message
    waited, but six messages are no basis for a judgement.
    """
    shop = Shop.of(s)
    shop.orders(6, at=60.0)
    shop.place(7, 7 * 60.0)
    shop.place(8, 17 * 60.0)
    s.expected["executions"] = {
        "count": 8,
        "of": {order(7): {"status": "running"}, order(8): {"status": "running"}},
    }


@scenario("stl001-not-within-deadline", lookalike_of=("STL001", "ORP002"))
def within_learned_deadline(s: Scenario) -> None:
    """Messages wait for three minutes where a minute is ordinary.

    Shipping usually takes an order after 20 to 60 seconds; the learned deadline is ten times the
    99th percentile. At the end of the recording four messages wait, the oldest for three minutes.
    """
    shop = Shop.of(s)
    for number in range(1, LEARNED + 5):
        message = shop.place(number, number * 60.0)
        if number <= LEARNED:
            shop.ship(number, message, at=message.end + s.random.uniform(20.0, 60.0))
    s.expected["executions"] = {
        "count": LEARNED + 4,
        "status": {"completed": LEARNED, "running": 4},
    }
    s.expected["custody"] = [
        {
            "correlation": order(LEARNED + 1),
            "holder": "orders.placed",
            "holder_kind": "queue",
            "team": "logistics",
        }
    ]


@scenario(
    "stl001-not-year-old-recording",
    lookalike_of=("STL001", "STL002"),
    start="2024-02-29T12:00:00+00:00",
)
def year_old(s: Scenario) -> None:
    """A recording from long ago that ends in the middle of an order.

    The last message was sent 40 seconds before the recording ends, and another order had only
    just arrived. Nothing stalls merely because the recording is old: a recorded source is known
    up to its newest span, and no further.
    """
    shop = Shop.of(s)
    end = shop.orders(LEARNED)
    shop.place(LEARNED + 1, end)
    s.serve(shop.checkout, "POST /orders", end + 40.0, 0.12, attributes=key(LEARNED + 2))
    s.expected["executions"] = {
        "count": LEARNED + 2,
        "of": {order(LEARNED + 1): {"status": "running"}},
    }


def _slow_dispatch(s: Scenario, pick_up: tuple[float, float] = (2.0, 4.0)) -> Jobs:
    """A job shop whose last step begins a minute or more after the one before.

    Gaps of 90 s are ordinary, so an execution matures only after 15 minutes of quiet.
    """
    return Jobs.of(s, pick_up=pick_up, hand_over=(60.0, 90.0))


@scenario("stl002-next-step-overdue")
def next_step_overdue(s: Scenario) -> None:
    """The next step is overdue, but the execution may still go on.

    Fulfilment picks an order up within four seconds. Order 40 has waited for it for more than
    five minutes when the recording ends. It has not been quiet long enough to be given up, since
    dispatch may take a minute and a half: it is stalled, and fulfilment should act.
    """
    jobs = _slow_dispatch(s)
    end = jobs.orders(LEARNED, first=0, at=60.0)
    jobs.place(LEARNED, end)
    jobs.orders(4, first=LEARNED + 1, at=end + 60.0)
    s.expect("STL002", order(LEARNED), service="fulfilment", team="warehouse")
    s.expected["executions"] = {
        "count": LEARNED + 5,
        "status": {"completed": LEARNED + 4, "stalled": 1},
    }
    s.expected["custody"] = [
        {"correlation": order(LEARNED), "holder_kind": "between", "team": "warehouse"}
    ]


@scenario("stl002-not-within-deadline", lookalike_of=("STL002", "ORP004"))
def slow_pick_up(s: Scenario) -> None:
    """The next step is late, but within its deadline.

    Here fulfilment takes half a minute to a minute to pick an order up. Order 40 has waited for
    it for five minutes: long, but less than ten times the 99th percentile.
    """
    jobs = _slow_dispatch(s, pick_up=(30.0, 60.0))
    end = jobs.orders(LEARNED, first=0, at=60.0)
    jobs.place(LEARNED, end)
    jobs.orders(4, first=LEARNED + 1, at=end + 60.0)
    s.expected["executions"] = {
        "count": LEARNED + 5,
        "of": {order(LEARNED): {"status": "running"}},
    }


@scenario("stl002-not-optional-step", lookalike_of=("STL002",))
def optional_next_step(s: Scenario) -> None:
    """A step that has not begun was optional.

    Six orders in ten are gift-wrapped within four seconds of being picked. Order 42 was picked
    five minutes ago and is not wrapped; it waits for dispatch, which is still within its time.
    """
    jobs = _slow_dispatch(s)
    wrapping = s.service("gift-wrap", "warehouse")
    for number in range(LEARNED + 6):
        at = 60.0 + number * 60.0
        placed = jobs.place(number, at)
        picked = jobs.fulfil(number, placed.end + s.random.uniform(2.0, 4.0))
        if number == 42:
            continue
        if number % 5 < 3:
            start = picked.end + s.random.uniform(2.0, 4.0)
            s.span(wrapping, "wrap order", Kind.INTERNAL, start, 0.3, attributes=key(number))
        jobs.send_off(number, picked.end + s.random.uniform(60.0, 90.0))
    s.expected["executions"] = {
        "count": LEARNED + 6,
        "of": {order(42): {"status": "running"}},
    }


@scenario("stl002-not-asked-how-it-stands", lookalike_of=("STL002", "ORP004"))
def asked_how_it_stands(s: Scenario) -> None:
    """Customers ask every twenty seconds how their order stands; the shop owes nobody the question.

    Nobody asks after ord-1045: the warehouse has yet to pick it, as ord-1044, which has waited
    since it was placed, whoever asked meanwhile. ord-1010 was picked and is completed since then,
    though somebody asked later, and was refused once.
    """
    jobs = Jobs.of(s)

    def ask(number: int, at: float, error: str | None = None) -> None:
        s.serve(jobs.checkout, "GET /orders/{id}", at, 0.05, attributes=key(number), error=error)

    for number in range(1, 46):
        at = number * 60.0
        s.serve(jobs.checkout, "POST /orders", at, 0.08, attributes=key(number))
        for look in range(0 if number == 45 else 3):
            ask(number, at + 10 + 20 * look)
        if number < 44:
            jobs.fulfil(number, at + 60.0)
    ask(10, 1200.0)
    ask(10, 1300.0, error="ForbiddenError: signed out")
    s.expected["executions"] = {
        "status": {"completed": 43, "running": 2},
        "of": {order(10): {"status": "completed"}},
    }
    s.expected["custody"] = [
        {"correlation": order(10), "holder": "fulfilment", "state": "completed"},
        *(
            {"correlation": order(n), "holder": "fulfilment", "holder_kind": "between"}
            for n in (44, 45)
        ),
    ]
    s.expected["handoffs"] = [{"to_name": "fulfil order", "wait_ns": 59_920_000_000}]


@scenario("orp004-unconfirmed-by-mail")
def confirmed_by_a_link_in_a_mail(s: Scenario) -> None:
    """Customers confirm their orders by a link in a mail: a GET that moves them.

    It publishes what shipping waits for, so it is no mere question how an order stands: the one
    that failed fails ord-1044, and nobody confirmed ord-1045.
    """
    checkout = s.service("checkout", "storefront")
    shipping = s.service("shipping", "logistics")
    for number in range(1, 86):
        at = number * 60.0
        s.serve(checkout, "POST /orders", at, 0.08, attributes=key(number))
        if number == 45:
            continue
        error = "OSError: no broker" if number == 44 else None
        asked = s.serve(
            checkout, "GET /orders/{id}/confirm", at + 20, 0.05, attributes=key(number), error=error
        )
        if not error:
            message = s.publish(checkout, "orders.confirmed", at + 20.02, parent=asked)
            s.process(shipping, message, at + 20.2, 0.1)
    s.expect("ORP004", order(45), service="checkout", team="storefront")
    s.expected["executions"] = {
        "count": 85,
        "of": {order(44): {"status": "failed"}, order(45): {"status": "abandoned"}},
    }


@scenario("orp004-where-others-are-cancelled")
def where_others_are_cancelled(s: Scenario) -> None:
    """One order in fifteen is cancelled before it is picked; one is neither cancelled nor picked.

    That others took another way from there does not make it usual to end there: ord-1045 is still
    to be picked.
    """
    jobs = Jobs.of(s)
    for number in range(1, 93):
        at = number * 60.0
        s.serve(jobs.checkout, "POST /orders", at, 0.08, attributes=key(number))
        if number in (10, 20, 30, 40, 50, 61):
            s.serve(jobs.checkout, "DELETE /orders/{id}", at + 1, 0.05, attributes=key(number))
        elif number != 45:
            jobs.fulfil(number, at + 4.0)
    s.expect("ORP004", order(45), service="fulfilment", team="warehouse")
    s.expected["executions"] = {
        "count": 92,
        "of": {
            order(20): {"status": "completed"},
            order(44): {"status": "completed"},
            order(45): {"status": "abandoned"},
        },
    }


@scenario("orp004-released-and-never-picked")
def cancelled_before_it_went_on(s: Scenario) -> None:
    """A customer cancels an order before anybody picks it, which nobody had done before.

    ord-1020 is deleted, and is not to be picked any more. That ord-1022 was is no news: warehouses
    release an order before they pick it, and nobody picked this one.
    """
    jobs = Jobs.of(s)
    for number in (*range(1, 51), 91):
        at = number * 60.0
        s.serve(jobs.checkout, "POST /orders", at, 0.08, attributes=key(number))
        if number == 20:
            s.serve(jobs.checkout, "DELETE /orders/{id}", at + 1, 0.05, attributes=key(number))
            continue
        s.span(jobs.checkout, "release order", Kind.INTERNAL, at + 2, 0.1, attributes=key(number))
        if number != 22:
            jobs.fulfil(number, at + 4.0)
    s.expect("ORP004", order(22), service="fulfilment", team="warehouse")
    s.expected["executions"] = {
        "count": 51,
        "of": {order(20): {"status": "completed"}, order(22): {"status": "abandoned"}},
    }
