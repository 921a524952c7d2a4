"""A small message broker: one process, queues in memory, JSON lines over loopback TCP.

Each destination hands a copy of every message to each consumer group bound to it. A worker takes
messages with ``fetch`` and settles them with ``ack`` or ``nack``; messages of a worker whose
connection breaks are delivered again, unless it took them with ``auto_ack``.

The broker also misbehaves as the run's script says: it drops one message after confirming it,
and delivers one again after its acknowledgement.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tracemap.demo.faults import Script
from tracemap.demo.process import listening_socket, stop_event
from tracemap.demo.topology import DESTINATIONS

#: Pause before the broker delivers an acknowledged message again, in seconds.
REDELIVERY_SECONDS: Final = 1.5

Json = dict[str, Any]


@dataclass(slots=True)
class Message:
    """What is handed over. ``deliveries`` counts how often a worker was given it."""

    id: str
    destination: str
    headers: dict[str, str]
    body: Json
    deliveries: int = 0


@dataclass(slots=True)
class Queue:
    """One consumer group's messages of one destination."""

    destination: str
    group: str
    ready: deque[Message] = field(default_factory=deque)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    later: int = 0  # messages that a timer will put back

    async def put(self, message: Message, *, first: bool = False) -> None:
        async with self.changed:
            (self.ready.appendleft if first else self.ready.append)(message)
            self.changed.notify_all()

    async def take(self, least: int, most: int, wait: float) -> list[Message]:
        """Up to ``most`` messages once ``least`` are there; none when ``wait`` seconds pass."""
        async with self.changed:
            try:
                async with asyncio.timeout(wait):
                    await self.changed.wait_for(lambda: len(self.ready) >= least)
            except TimeoutError:
                return []
            taken = [self.ready.popleft() for _ in range(min(most, len(self.ready)))]
        for message in taken:
            message.deliveries += 1
        return taken


@dataclass(slots=True)
class InHand:
    """A message that a worker has and has not settled."""

    queue: Queue
    message: Message
    auto_ack: bool


class Broker:
    """All queues, and what each connection has in hand."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._queues = {
            (destination.name, group): Queue(destination.name, group)
            for destination in DESTINATIONS.values()
            for group in destination.groups
        }
        self._in_hand: dict[object, list[InHand]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._repeated = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection's requests, one after the other, until it closes."""
        connection = object()
        self._in_hand[connection] = []
        try:
            while line := await reader.readline():
                answer = await self._answer(connection, json.loads(line))
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except ConnectionError:
            pass  # a worker died; what it had in hand is dealt with below
        finally:
            for item in reversed(self._in_hand.pop(connection)):
                if not item.auto_ack:
                    await item.queue.put(item.message, first=True)
            writer.close()

    async def _answer(self, connection: object, request: Json) -> Json:
        match request["op"]:
            case "publish":
                await self._publish(request)
                return {}
            case "fetch":
                return {"messages": await self._fetch(connection, request)}
            case "ack":
                item = self._settle(connection, request["id"])
                self._repeat_once(item)
                return {}
            case "nack":
                item = self._settle(connection, request["id"])
                self._put_later(item.queue, item.message, request["delay"])
                return {}
            case "pending":
                return {"pending": self._pending()}
            case other:
                return {"error": f"unknown operation {other!r}"}

    async def _publish(self, request: Json) -> None:
        destination, order = request["destination"], request["body"]["order"]
        if (destination, order) == (self._script.lost_at, self._script.lost):
            return  # confirmed to the producer and forgotten
        for group in DESTINATIONS[destination].groups:
            message = Message(request["id"], destination, request["headers"], request["body"])
            await self._queues[destination, group].put(message)

    async def _fetch(self, connection: object, request: Json) -> list[Json]:
        # A worker that asks for more is done with what it took without having to acknowledge.
        in_hand = [item for item in self._in_hand[connection] if not item.auto_ack]
        self._in_hand[connection] = in_hand
        queue = self._queues[request["destination"], request["group"]]
        taken = await queue.take(request["least"], request["most"], request["wait"])
        in_hand.extend(InHand(queue, message, request["auto_ack"]) for message in taken)
        return [asdict(message) for message in taken]

    def _settle(self, connection: object, message_id: str) -> InHand:
        in_hand = self._in_hand[connection]
        item = next(item for item in in_hand if item.message.id == message_id)
        in_hand.remove(item)
        return item

    def _repeat_once(self, item: InHand) -> None:
        place = (item.message.destination, item.message.body["order"])
        if not self._repeated and place == (self._script.twice_at, self._script.twice):
            self._repeated = True
            self._put_later(item.queue, item.message, REDELIVERY_SECONDS)

    def _put_later(self, queue: Queue, message: Message, delay: float) -> None:
        async def put() -> None:
            await asyncio.sleep(delay)
            await queue.put(message)
            queue.later -= 1

        queue.later += 1
        task = asyncio.create_task(put())
        self._tasks.add(task)  # the loop itself keeps only a weak reference
        task.add_done_callback(self._tasks.discard)

    def _pending(self) -> int:
        waiting = sum(len(queue.ready) + queue.later for queue in self._queues.values())
        return waiting + sum(len(items) for items in self._in_hand.values())


class BrokerClient:
    """A worker's or producer's connection. One thread at a time; calls block."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def publish(
        self, destination: str, message_id: str, headers: dict[str, str], body: Json
    ) -> None:
        """Hand a message over; returns when the broker has confirmed it."""
        self._call(op="publish", destination=destination, id=message_id, headers=headers, body=body)

    def fetch(
        self,
        destination: str,
        group: str,
        *,
        least: int = 1,
        most: int = 1,
        wait: float = 0.5,
        auto_ack: bool = False,
    ) -> list[Message]:
        """Take messages; an empty list when ``wait`` seconds pass before ``least`` are there."""
        answer = self._call(
            op="fetch",
            destination=destination,
            group=group,
            least=least,
            most=most,
            wait=wait,
            auto_ack=auto_ack,
        )
        return [Message(**message) for message in answer["messages"]]

    def ack(self, message: Message) -> None:
        self._call(op="ack", id=message.id)

    def nack(self, message: Message, delay: float) -> None:
        """Give a message back; it is delivered again after ``delay`` seconds."""
        self._call(op="nack", id=message.id, delay=delay)

    def pending(self) -> int:
        """Messages in queues, in workers' hands or waiting to be delivered again."""
        return int(self._call(op="pending")["pending"])

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def _call(self, **request: Any) -> Json:
        with self._lock:
            self._socket.sendall(json.dumps(request).encode() + b"\n")
            line = self._lines.readline()
        if not line:
            raise ConnectionError("the broker is gone")
        answer: Json = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer


async def _main() -> None:
    broker = Broker(Script.from_json(os.environ["SHOP_SCRIPT"]))
    server = await asyncio.start_server(broker.serve, sock=listening_socket())
    stop = stop_event()
    async with server:
        print("ready", flush=True)
        await asyncio.to_thread(stop.wait)


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)  # connections may be open; nothing in memory is to be kept
