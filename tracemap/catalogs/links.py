"""What a link or contact in a catalog is good for: catalogs name the same things differently."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from tracemap.declarations import ContactType

#: Words in a link's type or title, and hosts, that tell what it is. The first that fits counts.
_WORDS: Final[tuple[tuple[ContactType, re.Pattern[str]], ...]] = (
    ("runbook", re.compile(r"run[ _-]?book|play[ _-]?book", re.IGNORECASE)),
    ("pager", re.compile(r"on[ _-]?call|pager|opsgenie|escalation", re.IGNORECASE)),
    ("channel", re.compile(r"slack|chat|channel|teams|discord|mattermost", re.IGNORECASE)),
    ("email", re.compile(r"e-?mail", re.IGNORECASE)),
)
_HOSTS: Final[tuple[tuple[ContactType, tuple[str, ...]], ...]] = (
    ("pager", ("pagerduty.com", "opsgenie.com", "incident.io", "squadcast.com")),
    (
        "channel",
        ("slack.com", "teams.microsoft.com", "chat.google.com", "discord.com", "discord.gg"),
    ),
)
#: A page may make a link of it: never one that runs or reads something.
_UNSAFE: Final = frozenset(["javascript", "vbscript", "data", "file", "blob"])
_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


def is_link(url: str) -> bool:
    """Whether ``url`` is an address that people may be sent to."""
    scheme = _SCHEME.match(url)
    return scheme is not None and scheme[1].lower() not in _UNSAFE


def link_type(url: str, *said: str | None) -> ContactType:
    """What a link is; ``said`` is what its type and title say."""
    if url.lower().startswith("mailto:"):
        return "email"
    for kind, words in _WORDS[:2]:
        if any(words.search(text) for text in said if text):
            return kind
    host = _host(url)
    for kind, hosts in _HOSTS:
        if any(host == known or host.endswith(f".{known}") for known in hosts):
            return kind
    return "link"


def contact_type(value: str, said: str) -> ContactType:
    """What a contact is whose catalog calls it ``said`` (email, slack, microsoft-teams ...)."""
    for kind, words in _WORDS:
        if words.search(said):
            return kind
    if "@" in value and "/" not in value:
        return "email"
    return link_type(value) if is_link(value) else "channel"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # such as half an IPv6 address
        return ""
