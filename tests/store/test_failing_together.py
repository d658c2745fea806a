"""What is committed together and fails: each by itself where one of them is to blame, all at once where none is."""

from __future__ import annotations

from concurrent.futures import Future

import pytest
from refusing_store import RefusingStore, database_error
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, InternalError, OperationalError
from store_samples import NOW

from mailsend.errors import StoreError
from mailsend.store import attempting, writer
from mailsend.store.database import Database
from mailsend.store.events import note
from mailsend.store.schema import mails
from mailsend.store.writer import Writer
from mailsend.store.written_together import Item, Repeatable

LONG = 30.0
MANY = 20


@pytest.fixture
def one(refusing):
    """Give a writer."""
    made = Writer(refusing)
    yield made
    made.close()


def written(refusing):
    asked = select(mails.event.c.act).order_by(mails.event.c.id)
    return refusing.looking(lambda one: one.connection.execute(asked).scalars().all())


def write(name, fails=None):
    """Give a work that writes ``name``, or ``fails`` with what this gives."""

    def work(transaction):
        if fails is not None:
            raise fails()
        note(transaction, name, now=NOW, by="ann")
        return name

    return work


def together(transaction, items):
    return [work(transaction) for work in items]


def at_once(writer, works, *, kind):
    """Let works be committed together, as works or as items of one kind; give what each was told."""
    with writer._changed:
        if kind == "items":
            done = [writer.submit_with(one, together) for one in works]
        else:
            done = [writer.submit(one) for one in works]
    return [told.exception(LONG) or told.result() for told in done]


@pytest.fixture(params=["works", "items"])
def kind(request):
    return request.param


def test_a_database_that_is_away_is_asked_once(refusing, one, kind):
    """Each of those who wait is told the same, and none after the others."""
    refusing.refuses = database_error()
    told = at_once(one, [write("a")] * MANY, kind=kind)
    assert told == [refusing.refuses] * MANY
    assert refusing.asked == 1


