"""The life of a message in one line: published, received, processed, settled, dead-lettered."""

from __future__ import annotations

from typing import Final

from tracemap.cli.table import Column, Row
from tracemap.cli.text import at, clean, duration, short_id

#: What a consumer's operation makes of a message.
_DID: Final = {
    "receive": "received",
    "process": "processed",
    "settle": "settled",
    "reject": "refused",
}
#: Receptions that a line has room for.
MOST: Final = 6
_STATE: Final = {"dead-lettered": "red", "published": "yellow", "received": "yellow"}


def columns(*, own: bool = False) -> tuple[Column, ...]:
    """The columns of a table of messages; ``own``: those of one execution."""
    which = () if own else (Column("EXECUTION", _executions, rank=1, least=12),)
    return (
        *which,
        Column("MESSAGE TO", lambda r: r["destination"] or "-", "bold", least=14),
        Column("STATE", lambda r: r["state"], lambda r: _STATE.get(r["state"], "")),
        Column("GROUP", lambda r: r["consumer_group"], least=10),
        Column("PUBLISHED", lambda r: at(r["published_at"]), rank=5 if own else 3, least=23),
        Column("BY", lambda r: r["producer_service"], rank=4, least=8),
        Column("LIFE", life, wrap=True, least=28),
        Column("ID", _id, "dim", rank=2, least=12),
    )


def life(row: Row) -> str | None:
    """``received +3 ms, failed +4 ms, processed +2.1 s``: what became of it, since published."""
    told = []
    for one in (row["consumers"] or ())[:MOST]:
        failed = one["status"] == "error" and one["operation"] in ("process", None)
        what = "failed" if failed else _DID.get(one["operation"], one["operation"])
        told.append(f"{clean(what)} {_since(row, one)}".rstrip())
    more = len(row["consumers"] or ()) - MOST
    return ", ".join(told) + (f", {more} more" if more > 0 else "") if told else "nobody took it"


def _since(row: Row, one: Row) -> str:
    if row["published_at"] is None or one["started_at"] is None:
        return ""
    after = (one["started_at"] - row["published_at"]).total_seconds() * 1e9
    return f"{duration(after)}" if after < 0 else f"+{duration(after)}"


def _executions(row: Row) -> str:
    names = row["executions"] or ()
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return f"{short_id(names[0])}{more}" if names else "-"


def _id(row: Row) -> str | None:
    """The message's id, cut where it is long: JSON has it whole."""
    found = short_id(row["message_id"]) if row["message_id"] else None
    return f"{found[:12]}…" if found and len(found) > 16 else found
