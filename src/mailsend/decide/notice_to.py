"""Who is told that a mail was given up: its author, as far as that is safe (M14, M16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from mailsend.model.address import Address
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.given_up import GivenUp
from mailsend.model.kind import is_own
from mailsend.model.no_reply import is_no_reply
from mailsend.model.rules import Scope

__all__ = ["NoticeDecision", "NoticePassedOver", "NoticeReason", "choose_notice_to"]


class NoticeReason(StrEnum):
    """Why this address is told, or nobody."""

    REPLY_TO = "reply_to"
    CUSTOMER_ADMIN = "customer_admin"
    APPLICATION_ADMIN = "application_admin"
    OWN_MAIL = "own_mail"
    TEST_COPY = "test_copy"
    NOBODY_FAILED = "nobody_failed"
    NOBODY_TO_TELL = "nobody_to_tell"


class NoticePassedOver(StrEnum):
    """Why an address is not told."""

    OUTSIDE_CUSTOMER = "outside_customer"
    RECIPIENT = "recipient"
    BOUNCE_MAILBOX = "bounce_mailbox"
    NO_REPLY = "no_reply"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDecision(Decision):
    """Who is told; ``to`` is None where nobody is."""

    step: ClassVar[str] = "notice"
    to: Address | None = None

    def value(self) -> str | None:
        """Give the address as text."""
        return None if self.to is None else str(self.to)


def choose_notice_to(mail: GivenUp, scope: Scope, suppressed: Mapping[str, str]) -> NoticeDecision:
    """Take the first address that may be told: Reply-To, the customer's admin, the application's.

    ``suppressed`` maps the comparison key of an address to why it is left out.
    """
    if is_own(mail.kind):
        return NoticeDecision(reason=NoticeReason.OWN_MAIL)
    if mail.in_test_mode:
        return NoticeDecision(reason=NoticeReason.TEST_COPY)
    if not mail.failed:
        return NoticeDecision(reason=NoticeReason.NOBODY_FAILED)
    passed: list[PassedOver] = []
    for source, address in _candidates(mail, scope):
        why = _obstacle(source, address, mail, scope, suppressed)
        if why is None:
            return NoticeDecision(reason=source, to=address, passed_over=tuple(passed))
        passed.append(PassedOver(candidate=str(address), source=str(source), reason=why))
    return NoticeDecision(reason=NoticeReason.NOBODY_TO_TELL, passed_over=tuple(passed))


def _candidates(mail: GivenUp, scope: Scope) -> Iterator[tuple[NoticeReason, Address]]:
    for address in mail.reply_to:
        yield NoticeReason.REPLY_TO, address
    for name, level in scope.levels:
        if level.admin_address is not None:
            outer = name == "application"
            yield (
                NoticeReason.APPLICATION_ADMIN if outer else NoticeReason.CUSTOMER_ADMIN,
                level.admin_address,
            )


def _obstacle(
    source: NoticeReason,
    address: Address,
    mail: GivenUp,
    scope: Scope,
    suppressed: Mapping[str, str],
) -> NoticePassedOver | None:
    if source is NoticeReason.REPLY_TO and not mail.verified and not _is_theirs(address, mail, scope):
        return NoticePassedOver.OUTSIDE_CUSTOMER
    if address.key in mail.addressed:
        return NoticePassedOver.RECIPIENT
    if scope.is_bounce_mailbox(address):
        return NoticePassedOver.BOUNCE_MAILBOX
    if is_no_reply(address):
        return NoticePassedOver.NO_REPLY
    if address.key in suppressed:
        return NoticePassedOver.SUPPRESSED
    return None


def _is_theirs(address: Address, mail: GivenUp, scope: Scope) -> bool:
    """Whether the address lies in a domain of the mail's customer, or in ours where it has none."""
    if scope.customer is not None:
        return scope.customer.owns(address.domain)
    return not mail.customer and scope.allows(address.domain)
