"""Messages (design section 6): who took what, and by what that is known."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice

from oracle.world import Span, World

#: A message is the span that published it, or, of a producer without telemetry, what names it.
Message = Span | tuple[object, ...]
Joins = dict[Span, dict[Message, str]]


def joins(world: World) -> Joins:
    """Who took what, and how that is known: the first of these that tells."""
    published = messages(world)
    found: Joins = defaultdict(dict)
    takers = [s for s in world.all if s.takes]
    for taker in takers:
        over = world.parent(taker)
        for target, how in [(over, "parent"), *((t, "link") for t in world.links(taker))]:
            if target in published:
                found[taker].setdefault(published[target], how)
    pairs = {_pair(m, t) for t in found for m in found[t]}
    for taker in takers:
        if taker not in found and (message := _by_id(taker, published, pairs)):
            found[taker][message] = "message id"
    for taker in takers:
        if taker not in found and (message := _by_offset(taker, published)):
            found[taker][message] = "offset"
    for taker in takers:
        if taker not in found and (name := _unseen(world, taker)):
            found[taker][name] = "identity"
    return dict(found) | {t: told for t in takers if (told := _by_receive(world, t, found))}


def _by_receive(world: World, taker: Span, found: Joins) -> dict[Message, str]:
    """Of what nothing else tells of: the one message of the receive that it is directly under, and
    what was taken by those it settles, which it links to."""
    if taker in found:
        return {}
    told: dict[Message, str] = {}
    if taker.operation == "settle":
        received = [t for t in world.links(taker) if t.takes and t.service == taker.service]
        told = {m: "link to its receive" for t in received for m in found.get(t, {})}
    over = world.parent(taker)
    around = found.get(over, {}) if over and over.service == taker.service else {}
    return told | (dict.fromkeys(around, "inside the receive") if len(around) == 1 else {})


def messages(world: World) -> dict[Span, Span]:
    """Each span that publishes, with the message it publishes: a copy's is the outer one's."""

    def outer(span: Span) -> Span:
        """Two instrumentations above each other, or three; more are none."""
        found = span
        for over in islice(world.above(span), 2):
            what = ("kind", "service", "name", "destination")
            if span.kind != "producer" or any(getattr(span, w) != getattr(over, w) for w in what):
                break
            found = over
        return found

    carries = {
        s for s in world.all if any(target.operation == "create" for target in world.links(s))
    }
    return {
        s: outer(s)
        for s in world.all
        if s not in carries
        and (s.operation == "create" or (s.kind == "producer" and s.operation == "send"))
    }


def _by_id(
    taker: Span, published: dict[Span, Span], pairs: set[tuple[str | None, str | None]]
) -> Span | None:
    """The last that was published under its id before it was taken, to the same destination or to
    one seen joined with it; where clocks skew, the first after."""
    if not taker.message_id:
        return None
    same = [
        s
        for s in published
        if (s.system, s.message_id) == (taker.system, taker.message_id)
        and (
            s.destination == taker.destination
            or (s.destination and taker.destination and _pair(s, taker) in pairs)
        )
    ]
    if not same:
        return None
    late, wait = max(taker.start, taker.end), taker.start
    return published[min(same, key=lambda s: (s.start > late, abs(s.start - wait), s.number))]


def _pair(message: Message, taker: Span) -> tuple[str | None, str | None]:
    return getattr(message, "destination", None), taker.destination


def _by_offset(taker: Span, published: dict[Span, Span]) -> Span | None:
    """Kafka: topic, partition and offset."""
    place = taker.destination, taker.partition, taker.offset
    if None in place:
        return None
    at = [s for s in published if (s.destination, s.partition, s.offset) == place]
    return published[min(at, key=lambda s: s.number)] if at else None


def _unseen(world: World, taker: Span) -> tuple[object, ...] | None:
    """What names a message whose producer sent no telemetry."""
    if taker.message_id:
        return "id", taker.system, taker.destination, taker.message_id
    if taker.offset is not None:
        return "offset", taker.destination, taker.partition, taker.offset
    missing = {i for i in taker.links if i not in world.spans}
    return ("link", *missing) if len(missing) == 1 else None
