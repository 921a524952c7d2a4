"""A business process simulated event by event: it knows who holds each order at every moment.

Services with instances of their own clocks call each other and wait, send messages through queues,
try again after failures, take batches, relay an outbox, wait for people and timers. What they do is
exported as spans; what is so is asked of the simulation itself (``World.holders``). Times are
seconds since ``ORIGIN``.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from scenarios import otlp
from scenarios.otlp import Kind, Service

#: 2025-03-03T00:00:00Z
ORIGIN: Final = 1_740_960_000

#: A process yields the seconds it sleeps, or what it waits for.
Process = Generator["float | Gate", None, None]


@dataclass
class Gate:
    """Something that processes wait for, until it opens. One that never does hangs them."""

    is_open: bool = False
    waiting: list[Process] = field(default_factory=list)


@dataclass(eq=False)
class Span:
    """What a service does. Its end is unknown while it lasts; then it is exported."""

    service: Service
    name: str
    kind: Kind
    start: float
    trace_id: str
    span_id: str
    parent: Span | None
    links: tuple[Span, ...]
    attributes: dict[str, Any]
    step: Step
    end: float | None = None
    error: str | None = None

    def known(self, at: float) -> bool:
        """Whether it had ended by ``at``, by the clock of its service."""
        return self.end is not None and self.end + self.service.skew <= at

    def exported(self) -> otlp.Span:
        assert self.end is not None
        return otlp.Span(
            *(self.service, self.name, self.kind, self.start, self.end),
            *(self.trace_id, self.span_id),
            # Of others their ids and service are told, which need not have ended.
            parent=self.parent,  # type: ignore[arg-type]
            links=self.links,  # type: ignore[arg-type]
            attributes=tuple(self.attributes.items()),
            error=self.error,
        )


@dataclass(eq=False)
class Step:
    """One unit of work by one service, for one order or a batch of them."""

    service: str
    name: str
    orders: tuple[str, ...]
    start: float
    caller: Step | None = None
    end: float | None = None

    def callers(self) -> Iterator[Step]:
        """Who waits for it, the nearest first."""
        above = self.caller
        while above is not None:
            yield above
            above = above.caller

    def runs(self, at: float) -> bool:
        return self.start <= at and (self.end is None or self.end > at)


@dataclass(eq=False)
class Message:
    """A message, and when it lay in its queue: a failed try puts it back."""

    destination: str
    order: str
    sent: Span
    lay: list[tuple[float, float | None]]
    takers: list[Step] = field(default_factory=list)
    receives: list[Span] = field(default_factory=list)  # that waited for it

    def taken(self, step: Step) -> None:
        self.lay[-1] = (self.lay[-1][0], step.start)
        self.takers.append(step)

    def back(self, at: float) -> None:
        self.lay.append((at, None))


@dataclass(frozen=True, order=True)
class Held:
    """Who holds an order: ``since`` is when the step began, or the last one ended."""

    kind: str
    holder: str
    what: str
    since: float


class World:
    """Processes, what they did, and the truth about it."""

    def __init__(
        self, seed: int, *, skew: float = 0.0, joined: str = "link", keyed: bool = False
    ) -> None:
        self.random = random.Random(seed)
        self.keyed = keyed  # whether every step of one order says which
        self.joined = joined  # how consumers know their producer: link, parent, id
        self.now = 0.0
        self.spans: list[Span] = []
        self.steps: list[Step] = []
        self.messages: list[Message] = []
        self._due: list[tuple[float, int, Process]] = []
        self._number = 0
        self._skew = skew
        self._entry: dict[Step, Span] = {}
        self._instances: dict[str, list[Service]] = {}

    # -- time ----------------------------------------------------------------------------------

    def spawn(self, process: Process, after: float = 0.0) -> None:
        self._number += 1
        heapq.heappush(self._due, (round(self.now + after, 6), self._number, process))

    def run(self) -> None:
        """Until nothing is left to happen."""
        while self._due:
            self.now, _, process = heapq.heappop(self._due)
            wanted = next(process, None)
            if isinstance(wanted, Gate):
                if wanted.is_open:
                    self.spawn(process)
                else:
                    wanted.waiting.append(process)
            elif wanted is not None:
                self.spawn(process, wanted)

    def together(self, *processes: Process) -> Process:
        """Let processes run side by side, and wait for all of them."""
        gate, left = Gate(), [len(processes)]

        def one(process: Process) -> Process:
            yield from process
            left[0] -= 1
            if not left[0]:
                gate.is_open = True
                for waiting in gate.waiting:
                    self.spawn(waiting)

        for process in processes:
            self.spawn(one(process))
        yield gate

    def about(self, seconds: float) -> float:
        return seconds * self.random.uniform(0.5, 1.5)

    # -- spans ---------------------------------------------------------------------------------

    def instance(self, name: str) -> Service:
        """One of the two instances of a service, each with a clock of its own."""
        if name not in self._instances:
            self._instances[name] = [
                Service(
                    name,
                    (("service.name", name), ("service.instance.id", f"{name}-{n}")),
                    round(self.random.uniform(-self._skew, self._skew), 6),
                )
                for n in (1, 2)
            ]
        return self.random.choice(self._instances[name])

    def span(
        self,
        step: Step,
        name: str,
        kind: Kind = Kind.INTERNAL,
        *,
        service: Service | None = None,
        parent: Span | None = None,
        links: Iterable[Span] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Open:
        """Do something within a step, in its service."""
        if service is None:
            assert parent is not None
            service = parent.service
        found = Span(
            service,
            name,
            kind,
            self.now,
            parent.trace_id if parent else f"{self.random.getrandbits(128) | 1:032x}",
            f"{self.random.getrandbits(64) | 1:016x}",
            parent,
            tuple(links),
            dict(facts or {}),
            step,
        )
        if self.keyed and len(step.orders) == 1:
            found.attributes.setdefault("order.id", step.orders[0])
        self.spans.append(found)
        return Open(self, found)

    def enter(
        self,
        service: str,
        name: str,
        kind: Kind,
        orders: Sequence[str],
        *,
        caller: Step | None = None,
        **more: Any,
    ) -> Open:
        """Begin a step: its entry span."""
        step = Step(service, name, tuple(orders), self.now, caller)
        self.steps.append(step)
        parent: Span | None = more.get("parent")
        same = parent.service if parent and parent.service.name == service else None
        opened = self.span(step, name, kind, service=same or self.instance(service), **more)
        opened.step = step
        self._entry[step] = opened.made
        return opened

    def call(
        self, parent: Span, callee: str, name: str, work: Callable[[Span], Process], **more: Any
    ) -> Process:
        """Call another service and wait for its answer."""
        step = parent.step
        with self.span(step, name.split(maxsplit=1)[0], Kind.CLIENT, parent=parent) as client:
            yield self.about(0.002)
            orders = more.pop("orders", step.orders)
            with self.enter(
                callee, name, Kind.SERVER, orders, caller=step, parent=client, **more
            ) as served:
                yield from work(served)
                client.error = served.error
            yield self.about(0.002)

    def publish(self, parent: Span, destination: str, order: str) -> Message:
        """Send a message; the PRODUCER span lasts while the sender goes on."""
        opened = self.span(
            parent.step,
            f"send {destination}",
            Kind.PRODUCER,
            parent=parent,
            facts=messaging(destination, "send", f"m-{self.random.getrandbits(48):012x}")
            | {"order.id": order},
        )
        message = Message(destination, order, opened.made, [(self.now, None)])
        self.messages.append(message)
        self.spawn(_brief(opened))
        return message

    def take(self, service: str, message: Message, *, polled: float = 0.0) -> Open:
        """Begin to process a message; ``polled``: who takes it had asked for one so long ago."""
        sent = message.sent
        how: dict[str, Any] = {"link": {"links": [sent]}, "parent": {"parent": sent}, "id": {}}
        facts = messaging(message.destination, "process", sent.attributes["messaging.message.id"])
        name = f"process {message.destination}"
        if polled:
            how["link"]["parent"] = how["id"]["parent"] = self._poll(service, message, polled)
        opened = self.enter(
            service, name, Kind.CONSUMER, [message.order], facts=facts, **how[self.joined]
        )
        message.taken(opened.made.step)
        return opened

    def _poll(self, service: str, message: Message, since: float) -> Span:
        """A receive that waited until the message came, and ends with it: nobody held that."""
        step = Step(service, f"receive {message.destination}", (), self.now)
        opened = self.span(
            *(step, step.name, Kind.CLIENT),
            service=self.instance(service),
            links=[message.sent],
            facts=messaging(message.destination, "receive"),
        )
        with opened as span:
            span.start -= since
        message.receives.append(span)
        return span

    # -- what is so ----------------------------------------------------------------------------

    def holders(self, order: str, at: float) -> set[Held]:
        """Who holds an order at a moment; nobody before it began."""
        steps = [step for step in self.steps if order in step.orders]
        running = [step for step in steps if step.runs(at)]
        waiting = {step.caller for step in running}
        held = {
            Held("service", step.service, step.name, step.start)
            for step in running
            if step not in waiting
        }
        for message in self.messages:
            if message.order == order:
                for since, until in message.lay:
                    if since <= at and (until is None or until > at):
                        held.add(Held("queue", message.destination, "", since))
        if held:
            return held
        ended = [step.end for step in steps if step.end is not None and step.end <= at]
        if not ended:
            return set()
        since = max(ended)
        coming = min((s for s in steps if s.start > at), key=lambda s: s.start, default=None)
        if coming is None:
            return {Held("done", "", "", since)}
        return {Held("between", coming.service, coming.name, since)}

    def known(self, order: str, at: float) -> set[Held]:
        """The honest answer: what the spans tell that had ended by ``at``; nobody without any.

        A step that has not ended shows by what ended below it, and had begun when that did;
        without that, the order is where it was before. A message that was received is no longer in
        its queue: its processing comes next.
        """
        ended = [span for span in self.spans if span.known(at)]
        if not any(span.attributes.get("order.id") == order for span in ended):
            return set()
        steps = [step for step in self.steps if order in step.orders]
        done = {span.step for span in ended if span is self._entry.get(span.step)}
        showing: dict[Step, float] = {}
        of_order = set()
        for span in ended:
            if span.parent and not span.parent.known(at):
                step = span.parent.step
                showing[step] = min(span.start, showing.get(step, span.start))
                if order in span.step.orders and order in step.orders:
                    of_order.add(step)
        above = {caller for step in of_order for caller in step.callers()}
        held = {
            Held("service", step.service, step.name, showing[step]) for step in of_order - above
        }
        begun = done | of_order | above
        for message in self.messages:
            if message.order == order and message.sent.known(at):
                tries = sum(step in begun for step in message.takers)
                tries = max(tries, sum(span.known(at) for span in message.receives))
                # After a try that is known to have failed, it lies there again.
                if not tries or (message.takers[tries - 1] in done and tries < len(message.lay)):
                    held.add(Held("queue", message.destination, "", message.lay[tries][0]))
        if held:
            return held
        if not done & set(steps):
            return set()
        came = [r.end or 0.0 for m in self.messages if m.order == order for r in m.receives]
        since = max(s.end or 0.0 for s in steps if s in done)
        since = max([since, *(end for end in came if end <= at)])
        coming = min((s for s in steps if s not in done), key=lambda s: s.start, default=None)
        if coming is None:
            return {Held("done", "", "", since)}
        return {Held("between", coming.service, coming.name, since)}

    def moments(self, order: str) -> list[float]:
        """When something about an order changes."""
        found = [t for s in self.steps if order in s.orders for t in (s.start, s.end)]
        found += [t for m in self.messages if m.order == order for one in m.lay for t in one]
        return sorted({t for t in found if t is not None})

    def lines(self, at: float | None = None) -> list[bytes]:
        """What has been exported (by ``at``), in the order of export."""
        done = [s for s in self.spans if (s.end is not None if at is None else s.known(at))]
        done.sort(key=lambda s: (s.end or 0.0) + s.service.skew)
        spans = [span.exported() for span in done]
        return [otlp.line(spans[i : i + 200], ORIGIN).encode() for i in range(0, len(spans), 200)]


class Open:
    """A span while it lasts. One that hangs never ends."""

    def __init__(self, world: World, made: Span) -> None:
        self.world, self.made = world, made
        self.step: Step | None = None

    def __enter__(self) -> Span:
        return self.made

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.made.end = self.world.now
            if self.step is not None:
                self.step.end = self.world.now


def _brief(opened: Open) -> Process:
    with opened:
        yield 0.004


def messaging(destination: str, operation: str, message_id: str | None = None) -> dict[str, Any]:
    """The attributes of a span that sends or takes a message."""
    facts = {
        "messaging.system": "kafka",
        "messaging.destination.name": destination,
        "messaging.operation.type": operation,
    }
    return facts | ({"messaging.message.id": message_id} if message_id else {})
