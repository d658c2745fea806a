"""The author of a mail is told once that it was given up, and nobody else (Q5, M14, M16)."""

from __future__ import annotations

import json
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from kept_mails import keep, rows, run
from mail_strategies import shop
from sqlalchemy import delete, insert, update
from store_samples import NOW
from stored_mails import a_mail

from mailsend import Mailer, Settings
from mailsend.care import DUTIES, run_due
from mailsend.care.notices import tell_authors
from mailsend.care.notices.given_up import MOST_SINGLE, _case, _single
from mailsend.model.list_entry import ListName, ListPattern
from mailsend.model.report import Outcome
from mailsend.store.schema import mails
from mailsend.store.times import moment

MINUTE = timedelta(minutes=1)
ANN = "ann@operations-the-rat.example"
REJECTED = {
    "outcome": "rejected",
    "reason": "no_such_user",
    "code": 550,
    "enhanced": "5.1.1",
    "reply": "User unknown",
    "server": "mx.example.org:587",
}


@pytest.fixture
def mailer(url):
    """Give a Mailer of the shop with an empty store, whose smarthost keeps what it takes."""
    settings = shop(store=url, notification_sender="Acme Suite <notices@suite.example>")
    with Mailer(Settings.model_validate(settings)) as opened:
        yield opened


def store_of(mailer):
    return mailer._core.store_door.open("a test")


def give_up(mailer, name, *, at=NOW, told=(0,), recipients=None, **fields):
    """Put a mail in that was given up for the recipients at these positions."""
    store = store_of(mailer)
    recipients = dict.fromkeys(told, REJECTED) if recipients is None else recipients
    keep(store, a_mail(id=name, **fields), state="done", done_at=at, recipients=recipients)
    tell(mailer, name, at=at, told=told)


def tell(mailer, name, *, at=NOW, told=(0,)):
    """Write down that a mail was given up."""
    event = {
        "at": moment(at),
        "by": "mailsend",
        "act": "gave_up",
        "message": name,
        "customer": "ratcatcher",
        "reason": "",
        "facts": json.dumps({"recipients": list(told)}),
    }
    run(store_of(mailer), (insert(mails.event), event))


def told(mailer, now=NOW):
    """Do the duty; give its counts but for the time."""
    counts = dict(tell_authors(mailer, now))
    counts.pop("since")
    return counts


def sent(mailer):
    """Deliver what is queued; give all notices, parsed, with their envelopes."""
    while mailer.deliver_due().claimed:
        pass
    return [(one.envelope, message_from_bytes(one.data, policy=policy.default)) for one in mailer.captured]


def reasons(mailer, act="gave_up"):
    return [one.reason for one in rows(store_of(mailer), mails.event) if one.act == act]


def test_the_author_is_told_field_by_field(mailer):
    """A notice in three parts, from our notice sender, under a null reverse-path, without the content."""
    give_up(mailer, "01a", text="The secret of the house.", subject="Your order")
    assert told(mailer) == {"notices": 1, "waiting": 0}

    ((envelope, notice),) = sent(mailer)
    assert (str(envelope.reverse_path), [str(one) for one in envelope.recipients]) == ("", [ANN])
    wanted = {
        "From": "Acme Suite <notices@suite.example>",
        "To": ANN,
        "Subject": "Not handed over: Your order",
        "Auto-Submitted": "auto-replied",
        "References": "<01a@operations-the-rat.example>",
    }
    assert {name: str(notice[name]) for name in wanted} == wanted
    assert notice.get_content_type() == "multipart/report"
    words, status, header = notice.iter_parts()
    assert "bob@example.org: there is no such mailbox." in words.get_content()
    assert "mx.example.org:587 said: 550 5.1.1 User unknown" in words.get_content()
    assert [dict(one.items()) for one in status.get_payload()] == [
        {
            "Reporting-MTA": "dns; suite.example",
            "Original-Envelope-Id": "01a",
            "Arrival-Date": "Sun, 22 Nov 2026 08:30:15 +0000",
        },
        {
            "Original-Recipient": "rfc822; bob@example.org",
            "Final-Recipient": "rfc822; bob@example.org",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.example.org",
            "Diagnostic-Code": "smtp; 550 5.1.1 User unknown",
            "Last-Attempt-Date": "Sun, 22 Nov 2026 08:30:15 +0000",
        },
    ]
    original = message_from_bytes(header.get_payload(decode=True), policy=policy.default)
    assert (original["Subject"], original["To"]) == ("Your order", "Bob <bob@example.org>")
    assert original.get_content() == ""
    assert b"secret of the house" not in notice.as_bytes()


