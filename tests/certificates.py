"""Certificates for tests of TLS: authorities, servers and clients, as PEM files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme

from tracemap.collectors.access import Tls


@dataclass(frozen=True)
class Files:
    """A certificate (with its chain) and its key."""

    certificate: Path
    key: Path

    def tls(self, client_ca: Path | None = None) -> Tls:
        return Tls(self.certificate, self.key, client_ca)


class Authority:
    """A certificate authority with its files in ``folder``."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._ca = trustme.CA(organization_name=name)
        self.certificate = folder / f"{name}.pem"
        self._ca.cert_pem.write_to_path(self.certificate)

    def issue(
        self,
        name: str,
        *,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
    ) -> Files:
        """A certificate for this machine, or for a client; anew at each call."""
        issued = self._ca.issue_cert(
            "localhost", "127.0.0.1", "::1", not_before=not_before, not_after=not_after
        )
        found = Files(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        found.certificate.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(found.key)
        found.key.chmod(0o600)
        return found
