"""The choice between a running server and the file itself, which users need not make."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracemap.errors import StoreBusyError
from tracemap.web.place import answers, socket_path

if TYPE_CHECKING:
    from tracemap.backend import Backend

#: How long another short command may hold the file, or a server may take to start, in seconds.
PATIENCE: Final = 5.0


def server_address(path: str | Path) -> str | None:
    """The URL that ``path`` is, also where a ``Path`` has made one slash of two."""
    match = re.fullmatch(r"(https?):/+(.*)", str(path))
    return f"{match[1]}://{match[2]}" if match else None


def connect(path: str | Path, *, create: bool = False) -> Backend:
    """A backend: the server that holds ``path``, or the file when no process does.

    ``path`` may also be the address of a server elsewhere, ``http(s)://HOST:PORT``; what it asks of
    its clients (a token, a certificate) comes from the environment (``web.client``).

    Raises StoreError when there is no database (and ``create`` is not set) or it cannot be read,
    StoreBusyError when another process keeps it and does not answer.
    """
    if (url := server_address(path)) is not None:
        from tracemap.web.client import RemoteBackend

        return RemoteBackend.at(url, os.environ)
    place = socket_path(path)
    deadline = time.monotonic() + PATIENCE
    while True:
        if answers(place):
            from tracemap.web.client import RemoteBackend

            return RemoteBackend.beside(place)
        from tracemap.local import LocalBackend

        try:
            return LocalBackend.open(path, create=create)
        except StoreBusyError:
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
