"""Resources and scopes: who sent the spans. Decoded once for each distinct run of bytes.

They repeat from request to request, so the last few hundred are remembered by their bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from google.protobuf.message import DecodeError

from tracemap.batch import Resource, Scope, Shape
from tracemap.collectors.otlp import nested, wire
from tracemap.collectors.otlp.attributes import Shapes
from tracemap.collectors.otlp.limits import Limits
from tracemap.collectors.otlp.values import Ints
from tracemap.errors import PayloadError, TooLargeError

#: Bytes above which a resource or scope is not remembered: bounds the memory of the caches.
_REMEMBERED = 16_384


@dataclass(frozen=True, slots=True)
class _Attributes:
    shape: Shape
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Resource:
    attributes: _Attributes
    dropped: int
    entity_refs: str | None


@dataclass(frozen=True, slots=True)
class _Scope:
    name: str
    version: str
    attributes: _Attributes
    dropped: int


class Owners:
    """Resources and scopes of one batch, numbered from 0 as they are met."""

    def __init__(self, shapes: Shapes, limits: Limits) -> None:
        self._shapes = shapes
        self._limits = limits
        self.resources: dict[Resource, int] = {}
        self.scopes: dict[Scope, int] = {}

    def resource(self, raw: bytes | None, schema_url: str) -> int:
        """The number of a resource given as protobuf. Raises PayloadError, TooLargeError."""
        found = self._parse("resource", raw or b"", _resource, _remembered_resource)
        attributes = found.attributes
        resource = Resource(
            self._shapes.number(attributes.shape),
            attributes.values,
            schema_url,
            found.dropped,
            found.entity_refs,
        )
        return self.resources.setdefault(resource, len(self.resources))

    def scope(self, raw: bytes | None, schema_url: str) -> int:
        """The number of a scope given as protobuf. Raises PayloadError, TooLargeError."""
        found = self._parse("scope", raw or b"", _scope, _remembered_scope)
        attributes = found.attributes
        scope = Scope(
            found.name,
            found.version,
            self._shapes.number(attributes.shape),
            attributes.values,
            schema_url,
            found.dropped,
        )
        return self.scopes.setdefault(scope, len(self.scopes))

    def numbers(
        self, resources: pa.StructArray, scopes: pa.StructArray, scope_resource: Ints, used: Ints
    ) -> tuple[Ints, Ints]:
        """resource_no and scope_no of records, given the row of each one's scope in ``used``.

        Only those that are used get a number. Raises PayloadError, TooLargeError.
        """
        resource_no = np.zeros(len(scopes), np.uint32)
        scope_no = np.zeros(len(scopes), np.uint32)
        resource, resource_url = resources.field("resource"), resources.field("schema_url")
        scope, scope_url = scopes.field("scope"), scopes.field("schema_url")
        for at in np.unique(used).tolist():
            of = int(scope_resource[at])
            resource_no[at] = self.resource(resource[of].as_py(), resource_url[of].as_py())
            scope_no[at] = self.scope(scope[at].as_py(), scope_url[at].as_py())
        return resource_no[used], scope_no[used]

    def _parse(
        self,
        what: str,
        raw: bytes,
        parse: Callable[[bytes, Limits], Any],
        remembered: Callable[[bytes, Limits], Any],
    ) -> Any:
        if len(raw) > self._limits.resource:
            raise TooLargeError(f"a {what} has {len(raw)} bytes, more than {self._limits.resource}")
        try:
            return (remembered if len(raw) <= _REMEMBERED else parse)(raw, self._limits)
        except DecodeError as error:
            raise PayloadError(f"a {what} is not valid protobuf") from error
        except nested.NestedValueError as error:
            raise PayloadError(f"an attribute of a {what} {error}") from error


def _resource(raw: bytes, limits: Limits) -> _Resource:
    message = wire.Resource.FromString(raw)
    refs = [_entity_ref(ref) for ref in message.entity_refs]
    return _Resource(
        _attributes(message.attributes, limits),
        message.dropped_attributes_count,
        orjson.dumps(refs).decode() if refs else None,
    )


def _scope(raw: bytes, limits: Limits) -> _Scope:
    message = wire.Scope.FromString(raw)
    return _Scope(
        message.name,
        message.version,
        _attributes(message.attributes, limits),
        message.dropped_attributes_count,
    )


_remembered_resource = lru_cache(maxsize=512)(_resource)
_remembered_scope = lru_cache(maxsize=512)(_scope)


def _entity_ref(ref: Any) -> dict[str, Any]:
    """An EntityRef with OTLP/JSON's names, without what is empty."""
    fields = {
        "schemaUrl": ref.schema_url,
        "type": ref.type,
        "idKeys": list(ref.id_keys),
        "descriptionKeys": list(ref.description_keys),
    }
    return {name: value for name, value in fields.items() if value}


def _attributes(pairs: Any, limits: Limits) -> _Attributes:
    keys = tuple(pair.key for pair in pairs)
    values = [nested.to_text(pair.value, limits) for pair in pairs]
    shape = Shape(keys, tuple(int(kind) for kind, _ in values))
    return _Attributes(shape, tuple(text for _, text in values))
