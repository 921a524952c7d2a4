"""Personal data: attributes dropped, hashed or masked before they are stored.

A rule is PATTERN=ACTION, the pattern a name with ``*`` and ``?``; the first that fits decides. It
is matched with the attributes of resources, scopes, spans, events, links and log records, and with
the keys of maps within their values (``email``, and ``customer.email`` where it stands in
``customer``). The body of a log record goes by the name ``body``, and only a rule that says just
that takes it. A pattern between slashes is one of text instead, and masks what it finds in any of
it, names and messages as well (``masking``).

What a rule means is worked out once a shape; a batch in which nothing matches is passed on as is.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa

from tracemap.batch import Resource, Scope, Shape, SpanBatch, ValueType
from tracemap.errors import InputError
from tracemap.masking import MASK, Masking, check

ACTIONS: Final = ("drop", "hash", "mask", "keep")
BODY: Final = "body"
#: Bytes of a key.
KEY_BYTES: Final = 32

#: What ``hash`` leaves; it is not hashed again, so that an export can be taken in once more.
_HASHED: Final = re.compile(r"h-[0-9a-f]{32}")
#: Values in which keys may stand.
_NESTED: Final = frozenset({ValueType.ARRAY, ValueType.KVLIST, ValueType.NESTED})
#: Shapes whose plans are remembered.
_REMEMBERED: Final = 100_000

#: A value: its ``ValueType`` and text.
_Value = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of attributes whose name fits ``pattern``."""

    pattern: str
    action: str

    @classmethod
    def parse(cls, text: str) -> Rule:
        """'user.email=hash'. Raises InputError."""
        pattern, sign, action = text.rpartition("=")
        if not sign or not pattern or action not in ACTIONS:
            near = get_close_matches(action, ACTIONS, n=1) if sign and pattern else []
            raise InputError(
                f'"{text}" is no rule for redaction',
                do=f"did you mean {pattern}={near[0]}?"
                if near
                else f"write it as NAME=ACTION, with an action of {', '.join(ACTIONS)}",
            )
        rule = cls(pattern, action)
        if rule.text is not None:
            if action != "mask":
                raise InputError(
                    f"what /{rule.text}/ finds in a text cannot be replaced by {action}",
                    do=f"write {pattern}=mask",
                )
            check(rule.text)
        return rule

    @property
    def text(self) -> str | None:
        """The regular expression of a rule about text; None of one about names."""
        slashed = len(self.pattern) > 2 and self.pattern[0] == self.pattern[-1] == "/"
        return self.pattern[1:-1] if slashed else None

    def fits(self, name: str) -> bool:
        """Whether it is about attributes of that name."""
        return fnmatchcase(name, self.pattern)


#: Where to look in the values of a shape, and with which action; None: at the keys within.
_Plan = tuple[tuple[int, str | None], ...]


