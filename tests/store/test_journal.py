"""The log: searched, exported, told case by case, and sent again."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta

import pytest
from kept_mails import keep, run
from sqlalchemy import delete, insert, update
from store_samples import KEYS as KEYS_OF_STORE
from stored_mails import NOW, a_mail

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery, MessageRefused, StoreError
from mailsend.model.case_file import CaseFile
from mailsend.model.report import Outcome
from mailsend.store.events import note
from mailsend.store.journal.links import linked_mails
from mailsend.store.mails.contents import VAULT_PURPOSE
from mailsend.store.schema import mails
from mailsend.store.schema.upkeep import provider
from mailsend.store.times import moment
from mailsend.store.vault import Vault

KEYS = ["the-first-of-the-secret-keys"]


def settings(url, **more):
    return Settings.model_validate(
        {
            "application": {
                "fallback_sender": "Acme <no-reply@suite.example>",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:"],
                "store": url,
                "secret_keys": KEYS,
                **more,
            }
        }
    )


@pytest.fixture
def mailer(url):
    """Give a Mailer with a store that several may open."""
    with Mailer(settings(url)) as opened:
        yield opened


def message(**more):
    return Message(**{"to": "Bob <bob@example.org>", "subject": "Hello", "text": "The body\n", **more})


def sent(mailer, **more):
    """Send a mail and wait until it is written down."""
    report = mailer.send(message(**more))
    for _ in range(200):
        found = mailer.journal.search(f"id:{report.id}").mails
        if found:
            return report.id
        asyncio.run(asyncio.sleep(0.02))
    raise AssertionError("it was not written down")


def test_the_log_holds_mails_at_their_end_and_open_ones(mailer):
    """A mail sent at once, one that waits and one that is held are found, newest first, page by page."""
    first, waiting = sent(mailer), mailer.enqueue(message(subject="Later"))
    held = mailer.keep(mailer.preview(message(subject="Perhaps")))
    log = mailer.journal
    page = log.search(limit=2)
    rest = log.search(limit=2, after=page.next)
    assert [one.id for one in (*page.mails, *rest.mails)] == [held, waiting, first]
    assert rest.next is None
    assert [one.id for one in log.search("subject:later").mails] == [waiting]
    assert log.count("state:done") == 1
    with pytest.raises(InvalidQuery):
        log.search("colour:blue")
    with pytest.raises(StoreError, match="no mail nobody"):
        log.get("nobody")


def test_attempts_come_where_they_are_asked_for(mailer):
    """Lists have none unless asked; one mail alone has all, with the conversation's outcome."""
    mail = sent(mailer)
    assert mailer.journal.search().mails[0].attempts == ()
    (asked,) = mailer.journal.search(attempts=True).mails
    assert asked.attempts == mailer.journal.get(mail).attempts
    assert [one.outcome for one in asked.attempts] == [Outcome.ACCEPTED]


def test_looking_at_content_is_written_down(mailer):
    """Who looked stands in the log."""
    mail = sent(mailer)
    assert mailer.journal.content(mail, by="ann").text == "The body\n"
    assert [(one.act, one.by) for one in mailer.journal.get(mail).events] == [("content_seen", "ann")]


def test_csv_has_a_row_for_each_mail_and_recipient(mailer):
    """Its columns are named in the first row; what a spreadsheet would compute is text."""
    mail = sent(mailer, to=("bob@example.org", "eve@example.org"), subject='=HYPERLINK("x"), "y"')
    told = []
    text = "".join(mailer.journal.export(progress=told.append))
    table = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.count("\r\n") == 3
    assert [
        {name: row[name] for name in ("id", "recipient", "subject", "outcome", "in_test_mode", "server")}
        for row in table
    ] == [
        {
            "id": mail,
            "recipient": who,
            "subject": '\'=HYPERLINK("x"), "y"',
            "outcome": "accepted",
            "in_test_mode": "no",
            "server": "memory:",
        }
        for who in ("bob@example.org", "eve@example.org")
    ]
    assert told == [1]


def test_json_lines_have_a_mail_on_each_line(mailer):
    """With its recipients and attempts, in all letters."""
    mail = sent(mailer, subject="Grüezi\n".strip())
    (line,) = mailer.journal.export("subject:grüezi", format="jsonl")
    told = json.loads(line)
    assert (told["id"], told["subject"], line.endswith("\n"), "Grüezi" in line) == (
        mail,
        "Grüezi",
        True,
        True,
    )
    assert [one["address"] for one in told["recipients"]] == ["bob@example.org"]
    assert [one["outcome"] for one in told["attempts"]] == ["accepted"]
    assert {"decisions", "events"} & set(told) == set()
    with pytest.raises(StoreError, match="no format 'xls'"):
        mailer.journal.export(format="xls")


