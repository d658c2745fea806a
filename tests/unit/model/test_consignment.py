"""A stored mail on its way again."""

from __future__ import annotations

from datetime import UTC, datetime

from mailsend.decide.route import RoutesDecision, RoutesReason
from mailsend.model.address import Address, ByAddress
from mailsend.model.consignment import Asked, Consignment, Standing, WhoSends
from mailsend.model.mailbox import Mailbox
from mailsend.model.standing_hold import MailFacts

BOB = Address.parse("bob@example.org")


def test_its_facts_are_made_when_a_standing_hold_asks():
    """Nearly every mail goes out without."""
    asked = []

    def told():
        asked.append("once")
        return MailFacts(template="order")

    mail = Consignment(
        id="01mail",
        message_id="1@suite.example",
        message=Asked(customer=None, business_unit=None),
        sender=WhoSends(Mailbox.parse("ann@suite.example")),
        recipients=ByAddress({BOB: Standing(BOB)}),
        routes=RoutesDecision(reason=RoutesReason.SMARTHOST, offered=()),
        envelopes=(),
        data=b"Subject: Hello\r\n\r\nHello\r\n",
        digest="",
        rules_version="1",
        prepared=datetime(2026, 11, 22, tzinfo=UTC),
        told=told,
    )
    assert asked == []
    assert mail.facts == MailFacts(template="order")
    assert asked == ["once"]
    assert mail.requested is mail.recipients
