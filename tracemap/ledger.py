"""What was acknowledged, counted beside the database: how a tail that got lost is noticed.

DuckDB ends the replay of a write-ahead log without a word at an entry whose length does not fit
its file, and passes over a log whose first bytes are damaged (measured). So after each commit the
number of the newest batch and of all spans so far are written to a small file of our own. It is
not synced: it outlives a killed process, and after a power cut it may be behind the database, in
which case it claims nothing.

A record is 36 bytes with a checksum; two slots are written in turns, so that one is always whole.
"""

from __future__ import annotations

import logging
import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_log = logging.getLogger(__name__)

_RECORD: Final = struct.Struct("<8sQQQ")  # magic, identity, batches, records
_CHECKSUM: Final = struct.Struct("<I")
_MAGIC: Final = b"tracemap"
#: Slots stand apart, so that none shares a sector's torn write with the other's.
_SLOT: Final = 4096


@dataclass(frozen=True, slots=True, order=True)
class Count:
    """The number of the newest batch, and of all spans and log records up to it, ever."""

    batches: int
    records: int


class Ledger:
    """The file beside a database. ``identity`` tells one database from another at its path."""

    def __init__(self, database: Path, identity: int) -> None:
        self.path = database.with_name(f"{database.name}.acknowledged")
        self._identity = identity
        self._file: int | None = None
        self._failed = False

    def read(self, *, of_any: bool = False) -> Count | None:
        """What the file says of this database, or ``of_any``; None when it says nothing."""
        try:
            content = self.path.read_bytes()
        except OSError:
            return None
        slots = (self._slot(content[at:], of_any=of_any) for at in (0, _SLOT))
        return max(filter(None, slots), default=None)

    def damaged(self) -> bool:
        """Whether there is a file, and it says nothing of any database."""
        return self.path.is_file() and self.read(of_any=True) is None

    def _slot(self, content: bytes, *, of_any: bool) -> Count | None:
        body, rest = content[: _RECORD.size], content[_RECORD.size :][: _CHECKSUM.size]
        if len(rest) < _CHECKSUM.size or _CHECKSUM.unpack(rest)[0] != zlib.crc32(body):
            return None
        magic, identity, batches, records = _RECORD.unpack(body)
        ours = magic == _MAGIC and (of_any or identity == self._identity)
        return Count(batches, records) if ours else None

    def note(self, count: Count) -> None:
        """Remember what is on disk now. Never fails: the spans are safe without it."""
        body = _RECORD.pack(_MAGIC, self._identity, count.batches, count.records)
        try:
            if self._file is None:
                self._file = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            os.pwrite(
                self._file, body + _CHECKSUM.pack(zlib.crc32(body)), count.batches % 2 * _SLOT
            )
        except OSError as error:
            if not self._failed:
                _log.warning("%s cannot be written: %s", self.path, error.strerror)
            self._failed = True

    def close(self, *, remove: bool) -> None:
        """Let go of the file; ``remove`` it when nothing is left that it could be needed for."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if remove and not self._failed:
            self.path.unlink(missing_ok=True)
