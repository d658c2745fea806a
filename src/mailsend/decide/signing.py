"""Which DKIM keys sign the mail: those of the From domain, and ours where that is not enough (M25)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mailsend.model.address import Domain
from mailsend.model.circumstances import Circumstances, KeyState, SigningKey
from mailsend.model.decision import Decision
from mailsend.model.suffixes import organisational_domain

if TYPE_CHECKING:
    from mailsend.decide.route import RoutesDecision
    from mailsend.decide.sender import SenderDecision

__all__ = ["Signature", "SignaturesDecision", "SigningReason", "choose_signatures"]


class SigningReason(StrEnum):
    """How the mail is signed."""

    FROM_DOMAIN = "from_domain"
    FROM_DOMAIN_AND_APPLICATION = "from_domain_and_application"
    APPLICATION = "application"
    APPLICATION_ALIGNED = "application_aligned"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature: who vouches, with which key, and whether it aligns with From (RFC 7489, 3.1)."""

    domain: str
    selector: str
    algorithm: str
    aligned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesDecision(Decision):
    """The signatures in the order in which they stand in the mail, from the top.

    ``leave_out`` names header fields that a server on the way rewrites, which are not signed (M8).
    """

    step: ClassVar[str] = "signatures"
    signatures: tuple[Signature, ...] = ()
    leave_out: tuple[str, ...] = ()

    def value(self) -> list[str]:
        """Give ``selector._domainkey.domain`` of each signature."""
        return [f"{one.selector}._domainkey.{one.domain}" for one in self.signatures]

    def facts(self) -> dict[str, Any]:
        """Give algorithm and alignment of each signature, and the fields left out."""
        return {
            "signatures": [
                {
                    "domain": one.domain,
                    "selector": one.selector,
                    "algorithm": one.algorithm,
                    "aligned": one.aligned,
                }
                for one in self.signatures
            ],
            "leave_out": list(self.leave_out),
        }


def choose_signatures(
    sender: SenderDecision, routes: RoutesDecision, circumstances: Circumstances
) -> tuple[SignaturesDecision, tuple[SigningKey, ...]]:
    """Choose the keys; give the decision and the keys in the same order."""
    from_domain = sender.mailbox.address.domain
    own = _keys_of(from_domain, circumstances)
    ours: tuple[SigningKey, ...] = ()
    if circumstances.facts_of(from_domain).key_state is not KeyState.PUBLISHED:
        application = circumstances.scope.application.fallback_sender.address.domain
        if application != from_domain:
            ours = _keys_of(application, circumstances)
    keys = own + ours
    organisation = organisational_domain(from_domain)
    servers = routes.servers
    leave_out = {field.lower() for one in servers for field in one.rewrites}
    if [one for one in servers if one.own_message_id]:
        leave_out.add("message-id")
    signatures = tuple([_signature(one, organisation) for one in keys])
    if own:
        reason = SigningReason.FROM_DOMAIN_AND_APPLICATION if ours else SigningReason.FROM_DOMAIN
    elif ours:
        aligned = signatures[0].aligned
        reason = SigningReason.APPLICATION_ALIGNED if aligned else SigningReason.APPLICATION
    else:
        reason = SigningReason.UNSIGNED
    return (
        SignaturesDecision(
            reason=reason,
            signatures=signatures,
            leave_out=tuple(sorted(leave_out)),
        ),
        keys,
    )


def _signature(key: SigningKey, organisation: Domain) -> Signature:
    return Signature(
        domain=key.domain,
        selector=key.selector,
        algorithm=key.algorithm,
        aligned=organisational_domain(Domain.parse(key.domain)) == organisation,
    )


def _keys_of(domain: Domain, circumstances: Circumstances) -> tuple[SigningKey, ...]:
    """Give the keys of a domain, RSA first, so that its field stands on top (M25)."""
    found = [one for one in circumstances.signers if one.domain == domain.ascii]
    found.sort(key=lambda one: not one.algorithm.startswith("rsa"))
    return tuple(found)
