"""Stored mails, their content, and questions about them, as values."""

from __future__ import annotations

from datetime import UTC, datetime

from mailsend.model.address import Address, ByAddress
from mailsend.model.mail_state import MailState
from mailsend.model.outcome_errors import failure
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.stored_content import StoredContent
from mailsend.model.stored_mail import StoredMail
from mailsend.model.test_question import TestQuestion

NOW = datetime(2026, 11, 22, tzinfo=UTC)
BOB = Address.parse("bob@example.org")


def stored(**more) -> StoredMail:
    texts = (
        "reason why how kind message_id subject requested sender sender_mailbox reply_to reverse_path template"
        " actor locale digest first_digest rules_version server queue_id"
    )
    times = "due_at send_at expires_at gives_up_at tried_at done_at"
    flags = "frozen in_test_mode sensitive essential require_tls"
    return StoredMail(
        **dict.fromkeys(texts.split(), ""),
        **dict.fromkeys(times.split()),
        **dict.fromkeys(flags.split(), False),
        id="01",
        customer=None,
        business_unit=None,
        state=MailState.QUEUED,
        priority=0,
        attempts_made=0,
        queued_at=NOW,
        prepared_at=NOW,
        tags=(),
        metadata={},
        size=1,
        routes=(),
        idempotency_key=None,
        linked_to=None,
        **more,
    )


def test_a_stored_mail_tells_its_decisions_in_words():
    """From the records alone, in either language."""
    record = {
        "v": 1,
        "step": "reply_to",
        "reason": "caller",
        "value": "Ann <ann@suite.example>",
        "passed_over": [],
        "facts": {},
    }
    mail = stored(decisions=(record, record))
    assert mail.explain().splitlines() == ["Answers go to Ann <ann@suite.example>, as the message asks."] * 2
    assert mail.explain("de") != mail.explain("en")


def test_a_stored_content_has_the_header_of_its_bytes():
    """Up to the empty line, as text."""
    seen = StoredContent(
        subject="Hi", text="x", html=None, attachments=(), data=b"Subject: Hi\r\nTo: b\r\n\r\nbody\r\n"
    )
    assert seen.header == "Subject: Hi\r\nTo: b"


def test_a_question_counts_its_mails():
    """And its token stands in no repr."""
    asked = TestQuestion(
        token="secret", messages=("01", "02"), recipients=(BOB,), goes_to=BOB, until=NOW, refused={}
    )
    assert asked.count == 2
    assert "secret" not in repr(asked)


def test_a_mail_that_the_queue_goes_on_with_is_no_failure():
    """Whoever were told of one would send it again (M39)."""
    deferred = ByAddress({BOB: RecipientResult(outcome=Outcome.DEFERRED)})
    assert failure(Report(recipients=deferred)) is not None
    assert failure(Report(recipients=deferred, queued=True)) is None
    assert failure(Report(recipients=deferred, queued=True, error=OSError("x"))) is not None