class Redaction:
    """Applies rules. ``key`` is what values are hashed with (HMAC-SHA-256): equals stay equal."""

    def __init__(self, rules: Sequence[str], key: bytes) -> None:
        parsed = tuple(map(Rule.parse, rules))
        self._rules = tuple(rule for rule in parsed if rule.text is None)
        texts = [rule.text for rule in parsed if rule.text is not None]
        self._masking = Masking(texts) if texts else None
        self._key = key
        self._plans: dict[Shape, _Plan] = {}
        self._hash = lru_cache(maxsize=65_536)(self._hmac)
        self._body = next((r.action for r in self._rules if r.pattern == BODY), None)

    def apply(self, batch: SpanBatch) -> SpanBatch:
        """The batch as it may be stored; the same object when nothing has to change."""
        named = self._named(batch)
        return named if self._masking is None else self._masking.apply(named)

    def _named(self, batch: SpanBatch) -> SpanBatch:
        """The batch with attributes changed by their names."""
        plans = [self._plan(shape) for shape in batch.shapes]
        bodies = bool(batch.logs.num_rows)
        if not bodies and not any(plans):
            return batch
        shapes = _Shapes(batch.shapes)
        change = self._changer(plans, shapes)
        logs = _changed(batch.logs, plans, change)
        return replace(
            batch,
            resources=tuple(_owner(r, plans, change) for r in batch.resources),
            scopes=tuple(_owner(s, plans, change) for s in batch.scopes),
            spans=_changed(batch.spans, plans, change),
            links=_changed(batch.links, plans, change),
            events=_changed(batch.events, plans, change),
            logs=self._bodies(logs) if bodies else logs,
            shapes=tuple(shapes.numbers),
        )

    def stored(self, name: str, value: str) -> str | None:
        """What a text in an attribute of that name is in the store; None when it is not there."""
        action = self._action(name)
        if action in (None, "keep"):
            return value
        return self._hash(value) if action == "hash" else None

    def _action(self, name: str, path: str = "") -> str | None:
        for rule in self._rules:
            if rule.fits(name) or (path and rule.fits(path)):
                return rule.action
        return None

    def _plan(self, shape: Shape) -> _Plan:
        plan = self._plans.get(shape)
        if plan is None:
            if len(self._plans) >= _REMEMBERED:
                self._plans.clear()
            plan = self._plans[shape] = tuple(self._look(shape))
        return plan

    def _look(self, shape: Shape) -> list[tuple[int, str | None]]:
        found: list[tuple[int, str | None]] = []
        for at, (key, kind) in enumerate(zip(shape.keys, shape.types, strict=True)):
            action = self._action(key)
            if action is None and kind in _NESTED:
                found.append((at, None))
            elif action not in (None, "keep"):
                found.append((at, action))
        return found

    def _changer(self, plans: Sequence[_Plan], shapes: _Shapes) -> _Change:
        def change(number: int, texts: Sequence[str]) -> tuple[int, list[str], int]:
            shape = shapes.given[number]
            keys, kinds, out = list(shape.keys), list(shape.types), list(texts)
            dropped = []
            for at, action in plans[number]:
                new = self._value(keys[at], (kinds[at], out[at]), action)
                if new is None:
                    dropped.append(at)
                else:
                    kinds[at], out[at] = new
            for at in reversed(dropped):
                del keys[at], kinds[at], out[at]
            return shapes.number(Shape(tuple(keys), tuple(kinds))), out, len(dropped)

        return change

    def _value(self, name: str, value: _Value, action: str | None) -> _Value | None:
        """The value after an action; None when it is dropped."""
        kind, text = value
        if action == "drop":
            return None
        if action == "mask":
            return ValueType.STRING, MASK
        if action == "hash":
            return self._hashed(kind, text)
        if "{" not in text:  # a list of plain values has no keys
            return value
        tree = orjson.loads(text)
        tree = self._otlp(tree, name) if kind == ValueType.NESTED else self._plain(tree, name)
        return kind, orjson.dumps(tree).decode()

    def _hashed(self, kind: int, text: str) -> _Value:
        if kind == ValueType.ARRAY:
            items = orjson.loads(text)
            if not any(isinstance(item, list | dict) for item in items):
                # Each by itself: one span may name several orders.
                return kind, orjson.dumps([self._hash(_text(item)) for item in items]).decode()
        return ValueType.STRING, self._hash(text)

    def _hmac(self, text: str) -> str:
        if _HASHED.fullmatch(text):
            return text
        return f"h-{hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _plain(self, tree: Any, path: str) -> Any:
        """A value of plain JSON with what is within maps changed."""
        if isinstance(tree, list):
            return [self._plain(item, path) for item in tree]
        if not isinstance(tree, dict):
            return tree
        found = {}
        for key, item in tree.items():
            within = f"{path}.{key}"
            action = self._action(key, within)
            if action in (None, "keep"):
                found[key] = self._plain(item, within) if action is None else item
            elif action != "drop":
                found[key] = MASK if action == "mask" else self._hash(_text(item))
        return found

    def _otlp(self, tree: dict[str, Any], path: str) -> dict[str, Any]:
        """The same of an AnyValue of OTLP/JSON."""
        if "arrayValue" in tree:
            values = [self._otlp(item, path) for item in tree["arrayValue"].get("values", ())]
            return {"arrayValue": {"values": values}}
        if "kvlistValue" not in tree:
            return tree
        pairs = []
        for pair in tree["kvlistValue"].get("values", ()):
            within = f"{path}.{pair['key']}"
            action = self._action(pair["key"], within)
            if action in (None, "keep"):
                value = self._otlp(pair["value"], within) if action is None else pair["value"]
                pairs.append({**pair, "value": value})
            elif action != "drop":
                text = MASK if action == "mask" else self._hash(_otlp_text(pair["value"]))
                pairs.append({**pair, "value": {"stringValue": text}})
        return {"kvlistValue": {"values": pairs}}

    def _bodies(self, logs: pa.Table) -> pa.Table:
        """Log records with their bodies changed."""
        kinds = np.asarray(logs["body_type"])
        wanted = kinds > 0 if self._body else np.isin(kinds, list(_NESTED))
        if not wanted.any() or self._body == "keep":
            return logs
        texts = logs["body"].to_pylist()
        types = kinds.tolist()
        for row in np.flatnonzero(wanted).tolist():
            new = self._value(BODY, (types[row], texts[row]), self._body)
            types[row], texts[row] = new or (ValueType.EMPTY, "")
        for name, column in (("body_type", types), ("body", texts)):
            at = logs.schema.get_field_index(name)
            field = logs.schema.field(at)
            logs = logs.set_column(at, field, pa.array(column, field.type))
        return logs


