"""The life of findings: new, ongoing, resolved, muted.

Detection says what is wrong now (``derived.finding_raw``); ``store.finding`` remembers. Two clocks
are at work and are kept apart:

* ``first_seen`` and ``last_seen`` are *data* times: since when the trouble has existed and up to
  when the data shows it. A recording that is a year old has findings that are a year old.
* The *life* runs from one saved report to the next. A finding is ``new`` until a saved report has
  shown it, then ``ongoing`` while it is there, and ``resolved`` once it is not. ``resolved_ns`` is
  the wall time at which a refresh first missed it; it is shown, and decides nothing.

So which findings there are, and their status, depends on the data and on the saved reports alone,
never on how often a refresh ran: what came and went between two reports is in no view. Late spans
resolve findings (the missing parent arrived), and may bring them back.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from tracemap import queries
from tracemap.errors import InputError, NotFoundError


def update(cursor: duckdb.DuckDBPyConnection, now_ns: int) -> None:
    """Bring ``store.finding`` up to date with ``derived.finding_raw``, in the caller's transaction.

    ``now_ns`` is the wall time (ns, UTC) at which findings that are gone count as resolved.
    """
    cursor.execute(queries.text("lifecycle/merge"), {"now_ns": now_ns})


def fingerprint(cursor: duckdb.DuckDBPyConnection, finding_id: str) -> str:
    """The full fingerprint of the finding whose id begins with ``finding_id``, open or not.

    Raises NotFoundError when there is none, InputError when there are several.
    """
    rows = cursor.execute(queries.text("lifecycle/by_id"), {"id": finding_id}).fetchall()
    if not finding_id or not rows:
        raise NotFoundError(f"there is no finding {finding_id!r}", do="see 'tracemap findings'")
    if len(rows) > 1:
        raise InputError(f"several findings begin with {finding_id!r}", do="give more of the id")
    return str(rows[0][0])


def mute(cursor: duckdb.DuckDBPyConnection, finding_id: str, reason: str) -> None:
    """Set a finding aside, with the reason; it no longer counts as open.

    Raises NotFoundError for an unknown id, InputError for an ambiguous one or without a reason.
    """
    if not reason.strip():
        raise InputError("a muted finding needs a reason", do="say why it can be ignored")
    full = fingerprint(cursor, finding_id)
    cursor.execute(queries.text("lifecycle/unmute"), {"fingerprint": full})
    cursor.execute(queries.text("lifecycle/mute"), {"fingerprint": full, "reason": reason})


def unmute(cursor: duckdb.DuckDBPyConnection, finding_id: str) -> None:
    """Let a muted finding count again. Raises NotFoundError or InputError as ``mute`` does."""
    full = fingerprint(cursor, finding_id)
    cursor.execute(queries.text("lifecycle/unmute"), {"fingerprint": full})


def remember(cursor: duckdb.DuckDBPyConnection, report_id: int, ids: Sequence[str]) -> None:
    """Remember that the saved report ``report_id`` showed the findings ``ids`` (12 hex each)."""
    cursor.execute(queries.text("lifecycle/reported"), {"report_id": report_id, "ids": list(ids)})
