"""Reader of Backstage's ``catalog-info.yaml``: any number of entities, one a document.

Source of the format: backstage.io, "Descriptor Format of Catalog Entities", "Entity References",
"Well-known Annotations". Kinds that own nothing (Location, Template, an organisation's own) and
documents of other systems (Kubernetes) are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tracemap.catalogs.fields import Fields, Sheet, absent, called
from tracemap.catalogs.links import is_link, link_type
from tracemap.catalogs.references import DEFAULT_NAMESPACE, Reference, reference
from tracemap.catalogs.secrets import HIDDEN, hidden_key
from tracemap.declarations import Catalog, Contact, Declaration, DeclaredKind, Problem, Team
from tracemap.marked_yaml import Node, YamlError, parse_documents

_API: Final = re.compile(r"backstage\.io/")
#: Names of entities (their "ruleset"): a template's ``${{ values.name }}`` is none.
_NAME: Final = re.compile(r"[A-Za-z0-9]+([-_.]+[A-Za-z0-9]+)*")
_MAX_NAME: Final = 63
_PLACEHOLDER: Final = re.compile(r"\$\{|<.*>\Z|\{\{")
#: More is no catalog that people keep, and every one is a step to climb.
_MAX_PARENTS: Final = 20

#: Annotations that say what a component is called elsewhere.
NAME_ANNOTATIONS: Final = (
    "jaegertracing.io/service",
    "jaegertracing.io/service-name",
    "backstage.io/kubernetes-id",
)
#: Where a component's or team's pager is.
_PAGERS: Final = {
    "pagerduty.com/service-id": "PagerDuty service",
    "pagerduty.com/integration-key": "PagerDuty integration key",
    "opsgenie.com/team": "Opsgenie team",
    "opsgenie.com/component-selector": "Opsgenie alerts",
    "splunk.com/on-call-team": "Splunk On-Call team",
    "rootly.com/service-slug": "Rootly service",
    "firehydrant.com/service-name": "FireHydrant service",
}
#: Resources by what their type says; the format leaves the words to each organisation.
_DATASTORE: Final = re.compile(
    r"database|\bdb\b|cache|store|storage|bucket|table|warehouse|sql|postgres|mongo|redis|dynamo"
    r"|cassandra|elastic|opensearch|spanner|\bs3\b|memcached",
    re.IGNORECASE,
)
_DESTINATION: Final = re.compile(
    r"queue|topic|stream|event|kafka|rabbit|\bsqs\b|\bsns\b|pub-?sub|\bbus\b|exchange|subject",
    re.IGNORECASE,
)
#: Relation or field -> (what it is called, kind it names if none is written).
_PARENTS: Final = (
    ("system", "system"),
    ("subcomponentOf", "component"),
    ("domain", "domain"),
    ("subdomainOf", "domain"),
)

Place = tuple[DeclaredKind, int]  # the kind of thing an entity names, and how well it does


def read(content: bytes, path: str) -> Catalog:
    """What the ``content`` of a catalog file declares; ``path`` is what messages call it."""
    try:
        documents = parse_documents(content)
    except YamlError as error:
        problem = Problem(path, error.line, error.what, error.do or "")
        return Catalog(problems=(problem,), usable=False)
    reader = _Reader(path)
    for document in documents:
        if isinstance(document, YamlError):
            reader.wrong(document.line, document.what, document.do or "")
        else:
            reader.document(document)
    return Catalog(
        declarations=tuple(reader.declarations),
        teams=tuple(reader.teams),
        problems=reader.told(),
        usable=not documents or any(isinstance(document, Node) for document in documents),
        contacts=tuple(reader.contacts),
    )


@dataclass(slots=True)
class _Entity:
    """What all kinds have in common."""

    ref: Reference
    line: int  # of its name
    where: str  # in messages
    metadata: Fields
    annotations: Fields
    spec: Fields
    relations: list[tuple[str, Reference, int]]  # (type, target, line)

    @property
    def key(self) -> str:
        return self.ref.entity("backstage")

    @property
    def namespace(self) -> str | None:
        """As resolution compares it: the default one means any."""
        return None if self.ref.namespace == DEFAULT_NAMESPACE else self.ref.namespace


@dataclass(slots=True)
class _Reader(Sheet):
    declarations: list[Declaration] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)  # entity -> line

    def document(self, root: Node) -> None:
        if root.type != "mapping":
            what = f"a document is {called(root)}, not an entity"
            self.wrong(root.line, what, "start with 'apiVersion: backstage.io/v1alpha1'")
            return
        fields = self.fields(root, "an entity")
        version, _ = self.text(fields, "apiVersion", "an entity")
        if version is not None and not _API.match(version):
            return
        kind, right = self.text(fields, "kind", "an entity")
        if version is None or kind is None:
            if right and fields.get("apiVersion") is None:
                self.wrong(root.line, "an entity has no apiVersion", "backstage.io/v1alpha1")
            elif right and kind is None:
                self.wrong(root.line, "an entity has no kind", "add 'kind: Component'")
            return
        handler = _KINDS.get(kind.lower())
        if handler is not None and (entity := self.entity(root, kind.lower(), fields)) is not None:
            handler(self, entity)

    def entity(self, root: Node, kind: str, fields: Fields) -> _Entity | None:
        if absent(fields.get("metadata")):
            self.wrong(root.line, f"a {kind} has no metadata", "add 'metadata:' with a name")
            return None
        metadata = self.mapping(fields, "metadata", f"a {kind}")
        if metadata is None:
            return None
        name, right = self.text(metadata, "name", f"a {kind}'s metadata")
        namespace, fits = self.text(metadata, "namespace", f"a {kind}'s metadata")
        if name is None and right:
            self.wrong(root.line, f"a {kind} has no name", "add 'name: ...' under metadata")
        if name is None or not fits:
            return None
        line = metadata["name"].line
        if "${{" in name:  # the skeleton of a software template, not an entity
            return None
        if len(name) > _MAX_NAME or not _NAME.fullmatch(name):
            what = f"{name[:80]!r} is no name of a {kind}"
            self.wrong(line, what, f"letters and digits with - _ . between, up to {_MAX_NAME}")
            return None
        ref = Reference(kind, (namespace or DEFAULT_NAMESPACE).lower(), name)
        where = f"{kind} {ref.local!r}"
        self.once(ref, line, where)
        return _Entity(
            ref,
            line,
            where,
            metadata,
            self.mapping(metadata, "annotations", where) or {},
            self.mapping(fields, "spec", where) or {},
            self.relations(fields, where, ref.namespace),
        )

    def once(self, ref: Reference, line: int, where: str) -> None:
        first = self.seen.setdefault(str(ref).lower(), line)
        if first != line:
            self.wrong(line, f"{where} is also in line {first}", "remove one of the two")

    def relations(
        self, fields: Fields, where: str, namespace: str
    ) -> list[tuple[str, Reference, int]]:
        """What the catalog's own processing found, in files that were exported from it."""
        found = []
        for line, entry in self.entries(fields, "relations", where):
            type_, _ = self.text(entry, "type", "relations")
            if type_ not in ("ownedBy", "partOf"):
                continue
            kind = "group" if type_ == "ownedBy" else "system"
            name = "targetRef" if "targetRef" in entry else "target"
            target, _ = self.reference(entry, name, f"relations of {where}", kind, namespace)
            if target is not None:
                found.append((type_, target, line))
        return found

    # -- references --------------------------------------------------------------------------------

    def reference(
        self, fields: Fields, name: str, where: str, kind: str, namespace: str
    ) -> tuple[Reference | None, bool]:
        """(the reference or null, whether it is right), as text or as its three parts."""
        node = fields.get(name)
        if node is not None and node.type == "mapping":
            parts = self.fields(node, name)
            told, fits = self.text(parts, "name", f"{name} of {where}")
            if told is None:
                if fits:
                    self.wrong(node.line, f"{name} of {where} has no name", f"write '{name}: ...'")
                return None, False
            part_kind, kind_fits = self.text(parts, "kind", f"{name} of {where}")
            part_space, space_fits = self.text(parts, "namespace", f"{name} of {where}")
            if not (kind_fits and space_fits):
                return None, False
            whole = (part_kind or kind).lower(), (part_space or namespace).lower(), told.strip()
            return Reference(*whole), True
        text, right = self.text(fields, name, where)
        if node is None or text is None:
            return None, right
        found = reference(text, kind=kind, namespace=namespace)
        if found is None:
            what = f"{name} of {where} is {text[:80]!r}, which names nothing"
            self.wrong(node.line, what, "write [kind:][namespace/]name")
        return found, found is not None

    def owner(self, entity: _Entity, *, needed: bool) -> tuple[str | None, int, bool]:
        """(team or null, line of the statement, whether it is right)."""
        stated = [(ref, line) for type_, ref, line in entity.relations if type_ == "ownedBy"]
        if stated:
            # "Where relations are produced, they are to be considered the authoritative source."
            ref, line = stated[0]
        else:
            found, right = self.reference(
                entity.spec, "owner", entity.where, "group", entity.ref.namespace
            )
            if found is None:
                if right and needed:
                    self.wrong(entity.line, f"{entity.where} has no owner", "add 'owner: ...'")
                return None, entity.line, right
            ref, line = found, entity.spec["owner"].line
        if ref.kind not in ("group", "user"):
            what = f"{entity.where} is owned by a {ref.kind}"
            self.wrong(line, what, "name a group or a user; the entry is not used")
            return None, line, False
        return team_name(ref), line, True

    def parents(self, entity: _Entity) -> tuple[str, ...]:
        found = [ref for type_, ref, _ in entity.relations if type_ == "partOf"]
        for name, kind in _PARENTS:
            ref, _ = self.reference(entity.spec, name, entity.where, kind, entity.ref.namespace)
            found += [ref] if ref else []
        keys = (ref.entity("backstage") for ref in found)
        return tuple(dict.fromkeys(key for key in keys if key != entity.key))[:_MAX_PARENTS]

    # -- kinds -------------------------------------------------------------------------------------

    def component(self, entity: _Entity) -> None:
        self.declare(entity, [("service", 0)])

    def api(self, entity: _Entity) -> None:
        # An API is not what runs; but a peer that is only called may be known by no other name.
        places: list[Place] = [("service", 2)]
        if (self.text(entity.spec, "type", entity.where)[0] or "").lower() == "asyncapi":
            places.append(("destination", 2))
        self.declare(entity, places)

    def resource(self, entity: _Entity) -> None:
        type_ = self.text(entity.spec, "type", entity.where)[0] or ""
        places: list[Place] = []
        if _DATASTORE.search(type_):
            places.append(("datastore", 0))
        if _DESTINATION.search(type_):
            places.append(("destination", 0))
        self.declare(entity, places or [("datastore", 2), ("destination", 2), ("service", 2)])

    def system(self, entity: _Entity) -> None:
        self.declare(entity, [("system", 0)])

    def domain(self, entity: _Entity) -> None:
        self.declare(entity, [("domain", 0)])

    def group(self, entity: _Entity) -> None:
        """A team: known by its reference in all spellings, its title, e-mail and GitHub slug."""
        profile = self.mapping(entity.spec, "profile", entity.where) or {}
        email, _ = self.text(profile, "email", f"profile of {entity.where}")
        slug, _ = self.text(entity.annotations, "github.com/team-slug", entity.where)
        titles = (
            self.text(profile, "displayName", f"profile of {entity.where}")[0],
            self.text(entity.metadata, "title", entity.where)[0],
        )
        self.team(entity, email, (*titles, slug, slug and f"@{slug.removeprefix('@')}"))

    def user(self, entity: _Entity) -> None:
        """A person, who may own things."""
        profile = self.mapping(entity.spec, "profile", entity.where) or {}
        email, _ = self.text(profile, "email", f"profile of {entity.where}")
        login, _ = self.text(entity.annotations, "github.com/user-login", entity.where)
        self.team(entity, email, (login and f"@{login.removeprefix('@')}",))

    def team(self, entity: _Entity, email: str | None, spellings: tuple[str | None, ...]) -> None:
        ref, name = entity.ref, team_name(entity.ref)
        written = (str(ref), f"{ref.kind}:{ref.local}", f"{ref.namespace}/{ref.name}")
        bare = (ref.name,) if ref.kind == "group" else ()
        aliases = dict.fromkeys(a for a in (*written, *bare, *spellings) if a and a != name)
        self.teams.append(
            Team(self.path, entity.line, name, tuple(aliases), email=email, format="backstage")
        )
        self.reach(entity, team=name)

    # -- rows --------------------------------------------------------------------------------------

    def declare(self, entity: _Entity, places: list[Place]) -> None:
        parents = self.parents(entity)
        team, line, right = self.owner(entity, needed=not parents)
        if right and (team is not None or parents):
            self.declarations += [
                Declaration(
                    path=self.path,
                    line=line,
                    kind=kind,
                    name=name,
                    namespace=entity.namespace,
                    team=team,
                    format="backstage",
                    entity=entity.key,
                    parents=parents,
                    fit=fit + more,
                )
                for kind, fit in places
                for name, more in self.names(entity)
            ]
        self.reach(entity, team=None)

    def names(self, entity: _Entity) -> list[tuple[str, int]]:
        """What the entity is called, and by annotations elsewhere, with how well each fits."""
        found = {entity.ref.name.lower(): (entity.ref.name, 0)}
        for annotation in NAME_ANNOTATIONS if entity.ref.kind == "component" else ():
            other, _ = self.text(entity.annotations, annotation, entity.where)
            if other is not None:
                found.setdefault(other.lower(), (other, 1))
        return list(found.values())

    def reach(self, entity: _Entity, *, team: str | None) -> None:
        """The contacts among an entity's links and annotations."""
        key = None if team else entity.key
        for line, entry in self.entries(entity.metadata, "links", entity.where):
            url, right = self.text(entry, "url", "links")
            title, _ = self.text(entry, "title", "links")
            type_, _ = self.text(entry, "type", "links")
            if url is None:
                if right:
                    self.wrong(line, f"a link of {entity.where} has no url", "add 'url: ...'")
            elif not is_link(url):
                self.wrong(line, f"url {url[:80]!r} is no address", "write https://...")
            else:
                meant = link_type(url, type_, title)
                self.contacts.append(Contact(self.path, line, meant, url, title, team, key))
        for annotation, title in _PAGERS.items():
            value, _ = self.text(entity.annotations, annotation, entity.where)
            # A template that nobody filled in (${{ secrets.KEY }}, <key>) is no address.
            if value is not None and not _PLACEHOLDER.match(value):
                line = entity.annotations[annotation].line
                if annotation.endswith("-key"):
                    value = hidden_key(value)
                    if value == HIDDEN:
                        continue
                self.contacts.append(Contact(self.path, line, "pager", value, title, team, key))


def team_name(ref: Reference) -> str:
    """What the team behind a reference is called: ``payments``, ``acme/pay``, ``user:jane``."""
    return f"user:{ref.local}" if ref.kind == "user" else ref.local


_KINDS: Final[dict[str, Callable[[_Reader, _Entity], None]]] = {
    "component": _Reader.component,
    "api": _Reader.api,
    "resource": _Reader.resource,
    "system": _Reader.system,
    "domain": _Reader.domain,
    "group": _Reader.group,
    "user": _Reader.user,
}
