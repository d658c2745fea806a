"""Where answers go (S5, M3)."""

from __future__ import annotations

import pytest

from mailsend.decide.reply_to import (
    ReplyToDecision,
    ReplyToFinding,
    ReplyToPassedOver,
    ReplyToReason,
    resolve_reply_to,
)
from mailsend.decide.sender import resolve_sender
from mailsend.model.address import Mailbox
from mailsend.model.decision import PassedOver
from mailsend.model.message import Message


@pytest.fixture
def reply_to(circumstances):
    """Give the decision for a message of the ratcatcher's."""

    def decide(*, suppressed=(), **fields):
        message = Message(**{"customer": "ratcatcher", **fields})
        found = circumstances(message, suppressed=dict.fromkeys(suppressed, "no_such_user"))
        return resolve_reply_to(message, resolve_sender(message, found), found)

    return decide


def test_the_callers_reply_to_goes_first(reply_to):
    """What the message asks for is Reply-To, several mailboxes too, in order."""
    decision = reply_to(
        from_="x@gmail.com", reply_to=["A <a@operations-the-rat.example>", "b@partner.example"]
    )
    assert decision == ReplyToDecision(
        reason=ReplyToReason.CALLER,
        mailboxes=(Mailbox.parse("A <a@operations-the-rat.example>"), Mailbox.parse("b@partner.example")),
    )
    assert decision.mailbox == Mailbox.parse("A <a@operations-the-rat.example>")
    assert decision.record() == {
        "v": 1,
        "step": "reply_to",
        "reason": "caller",
        "value": ["A <a@operations-the-rat.example>", "b@partner.example"],
        "passed_over": [],
        "facts": {"findings": []},
    }


def test_a_rewritten_sender_gets_the_answers_under_the_name_asked_for(reply_to):
    """Where From was rewritten, the requested mailbox is Reply-To."""
    assert reply_to(from_="Bob <bob@partner.example>") == ReplyToDecision(
        reason=ReplyToReason.REQUESTED_SENDER, mailboxes=(Mailbox.parse("Bob <bob@partner.example>"),)
    )


def test_a_sender_that_was_not_rewritten_gets_its_own_answers(reply_to):
    """Where nothing else is stated, answers go to the effective sender."""
    assert reply_to(from_="ann@operations-the-rat.example") == ReplyToDecision(
        reason=ReplyToReason.EFFECTIVE_SENDER,
        mailboxes=(Mailbox.parse("ann@operations-the-rat.example"),),
    )


@pytest.mark.parametrize("level", ["business_unit", "customer", "application"])
def test_the_innermost_scope_that_states_one_goes_before_the_effective_sender(level, shop, reply_to):
    """Reply-To of unit, customer, application, in this order, go before the effective sender."""
    customer = shop["customers"]["ratcatcher"]
    places = {
        "business_unit": customer["business_units"]["zurich"],
        "customer": customer,
        "application": shop["application"],
    }
    for name in list(places)[list(places).index(level) :]:
        places[name]["reply_to"] = f"{name.replace('_', '-')}@suite.example"
    assert reply_to(business_unit="zurich") == ReplyToDecision(
        reason=ReplyToReason(level),
        mailboxes=(Mailbox.parse(f"{level.replace('_', '-')}@suite.example"),),
    )


@pytest.mark.parametrize(
    "address",
    [
        "noreply@partner.example",
        "No-Reply@partner.example",
        "no-reply+7@partner.example",
        "do-not-reply@partner.example",
        "donotreply.shop@partner.example",
        "not-reply@partner.example",
        "keine-antwort@partner.example",
        "nicht-antworten@partner.example",
        "mailer-daemon@partner.example",
        "no_reply@partner.example",
        "no.reply@partner.example",
        "do_not_reply@partner.example",
        "noreply123@partner.example",
        "suite-noreply@partner.example",
        "keine.antwort@partner.example",
    ],
)
def test_a_no_reply_address_is_passed_over(address, reply_to):
    """Nobody reads a no-reply address, so answers go to the next candidate."""
    assert reply_to(from_=address) == ReplyToDecision(
        reason=ReplyToReason.EFFECTIVE_SENDER,
        mailboxes=(Mailbox.parse("Operations the Rat <office@operations-the-rat.example>"),),
        passed_over=(
            PassedOver(candidate=address, source="requested_sender", reason=ReplyToPassedOver.NO_REPLY),
        ),
    )


def test_an_address_that_only_begins_like_one_is_no_no_reply_address(reply_to):
    """noreplyer@ is somebody."""
    assert reply_to(from_="noreplyer@partner.example").reason is ReplyToReason.REQUESTED_SENDER


def test_suppressed_addresses_and_the_bounce_mailbox_get_no_answers(shop, reply_to):
    """Each unusable mailbox is passed over with its reason; the rest stay."""
    shop["application"]["bounce_address"] = "bounces@suite.example"
    decision = reply_to(
        reply_to=["gone@partner.example", "Bounces+token@suite.example", "c@partner.example"],
        suppressed=("gone@partner.example",),
    )
    assert decision == ReplyToDecision(
        reason=ReplyToReason.CALLER,
        mailboxes=(Mailbox.parse("c@partner.example"),),
        passed_over=(
            PassedOver(
                candidate="gone@partner.example", source="caller", reason=ReplyToPassedOver.SUPPRESSED
            ),
            PassedOver(
                candidate="Bounces+token@suite.example",
                source="caller",
                reason=ReplyToPassedOver.BOUNCE_MAILBOX,
            ),
        ),
    )


def test_test_mode_answers_to_the_test_address_alone(shop, reply_to):
    """In test mode every candidate is passed over for the test address."""
    shop["application"]["test_mode"] = {"enabled": True, "recipient": "test@suite.example"}
    shop["application"]["reply_to"] = "desk@suite.example"
    assert reply_to(from_="x@partner.example", reply_to="a@partner.example") == ReplyToDecision(
        reason=ReplyToReason.TEST_MODE,
        mailboxes=(Mailbox.parse("test@suite.example"),),
        passed_over=tuple(
            PassedOver(candidate=candidate, source=source, reason=ReplyToPassedOver.TEST_MODE)
            for candidate, source in (
                ("a@partner.example", "caller"),
                ("x@partner.example", "requested_sender"),
                ("desk@suite.example", "application"),
            )
        ),
    )


def test_a_foreign_free_mail_reply_to_is_a_finding(reply_to):
    """A free-mail Reply-To is worth a look, unless the application vouches for it."""
    assert reply_to(from_="x@gmail.com").findings == (ReplyToFinding.FOREIGN_FREEMAIL,)
    assert reply_to(from_="x@gmail.com", reply_to_verified=True).findings == ()
    assert reply_to(from_="x@gmail.com").facts() == {"findings": ["foreign_freemail"]}


def test_a_free_mail_reply_to_that_the_rules_state_is_no_finding(shop, reply_to):
    """What the configuration itself says needs no second look."""
    shop["customers"]["ratcatcher"]["reply_to"] = "ratcatcher@gmail.com"
    assert reply_to().findings == ()
    assert reply_to(reply_to="other@gmail.com").findings == (ReplyToFinding.FOREIGN_FREEMAIL,)


def test_a_test_address_alone_changes_no_reply_to(shop, reply_to):
    """Where test mode is off, its address gets no answers."""
    shop["application"]["test_mode"] = {"enabled": False, "recipient": "test@suite.example"}
    assert reply_to(from_="ann@operations-the-rat.example").reason is ReplyToReason.EFFECTIVE_SENDER
