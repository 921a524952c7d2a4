"""What stands before the query API on a TCP port: names, origins, tokens and their scopes.

Three kinds of visitors have to be told apart. A program with a token is held to its scopes. A
program of this machine, where no tokens are configured, may read. A web page in a browser of this
machine may do nothing, whether it posts here from elsewhere (its Origin tells) or has had its own
name point here (its Host tells).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse

from tracemap.collectors.access import Tokens
from tracemap.errors import AccessError, InputError, TracemapError
from tracemap.web import wire

_App = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Any]],
        Callable[[Any], Awaitable[None]],
    ],
    Awaitable[None],
]

#: Who watches a server has no token; what is told to whom depends on whether there is one.
_HEALTH: Final = frozenset({"/healthz", "/readyz"})
#: (method, path): the scopes that open it, one is enough. What is not here has no place on a port.
_OPENS: Final = {
    ("GET", "/metrics"): ("metrics", "query"),
    ("POST", "/v1/frame"): ("query",),
    ("GET", "/v1/export"): ("query",),
    ("GET", "/v1/settings"): ("query",),
    ("POST", "/v1/sql"): ("sql",),
    ("POST", "/v1/import"): ("admin",),
    ("POST", "/v1/copies"): ("admin",),
    ("POST", "/v1/ownership"): ("admin",),
    ("POST", "/v1/mutes"): ("admin",),
    ("POST", "/v1/reports"): ("admin",),
    ("POST", "/v1/forget"): ("admin",),
    ("POST", "/v1/settings"): ("admin",),
}
#: What needs no token as long as there is none for any of these scopes.
_WITHOUT: Final = frozenset({("GET", "/metrics"), ("POST", "/v1/frame")})
SCOPES: Final = ("query", "sql", "metrics", "admin")
#: What to do about an address that nothing answers at, or that is off.
WHAT_IS_OPEN: Final = "see 'What is open on that port' in docs/security.md"

#: In a request's scope: whether health may say more than yes or no.
DETAILED: Final = "tracemap.detailed"


class Gate:
    """``app`` for those who may come.

    ``names`` are the values of Host that are ours, lower-case, with a port or for every port; None
    where every name may be: then a token is needed in any case, which no page has.
    """

    def __init__(self, app: _App, tokens: Tokens, names: frozenset[str] | None) -> None:
        self._app = app
        self._tokens = tokens
        self._names = names

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Let a request pass, or say why not."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        refusal = self._stranger(request) or self._refusal(request)
        await (refusal or self._app)(scope, receive, send)

    def _stranger(self, request: Request) -> JSONResponse | None:
        """A page that is none of ours."""
        host = request.headers.get("host", "").lower()
        if self._names is not None and not self._names & {host, host.rpartition(":")[0]}:
            return _answer(InputError(f"this server is not called {host!r}"), 421)
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() != f"{request.scope['scheme']}://{host}":
            return _answer(AccessError("pages of another origin may not ask here"), 403)
        return None

    def _refusal(self, request: Request) -> JSONResponse | None:
        """Why a program may not ask this."""
        # As the application reads them. Starlette's URL has the client's Host in it: no path is
        # safe there.
        method, path = request.scope["method"], request.scope["path"]
        given = request.headers.get("authorization")
        needs = self._tokens.protects(*SCOPES)
        if path in _HEALTH:
            detailed = not needs or self._tokens.check(given, "query", "metrics") is None
            request.scope[DETAILED] = detailed
            return None
        asked = "GET" if method == "HEAD" else method, path
        opens = _OPENS.get(asked, ())
        served = self._tokens.protects(*opens) if needs else asked in _WITHOUT
        if not served:
            told = InputError(f"there is no {method} {path} here", do=WHAT_IS_OPEN)
            return _answer(told, 404)
        refusal = self._tokens.check(given, *opens) if needs else None
        if refusal is None:
            return None
        told = AccessError(refusal.message, do="set TRACEMAP_TOKEN to a token that may")
        return _answer(told, refusal.status, {"www-authenticate": refusal.challenge})


def _answer(
    error: TracemapError, status: int, headers: dict[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(wire.error_body(error), status_code=status, headers=headers)
