"""Owners from catalogs that people already have, and what happens when these disagree."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import Shop


def nobody_says(s: Scenario, **resource: dict[str, str]) -> Shop:
    """The usual shop, whose spans name no teams; ``resource`` attributes by service."""
    return Shop.of(
        s,
        **{
            name: s.service(name, resource=resource.get(name, {}))
            for name in ("checkout", "payment", "shipping")
        },
    )


def with_database(s: Scenario, shop: Shop, count: int) -> None:
    """Orders that checkout writes to a database."""
    for number in range(1, count + 1):
        message = shop.place(number, number * 60.0)
        s.span(
            shop.checkout,
            "INSERT",
            Kind.CLIENT,
            number * 60.0 + 0.08,
            0.01,
            parent=message.parent,
            attributes={"db.system.name": "postgresql", "db.namespace": "orders-db"},
        )
        shop.ship(number, message)


@scenario("own001-not-catalogs", lookalike_of=("OWN001",))
def catalogs(s: Scenario) -> None:
    """Every owner stands in a catalog that the teams keep anyway.

    checkout is a component in Backstage. payment is one without an owner: it inherits the one of
    its system. shipping is nowhere but in CODEOWNERS, found by the repository that its resource
    names and the folder that ``ownership.yaml`` gives. The queue and the database are Datadog's.
    """
    shop = nobody_says(s, shipping={"vcs.repository.name": "shop"})
    with_database(s, shop, 6)
    s.ownership = {
        "version": 1,
        "repositories": [{"name": "shop", "path": "services/shipping", "service": "shipping"}],
    }
    s.catalogs = {
        "catalog-info.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: Group
            metadata:
              name: storefront
            spec:
              type: team
              profile:
                email: storefront@shop.example
              children: []
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Group
            metadata:
              name: payments
            spec:
              type: team
              children: []
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: checkout
            spec:
              type: service
              lifecycle: production
              owner: group:default/storefront
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: payment
            spec:
              type: service
              lifecycle: production
              system: money
            ---
            apiVersion: backstage.io/v1alpha1
            kind: System
            metadata:
              name: money
            spec:
              owner: payments
            """,
        "entity.datadog.yaml": """
            apiVersion: v3
            kind: queue
            metadata:
              name: orders.placed
              owner: storefront
            spec:
              type: kafka
            ---
            apiVersion: v3
            kind: datastore
            metadata:
              name: orders-db
              owner: dba
              additionalOwners:
                - name: storefront
                  type: user
            spec:
              type: postgres
            """,
        "shop/.github/CODEOWNERS": """
            *                     @acme/storefront
            /services/shipping/   @acme/logistics
            """,
    }
    s.expected["owners"] = [
        {"kind": "service", "name": "checkout", "team": "storefront", "rule": "catalog"},
        {"kind": "service", "name": "payment", "team": "payments", "rule": "inherited"},
        {"kind": "service", "name": "shipping", "team": "@acme/logistics", "rule": "codeowners"},
        {"kind": "destination", "name": "orders.placed", "team": "storefront", "rule": "catalog"},
        {"kind": "datastore", "name": "orders-db", "team": "dba", "rule": "catalog"},
    ]


@scenario("own002-two-catalogs")
def two_catalogs(s: Scenario) -> None:
    """Two catalogs name different owners for one service.

    In Backstage payment belongs to payments; in Datadog it was never handed over from risk. One of
    the two is followed, and the finding names both places.
    """
    nobody_says(s).orders(6)
    s.ownership = {
        "version": 1,
        "services": [
            {"name": "checkout", "team": "storefront"},
            {"name": "shipping", "team": "logistics"},
        ],
    }
    s.catalogs = {
        "catalog-info.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: payment
            spec:
              type: service
              lifecycle: production
              owner: payments
            """,
        "service.datadog.yaml": """
            schema-version: v2.2
            dd-service: payment
            team: risk
            contacts:
              - type: slack
                contact: https://shop.slack.com/archives/risk
            """,
    }
    s.expect(
        "OWN002",
        service="payment",
        team="payments",
        mentions=["risk", "service.datadog.yaml:3", "catalog-info.yaml:8"],
    )


@scenario("own002-not-one-team-two-names", lookalike_of=("OWN002", "OWN003"))
def two_names(s: Scenario) -> None:
    """One team, called differently in every file.

    Backstage says ``group:default/payments``, Datadog the team's handle, CODEOWNERS its name on
    GitHub, and the spans its e-mail address. The group's entity ties them together, and
    ``ownership.yaml`` adds the handle as an alias.
    """
    shop = nobody_says(
        s,
        payment={
            "owner": "payments@shop.example",
            "vcs.repository.url.full": "https://github.com/acme/payment",
        },
    )
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "teams": [
            {"name": "payments", "aliases": ["pay-squad"]},
            {"name": "storefront"},
            {"name": "logistics"},
        ],
        "services": [
            {"name": "checkout", "team": "storefront"},
            {"name": "shipping", "team": "logistics"},
        ],
    }
    s.catalogs = {
        "catalog-info.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: Group
            metadata:
              name: payments
              annotations:
                github.com/team-slug: acme/money-movers
            spec:
              type: team
              profile:
                email: payments@shop.example
              children: []
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: payment
            spec:
              type: service
              lifecycle: production
              owner: group:default/payments
            """,
        "service.datadog.yaml": """
            schema-version: v2.1
            dd-service: payment
            team: pay-squad
            """,
        "payment/CODEOWNERS": """
            * @acme/money-movers @acme/security
            """,
    }
    s.expected["owners"] = [
        {"kind": "service", "name": "payment", "team": "payments", "rule": "catalog"}
    ]


