"""Who claims knows the limits of its servers, whoever put the mail in, and before that is committed."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from datetime import timedelta

import pytest
from queue_shop import a_mail, age, change, rows, settings, states, store_of
from sqlalchemy import create_engine, update
from sqlalchemy.pool import NullPool

from mailsend import Mailer, Settings
from mailsend.decide.limit import Limit, Rate
from mailsend.errors import StoreError
from mailsend.mailer.clock import utc_now
from mailsend.mailer.queueing.own_rates import OwnRates
from mailsend.model.rules import Rules
from mailsend.store import upgrade
from mailsend.store.schema.mails import message
from mailsend.store.schema.upkeep import limit

LIMITED, FASTER = "memory:?max_per_day=2", "memory:?max_per_day=3"


@pytest.fixture
def make(any_url):
    """Give what makes a Mailer on the store with these servers."""
    opened = []

    def made(*urls, **application):
        opened.append(Mailer(Settings.model_validate(settings(*urls, store=any_url, **application))))
        if any_url == "memory:" and len(opened) > 1:  # it is one Mailer's alone
            opened[-1]._core.store_door._store = store_of(opened[0])
        return opened[-1]

    yield made
    for one in reversed(opened):
        one.close()


def rates(mailer):
    """Give what the store knows: each limit's amounts, and how much of them is taken."""
    return [[(one.amount, one.taken) for one in each.rates] for each in mailer.limits.list()]


def test_who_claims_writes_its_own_limits_down():
    """Though no mail was ever put in; with the settings' customers' servers, and without what has no limit."""
    shop = settings(LIMITED, "smtp://free.example:587", store="memory:")
    shop["customers"] = {
        "rats": {"allowed_domains": ["rats.example"], "servers": ["smtp://rats.example:587?max_per_minute=5"]}
    }
    with Mailer(Settings.model_validate(shop)) as mailer:
        assert mailer.deliver_due().claimed == 0
        assert sorted(rates(mailer)) == [[(2, 0)], [(5, 0)]]


def test_what_has_no_limits_writes_nothing(make):
    """Most have none."""
    mailer = make()
    mailer.deliver_due()
    assert rows(mailer, limit) == []


def test_a_raised_limit_lets_what_waits_for_it_go_at_once(make):
    """What was taken stays taken: of three a day one is left, and the first that waits has it."""
    old = make(LIMITED)
    for number in range(5):
        old.enqueue(a_mail(number))
    assert [old.deliver_due().accepted for _ in range(2)] == [2, 0]
    new = make(FASTER)
    assert new.deliver_due().accepted == 1
    assert rates(new) == [[(3, 3)]]
    assert (new.deliver_due().claimed, states(new)) == (0, {"queued": 2, "done": 3})


def test_a_limit_that_was_taken_away_keeps_nobody_waiting(make):
    """The mails that waited for it go out, in the order of the queue, and its count is forgotten."""
    old = make(LIMITED)
    old.enqueue_many([a_mail("first"), a_mail("second"), a_mail("third"), a_mail("urgent", priority=5)])
    held = old.enqueue(a_mail("held"))
    old.outbox.hold(held, reason="a test", by="ann")
    assert old.deliver_due().accepted == 2
    new = make("memory:")
    assert new.deliver_due().accepted == 2
    assert rows(new, limit) == []
    assert [one.lane for one in rows(new, message) if one.state == "held"] == [""]


def test_only_what_waits_for_a_changed_limit_is_due_anew(make):
    """Another limit keeps its mails, and no mail goes before its own time; a place by priority stays one."""
    mailer = make(LIMITED)
    tomorrow = utc_now() + timedelta(days=1)
    ours = mailer.enqueue(a_mail("ours", priority=2))
    others = mailer.enqueue(a_mail("another's"))
    later = mailer.enqueue(a_mail("later", send_at=tomorrow))
    before = {one.id: (one.due_at, one.rank) for one in rows(mailer, message)}
    off = 40 * 86_400 * 1_000_000
    change(
        mailer,
        update(message).values(due_at=message.c.due_at + off, rank=message.c.rank + off),
        update(message).where(message.c.id == others).values(lane="another"),
    )
    store_of(mailer).limits.keeping({"memory::0": Limit((Rate(3, 86_400.0),))}, utc_now()).result()
    after = {one.id: (one.due_at, one.rank) for one in rows(mailer, message)}
    assert {one: after[one] == before[one] for one in before} == {ours: True, others: False, later: True}


def test_a_limit_that_is_reset_makes_what_waits_for_it_due(make):
    """The first goes at once, which writes the limit down anew."""
    mailer = make(LIMITED)
    for number in range(4):
        mailer.enqueue(a_mail(number))
    assert [mailer.deliver_due().accepted for _ in range(2)] == [2, 0]
    (known,) = mailer.limits.list()
    mailer.limits.reset(known.name, reason="the provider raised it", by="ann")
    assert mailer.deliver_due().accepted == 1


def test_a_limit_that_nobody_wrote_down_holds_all_the_same(make):
    """The first mail takes from it by itself; the others come back for that, and are counted."""
    mailer = make(LIMITED)
    for number in range(5):
        mailer.enqueue(a_mail(number))
    mailer.deliver_due(limit=0)
    (known,) = mailer.limits.list()
    mailer.limits.reset(known.name, reason="a test", by="ann")
    first = mailer.deliver_due()
    assert (first.claimed, first.accepted, rates(mailer)) == (1, 1, [[(2, 1)]])
    for _ in range(3):
        age(mailer, 1)
        mailer.deliver_due()
    assert (states(mailer), rates(mailer)) == ({"queued": 3, "done": 2}, [[(2, 2)]])


@pytest.mark.postgres
def test_a_callers_transaction_keeps_nobody_from_a_limit(postgres):
    """Others take from it while the first limited mail of all is not committed yet."""
    url = postgres.new_database()
    upgrade(url)
    engine = create_engine(url, poolclass=NullPool)
    with Mailer(Settings.model_validate(settings(LIMITED, store=url))) as mailer:
        with engine.begin() as connection:
            mailer.enqueue(a_mail(1), connection)
            mailer.enqueue(a_mail(2))
            assert mailer.deliver_due().accepted == 1
            assert mailer.send(a_mail(3)).complete
        assert mailer.deliver_due().claimed == 0
        assert rates(mailer) == [[(2, 2)]]
    engine.dispose()


def test_a_callers_transaction_writes_no_limit(url):
    """The row is everybody's; the mail is counted as any other once it is committed."""
    engine = create_engine(url, poolclass=NullPool)
    with Mailer(Settings.model_validate(settings(LIMITED, store=url))) as mailer:
        with engine.begin() as connection:
            mailer.enqueue_many([a_mail(one) for one in range(3)], connection)
        assert rates(mailer) == []
        assert mailer.deliver_due().accepted == 2
        assert rates(mailer) == [[(2, 2)]]
    engine.dispose()


class Away:
    """A book that fails the first time."""

    def __init__(self):
        self.asked = []

    def keeping(self, limits, now):
        self.asked.append(limits)
        told = Future()
        told.set_exception(StoreError("it is away")) if len(self.asked) == 1 else told.set_result(None)
        return told


def test_what_could_not_be_written_is_written_the_next_time(caplog):
    """A store that is away for a moment stops no claim."""
    rules = Rules.from_dict(settings(LIMITED, store="memory:"))
    own, book = OwnRates(rules), Away()
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            own.keep(book)
    assert book.asked == [{"memory::0": Limit((Rate(2, 86_400.0),))}] * 2
    assert "it is away" in caplog.text
