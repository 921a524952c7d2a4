"""Responsibilities that nobody has (OWN004), what the committed map does not know (OWN005), and
processes without a name (DAT003)."""

from __future__ import annotations

from textwrap import dedent

from scenarios.builder import Scenario, Span
from scenarios.registry import scenario
from scenarios.shop import Jobs, Shop, key, order

#: Orders whose shipment fails for good.
FAILED = (3, 5, 8, 9)


def failing(shop: Shop, count: int, failed: tuple[int, ...] = FAILED) -> dict[int, Span]:
    """Orders of which some fail for good in shipping; returns those shipments by number."""
    found = {}
    for number in range(1, count + 1):
        bad = number in failed
        message = shop.place(number, number * 60.0)
        error = "AddressInvalid: no such street" if bad else None
        shipment = shop.ship(number, message, error=error)
        if bad:
            found[number] = shipment
    return found


# -- OWN004 ----------------------------------------------------------------------------------------


@scenario("own004-no-end-to-end-owner")
def no_owner_of_the_whole(s: Scenario) -> None:
    """Three teams take part in an order, and none has all of it.

    Orders are started by an edge proxy that is nobody's on purpose, so nobody owns the workflow
    by starting it. Payments and logistics each own their part.
    """
    Shop.of(s, checkout=s.service("edge-proxy")).orders(6)
    s.ownership = {"version": 1, "services": [{"name": "edge-proxy", "unowned": True}]}
    s.expect("OWN004", mentions=["POST /orders", "logistics", "payments", "edge-proxy"])


@scenario("own004-nobody-handles")
def nobody_handles(s: Scenario) -> None:
    """Shipments fail behind a topic, and nobody does anything about them.

    Four of twenty-six orders fail for good in shipping. Nobody tried them again, there is no
    dead-letter queue, nothing was undone, nobody was told. One finding, not four.
    """
    failing(Shop.of(s), 26)
    s.expect(
        "OWN004",
        order(FAILED[0]),
        service="shipping",
        team="logistics",
        mentions=["4 executions", "orders.placed", "storefront"],
    )


@scenario("own004-unclaimed-destination")
def unclaimed(s: Scenario) -> None:
    """A topic that nobody reads and that no file gives to anybody.

    The teams write down whose their destinations are. ``audit.log`` is not among them, and in
    thirty-five orders nobody was seen taking anything from it.
    """
    shop = Shop.of(s)
    for number in range(1, 36):
        message = shop.place(number, number * 60.0)
        s.publish(shop.checkout, "audit.log", number * 60.0 + 0.105, parent=message.parent)
        shop.ship(number, message)
    s.ownership = {"version": 1, "destinations": [{"name": "orders.placed", "team": "storefront"}]}
    s.expect("OWN004", service="checkout", team="storefront", mentions=["audit.log", "35 messages"])


@scenario("own004-not-handled", lookalike_of=("OWN004",))
def handled(s: Scenario) -> None:
    """Failures behind a topic that somebody does have.

    Four orders fail for good in shipping, which tells the others so: payment gives the money
    back. Four fail in the mailer, whose messages go to a dead-letter queue. Four fail in billing
    at first; the message is delivered again and goes well.
    """
    shop = Shop.of(s)
    mailer, billing = s.service("mailer", "customer-care"), s.service("billing", "finance")
    for number in range(1, 21):
        bad = number in FAILED
        message = shop.place(number, number * 60.0)
        for attempt in range(2 if bad else 1):
            s.process(
                billing,
                message,
                message.end + 0.2 + attempt,
                0.05,
                attributes=key(number),
                error="Busy: later" if bad and not attempt else None,
            )
        mail = s.process(
            mailer,
            message,
            message.end + 0.2,
            0.05,
            attributes=key(number),
            error="Bounced: no such address" if bad else None,
        )
        if bad:
            s.publish(mailer, "orders.placed.dlq", mail.end - 0.01, parent=mail)
        shipment = shop.ship(
            number, message, error="AddressInvalid: no such street" if bad else None
        )
        if bad:
            failed = s.publish(shop.shipping, "shipments.failed", shipment.end, parent=shipment)
            s.process(shop.payment, failed, failed.end + 0.2, 0.05, attributes=key(number))