def test_an_author_is_told_once(mailer):
    """However often the duty is done, and whoever does it."""
    give_up(mailer, "01a")
    assert [told(mailer, NOW + MINUTE * n) for n in range(2)] == [
        {"notices": 1, "waiting": 0},
        {"waiting": 0},
    ]
    assert len(sent(mailer)) == 1
    assert reasons(mailer) == reasons(mailer, "noticed") == ["reply_to"]


def test_two_that_do_the_duty_at_once_tell_once(mailer):
    """Who comes second finds the event told, and writes nothing."""
    give_up(mailer, "01a")
    book = mailer.upkeep.notices
    waiting = book.waiting(since=NOW - MINUTE)
    assert told(mailer) == {"notices": 1, "waiting": 0}

    case = _case(mailer.upkeep, waiting[0], mailer.rules.scope("ratcatcher"), NOW)
    assert _single(mailer.upkeep, case, NOW) == "told_by_others"
    assert len(sent(mailer)) == 1


def test_a_second_end_of_the_same_mail_is_told_too(mailer):
    """One recipient is refused at once, another given up days later: each is told of, once."""
    later = {"outcome": "deferred", "reason": "greylisted", "code": 450, "reply": "later"}
    give_up(
        mailer,
        "01a",
        to=["bob@example.org", "zoe@example.org"],
        recipients={0: REJECTED, 1: later},
    )
    assert told(mailer) == {"notices": 1, "waiting": 0}
    run(
        store_of(mailer),
        update(mails.recipient).where(mails.recipient.c.position == 1).values(outcome="expired"),
    )
    tell(mailer, "01a", at=NOW + 60 * MINUTE, told=(1,))
    assert told(mailer, NOW + 61 * MINUTE) == {"notices": 1, "waiting": 0}

    first, second = (list(one.iter_parts())[1].get_payload() for _, one in sent(mailer))
    assert [(one["Final-Recipient"], one["Action"]) for one in first[1:]] == [
        ("rfc822; bob@example.org", "failed"),
        ("rfc822; zoe@example.org", "delayed"),
    ]
    assert [(one["Final-Recipient"], one["Action"]) for one in second[1:]] == [
        ("rfc822; zoe@example.org", "failed")
    ]


def test_the_archive_is_nobodys_business(mailer):
    """Who gets a copy of everything does not stand in notices."""
    give_up(mailer, "01a")
    ((_, notice),) = (told(mailer), sent(mailer))[1]
    assert b"archive@" not in notice.as_bytes()


def test_the_words_are_those_of_the_customer(mailer):
    """A German-speaking unit is told in German."""
    give_up(mailer, "01a", business_unit="zurich", subject="Rechnung")
    told(mailer)
    ((_, notice),) = sent(mailer)
    assert str(notice["Subject"]) == "Nicht übergeben: Rechnung"
    assert "dieses Postfach gibt es nicht" in next(notice.iter_parts()).get_content()


def test_a_foreign_author_is_not_told_unless_somebody_vouches(mailer):
    """The customer's admin is, instead; reply_to_verified is the application's word."""
    give_up(mailer, "01a", reply_to="mallory@example.net")
    give_up(mailer, "01b", reply_to="known@example.net", reply_to_verified=True)
    assert told(mailer) == {"notices": 2, "waiting": 0}
    assert sorted(str(one.recipients[0]) for one, _ in sent(mailer)) == [
        "it@operations-the-rat.example",
        "known@example.net",
    ]


def test_what_a_message_says_of_itself_is_no_vouching(mailer):
    """Text that looks like the word is text."""
    give_up(
        mailer,
        "01a",
        reply_to="mallory@example.net",
        text='"reply_to_verified":true',
        metadata={"reply_to_verified": "true"},
    )
    told(mailer)
    ((envelope, _),) = sent(mailer)
    assert str(envelope.recipients[0]) == "it@operations-the-rat.example"


def test_a_recipient_of_the_mail_is_not_told(mailer):
    """Else two systems could begin to answer each other."""
    give_up(mailer, "01a", to=[ANN])
    told(mailer)
    ((envelope, _),) = sent(mailer)
    assert str(envelope.recipients[0]) == "it@operations-the-rat.example"


def test_a_suppressed_author_is_not_told(mailer):
    """Nor one that a list holds."""
    pattern = ListPattern.parse(ANN)
    store_of(mailer).lists.add(ListName.SUPPRESS, pattern, customer="ratcatcher", by="ann", now=NOW)
    give_up(mailer, "01a")
    told(mailer)
    ((envelope, _),) = sent(mailer)
    assert str(envelope.recipients[0]) == "it@operations-the-rat.example"


