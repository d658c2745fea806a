"""Tests of the shop's mails: the fixture diverts its Mailer, though that was made long before."""

from __future__ import annotations

from orders import ORDER
from shop import confirm

from mailsend.testing import assert_sent


def test_an_order_is_confirmed(mailsend_outbox) -> None:  # noqa: ANN001 - a fixture
    """Whoever orders gets the number and the total, from the unit's own address."""
    confirm(ORDER, to="bob@example.org")

    mail = assert_sent(mailsend_outbox, to="bob@example.org", contains=["4711", "104.50"])
    assert mail.from_ == "Zurich <zurich@operations-the-rat.example>"


def test_a_mail_goes_to_nobody_else(mailsend_outbox) -> None:  # noqa: ANN001 - a fixture
    """The envelope holds the recipient alone."""
    confirm(ORDER, to="bob@example.org")

    (mail,) = mailsend_outbox
    assert [str(who) for one in mail.envelopes for who in one.recipients] == ["bob@example.org"]
