"""Mail of our own takes the line of every mail, and only by its own door (S3, M14, house rule 12)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from mail_strategies import TEST_ADDRESS, shop

import mailsend
from mailsend.decide.content import ContentRefused
from mailsend.decide.last_look import Go, LookedAt, last_look
from mailsend.decide.recipients import RecipientsRefused
from mailsend.decide.return_path import ReturnPathReason
from mailsend.decide.sender import SenderReason
from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope
from mailsend.model.kind import Kind, is_own
from mailsend.model.message import Message
from mailsend.model.rules import TestMode
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import prepare
from mailsend.settings import Settings

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
RULES = Settings.model_validate(shop()).rules
ASKED = {
    "customer": "ratcatcher",
    "from_": "Acme Suite <notices@suite.example>",
    "to": "ann@operations-the-rat.example",
    "subject": "Not handed over",
    "text": "It was not.",
    "kind": "status",
    "auto_submitted": True,
}


def prepared(*, of_our_own=True, test_mode=None, suppressed=None, **fields):
    message = Message(**{**ASKED, **fields})
    scope = RULES.scope(message.customer)
    found = gather(message, scope, RULES, now=NOW, id="01own", test_mode=test_mode or scope.test_mode)
    return prepare(message, replace(found, of_our_own=of_our_own, suppressed=suppressed or {}))


def test_a_notice_has_a_null_reverse_path_and_answers():
    """Its sender is used as it is named, nothing goes to an archive, and nothing comes back."""
    submission = prepared()
    assert isinstance(submission, Submission), submission.explain()
    assert submission.envelopes == (
        Envelope(reverse_path=NULL_REVERSE_PATH, recipients=["ann@operations-the-rat.example"]),
    )
    assert submission.sender.reason is SenderReason.REQUESTED
    assert submission.return_path.reason is ReturnPathReason.NULL
    assert submission.return_path.facts() == {"findings": []}
    assert submission.return_path.aligned is False
    header = message_from_bytes(submission.data, policy=policy.default)
    assert (header["From"], header["Auto-Submitted"]) == (
        "Acme Suite <notices@suite.example>",
        "auto-replied",
    )
    assert "null reverse-path" in submission.explain()
    assert "leeren Reverse-Path" in submission.explain("de")


def test_an_alert_has_a_real_reverse_path():
    """Null is for delivery status notices alone."""
    submission = prepared(kind="notice")
    assert isinstance(submission, Submission), submission.explain()
    assert submission.return_path.address != NULL_REVERSE_PATH
    assert message_from_bytes(submission.data)["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("kind", ["status", "notice", "newsletter"])
def test_callers_cannot_ask_for_it(kind):
    """Whatever is not transactional is refused to whoever comes by the ordinary door."""
    refusal = prepared(kind=kind, of_our_own=False)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, refusal.facts) == (ContentRefused.KIND, {"kind": kind})


def test_other_kinds_have_no_door():
    """Ours are two, and no third."""
    assert prepared(kind="newsletter").reason is ContentRefused.KIND
    assert [is_own(one) for one in Kind] == [False, True, True]


def test_test_mode_holds_for_our_own_mail():
    """It is never exempt from the test address."""
    test_mode = TestMode(enabled=True, recipient=Address.parse(TEST_ADDRESS))
    submission = prepared(test_mode=test_mode)
    assert isinstance(submission, Submission), submission.explain()
    assert [str(one) for one in submission.envelopes[0].recipients] == [TEST_ADDRESS]


def test_suppression_holds_for_our_own_mail():
    """Nor from the lists."""
    refusal = prepared(suppressed={"ann@operations-the-rat.example": "no_such_user"})
    assert refusal.reason is RecipientsRefused.NOBODY_LEFT


def test_what_is_settled_for_a_notice_is_settled_for_no_other_mail():
    """A caller's mail from the same sender, prepared right after, has its own decisions."""
    prepared()
    other = prepared(of_our_own=False, kind="transactional")
    assert isinstance(other, Submission), other.explain()
    assert other.return_path.address != NULL_REVERSE_PATH
    assert other.sender.reason is not SenderReason.REQUESTED


@pytest.mark.parametrize("sender", ["notices@suite.example", "postmaster@suite.example"])
def test_a_notice_still_goes_when_the_rules_have_changed(sender):
    """Its sender is the application's, and need not lie in the customer's domains."""
    submission = prepared(from_=sender)
    assert isinstance(submission, Submission), submission.explain()
    changed = Settings.model_validate(shop(notification_sender="notices@suite.example")).rules
    assert changed.version != submission.rules_version
    assert last_look(submission, LookedAt(now=NOW, rules=changed, test_mode=TestMode())) == Go()


def test_only_care_notices_make_these_kinds():
    """No other file of the package names them, but those that tell them apart."""
    package = Path(mailsend.__file__).parent
    naming = {
        str(one.relative_to(package))
        for one in package.rglob("*.py")
        if re.search(r"Kind\.(STATUS|NOTICE)", one.read_text())
    }
    assert naming - {"model/kind.py", "decide/return_path.py", "compose/addressed.py"} == {
        "care/notices/given_up.py"
    }
