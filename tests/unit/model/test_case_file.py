"""Case files, and the mails in them as JSON and as Markdown."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.model.case_file import CaseFile, Found, LinkedMail, domain_of
from mailsend.model.mail_document import mail_document
from mailsend.model.mail_state import MailState
from mailsend.model.report import Exchange, Outcome
from mailsend.model.stored_mail import StoredAttempt, StoredEvent, StoredMail, StoredRecipient
from mailsend.model.words import LANGUAGES
from mailsend.model.words.log import log_words

AT = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
SENDER = {
    "v": 1,
    "step": "sender",
    "reason": "requested",
    "value": "ann@suite.example",
    "passed_over": [],
    "facts": {},
}
BOB = StoredRecipient(
    address="bob@example.org",
    name="Bob",
    field="to",
    envelope_address="bob@example.org",
    outcome=Outcome.ACCEPTED,
    reason="accepted",
    attempts=1,
    code=250,
    enhanced="2.0.0",
    reply="queued as 4ABC",
    server="relay:587",
    queue_id="4ABC",
)
EVE = replace(
    BOB,
    address="eve@example.net",
    field="cc",
    outcome=Outcome.REJECTED,
    reason="no_such_user",
    fault="recipient",
    lasting=True,
    code=550,
    enhanced="5.1.1",
    reply="<b>no</b> `such` *user*\x1b[31m",
    queue_id="",
    due_at=AT,
)
TRIED = StoredAttempt(
    started=AT,
    ended=AT + timedelta(seconds=2),
    server="relay:587",
    outcome=Outcome.ACCEPTED,
    reason="accepted",
    code=250,
    queue_id="4ABC",
    source_ip="192.0.2.10",
    worker="one",
    recipients={"bob@example.org": ("accepted", ""), "eve@example.net": ("rejected", "no_such_user")},
    conversation=(Exchange(at=0.5, who="S", line="250 # fine"),),
)
MAIL = StoredMail(
    id="01mail",
    customer="rat",
    business_unit="north",
    state=MailState.DONE,
    frozen=False,
    reason="",
    why="",
    how="send",
    kind="transactional",
    in_test_mode=False,
    due_at=None,
    priority=0,
    send_at=None,
    expires_at=None,
    gives_up_at=AT,
    attempts_made=1,
    queued_at=AT,
    prepared_at=AT,
    tried_at=AT,
    done_at=AT,
    message_id="01mail@suite.example",
    subject="A [link](http://x.example) & more",
    requested="ann@elsewhere.example",
    sender="ann@suite.example",
    sender_mailbox="Ann <ann@suite.example>",
    reply_to="ann@elsewhere.example",
    reverse_path="bounces@suite.example",
    template="order",
    actor="Erna",
    locale="de",
    tags=("a", "b"),
    metadata={"order": "4711"},
    size=1000,
    sensitive=False,
    essential=True,
    require_tls=False,
    digest="d" * 64,
    first_digest="d" * 64,
    rules_version="r" * 64,
    routes=(("application", "relay:587"),),
    server="relay:587",
    queue_id="4ABC",
    idempotency_key="key",
    linked_to=None,
    decisions=(SENDER,),
    recipients=(BOB, EVE),
    attempts=(TRIED,),
    events=(
        StoredEvent(at=AT, by="mailsend", act="bounced", reason="no_such_user", facts={"to": "x"}),
        StoredEvent(at=AT, by="ann", act="hold"),
    ),
)
BARE = replace(
    MAIL,
    id="02mail",
    customer=None,
    business_unit=None,
    state=MailState.HELD,
    reason="by_hand",
    why="somebody asked",
    in_test_mode=True,
    queued_at=AT - timedelta(days=1),
    done_at=None,
    requested="",
    reply_to="",
    reverse_path="",
    template="",
    actor="",
    sensitive=True,
    subject="a secret",
    server="",
    queue_id="",
    linked_to="01mail",
    decisions=(),
    recipients=(replace(BOB, queue_id="", reason="", envelope_address=""),),
    attempts=(),
    events=(),
)
LINK = LinkedMail(id="02mail", how="resend", kind="transactional", state="held", queued_at=AT)
CASE = CaseFile(
    query="rcpt:bob@example.org",
    made_at=AT,
    number=3,
    found=(
        Found(mail=MAIL, links=(LINK,), providers={"bob@example.org": "Gmail", "eve@example.net": ""}),
        Found(mail=replace(BARE, attempts=(replace(TRIED, source_ip="", conversation=(), reason="x"),))),
        Found(mail=replace(BARE, id="03mail")),
    ),
)


def test_a_mail_is_told_whole():
    """Each field of it stands in the document under its name, times with their offset."""
    told = mail_document(MAIL)
    assert json.loads(json.dumps(told)) == told
    # Those with another name: sender_mailbox is `from`.
    assert {one.name for one in fields(StoredMail)} - set(told) == {"sender_mailbox"}
    assert (told["from"], told["queued_at"], told["due_at"]) == (
        "Ann <ann@suite.example>",
        "2026-11-22T08:30:00+00:00",
        None,
    )
    assert set(told["recipients"][0]) == {one.name for one in fields(StoredRecipient)}
    assert set(told["attempts"][0]) == {one.name for one in fields(StoredAttempt)}
    assert told["attempts"][0]["conversation"] == [{"at": 0.5, "who": "S", "line": "250 # fine"}]
    assert told["events"][1] == {
        "at": "2026-11-22T08:30:00+00:00",
        "by": "ann",
        "act": "hold",
        "reason": None,
        "facts": {},
    }


def test_the_subject_of_sensitive_mail_is_in_no_document():
    """Neither alone nor in a case."""
    assert mail_document(BARE)["subject"] is None
    assert "a secret" not in json.dumps(CASE.document()) + CASE.markdown()


def test_a_case_sums_up_what_its_mails_have_in_common():
    """Each word once; what is not known is left out."""
    assert (CASE.first, CASE.last, CASE.bounces) == (AT - timedelta(days=1), AT, 1)
    assert CASE.summary == {
        "requested": ["ann@elsewhere.example"],
        "senders": ["Ann <ann@suite.example>"],
        "recipients": ["bob@example.org", "eve@example.net"],
        "servers": ["relay:587"],
        "ways": ["send"],
        "templates": ["order"],
        "actors": ["Erna"],
        "providers": ["Gmail"],
        "outcomes": ["accepted", "rejected"],
    }
    document = CASE.document("de")
    assert json.loads(json.dumps(document)) == document
    assert (document["number"], len(document["mails"]), document["first"]) == (
        3,
        3,
        "2026-11-21T08:30:00+00:00",
    )
    assert document["mails"][0]["providers"] == {"bob@example.org": "Gmail", "eve@example.net": None}
    assert document["mails"][0]["explained"][0].startswith("Absender ist")
    assert document["unseen"].startswith("Accepted heißt")


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_case_answers_in_words(locale):
    """When, from whom, to whom, how, by whom, who receives, what was said, and what cannot be seen."""
    text = CASE.markdown(locale)
    words = log_words(locale)
    for part in (
        "# " + words["case.title"].format(query="rcpt:bob@example.org"),
        "2026-11-21 08:30:00 UTC",
        f"({words['case.asked']}: ann@elsewhere.example)",
        "Gmail",
        words["case.took"].format(server="relay:587", queue_id="4ABC"),
        words["case.took.no_id"].format(server="relay:587"),
        words["case.unseen.words"],
        words["case.test_copy"],
        words["case.subject.hidden"],
        words["case.no_attempts"],
        words["case.source.unknown"],
        words["case.bounces.some"].format(number=1),
        "550 5.1.1",
        "rejected no\\_such\\_user",
        "rat / north",
        "held by\\_hand somebody asked",
        "02mail (resend, held)",
        "192.0.2.10",
        "         0.500 S: 250 # fine",
    ):
        assert part in text, part


def test_nothing_that_others_wrote_becomes_markup():
    """Subjects and replies are shown as they are, without what would move a terminal."""
    text = CASE.markdown()
    assert r"A \[link\](http://x.example) \& more" in text
    assert r"\<b\>no\</b\> \`such\` \*user\* \[31m" in text
    assert "\x1b" not in text


def test_a_case_without_mails_says_why():
    """One mail of several is told in full where no more are asked for."""
    empty = replace(CASE, number=0, found=())
    assert (empty.first, empty.last, empty.document()["first"]) == (None, None, None)
    assert "The log holds nothing" in empty.markdown()
    one = replace(CASE, number=1, found=(Found(mail=replace(MAIL, events=())),))
    assert "from 1 mail found" in one.markdown()
    assert "None is recorded" in one.markdown()
    assert "of the newest only (3)" in replace(CASE, number=7).markdown()
    assert "of the newest only" not in CASE.markdown()


def test_the_first_of_a_case_is_the_first_of_all():
    """Also where only the newest mails are in it."""
    before = AT - timedelta(days=9)
    cut = replace(CASE, number=7, first_queued=before)
    assert (cut.first, cut.document()["first"], cut.last) == (before, before.isoformat(), CASE.last)
    assert replace(CASE, number=0, found=(), first_queued=before).first == before


def test_the_domain_of_an_address_is_behind_its_last_at():
    """A quoted local part may hold one, too."""
    assert domain_of('"a@b"@example.org') == "example.org"