FAULTS = {
    "lost": {"lost": True},
    "locked": {},  # as SQLite says it
    "disk full": {"state": "53100"},
    "shut down": {"state": "57P01"},
    "read only": {"state": "25006", "kind": InternalError},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_database_that_fails_in_the_midst_is_not_asked_again(refusing, one, kind, fault):
    """Nor where it is the last of the works that it fails at."""
    fails = database_error(**FAULTS[fault])
    told = at_once(one, [*[write("a")] * MANY, write("last", lambda: fails)], kind=kind)
    assert told == [fails] * (MANY + 1)
    assert (refusing.asked, written(refusing)) == (1, [])


OWN = {
    "clash": {"kind": IntegrityError},
    "too large": {"state": "54000"},
    "deadlock": {"state": "40P01"},
}


@pytest.mark.parametrize("fault", OWN)
def test_one_that_is_to_blame_takes_no_other_with_it(refusing, one, kind, fault):
    """It alone is told of its fault; the others are done."""
    fails = database_error(**OWN[fault])
    told = at_once(one, [write("a"), write("b", lambda: fails), write("c")], kind=kind)
    assert told == ["a", fails, "c"]
    assert written(refusing) == ["a", "c"]


def test_a_fault_of_ours_is_its_works_alone(refusing, one, kind):
    """Whatever it is."""
    fails = ValueError("on purpose")
    told = at_once(one, [write("a"), write("b", lambda: fails)], kind=kind)
    assert (told, written(refusing)) == (["a", fails], ["a"])


def test_a_database_that_goes_away_while_each_is_tried_is_asked_no_more(refusing, one, kind):
    """Those that were done are done; all that come after are told the same."""
    lost = database_error(lost=True)
    tried = []

    def fails():
        tried.append(1)
        return database_error(kind=IntegrityError) if len(tried) == 1 else lost

    told = at_once(one, [write("a"), write("b", fails), *[write("c")] * MANY], kind=kind)
    assert told == ["a", *[lost] * (MANY + 1)]
    assert (refusing.asked, written(refusing)) == (3, ["a"])


@pytest.mark.parametrize("state", ["55P03", "57014"])
def test_one_that_waits_in_vain_for_a_lock_holds_up_no_other(refusing, one, kind, state):
    """Another holds what it wants, as an idempotency key; it alone is told."""
    fails = database_error(state=state)
    told = at_once(one, [write("a", lambda: fails), write("b"), write("c")], kind=kind)
    assert told == [fails, "b", "c"]


def test_many_that_wait_in_vain_do_not_wait_one_after_the_other(refusing, one, kind, monkeypatch):
    """When they have waited long enough together, the others are told the same."""
    monkeypatch.setattr(writer, "_HELD_UP", 0.0)
    fails = database_error(state="55P03")
    told = at_once(one, [write("a", lambda: fails)] * MANY, kind=kind)
    assert told == [fails] * MANY
    assert refusing.asked == 2


def test_items_of_two_kinds_are_told_apart(refusing, one):
    """Two groups and a work in one commit; one item is to blame."""
    fails = database_error(kind=IntegrityError)

    def others(transaction, items):
        return together(transaction, items)

    with one._changed:
        done = [one.submit_with(write(name), kind) for name in "ab" for kind in (together, others)]
        done.append(one.submit_with(write("c", lambda: fails), others))
        done.append(one.submit(write("d")))
    told = [told.exception(LONG) or told.result() for told in done]
    assert told == ["a", "a", "b", "b", fails, "d"]
    assert sorted(written(refusing)) == ["a", "a", "b", "b", "d"]


# A commit whose answer is lost


@pytest.fixture
def deaf(refusing, monkeypatch):
    """Let so many answers to commits be lost; what was committed is committed."""
    lost = {"answers": 0}
    monkeypatch.setattr(attempting, "_PAUSES", (0.0, 0.0, 0.0))
    real = Database.writing

    class Unheard:
        def __init__(self, inner):
            self.inner = inner

        def __enter__(self):
            return self.inner.__enter__()

        def __exit__(self, *given):
            ended = self.inner.__exit__(*given)
            if lost["answers"]:
                lost["answers"] -= 1
                raise database_error(lost=True, statement="COMMIT")
            return ended

    def writing(self, topic=None):
        refusing.asked += 1
        return Unheard(real(self, topic))

    monkeypatch.setattr(RefusingStore, "writing", writing)
    return lost


def once(name):
    """Give a work that bears to be done twice."""

    def again(transaction):
        return f"{name} again"

    return Repeatable(write(name), again=again)


def test_what_bears_it_is_asked_for_again(refusing, one, deaf):
    """And answered as it were; it is there once."""
    deaf["answers"] = 1
    assert one.do(once("a")) == "a again"
    assert written(refusing) == ["a"]
    deaf["answers"] = 1
    assert one.submit(Item(lambda transaction, items: ["as ever"], "b")).result(LONG) == "as ever"


def test_what_does_not_bear_it_is_told_and_not_done_again(refusing, one, deaf):
    """With company that does, too: that is done again without it."""
    deaf["answers"] = 1
    with one._changed:
        done = [one.submit(write("a")), one.submit(once("b"))]
    assert str(done[0].exception(LONG)).startswith("the store failed; whether it is written is not known")
    assert done[1].result(LONG) == "b again"
    assert (written(refusing), refusing.asked) == (["a", "b"], 2)


def test_of_company_nobody_is_told_twice(refusing, one, deaf):
    """That nothing is known."""
    deaf["answers"] = LONG
    with one._changed:
        done = [one.submit(write("a")), one.submit(once("b"))]
    assert [str(told.exception(LONG)).count("not known") for told in done] == [1, 1]


def test_where_nobody_answers_it_is_said_that_nothing_is_known(refusing, one, deaf):
    """After some tries; the caller may look."""
    deaf["answers"] = LONG
    with pytest.raises(StoreError, match="the store failed; whether it is written is not known") as told:
        one.do(once("a"))
    assert "idempotency key" in told.value.advice
    assert isinstance(told.value.__cause__, OperationalError)
    assert refusing.asked == 4


def test_no_more_is_asked_than_there_is_time_for(refusing, one, deaf, monkeypatch):
    """Everybody else waits meanwhile."""
    monkeypatch.setattr(attempting, "_LONGEST", -1.0)
    deaf["answers"] = LONG
    with pytest.raises(StoreError, match="not known"):
        one.do(once("a"))
    assert refusing.asked == 2


def test_a_fault_of_its_own_at_the_second_time_is_told(refusing, one, deaf):
    """As it would have been at the first."""
    deaf["answers"] = 1
    fails = database_error(kind=IntegrityError)
    with pytest.raises(StoreError) as told:
        one.do(Repeatable(write("a"), again=write("b", lambda: fails)))
    assert told.value is fails


def test_the_futures_of_cancelled_items_stay_so(refusing, one):
    """Nobody waits for them, and nothing fails for want of somebody to tell."""
    with one._changed:
        first = one.submit_with(write("a"), together)
        second = one.submit_with(write("b", lambda: database_error(kind=IntegrityError)), together)
        third: Future = one.submit_with(write("c"), together)
        first.cancel()
    assert isinstance(second.exception(LONG), StoreError)
    assert third.result(LONG) == "c"
    assert written(refusing) == ["c"]