#: Of a row: its shape's number and texts -> the same when redacted, and how many were dropped.
_Change = Callable[[int, Sequence[str]], tuple[int, list[str], int]]


class _Shapes:
    """The shapes of a batch, and those that its redacted rows have."""

    def __init__(self, given: Sequence[Shape]) -> None:
        self.given = tuple(given)
        self.numbers = {shape: number for number, shape in enumerate(self.given)}

    def number(self, shape: Shape) -> int:
        """The number of ``shape`` in the batch."""
        return self.numbers.setdefault(shape, len(self.numbers))


def _owner(owner: Any, plans: Sequence[_Plan], change: _Change) -> Any:
    """A resource or scope, redacted."""
    assert isinstance(owner, Resource | Scope)
    if not plans[owner.shape]:
        return owner
    shape, values, dropped = change(owner.shape, owner.values)
    return replace(
        owner,
        shape=shape,
        values=tuple(values),
        dropped_attributes=min(owner.dropped_attributes + dropped, 0xFFFF_FFFF),
    )


def _changed(table: pa.Table, plans: Sequence[_Plan], change: _Change) -> pa.Table:
    """Rows with their attributes changed where their shape has a plan."""
    numbers = np.asarray(table["shape_no"]) if table.num_rows else np.empty(0, np.uint32)
    rows = np.flatnonzero(np.asarray([bool(plan) for plan in plans], bool)[numbers])
    if not len(rows):
        return table
    vals = table["vals"].to_pylist()
    numbers = numbers.copy()
    dropped = np.asarray(table["dropped_attributes"]).astype(np.uint64)
    for row in rows.tolist():
        numbers[row], vals[row], gone = change(int(numbers[row]), vals[row])
        dropped[row] = min(int(dropped[row]) + gone, 0xFFFF_FFFF)
    for name, column in (("shape_no", numbers), ("vals", vals), ("dropped_attributes", dropped)):
        at = table.schema.get_field_index(name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array(column, field.type))
    return table


def _text(item: Any) -> str:
    """A plain JSON value as the text of an attribute."""
    return item if isinstance(item, str) else orjson.dumps(item).decode()


def _otlp_text(value: dict[str, Any]) -> str:
    """The text of an AnyValue of OTLP/JSON, as an attribute of that value would have it."""
    held = next(iter(value.values()), "")
    return _text(held)
