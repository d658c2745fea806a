"""The limits of servers, counted in the store for all processes together."""

from __future__ import annotations

import json
import multiprocessing
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_samples import BY_ANN, NOW, a_server

from mailsend.decide.limit import Limit, Rate, Taken, Wait
from mailsend.errors import StoreError
from mailsend.model.limit_record import LimitRecord, RateRecord
from mailsend.model.secret import Secret
from mailsend.model.server import Server, ServerKind, TlsMode
from mailsend.store import open_store
from mailsend.store.buckets import keep_rates, lane_name, take_kept
from mailsend.store.times import moment

TWO_A_MINUTE = Limit((Rate(2, 60.0),))
TEN_TO_FIVE = Limit((Rate(10, 60.0), Rate(5, 86400.0, per_recipient=True)))


def _at(seconds):
    return NOW + timedelta(seconds=seconds)


def _take(store, seconds=0.0, limit=TWO_A_MINUTE, recipients=1, name="smtp:mail.rat.example:587"):
    found = store.limits.taking(name, limit, _at(seconds), recipients).result()
    return "taken" if isinstance(found, Taken) else round(found.seconds, 3)


def test_what_was_taken_comes_back_a_whole_period_later(store):
    """Two a minute: the third waits until the first is a minute old, and takes nothing before."""
    assert [_take(store, at) for at in (0, 10, 20, 59.5, 60, 61)] == ["taken", "taken", 40, 0.5, "taken", 9]


def test_each_limit_is_counted_by_itself(store):
    """Another server's mail takes nothing away."""
    assert [_take(store, name=name) for name in ("a", "a", "a", "b", "b")] == [
        "taken",
        "taken",
        60,
        "taken",
        "taken",
    ]


def test_recipients_are_counted_where_the_rate_says_so(store):
    """All rates hold, and what one refuses the others keep."""
    assert _take(store, limit=TEN_TO_FIVE, recipients=3) == "taken"
    assert _take(store, 1, limit=TEN_TO_FIVE, recipients=3) == 86399
    assert _take(store, 1, limit=TEN_TO_FIVE, recipients=2) == "taken"
    assert [one.taken for one in store.limits.all(now=_at(1))[0].rates] == [2, 5]


def test_what_no_server_has_seen_is_put_back(store):
    """Then the next one need not wait for it."""
    assert [_take(store, at) for at in (0, 1, 2)] == ["taken", "taken", 58]
    store.limits.giving_back("smtp:mail.rat.example:587", TWO_A_MINUTE, _at(1)).result()
    assert [_take(store, at) for at in (3, 4)] == ["taken", 56]


def test_taking_is_undone_with_its_transaction(store):
    """What a claim takes counts only where the claim is committed."""

    def work(transaction):
        assert isinstance(store.limits.take(transaction, "a", TWO_A_MINUTE, NOW), Taken)
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        store._writer.do(work)
    assert [_take(store, name="a") for _ in range(3)] == ["taken", "taken", 60]


def test_other_rates_begin_anew_and_the_same_period_goes_on(store):
    """Who raises an amount gets the difference at once; another period is another count."""
    assert [_take(store) for _ in range(3)] == ["taken", "taken", 60]
    three = Limit((Rate(3, 60.0),))
    assert [_take(store, 1, limit=three) for _ in range(2)] == ["taken", 59]
    both = Limit((Rate(1, 3600.0), Rate(4, 60.0)))
    assert [_take(store, 2, limit=both) for _ in range(2)] == ["taken", 3600]
    assert [one.taken for one in store.limits.all(now=_at(2))[0].rates] == [1, 4]


def test_a_clock_that_goes_back_keeps_nobody_away_for_longer_than_a_period(store):
    """Hosts may disagree about the time; the limit still lets mail through."""
    assert [_take(store, 3600) for _ in range(2)] == ["taken", "taken"]
    assert _take(store, 0) == 60


def test_a_claim_takes_by_the_rates_that_were_written_down(store):
    """Where there is no row there is no limit; written again, what was taken stays taken."""

    def kept(recipients=1, name="a"):
        return store._writer.do(
            lambda transaction: take_kept(transaction, name, now=moment(NOW), recipients=recipients)
        )

    assert kept() is None
    for _ in range(2):
        store._writer.do(lambda transaction: keep_rates(transaction, "a", TEN_TO_FIVE, now=moment(NOW)))
        assert isinstance(kept(2), Taken)
    assert isinstance(kept(2), Wait)
    assert _take(store, limit=TEN_TO_FIVE, recipients=1, name="a") == "taken"


