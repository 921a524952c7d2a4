"""OTLP over HTTP: POST /v1/traces and its like, protobuf and JSON, as a bare ASGI application.

The answer has the request's content type, and follows the commit. There is one endpoint a signal,
so there is no router between the server and the spans.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tracemap.collectors.otlp import json
from tracemap.collectors.otlp.compression import ENCODINGS, decompress
from tracemap.collectors.otlp.intake import Intake, Taken
from tracemap.collectors.otlp.limits import DEFAULT_LIMITS, Limits
from tracemap.collectors.otlp.signals import SIGNALS, Signal
from tracemap.collectors.otlp.status import Failure, success_to_json, success_to_protobuf
from tracemap.errors import BusyError, ServerError, TooLargeError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_SIGNALS = {signal.path: signal for signal in SIGNALS}
_PROTOBUF = b"application/x-protobuf"
_JSON = b"application/json"

#: Bytes above which JSON or a compressed body is read in a thread, so that other connections are
#: served meanwhile.
_LARGE = 1 << 20
_LARGE_COMPRESSED = 1 << 16


class OtlpHttp:
    """The ASGI application. One event loop; what it receives goes to ``intake``."""

    def __init__(self, intake: Intake, limits: Limits = DEFAULT_LIMITS) -> None:
        self._intake = intake
        self._limits = limits
        self._most_headers = limits.header_bytes
        self._receiving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        kind = _content_type(headers)
        as_json = kind == _JSON
        try:
            signal = _SIGNALS.get(scope["path"])
            failure = self._too_large_head(scope) or _refusal(scope, headers, kind)
            if failure is None:
                assert signal is not None  # or it would have been refused
                taken = await self._store(signal, headers, as_json=as_json, receive=receive)
                body = success_to_json(taken, signal) if as_json else success_to_protobuf(taken)
                self._intake.counters.answered("http", 200)
                await answer(send, 200, body, as_json=as_json)
                return
        except _ClientGoneError:
            return
        except asyncio.CancelledError:
            # The server stops and has waited long enough. It ends here: uvicorn cancels once.
            failure = Failure.of(
                ServerError("the collector is stopping", do="send the request again later")
            )
        except TimeoutError:
            failure = Failure.http_only(
                408, f"the body did not arrive within {self._limits.body_seconds:g} seconds"
            )
        except Exception as error:  # noqa: BLE001 - every error has an answer
            failure = Failure.of(error)
        self._intake.counters.answered("http", failure.http)
        body = failure.to_json() if as_json else failure.to_protobuf()
        await answer(send, failure.http, body, as_json=as_json, failure=failure)

    def _too_large_head(self, scope: Scope) -> Failure | None:
        """``connections`` bounds a head while it grows, and not one that comes in one piece."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > self._most_headers:
            return Failure.http_only(431, f"the headers have more than {self._most_headers} bytes")
        return None

    async def _store(
        self, signal: Signal, headers: dict[bytes, bytes], *, as_json: bool, receive: Receive
    ) -> Taken:
        """Receive, decode and commit one request."""
        body = await self._body(headers, receive)
        self._intake.counters.received("http", len(body))
        encoding = headers.get(b"content-encoding", b"identity").strip().lower().decode("latin-1")
        if encoding == "identity" and not as_json:
            message = body
        elif len(body) > (_LARGE if encoding == "identity" else _LARGE_COMPRESSED):
            message = await asyncio.to_thread(
                self._message, signal, body, encoding, as_json=as_json
            )
        else:
            message = self._message(signal, body, encoding, as_json=as_json)
        return await asyncio.wrap_future(self._intake.submit(message, signal))

    def _message(self, signal: Signal, body: bytes, encoding: str, *, as_json: bool) -> bytes:
        """The request as protobuf, decompressed. Raises PayloadError, TooLargeError."""
        if encoding != "identity":
            body = decompress(body, encoding, self._limits.decoded_body)
        return json.to_protobuf(body, self._limits, signal) if as_json and body else body

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The whole body. Raises TooLargeError, BusyError, TimeoutError, _ClientGoneError."""
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._limits.body:
            raise self._too_large(int(length))
        chunks: list[bytes] = []
        held = 0
        more = True
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                while more:
                    if held > self._limits.body:
                        raise self._too_large(held)
                    if held and self._receiving > self._limits.receiving:
                        raise BusyError("too many large requests are arriving at once")
                    part, more = await _part(receive)
                    chunks.append(part)
                    held += len(part)
                    self._receiving += len(part)
        finally:
            self._receiving -= held
        return self._fitting(b"".join(chunks))

    def _fitting(self, body: bytes) -> bytes:
        if len(body) > self._limits.body:
            raise self._too_large(len(body))
        return body

    def _too_large(self, size: int) -> TooLargeError:
        return TooLargeError(
            f"the body has {size} bytes or more, the limit is {self._limits.body}",
            do="send it in smaller requests",
        )


_TAKEN = ", ".join(f"{signal.name} at {path}" for path, signal in _SIGNALS.items())


class _ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


async def _part(receive: Receive) -> tuple[bytes, bool]:
    """The next part of the body, and whether more will come."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise _ClientGoneError
    return message.get("body", b""), message.get("more_body", False)


def _content_type(headers: dict[bytes, bytes]) -> bytes:
    return headers.get(b"content-type", b"").split(b";", 1)[0].strip().lower()


def is_json(headers: dict[bytes, bytes]) -> bool:
    """Whether a request, and so its answer, is OTLP/JSON."""
    return _content_type(headers) == _JSON


def _refusal(scope: Scope, headers: dict[bytes, bytes], kind: bytes) -> Failure | None:
    """Why a request is refused before its body is read."""
    if scope["path"] not in _SIGNALS:
        return Failure.http_only(404, f"tracemap takes {_TAKEN} and nothing else")
    if scope["method"] != "POST":
        return Failure.http_only(405, f"{scope['path']} takes POST only")
    if kind not in {_PROTOBUF, _JSON}:
        named = f"content type {kind.decode('latin-1')}" if kind else "a body without content type"
        return Failure.http_only(
            415, f"{named} is not taken; send application/x-protobuf or application/json"
        )
    encoding = headers.get(b"content-encoding", b"identity").strip().lower().decode("latin-1")
    if encoding not in ENCODINGS:
        return Failure.http_only(
            415, f"content encoding {encoding} is not taken; send gzip, deflate, zstd or none"
        )
    return None


async def answer(
    send: Send, status: int, body: bytes, *, as_json: bool, failure: Failure | None = None
) -> None:
    """Send an answer of the request's own content type."""
    headers = [
        (b"content-type", _JSON if as_json else _PROTOBUF),
        (b"content-length", str(len(body)).encode()),
    ]
    if status == 405:
        headers.append((b"allow", b"POST"))
    if failure is not None and failure.retry_after is not None:
        headers.append((b"retry-after", str(failure.retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
