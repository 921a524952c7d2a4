"""Who may come in: certificates, bearer tokens with scopes, origins of web pages."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracemap.collectors.access.cors import Cors
from tracemap.collectors.access.tls import Tls
from tracemap.collectors.access.tokens import Tokens

__all__ = ["Access", "Cors", "Tls", "Tokens"]


@dataclass(frozen=True, slots=True)
class Access:
    """What a server asks of those who come; by default nothing."""

    #: None: plain text.
    tls: Tls | None = None
    tokens: Tokens = field(default_factory=Tokens)
    cors: Cors = field(default_factory=Cors)

    def refresh(self) -> None:
        """Read certificates and tokens again if they changed. What is wrong with them is logged."""
        self.tokens.refresh()
        if self.tls is not None:
            self.tls.refresh()