def test_who_comes_late_is_counted_when_he_comes(store):
    """Of two who asked the clock one after the other the second may be first: nothing comes back early."""
    assert [_take(store, at) for at in (5, 4)] == ["taken", "taken"]
    assert [_take(store, at) for at in (5, 64.5, 65, 65)] == [60, 0.5, "taken", "taken"]


def test_limits_are_listed_and_reset(store):
    """How much of each rate is taken now, and when the next comes back; a reset is an event."""
    _take(store)
    _take(store, 10)
    name = "smtp:mail.rat.example:587"
    rate = RateRecord(amount=2, seconds=60.0, per_recipient=False, taken=2, next_back=_at(60))
    assert store.limits.all(now=_at(20)) == (LimitRecord(name=name, rates=(rate,), at=_at(10)),)
    assert store.limits.all(now=_at(65))[0].rates == (replace(rate, taken=1, next_back=_at(70)),)
    assert store.limits.all(now=_at(90))[0].rates == (replace(rate, taken=0, next_back=None),)
    assert store.limits.reset(name, reason="the server was mended", **BY_ANN)
    assert store.limits.all(now=NOW) == ()
    assert not store.limits.reset(name, reason="again", **BY_ANN)
    assert _take(store, 20) == "taken"
    events = store._database.looking(
        lambda one: one.connection.exec_driver_sql(
            "SELECT act, by, reason, facts FROM mailsend_event"
        ).fetchall()
    )
    assert [(*one[:3], json.loads(one[3])) for one in events] == [
        ("limit_reset", "ann", "the server was mended", {"limit": name})
    ]
    with pytest.raises(StoreError):
        store.limits.reset(name, reason="", **BY_ANN)


def test_a_limit_is_the_accounts_and_shows_no_user():
    """Password, TLS and the amounts do not change its name; host, port and user do."""
    server = a_server(max_per_minute=2)
    name = lane_name(server)
    assert name.startswith("smtp:mail.rat.example:587/")
    assert "ann" not in name
    same = replace(server, credentials=replace(server.credentials, password=Secret("other")))
    assert {lane_name(one) for one in (same, replace(server, tls=TlsMode.IMPLICIT, max_per_minute=9))} == {
        name
    }
    others = (
        replace(server, port=25),
        replace(server, host="b.example"),
        replace(server, credentials=None),
        a_server(user="bob@rat.example"),
        Server(kind=ServerKind.MEMORY),
        Server(kind=ServerKind.FILE, folder="/a"),
        Server(kind=ServerKind.FILE, folder="/b"),
    )
    assert len({name, *map(lane_name, others)}) == 8


def _take_all_you_can(url, times, _number):
    """Take so many times, in real time; give when what was taken comes back."""
    taken = []
    limit = Limit((Rate(3, 0.5),))
    with open_store(url) as store:
        while len(taken) < times:
            found = store.limits.taking("a", limit, datetime.now(UTC)).result()
            if isinstance(found, Taken):
                taken.append(found.bucket.out[0][-1][0])
    return taken


def test_several_processes_never_exceed_a_limit(url):
    """Three processes that take as fast as they can get what one alone would get, in every window."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(3) as pool:
        results = pool.starmap(_take_all_you_can, [(url, 4, number) for number in range(3)])
    taken = sorted(one for some in results for one in some)
    assert len(taken) == 12
    spans = [after - before for before, after in zip(taken, taken[3:], strict=False)]
    assert [one for one in spans if round(one, 5) < 0.5] == []


def test_threads_of_one_process_share_a_limit(store):
    """Of twenty at once exactly two are let through."""
    found = []
    start = threading.Barrier(20)

    def work():
        start.wait()
        found.append(_take(store))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, found)) == ["60.0"] * 18 + ["taken"] * 2


@pytest.mark.parametrize("name", ["a\0", "\udcff"])
def test_what_no_database_holds_is_no_limit(store, name):
    """There is nothing to reset."""
    assert not store.limits.reset(name, reason="a test", by="ann", now=NOW)
