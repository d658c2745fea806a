"""Rounds of the queue against real servers: what is retried, held, given up, or sent once more."""

from __future__ import annotations

import json
import random
import string
from datetime import UTC, datetime, timedelta

import pytest
from queue_shop import TEST, a_mail, acts, age, change, rows, settings, state, states, subjects
from sqlalchemy import delete, update

from mailsend import Mailer, Settings
from mailsend.model.rules import Rules
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

MINUTE = 60


@pytest.fixture
def server():
    with ScriptedServer(
        replies={
            "gone@example.org": "550 5.1.1 User unknown",
            "busy@example.org": "450 4.2.1 Busy, come back in 20 minutes",
        }
    ) as running:
        yield running


@pytest.fixture
def make(any_url):
    """Give what makes a Mailer on the store, with these servers."""
    opened = []

    def made(*urls, **application):
        opened.append(Mailer(Settings.model_validate(settings(*urls, store=any_url, **application))))
        return opened[-1]

    yield made
    for one in opened:
        one.close()


@pytest.fixture
def mailer(make, server):
    return make(server.url)


def due_in(mailer, id):
    """Give in how many seconds a mail is due, to the nearest ten."""
    return round((mailer.outbox.get(id).due_at - datetime.now(UTC)).total_seconds() / 10) * 10


def test_a_subject_of_any_length_is_put_in_and_found(mailer, server):
    """No index of a database limits it."""
    subject = "".join(random.Random(1).choices(string.ascii_letters, k=9000))
    id = mailer.enqueue(a_mail(subject=subject))
    assert mailer.deliver_due().accepted == 1
    assert [one.id for one in mailer.journal.search(subject[4000:4020]).mails] == [id]


def test_recipients_of_different_fates(mailer, server):
    """One is accepted, one refused for good, one tried again when the server said; nobody gets two."""
    id = mailer.enqueue(a_mail(to=["bob@example.org", "gone@example.org", "busy@example.org"]))
    done = mailer.deliver_due()
    assert (done.claimed, done.accepted, done.rejected, done.deferred) == (1, 1, 1, 1)
    assert state(mailer, id) == ("queued", ["accepted", "rejected", "deferred"])
    assert due_in(mailer, id) == 20 * MINUTE
    assert acts(mailer, id) == ["gave_up"]

    server.replies.clear()
    age(mailer, 20 * MINUTE + 10)
    assert mailer.deliver_due().accepted == 1
    assert [one.recipients for one in server.messages] == [("bob@example.org",), ("busy@example.org",)]
    assert state(mailer, id) == ("done", ["accepted", "rejected", "accepted"])
    assert server.messages[0].data == server.messages[1].data
    assert len(mailer.outbox.get(id).attempts) == 2


def test_a_server_that_is_away_is_tried_in_steps(mailer, server):
    """1, 5, 15 minutes after each other, and the mail goes out when it is back."""
    server.misbehave("mail-451")
    id = mailer.enqueue(a_mail())
    for minutes in (1, 5, 15):
        assert mailer.deliver_due().deferred == 1
        assert due_in(mailer, id) == minutes * MINUTE
        assert mailer.deliver_due().claimed == 0
        age(mailer, minutes * MINUTE + 1)
    server.behave()
    assert mailer.deliver_due().accepted == 1
    assert mailer.outbox.get(id).attempts_made == 4


def test_at_the_end_of_its_window_it_expires(mailer, server):
    """With the last reply in its row, and an event by which its author is told."""
    server.misbehave("rcpt-450")
    id = mailer.enqueue(a_mail())
    mailer.deliver_due()
    age(mailer, 3 * 24 * 3600 + 1)
    assert mailer.deliver_due().expired == 1
    mail = mailer.outbox.get(id)
    assert (str(mail.state), mail.recipients[0].code, acts(mailer, id)) == ("expired", 450, ["gave_up"])
    age(mailer, 3600)
    assert mailer.deliver_due().claimed == 0


