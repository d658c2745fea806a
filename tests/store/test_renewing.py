"""A stored mail that waited before its first attempt: Date and signatures alone are new (M34)."""

from __future__ import annotations

import base64
import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from queue_shop import TEST, a_mail, acts, age, change, rows, settings, state
from sqlalchemy import update

from mailsend import Attachment, Mailer, Settings
from mailsend.mailer import core
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

HOUR = 3600
_SIGNATURE = re.compile(rb"\ADKIM-Signature:(?:.*\r\n)(?:[ \t].*\r\n)*")
_DATE = re.compile(rb"^Date: (.*)\r\n", re.MULTILINE)


def _key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEYS = {selector: _key() for selector in ("first", "second")}


def _pem(selector):
    key = KEYS[selector].private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key.decode()


def _record(name, timeout=5):
    """Give the key record of a selector, as the DNS would."""
    selector = name.decode().split(".")[0]
    public = KEYS[selector].public_key()
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public.public_bytes(*form))


def verified(data):
    """Give by whose selector a mail's one signature holds."""
    assert dkim.verify(data, dnsfunc=_record)
    (selector,) = re.findall(rb"^DKIM-Signature:(?:.*\r\n(?:[ \t].*\r\n)*?.*)\bs=(\w+)", data, re.MULTILINE)
    return selector.decode()


def bare(data):
    """Give a mail without what may be new: its signature and its Date."""
    return _DATE.sub(b"", _SIGNATURE.sub(b"", data, count=1), count=1)


def date(data):
    return parsedate_to_datetime(_DATE.search(data)[1].decode())


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def make(any_url, server):
    """Give what makes a Mailer on the store, that signs with these selectors."""
    opened = []

    def made(*selectors, **more):
        keys = [{"domain": "suite.example", "selector": one, "key": _pem(one)} for one in selectors]
        shop = settings(server.url, store=any_url, dkim_keys=keys, **more)
        opened.append(Mailer(Settings.model_validate(shop)))
        if any_url == "memory:" and len(opened) > 1:  # it is one Mailer's alone
            opened[-1]._core.store_door._store = opened[0]._core.store_door.open("a test")
        return opened[-1]

    yield made
    for one in reversed(opened):
        one.close()


@pytest.fixture
def earlier(monkeypatch):
    """Give what lets a message be prepared so long ago."""

    @contextmanager
    def ago(**long):
        with monkeypatch.context() as patch:
            patch.setattr(core, "utc_now", lambda: datetime.now(UTC) - timedelta(**long))
            yield

    return ago


def kept(mailer):
    """Give the frozen bytes of the one mail that is there."""
    (row,) = rows(mailer, mails.content)
    return bytes(row.data)


def test_within_an_hour_nothing_is_new(make, server):
    """The bytes are those that were frozen, to the last octet."""
    mailer = make("first")
    id = mailer.enqueue(a_mail())
    frozen = kept(mailer)
    age(mailer, HOUR - 60)
    mailer.deliver_due()
    assert server.messages[0].data == frozen
    assert (verified(frozen), acts(mailer, id)) == ("first", [])


def test_after_an_hour_date_and_signature_alone_are_new(make, server, earlier):
    """The signature holds, all else is as it was; both digests and the event are kept, and the new bytes."""
    mailer = make("first")
    with earlier(hours=2):
        preview = mailer.preview(a_mail())
    id = mailer.enqueue(preview)
    frozen = kept(mailer)
    mailer.deliver_due()
    sent = server.messages[0].data
    assert sent != frozen
    assert bare(sent) == bare(frozen)
    assert (verified(sent), kept(mailer)) == ("first", sent)
    assert abs(datetime.now(UTC) - date(sent)) < timedelta(minutes=10)
    assert date(sent) - date(frozen) > timedelta(hours=1)

    mail = mailer.outbox.get(id)
    (event,) = mail.events
    assert (event.act, event.facts) == ("renewed", {"before": mail.first_digest, "after": mail.digest})
    assert mail.digest != mail.first_digest
    assert mail.size == len(sent)


def test_a_retry_never_makes_it_anew(make, server):
    """However long it waits between two attempts, and whatever the rules say by then."""
    mailer = make("first")
    server.misbehave("rcpt-450")
    id = mailer.enqueue(a_mail())
    frozen = kept(mailer)
    mailer.deliver_due()
    age(mailer, 5 * HOUR)
    server.behave()
    other = make("second")
    other.deliver_due()
    assert server.messages[0].data == frozen == kept(other)
    assert acts(other, id) == []


