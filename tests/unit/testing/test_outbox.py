"""The outbox of an application's tests: every Mailer of the process, final messages, one test's own."""

from __future__ import annotations

import asyncio
import re

import pytest
from mail_strategies import shop

from mailsend.mailer import AsyncMailer, Mailer
from mailsend.model.message import Message
from mailsend.settings import Settings
from mailsend.testing import Outbox, OutboxMessage, assert_sent

# What an application under test has: a Mailer made when its module was imported, long before the test.
mailer_of_the_application = Mailer(Settings.model_validate(shop("smtp://relay.suite.example")))


def a_message(**other):
    """Give a message of the application's."""
    return Message(
        **{"to": "bob@example.org", "subject": "Your order 4711", "text": "Thank you, Bob.", **other}
    )


def test_a_mailer_made_before_the_test_is_diverted(mailsend_outbox):
    """A module-level Mailer whose server does not exist sends into the outbox."""
    report = mailer_of_the_application.send(
        a_message(cc="Eve <eve@example.org>", bcc="carl@example.org", html="<p>Thank you</p>")
    )
    assert report.complete
    (sent,) = mailsend_outbox
    assert isinstance(sent, OutboxMessage)
    assert (sent.subject, sent.text, sent.html, sent.from_) == (
        "Your order 4711",
        "Thank you, Bob.",
        "<p>Thank you</p>",
        "Acme Suite <no-reply@suite.example>",
    )
    assert (sent.to, sent.cc, sent.bcc) == (
        ("bob@example.org",),
        ("eve@example.org",),
        ("carl@example.org",),
    )
    assert sent.data == sent.submission.data
    assert [str(one) for one in sent.envelopes[0].recipients] == [
        "bob@example.org",
        "eve@example.org",
        "carl@example.org",
    ]


def test_the_outbox_is_this_tests_own(mailsend_outbox):
    """Nothing of another test is in it, and clear empties it."""
    assert list(mailsend_outbox) == []
    mailer_of_the_application.send(a_message())
    assert (len(mailsend_outbox), repr(mailsend_outbox)) == (1, "Outbox(['Your order 4711'])")
    assert mailsend_outbox[:1] == [mailsend_outbox[0]]
    mailsend_outbox.clear()
    assert len(mailsend_outbox) == 0


def test_async_mailers_and_many_mails_are_diverted_too(mailsend_outbox, mailsend_async_mailer):
    """send_many and AsyncMailer land in the same outbox."""
    list(mailer_of_the_application.send_many(a_message() for _ in range(3)))
    asyncio.run(mailsend_async_mailer.send(a_message(subject="async")))
    assert isinstance(mailsend_async_mailer, AsyncMailer)
    assert sorted(one.subject for one in mailsend_outbox) == ["Your order 4711"] * 3 + ["async"]


def test_what_is_held_never_left(mailsend_outbox):
    """A mail that the last look holds is not in the outbox."""
    preview = mailer_of_the_application.preview(a_message())
    mailer_of_the_application.test_mode.on("test@suite.example")
    try:
        assert mailer_of_the_application.deliver(preview).held
    finally:
        mailer_of_the_application.test_mode.off()
    assert len(mailsend_outbox) == 0


def test_the_mailer_fixture_sends_into_the_outbox(mailsend_mailer, mailsend_outbox):
    """mailsend_mailer needs no settings file and no server."""
    mailsend_mailer.send(a_message(from_="ann@app.example"))
    assert_sent(mailsend_outbox, from_="ann@app.example", to="bob@example.org", count=1)


@pytest.fixture
def outbox(mailsend_mailer, mailsend_outbox):
    """Give an outbox with two mails."""
    mailsend_mailer.send(a_message())
    mailsend_mailer.send(
        a_message(to=["eve@example.org", "carl@example.org"], subject="Invoice", html="<b>7</b>")
    )
    return mailsend_outbox


def test_assert_sent_gives_the_mail_that_fits(outbox):
    """Everything asked for must fit: text exactly, patterns searched, parts in text or HTML."""
    assert assert_sent(outbox, subject="Invoice") is outbox[1]
    assert assert_sent(outbox, subject=re.compile("^Inv"), contains=["Thank", "<b>7"]) is outbox[1]
    assert assert_sent(outbox, to=["Eve@example.org", "carl@example.org"]) is outbox[1]
    assert assert_sent(outbox, contains=re.compile("B.b")) is outbox[0]
    assert assert_sent(outbox) is outbox[0]


def test_assert_sent_knows_an_address_however_it_is_written(mailsend_outbox):
    """Domains are compared as A-labels and local parts without case, with a name or without one."""
    mailer_of_the_application.send(a_message(to="Bob <bob@bücher.example>"))
    for to in ("bob@bücher.example", "BOB@xn--bcher-kva.example", "Bob <bob@Bücher.example>"):
        assert assert_sent(mailsend_outbox, to=to) is mailsend_outbox[0]
    assert assert_sent(mailsend_outbox, from_="No-Reply@Suite.example") is mailsend_outbox[0]
    with pytest.raises(AssertionError, match=r"to is bob@xn--bcher-kva\.example; not nobody"):
        assert_sent(mailsend_outbox, to="nobody")


def test_assert_sent_shows_the_nearest_misses(outbox):
    """A failure names what does not fit, the nearest mail first."""
    with pytest.raises(AssertionError) as caught:
        assert_sent(
            outbox,
            subject="Invoice",
            to="bob@example.org",
            contains=["8", re.compile("9+")],
            attachment="a.pdf",
        )
    assert str(caught.value) == (
        "none of 2 mails fits subject='Invoice', to=('bob@example.org',), contains=('8', re.compile('9+')), "
        "attachment='a.pdf'; the nearest:\n"
        "  'Your order 4711' to bob@example.org\n"
        "    subject is 'Your order 4711'\n"
        "    neither text nor HTML contains '8'\n"
        "    neither text nor HTML contains /9+/\n"
        "    attachments are none\n"
        "  'Invoice' to eve@example.org, carl@example.org\n"
        "    to is carl@example.org, eve@example.org; not bob@example.org\n"
        "    neither text nor HTML contains '8'\n"
        "    neither text nor HTML contains /9+/\n"
        "    attachments are none"
    )


def test_assert_sent_counts(outbox):
    """count asks for exactly so many."""
    assert_sent(outbox, contains="Thank", count=2)
    with pytest.raises(AssertionError, match=r"^2 mails fit contains="):
        assert_sent(outbox, contains="Thank", count=1)


def test_assert_sent_says_when_nothing_was_sent():
    """An empty outbox is told as such."""
    with pytest.raises(AssertionError, match=r"^no mail was sent; expected was subject='x'$"):
        assert_sent(Outbox(), subject="x")
    with pytest.raises(AssertionError, match="expected was any mail"):
        assert_sent(Outbox())


def test_in_test_mode_the_outbox_shows_the_test_address(mailsend_outbox):
    """The outbox holds final messages: in test mode they went to the test address alone."""
    in_test = {"enabled": True, "recipient": "test@suite.example"}
    with Mailer(Settings.model_validate(shop(test_mode=in_test))) as mailer:
        mailer.send(a_message(to=["bob@example.org", "eve@example.org"]))
    assert mailsend_outbox[0].to == ("test@suite.example",)
    assert mailsend_outbox[0].subject == "[TEST] Your order 4711"
