"""What a user may decide, with the defaults of design sections 5 to 8. Durations are ns."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Final

from tracemap.errors import InputError

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
#: Settings that are lists of attributes.
_LISTS: Final = (
    *("owner_attributes", "system_attributes", "repository_attributes", "path_attributes"),
    "redact",
)


#: Labels and annotations as the Collector's k8sattributes processor writes them: the pod's, then
#: those of what runs it, then the namespace's. ``label*``: it said labels before it said label.
KUBERNETES_OWNERS: Final = tuple(
    f"k8s.{of}.{what}"
    for of in (
        *("pod", "deployment", "statefulset", "daemonset", "cronjob", "job", "replicaset"),
        "namespace",
    )
    for what in ("label*.team", "label*.owner", "annotation*.a8r.io/owner")
)


@dataclass(frozen=True, slots=True)
class KeySetting:
    """A correlation key that the user declared; ``aliases`` are other spellings of it.

    ``per``: the attribute within which its values are unique (an order's number within a tenant),
    and other spellings of that; empty where they are unique by themselves.
    """

    name: str
    aliases: tuple[str, ...] = ()
    per: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> KeySetting:
        """Read ``NAME[=ALIAS,...][ per NAME[=ALIAS,...]]``. Raises InputError for anything else."""
        name, *within = re.split(r"(?:^|\s+)per(?:\s+|$)", text.strip())
        spelled = [_spellings(part) for part in (name, *within)]
        if len(within) > 1 or not all(spelled):
            raise InputError(
                f"{text!r} names no key",
                do="write KEY, KEY=ALIAS,ALIAS or 'KEY per ATTRIBUTE' (order.id per tenant.id)",
            )
        first, *others = spelled[0]
        return cls(first, tuple(others), spelled[1] if within else ())


def _spellings(text: str) -> tuple[str, ...]:
    name, _, others = text.partition("=")
    return (name, *(alias for alias in others.split(",") if alias)) if name else ()


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule of the user's own: its file's name without ``.sql``, and what is in it."""

    name: str
    text: str
    #: Why it is not run any more: what went wrong when it was. Empty: it runs.
    aside: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """Stored in the database, so that every reader and the collector agree."""

    #: Declared correlation keys, most significant first. Empty: discovered from the data.
    keys: tuple[KeySetting, ...] = ()
    #: How long a missing parent may still be on its way.
    grace_ns: int = 2 * MINUTE
    #: A live source is known up to now minus this.
    lag_ns: int = 30 * SECOND
    #: Deadlines where neither declared nor learned (design section 8).
    deadline_step_ns: int = 5 * MINUTE
    deadline_handoff_ns: int = 15 * MINUTE
    #: A value that joins more traces than this is no execution (design section 5.5).
    hub_limit: int = 10_000
    #: Resource attributes that name an owner, most trusted first (design section 7). As in a shell,
    #: ``*`` stands for any characters.
    owner_attributes: tuple[str, ...] = (
        "service.owner.name",
        "service.owner",
        "team",
        "owner",
        "dt.owner",
        "a8r.io/owner",
        *KUBERNETES_OWNERS,
    )
    #: Resource attributes that name the system a service is part of, whose owner it inherits.
    system_attributes: tuple[str, ...] = (
        "app.kubernetes.io/part-of",
        "k8s.*.label*.app.kubernetes.io/part-of",
    )
    #: Resource attributes that name the repository a service is built from, for CODEOWNERS.
    repository_attributes: tuple[str, ...] = ("vcs.repository.url.full", "vcs.repository.name")
    #: Attributes of resources and spans that name a source file.
    path_attributes: tuple[str, ...] = ("code.file.path", "code.filepath")
    #: What becomes of personal data before it is stored: "user.email=hash" (``redaction``).
    redact: tuple[str, ...] = ()
    #: Rules of the user's own (``own_rules``).
    rules: tuple[RuleText, ...] = ()

    def to_json(self) -> str:
        """The settings as JSON text, as stored."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Settings:
        """Read what ``to_json`` wrote; names this version does not know are ignored.

        Raises InputError where a value has the wrong type.
        """
        known = {f.name for f in fields(cls)}
        raw = {k: v for k, v in json.loads(text).items() if k in known}
        try:
            raw["keys"] = tuple(
                KeySetting(
                    str(k["name"]), *(tuple(map(str, k.get(n, ()))) for n in ("aliases", "per"))
                )
                for k in raw.get("keys", ())
            )
            raw["rules"] = tuple(
                RuleText(str(r["name"]), str(r["text"]), str(r.get("aside", "")))
                for r in raw.get("rules", ())
            )
            for name in _LISTS:
                if name in raw:
                    raw[name] = tuple(map(str, raw[name]))
            return cls(**raw)
        except (TypeError, KeyError, AttributeError) as error:
            raise InputError(
                f"the settings in the database cannot be read: {error}",
                do="set them again with 'tracemap serve' or 'tracemap keys'",
            ) from error
