"""Services without an owner (OWN001), and the ways in which one can have an owner."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import Shop, key


@scenario("own001-unowned-service")
def unowned(s: Scenario) -> None:
    """Two of three services belong to nobody.

    Neither ``ownership.yaml`` nor a resource attribute names a team for payment or shipping. One
    finding per service, however many orders pass through it.
    """
    shop = Shop.of(s, payment=s.service("payment"), shipping=s.service("shipping"))
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "teams": [{"name": "storefront"}],
        "services": [{"name": "checkout", "team": "storefront"}],
    }
    s.expect("OWN001", service="payment")
    s.expect("OWN001", service="shipping")
    s.expected["executions"] = {"count": 6, "status": {"completed": 6}}


@scenario("own001-not-declared-unowned", lookalike_of=("OWN001",))
def declared_unowned(s: Scenario) -> None:
    """A service is declared to have no owner.

    Somebody wrote down that ``legacy-ftp`` is nobody's (``unowned: true``). That is a decision,
    not a gap. The other services have their owners from the same file; payment's team is given
    by an alias.
    """
    shop = Shop.of(
        s,
        checkout=s.service("checkout", resource={"service.namespace": "shop"}),
        payment=s.service("payment"),
        shipping=s.service("legacy-ftp"),
    )
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "teams": [
            {"name": "storefront", "channel": "#storefront"},
            {"name": "payments", "aliases": ["pay-team"]},
        ],
        "services": [
            {"name": "checkout", "namespace": "shop", "team": "storefront"},
            {"name": "payment", "team": "pay-team"},
            {"name": "legacy-ftp", "unowned": True},
        ],
    }
    s.expected["owners"] = [
        {"kind": "service", "name": "checkout", "team": "storefront"},
        {"kind": "service", "name": "payment", "team": "payments"},
        {"kind": "service", "name": "legacy-ftp", "team": None},
    ]


@scenario("own001-not-resource-attributes", lookalike_of=("OWN001",))
def resource_attributes(s: Scenario) -> None:
    """Owners come with the telemetry, each under another name.

    There is no standard attribute for an owner; checkout, payment and shipping each use one of
    the names in the list that tracemap knows. No file is needed.
    """
    shop = Shop.of(
        s,
        checkout=s.service("checkout", resource={"service.owner.name": "storefront"}),
        payment=s.service("payment", resource={"k8s.deployment.label.team": "payments"}),
        shipping=s.service("shipping", resource={"a8r.io/owner": "logistics"}),
    )
    shop.orders(6)
    s.expected["owners"] = [
        {"kind": "service", "name": "checkout", "team": "storefront"},
        {"kind": "service", "name": "payment", "team": "payments"},
        {"kind": "service", "name": "shipping", "team": "logistics"},
    ]


@scenario("own001-not-file-over-attribute", lookalike_of=("OWN001",))
def file_over_attribute(s: Scenario) -> None:
    """The file wins over what the telemetry says.

    Payment's resource still names a team that was dissolved; ``ownership.yaml`` names the new
    one. An explicit declaration comes before an attribute. That the two disagree is a finding of
    its own: whoever reads the attribute wakes the wrong people.
    """
    shop = Shop.of(s, payment=s.service("payment", "billing"))
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "teams": [{"name": "payments"}],
        "services": [{"name": "payment", "team": "payments"}],
        "workflows": [{"name": "POST /orders", "team": "payments"}],
    }
    s.expect("OWN002", service="payment", team="payments", mentions=["billing"])
    s.expected["owners"] = [
        {"kind": "service", "name": "payment", "team": "payments"},
        {"kind": "workflow", "name": "POST /orders", "team": "payments"},
    ]


@scenario("own001-not-inherited", lookalike_of=("OWN001",))
def inherited(s: Scenario) -> None:
    """Nobody wrote down an owner, but what is known suggests one.

    Payment's resource has no team, only a namespace: that is a hint. The topic has no entry: with
    one group reading it, it carries commands and belongs to who receives them; the one that two
    groups read carries events and belongs to who sends them. The database is used by one team.
    """
    shop = Shop.of(s, payment=s.service("payment", resource={"service.namespace": "payments"}))
    for number in range(1, 9):
        message = shop.place(number, number * 60.0)
        database = {"db.system.name": "postgresql", "db.namespace": "orders-db"}
        s.span(
            shop.checkout,
            "INSERT",
            Kind.CLIENT,
            number * 60.0 + 0.08,
            0.01,
            parent=message.parent,
            attributes=database,
        )
        shipment = shop.ship(number, message)
        event = s.publish(shop.shipping, "parcels.sent", shipment.end - 0.02, parent=shipment)
        for reader, name in ((shop.checkout, "checkout"), (shop.payment, "payment")):
            at = event.end + s.random.uniform(0.1, 0.2)
            s.process(reader, event, at, 0.02, group=name, attributes=key(number))
    s.expected["owners"] = [
        {"kind": "service", "name": "payment", "team": "payments"},
        {"kind": "destination", "name": "orders.placed", "team": "logistics"},
        {"kind": "destination", "name": "parcels.sent", "team": "logistics"},
        {"kind": "datastore", "name": "orders-db", "team": "storefront"},
    ]
