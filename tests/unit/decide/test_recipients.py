"""Who gets the mail (P2, P6, M35)."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from mailsend.decide.recipients import (
    Field,
    RecipientDecision,
    RecipientReason,
    RecipientsPassedOver,
    RecipientsReason,
    RecipientsRefused,
    resolve_recipients,
)
from mailsend.model.address import Address, Mailbox
from mailsend.model.decision import PassedOver
from mailsend.model.message import Message
from mailsend.model.report import Outcome
from mailsend.model.submission import Refusal

TEST_ADDRESS = Address.parse("test@suite.example")


@pytest.fixture
def recipients(circumstances):
    """Give the decision for a message of the ratcatcher's."""

    def decide(*, suppressed=(), **fields):
        message = Message(**{"customer": "ratcatcher", **fields})
        found = circumstances(message, suppressed=dict.fromkeys(suppressed, "no_such_user"))
        return resolve_recipients(message, found)

    return decide


def test_each_requested_recipient_stands_for_itself(recipients):
    """To, Cc and Bcc are all in the envelope; only To and Cc are shown."""
    decision = recipients(to="Bob <bob@example.org>", cc="cc@example.org", bcc="bcc@example.org")
    assert decision.reason is RecipientsReason.AS_REQUESTED
    assert decision["bob@example.org"] == RecipientDecision(
        mailbox=Mailbox.parse("Bob <bob@example.org>"),
        field=Field.TO,
        reason=RecipientReason.AS_REQUESTED,
        envelope_address=Address.parse("bob@example.org"),
    )
    assert [str(one) for one in decision.envelope_addresses] == [
        "bob@example.org",
        "cc@example.org",
        "bcc@example.org",
    ]
    assert (decision.to, decision.cc) == (
        (Mailbox.parse("Bob <bob@example.org>"),),
        (Mailbox.parse("cc@example.org"),),
    )
    assert decision.originals(Field.BCC) == (Address.parse("bcc@example.org"),)
    assert [one.outcome for one in decision.values()] == [Outcome.PENDING] * 3
    assert isinstance(decision, Mapping)
    assert (len(decision), list(decision)[0]) == (3, Address.parse("bob@example.org"))


def test_a_recipient_named_twice_gets_one_copy(recipients):
    """Duplicates are found without regard to the case of the local part, across all fields."""
    decision = recipients(to=["bob@example.org", "BOB@example.org"], bcc="bob@EXAMPLE.org")
    assert [str(one) for one in decision.envelope_addresses] == ["bob@example.org"]
    assert decision.passed_over == (
        PassedOver(candidate="BOB@example.org", source="to", reason=RecipientsPassedOver.DUPLICATE),
        PassedOver(candidate="bob@example.org", source="bcc", reason=RecipientsPassedOver.DUPLICATE),
    )


def test_a_suppressed_recipient_is_left_out_and_said_so(recipients):
    """A list keeps a recipient from the envelope and from To; its outcome is suppressed."""
    decision = recipients(to=["gone@example.org", "bob@example.org"], suppressed=("gone@example.org",))
    gone = decision["gone@example.org"]
    assert (gone.reason, gone.envelope_address, gone.suppressed, gone.outcome) == (
        RecipientReason.SUPPRESSED,
        None,
        True,
        Outcome.SUPPRESSED,
    )
    assert decision["bob@example.org"].suppressed is False
    assert decision.to == (Mailbox.parse("bob@example.org"),)
    assert decision.passed_over == (
        PassedOver(candidate="gone@example.org", source="to", reason=RecipientsPassedOver.SUPPRESSED),
    )


def test_rejected_local_part_characters_leave_a_recipient_out(shop, recipients):
    """A local part with a character that the customer rejects is not sent to."""
    shop["customers"]["ratcatcher"]["rejected_local_part_characters"] = "%!"
    decision = recipients(to=["a%b@example.org", "bob@example.org"])
    left_out = decision["a%b@example.org"]
    assert (left_out.reason, left_out.outcome, left_out.suppressed) == (
        RecipientReason.REJECTED_CHARACTERS,
        Outcome.REJECTED,
        False,
    )
    assert decision.passed_over[0].reason is RecipientsPassedOver.REJECTED_CHARACTERS