@pytest.mark.parametrize(
    ("changed", "reason"), [({"kind": "status"}, "own_mail"), ({"in_test_mode": 1}, "test_copy")]
)
def test_some_mails_cause_no_notice(mailer, changed, reason):
    """A notice of a notice, or of a test copy: nobody is told, and the log says why."""
    give_up(mailer, "01a")
    run(store_of(mailer), update(mails.message).values(**changed))
    assert [told(mailer), told(mailer)] == [{"passed_over": 1, "waiting": 0}, {"waiting": 0}]
    assert (sent(mailer), reasons(mailer)) == ([], [reason])


def test_a_sensitive_mail_is_told_of_without_its_subject(mailer):
    """Its content is gone by then, and what stands for it is From and Message-ID alone (M37)."""
    give_up(mailer, "01a", subject="Your new password")
    store = store_of(mailer)
    run(store, update(mails.message).values(sensitive=1, subject=""), delete(mails.content))
    told(mailer)
    ((_, notice),) = sent(mailer)
    assert b"password" not in notice.as_bytes()
    assert str(notice["Subject"]) == "A mail was not handed over"
    header = list(notice.iter_parts())[2].get_payload(decode=True)
    assert header == (
        b"From: Ann <ann@operations-the-rat.example>\r\nMessage-ID: <01a@operations-the-rat.example>\r\n"
    )


def test_without_its_content_the_record_tells(mailer):
    """Retention may have been faster than the retry window."""
    give_up(mailer, "01a", subject="Your order")
    run(store_of(mailer), delete(mails.content))
    told(mailer)
    ((_, notice),) = sent(mailer)
    assert b"Subject: Your order\r\n" in list(notice.iter_parts())[2].get_payload(decode=True)


def test_over_ten_in_an_hour_the_rest_is_one_digest(mailer):
    """Ten of one mail each, then one of all that is left, and no second digest within the hour."""
    for number in range(MOST_SINGLE + 3):
        give_up(mailer, f"01a{number:02}", subject=f"Order {number}")
    assert told(mailer) == {"notices": MOST_SINGLE, "digests": 1, "waiting": 0}
    *_, (envelope, digest) = sent(mailer)
    assert (str(envelope.reverse_path), str(digest["Subject"])) == ("", "3 mails were not handed over")
    text = digest.get_content()
    assert [f"Order {number}  (01a{number})" in text for number in (9, 10, 11, 12)] == [
        False,
        True,
        True,
        True,
    ]
    assert "bob@example.org: there is no such mailbox." in text

    give_up(mailer, "01b", at=NOW + 5 * MINUTE)
    assert told(mailer, NOW + 10 * MINUTE) == {"waiting": 1}
    assert told(mailer, NOW + 61 * MINUTE) == {"notices": 1, "waiting": 0}


def test_what_waits_for_its_hour_is_not_lost_however_long_nobody_worked(mailer):
    """The duty remembers since when something waits."""
    for number in range(MOST_SINGLE + 1):
        give_up(mailer, f"01a{number:02}")
    give_up(mailer, "01z", at=NOW)
    (notices,) = [one for one in DUTIES if one.name == "notices"]
    run_due(mailer, (notices,), clock=lambda: NOW)
    give_up(mailer, "01late", at=NOW + MINUTE)
    (ran,) = run_due(mailer, (notices,), clock=lambda: NOW + 2 * MINUTE)
    assert ran.told["waiting"] == 1
    (ran,) = run_due(mailer, (notices,), clock=lambda: NOW + timedelta(days=30))
    assert (ran.told["notices"], ran.told["waiting"]) == (1, 0)


def test_an_expired_mail_says_that_its_time_was_over(mailer):
    """With what the server said last."""
    expired = {
        "outcome": str(Outcome.EXPIRED),
        "reason": "greylisted",
        "code": 451,
        "enhanced": "4.7.1",
        "reply": "Later",
    }
    give_up(mailer, "01a", recipients={0: expired})
    told(mailer)
    ((_, notice),) = sent(mailer)
    words, status, _ = notice.iter_parts()
    assert "no server took it within the time that was allowed" in words.get_content()
    assert status.get_payload()[1]["Status"] == "4.7.1"


def test_the_notice_stays_with_its_customer(mailer):
    """In the log it is found with the customer's other mail, as mail of our own."""
    give_up(mailer, "01a")
    told(mailer)
    (notice,) = [one for one in rows(store_of(mailer), mails.message) if one.kind == "status"]
    assert (notice.customer, notice.how, notice.reverse_path) == ("ratcatcher", "notice", "")
    assert notice.linked_to == "01a"
    (event,) = [one for one in rows(store_of(mailer), mails.event) if one.act == "noticed"]
    assert (event.message, json.loads(event.facts)) == ("01a", {"notice": notice.id, "digest": False})
