"""One key, one request, one mail: for send and enqueue, across threads and processes, for seven days (M36)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
import threading
from datetime import UTC, datetime, timedelta

import pytest
from queue_shop import TEST, a_mail, age, rows, settings, state, subjects

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import IdempotencyConflict, MessageRefused, SubmissionRejected
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

DAY = 24 * 3600


@pytest.fixture
def server():
    with ScriptedServer(replies={"gone@example.org": "550 5.1.1 User unknown"}) as running:
        yield running


@pytest.fixture
def shop(any_url, server):
    return settings(server.url, store=any_url)


@pytest.fixture
def mailer(shop):
    with Mailer(Settings.model_validate(shop)) as opened:
        yield opened


def keyed(key="order-1", number=1, **fields):
    return a_mail(number, idempotency_key=key, **fields)


def test_the_same_request_is_one_mail(mailer, server):
    """Put in three times it has one id, and goes out once."""
    assert len({mailer.enqueue(keyed()) for _ in range(3)}) == 1
    mailer.deliver_due()
    mailer.enqueue(keyed())
    assert mailer.deliver_due().claimed == 0
    assert subjects(server) == ["Mail 1"]


def test_sent_a_second_time_it_tells_what_the_first_time_came_to(mailer, server):
    """Recipient by recipient, with the server's reply, and no second mail."""
    first = mailer.send(keyed(to=["bob@example.org", "gone@example.org"]))
    second = mailer.send(keyed(to=["bob@example.org", "gone@example.org"]))
    assert (second.id, second.message_id, second.digest) == (first.id, first.message_id, first.digest)
    assert [
        (str(who), one.outcome, one.reply, one.server, one.attempts) for who, one in second.recipients.items()
    ] == [
        (str(who), one.outcome, one.reply, one.server, one.attempts) for who, one in first.recipients.items()
    ]
    assert len(server.messages) == 1


def test_a_refused_mail_sent_a_second_time_raises_as_the_first_time(mailer, server):
    """And no server is asked again."""
    told = []
    for _ in range(2):
        with pytest.raises(SubmissionRejected) as raised:
            mailer.send(keyed(to="gone@example.org"))
        told.append(str(raised.value))
    assert told[0] == told[1]
    assert server.commands.count("RCPT TO:<gone@example.org>") == 1


def test_send_and_enqueue_share_their_keys(mailer, server):
    """What was queued is not sent besides, and what was sent is not queued besides."""
    id = mailer.enqueue(keyed("a"))
    report = mailer.send(keyed("a"))
    assert (report.id, report.queued, server.messages) == (id, True, [])
    sent = mailer.send(keyed("b", 2))
    assert mailer.enqueue(keyed("b", 2)) == sent.id
    mailer.deliver_due()
    assert subjects(server) == ["Mail 1", "Mail 2"]


@pytest.mark.parametrize(
    "other", [{"number": 2}, {"to": "zoe@example.org"}, {"cc": "zoe@example.org"}, {"tags": ("a",)}]
)
def test_another_request_with_the_key_is_refused(mailer, server, other):
    """By every door, and nothing of it is kept; what differs may be anything that was asked for."""
    mailer.enqueue(keyed())
    for door in (mailer.enqueue, mailer.send, lambda one: mailer.enqueue_many([a_mail(9), one])):
        with pytest.raises(IdempotencyConflict, match="order-1"):
            door(keyed(**other))
    assert len(rows(mailer, mails.message)) == len(rows(mailer, mails.content)) == 1
    assert server.messages == []


def test_what_does_not_belong_to_the_request_makes_no_conflict(mailer):
    """Another minute makes other bytes, and it is the same request."""
    first = mailer.preview(keyed())
    second = mailer.preview(keyed())
    assert first.id != second.id
    assert mailer.enqueue(first) == mailer.enqueue(second) == first.id


def test_a_key_is_kept_for_seven_days(mailer):
    """And for as long as its mail is open; then it is free."""
    first = mailer.enqueue(keyed())
    age(mailer, 8 * DAY)
    assert mailer.enqueue(keyed()) == first
    age(mailer, -8 * DAY)
    mailer.deliver_due()
    age(mailer, 7 * DAY - 60)
    assert mailer.enqueue(keyed()) == first
    age(mailer, 120)
    assert mailer.enqueue(keyed()) != first


def test_a_cancelled_mail_frees_its_key(mailer, server):
    """The next one with the key is another mail, though the request were another one."""
    first = mailer.enqueue(keyed())
    mailer.outbox.delete(first)
    second = mailer.enqueue(keyed(number=2))
    assert second != first
    mailer.deliver_due()
    assert subjects(server) == ["Mail 2"]


def test_a_refused_message_takes_no_key(mailer):
    """It was never put in."""
    with pytest.raises(MessageRefused):
        mailer.enqueue(keyed(template="none-of-this-name", subject=None, text=None))
    mailer.enqueue(keyed())


