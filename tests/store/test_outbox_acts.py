"""What people do to the queue, by id and by query: once, written down with who and why, tried first (Q1, Q11)."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest
from queue_shop import TEST, a_mail, age, change, rows, settings, state, states, subjects
from sqlalchemy import update

from mailsend import AsyncMailer, Mailer, Settings
from mailsend.errors import InvalidQuery, MessageRefused, NotInStore, StoreError
from mailsend.store.outbox import book, doing
from mailsend.store.schema import mails
from mailsend.testing import ScriptedServer

WHO = {"by": "ann", "reason": "the case 4711"}


@pytest.fixture
def server():
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def shop(any_url, server):
    return settings(server.url, store=any_url)


@pytest.fixture
def mailer(shop):
    with Mailer(Settings.model_validate(shop)) as opened:
        yield opened


def events(mailer, id):
    return [(one.act, one.by, one.reason) for one in mailer.outbox.get(id).events]


def test_a_double_click_sends_once(mailer, server):
    """Kept in one request, released twice in another: those very bytes, one mail, and both clicks are told."""
    preview = mailer.preview(a_mail())
    id = mailer.keep(preview)
    assert (id, mailer.keep(preview)) == (preview.id, id)
    assert mailer.deliver_due().claimed == 0
    told = [mailer.outbox.release(id, **WHO) for _ in range(2)]
    assert [bool(one.changed) for one in told] == [True, False]
    mailer.deliver_due()
    again = mailer.outbox.release(id, **WHO)
    assert (again.changed, mailer.deliver_due().claimed) == ((), 0)
    assert [one.data for one in server.messages] == [preview.data]
    assert [one for one in events(mailer, id) if one[0] == "release"] == [("release", "ann", "the case 4711")]


def test_clicks_at_the_same_time_send_once(mailer, server):
    """Eight threads release it and two deliver: one release is written down."""
    id = mailer.keep(mailer.preview(a_mail()))
    ready = threading.Barrier(10)

    def run(work):
        ready.wait()
        work()

    works = [lambda: mailer.outbox.release(id, **WHO)] * 8 + [mailer.deliver_due] * 2
    threads = [threading.Thread(target=run, args=(one,)) for one in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    mailer.deliver_due()
    assert len(server.messages) == 1
    assert len(events(mailer, id)) == 1


def test_another_process_releases(url, server):
    """Kept by one Mailer, released and delivered by another that knows its id alone."""
    shop = settings(server.url, store=url)
    with Mailer(Settings.model_validate(shop)) as one:
        preview = one.preview(a_mail())
        id = one.keep(preview)

    async def release():
        async with AsyncMailer(Settings.model_validate(shop)) as other:
            await other.outbox.release(id, **WHO)
            return await other.deliver_due()

    assert asyncio.run(release()).accepted == 1
    assert server.messages[0].data == preview.data


def test_a_refusal_is_not_kept(mailer):
    """It is raised."""
    with pytest.raises(MessageRefused):
        mailer.keep(mailer.preview(a_mail(template="none", subject=None, text=None)))
    assert rows(mailer, mails.message) == []


@pytest.mark.parametrize(
    ("acts", "after"),
    [
        (["hold"], ("held", ["held"])),
        (["hold", "release"], ("queued", ["pending"])),
        (["freeze"], ("queued", ["pending"])),
        (["hold", "freeze", "thaw"], ("held", ["held"])),
        (["hold", "freeze", "force"], ("queued", ["pending"])),
        (["delete"], ("cancelled", ["cancelled"])),
        (["hold", "delete"], ("cancelled", ["cancelled"])),
    ],
)
def test_acts_in_turn(mailer, acts, after):
    """Each is an event with who and why, and what it did; tried first it changes nothing."""
    id = mailer.enqueue(a_mail())
    for act in acts:
        before = mailer.outbox.get(id)
        tried = getattr(mailer.outbox, act)(id, dry_run=True, **WHO)
        assert (tried.changed, tried.dry_run, mailer.outbox.get(id)) == ((id,), True, before)
        assert getattr(mailer.outbox, act)(id, **WHO).changed == (id,)
    assert state(mailer, id) == after
    words = ["cancel" if act == "delete" else act for act in acts]
    assert events(mailer, id) == [(act, "ann", "the case 4711") for act in words]


def test_what_cannot_be_done_says_why(mailer):
    """By the state that the mail is in, with what to do instead; nothing is written down."""
    id = mailer.enqueue(a_mail())
    for act in ("release", "thaw"):
        told = getattr(mailer.outbox, act)([id, "none"], **WHO)
        assert (told.changed, set(told.refused)) == ((), {id, "none"})
        assert "mailsend" in told.refused[id] or "nothing to thaw" in told.refused[id]
    assert events(mailer, id) == []


@pytest.mark.parametrize("missing", [{"reason": " "}, {"by": ""}])
def test_an_act_needs_a_reason_and_a_name(mailer, missing):
    """Neither may be empty."""
    id = mailer.enqueue(a_mail())
    with pytest.raises(StoreError, match="needs a"):
        mailer.outbox.hold(id, **{**WHO, **missing})
    assert state(mailer, id)[0] == "queued"


def test_by_query(mailer, server):
    """Exactly what it finds, tried first, with progress; a query that is none changes nothing."""
    ids = mailer.enqueue_many([a_mail(number, to=f"b{number % 2}@example.org") for number in range(10)])
    tried = mailer.outbox.hold(query="to:b1@example.org", dry_run=True, **WHO)
    assert states(mailer) == {"queued": 10}
    progress = []
    done = mailer.outbox.hold(query="to:b1@example.org", progress=progress.append, **WHO)
    assert sorted(done.changed) == sorted(tried.changed) == sorted(ids[1::2])
    assert progress == [5]
    with pytest.raises(InvalidQuery):
        mailer.outbox.delete(query="to:(", **WHO)
    mailer.outbox.delete(query="state:held", **WHO)
    assert states(mailer) == {"queued": 5, "cancelled": 5}
    mailer.deliver_due()
    assert subjects(server) == [f"Mail {number}" for number in range(0, 10, 2)]


def test_many_are_done_in_several_commits(mailer):
    """Five hundred of them, each with its event."""
    mailer.enqueue_many([a_mail(number) for number in range(450)])
    progress = []
    assert len(mailer.outbox.hold(query="state:queued", progress=progress.append, **WHO).changed) == 450
    assert progress == [200, 400, 450]
    assert sum(one.act == "hold" for one in rows(mailer, mails.event)) == 450


def test_a_mail_on_its_way_is_left_alone(mailer):
    """Nobody can take back what may be going out now; freezing it stops its next try alone."""
    id = mailer.enqueue(a_mail())
    mailer._core.queue_desk("a test").claim(1)[1].result()
    for act in ("hold", "delete", "retry", "force", "release"):
        assert getattr(mailer.outbox, act)(id, **WHO).changed == ()
    assert mailer.outbox.freeze(id, **WHO).changed == (id,)
    age(mailer, 121)
    assert mailer.deliver_due().claimed == 0
    assert (state(mailer, id)[0], mailer.outbox.get(id).frozen) == ("queued", True)
    mailer.outbox.thaw(id, **WHO)
    assert mailer.deliver_due().accepted == 1


def test_force_takes_what_is_unknown_and_done(mailer, server):
    """Once more, by a person's word; a mail that everybody has is not taken."""
    done, unknown = mailer.enqueue_many([a_mail(1), a_mail(2)])
    mailer.deliver_due()
    gone = mails.recipient.c.message == unknown
    change(mailer, update(mails.recipient).where(gone).values(outcome="unknown", pinned=_server(mailer)))
    told = mailer.outbox.force([done, unknown], **WHO)
    assert (told.changed, set(told.refused)) == ((unknown,), {done})
    mailer.deliver_due()
    assert subjects(server) == ["Mail 1", "Mail 2", "Mail 2"]