def test_a_mail_past_its_expiry_is_not_sent(mailer, server):
    """Queued in time and claimed too late: no server hears of it."""
    id = mailer.enqueue(a_mail(expires_at=datetime.now(UTC) + timedelta(hours=1)))
    age(mailer, 3601)
    assert mailer.deliver_due().expired == 1
    assert (state(mailer, id), server.connections) == (("expired", ["expired"]), 0)
    assert acts(mailer, id) == ["gave_up"]


def test_a_mail_expires_between_two_tries(mailer, server):
    """Its next try would come after its expiry: it is looked at then, and ends."""
    server.misbehave("rcpt-450")
    id = mailer.enqueue(a_mail(expires_at=datetime.now(UTC) + timedelta(seconds=30)))
    assert mailer.deliver_due().deferred == 1
    assert due_in(mailer, id) == 30
    age(mailer, 31)
    assert mailer.deliver_due().expired == 1
    assert subjects(server) == []


def test_a_mail_of_later_waits_for_its_time(mailer, server):
    """send_at is in the row, and neither a claim nor a word of the wrong kind sends it before."""
    id = mailer.enqueue(a_mail(send_at=datetime.now(UTC) + timedelta(hours=1)))
    assert mailer.deliver_due().claimed == 0
    mailer.outbox.retry(id)
    assert mailer.deliver_due().accepted == 0
    assert state(mailer, id) == ("queued", ["pending"])
    assert due_in(mailer, id) == 3600
    age(mailer, 3601)
    assert mailer.deliver_due().accepted == 1


def test_a_permanent_fault_of_the_server_holds_the_mail(mailer, server):
    """Nobody is told that he was given up; released when it is mended, it has its whole window again."""
    server.misbehave("mail-530")
    id = mailer.enqueue(a_mail(to=["bob@example.org", "zoe@example.org"]))
    assert mailer.deliver_due().held == 2
    mail = mailer.outbox.get(id)
    assert (str(mail.state), acts(mailer, id)) == ("held", [])
    assert mail.reason == mail.recipients[0].reason

    age(mailer, 4 * 24 * 3600)
    server.behave()
    server.misbehave("rcpt-450:2")
    mailer.outbox.release(id, reason="mended", by="ann")
    assert mailer.deliver_due().deferred == 2
    age(mailer, 5 * MINUTE + 1)
    assert mailer.deliver_due().accepted == 2


def test_silence_is_followed_once_by_the_same_bytes_at_the_same_server(make, server):
    """Fifteen minutes later, though another server would be there; then it stays unknown."""
    with ScriptedServer() as other:
        mailer = make(f"{server.url}&dot_timeout=0.3", other.url)
        server.misbehave("silent-when-taken")
        id = mailer.enqueue(a_mail())
        assert mailer.deliver_due().unknown == 1
        assert (state(mailer, id), due_in(mailer, id)) == (("queued", ["unknown"]), 15 * MINUTE)
        age(mailer, 15 * MINUTE + 1)
        assert mailer.deliver_due().unknown == 1
        assert state(mailer, id) == ("done", ["unknown"])
        age(mailer, 24 * 3600)
        assert mailer.deliver_due().claimed == 0
        assert [one.data for one in server.messages] == [server.messages[0].data] * 2
        assert other.connections == 0
        assert acts(mailer, id) == []


def test_a_second_try_that_is_refused_for_now_says_nothing_of_the_first(make, server):
    """It stays unknown, keeps to its server, and nobody is told that it was given up."""
    with ScriptedServer() as other:
        mailer = make(f"{server.url}&dot_timeout=0.3", other.url)
        server.misbehave("silent-when-taken:1")
        id = mailer.enqueue(a_mail())
        mailer.deliver_due()
        server.misbehave("greet-421")
        age(mailer, 15 * MINUTE + 1)
        mailer.deliver_due()
        assert state(mailer, id) == ("queued", ["unknown"])
        age(mailer, 3 * 24 * 3600)
        mailer.deliver_due()
        assert state(mailer, id) == ("done", ["unknown"])
        assert (other.connections, acts(mailer, id)) == (0, [])


