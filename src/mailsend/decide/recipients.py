"""Who gets the mail: each requested recipient once, or the test address alone (P2, P6, M35)."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final

from mailsend.model.address import Address, ByAddress, Mailbox
from mailsend.model.circumstances import Circumstances
from mailsend.model.decision import Decision, PassedOver
from mailsend.model.frozen import by_slots
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.submission import Refusal

__all__ = [
    "NOBODY",
    "Field",
    "RecipientDecision",
    "RecipientReason",
    "RecipientsDecision",
    "RecipientsPassedOver",
    "RecipientsReason",
    "RecipientsRefused",
    "resolve_recipients",
]


class Field(StrEnum):
    """Where a recipient was named."""

    TO = "to"
    CC = "cc"
    BCC = "bcc"


class RecipientReason(StrEnum):
    """What becomes of one recipient, and why."""

    AS_REQUESTED = "as_requested"
    TEST_MODE = "test_mode"
    SUPPRESSED = "suppressed"
    REJECTED_CHARACTERS = "rejected_characters"


class RecipientsReason(StrEnum):
    """How the recipients as a whole were settled."""

    AS_REQUESTED = "as_requested"
    TEST_MODE = "test_mode"


class RecipientsPassedOver(StrEnum):
    """Why a recipient stands in no envelope of its own."""

    DUPLICATE = "duplicate"
    SUPPRESSED = "suppressed"
    REJECTED_CHARACTERS = "rejected_characters"


class RecipientsRefused(StrEnum):
    """Why there is nobody to send to."""

    NO_RECIPIENTS = "no_recipients"
    NOBODY_LEFT = "nobody_left"
    BOUNCE_MAILBOX = "bounce_mailbox"


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientDecision:
    """One requested recipient: who stands for it in the envelope, and why.

    ``envelope_address`` is None where the recipient is left out; ``outcome`` says as what.
    """

    mailbox: Mailbox
    field: Field
    reason: RecipientReason
    envelope_address: Address | None

    @property
    def suppressed(self) -> bool:
        """Whether a list keeps the recipient from getting this mail."""
        return self.reason is RecipientReason.SUPPRESSED

    @property
    def outcome(self) -> Outcome:
        """What a report says of the recipient before any attempt."""
        match self.reason:
            case RecipientReason.SUPPRESSED:
                return Outcome.SUPPRESSED
            case RecipientReason.REJECTED_CHARACTERS:
                return Outcome.REJECTED
            case _:
                return Outcome.PENDING


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecipientsDecision(Decision, Mapping[Address, RecipientDecision]):
    """Every requested recipient, mapped to what becomes of it; and what To and Cc show.

    ``archive`` is the address that gets a copy in an envelope of its own.
    """

    step: ClassVar[str] = "recipients"
    each: ByAddress[RecipientDecision]
    to: tuple[Mailbox, ...]
    cc: tuple[Mailbox, ...]
    archive: Address | None = None

    def __getitem__(self, key: Address | str) -> RecipientDecision:
        return self.each[key]

    def values(self) -> ValuesView[RecipientDecision]:
        """Give what becomes of each."""
        return self.each.values()

    def items(self) -> ItemsView[Address, RecipientDecision]:
        """Give the requested recipients with what becomes of each."""
        return self.each.items()

    def __iter__(self) -> Iterator[Address]:
        return iter(self.each)

    def __len__(self) -> int:
        return len(self.each)

    @property
    def envelope_addresses(self) -> tuple[Address, ...]:
        """Who stands in RCPT TO, each once, in the order in which they were named."""
        kept = [to for one in self.each.values() if (to := one.envelope_address) is not None]
        return tuple(dict.fromkeys(kept))

    @property
    def reached(self) -> tuple[Address, ...]:
        """Everybody whom a server is asked to take the mail for: the archive, too."""
        return self.envelope_addresses + (() if self.archive is None else (self.archive,))

    def originals(self, field: Field) -> tuple[Address, ...]:
        """The addresses that were asked for in ``field``."""
        return tuple(one.mailbox.address for one in self.each.values() if one.field is field)

    def value(self) -> list[str]:
        """Give who stands in the envelope, as text."""
        return [str(one) for one in self.envelope_addresses]

    def facts(self) -> dict[str, Any]:
        """Give each requested recipient with its field, its reason and its envelope address."""
        return {
            "requested": [
                {
                    "address": str(one.mailbox.address),
                    "field": str(one.field),
                    "reason": str(one.reason),
                    "envelope_address": one.envelope_address and str(one.envelope_address),
                }
                for one in self.each.values()
            ],
            "archive": self.archive and str(self.archive),
        }


LONGEST_SHOWN: Final = 100  # characters of a name that a test copy repeats
NOBODY: Final = RecipientsDecision(reason=RecipientsReason.AS_REQUESTED, each=ByAddress({}), to=(), cc=())


def resolve_recipients(message: Message, circumstances: Circumstances) -> RecipientsDecision | Refusal:
    """Settle each requested recipient; refuse where nobody is left."""
    passed: list[PassedOver] = []
    each: dict[Address, RecipientDecision] = {}
    test_address = _test_address(circumstances)
    seen: set[str] = set()
    to: list[Mailbox] = []
    cc: list[Mailbox] = []
    reached = False
    for field, mailbox, shown in _requested(message, to, cc):
        address = mailbox.address
        if circumstances.scope.is_bounce_mailbox(address):
            return Refusal(
                step=RecipientsDecision.step,
                reason=RecipientsRefused.BOUNCE_MAILBOX,
                facts={"address": str(address)},
                advice="Mail to the bounce mailbox would be read as a bounce; send it elsewhere.",
            )
        key = address.key
        if key in seen:
            passed.append(_passed(mailbox, field, RecipientsPassedOver.DUPLICATE))
            continue
        seen.add(key)
        each[address] = decision = _decide(mailbox, field, test_address, circumstances)
        if decision.envelope_address is None:
            passed.append(_passed(mailbox, field, RecipientsPassedOver(str(decision.reason))))
            continue
        reached = True
        if shown is not None:
            shown.append(mailbox if test_address is None else _over_test_address(mailbox, test_address))
    if not each:
        return Refusal(
            step=RecipientsDecision.step,
            reason=RecipientsRefused.NO_RECIPIENTS,
            advice="Name at least one recipient in to, cc or bcc.",
        )
    if not reached:
        return Refusal(
            step=RecipientsDecision.step,
            reason=RecipientsRefused.NOBODY_LEFT,
            facts={"left_out": {str(one): str(why.reason) for one, why in each.items()}},
            advice="Look at the reasons: a list or a rule keeps every recipient from this mail.",
        )
    return RecipientsDecision(
        reason=RecipientsReason.TEST_MODE if test_address else RecipientsReason.AS_REQUESTED,
        each=ByAddress(each),
        to=tuple(to),
        cc=tuple(cc),
        archive=None
        if test_address or circumstances.of_our_own
        else circumstances.scope.first("archive_bcc"),
        passed_over=tuple(passed),
    )


def _requested(
    message: Message, to: list[Mailbox], cc: list[Mailbox]
) -> Iterator[tuple[Field, Mailbox, list[Mailbox] | None]]:
    """Give each with its field and with the list of those that the field is to show."""
    for mailbox in message.to:
        yield Field.TO, mailbox, to
    for mailbox in message.cc:
        yield Field.CC, mailbox, cc
    for mailbox in message.bcc:
        yield Field.BCC, mailbox, None


def _passed(mailbox: Mailbox, field: Field, reason: RecipientsPassedOver) -> PassedOver:
    return PassedOver(candidate=str(mailbox), source=str(field), reason=reason)


def _test_address(circumstances: Circumstances) -> Address | None:
    return circumstances.test_mode.recipient if circumstances.test_mode.enabled else None


def _decide(
    mailbox: Mailbox, field: Field, test_address: Address | None, circumstances: Circumstances
) -> RecipientDecision:
    customer = circumstances.scope.customer
    address = mailbox.address
    if customer and not set(customer.rejected_local_part_characters).isdisjoint(address.local_part):
        return RecipientDecision(
            mailbox=mailbox,
            field=field,
            reason=RecipientReason.REJECTED_CHARACTERS,
            envelope_address=None,
        )
    if circumstances.is_suppressed(address):
        return RecipientDecision(
            mailbox=mailbox, field=field, reason=RecipientReason.SUPPRESSED, envelope_address=None
        )
    return RecipientDecision(
        mailbox=mailbox,
        field=field,
        reason=RecipientReason.TEST_MODE if test_address else RecipientReason.AS_REQUESTED,
        envelope_address=test_address or address,
    )


def _over_test_address(mailbox: Mailbox, test_address: Address) -> Mailbox:
    """Show the original as a name over the test address, so that no reply can reach it (M35)."""
    spelled = str(mailbox.address).replace("@", " at ")
    name = mailbox.name[:LONGEST_SHOWN].replace("@", " at ")
    name = f"{name} ({spelled})" if name else spelled
    return Mailbox(name, test_address)