def _server(mailer):
    return mailer.rules.application.smarthosts[0].name


def test_force_asks_the_last_look_all_the_same(mailer, server):
    """A real mail does not go out in test mode, nor an expired one at all."""
    real = mailer.enqueue(a_mail(1))
    late = mailer.enqueue(a_mail(2, expires_at=datetime.now(UTC) + timedelta(seconds=50)))
    mailer.outbox.hold([real, late], **WHO)
    mailer.test_mode.on(TEST)
    age(mailer, 60)
    mailer.outbox.force([real, late], **WHO)
    mailer.deliver_due()
    assert (state(mailer, real)[0], state(mailer, late)[0], server.messages) == ("held", "expired", [])
    assert mailer.outbox.get(real).reason == "test_mode"


def test_a_released_mail_of_later_waits_for_its_time(mailer):
    """Releasing is no word to send it before."""
    id = mailer.keep(mailer.preview(a_mail(send_at=datetime.now(UTC) + timedelta(hours=1))))
    mailer.outbox.release(id, **WHO)
    assert mailer.deliver_due().claimed == 0
    age(mailer, 3601)
    assert mailer.deliver_due().accepted == 1


def test_a_question_names_its_mails_and_is_answered_once(mailer, server):
    """Two of three are asked about and confirmed twice at the same time: two real mails, the third is held."""
    mailer.test_mode.on(TEST)
    question = mailer.test_mode.question([a_mail(1), a_mail(2)])
    other = mailer.test_mode.question([a_mail(3)])
    assert (question.count, [str(one) for one in question.recipients], str(question.goes_to)) == (
        2,
        ["bob@example.org"],
        TEST,
    )
    told = []

    def confirm():
        try:
            told.append(mailer.test_mode.confirm(question.token, by="ann").sent)
        except StoreError as problem:
            told.append(str(problem))

    threads = [threading.Thread(target=confirm) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    mailer.deliver_due()
    assert [one.recipients for one in server.messages] == [("bob@example.org",)] * 2
    assert subjects(server) == ["Mail 1", "Mail 2"]
    assert sum(isinstance(one, str) and "answered by ann" in one for one in told) == 3
    (answered,) = [one for one in told if not isinstance(one, str)]
    for copy, real in answered.items():
        assert state(mailer, copy)[0] == "cancelled"
        assert ("confirmed", "ann", "sent for real") in events(mailer, real)
        assert mailer.outbox.get(real).linked_to == copy
    assert state(mailer, other.messages[0])[0] == "held"


def test_a_question_has_its_time_and_a_token_cannot_be_made_up(mailer):
    """Too late, wrong, of another key, or without a name: each is told, and nothing is sent."""
    mailer.test_mode.on(TEST)
    question = mailer.test_mode.question([a_mail()])
    wrong = question.token[:-1] + ("0" if question.token[-1] != "0" else "1")
    for token, by, why in (
        (wrong, "ann", "no answer"),
        ("", "ann", "no answer"),
        ("ä.ö", "ann", "no answer"),
        (question.token, " ", "the name"),
    ):
        with pytest.raises(StoreError, match=why):
            mailer.test_mode.confirm(token, by=by)
    age(mailer, 901)
    for answer in (mailer.test_mode.confirm, mailer.test_mode.keep_testing):
        with pytest.raises(StoreError, match="time to answer"):
            answer(question.token, by="ann")
    assert states(mailer) == {"held": 1}


def test_to_keep_testing_is_no_word_to_send_for_real(mailer, server):
    """A real mail that was held is asked about, and test mode is off when somebody says: go on testing."""
    held = mailer.enqueue(a_mail(1))
    mailer.outbox.hold(held, **WHO)
    mailer.test_mode.on(TEST)
    question = mailer.test_mode.question([held, a_mail(2)])
    mailer.test_mode.off()
    answer = mailer.test_mode.keep_testing(question.token, by="ann")
    assert set(answer.refused) == {held}
    mailer.deliver_due()
    assert [one.recipients for one in server.messages] == [(TEST,)]
    assert state(mailer, held)[0] == "held"


def test_a_reason_is_written_down_whatever_is_in_it(mailer):
    """What no database takes as text stands there as U+FFFD: a shell may give any octets."""
    id = mailer.enqueue(a_mail())
    assert mailer.outbox.hold(id, reason="no\0 \udcff", by="ann\udcff").changed == (id,)
    assert events(mailer, id)[-1] == ("hold", "ann\ufffd", "no\ufffd \ufffd")
    assert mailer.outbox.get(id).why == "no\ufffd \ufffd"


def test_what_a_query_finds_is_looked_at_again_before_anything_is_done(mailer, monkeypatch):
    """Many mails take a while: one that a colleague has let go meanwhile is not deleted with the held ones."""
    monkeypatch.setattr(book, "_AT_ONCE", 1)
    first, second, third = (mailer.enqueue(a_mail(one)) for one in range(3))
    mailer.outbox.hold([first, second, third], **WHO)

    def meanwhile(done):
        if done == 1:
            assert mailer.outbox.release(second, reason="it is right", by="bob").changed == (second,)

    done = mailer.outbox.delete(query="state:held", progress=meanwhile, **WHO)
    assert (done.changed, dict(done.refused)) == ((third, first), {})
    assert [state(mailer, one)[0] for one in (first, second, third)] == ["cancelled", "queued", "cancelled"]
    named = mailer.outbox.delete([second], query="state:held", **WHO)
    assert (named.changed, dict(named.refused)) == ((second,), {})


def test_a_frozen_mail_does_not_go_out_by_itself(mailer):
    """Whoever releases it is told what keeps it: it is not held, but the clock passes it by."""
    id = mailer.enqueue(a_mail())
    mailer.outbox.freeze(id, **WHO)
    told = "The mail is frozen. Thaw it: mailsend queue thaw; or force it."
    assert dict(mailer.outbox.release(id, **WHO).refused) == {id: told}


def test_a_frozen_mail_that_is_held_is_not_asked_to_expire(mailer, monkeypatch):
    """The clock passes it by: no duty writes in vain, however often it comes."""
    later = datetime.now(UTC) + timedelta(hours=1)
    frozen, held = (mailer.enqueue(a_mail(one, expires_at=later)) for one in range(2))
    mailer.outbox.hold([frozen, held], **WHO)
    mailer.outbox.freeze(frozen, **WHO)
    asked = []
    monkeypatch.setattr(doing, "act_on", lambda _, act, mail, **more: asked.append((str(act), mail)))
    mailer.upkeep.expire(now=later + timedelta(seconds=1))
    assert asked == [("expire", held)]


def test_every_frozen_mail_is_counted(mailer):
    """A held one too: thawed or forced is what it waits for beside its release."""
    held, queued = (mailer.enqueue(a_mail(one)) for one in range(2))
    mailer.outbox.hold(held, **WHO)
    mailer.outbox.freeze([held, queued], **WHO)
    assert (mailer.outbox.stats().frozen, len(mailer.outbox.search("frozen:yes").mails)) == (2, 2)
    mailer.outbox.delete(queued, **WHO)
    assert mailer.outbox.stats().frozen == 1


@pytest.mark.parametrize("id", ["a\0", "\udcff", "x" * 10_000, ""])
def test_what_is_no_id_is_told_as_such(mailer, id):
    """Whatever an address of a page gave: nothing of the kind is there, in any database."""
    for look in (mailer.outbox.get, mailer.outbox.content, mailer.journal.get, mailer.journal.content):
        with pytest.raises(NotInStore):
            look(id)
    assert dict(mailer.outbox.hold(id, **WHO).refused) == {id: "the store has no mail with this id"}
    with pytest.raises(NotInStore):
        mailer.journal.resend(id, **WHO)


@pytest.mark.parametrize("number", [-1, 0, 2**31, 2**63, 10**30, "x"])
def test_what_is_no_number_of_a_standing_hold_is_told_as_such(mailer, number):
    """No database is asked for what it cannot hold."""
    with pytest.raises(NotInStore, match="there is no standing hold"):
        mailer.outbox.lift(number, **WHO)