def test_a_selector_that_is_no_longer_active_is_replaced(make, server):
    """At once, though it did not wait: the mail is signed with today's key."""
    first = make("first")
    first.enqueue(a_mail())
    frozen = kept(first)
    second = make("second")
    second.deliver_due()
    assert bare(server.messages[0].data) == bare(frozen)
    assert verified(server.messages[0].data) == "second"
    (row,) = rows(second, mails.message)
    signed = next(one for one in json.loads(row.decisions) if one["step"] == "signatures")
    assert [one["selector"] for one in signed["facts"]["signatures"]] == ["second"]


def test_other_rules_alone_make_nothing_new(make, server):
    """A setting has changed that has nothing to do with the signature."""
    first = make("first")
    first.enqueue(a_mail())
    frozen = kept(first)
    make("first", contact="somebody@suite.example").deliver_due()
    assert server.messages[0].data == frozen


def test_a_mail_of_later_is_not_late_when_its_time_has_come(make, server):
    """Its Date is send_at: an hour after that, and not after it was prepared, it would be made anew."""
    mailer = make("first")
    id = mailer.enqueue(a_mail(send_at=datetime.now(UTC) + timedelta(hours=5)))
    frozen = kept(mailer)
    age(mailer, 5 * HOUR + 60)
    mailer.deliver_due()
    assert server.messages[0].data == frozen
    assert acts(mailer, id) == []


@pytest.mark.parametrize("sensitive", [False, True])
def test_files_and_sealed_content_stay_what_they_are(make, server, sensitive):
    """Large contents are kept once, sensitive ones encrypted, before and after."""
    mailer = make("first")
    file = Attachment.from_bytes(bytes(range(256)) * 300, filename="invoice.bin")
    preview = mailer.preview(a_mail(attachments=(file,), sensitive=sensitive))
    mailer.enqueue(preview)
    age(mailer, HOUR + 60)
    server.misbehave("mail-451:1")
    mailer.deliver_due()
    assert file.encoded not in kept(mailer)
    assert (b"Subject" in kept(mailer)) is not sensitive
    age(mailer, 61)
    mailer.deliver_due()
    sent = server.messages[0].data
    assert (verified(sent), bare(sent) == bare(preview.data)) == ("first", True)


def test_what_a_person_kept_is_made_anew_when_it_is_released_late(make, server, earlier):
    """A preview kept over the weekend goes out with today's Date."""
    mailer = make("first")
    with earlier(hours=60):
        preview = mailer.preview(a_mail())
    id = mailer.keep(preview)
    mailer.outbox.release(id)
    mailer.deliver_due()
    sent = server.messages[0].data
    assert (bare(sent), verified(sent)) == (bare(preview.data), "first")
    assert date(sent) - date(preview.data) > timedelta(hours=59)


def test_a_mail_that_does_not_go_out_is_not_made_anew(make, server):
    """Held by test mode it stays as it is, however often somebody lets it go."""
    mailer = make("first")
    id = mailer.enqueue(a_mail())
    frozen = kept(mailer)
    age(mailer, 2 * HOUR)
    mailer.test_mode.on(TEST)
    for _ in range(2):
        mailer.deliver_due()
        assert state(mailer, id) == ("held", ["held"])
        mailer.outbox.release(id)
    assert (kept(mailer), "renewed" in acts(mailer, id), server.messages) == (frozen, False, [])


def test_a_worker_that_dies_between_loses_nothing(make, server):
    """The new bytes are in the store before they go out: the next worker sends those."""
    mailer = make("first")
    server.misbehave("greet-421")
    mailer.enqueue(a_mail())
    age(mailer, 2 * HOUR)
    mailer.deliver_due()
    made = kept(mailer)
    change(mailer, update(mails.message).values(attempts=0))
    change(mailer, update(mails.recipient).values(attempts=0))
    server.behave()
    age(mailer, 120)
    mailer.deliver_due()
    assert server.messages[0].data == made


def test_a_mail_that_cannot_be_made_anew_is_tried_again_later(make, server):
    """Its stored Message is gone or cannot be read: nothing is sent under an old signature, no other waits."""
    mailer = make("first")
    broken, sound = mailer.enqueue_many([a_mail(1), a_mail(2)])
    change(mailer, update(mails.content).where(mails.content.c.message == broken).values(asked=b"{"))
    age(mailer, 2 * HOUR)
    mailer.deliver_due()
    assert state(mailer, sound) == ("done", ["accepted"])
    assert state(mailer, broken) == ("queued", ["deferred"])
    assert len(server.messages) == 1
    age(mailer, 72 * HOUR)
    mailer.deliver_due()
    assert state(mailer, broken) == ("expired", ["expired"])
