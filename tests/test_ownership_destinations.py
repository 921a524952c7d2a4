"""Whose a topic or queue is: declared, or by what it carries."""

from __future__ import annotations

from pathlib import Path

import pytest
from ownership_world import Answer, World, answers, owned

from tracemap import ownership


@pytest.fixture
def world() -> World:
    return World()


def test_one_group_makes_a_command_that_belongs_to_its_receiver(
    world: World, tmp_path: Path
) -> None:
    owned(world).message("charge", "order", "payment", "payment@payment")
    assert answers(world.build(tmp_path))["destination", "charge", "kafka"] == Answer(
        "payment-team", "command-receiver", "received by payment", ()
    )


def test_two_groups_make_an_event_that_belongs_to_its_producer(
    world: World, tmp_path: Path
) -> None:
    owned(world).message("placed", "order", "payment")
    world.message("placed", "order", "mail")
    assert answers(world.build(tmp_path))["destination", "placed", "kafka"] == Answer(
        "order-team", "event-producer", "published by order", ()
    )


def test_a_dead_letter_queue_belongs_to_its_consumer(world: World, tmp_path: Path) -> None:
    # Sent to an exchange, taken from a queue, dead-lettered to a third: one group each.
    owned(world).message("shop", "order", "payment", system="rabbitmq", taken_at="shop.charge")
    world.message("shop", "order", "rescue", system="rabbitmq", taken_at="shop.charge.dlq")
    found = answers(world.build(tmp_path))
    assert found["destination", "shop.charge.dlq", "rabbitmq"] == Answer(
        "rescue-team", "dead-letter-consumer", "received by rescue", ()
    )
    # The rescuer of dead letters is no second audience of what was sent.
    assert found["destination", "shop", "rabbitmq"].rule == "command-receiver"
    assert found["destination", "shop", "rabbitmq"].team == "payment-team"
    assert found["destination", "shop.charge", "rabbitmq"].team == "payment-team"


def test_where_one_side_was_never_seen_the_other_is_asked(world: World, tmp_path: Path) -> None:
    owned(world).message("waiting", "order")
    world.message("from-outside", None, "payment", "payment@second")
    world.message("lost.dlq", "payment")
    found = answers(world.build(tmp_path))
    assert found["destination", "waiting", "kafka"].team == "order-team"
    assert found["destination", "waiting", "kafka"].rule == "only-producer"
    assert found["destination", "from-outside", "kafka"].team == "payment-team"
    assert found["destination", "from-outside", "kafka"].rule == "only-consumer"
    assert found["destination", "lost.dlq", "kafka"].rule == "only-producer"


def test_a_declared_type_decides_whose_it_is(world: World, tmp_path: Path) -> None:
    for name in ("placed", "charge", "graveyard"):
        owned(world).message(name, "order", "payment")
    world.message("charge", "order", "mail")
    world.declare(
        destinations=[
            {"name": "placed", "type": "event"},
            {"name": "charge", "type": "command"},
            {"name": "graveyard", "type": "dead-letter"},
        ]
    )
    found = answers(world.build(tmp_path))
    assert found["destination", "placed", "kafka"] == Answer(
        "order-team", "event-producer", f"{tmp_path}/own.yaml:3, published by order", ()
    )
    assert found["destination", "charge", "kafka"].rule == "command-receiver"
    # Two receivers of one command: the first by name, as often seen; the other is shown.
    assert found["destination", "charge", "kafka"].team == "mail-team"
    assert found["destination", "charge", "kafka"].losers == (("payment-team", "command-receiver"),)
    assert found["destination", "graveyard", "kafka"].rule == "dead-letter-consumer"


def test_a_declared_destination_may_be_narrowed_to_a_system(world: World, tmp_path: Path) -> None:
    owned(world).message("orders", "order", "payment")
    world.message("orders", "order", "payment", system="rabbitmq")
    world.message("orders", "order", "payment", system=None)
    world.declare(destinations=[{"name": "orders", "system": "kafka", "team": "platform"}])
    found = answers(world.build(tmp_path))
    assert found["destination", "orders", "kafka"].team == "platform"
    assert found["destination", "orders", "rabbitmq"].team == "payment-team"
    assert found["destination", "orders", None].team == "payment-team"


def test_a_destination_of_an_unowned_service_tells_why_it_has_no_team(
    world: World, tmp_path: Path
) -> None:
    world.service("nobody")
    world.message("work", None, "nobody")
    cursor = world.build(tmp_path)
    assert answers(cursor)["destination", "work", "kafka"] == Answer(
        None, "command-receiver", "received by nobody", ()
    )
    (explained,) = ownership.explain(cursor, "work")
    assert explained.because == (
        "a command belongs to its receiver: received by nobody, which has no owner"
    )


def test_a_producer_with_an_owner_goes_before_a_busier_one_without(
    world: World, tmp_path: Path
) -> None:
    owned(world).service("nobody")
    for producer in ("nobody", "nobody", "order"):
        world.message("placed", producer, "payment", "mail")
    assert answers(world.build(tmp_path))["destination", "placed", "kafka"] == Answer(
        "order-team", "event-producer", "published by order", ()
    )
