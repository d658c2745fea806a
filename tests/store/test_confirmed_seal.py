"""That a mail was confirmed is sealed with a key: who can write the database cannot get round test mode (M35)."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from kept_mails import keep
from queue_shop import KEY, TEST, a_mail, age, change, rows, settings, state
from sqlalchemy import insert, update
from store_samples import NOW
from stored_mails import a_mail as finished

from mailsend import Mailer, Settings
from mailsend.mailer import clock
from mailsend.mailer.queueing import renewing
from mailsend.mailer.queueing.ending import ending_of_lapsed
from mailsend.model.rules import RetryRules
from mailsend.model.secret import Secret
from mailsend.store.confirmed import is_confirmed, seal_of, told_by
from mailsend.store.schema import mails
from mailsend.store.schema.upkeep import test_switch
from mailsend.store.times import moment
from mailsend.testing import ScriptedServer

ROW = {
    "id": "01mail",
    "customer": "rats",
    "how": "confirmed",
    "digest": "d" * 64,
    "envelopes": '[["bounce@suite.example",["bob@example.org"]]]',
}
OLD, NEW = Secret("the-key-that-sealed-it-then"), Secret("the-key-that-came-after-it")


def row(**changed):
    return SimpleNamespace(**{**ROW, "seal": seal_of(ROW, [OLD]), "subject": "Hello", **changed})


# The seal itself.


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "02mail"},
        {"customer": ""},
        {"digest": "e" * 64},
        {"envelopes": ROW["envelopes"].replace("bob", "eve")},
        {"how": "enqueue"},
        {"seal": ""},
        {"seal": "0" * 64},
        {"seal": "\u00fc\ud800"},
    ],
)
def test_a_seal_fits_one_mail_alone(changed):
    """Its id, its customer, its bytes and its envelopes; nothing else that stands in the row."""
    assert is_confirmed(row(), [OLD])
    assert is_confirmed(row(subject="Another"), [OLD])
    assert not is_confirmed(row(**changed), [OLD])


def test_what_an_older_key_sealed_is_known_as_long_as_that_key_is():
    """The first seals, all know; without any key nothing is confirmed."""
    assert is_confirmed(row(), [NEW, OLD])
    assert not is_confirmed(row(), [NEW])
    assert not is_confirmed(row(), [])
    assert seal_of(ROW, [NEW, OLD]) == seal_of(ROW, [NEW]) != seal_of(ROW, [OLD])


def test_a_seal_says_what_it_is_about():
    """What is read of a row is what is sealed."""
    assert told_by(row()) == ROW


def test_parts_cannot_be_moved_into_each_other():
    """Customers have any names: where one part ends and the next begins is sealed as well."""
    one = {**ROW, "customer": 'rats","confirmed'}
    assert seal_of(one, [OLD]) != seal_of({**ROW, "how": 'confirmed","confirmed'}, [OLD])


# In the queue.


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def mailer(any_url, server):
    asked = settings(server.url, store=any_url, test_mode={"recipient": TEST})
    with Mailer(Settings.model_validate(asked)) as opened:
        yield opened


def of(mail, table=mails.message):
    return update(table).where((table.c.id if table is mails.message else table.c.message) == mail)


def to_whom(server):
    return [one.recipients for one in server.messages]


@pytest.fixture
def confirmed(mailer):
    """Give a mail that ann let out while test mode is on; nobody has delivered it yet."""
    mailer.test_mode.on(by="ann")
    question = mailer.test_mode.question([a_mail()])
    (mail,) = mailer.test_mode.confirm(question.token, by="ann").sent.values()
    return mail


@pytest.fixture
def two_hours_later(mailer, monkeypatch):
    """Give what lets two hours pass since the mail was prepared; its Date is one of whole seconds."""

    def passed():
        age(mailer, 7200)
        later = clock.utc_now() + timedelta(hours=2)
        monkeypatch.setattr(renewing, "utc_now", lambda: later)

    return passed


def test_a_confirmed_mail_bears_a_seal(mailer, server, confirmed):
    """Made by the first secret key; it goes out in spite of test mode."""
    (kept,) = [one for one in rows(mailer, mails.message) if one.id == confirmed]
    assert kept.seal == seal_of(told_by(kept), [Secret(KEY)])
    assert {one.seal for one in rows(mailer, mails.message) if one.id != confirmed} == {""}
    assert (mailer.deliver_due().accepted, to_whom(server)) == (1, [("bob@example.org",)])


@pytest.mark.parametrize("seal", ["", "0" * 64])
def test_a_row_is_not_confirmed_by_saying_so(mailer, server, seal):
    """It is held like all else that is for real recipients."""
    mail = mailer.enqueue(a_mail())
    mailer.test_mode.on(by="ann")
    change(mailer, of(mail).values(how="confirmed", seal=seal))
    assert (mailer.deliver_due().held, to_whom(server)) == (1, [])
    assert (state(mailer, mail), mailer.outbox.get(mail).reason) == (("held", ["held"]), "test_mode")


def test_a_seal_lets_no_other_mail_out(mailer, server, confirmed):
    """Taken from a mail that was confirmed, it fits no second one."""
    (kept,) = [one for one in rows(mailer, mails.message) if one.id == confirmed]
    mailer.test_mode.off(by="ann")
    mail = mailer.enqueue(a_mail(1, to="eve@example.org"))
    mailer.test_mode.on(by="ann")
    change(mailer, of(mail).values(how="confirmed", seal=kept.seal))
    mailer.deliver_due()
    assert to_whom(server) == [("bob@example.org",)]
    assert state(mailer, mail)[0] == "held"


def test_other_recipients_were_not_confirmed(mailer, server, confirmed):
    """Whoever puts somebody else into the envelopes breaks the seal."""
    envelopes = rows(mailer, mails.message)[-1].envelopes.replace("bob@example.org", "eve@example.org")
    change(
        mailer,
        of(confirmed).values(envelopes=envelopes),
        of(confirmed, mails.recipient).values(envelope_address="eve@example.org"),
    )
    assert (mailer.deliver_due().held, to_whom(server)) == (1, [])


def test_a_seal_goes_on_to_fit_what_is_made_anew(mailer, server, confirmed, two_hours_later):
    """Date and signatures are renewed after an hour (M34); a second try goes out as the first one may."""
    (before,) = [one for one in rows(mailer, mails.message) if one.id == confirmed]
    two_hours_later()
    server.replies["bob@example.org"] = "451 4.3.0 Later"
    assert mailer.deliver_due().deferred == 1
    (after,) = [one for one in rows(mailer, mails.message) if one.id == confirmed]
    assert after.digest != before.digest
    assert after.seal == seal_of(told_by(after), [Secret(KEY)]) != before.seal
    server.replies.clear()
    age(mailer, 7200)
    assert (mailer.deliver_due().accepted, to_whom(server)) == (1, [("bob@example.org",)])


def test_what_is_not_confirmed_is_not_sealed_by_being_made_anew(mailer, server, two_hours_later):
    """Else whoever writes a row would have it sealed for the next time."""
    mail = mailer.enqueue(a_mail())
    change(mailer, of(mail).values(how="confirmed", seal="0" * 64))
    two_hours_later()
    server.replies["bob@example.org"] = "451 4.3.0 Later"
    assert mailer.deliver_due().deferred == 1
    (after,) = rows(mailer, mails.message)
    assert (after.seal, after.digest != after.first_digest) == ("", True)


@pytest.mark.parametrize("confirmed", [True, False])
def test_the_mark_believes_no_row(store, confirmed):
    """Switched on since the last look: what counts is whether the seal was looked at, not what the row says."""
    keep(store, finished())
    (one,) = store.queue.claim(
        name="one",
        most=9,
        now=NOW,
        lease=60,
        settle=lambda lapsed: ending_of_lapsed(lapsed, retry=RetryRules(), now=NOW),
    ).result()
    with store._database.writing() as transaction:
        run = transaction.connection.execute
        run(update(mails.message).values(how="confirmed"))
        run(
            insert(test_switch),
            {"scope": "", "enabled": 1, "recipient": TEST, "by": "ann", "at": moment(NOW)},
        )
    marked = store.queue.mark(one.row.id, one.row.fence, (0, 1), server="mx", now=NOW, confirmed=confirmed)
    assert marked.result() is confirmed
