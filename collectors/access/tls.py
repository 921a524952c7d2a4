"""TLS, and mutual TLS where a client's authority is given: one certificate for all listeners.

Files are tried when they are read, by a handshake with ourselves, so that one which no client would
accept is told at the start and not by the first exporter. They are read again when they change: new
connections get the new certificate. What cannot be used then is logged, and the old one stays.
"""

from __future__ import annotations

import logging
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracemap.collectors.access.files import Watched
from tracemap.errors import InputError

_log = logging.getLogger(__name__)

#: Codes of OpenSSL's verification (x509_vfy.h).
_NOT_YET, _EXPIRED = 9, 10


@dataclass(frozen=True, slots=True)
class Loaded:
    """One version of the files."""

    certificate: bytes
    key: bytes
    client_ca: bytes | None
    context: ssl.SSLContext
    expires: datetime


class Tls:
    """The certificate and key of a server, and whose certificates its clients must have.

    All PEM. Raises InputError that names the file. Thread-safe.
    """

    def __init__(self, certificate: Path, key: Path, client_ca: Path | None = None) -> None:
        self._files = certificate, key, client_ca
        self._lock = threading.Lock()
        self._watched = Watched([path for path in self._files if path is not None])
        self._now = _load(*self._files)
        if key.stat().st_mode & 0o004:
            _log.warning("every user of this machine can read the key in %s", key)
        #: For asyncio. It hands each new connection to what is loaded then.
        self.context = _context(*self._files)
        self.context.sni_callback = self._choose

    @property
    def mutual(self) -> bool:
        """Whether clients need a certificate."""
        return self._files[2] is not None

    def loaded(self) -> Loaded:
        """What is valid now."""
        if self._watched.due():
            self.refresh()
        return self._now

    def refresh(self) -> None:
        """Read the files again if they changed."""
        with self._lock:
            if not self._watched.changed():
                return
            try:
                self._now = _load(*self._files)
            except InputError as error:
                _log.error("the certificate stays as it was: %s", error)
                return
            _log.info("read %s, valid until %s", self._files[0], f"{self._now.expires:%F %T} UTC")

    def _choose(self, connection: Any, _: str | None, __: ssl.SSLContext) -> None:
        connection.context = self.loaded().context


def _load(certificate: Path, key: Path, client_ca: Path | None) -> Loaded:
    chain = _pem(certificate, "certificate", b"-----BEGIN CERTIFICATE-----")
    secret = _pem(key, "key", b"PRIVATE KEY-----")
    trusted = client_ca and _pem(client_ca, "client CA", b"-----BEGIN CERTIFICATE-----")
    context = _context(certificate, key, client_ca)
    expires = _tried(_context(certificate, key, None), certificate)
    return Loaded(chain, secret, trusted or None, context, expires)


def _pem(path: Path, what: str, mark: bytes) -> bytes:
    try:
        found = path.read_bytes()
    except OSError as error:
        raise InputError(f"the {what} cannot be read: {error.strerror}", where=str(path)) from error
    if mark not in found:
        wanted = "-----BEGIN PRIVATE KEY-----" if what == "key" else mark.decode()
        raise InputError(f"this holds no {what} (no line {wanted})", where=str(path), do="give PEM")
    return found


class _EncryptedError(Exception):
    """The key needs a password."""


def _context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # A resumed session is not verified again: a client whose authority was taken out would stay.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET

    def ask() -> str:
        raise _EncryptedError

    try:
        context.load_cert_chain(certificate, key, password=ask)
    except _EncryptedError:
        raise InputError(
            "the key is encrypted", where=str(key), do=f"decrypt it: openssl pkey -in {key}"
        ) from None
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InputError(
                f"this key does not belong to the certificate in {certificate}", where=str(key)
            ) from error
        raise InputError(
            f"certificate and key cannot be used: {error.reason or error}",
            where=f"{certificate}, {key}",
        ) from error
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except ssl.SSLError as error:
            raise InputError(
                f"the client CA cannot be used: {error.reason or error}", where=str(client_ca)
            ) from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _tried(server: ssl.SSLContext, certificate: Path) -> datetime:
    """When a certificate expires that a client accepts today. Raises InputError otherwise."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever signed it, we trust it
    client.load_verify_locations(certificate)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(back, there, server_hostname="tracemap")
    sides = [ours, server.wrap_bio(there, back, server_side=True)]
    try:
        for side in sides * 3:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
        told: Any = ours.getpeercert()
    except ssl.SSLCertVerificationError as error:
        why = {_EXPIRED: "has expired", _NOT_YET: "is not valid yet"}.get(
            error.verify_code, f"is accepted by nobody: {error.verify_message}"
        )
        raise InputError(f"the certificate {why}", where=str(certificate), do="renew it") from error
    except (ssl.SSLError, ValueError) as error:
        raise InputError(
            f"no handshake succeeds with this certificate: {error}", where=str(certificate)
        ) from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(told["notAfter"]), UTC)
