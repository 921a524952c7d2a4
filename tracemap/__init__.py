"""Who holds order 4711 right now, since when, and what should have happened next.

>>> import tracemap
>>> with tracemap.open("tracemap.duckdb") as t:
...     t.findings()
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracemap.errors import TracemapError

if TYPE_CHECKING:
    from pathlib import Path

    from tracemap.api import Tracemap

__all__ = ["TracemapError", "__version__", "open"]

__version__ = "0.1.0"


def open(path: str | Path = "tracemap.duckdb", *, create: bool = False) -> Tracemap:  # noqa: A001
    """Open the database at ``path``: through the server that holds it, or else in this process.

    ``path`` may also be the address of a server elsewhere, ``https://HOST:PORT``.
    ``create`` makes a database where there is none. Raises StoreError when there is none or it
    cannot be read, StoreBusyError when a process that answers nobody holds it.
    """
    from tracemap.api import Tracemap
    from tracemap.web.connect import connect

    return Tracemap(connect(path, create=create))