@scenario("own004-not-declared", lookalike_of=("OWN004",))
def declared(s: Scenario) -> None:
    """The workflow is declared to be somebody's from end to end.

    The edge proxy is nobody's, and four orders fail in shipping with nobody acting: but
    storefront said that it answers for all of it. Nobody reads ``audit.log``, whose owner is
    declared.
    """
    shop = Shop.of(s, checkout=s.service("edge-proxy"))
    for number in range(1, 36):
        message = shop.place(number, number * 60.0)
        s.publish(shop.checkout, "audit.log", number * 60.0 + 0.105, parent=message.parent)
        error = "AddressInvalid: no such street" if number in FAILED else None
        shop.ship(number, message, error=error)
    s.ownership = {
        "version": 1,
        "services": [{"name": "edge-proxy", "unowned": True}],
        "destinations": [{"name": "audit.log", "team": "compliance"}],
        "workflows": [{"name": "POST /orders", "team": "storefront"}],
    }


@scenario("own004-not-another-s-finding", lookalike_of=("OWN004",))
def another_finding(s: Scenario) -> None:
    """The workflow has no owner because the service that starts it has none: that is OWN001.

    Once somebody owns the gateway, the workflow is theirs as well; one cause, one finding.
    """
    Shop.of(s, checkout=s.service("gateway")).orders(6)
    s.expect("OWN001", service="gateway", team=None, mentions=["POST /orders"])


@scenario("own004-not-nobody-asked", lookalike_of=("OWN004",))
def nobody_asked(s: Scenario) -> None:
    """A shop that declares nothing, of one team.

    No file says whose any destination is, so ``audit.log`` is no exception, and its reader may
    well send no telemetry. What fails in shipping fails within the team. The edge proxy that
    starts the orders is nobody's, but only one team takes part.
    """
    shop = Shop.of(
        s,
        checkout=s.service("edge-proxy"),
        payment=s.service("payment", "shop"),
        shipping=s.service("shipping", "shop"),
    )
    for number in range(1, 36):
        message = shop.place(number, number * 60.0)
        s.publish(shop.checkout, "audit.log", number * 60.0 + 0.105, parent=message.parent)
        error = "AddressInvalid: no such street" if number in FAILED else None
        shop.ship(number, message, error=error)
    s.ownership = {"version": 1, "services": [{"name": "edge-proxy", "unowned": True}]}


@scenario("own004-not-taken-unseen", lookalike_of=("OWN004",))
def taken_unseen(s: Scenario) -> None:
    """A topic is read, but nothing ties what is read to what was sent.

    The reader of ``audit.log`` lost the context of its messages. It does take them.
    """
    shop = Shop.of(s)
    auditor = s.service("auditor", "compliance")
    for number in range(1, 36):
        at = number * 60.0
        message = shop.place(number, at)
        log = s.publish(
            shop.checkout, "audit.log", at + 0.105, parent=message.parent, message_id=False
        )
        s.process(auditor, log, at + 0.5, 0.01, joined_by="none")
        shop.ship(number, message)
    s.ownership = {"version": 1, "destinations": [{"name": "orders.placed", "team": "storefront"}]}


# -- OWN005 ----------------------------------------------------------------------------------------


def reviewed(owners: str, *handoffs: tuple[str, str, str, str, str], workflow: str = "") -> str:
    """A committed map: owners as they are, hand-offs as (from, step, to, step, type)."""
    lines = ["# Written by 'tracemap map export'", "version: 1", "owners:"]
    lines += [f"- {line}" for line in dedent(owners).strip().splitlines()]
    lines += ["workflows:", f"- workflow: {workflow or 'POST /orders'}", "  handoffs:"]
    for start, start_step, end, end_step, kind in handoffs:
        lines += [
            f"  - from: {{service: {start}, name: {start_step}}}",
            f"    to: {{service: {end}, name: {end_step}}}",
            f"    mode: sync\n    type: {kind}",
        ]
    return "\n".join(lines) + "\n"


