"""What a notice says to a person, in English and German."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailsend.care.notices.text import digest_text, notice_subject, notice_text
from mailsend.model.address import Address
from mailsend.model.given_up import GivenUp, GivenUpRecipient
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome

ARRIVED = datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)


def recipient(address, outcome=Outcome.REJECTED, **more):
    return GivenUpRecipient(address=Address.parse(address), outcome=outcome, **more)


def mail(*recipients, **more):
    return GivenUp(
        **{"id": "01mail", "subject": "Hello", "recipients": recipients, "arrived": ARRIVED, **more}
    )


def test_it_tells_each_recipient_by_what_became_of_it():
    """Who failed and why, who is still tried, of whom nothing is known; who has it is not named."""
    text = notice_text(
        mail(
            recipient(
                "bob@example.org",
                reason="mailbox_full",
                reply=Reply(552, "full", "5.2.2"),
                server="mx.example.org:25",
            ),
            recipient("eve@example.org", Outcome.EXPIRED, reason="greylisted"),
            recipient("zoe@example.org", reason="something_new"),
            recipient("late@example.org", Outcome.DEFERRED),
            recipient("silent@example.org", Outcome.UNKNOWN),
            recipient("good@example.org", Outcome.ACCEPTED),
        ),
        "en",
    )
    assert (
        text
        == """\
This mail could not be handed over to everybody, and nothing more is tried for:

  bob@example.org: the mailbox is full.
    mx.example.org:25 said: 552 5.2.2 full
  eve@example.org: no server took it within the time that was allowed.
  zoe@example.org: the server refused it.

It is still being tried for:
  late@example.org

Whether these have it is not known, since the server fell silent at the end:
  silent@example.org

The mail:
  Subject: Hello
  Queued: 2026-11-22 08:30 UTC
  Number: 01mail

This notice was made by a program. Its header fields follow below; its content is not repeated.
"""
    )


@pytest.mark.parametrize(
    ("more", "locale", "subject"),
    [
        ({}, "en", "Not handed over: Hello"),
        ({}, "de-CH", "Nicht übergeben: Hello"),
        ({}, "fr", "Not handed over: Hello"),
        ({"subject": "x" * 500}, "en", f"Not handed over: {'x' * 119}…"),
        ({"subject": ""}, "en", "A mail was not handed over"),
        ({"sensitive": True}, "en", "A mail was not handed over"),
        ({"subject": "{address} {0}"}, "en", "Not handed over: {address} {0}"),
    ],
)
def test_the_subject_repeats_the_mails_where_that_may_be_shown(more, locale, subject):
    """Cut where it is long, and never read as anything but text."""
    assert notice_subject(mail(**more), locale) == subject


def test_of_a_sensitive_mail_no_text_shows_the_subject():
    """Neither its own notice nor a digest."""
    secret = mail(recipient("bob@example.org"), subject="Your password", sensitive=True)
    assert "password" not in notice_text(secret, "en") + digest_text([secret], "en")
    assert "(subject not shown)" in digest_text([secret], "en")


def test_a_digest_has_an_end():
    """It lists a hundred, and counts the rest."""
    text = digest_text([mail(id=f"01mail{number}") for number in range(130)], "en")
    assert text.count("01mail") == 100
    assert "… and 30 more; the log has them all." in text
    assert "… und 30 weitere" in digest_text([mail()] * 130, "de")
