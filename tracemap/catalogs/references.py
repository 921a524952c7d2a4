"""References between entities, ``[kind:][namespace/]name``, as Backstage and Datadog write them.

Case does not count. What is left out is filled in from the place where the reference stands
(Backstage: "Entity References"; Datadog: ``service:myapp``, ``application:default/myapp``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Reference:
    """Kind and namespace in lower case; the name as it was written."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.namespace}/{self.name}"

    @property
    def local(self) -> str:
        """The name, with its namespace where that is not the default one."""
        if self.namespace == DEFAULT_NAMESPACE:
            return self.name
        return f"{self.namespace}/{self.name}"

    def entity(self, catalog: str) -> str:
        """What the entity is called among those of all catalogs; for comparing."""
        return f"{catalog}:{self}".lower()


def reference(text: str, *, kind: str, namespace: str = DEFAULT_NAMESPACE) -> Reference | None:
    """``text`` as a reference; null where a part of it is empty (``group:``, ``a/``)."""
    rest = text.strip()
    head, colon, tail = rest.partition(":")
    if colon and "/" not in head:
        kind, rest = head, tail
    head, slash, tail = rest.partition("/")
    if slash:
        namespace, rest = head, tail
    parts = kind.strip().lower(), namespace.strip().lower(), rest.strip()
    return Reference(*parts) if all(parts) else None
