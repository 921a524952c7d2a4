"""Who is in the shop: services, teams, destinations, and how context crosses each hand-off."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

#: ``messaging.system`` of the broker, and ``service.namespace`` of all services.
SYSTEM: Final = "shopmq"
NAMESPACE: Final = "shop"


class Context(Enum):
    """What a consumer makes of the trace context in a message's headers."""

    PARENT = "parent"  # its span is a child of the producer's: one trace
    LINK = "link"  # its span starts a new trace and links to the producer's
    LOST = "lost"  # a new trace, no link, no message id: only order.id is left


@dataclass(frozen=True, slots=True)
class Service:
    """One process. ``protocol`` is the value of OTEL_EXPORTER_OTLP_PROTOCOL."""

    name: str
    team: str
    protocol: str
    listens: bool = False


SERVICES: Final = {
    service.name: service
    for service in (
        Service("order", "storefront", "grpc", listens=True),
        Service("payment", "payments", "http/protobuf"),
        Service("inventory", "warehouse", "grpc", listens=True),
        Service("shipping", "logistics", "http/protobuf"),
        Service("notification", "customer-care", "grpc"),
    )
}

PLACED: Final = "orders.placed"
CAPTURED: Final = "payments.captured"
SHIPPED: Final = "parcels.shipped"
FAILED: Final = "shipments.failed"


@dataclass(frozen=True, slots=True)
class Destination:
    """``groups`` are the consumer groups, each named after the service that reads."""

    name: str
    producer: str
    groups: tuple[str, ...]
    context: Context


DESTINATIONS: Final = {
    destination.name: destination
    for destination in (
        Destination(PLACED, "order", ("payment",), Context.PARENT),
        Destination(CAPTURED, "payment", ("shipping",), Context.LOST),
        Destination(SHIPPED, "shipping", ("notification",), Context.LINK),
        Destination(FAILED, "shipping", ("payment", "inventory"), Context.LINK),
    )
}
