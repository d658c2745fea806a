"""What a letter says of invitations: who organises, and what a test copy may ask for (M31, M35)."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from mail_strategies import shop

from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation, Message
from mailsend.model.rules import TestMode
from mailsend.model.submission import Submission
from mailsend.prepare import prepare
from mailsend.settings import Settings

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORGANIZER = "ORGANIZER:mailto:chair@example.org\r\n"
SENDER = "Ann <ann@operations-the-rat.example>"


def invitation(method: str) -> Invitation:
    return Invitation(
        f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n{ORGANIZER}UID:1\r\nEND:VEVENT\r\n"
        "END:VCALENDAR\r\n",
        method,
    )


def mail_of(*, test_mode: TestMode | None = None, sender: str = SENDER, **fields: Any) -> EmailMessage:
    message = Message(
        **{"customer": "ratcatcher", "from_": sender, "to": "bob@example.org", "text": "Hello", **fields}
    )
    rules = Settings.model_validate(shop()).rules
    scope = rules.scope(message.customer, None)
    found = gather(message, scope, rules, now=NOW, id="01test", test_mode=test_mode or scope.test_mode)
    submission = prepare(message, found)
    assert isinstance(submission, Submission), submission.explain()
    mail = message_from_bytes(submission.data, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def calendar_in(mail: EmailMessage) -> str:
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    content: bytes = part.get_payload(decode=True)
    return content.decode()


@pytest.mark.parametrize("sender", [SENDER, "x@partner.example"])
@pytest.mark.parametrize(
    ("method", "kept"),
    [
        ("REPLY", True),
        ("COUNTER", True),
        ("REFRESH", True),
        ("REQUEST", False),
        ("CANCEL", False),
        ("DECLINECOUNTER", False),
    ],
)
def test_an_answer_names_the_organiser_whom_it_answers(method: str, kept: bool, sender: str) -> None:
    """Who answers an invitation does not become its organiser (RFC 5546)."""
    ics = calendar_in(mail_of(calendar=invitation(method), sender=sender))
    assert (ORGANIZER in ics, ics.count("ORGANIZER")) == (kept, 1)


def test_an_inline_invitation_of_a_test_copy_has_no_method() -> None:
    """It stays inline, under the cid that the HTML has for it."""
    file = Attachment.from_bytes(
        invitation("REQUEST").ics.encode(),
        filename="invite.ics",
        content_type="text/calendar; method=REQUEST",
        inline=True,
        cid="invite@inline",
    )
    in_test = TestMode(enabled=True, recipient=Address.parse("test@suite.example"))
    html = '<a href="cid:invite@inline">x</a>'
    mail = mail_of(test_mode=in_test, html=html, attachments=(file,))
    (part,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert (part["Content-ID"], part.get_content_disposition(), part.get_param("method")) == (
        "<invite@inline>",
        "inline",
        None,
    )
    assert "METHOD" not in calendar_in(mail)
    assert "METHOD" in calendar_in(mail_of(html=html, attachments=(file,)))
