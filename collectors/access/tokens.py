"""Bearer tokens (RFC 6750), each with the scopes that it opens.

They come from a file, a line each - ``SCOPE[,SCOPE] TOKEN`` - and from the environment, never from
the command line, where every user of the machine can read them. Several may be valid at once, so
that they can be rotated; a file is read again when it changes. What is kept of them is a hash, and
no message holds one.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tracemap.collectors.access.files import Watched
from tracemap.errors import InputError

_log = logging.getLogger(__name__)

#: What a token can open.
SCOPES: Final = {
    "ingest": "sending spans over OTLP",
    "query": "reading through the query API: what `findings`, `custody`, `executions` ... ask",
    "sql": "a person's own SELECT (`tracemap sql`)",
    "metrics": "the page for Prometheus",
    "admin": "changing the database: imports, owners, settings, rules, mutes, reports, forgetting",
}

#: Environment variables, each with tokens of one scope set apart by commas or white space.
VARIABLES: Final = {f"TRACEMAP_{scope.upper()}_TOKENS": scope for scope in SCOPES}

#: Shorter ones can be guessed.
_SHORTEST: Final = 16
#: RFC 6750, section 2.1.
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")
_HOW: Final = "make one with: openssl rand -hex 32"

#: The hash of a token -> the scopes that it opens.
_Known = dict[bytes, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request may not pass."""

    status: int  #: 401 or 403
    message: str
    challenge: str  #: the value of WWW-Authenticate


class Tokens:
    """The tokens of a server. Thread-safe."""

    def __init__(
        self, file: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Raises InputError when the file cannot be read or a token cannot be used."""
        self._file = file
        self._environment = environment or {}
        self._lock = threading.Lock()
        self._watched = Watched([file] if file is not None else [])
        self._known = self._read()
        #: Scopes once protected stay so: a file that lost its tokens must not open the door.
        self._protected = frozenset().union(*self._known.values())
        if file is not None and file.stat().st_mode & 0o004:
            _log.warning("every user of this machine can read the tokens in %s", file)

    def protects(self, *scopes: str) -> bool:
        """Whether one of these scopes needs a token."""
        if self._watched.due():
            self.refresh()
        return not self._protected.isdisjoint(scopes)

    def refusal(self, authorization: str | None, scope: str) -> Refusal | None:
        """Why a request with this Authorization may not pass; None when it may."""
        return self.check(authorization, scope) if self.protects(scope) else None

    def check(self, authorization: str | None, *scopes: str) -> Refusal | None:
        """The same where a token with one of these scopes is needed in any case."""
        kind, _, token = (authorization or "").strip().partition(" ")
        if kind.lower() != "bearer" or not token:
            return Refusal(401, 'send a token: "Authorization: Bearer TOKEN"', _challenge())
        given = _hash(token.strip())
        opens: frozenset[str] = frozenset()
        known = False
        for each, its_scopes in self._known.items():  # all of them: the time tells nothing
            if hmac.compare_digest(each, given):
                known, opens = True, its_scopes
        if not known:
            return Refusal(401, "this token is not valid", _challenge(error="invalid_token"))
        if opens.isdisjoint(scopes):
            needed = " or ".join(scopes)
            return Refusal(
                403,
                f"this token does not have the scope {needed}",
                _challenge(error="insufficient_scope", scope=" ".join(scopes)),
            )
        return None

    def refresh(self) -> None:
        """Read the file again if it changed. What is wrong with it is logged, the old ones stay."""
        with self._lock:
            if not self._watched.changed():
                return
            try:
                self._known = self._read()
            except InputError as error:
                _log.error("the tokens stay as they were: %s", error)
                return
            self._protected = self._protected.union(*self._known.values())
            _log.info("read %d tokens from %s", len(self._known), self._file)

    def _read(self) -> _Known:
        found: _Known = {}
        for token, scopes in (*self._from_environment(), *self._from_file()):
            key = _hash(token)
            found[key] = found.get(key, frozenset()) | scopes
        return found

    def _from_environment(self) -> Iterator[tuple[str, frozenset[str]]]:
        for name, scope in VARIABLES.items():
            for token in re.split(r"[,\s]+", self._environment.get(name, "").strip()):
                if token:
                    yield _usable(token, name), frozenset({scope})

    def _from_file(self) -> Iterator[tuple[str, frozenset[str]]]:
        if self._file is None:
            return
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise InputError(f"the tokens cannot be read: {why}", where=str(self._file)) from error
        for number, line in enumerate(lines, 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            where = f"{self._file}:{number}"
            scopes = frozenset(words[0].split(","))
            if len(words) != 2 or not scopes.issubset(
                SCOPES
            ):  # which is not told: it may be a token
                raise InputError(
                    "this is not SCOPES TOKEN",
                    where=where,
                    do=f"write scopes ({', '.join(SCOPES)}) with commas, a space, and the token",
                )
            yield _usable(words[1], where), scopes


def from_environment(file: Path | None) -> Tokens:
    """The tokens of ``file`` and of this process's environment. Raises InputError."""
    return Tokens(file, os.environ)


def _usable(token: str, where: str) -> str:
    if len(token) < _SHORTEST:
        raise InputError(f"a token has less than {_SHORTEST} characters", where=where, do=_HOW)
    if not _TOKEN.fullmatch(token):
        raise InputError(
            "a token has characters that cannot be sent (RFC 6750)", where=where, do=_HOW
        )
    return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _challenge(**what: str) -> str:
    return "Bearer " + ", ".join(
        f'{name}="{value}"' for name, value in {"realm": "tracemap", **what}.items()
    )
