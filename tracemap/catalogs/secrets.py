"""What must not be kept of a contact: keys, webhooks and passwords that people write into catalogs.

Whoever reads a finding needs to know where to turn, never what lets a program speak in the team's
name. What is hidden is hidden before it is stored.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from tracemap.declarations import Catalog

HIDDEN: Final = "…"
#: Addresses whose path is the secret: whoever knows it may post.
_WEBHOOKS: Final = re.compile(
    r"(hooks\.slack\.com|hooks\.zapier\.com|(.+\.)?webhook\.office\.com|events\.pagerduty\.com"
    r"|events\.eu\.pagerduty\.com|alert\.victorops\.com|chat\.googleapis\.com|api\.opsgenie\.com"
    r"|api\.telegram\.org|discord(app)?\.com/api/webhooks|outlook\.office(365)?\.com/webhook)(/|\Z)"
)
#: Parts of a query that name a secret; not "key" within a word: ?keyword=.
_SECRET_NAME: Final = re.compile(
    r"(.*[-_.])?(api[-_]?key|key|token|secret|sig|signature|password|passwd|pwd|auth)\Z",
    re.IGNORECASE,
)
#: A PagerDuty integration key (32 letters and digits), an Opsgenie or other API key (a UUID).
_KEY: Final = re.compile(r"[A-Za-z0-9]{32,64}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
#: Characters of a key that are kept.
_SHOWN: Final = 4


def without_secrets(catalog: Catalog) -> Catalog:
    """The catalog with what is secret in its contacts hidden."""
    return replace(
        catalog,
        teams=tuple(
            replace(
                team,
                channel=_maybe(team.channel),
                runbook=_maybe(team.runbook),
                email=_maybe(team.email),
                pager=_maybe(team.pager),
            )
            for team in catalog.teams
        ),
        contacts=tuple(replace(one, value=hidden(one.value)) for one in catalog.contacts),
    )


def _maybe(value: str | None) -> str | None:
    return None if value is None else hidden(value)


def hidden(value: str) -> str:
    """``value`` as it may be shown: ``https://hooks.slack.com/…``, ``…9f3c``."""
    if _KEY.fullmatch(value):
        return hidden_key(value)
    if "://" not in value:
        return value
    try:
        parts = urlsplit(value)
    except ValueError:
        return HIDDEN
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    place = f"{name}{colon and ':' + HIDDEN}{at}{host}"
    bare = (parts.hostname or "").lower()
    if _WEBHOOKS.match(bare + parts.path.lower()):
        return f"{parts.scheme}://{place}/{HIDDEN}"
    return urlunsplit((parts.scheme, place, parts.path, _query(parts.query), parts.fragment))


def hidden_key(value: str) -> str:
    """The end of a key: enough to find it where it was made, too little to use it."""
    return f"{HIDDEN}{value[-_SHOWN:]}" if len(value) >= 4 * _SHOWN else HIDDEN


def _query(query: str) -> str:
    def part(text: str) -> str:
        name, equals, _ = text.partition("=")
        return f"{name}={HIDDEN}" if equals and _SECRET_NAME.fullmatch(name) else text

    return "&".join(part(text) for text in query.split("&"))
