"""What stands before OTLP over HTTP: the origins of web pages, and bearer tokens.

Both are looked at before the body is read. A browser's preflight brings no token, and needs none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracemap.collectors.access import Access, cors
from tracemap.collectors.otlp.counters import Counters
from tracemap.collectors.otlp.http import answer, is_json
from tracemap.collectors.otlp.status import Failure

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class Entrance:
    """The ASGI application ``app`` for those who may come."""

    def __init__(self, app: ASGIApp, access: Access, counters: Counters) -> None:
        self._app = app
        self._access = access
        self._counters = counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        origin = headers.get(b"origin")
        if origin is not None:
            allowed = self._access.cors.allows(origin)
            if allowed and _is_preflight(scope, headers):
                await _let_ask(send, self._access.cors.preflight(origin))
                return
            if not allowed:
                refused = Failure.http_only(
                    403, "pages of this origin may not send spans (tracemap serve --cors-origin)"
                )
                await self._refuse(headers, send, refused)
                return
            send = _with(send, self._access.cors.answer(origin))
        given = headers.get(b"authorization", b"").decode("latin-1")
        refusal = self._access.tokens.refusal(given, "ingest")
        if refusal is None:
            await self._app(scope, receive, send)
            return
        challenge = (b"www-authenticate", refusal.challenge.encode())
        refused = Failure.http_only(refusal.status, refusal.message)
        await self._refuse(headers, _with(send, [challenge]), refused)

    async def _refuse(self, headers: dict[bytes, bytes], send: Send, failure: Failure) -> None:
        self._counters.answered("http", failure.http)
        as_json = is_json(headers)
        body = failure.to_json() if as_json else failure.to_protobuf()
        await answer(send, failure.http, body, as_json=as_json, failure=failure)


def _is_preflight(scope: Scope, headers: dict[bytes, bytes]) -> bool:
    return bool(scope["method"] == "OPTIONS" and b"access-control-request-method" in headers)


async def _let_ask(send: Send, headers: cors.Headers) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _with(send: Send, more: cors.Headers) -> Send:
    """``send`` that adds headers to an answer."""

    async def added(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return added
