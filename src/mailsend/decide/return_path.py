"""The reverse-path: where bounces go, always an address that SPF lets us use (S5, M1, M13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from mailsend.model.address import Address, Domain
from mailsend.model.circumstances import Circumstances, KeyState, Owner
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.envelope import NULL_REVERSE_PATH, NullReversePath, ReversePath
from mailsend.model.kind import Kind
from mailsend.model.message import Message
from mailsend.model.suffixes import organisational_domain

if TYPE_CHECKING:
    from mailsend.decide.recipients import RecipientsDecision
    from mailsend.decide.reply_to import ReplyToDecision
    from mailsend.decide.route import RoutesDecision
    from mailsend.decide.sender import SenderDecision

__all__ = [
    "ReturnPathDecision",
    "ReturnPathFinding",
    "ReturnPathPassedOver",
    "ReturnPathReason",
    "choose_return_path",
]


class ReturnPathReason(StrEnum):
    """Why bounces go there."""

    LOGIN = "login"
    BOUNCE_TO = "bounce_to"
    CUSTOMER_BOUNCE_ADDRESS = "customer_bounce_address"
    APPLICATION_BOUNCE_ADDRESS = "application_bounce_address"
    REPLY_TO = "reply_to"
    CUSTOMER_ADMIN = "customer_admin"
    APPLICATION_ADMIN = "application_admin"
    EFFECTIVE_SENDER = "effective_sender"
    FALLBACK_SENDER = "fallback_sender"
    NULL = "null"


class ReturnPathPassedOver(StrEnum):
    """Why bounces do not go there."""

    OUTSIDE_CUSTOMER = "outside_customer"
    NOT_PROVED = "not_proved"
    NOT_ALIGNED = "not_aligned"
    ORIGINAL_RECIPIENT = "original_recipient"


class ReturnPathFinding(StrEnum):
    """What a person should look at."""

    SENDER_NOT_PROVED = "sender_not_proved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPathDecision(Decision):
    """The reverse-path; ``aligned`` says whether its domain aligns with From's for SPF (RFC 7489, 3.1).

    It is null for delivery status notices of ours alone, and SPF then judges our server's own name.
    """

    step: ClassVar[str] = "return_path"
    address: ReversePath
    aligned: bool
    findings: tuple[ReturnPathFinding, ...] = ()

    def value(self) -> str:
        """Give the address as text."""
        return str(self.address)

    def facts(self) -> dict[str, Any]:
        """Give the domain that SPF judges, whether it aligns, and the findings."""
        if isinstance(self.address, NullReversePath):
            return {"findings": []}
        return {
            "spf_domain": str(self.address.domain),
            "aligned": self.aligned,
            "findings": [str(one) for one in self.findings],
        }


def choose_return_path(
    message: Message,
    sender: SenderDecision,
    reply_to: ReplyToDecision,
    recipients: RecipientsDecision,
    routes: RoutesDecision,
    circumstances: Circumstances,
) -> ReturnPathDecision:
    """Take the first address that every server of the mail may use; the sender is the last."""
    if circumstances.of_our_own and message.kind == Kind.STATUS:
        return ReturnPathDecision(reason=ReturnPathReason.NULL, address=NULL_REVERSE_PATH, aligned=False)
    owners = routes.owners
    own_server = Owner.CUSTOMER in owners
    smarthost = Owner.APPLICATION in owners
    from_domain = sender.mailbox.address.domain
    originals = {one.key for one in recipients} if circumstances.test_mode.enabled else set()

    def obstacle(reason: ReturnPathReason, address: Address) -> ReturnPathPassedOver | None:
        if address.key in originals:
            return ReturnPathPassedOver.ORIGINAL_RECIPIENT
        if reason is ReturnPathReason.LOGIN:
            return None
        if own_server and not circumstances.scope.owns(address.domain):
            return ReturnPathPassedOver.OUTSIDE_CUSTOMER
        if smarthost and Owner.APPLICATION not in circumstances.facts_of(address.domain).proved_for:
            return ReturnPathPassedOver.NOT_PROVED
        return None

    asked = list(_candidates(message, sender, reply_to, routes, circumstances))
    usable = (place for place, one in enumerate(asked) if obstacle(*one) is None)
    chosen = next(usable, None)
    if chosen is None:
        before = asked[:-1]
        reason, address = _last(sender, circumstances, originals)
    else:
        insisted = asked[chosen][0] is ReturnPathReason.LOGIN
        if not insisted and circumstances.facts_of(from_domain).key_state is not KeyState.PUBLISHED:
            aligned = (n for n in (chosen, *usable) if _aligns(asked[n][1].domain, from_domain))
            chosen = next(aligned, chosen)
        before = asked[:chosen]
        reason, address = asked[chosen]
    proved = obstacle(reason, address) is None
    return ReturnPathDecision(
        reason=reason,
        address=address,
        aligned=_aligns(address.domain, from_domain),
        findings=() if proved else (ReturnPathFinding.SENDER_NOT_PROVED,),
        passed_over=tuple(
            PassedOver(
                candidate=str(other),
                source=str(source),
                reason=obstacle(source, other) or ReturnPathPassedOver.NOT_ALIGNED,
                facts={"domain": str(other.domain)},
            )
            for source, other in before
        ),
    )


def _candidates(
    message: Message,
    sender: SenderDecision,
    reply_to: ReplyToDecision,
    routes: RoutesDecision,
    circumstances: Circumstances,
) -> Iterator[tuple[ReturnPathReason, Address]]:
    scope = circumstances.scope
    for server in routes.servers:
        if server.insists_on is not None:
            yield ReturnPathReason.LOGIN, Address.parse(server.insists_on)
    if message.bounce_to is not None:
        yield ReturnPathReason.BOUNCE_TO, message.bounce_to
    inner = tuple(one for one in (scope.business_unit, scope.customer) if one is not None)
    for level in inner:
        if level.bounce_address is not None:
            yield ReturnPathReason.CUSTOMER_BOUNCE_ADDRESS, level.bounce_address
    if scope.application.bounce_address is not None:
        yield ReturnPathReason.APPLICATION_BOUNCE_ADDRESS, scope.application.bounce_address
    yield ReturnPathReason.REPLY_TO, reply_to.mailbox.address
    for level in inner:
        if level.admin_address is not None:
            yield ReturnPathReason.CUSTOMER_ADMIN, level.admin_address
    if scope.application.admin_address is not None:
        yield ReturnPathReason.APPLICATION_ADMIN, scope.application.admin_address
    yield ReturnPathReason.EFFECTIVE_SENDER, sender.mailbox.address


def _last(
    sender: SenderDecision, circumstances: Circumstances, originals: set[str]
) -> tuple[ReturnPathReason, Address]:
    """Give the effective sender; in test mode a fallback sender where that one was a recipient."""
    if sender.mailbox.address.key not in originals:
        return ReturnPathReason.EFFECTIVE_SENDER, sender.mailbox.address
    for _, level in circumstances.scope.levels:
        fallback = level.fallback_sender
        if fallback is not None and fallback.address.key not in originals:
            return ReturnPathReason.FALLBACK_SENDER, fallback.address
    return ReturnPathReason.EFFECTIVE_SENDER, sender.mailbox.address


def _aligns(domain: Domain, from_domain: Domain) -> bool:
    return organisational_domain(domain) == organisational_domain(from_domain)
