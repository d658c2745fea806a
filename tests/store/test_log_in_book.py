"""The book of refused log-ins: who may try, and what is told to all (M12)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from store_samples import KEYS, NOW, a_server

from mailsend.decide.refusals import NONE_REFUSED, Refusals
from mailsend.errors import InvalidSettings
from mailsend.model.secret import Secret
from mailsend.store import log_ins, open_store, upgrade
from mailsend.store.buckets import lane_name
from mailsend.store.log_ins import LogInBook, LogInTurn
from mailsend.store.schema.servers import refused_log_in

SERVER = a_server()
LONG_AGO = NOW - timedelta(days=100)
NOTHING = LogInTurn()
AT = NOW.timestamp()


@pytest.fixture
def book(store):
    return store.log_ins


def after(seconds):
    """Give a time so many seconds from now."""
    return NOW + timedelta(seconds=seconds)


def look(book, seconds=0, server=SERVER, since=LONG_AGO):
    return book.look(server, since=since, now=after(seconds))


def take(book, holder, seconds=0, *, server=SERVER, by_person=False, since=LONG_AGO):
    return book.take(server, holder, by_person=by_person, since=since, now=after(seconds))


def kept(store):
    """Give all rows."""
    return store._database.looking(lambda one: one.connection.execute(select(refused_log_in)).all())


def test_a_success_that_is_told_late_does_not_hide_what_was_refused_after_it(book):
    """The password may have been changed meanwhile; a person who begins anew means all of it."""
    refused = book.refused(SERVER, "", now=after(10))
    book.forget(SERVER, until=after(9))
    assert look(book, 11).refusals == refused
    book.forget(SERVER, until=after(10))
    assert look(book, 11) == NOTHING
    book.refused(SERVER, "", now=after(20))
    book.forget(SERVER)
    assert look(book, 21) == NOTHING


def test_one_has_the_turn_until_he_tells_what_came(book):
    """The others see that somebody tries; where he left it, the next one has it."""
    assert look(book) == NOTHING
    assert take(book, "one") == LogInTurn(known=True, mine=True)
    assert take(book, "two") == look(book) == LogInTurn(known=True, others=True)
    book.leave(SERVER, "two")  # it is not his
    assert look(book).others
    book.leave(SERVER, "one")
    assert look(book) == LogInTurn(known=True)
    assert take(book, "two").mine


def test_a_success_leaves_nothing_behind(store, book):
    """No row is left of an account that lets us in."""
    take(book, "one")
    book.refused(SERVER, "one", now=NOW)
    book.forget(SERVER)
    assert (look(book), kept(store)) == (NOTHING, [])


def test_who_died_at_his_turn_is_not_waited_for_longer_than_half_a_minute(book):
    """Nor is one whose turn ends in an hour, by a clock that goes wrong."""
    take(book, "one")
    assert [look(book, seconds).others for seconds in (29, 30)] == [True, False]
    assert take(book, "two", 30).mine
    take(book, "three", 3600)
    assert take(book, "four", 61).mine


def test_refusals_close_the_account_for_all(book):
    """5 minutes, then 30, then until a person acts; what was under way when the last one came is no more."""
    take(book, "one")
    assert book.refused(SERVER, "one", now=NOW) == Refusals(1, AT)
    assert book.refused(SERVER, "another", now=after(1)) == Refusals(1, AT)
    assert take(book, "two", 299) == LogInTurn(refusals=Refusals(1, AT), known=True)
    assert take(book, "two", 300).mine
    assert book.refused(SERVER, "two", now=after(301)) == Refusals(2, AT + 301)
    assert not take(book, "three", 2100).mine
    assert take(book, "three", 2101).mine
    assert book.refused(SERVER, "three", now=after(2102)) == Refusals(3, AT + 2102)
    assert not take(book, "four", 86_400).mine
    assert not take(book, "a person", 3901, by_person=True).mine
    assert take(book, "a person", 3902, by_person=True).mine


def test_a_refusal_leaves_nobody_elses_turn(book):
    """A connection of a proven account is refused while another process tries."""
    take(book, "one")
    book.refused(SERVER, "another", now=after(1))
    assert look(book, 2) == LogInTurn(refusals=Refusals(1, AT + 1), known=True, others=True)


def test_another_password_is_another_account(book):
    """Whoever corrects it need not wait; whose customer it is makes no difference."""
    book.refused(SERVER, "one", now=NOW)
    assert look(book, server=a_server(password="hunter3")) == NOTHING
    assert look(book, server=replace(SERVER, label="The same")).refusals == Refusals(1, AT)


def test_without_a_key_the_account_is_known_by_its_lane(store):
    """A digest of the password would let a thief of the database guess it; the lane's name stands there anyway."""
    book = LogInBook(store._database)
    book.refused(SERVER, "one", now=NOW)
    assert [one.account for one in kept(store)] == [lane_name(SERVER)]
    assert look(book, server=a_server(password="hunter3")).refusals == Refusals(1, AT)


