"""Where a server of a database listens for the command line: a socket beside the file."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import tempfile
from pathlib import Path
from typing import Final

from tracemap.errors import StoreError

#: A socket address holds 108 bytes on Linux and 104 on macOS, a closing NUL included.
_LONGEST: Final = 100


def socket_path(database: str | Path) -> Path:
    """The socket of the server that holds ``database``; the same from any working directory.

    Beside the file; where that is too long for a socket address, in a folder of this user's own
    under the system's temporary folder.
    """
    real = Path(database).resolve()
    beside = real.with_name(real.name + ".sock")
    if len(os.fsencode(beside)) <= _LONGEST:
        return beside
    name = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    return _private_folder() / f"{name}.sock"


def _private_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"tracemap-{os.getuid()}"


def listen(path: Path) -> socket.socket:
    """A socket listening at ``path`` that only this user can connect to.

    The caller holds the database, so whatever lies at ``path`` was left by a server that is gone,
    and is replaced. Raises StoreError when the folder is not ours or cannot be written.
    """
    if path.parent == _private_folder():
        _make_private(path.parent)
    try:
        _remove_stale(path)
    except OSError as error:
        raise StoreError(f"cannot replace the socket: {error.strerror}", where=str(path)) from error
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Private from its first moment: permissions set after bind() would leave a gap.
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise StoreError(
            f"cannot listen beside the database: {error.strerror}",
            where=str(path),
            do="give a --db in a folder that you can write",
        ) from error
    finally:
        os.umask(mask)
    return listener


def _remove_stale(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise StoreError(
            "something that is not a socket is in the way",
            where=str(path),
            do="move it, or give another --db",
        )
    path.unlink()


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StoreError(
            "this folder is not private to you",
            where=str(folder),
            do="remove it, or use a database with a shorter path",
        )


def answers(path: Path) -> bool:
    """Whether a process accepts connections at ``path``."""
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    probe.settimeout(1.0)
    try:
        probe.connect(str(path))
    except OSError:
        return False
    finally:
        probe.close()
    return True