@pytest.mark.parametrize("ends", ["expired", "route gone"])
def test_what_may_have_arrived_is_not_called_lost(make, server, ends):
    """Its expiry comes, or its server leaves the rules, while it waits for its second try: it is unknown."""
    first = make(f"{server.url}&dot_timeout=0.3")
    server.misbehave("silent-when-taken")
    expiry = datetime.now(UTC) + timedelta(minutes=10)
    id = first.enqueue(a_mail(expires_at=expiry if ends == "expired" else None))
    first.deliver_due()
    age(first, 15 * MINUTE + 1)
    if ends == "route gone":
        change(first, update(mails.message).values(routes=json.dumps([["application", "another"]])))
    first.deliver_due()
    assert state(first, id) == ("done", ["unknown"])
    assert acts(first, id) == []
    assert len(server.messages) == 1


def test_under_hold_a_person_decides_after_silence(make, server):
    """Released it goes to that server again, as the same mail; cancelled it is still not called cancelled."""
    with ScriptedServer() as other:
        urls = (f"{server.url}&dot_timeout=1", other.url)
        mailer = make(*urls, retry={"unknown": "hold"})
        server.misbehave("silent-when-taken:2")
        one, two = mailer.enqueue_many([a_mail(1), a_mail(2)])
        assert mailer.deliver_due().held == 2
        assert state(mailer, one) == state(mailer, two) == ("held", ["held"])
        mailer.outbox.delete(two, reason="enough", by="ann")
        assert state(mailer, two) == ("cancelled", ["unknown"])
        mailer.outbox.release(one, reason="not arrived", by="ann")
        assert state(mailer, one) == ("queued", ["unknown"])
        assert mailer.deliver_due().accepted == 1
        assert (subjects(server), other.connections) == (["Mail 1", "Mail 1", "Mail 2"], 0)


def test_a_retry_does_not_shorten_what_silence_asks_for(make, server):
    """Only force does: then it is sent at once, a second time."""
    mailer = make(f"{server.url}&dot_timeout=1")
    server.misbehave("silent-when-taken:1")
    id = mailer.enqueue(a_mail())
    mailer.deliver_due()
    mailer.outbox.retry(id)
    assert mailer.deliver_due().accepted == 0
    assert len(server.messages) == 1
    mailer.outbox.force(id)
    assert mailer.deliver_due().accepted == 1


def test_a_worker_that_died_before_the_mark_costs_nothing(make, server):
    """Its lease ends; the next one sends, once, the same bytes."""
    mailer = make(server.url)
    id = mailer.enqueue(a_mail())
    claimed = mailer._core.queue_desk("a test").claim(10)[1].result()
    assert [one.row.id for one in claimed] == [id]
    age(mailer, 121)
    assert mailer.deliver_due().accepted == 1
    assert len(server.messages) == 1


def test_a_copy_for_the_archive_has_its_own_fate(make, server):
    """It is deferred while the recipient is accepted, and is sent alone later."""
    server.replies["archive@suite.example"] = "450 4.2.1 Busy"
    mailer = make(server.url, archive_bcc="archive@suite.example")
    id = mailer.enqueue(a_mail())
    mailer.deliver_due()
    assert state(mailer, id) == ("queued", ["accepted", "deferred"])
    server.replies.clear()
    age(mailer, MINUTE + 1)
    mailer.deliver_due()
    assert state(mailer, id) == ("done", ["accepted", "accepted"])
    assert [one.recipients for one in server.messages] == [("bob@example.org",), ("archive@suite.example",)]


def test_a_test_copy_goes_to_the_test_address_once(make, server):
    """Three recipients in test mode, one envelope: the server hears of one address, and all three say so."""
    mailer = make(server.url, test_mode={"enabled": True, "recipient": TEST})
    id = mailer.enqueue(a_mail(to=["bob@example.org", "zoe@example.org"], bcc="eve@example.org"))
    server.misbehave("rcpt-450:1")
    mailer.deliver_due()
    assert state(mailer, id) == ("queued", ["deferred"] * 3)
    age(mailer, MINUTE + 1)
    mailer.deliver_due()
    assert [one.recipients for one in server.messages] == [(TEST,)]
    assert state(mailer, id) == ("done", ["accepted"] * 3)


