"""The HTTP API of a server: what the command line asks it, and health for whoever watches it.

There are two faces. The socket beside the database, which only its owner can connect to, has
everything. On a TCP port (``--web``) ``tracemap.web.gate`` stands before it, and opens what a token
opens; without tokens that is reading by name alone: no SQL, no writing.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tracemap import arrow, report_data
from tracemap.batch import SpanBatch
from tracemap.catalogs.finding import SourceFile
from tracemap.collectors.otlp import decode, logs
from tracemap.collectors.otlp.json import parse, request_to_protobuf, signal_of
from tracemap.collectors.otlp.signals import LOGS, TRACES
from tracemap.errors import InputError, ServerError, TooLargeError, TracemapError
from tracemap.local import LocalBackend
from tracemap.reads import Limits
from tracemap.settings import Settings
from tracemap.web import batches, gate, metrics, wire

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

#: Bytes of a JSON request, and reads in one.
MAX_REQUEST: Final = 2**20
MAX_READS: Final = 20
#: Bytes of an import; the command sends larger files in parts.
MAX_IMPORT: Final = 256 * 2**20
#: Bytes of an ownership file with its JSON around it.
MAX_OWNERSHIP: Final = 16 * 2**20
#: Seconds that a request may take to arrive.
BODY_SECONDS: Final = 60.0
#: What a client may ask for at most, whatever it says.
MOST: Final = Limits(
    rows=1_000_000,
    seconds=300.0,
    result_bytes=256 * 2**20,
    memory_bytes=2**30,
    temporary_bytes=4 * 2**30,
)

Health = Callable[[], tuple[bool, dict[str, Any]]]


class Api:
    """The endpoints over one backend.

    ``health`` says whether all is well, and details; ``metrics`` is the page for Prometheus.
    """

    def __init__(self, backend: LocalBackend, health: Health, metrics: Callable[[], str]) -> None:
        self._backend = backend
        self._health = health
        self._metrics = metrics
        # Threads for reading are few, so that a crowd of readers cannot starve ingest.
        self._readers = anyio.CapacityLimiter(8)
        self._statements = anyio.CapacityLimiter(2)
        self._writers = anyio.CapacityLimiter(2)

    def app(self) -> Starlette:
        """Everything, for the owner of the socket, and for those whom a gate lets in."""
        return _app(
            [
                Route("/healthz", _told(self.healthz), methods=["GET"]),
                Route("/readyz", _told(self.readyz), methods=["GET"]),
                Route("/metrics", _told(self.metrics), methods=["GET"]),
                Route("/v1/frame", _told(self.frame), methods=["POST"]),
                Route("/v1/sql", _told(self.sql), methods=["POST"]),
                Route("/v1/export", _told(self.export), methods=["GET"]),
                Route("/v1/import", _told(self.import_), methods=["POST"]),
                Route("/v1/copies", _told(self.copies), methods=["POST"]),
                Route("/v1/ownership", _told(self.ownership), methods=["POST"]),
                Route("/v1/mutes", _told(self.mutes), methods=["POST"]),
                Route("/v1/reports", _told(self.reports), methods=["POST"]),
                Route("/v1/forget", _told(self.forget), methods=["POST"]),
                Route("/v1/settings", _told(self.settings), methods=["GET", "POST"]),
            ]
        )

    async def healthz(self, request: Request) -> Response:
        """Alive: the process answers."""
        return JSONResponse({"status": "ok", **_details(request, self._health()[1])})

    async def readyz(self, request: Request) -> Response:
        """Ready: spans are taken and can be written."""
        well, details = self._health()
        status = {"status": "ok" if well else "not ready", **_details(request, details)}
        return JSONResponse(status, status_code=200 if well else 503)

    async def metrics(self, _: Request) -> Response:
        """What the server counts, for Prometheus."""
        return Response(await _thread(self._metrics, self._writers), media_type=metrics.MEDIA_TYPE)

    async def frame(self, request: Request) -> Response:
        """Rows of named queries as Arrow IPC streams, one after the other."""
        asked = await _json(request)
        reads = asked.get("reads")
        if not isinstance(reads, list) or not 0 < len(reads) <= MAX_READS:
            raise InputError(f"give 'reads': a list of 1 to {MAX_READS} named reads")
        named = [_read(one) for one in reads]

        def answer() -> list[bytes]:
            return [arrow.to_ipc(rows) for rows in self._backend.rows(named)]

        streams = await _thread(answer, self._readers)
        lengths = ",".join(str(len(stream)) for stream in streams)
        return Response(b"".join(streams), media_type=wire.ARROW, headers={wire.LENGTHS: lengths})

    async def sql(self, request: Request) -> Response:
        """Rows of one SELECT as an Arrow IPC stream."""
        asked = await _json(request)
        text = asked.get("sql")
        if not isinstance(text, str):
            raise InputError("give 'sql': the text of one SELECT")
        limits = _limits(asked.get("limits"))

        def answer() -> tuple[bytes, bool]:
            found = self._backend.sql(text, limits)
            return arrow.to_ipc(found.rows), found.truncated

        stream, truncated = await _thread(answer, self._statements)
        headers = {wire.TRUNCATED: str(limits.rows)} if truncated else {}
        return Response(stream, media_type=wire.ARROW, headers=headers)

    async def import_(self, request: Request) -> Response:
        """Store spans of a recording: an OTLP trace request, or a decoded batch of one."""
        source = request.query_params.get("source") or "recorded"
        kind = _media_type(request)
        body = await _body(request, MAX_IMPORT)

        def answer() -> dict[str, Any]:
            batch = _decoded(body, kind)
            numbers = self._backend.write([batch], source=source)
            return {
                "batches": list(numbers),
                "spans": batch.spans.num_rows,
                "logs": batch.logs.num_rows,
                "rejected": batch.rejected,
                "reasons": list(batch.reasons),
            }

        return JSONResponse(await _thread(answer, self._writers))

    async def copies(self, request: Request) -> Response:
        """How many spans of some batches had been stored before."""
        numbers = _list(await _json(request), "batches")
        if not all(type(one) is int and 0 <= one < 2**63 for one in numbers):
            raise InputError("'batches' is not a list of batches' numbers")
        found = await _thread(lambda: self._backend.copies(numbers), self._statements)
        return JSONResponse({"copies": found})

    async def export(self, request: Request) -> Response:
        """All stored spans, or those of one execution, as a stream of batches."""
        found = self._backend.export(request.query_params.get("execution"))
        # The first one now: what is wrong can still be told as an error.
        first = await _thread(lambda: next(found, None), self._statements)
        return StreamingResponse(self._stream(first, found), media_type=batches.MEDIA_TYPE)

    async def _stream(
        self, batch: SpanBatch | None, rest: Iterator[SpanBatch]
    ) -> AsyncIterator[bytes]:
        def following() -> tuple[bytes, SpanBatch | None]:
            assert batch is not None
            return batches.framed(batch), next(rest, None)

        try:
            while batch is not None:
                part, batch = await _thread(following, self._statements)
                yield part
        except TracemapError:
            _log.exception("an export ended early")
            raise  # the stream has no end mark then, and its reader says so
        yield batches.END

    async def ownership(self, request: Request) -> Response:
        """Store what ownership files declare."""
        asked = await _json(request, MAX_OWNERSHIP)
        files = [_source_file(one) for one in _list(asked, "files")]
        folder, present = asked.get("folder"), _list(asked, "present")
        if not isinstance(folder, str | None) or not all(isinstance(p, str) for p in present):
            raise InputError("'folder' is a path, and 'present' a list of paths")

        def answer() -> list[tuple[bool, list[str]]]:
            return self._backend.load_ownership(files, folder=folder, present=present)

        told = await _thread(answer, self._writers)
        return JSONResponse([{"used": used, "problems": lines} for used, lines in told])

    async def mutes(self, request: Request) -> Response:
        """Set a finding aside, or, without a reason, let it count again."""
        asked = await _json(request)
        finding, reason = asked.get("finding"), asked.get("reason", "")
        if not isinstance(finding, str) or not isinstance(reason, str):
            raise InputError("give 'finding': its id, and 'reason': text")
        told = await _thread(lambda: self._backend.mute(finding, reason), self._writers)
        return JSONResponse({"id": told})

    async def reports(self, request: Request) -> Response:
        """Make, and unless asked not to keep, the report of a window."""
        asked = await _json(request)
        since, until = (_whole(asked, name) for name in ("since_ns", "until_ns"))
        save = asked.get("save", True) is not False

        def answer() -> bytes:
            found = self._backend.reconcile(since, until, save=save)
            return orjson.dumps(report_data.to_json(found))

        return Response(await _thread(answer, self._writers), media_type=wire.JSON)

    async def forget(self, request: Request) -> Response:
        """Remove executions for good, or say what that would be."""
        asked = await _json(request)
        key, value = asked.get("key"), asked.get("value")
        if not (isinstance(key, str) and key and isinstance(value, str) and value):
            raise InputError("give 'key' and 'value' of the executions to forget")
        shared, dry_run = asked.get("shared") is True, asked.get("dry_run") is True

        def answer() -> dict[str, Any]:
            return asdict(self._backend.forget(key, value, shared=shared, dry_run=dry_run))

        return JSONResponse(await _thread(answer, self._writers))

    async def settings(self, request: Request) -> Response:
        """Read or replace the settings."""
        if request.method == "POST":
            asked = await _json(request)
            new = Settings.from_json(orjson.dumps(asked).decode())
            await _thread(lambda: self._backend.configure(new), self._writers)
        text = await _thread(lambda: self._backend.settings().to_json(), self._readers)
        return Response(text, media_type=wire.JSON)


def _details(request: Request, details: dict[str, Any]) -> dict[str, Any]:
    return details if request.scope.get(gate.DETAILED, True) else {}


async def _thread(work: Callable[[], _T], limiter: anyio.CapacityLimiter) -> _T:
    return await anyio.to_thread.run_sync(work, limiter=limiter)


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than ``most`` bytes. Raises TooLargeError."""
    parts, size = [], 0
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise TooLargeError(f"the request is larger than {most >> 20} MiB")
                parts.append(part)
    except TimeoutError:
        raise InputError(f"the request did not arrive within {BODY_SECONDS:g} seconds") from None
    return b"".join(parts)


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _decoded(body: bytes, kind: str) -> SpanBatch:
    """The spans, or logs, in a body of that type. Raises PayloadError, TooLargeError, InputError.

    Protobuf does not say of which signal it is; there it is traces.
    """
    if kind == batches.MEDIA_TYPE:
        return batches.from_bytes(body)
    if kind == wire.JSON:
        request = parse(body)
        if signal_of(request) is LOGS:
            return logs.decode([request_to_protobuf(request, LOGS)])
        return decode.decode([request_to_protobuf(request, TRACES)])
    if kind in ("application/x-protobuf", "application/protobuf"):
        return decode.decode([body])
    raise InputError(
        f"the request is {kind or 'of no type'}",
        do=f"send OTLP as application/x-protobuf or {wire.JSON}",
    )