@scenario("own002-not-a-disagreement", lookalike_of=("OWN002",))
def no_disagreement(s: Scenario) -> None:
    """Different names that do not contradict each other.

    payment's system belongs to another team than payment itself. One entry is for checkout in the
    namespace ``shop`` and refines the one for checkout anywhere. shipping's namespace is a hint
    only, and its code has several owners, its team among them. A person who answers for payment's
    code may well be in the team.
    """
    shop = nobody_says(
        s,
        checkout={"service.namespace": "shop"},
        payment={"vcs.repository.name": "payment"},
        shipping={"service.namespace": "parcels", "vcs.repository.name": "shipping"},
    )
    shop.orders(6)
    s.ownership = {
        "version": 1,
        "services": [
            {"name": "checkout", "namespace": "shop", "team": "storefront"},
            {"name": "checkout", "team": "platform"},
            {"name": "shipping", "team": "logistics"},
        ],
    }
    s.catalogs = {
        "catalog-info.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: System
            metadata:
              name: money
            spec:
              owner: finance
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: payment
            spec:
              type: service
              lifecycle: production
              owner: payments
              system: money
            """,
        "payment/CODEOWNERS": "* @jane\n",
        "shipping/CODEOWNERS": "* @acme/platform @acme/logistics\n",
    }
    s.expected["owners"] = [
        {"kind": "service", "name": "checkout", "team": "storefront"},
        {"kind": "service", "name": "payment", "team": "payments"},
        {"kind": "service", "name": "shipping", "team": "logistics"},
    ]


@scenario("own003-dangling-owner")
def dangling(s: Scenario) -> None:
    """A catalog names owners that do not exist.

    payment's owner has a slip of the pen; nobody else is known for it. shipping's owner was
    dissolved, and its group removed; its spans still name the team that took over. checkout
    inherits from a system that nobody declared.
    """
    shop = nobody_says(s, shipping={"team": "logistics"})
    shop.orders(6)
    s.catalogs = {
        "catalog-info.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: payment
            spec:
              type: service
              lifecycle: production
              owner: paymets
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: shipping
            spec:
              type: service
              lifecycle: production
              owner: group:warehouse
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: checkout
            spec:
              type: service
              lifecycle: production
              system: web
            """,
        "org/groups.yaml": """
            apiVersion: backstage.io/v1alpha1
            kind: Group
            metadata:
              name: payments
            spec:
              type: team
              children: []
            ---
            apiVersion: backstage.io/v1alpha1
            kind: System
            metadata:
              name: webshop
            spec:
              owner: payments
            """,
    }
    s.expect("OWN003", service="payment", team=None, mentions=["paymets", "payments"])
    s.expect("OWN003", service="shipping", team="logistics", mentions=["warehouse"])
    s.expect("OWN003", service="checkout", team=None, mentions=["system:default/web"])
    s.expected["owners"] = [
        {"kind": "service", "name": "payment", "team": None, "rule": "dangling-reference"},
        {"kind": "service", "name": "shipping", "team": "logistics", "rule": "resource-attribute"},
    ]


@scenario("own003-not-without-a-register", lookalike_of=("OWN003",))
def no_register(s: Scenario) -> None:
    """No file lists the teams, so none can be missing.

    The organisation's groups come from a directory that was not loaded: there is nothing that the
    owners of the components could be looked up in, and they are taken at their word.
    """
    nobody_says(s).orders(6)
    s.catalogs = {
        "catalog-info.yaml": "".join(
            f"""
            ---
            apiVersion: backstage.io/v1alpha1
            kind: Component
            metadata:
              name: {name}
            spec:
              type: service
              lifecycle: production
              owner: {team}"""
            for name, team in (
                ("checkout", "storefront"),
                ("payment", "user:jane"),
                ("shipping", "group:logistics"),
            )
        )
        + "\n"
    }
    s.expected["owners"] = [
        {"kind": "service", "name": "checkout", "team": "storefront"},
        {"kind": "service", "name": "payment", "team": "user:jane"},
        {"kind": "service", "name": "shipping", "team": "logistics"},
    ]
