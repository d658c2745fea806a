"""Everything that deciding needs, read once: the only argument of thought besides the message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from mailsend.model.address import Address, Domain
from mailsend.model.bounce_tokens import BounceTokens
from mailsend.model.content import Content
from mailsend.model.frozen import by_slots
from mailsend.model.rules import Rules, Scope, TestMode
from mailsend.model.server import Server, ServerState

__all__ = [
    "Circumstances",
    "DomainFacts",
    "KeyState",
    "OfferedServer",
    "Owner",
    "Renderer",
    "SigningKey",
]


class KeyState(StrEnum):
    """What is known of the DKIM key for a domain."""

    NONE = "none"
    UNPUBLISHED = "unpublished"
    PUBLISHED = "published"


class Owner(StrEnum):
    """Whose server it is."""

    CUSTOMER = "customer"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainFacts:
    """What is known of a sender domain.

    ``proved_for`` names whose servers may deliver for it without failing SPF: the application's
    smarthosts, the customer's own servers. ``key_state`` is that of our DKIM key for it.
    """

    proved_for: frozenset[Owner] = frozenset()
    key_state: KeyState = KeyState.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedServer:
    """A server that may carry the mail, whose it is, and how far it has been checked."""

    server: Server
    owner: Owner
    state: ServerState = ServerState.RELEASED
    senders: tuple[str, ...] = ()


class SigningKey(Protocol):
    """A DKIM key that can sign: what ``compose.sign.Signer`` gives."""

    @property
    def domain(self) -> str:
        """The signing domain, in A-labels."""
        ...

    @property
    def selector(self) -> str:
        """The selector under which the key is published."""
        ...

    @property
    def algorithm(self) -> str:
        """``rsa-sha256`` or ``ed25519-sha256``."""
        ...

    def sign(self, data: bytes, now: datetime) -> bytes:
        """Give the DKIM-Signature field for ``data``, CRLF at its end."""
        ...


class Renderer(Protocol):
    """Templates in a customer's look: what ``compose.templates.Templates`` gives."""

    def render(
        self, name: str, values: Mapping[str, Any], *, locale: str, sender: str, now: datetime
    ) -> Content:
        """Give the content of the template ``name``; raises TemplateError."""
        ...


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What ``gather`` found for one message; pure data, equal for equal findings.

    ``now`` is UTC. ``id`` is our own id for the mail; Message-ID and MIME boundaries are made from
    it. ``domain_facts`` holds every domain that can play a part in this mail. ``suppressed`` maps
    the comparison key of an address to why it is left out; it is empty without a store. ``of_our_own``:
    the mail is a notice of ours, which no caller can ask for. ``verp`` is there where bounces are told
    apart by tokens.
    """

    rules: Rules
    scope: Scope
    now: datetime
    id: str
    locale: str
    test_mode: TestMode
    servers: tuple[OfferedServer, ...]
    domain_facts: Mapping[Domain, DomainFacts]
    renderer: Renderer
    signers: tuple[SigningKey, ...] = ()
    suppressed: Mapping[str, str] = field(default_factory=dict)
    of_our_own: bool = False
    verp: BounceTokens | None = None

    def facts_of(self, domain: Domain) -> DomainFacts:
        """Give what is known of ``domain``; nothing, where it was not asked about."""
        return self.domain_facts.get(domain, _UNKNOWN_DOMAIN)

    def is_suppressed(self, address: Address) -> bool:
        """Whether a list holds ``address``."""
        return address.key in self.suppressed


_UNKNOWN_DOMAIN = DomainFacts()