def test_without_a_key_what_was_refused_before_this_password_was_set_binds_nobody(store):
    """It may be another password; its refusal counts on from where the others were, and binds them."""
    book = LogInBook(store._database)
    for seconds in (0, 300, 2100):
        book.refused(SERVER, "one", now=after(seconds))
    assert look(book, 2101, since=after(2100)).refusals.locked
    assert look(book, 2101, since=after(2101)) == LogInTurn(known=True)
    assert take(book, "new", 4000, since=after(2101)).mine
    assert book.refused(SERVER, "new", now=after(4001)) == Refusals(3, AT + 4001)


def test_what_an_older_key_wrote_is_known(store, book):
    """Nothing is forgotten by a new first key, and a success forgets it under all of them."""
    book.refused(SERVER, "one", now=NOW)
    newer = LogInBook(store._database, (Secret("the-second-of-the-secret-keys"), *KEYS))
    assert not take(newer, "two", 299).mine
    assert newer.refused(SERVER, "two", now=after(301)) == Refusals(2, AT + 301)
    newer.forget(SERVER)
    assert kept(store) == []


def test_rows_hold_no_secret(store, book):
    """Neither user nor password, nor anything that either can be guessed from."""
    take(book, "one")
    book.refused(SERVER, "one", now=NOW)
    (row,) = kept(store)
    assert (len(row.account), row.refusals, row.holder, row.turn_until) == (64, 1, "", 0)
    for secret in ("ann", "hunter2", SERVER.fingerprint):
        assert secret not in str(row)


def test_what_nobody_asked_for_in_a_month_is_forgotten(store, book):
    """A password that was changed leaves its row behind; the next refusal of any account tidies up."""
    book.refused(SERVER, "one", now=NOW)
    take(book, "dead", server=a_server(host="dead.rat.example"))
    other = a_server(host="other.rat.example")
    book.refused(other, "two", now=after(29 * 86_400))
    assert len(kept(store)) == 3
    book.refused(other, "two", now=after(31 * 86_400))
    assert [one.refusals for one in kept(store)] == [2]


def test_a_key_that_can_be_guessed_is_refused(store):
    """As everywhere else."""
    with pytest.raises(InvalidSettings, match="can be guessed"):
        look(LogInBook(store._database, (Secret("short"),)))


def test_of_many_that_ask_at_once_one_has_the_turn(store, book):
    """Whatever they see before they write."""
    begin, found = threading.Barrier(4), []

    def ask(name):
        begin.wait(10)
        found.append(take(book, name).mine)

    threads = [threading.Thread(target=ask, args=(str(one),)) for one in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(found) == [False, False, False, True]
    assert look(book).refusals == NONE_REFUSED


class Begin:
    """The first statement of a turn; somebody who has logged in forgets the row right behind it, once."""

    def __init__(self, real, forget):
        self._real = real
        self._forget = [forget]

    def run(self, ground, values):
        """Run it."""
        found = self._real.run(ground, values)
        if self._forget:
            self._forget.pop()()
        return found


@pytest.mark.postgres
@pytest.mark.parametrize("act", ["take", "refused"])
def test_a_row_that_another_process_forgets_meanwhile_is_begun_anew(postgres, monkeypatch, act):
    """Whoever logged in and whoever comes next meet at the same row: that stops no mail."""
    url = postgres.new_database()
    upgrade(url)
    with open_store(url, secret_keys=KEYS) as store, open_store(url, secret_keys=KEYS) as another:
        book = store.log_ins
        take(book, "one")
        monkeypatch.setattr(log_ins, "_BEGIN", Begin(log_ins._BEGIN, lambda: another.log_ins.forget(SERVER)))
        if act == "take":
            assert take(book, "two").mine
        else:
            assert book.refused(SERVER, "two", now=NOW).count == 1