@pytest.mark.parametrize("door", ["expiry", "window"])
def test_an_expired_mail_frees_its_key_unless_somebody_accepted_it(mailer, server, door):
    """Who got it must not get it again; where nobody did, the application may try anew."""
    later = datetime.now(UTC) + timedelta(days=1)
    more = {"expires_at": later} if door == "expiry" else {}
    server.replies["busy@example.org"] = "450 4.2.1 Busy"
    nobody = mailer.enqueue(keyed("a", to="busy@example.org", **more))
    somebody = mailer.enqueue(keyed("b", to=["busy@example.org", "bob@example.org"], **more))
    mailer.deliver_due()
    age(mailer, 3 * DAY + 60)
    mailer.deliver_due()
    assert (state(mailer, nobody)[0], state(mailer, somebody)[0]) == ("expired", "expired")
    assert mailer.enqueue(keyed("a", 2)) != nobody
    with pytest.raises(IdempotencyConflict):
        mailer.enqueue(keyed("b", 2))


def test_a_held_mail_that_expires_frees_its_key_unless_somebody_accepted_it(mailer, server):
    """The duty that ends held mail goes by the same rule as the queue."""
    later = datetime.now(UTC) + timedelta(hours=1)
    server.replies["busy@example.org"] = "450 4.2.1 Busy"
    nobody = mailer.enqueue(keyed("a", to="busy@example.org", expires_at=later))
    somebody = mailer.enqueue(keyed("b", to=["busy@example.org", "bob@example.org"], expires_at=later))
    mailer.deliver_due()
    assert mailer.outbox.hold([nobody, somebody]).changed == (nobody, somebody)
    assert mailer.upkeep.expire(now=later + timedelta(seconds=1)) == 2
    assert (state(mailer, nobody)[0], state(mailer, somebody)[0]) == ("expired", "expired")
    assert mailer.enqueue(keyed("a", 2)) != nobody
    with pytest.raises(IdempotencyConflict):
        mailer.enqueue(keyed("b", 2))


def test_each_customer_has_its_own_keys(any_url, server):
    """Two customers may count their orders alike."""
    shop = settings(server.url, store=any_url)
    shop["customers"] = {name: {"allowed_domains": [f"{name}.example"]} for name in ("rats", "owls")}
    with Mailer(Settings.model_validate(shop)) as mailer:
        ids = {mailer.enqueue(keyed(number=name, customer=name)) for name in ("rats", "owls", None)}
        assert len(ids) == 3
        mailer.deliver_due()
    assert subjects(server) == ["Mail None", "Mail owls", "Mail rats"]


def test_a_test_copy_does_not_take_the_key_of_the_real_mail(mailer, server):
    """Tried in test mode first, it goes out for real afterwards under the same key."""
    mailer.test_mode.on(TEST)
    copy = mailer.enqueue(keyed())
    mailer.test_mode.off()
    real = mailer.enqueue(keyed())
    assert copy != real
    mailer.deliver_due()
    assert sorted(one.recipients for one in server.messages) == [("bob@example.org",), (TEST,)]


def test_eight_threads_with_one_key_send_once(mailer, server):
    """All get the same id, whether they sent or enqueued."""
    got = []
    ready = threading.Barrier(8)

    def run(number):
        ready.wait()
        if number % 2:
            got.append(mailer.enqueue(keyed()))
        else:
            got.append(mailer.send(keyed()).id)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    mailer.deliver_due()
    assert (len(got), len(set(got)), len(server.messages)) == (8, 1, 1)


def test_many_tasks_of_an_async_mailer_with_one_key_send_once(any_url, server):
    """They wait for nothing but the store, and one of them sends."""

    async def run():
        async with AsyncMailer(Settings.model_validate(settings(server.url, store=any_url))) as mailer:
            reports = await asyncio.gather(*[mailer.send(keyed()) for _ in range(10)])
            return {one.id for one in reports}

    assert len(asyncio.run(run())) == 1
    assert len(server.messages) == 1


PROGRAM = """
import json, sys
from mailsend import Mailer, Message, Settings
with Mailer(Settings.model_validate(json.loads(sys.argv[1]))) as mailer:
    print("ready", flush=True)
    input()
    for number in range(10):
        one = Message(from_="ann@suite.example", to="bob@example.org", subject=f"Mail {number}", text="Hi",
                      idempotency_key=f"order-{number}")
        print(mailer.send(one).id if sys.argv[2] == "send" else mailer.enqueue(one))
"""


def test_processes_with_the_same_keys_send_once(url, server):
    """Two that send and one that enqueues, at the same time: ten mails, and all know them by the same ids."""
    shop = settings(server.url, store=url)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), json.dumps(shop), door],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for door in ("send", "send", "enqueue")
    ]
    for one in running:
        assert one.stdout.readline() == "ready\n"
    for one in running:
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0].split() for one in running]
    assert [one.returncode for one in running] == [0, 0, 0]
    assert said[0] == said[1] == said[2]
    with Mailer(Settings.model_validate(shop)) as mailer:
        mailer.deliver_due()
    assert subjects(server) == [f"Mail {number}" for number in range(10)]