@scenario("own005-undeclared-boundary")
def undeclared(s: Scenario) -> None:
    """Shipping listens to orders, and the map that both teams reviewed does not know it.

    Of payment the map says that it is billing's; by its own word it is payments'.
    """
    Shop.of(s).orders(6)
    s.catalogs = {
        "ownership-map.yaml": reviewed(
            "{kind: service, name: payment, team: billing}",
            ("checkout", "POST /orders", "payment", "POST /charge", "call"),
        )
    }
    s.expect(
        "OWN005",
        service="checkout",
        team="storefront",
        mentions=["shipping", "orders.placed", "logistics", "6 executions"],
    )
    s.expect(
        "OWN005", service="payment", team="payments", mentions=["billing", "ownership-map.yaml:4"]
    )


@scenario("own005-not-news", lookalike_of=("OWN005",))
def not_news(s: Scenario) -> None:
    """What differs from the map without being news.

    The map knows both hand-offs under the workflow's former name, one of them from another step
    and as asynchronous. It calls payments by its former name, an alias. Checkout asks its own
    team's price list, which is nowhere in the map. Two orders of twelve asked the warehouse, by
    hand.
    """
    shop = Shop.of(s)
    prices, warehouse = s.service("prices", "storefront"), s.service("warehouse", "logistics")
    for number in range(1, 13):
        message = shop.place(number, number * 60.0)
        assert message.parent is not None
        for callee, name in ((prices, "GET /prices"), (warehouse, "POST /stock-takes")):
            if callee is prices or number < 3:
                at = number * 60.0 + 0.075
                s.call(shop.checkout, callee, name, at, 0.01, parent=message.parent)
        shop.ship(number, message)
    s.ownership = {"version": 1, "teams": [{"name": "payments", "aliases": ["billing"]}]}
    s.catalogs = {
        "ownership-map.yaml": reviewed(
            """
            {kind: service, name: payment, team: billing}
            {kind: service, name: checkout, team: null}
            """,
            ("checkout", "PUT /orders", "payment", "POST /charge", "call"),
            ("checkout", "POST /orders", "shipping", "process orders.placed", "message"),
            workflow="PUT /orders",
        )
    }


@scenario("own005-not-a-hand-off-that-is-guessed", lookalike_of=("OWN005",))
def guessed(s: Scenario) -> None:
    """Two services work on the same orders, and nothing shows that one hands over to the other.

    Only the order's number connects them. That is how work seems to pass, but no dependency that
    a reviewer could have approved.
    """
    Jobs.of(s).orders(8)
    s.catalogs = {
        "ownership-map.yaml": reviewed(
            "{kind: service, name: checkout, team: storefront}",
            ("checkout", "POST /orders", "payment", "POST /charge", "call"),
        )
    }


# -- DAT003 ----------------------------------------------------------------------------------------


@scenario("dat003-unknown-service")
def unknown_service(s: Scenario) -> None:
    """A process forgot its name.

    ``unknown_service:python`` is what an SDK calls a process without ``service.name``. Any number
    of programs may share it, so an owner declared for that name owns none of them. What else the
    resource says helps to find the program.
    """
    resource = {"k8s.deployment.name": "payment-worker", "telemetry.sdk.language": "python"}
    shop = Shop.of(s, payment=s.service("unknown_service:python", resource=resource))
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "teams": [{"name": "payments"}],
        "services": [{"name": "unknown_service:python", "team": "payments"}],
    }
    s.expect("DAT003", service="unknown_service:python", mentions=["payment-worker"])


@scenario("dat003-not-named-like-it", lookalike_of=("DAT003",))
def named_like_it(s: Scenario) -> None:
    """A service whose real name begins with the words.

    ``unknown_service_desk`` takes care of requests that nobody can place. It has an owner.
    """
    Shop.of(s, payment=s.service("unknown_service_desk", "customer-care")).orders(6)
