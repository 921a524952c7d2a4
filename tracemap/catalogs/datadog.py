"""Reader of Datadog's ``service.datadog.yaml`` and ``entity.datadog.yaml``: v2, v2.1, v2.2, v3.

Source of the format: the JSON schemas in github.com/DataDog/schema (service-catalog/), and
docs.datadoghq.com, "Entity Model". Up to v2.2 a document is one service; from v3 on it is an entity
with a kind. Kinds that do not run (library, an organisation's own) are passed over.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from tracemap.catalogs.fields import Fields, Sheet, absent, called
from tracemap.catalogs.links import contact_type, is_link, link_type
from tracemap.catalogs.references import DEFAULT_NAMESPACE, Reference, reference
from tracemap.declarations import Catalog, Contact, Declaration, DeclaredKind, Problem
from tracemap.marked_yaml import Node, YamlError, parse_documents

SERVICE_VERSIONS: Final = ("v2", "v2.1", "v2.2")
ENTITY_VERSIONS: Final = ("v3",)

#: Kind of entity -> what it is here, and how well its name says so.
_KINDS: Final[dict[str, tuple[DeclaredKind, int]]] = {
    "service": ("service", 0),
    "frontend": ("service", 0),
    "queue": ("destination", 0),
    "datastore": ("datastore", 0),
    "api": ("service", 2),
    "system": ("system", 0),
    "application": ("system", 0),  # what systems were called in the preview of v3
}
#: A service of such a type (v2.2) is a datastore that Datadog saw in spans of its clients.
_STORES: Final = frozenset(["db", "cache"])
_MAX_PARENTS: Final = 20
#: Integration -> (what it is called, where v3 keeps its address).
_PAGERS: Final = {
    "pagerduty": ("PagerDuty", "serviceURL"),
    "opsgenie": ("Opsgenie", "serviceURL"),
    "jiraServiceManagementOps": ("Jira Service Management", "teamURL"),
}
#: Owners are team handles; some write them as references.
_TEAM_PREFIX: Final = re.compile(r"^(team|group):", re.IGNORECASE)


def read(content: bytes, path: str) -> Catalog:
    """What the ``content`` of a definition file declares; ``path`` is what messages call it."""
    try:
        documents = parse_documents(content)
    except YamlError as error:
        problem = Problem(path, error.line, error.what, error.do or "")
        return Catalog(problems=(problem,), usable=False)
    reader = _Reader(path)
    read_any = not documents
    for document in documents:
        if isinstance(document, YamlError):
            reader.wrong(document.line, document.what, document.do or "")
        else:
            read_any |= reader.document(document)
    reader.inherit()
    return Catalog(
        declarations=tuple(reader.declarations),
        problems=reader.told(),
        usable=read_any,
        contacts=tuple(reader.contacts),
    )


@dataclass(slots=True)
class _Reader(Sheet):
    declarations: list[Declaration] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    systems: list[Reference] = field(default_factory=list)
    #: Entities without an owner, and without anything that they inherit one from.
    loose: list[tuple[Reference, int]] = field(default_factory=list)

    def document(self, root: Node) -> bool:
        """Read one definition; false when it is of no known version."""
        if root.type != "mapping":
            what = f"a document is {called(root)}, not a definition"
            self.wrong(root.line, what, "start with 'apiVersion: v3'")
            return False
        fields = self.fields(root, "a definition")
        name = "apiVersion" if "apiVersion" in fields else "schema-version"
        version, right = self.text(fields, name, "a definition")
        if version in SERVICE_VERSIONS and name == "schema-version":
            self.service(root, fields)
        elif version in ENTITY_VERSIONS and name == "apiVersion":
            self.entity(root, fields)
        elif right:
            known = ", ".join((*SERVICE_VERSIONS, *ENTITY_VERSIONS))
            node = fields.get(name, root)
            what = f"{name} is {version[:40]!r}" if version else "a definition has no version"
            self.wrong(node.line, what, f"known are {known}; the definition is not used")
            return False
        return right

    # -- v2, v2.1, v2.2 ----------------------------------------------------------------------------

    def service(self, root: Node, fields: Fields) -> None:
        name, right = self.text(fields, "dd-service", "a definition")
        if name is None:
            if right:
                self.wrong(root.line, "a definition has no dd-service", "add 'dd-service: ...'")
            return
        ref = Reference("service", DEFAULT_NAMESPACE, name)
        where = f"service {name[:80]!r}"
        team, line = None, fields["dd-service"].line
        for handle in ("team", "dd-team"):  # the second is v2's, and experimental
            found, fits = self.text(fields, handle, where)
            right = right and fits
            if team is None and found is not None:
                team, line = found, fields[handle].line
        type_, _ = self.text(fields, "type", where)
        if right and team is not None:
            self.declare(ref, line, "service", team=team)
            if type_ in _STORES:
                self.declare(ref, line, "datastore", team=team, fit=1)
        key = ref.entity("datadog")
        self.links(fields, ("links", "docs", "repos"), where, key)
        self.people(fields, where, key)
        self.pagers(fields, where, key)

    # -- v3 ----------------------------------------------------------------------------------------

    def entity(self, root: Node, fields: Fields) -> None:
        kind, right = self.text(fields, "kind", "an entity")
        if kind is None:
            if right:
                self.wrong(root.line, "an entity has no kind", "add 'kind: service'")
            return
        if kind.lower() not in _KINDS:
            return
        if absent(fields.get("metadata")):
            self.wrong(root.line, f"a {kind} has no metadata", "add 'metadata:' with a name")
            return
        metadata = self.mapping(fields, "metadata", f"a {kind}")
        if metadata is None:
            return
        name, right = self.text(metadata, "name", f"a {kind}'s metadata")
        namespace, fits = self.text(metadata, "namespace", f"a {kind}'s metadata")
        if name is None and right:
            self.wrong(root.line, f"a {kind} has no name", "add 'name: ...' under metadata")
        if name is None or not fits:
            return
        ref = Reference(kind.lower(), (namespace or DEFAULT_NAMESPACE).lower(), name)
        self.owned(ref, metadata, self.mapping(fields, "spec", f"{kind} {name[:80]!r}") or {})
        key, where = ref.entity("datadog"), f"{kind} {name[:80]!r}"
        self.links(metadata, ("links",), where, key)
        self.people(metadata, where, key)
        self.pagers(fields, where, key)

    def owned(self, ref: Reference, metadata: Fields, spec: Fields) -> None:
        where = f"{ref.kind} {ref.local[:80]!r}"
        kind, fit = _KINDS[ref.kind]
        owner, right = self.text(metadata, "owner", where)
        parents = self.parents(ref, metadata, spec, where)
        system = self.text(spec, "type", where)[0] if kind == "destination" else None
        line = metadata["owner" if owner else "name"].line
        if kind == "system":
            self.systems.append(ref)
        elif right and owner is None and not parents:
            self.loose.append((ref, line))
        if right and (owner is not None or parents):
            self.declare(ref, line, kind, team=owner, parents=parents, system=system, fit=fit)
        for line, entry in self.entries(metadata, "additionalOwners", where):
            other, fits = self.text(entry, "name", f"additionalOwners of {where}")
            role, role_fits = self.text(entry, "type", f"additionalOwners of {where}")
            if other is None and fits:
                self.wrong(line, f"an additional owner of {where} has no name", "add 'name: ...'")
            elif other is not None and role_fits:
                self.declare(ref, line, kind, team=other, role=_role(role), system=system, fit=fit)
        self.components(ref, spec, where)

    def parents(
        self, ref: Reference, metadata: Fields, spec: Fields, where: str
    ) -> tuple[str, ...]:
        """What an entity without an owner inherits it from: inheritFrom, then componentOf."""
        found = []
        text, _ = self.text(metadata, "inheritFrom", where)
        if text is not None:
            found.append(self.named(text, metadata["inheritFrom"].line, f"inheritFrom of {where}"))
        for node in self.items(spec, "componentOf", where):
            text, _ = self.text({"componentOf": node}, "componentOf", where)
            if text is not None:
                found.append(self.named(text, node.line, f"componentOf of {where}"))
        keys = (parent.entity("datadog") for parent in found if parent is not None)
        return tuple(dict.fromkeys(k for k in keys if k != ref.entity("datadog")))[:_MAX_PARENTS]

    def components(self, ref: Reference, spec: Fields, where: str) -> None:
        """What a system lists as its own inherits from it, with or without a file of its own."""
        if _KINDS[ref.kind][0] != "system":
            return
        for node in self.items(spec, "components", where):
            text, _ = self.text({"components": node}, "components", where)
            part = self.named(text, node.line, f"components of {where}") if text else None
            if part is not None and part.kind in _KINDS:
                kind, fit = _KINDS[part.kind]
                self.declare(part, node.line, kind, parents=(ref.entity("datadog"),), fit=fit)

    def inherit(self) -> None:
        """What stands in one file with the only system of that file inherits from it (Datadog,
        "Entity Model": implicit inheritance)."""
        if len(self.systems) != 1:
            return
        for ref, line in self.loose:
            kind, fit = _KINDS[ref.kind]
            parents = (self.systems[0].entity("datadog"),)
            self.declare(ref, line, kind, parents=parents, fit=fit)

    def named(self, text: str, line: int, where: str) -> Reference | None:
        found = reference(text, kind="service")
        if found is None:
            what = f"{where} is {text[:80]!r}, which names nothing"
            self.wrong(line, what, "write kind:name")
        return found

    # -- rows --------------------------------------------------------------------------------------

    def declare(
        self,
        ref: Reference,
        line: int,
        kind: DeclaredKind,
        *,
        team: str | None = None,
        role: str = "accountable",
        parents: tuple[str, ...] = (),
        system: str | None = None,
        fit: int = 0,
    ) -> None:
        self.declarations.append(
            Declaration(
                path=self.path,
                line=line,
                kind=kind,
                name=ref.name,
                namespace=None if ref.namespace == DEFAULT_NAMESPACE else ref.namespace,
                system=system.lower() if system else None,
                team=_TEAM_PREFIX.sub("", team) if team else None,
                role=role,
                format="datadog",
                entity=ref.entity("datadog"),
                parents=parents,
                fit=fit,
            )
        )

    def links(self, fields: Fields, names: tuple[str, ...], where: str, key: str) -> None:
        for name in names:
            for line, entry in self.entries(fields, name, where):
                url, right = self.text(entry, "url", f"{name} of {where}")
                title, _ = self.text(entry, "name", f"{name} of {where}")
                type_, _ = self.text(entry, "type", f"{name} of {where}")
                if url is None:
                    if right:
                        self.wrong(line, f"an entry of {name} of {where} has no url", "add 'url'")
                elif not is_link(url):
                    self.wrong(line, f"url {url[:80]!r} is no address", "write https://...")
                else:
                    meant = link_type(url, type_, title)
                    self.contacts.append(Contact(self.path, line, meant, url, title, entity=key))

    def people(self, fields: Fields, where: str, key: str) -> None:
        for line, entry in self.entries(fields, "contacts", where):
            value, right = self.text(entry, "contact", f"contacts of {where}")
            type_, fits = self.text(entry, "type", f"contacts of {where}")
            title, _ = self.text(entry, "name", f"contacts of {where}")
            if value is None or type_ is None:
                if right and fits:
                    self.wrong(line, f"a contact of {where} lacks type or contact", "add both")
                continue
            meant = contact_type(value, type_)
            self.contacts.append(Contact(self.path, line, meant, value, title, entity=key))

    def pagers(self, fields: Fields, where: str, key: str) -> None:
        """PagerDuty and the like: text in v2, ``service-url`` in v2.1, ``serviceURL`` in v3."""
        integrations = self.mapping(fields, "integrations", where) or {}
        for name, (title, newest) in _PAGERS.items():
            node = integrations.get(name)
            if node is None or absent(node):
                continue
            if node.type == "str":
                value, _ = self.text(integrations, name, f"integrations of {where}")
            else:
                inner = self.mapping(integrations, name, f"integrations of {where}") or {}
                field_name = newest if newest in inner else "service-url"
                value, _ = self.text(inner, field_name, f"{name} of {where}")
            if value is not None:
                self.contacts.append(
                    Contact(self.path, node.line, "pager", value, title, entity=key)
                )


def _role(type_: str | None) -> str:
    """There is one accountable owner: whoever else is called so is one more."""
    role = (type_ or "").strip().lower()
    return "additional" if role in ("", "accountable") else role
