"""How traces become executions: keys, messages, batches, children. Nothing is wrong in these."""

from __future__ import annotations

from scenarios.builder import Kind, Scenario
from scenarios.registry import scenario
from scenarios.shop import ORDERS, Shop, key, order


@scenario("healthy-shop")
def healthy(s: Scenario) -> None:
    """Forty-one orders, and nothing is wrong with any of them.

    Checkout calls payment and tells shipping through a topic; shipping's traces are linked.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        shop.order(number, number * 60.0)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"workflow": "POST /orders", "traces": 2, "spans": 5},
        "status": {"completed": len(ORDERS)},
    }
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "payment", "type": "call", "mode": "sync"},
        {
            "from_service": "checkout",
            "to_service": "shipping",
            "type": "message",
            "mode": "async",
            "destination": "orders.placed",
        },
    ]


@scenario("batch-consumer", lookalike_of=("ORP002", "DUP001", "DUP002"))
def batch_consumer(s: Scenario) -> None:
    """A consumer takes twenty messages at once.

    One span with twenty links is shared by twenty orders and merges none of them. Under it each
    order has a span of its own, with its own id.
    """
    shop = Shop.of(s)
    for batch in [0, 1, 20]:
        group = {"messaging.consumer.group.name": "shipping", "messaging.batch.message_count": 20}
        numbers, taken = shop.batch(batch, group)
        for index, number in enumerate(numbers):
            at = taken.start + 0.02 + index * 0.04
            s.span(
                shop.shipping, "pack", Kind.INTERNAL, at, 0.03, parent=taken,
                attributes=key(number),
            )  # fmt: skip
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": 60, "all": {"traces": 2, "spans": 4}}


@scenario("names-that-carry-data", lookalike_of=("ORP002", "ORP004"))
def names_that_carry_data(s: Scenario) -> None:
    """Spans are named by what was asked for: an invoice in a path, an order in a NATS subject.

    That is no workflow for each order, of which nothing could be learned. The versions of the API
    are no data: there are two.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at, version = number * 60.0, 1 + number % 2
        root = s.serve(
            shop.checkout, f"POST /v{version}/invoices('INV-2025-{number:06}')/pay", at, 0.1,
            attributes=key(number),
        )  # fmt: skip
        sent = s.span(
            shop.checkout, f"invoices.{47110 + number}.paid publish", Kind.PRODUCER, at + 0.05,
            0.004, parent=root,
        )  # fmt: skip
        s.span(
            shop.shipping, f"invoices.{47110 + number}.paid process", Kind.CONSUMER, at + 0.5, 0.1,
            links=[sent], attributes=key(number),
        )  # fmt: skip
    s.expected["executions"] = {
        "count": len(ORDERS),
        "of": {
            order(7): {"workflow": "POST /v2/invoices('{id}')/pay"},
            order(8): {"workflow": "POST /v1/invoices('{id}')/pay"},
        },
    }
    s.expected["steps"] = [{"service": "shipping", "name": "invoices.{id}.paid process"}]


@scenario("context-lost-joined-by-key", lookalike_of=("ORP002", "STL001", "ORP004"))
def context_lost(s: Scenario) -> None:
    """A queue that carries no trace context; ``order.id`` is left.

    Shipping's spans have no parent, no link and no message id. Its messages cannot be joined one
    by one, but its orders can: no message is lost, no order abandoned.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, message_id=False)
        shop.ship(number, message, joined_by="none")
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 2},
        "status": {"completed": len(ORDERS)},
    }
    s.expected["handoffs"] = [
        {
            "from_service": "checkout",
            "to_service": "shipping",
            "mode": "async",
            "evidence": f"message joined by order.id {order(number)} and destination",
        }
        for number in (1, 40)
    ]


@scenario("context-lost-where-the-key-is-below", lookalike_of=("ORP002", "STL001", "ORP004"))
def key_is_below(s: Scenario) -> None:
    """What takes the message does not know the order; the courier that it calls does.

    The hand-off's evidence says so: only checkout's step carries ``order.id``. Of every third order
    a span within shipping's own step names it: there both do.
    """
    shop = Shop.of(s)
    courier = s.service("courier", "logistics")
    for number in ORDERS:
        message = shop.place(number, number * 60.0, message_id=False)
        at = message.end + s.random.uniform(0.3, 0.6)
        taken = s.process(shop.shipping, message, at, 0.15, joined_by="none")
        s.call(
            shop.shipping, courier, "POST /parcels", at + 0.05, 0.05, parent=taken,
            attributes=key(number),
        )  # fmt: skip
        if number % 3 == 0:
            s.span(
                shop.shipping, "pack", Kind.INTERNAL, at + 0.01, 0.02, parent=taken,
                attributes=key(number),
            )  # fmt: skip
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 2},
        "status": {"completed": len(ORDERS)},
    }
    joined = f"message joined by order.id {order(5)} and destination"
    having = "the step before carries it, the one after has it from the rest of its trace"
    s.expected["handoffs"] = [
        {"execution": order(5), "to_service": "shipping", "evidence": f"{joined}: {having}"},
        {
            "execution": order(6),
            "to_service": "shipping",
            "evidence": f"message joined by order.id {order(6)} and destination",
        },
    ]


@scenario("message-joined-by-id", lookalike_of=("ORP002", "STL001"))
def joined_by_message_id(s: Scenario) -> None:
    """Producer and consumer share nothing but destination and message id.

    The instrumentation of shipping starts a new trace, adds no link and does not know the order.
    The message's id joins the two traces.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0)
        at = message.end + s.random.uniform(0.3, 0.6)
        s.process(shop.shipping, message, at, 0.15, joined_by="id")
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 2},
        "status": {"completed": len(ORDERS)},
    }
    s.expected["handoffs"] = [
        {
            "from_service": "checkout",
            "to_service": "shipping",
            "type": "message",
            "destination": "orders.placed",
        }
    ]