def test_an_export_is_read_page_by_page(store, monkeypatch):
    """Nothing is read before it is taken, and no more than a page at a time."""
    for number in range(450):
        keep(store, a_mail(id=f"{number:04}"), now=NOW + timedelta(seconds=number))
    read = []
    look = type(store.journal).search

    def search(self, *given, **named):
        read.append(named["after"])
        return look(self, *given, **named)

    monkeypatch.setattr(type(store.journal), "search", search)
    taken = store.journal.all(parse(""), now=NOW)
    assert read == []
    assert next(taken).id == "0449"
    assert len(read) == 1
    assert [one.id for one in taken] == [f"{number:04}" for number in reversed(range(449))]
    assert len(read) == 3


def _bounced(store, mail):
    with store._database.writing() as transaction:
        note(transaction, "bounced", now=NOW, by="mailsend", message=mail, reason="no_such_user")


def test_a_case_answers_what_is_asked_when_a_mail_did_not_arrive(url):
    """First and last, senders, recipients, servers, template, log-in, provider, replies, bounces, links."""
    with Mailer(settings(url)) as mailer:
        first = sent(mailer, actor="Erna", from_="ann@elsewhere.example", tags=("order",))
        again = mailer.journal.resend(first, reason="he asked", by="ann")
        store = mailer._core.store_door.open("a test")
        _bounced(store, first)
        run(
            store,
            insert(provider).values(
                domain="example.org", provider="Big Mail", source="mx", at=0, until=moment(NOW)
            ),
        )
        case = mailer.journal.case("rcpt:bob@example.org")
        document = case.document()
        text = case.markdown()
    assert (case.number, [one.mail.id for one in case.found], case.bounces) == (2, [again, first], 1)
    assert case.summary == {
        "requested": ["ann@elsewhere.example"],
        "senders": ["Acme <no-reply@suite.example>"],
        "recipients": ["bob@example.org"],
        "servers": ["memory:"],
        "ways": ["resend", "send"],
        "templates": [],
        "actors": ["Erna"],
        "providers": ["Big Mail"],
        "outcomes": ["accepted", "pending"],
    }
    told = document["mails"][1]
    assert [one["id"] for one in told["links"]] == [again]
    assert [one["act"] for one in told["bounces"]] == ["bounced"]
    assert told["providers"] == {"bob@example.org": "Big Mail"}
    assert "ann@elsewhere.example was passed over" in " ".join(told["explained"])
    assert "outside our view" in document["unseen"]
    assert json.loads(json.dumps(document)) == document
    for part in (first, again, "Big Mail", "Erna", "memory:", "outside our view", "passed over"):
        assert part in text
    assert "The body" not in text


def test_a_case_of_sensitive_mail_has_no_subject(store):
    """Neither document nor text tells it, even where a row should hold one."""
    vault = Vault(KEYS_OF_STORE, purpose=VAULT_PURPOSE)
    keep(store, a_mail(id="01", sensitive=True, subject="Your password"), vault=vault)
    run(store, update(mails.message).values(subject="Your password"))
    number, _, (found,) = store.journal.case(parse(""), now=NOW, most=10)
    case = CaseFile(query="", made_at=NOW, number=number, found=(found,))
    assert case.document()["mails"][0]["subject"] is None
    assert "Your password" not in case.markdown() + json.dumps(case.document())


def test_only_the_newest_mails_of_a_case_are_told_in_full(store):
    """How many there are is said all the same, and when the first of them all was queued."""
    for number in range(5):
        keep(store, a_mail(id=f"{number:02}"), now=NOW + timedelta(seconds=number))
    number, first, found = store.journal.case(parse(""), now=NOW, most=2)
    assert (number, first, [one.mail.id for one in found]) == (5, NOW, ["04", "03"])
    assert store.journal.case(parse("nobody"), now=NOW, most=2) == (0, None, ())


def test_a_case_that_is_cut_says_when_the_first_of_all_was_queued(mailer):
    """Who asks when it began is not told of the newest mails alone, nor that these were all."""
    for _ in range(3):
        sent(mailer)
    times = sorted(one.queued_at for one in mailer.journal.search().mails)
    case = mailer.journal.case("", most=1)
    assert (case.number, case.first, case.last) == (3, times[0], times[-1])
    assert case.document()["first"] == times[0].isoformat()
    assert "everything else is of the newest only (1)" in case.markdown()
    assert "nur die neuesten (Anzahl: 1)" in case.markdown("de")