def _whole(asked: dict[str, Any], name: str) -> int | None:
    value = asked.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise InputError(f"{name!r} is not a whole number")
    return value


async def _json(request: Request, most: int = MAX_REQUEST) -> dict[str, Any]:
    kind = _media_type(request)
    if kind != wire.JSON:  # also what keeps a web page's form from posting here
        raise InputError(f"the request is {kind or 'of no type'}, not {wire.JSON}")
    try:
        found = orjson.loads(await _body(request, most))
    except orjson.JSONDecodeError as error:
        raise InputError(f"the request is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError("the request is not a JSON object")
    return found


def _list(asked: Mapping[str, Any], name: str) -> list[Any]:
    found = asked.get(name, [])
    if not isinstance(found, list):
        raise InputError(f"{name!r} is not a list")
    return found


def _source_file(one: object) -> SourceFile:
    given = one if isinstance(one, dict) else {}
    path, content = given.get("path"), given.get("content")
    repository = given.get("repository", "")
    if not (isinstance(path, str) and isinstance(content, str) and isinstance(repository, str)):
        raise InputError("an ownership file is {'path': text, 'content': text}")
    return SourceFile(path, content.encode(), repository)


def _read(one: object) -> tuple[str, dict[str, Any]]:
    name = one.get("name") if isinstance(one, dict) else None
    params = one.get("params", {}) if isinstance(one, dict) else None
    if not isinstance(name, str) or not isinstance(params, dict):
        raise InputError("a read is {'name': text, 'params': {...}}")
    for key, value in params.items():
        if not isinstance(value, str | int | float | bool | None):
            raise InputError(f"the parameter {key!r} is neither text nor number nor truth value")
    return name, params


def _limits(asked: object) -> Limits:
    given = asked if isinstance(asked, dict) else {}

    def least(name: str) -> Any:
        most = getattr(MOST, name)
        value = given.get(name, most)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise InputError(f"the limit {name!r} is not a number")
        return min(type(most)(value), most)

    return Limits(**{name: least(name) for name in Limits.__slots__})


def _app(routes: list[Route]) -> Starlette:
    return Starlette(
        routes=routes,
        exception_handlers={404: _no_such_page, 405: _no_such_page},
    )


_Endpoint = Callable[[Request], Awaitable[Response]]


def _told(endpoint: _Endpoint) -> _Endpoint:
    """The endpoint, with every error told in the one shape."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except TracemapError as error:
            return JSONResponse(wire.error_body(error), status_code=wire.status_of(error))
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:  # noqa: BLE001 - a defect; its words may hold data and are for the log
            _log.exception("%s %s failed", request.method, request.url.path)
            told = ServerError("the server failed on this request", do="look at its log")
            return JSONResponse(wire.error_body(told), status_code=500)

    return answer


async def _no_such_page(request: Request, error: Exception) -> Response:
    status = int(getattr(error, "status_code", 404))
    told = InputError(f"there is no {request.method} {request.url.path} here", do=gate.WHAT_IS_OPEN)
    return JSONResponse(wire.error_body(told), status_code=status)