@scenario("message-joined-by-kafka-offset", lookalike_of=("ORP002", "STL001"))
def joined_by_offset(s: Scenario) -> None:
    """Topic, partition and offset join a message's two ends.

    No context, no message id, no order on the consumer's side; the older attribute names on the
    producer's side and the newer ones on the consumer's. Two partitions count their offsets
    independently.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        partition, offset = number % 2, number // 2
        message = shop.place(
            number,
            number * 60.0,
            charge=False,
            message_id=False,
            attributes={
                "messaging.kafka.partition": partition,
                "messaging.kafka.message.offset": offset,
            },
        )
        s.process(
            shop.shipping,
            message,
            message.end + s.random.uniform(0.3, 0.6),
            0.15,
            joined_by="none",
            attributes={
                "messaging.destination.partition.id": str(partition),
                "messaging.kafka.offset": offset,
            },
        )
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 2},
        "status": {"completed": len(ORDERS)},
    }


@scenario("child-workflow")
def child_workflow(s: Scenario) -> None:
    """Some orders start an order of their own.

    What is not in stock is bought from a supplier: under the order's own spans ``POST /orders``
    runs again with another ``order.id``. That is a child execution; it knows its parent and is
    not merged into it.
    """
    shop = Shop.of(s)
    buying = s.service("purchasing", "warehouse")
    children = {}
    for number in ORDERS:
        shipment = shop.order(number, number * 60.0)
        if number % 8:
            continue
        child = number + 500
        children[order(child)] = {"parent": order(number)}
        s.call(
            shop.shipping,
            buying,
            "POST /purchases",
            shipment.start + 0.02,
            0.1,
            parent=shipment,
            attributes=key(child),
        )
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": len(ORDERS) + len(children), "of": children}


@scenario("keys-among-decoys")
def keys_among_decoys(s: Scenario) -> None:
    """One attribute names the order, five others only look like it.

    A customer orders again, a tenant is everybody's, a session holds several orders, a request
    id never leaves its service, an e-mail address belongs to a customer. ``order.id`` joins two
    services and is never used again.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        customer = number % 13
        decoys = {
            **key(number),
            "customer.id": f"cust-{customer:04}",
            "tenant": "north" if customer % 2 else "south",
            "shop.session": f"s-{customer:04}-{number // 20}",
            "user.email": f"c{customer}@example.com",
        }
        at = number * 60.0
        root = s.serve(
            shop.checkout, "POST /orders", at, 0.12,
            attributes={**decoys, "http.request_id": f"r-{number:08}"},
        )  # fmt: skip
        message = s.publish(shop.checkout, shop.destination, at + 0.1, parent=root)
        shop.ship(number, message, attributes=decoys)
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 2},
        "status": {"completed": len(ORDERS)},
    }