def test_a_mail_is_sent_again_as_a_new_one(mailer):
    """It has the content of the first, an id, Message-ID and key of its own, and both know of it."""
    first = sent(mailer, cc="Eve <eve@example.org>", idempotency_key="order-1")
    again = mailer.journal.resend(first, reason="he asked", by="ann")
    before, after = mailer.journal.get(first), mailer.journal.get(again)
    assert again != first
    assert (after.how, after.linked_to, after.state, after.idempotency_key) == (
        "resend",
        first,
        "queued",
        None,
    )
    assert (after.subject, after.message_id == before.message_id) == ("Hello", False)
    assert [one.address for one in after.recipients] == ["bob@example.org", "eve@example.org"]
    assert [(one.act, one.by, one.reason, dict(one.facts)) for one in before.events] == [
        ("resent", "ann", "he asked", {"mail": again})
    ]
    mailer.deliver_due()
    assert mailer.journal.get(again).state == "done"
    assert len(mailer.captured) == 2


def test_a_mail_is_sent_again_to_somebody_else(mailer):
    """Nobody of the first one gets it; an open mail may be sent to another, too."""
    first = mailer.enqueue(message(cc="eve@example.org", bcc="zoe@example.org"))
    again = mailer.journal.resend(first, to="dora@example.org")
    assert [one.address for one in mailer.journal.get(again).recipients] == ["dora@example.org"]
    assert [str(one.address) for one in mailer._core.store_door.open("x").asked(first, vault=None).bcc] == [
        "zoe@example.org"
    ]


def test_what_may_not_be_sent_again_is_refused(mailer):
    """Sensitive mail, mail that may still go out, and mail whose content is kept no longer."""
    open_, secret = mailer.enqueue(message()), sent(mailer, sensitive=True)
    done = sent(mailer)
    store = mailer._core.store_door.open("a test")
    for mail, why in ((open_, "may still go out"), (secret, "sensitive"), ("nobody", "no mail nobody")):
        with pytest.raises(StoreError, match=why):
            mailer.journal.resend(mail)
    for missing in ({"reason": " "}, {"by": ""}):
        with pytest.raises(StoreError, match="sending again needs"):
            mailer.journal.resend(done, **missing)
    run(store, delete(mails.content).where(mails.content.c.message == done))
    with pytest.raises(StoreError, match="kept no longer"):
        mailer.journal.resend(done)
    assert [one.id for one in mailer.journal.search("state:queued").mails] == [open_]


def test_a_copy_of_test_mode_is_not_sent_to_its_real_recipients(mailer):
    """Not even when test mode is off again; to somebody who is named it is."""
    mailer.test_mode.on("test@suite.example", by="ann", reason="a try")
    copy = mailer.enqueue(message())
    mailer.deliver_due()
    mailer.test_mode.off(by="ann", reason="done")
    with pytest.raises(StoreError, match="copy of test mode"):
        mailer.journal.resend(copy)
    again = mailer.journal.get(mailer.journal.resend(copy, to="eve@example.org"))
    assert [one.envelope_address for one in again.recipients] == ["eve@example.org"]


def test_while_mail_is_captured_nothing_is_put_into_the_queue(mailer, request):
    """A test that captures mail changes no store."""
    first = sent(mailer)
    request.getfixturevalue("mailsend_outbox")
    assert mailer.journal.resend(first) != first
    assert mailer.journal.count() == 1


def test_todays_lists_count_when_a_mail_is_sent_again(mailer):
    """A recipient who was suppressed since gets no second copy."""
    first = sent(mailer)
    mailer.lists.suppress.add("bob@example.org", reason="by_hand", by="ann")
    with pytest.raises(MessageRefused):
        mailer.journal.resend(first)


def test_the_awaited_log_is_the_same(url):
    """Each method gives what the other mailer's does."""

    async def walk():
        async with AsyncMailer(settings(url)) as mailer:
            log = mailer.journal
            mail = await mailer.enqueue(message())
            assert (await log.get(mail)).subject == (await log.search()).mails[0].subject == "Hello"
            assert (await log.content(mail, by="ann")).text == "The body\n"
            assert await log.count("state:queued") == 1
            assert len([one async for one in log.export()]) == 2
            assert (await log.statistics()).total.mails == 1
            assert (await log.case("")).number == 1
            again = await log.resend(mail, to="eve@example.org", by="ann", reason="he asked")
            assert (await log.get(again)).linked_to == mail

    asyncio.run(walk())


def test_without_a_store_there_is_no_log():
    """The advice says what to set."""
    with Mailer(settings("memory:", store=None)) as mailer, pytest.raises(StoreError) as refused:
        mailer.journal.search()
    assert "application.store" in refused.value.advice


def test_what_goes_with_many_mails_is_looked_for_in_parts(store):
    """More mails and domains than one statement of any database takes."""
    names = [f"{number}.example" for number in range(70_000)]
    assert store._database.looking(lambda one: linked_mails(one, names)) == {}
    known = store.journal.providers([*names, "gmail.com"])
    assert (len(known), known["1.example"], bool(known["gmail.com"])) == (70_001, "", True)
