"""A backend that asks the server which holds the database: through its socket, or over HTTP(S)."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import httpx

from tracemap.errors import InputError, ServerError, TracemapError
from tracemap.reads import Answer, Limits, Read
from tracemap.rows import Rows
from tracemap.settings import Settings
from tracemap.web import wire

if TYPE_CHECKING:  # what reads needs neither DuckDB nor pyarrow
    from tracemap.batch import SpanBatch
    from tracemap.catalogs.finding import SourceFile
    from tracemap.forgetting import Forgotten
    from tracemap.report_data import Report

#: Seconds: an answer may have to wait for an analysis of everything stored.
_TIMEOUT: Final = 300.0


#: The environment of a client: its token, whom it trusts, and its own certificate (PEM files).
BEARER: Final = "TRACEMAP_TOKEN"
CA: Final = "TRACEMAP_CA"
CERTIFICATE: Final = "TRACEMAP_CLIENT_CERTIFICATE"
KEY: Final = "TRACEMAP_CLIENT_KEY"


class RemoteBackend:
    """Speaks to a server. Errors are raised as the server raised them."""

    def __init__(self, http: httpx.Client, where: str) -> None:
        """``where`` is what an error calls the server."""
        self._http = http
        self._place = where

    @classmethod
    def beside(cls, place: Path) -> Self:
        """The server that listens on a socket."""
        transport = httpx.HTTPTransport(uds=str(place))
        return cls(_client("http://tracemap", transport), str(place))

    @classmethod
    def at(cls, url: str, environment: Mapping[str, str]) -> Self:
        """The server at ``http(s)://HOST:PORT``. Raises InputError for what is none of these.

        ``environment`` holds TRACEMAP_TOKEN, and for TLS TRACEMAP_CA, TRACEMAP_CLIENT_CERTIFICATE
        and TRACEMAP_CLIENT_KEY where they are needed.
        """
        parts = urlsplit(url)
        if not parts.hostname or parts.username or parts.path.strip("/") or parts.query:
            # Without what was given: there may be a password in it.
            raise InputError("this address is no server", do="write it as https://HOST:PORT")
        transport = httpx.HTTPTransport(verify=_context(environment))
        client = _client(url, transport)
        if token := environment.get(BEARER, "").strip():
            client.headers["authorization"] = f"Bearer {token}"
        return cls(client, url)

    def close(self) -> None:
        """Leave the server."""
        self._http.close()

    def rows(self, reads: Sequence[Read]) -> list[Rows]:
        """The rows of named queries, all of one moment."""
        asked = [{"name": name, "params": dict(params)} for name, params in reads]
        answer = self._send("POST", "/v1/frame", json={"reads": asked})
        try:
            lengths = [int(n) for n in answer.headers.get(wire.LENGTHS, "").split(",") if n]
        except ValueError:
            lengths = []
        if len(lengths) != len(asked) or sum(lengths) != len(answer.content):
            raise ServerError("the server's answer is cut off", do="run the command again")
        found, start = [], 0
        for length in lengths:
            found.append(Rows.from_ipc(answer.content[start : start + length]))
            start += length
        return found

    def sql(self, text: str, limits: Limits) -> Answer:
        """A person's own SELECT; the server may allow less than ``limits``."""
        answer = self._send("POST", "/v1/sql", json={"sql": text, "limits": asdict(limits)})
        return Answer(Rows.from_ipc(answer.content), wire.TRUNCATED in answer.headers)

    def write(self, given: Sequence[SpanBatch], /, *, source: str) -> Sequence[int]:
        """Store recorded spans; when this returns they are on disk. The numbers of the batches."""
        from tracemap.web import batches

        numbers: list[int] = []
        for batch in given:
            answer = self._send(
                "POST",
                "/v1/import",
                params={"source": source},
                content=batches.to_bytes(batch),
                headers={"content-type": batches.MEDIA_TYPE},
            )
            numbers += answer.json()["batches"]
        return numbers

    def copies(self, batches: Sequence[int]) -> int:
        """How many spans of these batches had been stored before; nothing is analysed for it."""
        asked = {"batches": list(batches)}
        return int(self._send("POST", "/v1/copies", json=asked).json()["copies"])

    def export(self, execution: str | None) -> Iterator[SpanBatch]:
        """All stored spans, or those of one execution, as they came in; in bounded memory."""
        from tracemap.web import batches

        params = {} if execution is None else {"execution": execution}
        with self._told(), self._http.stream("GET", "/v1/export", params=params) as answer:
            if not answer.is_success:
                raise _error(answer.read(), answer.status_code)
            yield from batches.read_stream(answer.iter_bytes())

    def load_ownership(
        self, files: Sequence[SourceFile], *, folder: str | None, present: Sequence[str]
    ) -> list[tuple[bool, list[str]]]:
        """Store what ownership files declare; of ``folder``, forget what is not ``present``."""
        from tracemap.catalogs import finding

        told: dict[str, tuple[bool, list[str]]] = {}
        texts = []
        for file in files:
            try:
                text = file.content.decode()
            except UnicodeDecodeError:  # its reader says so, here as there
                problems = [str(problem) for problem in finding.read(file).problems]
                told[file.path] = False, problems
            else:
                texts.append({"path": file.path, "content": text, "repository": file.repository})
        asked = {"files": texts, "folder": folder, "present": list(present)}
        answer = self._send("POST", "/v1/ownership", json=asked).json()
        for sent, one in zip(texts, answer, strict=True):
            told[sent["path"]] = bool(one["used"]), list(one["problems"])
        return [told[file.path] for file in files]

    def mute(self, finding: str, reason: str) -> str:
        """Set a finding aside, with the reason; an empty one lets it count again."""
        asked = {"finding": finding, "reason": reason}
        return str(self._send("POST", "/v1/mutes", json=asked).json()["id"])

    def reconcile(self, since_ns: int | None, until_ns: int | None, *, save: bool) -> Report:
        """The report of a window, saved unless asked not to."""
        from tracemap import report_data

        window = {"since_ns": since_ns, "until_ns": until_ns, "save": save}
        return report_data.from_json(self._send("POST", "/v1/reports", json=window).json())

    def forget(self, key: str, value: str, *, shared: bool, dry_run: bool) -> Forgotten:
        """Remove the executions that have ``value`` for ``key``, for good; or say what that is."""
        from tracemap.forgetting import Forgotten

        asked = {"key": key, "value": value, "shared": shared, "dry_run": dry_run}
        told = self._send("POST", "/v1/forget", json=asked).json()
        return Forgotten(**{**told, "executions": tuple(told["executions"])})

    def settings(self) -> Settings:
        """What the user decided, or the defaults."""
        return Settings.from_json(self._send("GET", "/v1/settings").text)

    def configure(self, settings: Settings) -> None:
        """Store settings for every later analysis."""
        headers = {"content-type": wire.JSON}
        self._send("POST", "/v1/settings", content=settings.to_json(), headers=headers)

    def health(self) -> Mapping[str, Any]:
        """What the server says of itself: version, process id, addresses."""
        answer: dict[str, Any] = self._send("GET", "/healthz").json()
        return answer

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        with self._told():
            answer = self._http.request(method, path, **request)
        if answer.is_success:
            return answer
        raise _error(answer.content, answer.status_code)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong on the way, as our errors."""
        try:
            yield
        except httpx.TimeoutException as error:
            raise ServerError(
                "the server did not answer in time", where=self._place, do="look at its log"
            ) from error
        except httpx.ConnectError as error:
            raise ServerError(
                f"the server cannot be reached, or went away: {error}",
                where=self._place,
                do=_advice(str(error)),
            ) from error
        except httpx.HTTPError as error:
            raise ServerError(
                f"the server went away: {error}", where=self._place, do=_advice(str(error))
            ) from error


def _error(content: bytes, status: int) -> TracemapError:
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    return wire.read_error(body, status)


def _client(url: str, transport: httpx.HTTPTransport) -> httpx.Client:
    return httpx.Client(
        transport=transport,
        base_url=url,
        timeout=httpx.Timeout(_TIMEOUT, connect=5.0),
        trust_env=False,  # proxies have no business here, nor has a token in ~/.netrc
    )


def _context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """What is trusted, and what is shown. Raises InputError for files that cannot be used."""
    name = CA
    try:
        context = ssl.create_default_context(cafile=environment.get(CA))
        name = CERTIFICATE
        if certificate := environment.get(CERTIFICATE):
            context.load_cert_chain(certificate, environment.get(KEY))
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"{environment.get(name)} cannot be used: {error.strerror or error}", where=name
        ) from error
    return context


def _advice(error: str) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in error:
        return f"set {CA} to the authority that signed its certificate"
    if "CERTIFICATE_REQUIRED" in error or "HANDSHAKE_FAILURE" in error:
        return f"set {CERTIFICATE} and {KEY}"
    if "WRONG_VERSION_NUMBER" in error or "disconnected without" in error:
        return "is it http:// or https://?"
    return "look whether it is running, and run this again"