def test_with_return_paths_of_their_own_each_recipient_has_an_envelope(make, server):
    """VERP: one is deferred, and only that one is sent again, under the same reverse-path."""
    mailer = make(server.url, bounce_address="bounces@suite.example")
    id = mailer.enqueue(a_mail(to=["bob@example.org", "busy@example.org"]))
    mailer.deliver_due()
    assert state(mailer, id) == ("queued", ["accepted", "deferred"])
    paths = [json.loads(one.envelopes) for one in rows(mailer, mails.message)][0]
    server.replies.clear()
    age(mailer, 20 * MINUTE + 1)
    mailer.deliver_due()
    assert [[one.reverse_path, list(one.recipients)] for one in server.messages] == paths
    assert len({path for path, _ in paths}) == 2


def test_one_mail_that_cannot_be_read_stops_no_other(mailer, server):
    """Its content is gone, or no mail any more: it is held with why, and the rest of the round goes out."""
    ids = mailer.enqueue_many([a_mail(number) for number in range(4)])
    change(
        mailer,
        delete(mails.content).where(mails.content.c.message == ids[0]),
        update(mails.content).where(mails.content.c.message == ids[1]).values(cuts='[[0,"none"]]'),
        update(mails.recipient).where(mails.recipient.c.message == ids[2]).values(envelope_address="?"),
    )
    assert mailer.deliver_due().claimed == 4
    assert [state(mailer, one)[0] for one in ids] == ["held", "held", "held", "done"]
    assert mailer.outbox.get(ids[0]).reason == "unreadable"
    assert "kept no longer" in mailer.outbox.get(ids[0]).why
    assert subjects(server) == ["Mail 3"]


def test_a_directory_that_is_away_stops_no_other_customer(server, any_url):
    """Whose rules cannot be had is tried again in a minute; all others go out."""
    shop = settings(server.url, store=any_url)
    away = []

    class Directory:
        def rules_for(self, customer, business_unit):
            if customer in away:
                raise ConnectionError("the directory is away")
            customers = {customer: {"allowed_domains": ["suite.example"]}}
            return Rules.from_dict({"application": _plain(shop["application"]), "customers": customers})

    with Mailer(Settings.model_validate(shop), directory=Directory()) as mailer:
        one, two = (mailer.enqueue(a_mail(name, customer=name)) for name in ("rats", "owls"))
        away.append("rats")
        mailer.deliver_due()
        assert (state(mailer, one), state(mailer, two)) == (("queued", ["deferred"]), ("done", ["accepted"]))
        assert due_in(mailer, one) == MINUTE
        away.clear()
        age(mailer, MINUTE + 1)
        mailer.deliver_due()
        assert subjects(server) == ["Mail owls", "Mail rats"]


def _plain(application):
    return {name: value for name, value in application.items() if name not in ("store", "secret_keys")}


def test_a_server_that_left_the_rules_holds_its_mail(make, server):
    """It is told why; back among the rules and released it goes out."""
    mailer = make(server.url)
    id = mailer.enqueue(a_mail())
    kept = rows(mailer, mails.message)[0].routes
    change(mailer, update(mails.message).values(routes=json.dumps([["application", "another"]])))
    mailer.deliver_due()
    mail = mailer.outbox.get(id)
    assert (str(mail.state), mail.reason) == ("held", "route_gone")
    assert "no longer among the rules" in mail.why
    change(mailer, update(mails.message).values(routes=kept))
    mailer.outbox.release(id)
    mailer.deliver_due()
    assert states(mailer) == {"done": 1}


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"limit": -1}, "limit: 0 mails or more, not -1"),
        ({"concurrency": 0}, "concurrency: at least 1, not 0"),
    ],
)
def test_a_round_that_could_send_nothing_claims_nothing(make, asked, told):
    """It is refused in words, and the mail stays due; any other number is taken."""
    mailer = make()
    mailer.enqueue(a_mail())
    with pytest.raises(ValueError, match=told):
        mailer.deliver_due(**asked)
    assert states(mailer) == {"queued": 1}
    assert mailer.deliver_due(10**20, concurrency=10**20).accepted == 1
