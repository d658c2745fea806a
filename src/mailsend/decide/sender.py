"""The effective sender: the requested one where it is allowed, else a fallback (T1, T2, M2, M4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from mailsend.model.address import Address, Mailbox
from mailsend.model.circumstances import Circumstances, KeyState
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.display_name import NameReason, name_for_rewritten
from mailsend.model.message import Message
from mailsend.model.rules import AliasMode

__all__ = ["SenderDecision", "SenderPassedOver", "SenderReason", "resolve_sender"]


class SenderReason(StrEnum):
    """Why this sender is used."""

    REQUESTED = "requested"
    ALIAS = "alias"
    ALIAS_KEPT = "alias_kept"
    BUSINESS_UNIT = "business_unit"
    CUSTOMER = "customer"
    APPLICATION = "application"


class SenderPassedOver(StrEnum):
    """Why a candidate is not used."""

    DOMAIN_NOT_ALLOWED = "domain_not_allowed"
    ALIAS_NOT_PROVED = "alias_not_proved"
    NOT_SET = "not_set"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDecision(Decision):
    """The mailbox in From. ``requested`` is what was asked for; ``name`` what became of its name."""

    step: ClassVar[str] = "sender"
    mailbox: Mailbox
    requested: Mailbox | None = None
    name: NameReason
    customer: str | None = None
    business_unit: str | None = None

    @property
    def rewritten(self) -> bool:
        """Whether another address is used than the one asked for."""
        return self.replaced is not None

    @property
    def replaced(self) -> Mailbox | None:
        """The mailbox that was asked for, where another address is used instead."""
        if self.requested is None or self.requested.address == self.mailbox.address:
            return None
        return self.requested

    def value(self) -> str:
        """Give the mailbox as text."""
        return str(self.mailbox)

    def facts(self) -> dict[str, Any]:
        """Give what was requested, for whom, and what became of the name."""
        return {
            "requested": None if self.requested is None else str(self.requested),
            "customer": self.customer,
            "business_unit": self.business_unit,
            "name": str(self.name),
        }


def resolve_sender(message: Message, circumstances: Circumstances) -> SenderDecision:
    """Take the first sender that we may use; rules guarantee that there is one."""
    scope = circumstances.scope
    requested = message.from_
    passed: list[PassedOver] = []

    def decided(mailbox: Mailbox, reason: SenderReason, name: NameReason) -> SenderDecision:
        return SenderDecision(
            reason=reason,
            mailbox=mailbox,
            requested=requested,
            name=name,
            customer=scope.customer.name if scope.customer else None,
            business_unit=scope.business_unit.name if scope.business_unit else None,
            passed_over=tuple(passed),
        )

    if requested is not None:
        # Rules keep our own notices' senders within domains that we may use.
        if scope.allows(requested.address.domain) or circumstances.of_our_own:
            return decided(requested, SenderReason.REQUESTED, NameReason.AS_ASKED)
        main = scope.main_address(requested.address)
        if main is not None and scope.allows(main.domain):
            if scope.alias_mode is AliasMode.KEEP:
                if _alias_works(requested.address, circumstances):
                    return decided(requested, SenderReason.ALIAS_KEPT, NameReason.AS_ASKED)
                passed.append(
                    PassedOver(
                        candidate=str(requested),
                        source="requested",
                        reason=SenderPassedOver.ALIAS_NOT_PROVED,
                        facts={"domain": str(requested.address.domain)},
                    )
                )
            return decided(Mailbox(requested.name, main), SenderReason.ALIAS, NameReason.AS_ASKED)
        passed.append(
            PassedOver(
                candidate=str(requested),
                source="requested",
                reason=SenderPassedOver.DOMAIN_NOT_ALLOWED,
                facts={
                    "domain": str(requested.address.domain),
                    "allowed": [str(one) for one in scope.allowed_domains],
                },
            )
        )
    source, fallback = SenderReason.APPLICATION, scope.application.fallback_sender
    for name, level in scope.levels[:-1]:
        if level.fallback_sender is not None:
            source, fallback = SenderReason(name), level.fallback_sender
            break
        passed.append(PassedOver(candidate="", source=name, reason=SenderPassedOver.NOT_SET))
    shown, became = name_for_rewritten(
        requested.name if requested else "",
        fallback.name,
        has_actor=message.actor is not None,
        protected=_protected_names(circumstances),
    )
    return decided(Mailbox(shown, fallback.address), source, became)


def _alias_works(address: Address, circumstances: Circumstances) -> bool:
    facts = circumstances.facts_of(address.domain)
    return bool(facts.proved_for) and facts.key_state is KeyState.PUBLISHED


def _protected_names(circumstances: Circumstances) -> tuple[str, ...]:
    return tuple(name for _, level in circumstances.scope.levels for name in level.protected_names)
