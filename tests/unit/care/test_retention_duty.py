"""The duty of retention: each customer's days, and nothing where they cannot be read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from kept_mails import keep, rows
from mail_strategies import shop
from stored_mails import NOW, a_mail

from mailsend import Mailer, Settings
from mailsend.care.retention import RETENTION, forget_what_is_old
from mailsend.errors import InvalidSettings
from mailsend.mailer.ids import new_id
from mailsend.store.events import note
from mailsend.store.schema import mails

DAY = timedelta(days=1)


def settings(**customer):
    found = shop(store="memory:")
    found["customers"]["ratcatcher"].update(customer)
    return Settings.model_validate(found)


def put(mailer, name, **fields):
    store = mailer._core.store_door.open("a test")
    keep(store, a_mail(id=name, **fields), state="done", done_at=NOW)
    return store


def names(store, table, column="id"):
    return sorted(getattr(one, column) for one in rows(store, table))


def test_contents_and_records_go_by_each_customers_days():
    """The customer's own where it says so, 28 for all others, the application's mail too."""
    with Mailer(settings(content_days=7, log_days=90)) as mailer:
        store = put(mailer, "01rat")
        put(mailer, "01owl", customer="owl", from_="ann@owl.example")
        put(mailer, "01own", customer=None, from_="ann@suite.example")
        seen = [
            (dict(forget_what_is_old(mailer, NOW + days * DAY)), names(store, mails.content, "message"))
            for days in (6, 8, 29, 91)
        ]
        left = names(store, mails.message)
    told = ("contents", "mails", "keys", "files", "acts", "questions", "holds", "domains", "workers")
    nothing = dict.fromkeys(told, 0)
    assert [one for one, _ in seen] == [
        nothing,
        {**nothing, "contents": 1},
        {**nothing, "contents": 2, "mails": 2},
        {**nothing, "mails": 1},
    ]
    assert [one for _, one in seen] == [["01owl", "01own", "01rat"], ["01owl", "01own"], [], []]
    assert left == []


class Broken:
    """A directory that does not answer today."""

    def rules_for(self, customer, business_unit):
        raise InvalidSettings("", "the database is away")


def test_nothing_goes_while_rules_cannot_be_read():
    """A customer may keep its mail for ten years, and its directory be away for an hour."""
    application = {"application": shop(store="memory:")["application"]}
    with Mailer(Settings.model_validate(application), directory=Broken()) as mailer:
        store = put(mailer, "01rat")
        store._writer.do(lambda one: note(one, "limit_reset", now=NOW, by="ann", customer="ratcatcher"))
        forget_what_is_old(mailer, NOW + 400 * DAY)
        assert (names(store, mails.message), names(store, mails.content, "message")) == (["01rat"], ["01rat"])
        assert names(store, mails.event, "act") == ["limit_reset"]


def test_workers_that_are_gone_are_forgotten_after_a_day():
    """Those that were killed never said so."""
    with Mailer(settings()) as mailer:
        book = mailer.upkeep.workers
        book.seen(new_id(), host="mars", process=1, began_at=NOW, now=NOW, told={})
        assert forget_what_is_old(mailer, NOW + DAY / 2)["workers"] == 0
        assert forget_what_is_old(mailer, NOW + 2 * DAY)["workers"] == 1


def test_a_run_has_an_end_and_says_that_there_is_more(monkeypatch):
    """Where its time is over it stops, and the next run comes at once."""
    clock = iter([0.0, *[1e9] * 50])
    monkeypatch.setattr("mailsend.care.retention.monotonic", lambda: next(clock))
    with Mailer(settings()) as mailer:
        store = put(mailer, "01rat")
        told = forget_what_is_old(mailer, NOW + 100 * DAY)
        assert (told["mails"], told["more"]) == (0, True)
        assert names(store, mails.message) == ["01rat"]


@pytest.mark.parametrize("every", [3600.0])
def test_it_is_due_every_hour(every):
    """Often enough for small steps."""
    assert RETENTION.every == every