@pytest.mark.parametrize(
    ("fields", "reason", "facts", "advice"),
    [
        (
            {},
            RecipientsRefused.NO_RECIPIENTS,
            {},
            "Name at least one recipient in to, cc or bcc.",
        ),
        (
            {"to": "gone@example.org", "suppressed": ("gone@example.org",)},
            RecipientsRefused.NOBODY_LEFT,
            {"left_out": {"gone@example.org": "suppressed"}},
            "Look at the reasons: a list or a rule keeps every recipient from this mail.",
        ),
        (
            {"to": "Bounces+x@suite.example"},
            RecipientsRefused.BOUNCE_MAILBOX,
            {"address": "Bounces+x@suite.example"},
            "Mail to the bounce mailbox would be read as a bounce; send it elsewhere.",
        ),
    ],
)
def test_a_message_for_nobody_is_refused(fields, reason, facts, advice, shop, recipients):
    """Without a recipient that may get it, the message is refused with the reason."""
    shop["application"]["bounce_address"] = "bounces@suite.example"
    refusal = recipients(**fields)
    assert refusal == Refusal(step="recipients", reason=reason, facts=facts, advice=advice)


def test_test_mode_puts_the_test_address_in_every_place(shop, recipients):
    """In test mode the envelope holds the test address alone; originals are names without an @."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    shop["customers"]["ratcatcher"]["archive_bcc"] = "archive@operations-the-rat.example"
    decision = recipients(
        to=["Bob <bob@example.org>", "x@example.org"], cc='"c@d" <cc@example.org>', bcc="b@example.org"
    )
    assert decision.record()["reason"] == "test_mode"
    assert decision.reason is RecipientsReason.TEST_MODE
    assert decision.envelope_addresses == (TEST_ADDRESS,)
    assert decision.to == (
        Mailbox("Bob (bob at example.org)", TEST_ADDRESS),
        Mailbox("x at example.org", TEST_ADDRESS),
    )
    assert decision.cc == (Mailbox("c at d (cc at example.org)", TEST_ADDRESS),)
    assert decision.archive is None
    assert {one.reason for one in decision.values()} == {RecipientReason.TEST_MODE}
    assert {one.outcome for one in decision.values()} == {Outcome.PENDING}


def test_an_archive_address_is_kept_apart_from_the_recipients(shop, recipients):
    """archive_bcc is told in the decision and is nobody's recipient."""
    shop["customers"]["ratcatcher"]["archive_bcc"] = "archive@operations-the-rat.example"
    decision = recipients(to="bob@example.org")
    assert decision.record() == {
        "v": 1,
        "step": "recipients",
        "reason": "as_requested",
        "value": ["bob@example.org"],
        "passed_over": [],
        "facts": {
            "requested": [
                {
                    "address": "bob@example.org",
                    "field": "to",
                    "reason": "as_requested",
                    "envelope_address": "bob@example.org",
                }
            ],
            "archive": "archive@operations-the-rat.example",
        },
    }


def test_a_left_out_recipient_has_no_envelope_address_in_the_record(recipients):
    """The record says null for who is left out, and for an archive that is not there."""
    decision = recipients(to=["gone@example.org", "b@example.org"], suppressed=("gone@example.org",))
    assert decision.facts()["requested"][0]["envelope_address"] is None
    assert decision.facts()["archive"] is None


def test_a_test_address_alone_switches_nothing_on(shop, recipients):
    """Where test mode is off, its address gets nothing."""
    shop["application"]["test_mode"] = {"enabled": False, "recipient": "test@suite.example"}
    assert [str(one) for one in recipients(to="bob@example.org").envelope_addresses] == ["bob@example.org"]


def test_a_long_name_is_repeated_in_part(shop, recipients):
    """A test copy repeats the first 100 characters of a name, so that every header can hold it."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    decision = recipients(to=Mailbox("x" * 990, Address.parse("bob@example.org")))
    assert decision.to == (Mailbox(f"{'x' * 100} (bob at example.org)", TEST_ADDRESS),)


def test_the_archive_is_among_those_who_are_reached(shop, recipients):
    """A server must carry the archive's domain, too."""
    shop["customers"]["ratcatcher"]["archive_bcc"] = "archive@operations-the-rat.example"
    assert [str(one) for one in recipients(to="bob@example.org").reached] == [
        "bob@example.org",
        "archive@operations-the-rat.example",
    ]