@scenario("two-workflows")
def two_workflows(s: Scenario) -> None:
    """Orders and returns share a store, a service and nothing else.

    Each has its own key and its own steps; what is usual for one is not expected of the other.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        at = number * 60.0
        message = shop.place(number, at, charge=False)
        shop.ship(number, message)
        name = {"return.id": f"ret-{5000 + number}"}
        root = s.serve(shop.checkout, "POST /returns", at + 20.0, 0.05, attributes=name)
        sent = s.publish(shop.checkout, "returns.announced", at + 20.02, parent=root)
        s.process(shop.payment, sent, sent.end + 0.5, 0.1, attributes=name)
    s.expected["keys"] = ["order.id", "return.id"]
    s.expected["executions"] = {
        "count": 2 * len(ORDERS),
        "status": {"completed": 2 * len(ORDERS)},
        "of": {
            order(1): {"workflow": "POST /orders"},
            "ret-5001": {"workflow": "POST /returns"},
        },
    }


@scenario("array-valued-keys", lookalike_of=("DUP002",))
def array_keys(s: Scenario) -> None:
    """One span names four orders at once.

    Shipping prints a manifest for every four orders, in a trace of its own, with the orders' ids
    as an array under ``order.ids``. The span is shared by the four; the four stay apart.
    """
    shop = Shop.of(s)
    for batch in [*range(10), 20]:
        numbers = [batch * 4 + index for index in range(1, 5)]
        for index, number in enumerate(numbers):
            shop.order(number, batch * 60.0 + index * 5.0, charge=False)
        s.span(
            shop.shipping,
            "print manifest",
            Kind.INTERNAL,
            batch * 60.0 + 30.0,
            0.2,
            attributes={"order.ids": [order(number) for number in numbers]},
        )
    s.expected["keys"] = ["order.id"]
    s.expected["executions"] = {"count": 44, "all": {"traces": 3, "spans": 4}}


@scenario("unkeyed-traces")
def unkeyed(s: Scenario) -> None:
    """Traces without any business key.

    A report is requested and rendered by another service through a queue, joined by a link. With
    no key in the data, each pair of linked traces is an execution, named after its first root.
    """
    portal = s.service("portal", "insights")
    renderer = s.service("renderer", "insights")
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(portal, "POST /reports", at, 0.05)
        message = s.publish(portal, "reports.requested", at + 0.02, parent=root)
        s.process(renderer, message, message.end + s.random.uniform(0.2, 0.4), 0.5)
    s.expected["keys"] = []
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"workflow": "POST /reports", "traces": 2, "correlation": None},
        "status": {"completed": len(ORDERS)},
    }


@scenario("sync-and-detached-call")
def sync_and_detached(s: Scenario) -> None:
    """One call waits for its answer, the other is answered before the work is done.

    Payment works while checkout waits. Mail accepts within 10 ms and then works for 400 ms: it
    lasts longer than the call, so the hand-off is asynchronous.
    """
    shop = Shop.of(s)
    mail = s.service("mail", "storefront")
    for number in ORDERS:
        at = number * 60.0
        root = s.serve(shop.checkout, "POST /orders", at, 0.12, attributes=key(number))
        shop.charge(number, at + 0.01, root)
        client = s.span(
            shop.checkout, "POST", Kind.CLIENT, at + 0.08, 0.01, parent=root,
            attributes={"server.address": "mail"},
        )  # fmt: skip
        s.serve(mail, "POST /mails", at + 0.083, 0.4, parent=client, attributes=key(number))
    s.expected["executions"] = {"count": len(ORDERS), "status": {"completed": len(ORDERS)}}
    s.expected["handoffs"] = [
        {"from_service": "checkout", "to_service": "payment", "type": "call", "mode": "sync"},
        {"from_service": "checkout", "to_service": "mail", "type": "call", "mode": "async"},
    ]


@scenario("nested-receive-and-process", lookalike_of=("DUP001",))
def nested_receive(s: Scenario) -> None:
    """A reception with the processing inside is one step.

    The consumer's library reports a ``receive`` span around the application's ``process`` span,
    both of kind CONSUMER and in the producer's trace. One message, one step, one processing.
    """
    shop = Shop.of(s)
    for number in ORDERS:
        message = shop.place(number, number * 60.0, charge=False)
        received = s.process(
            shop.shipping, message, message.end + 0.3, 0.3, joined_by="parent",
            operation="receive",
        )  # fmt: skip
        s.span(
            shop.shipping,
            "process orders.placed",
            Kind.CONSUMER,
            received.start + 0.05,
            0.2,
            parent=received,
            attributes={
                **dict(received.attributes),
                **key(number),
                "messaging.operation.type": "process",
            },
        )
    s.expected["executions"] = {
        "count": len(ORDERS),
        "all": {"traces": 1, "spans": 4},
        "status": {"completed": len(ORDERS)},
    }
