"""The lists: who is not written to, who never is, and who is all the same."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from store_samples import BY_ANN, KEYS, LATER, NOW

from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.address import Address
from mailsend.model.list_entry import Entry, Level, ListName, ListPattern, Why
from mailsend.model.secret import Secret
from mailsend.store import open_store

BOB = Address.parse("bob@example.org")
SUPPRESS, BLOCK, ALLOW = ListName
DAY = timedelta(days=1)


def _pattern(text):
    return ListPattern.parse(text)


def _events(store):
    rows = store._database.looking(
        lambda one: one.connection.exec_driver_sql(
            "SELECT act, customer, reason, by, facts FROM mailsend_event ORDER BY id"
        ).fetchall()
    )
    return [(act, customer, reason, by, json.loads(facts)) for act, customer, reason, by, facts in rows]


def _of(store, customer, *keys, now=NOW, **more):
    return {key: one.reason for key, one in store.lists.of(customer, keys, now=now, **more).items()}


def test_an_address_is_added_and_found(store):
    """What was added is found for exactly this address, and told in full."""
    added = store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", note="asked", **BY_ANN)
    assert added == Entry(
        id=added.id,
        list=SUPPRESS,
        customer="rat",
        pattern="bob@example.org",
        why=Why.BY_HAND,
        note="asked",
        source="",
        by="ann",
        level=Level.ADMIN,
        times=1,
        made_at=NOW,
        until=None,
    )
    assert store.lists.of("rat", [BOB.key, "eve@example.org"], now=NOW) == {BOB.key: added}
    assert store.lists.of("cat", [BOB.key], now=NOW) == {}
    assert store.lists.of("rat", [], now=NOW) == {}


@pytest.mark.parametrize(
    ("entered", "asked"),
    [
        ("bob@example.org", "BOB@Example.ORG"),
        ("Bob@EXAMPLE.org", "bob@example.org"),
        ("bob@xn--bcher-kva.example", "bob@bücher.example"),
        ("@example.org", "anybody@example.org"),
        ("*@Example.org", "anybody@example.org"),
        ("@bücher.example", "bob@xn--bcher-kva.example"),
    ],
)
def test_addresses_are_compared_without_case_and_in_a_labels(store, entered, asked):
    """The local part's case and the domain's spelling make no difference (M17)."""
    store.lists.add(SUPPRESS, _pattern(entered), **BY_ANN)
    key = Address.parse(asked).key
    assert _of(store, "rat", key) == {key: "by_hand"}


def test_a_domain_is_that_domain_alone(store):
    """Neither a subdomain nor a domain that ends alike is meant."""
    store.lists.add(BLOCK, _pattern("@example.org"), **BY_ANN)
    keys = ["a@sub.example.org", "a@notexample.org", "example.org@example.com"]
    assert _of(store, "rat", *keys) == {}


def test_the_applications_entries_hold_for_every_customer(store):
    """A customer's own hold for its mail alone."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), **BY_ANN)
    store.lists.add(SUPPRESS, _pattern("eve@example.org"), customer="rat", **BY_ANN)
    both = [BOB.key, "eve@example.org"]
    assert set(_of(store, "rat", *both)) == set(both)
    assert set(_of(store, "cat", *both)) == {BOB.key}
    assert set(_of(store, "", *both)) == {BOB.key}


def test_adding_twice_counts(store):
    """The same reason met again is one entry: the later end and the higher level stay."""
    first = store.lists.add(
        SUPPRESS,
        _pattern("bob@example.org"),
        why=Why.NO_SUCH_USER,
        level=Level.USER,
        until=NOW + 7 * DAY,
        **BY_ANN,
    )
    again = store.lists.add(
        SUPPRESS,
        _pattern("bob@example.org"),
        why=Why.NO_SUCH_USER,
        level=Level.RULE,
        until=NOW + DAY,
        note="550 5.1.1",
        source="m1",
        by="care",
        now=LATER,
    )
    assert again == replace(first, times=2, note="550 5.1.1", source="m1", by="care")
    for_good = store.lists.add(SUPPRESS, _pattern("bob@example.org"), why=Why.NO_SUCH_USER, **BY_ANN)
    assert (for_good.times, for_good.until, for_good.level) == (3, None, Level.ADMIN)
    assert store.lists.page() == (for_good,)


def test_an_entry_that_has_ended_does_not_count_and_begins_anew(store):
    """Its end is exact; added again it has the new end, and its count goes on."""
    ends = NOW + DAY
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), until=ends, **BY_ANN)
    assert _of(store, "", BOB.key, now=ends - timedelta(microseconds=1)) == {BOB.key: "by_hand"}
    assert _of(store, "", BOB.key, now=ends) == {}
    anew = store.lists.add(
        SUPPRESS, _pattern("bob@example.org"), level=Level.RULE, until=ends + DAY, by="care", now=ends
    )
    assert (anew.made_at, anew.until, anew.times, anew.level) == (ends, ends + DAY, 2, Level.RULE)


def test_each_reason_has_an_entry_and_an_end_of_its_own(store):
    """When the harder one ends, the complaint still holds; an essential mail passes that alone (M17)."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), why=Why.COMPLAINT, **BY_ANN)
    store.lists.add(
        SUPPRESS, _pattern("bob@example.org"), why=Why.NO_SUCH_USER, until=NOW + 7 * DAY, **BY_ANN
    )
    assert _of(store, "", BOB.key) == {BOB.key: "no_such_user"}
    assert _of(store, "", BOB.key, essential=True) == {BOB.key: "no_such_user"}
    assert _of(store, "", BOB.key, now=NOW + 8 * DAY) == {BOB.key: "complaint"}
    assert _of(store, "", BOB.key, now=NOW + 8 * DAY, essential=True) == {}


def test_what_is_removed_is_gone(store):
    """Only what was named goes: this list, this customer, this reason."""
    for why in (Why.COMPLAINT, Why.BY_HAND):
        store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", why=why, **BY_ANN)
    store.lists.add(BLOCK, _pattern("bob@example.org"), customer="rat", **BY_ANN)
    store.lists.add(SUPPRESS, _pattern("@example.org"), customer="rat", **BY_ANN)
    remove = store.lists.remove
    assert remove(SUPPRESS, _pattern("bob@example.org"), customer="cat", reason="x", **BY_ANN) == 0
    assert remove(SUPPRESS, _pattern("BOB@example.org"), customer="rat", why=Why.COMPLAINT, **BY_ANN) == 1
    assert remove(SUPPRESS, _pattern("bob@example.org"), customer="rat", **BY_ANN) == 1
    assert remove(SUPPRESS, _pattern("bob@example.org"), customer="rat", **BY_ANN) == 0
    left = [(one.list, one.pattern) for one in store.lists.page()]
    assert left == [(BLOCK, "bob@example.org"), (SUPPRESS, "@example.org")]


def test_every_change_is_an_event_without_the_address(store):
    """It tells who, why and which list; of an address the mark alone, which outlives its erasing."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", note="she asked", **BY_ANN)
    store.lists.add(BLOCK, _pattern("@example.com"), **BY_ANN)
    store.lists.remove(SUPPRESS, _pattern("bob@example.org"), customer="rat", reason="a mistake", **BY_ANN)
    mark = store.lists.marks_of(BOB.key)[0]
    facts = {"list": "suppress", "why": "by_hand", "hashed": mark}
    assert _events(store) == [
        ("list_add", "rat", "she asked", "ann", facts),
        (
            "list_add",
            "",
            "by_hand",
            "ann",
            {"list": "block", "why": "by_hand", "pattern": "@example.com"},
        ),
        ("list_remove", "rat", "a mistake", "ann", facts),
    ]


def test_entries_are_read_page_by_page(store):
    """In the order in which they were made; of one list, of one customer, behind a given one."""
    for number in range(5):
        store.lists.add(SUPPRESS, _pattern(f"b{number}@example.org"), customer="rat", **BY_ANN)
    store.lists.add(ALLOW, _pattern("c@example.org"), **BY_ANN)
    first = store.lists.page(list=SUPPRESS, limit=3)
    assert [one.pattern for one in first] == ["b0@example.org", "b1@example.org", "b2@example.org"]
    rest = store.lists.page(after=first[-1].id)
    assert [one.pattern for one in rest] == ["b3@example.org", "b4@example.org", "c@example.org"]
    assert [one.pattern for one in store.lists.page(customer="")] == ["c@example.org"]


def test_all_about_one_address(store):
    """Its own entries and its domain's, of every customer, those that have ended too."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", until=NOW - DAY, **BY_ANN)
    store.lists.add(BLOCK, _pattern("@example.org"), **BY_ANN)
    store.lists.add(BLOCK, _pattern("eve@example.org"), **BY_ANN)
    about = store.lists.about
    assert [one.pattern for one in about(_pattern("bob@example.org"))] == ["bob@example.org", "@example.org"]
    assert [one.pattern for one in about(_pattern("bob@example.org"), customer="rat")] == ["bob@example.org"]


def test_few_entries_are_given_whole(store):
    """By their marks; where there are more than asked for, none."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", **BY_ANN)
    store.lists.add(BLOCK, _pattern("bob@example.org"), **BY_ANN)
    store.lists.add(BLOCK, _pattern("eve@example.org"), customer="cat", **BY_ANN)
    few = store.lists.few("rat", 2)
    assert {mark: {one.list for one in some} for mark, some in few.items()} == {
        store.lists.marks_of(BOB.key)[0]: {SUPPRESS, BLOCK}
    }
    assert store.lists.few("rat", 1) is None
    assert store.lists.few("dog", 1).keys() == few.keys()


def _erase(store, address):
    return store._writer.do(lambda transaction: store.lists.erase(transaction, address))


def test_an_entry_outlives_the_erasing_of_its_address(store):
    """The address is gone from the table, and is still suppressed; it can still be removed (M38)."""
    store.lists.add(SUPPRESS, _pattern("bob@example.org"), customer="rat", note="bob asked", **BY_ANN)
    store.lists.add(SUPPRESS, _pattern("@example.org"), customer="cat", **BY_ANN)
    assert _erase(store, BOB) == 1
    kept = store.lists.page(customer="rat")[0]
    assert (kept.pattern, kept.note, kept.source) == ("", "", "")
    assert _of(store, "rat", BOB.key) == {BOB.key: "by_hand"}
    assert store.lists.page(customer="cat")[0].pattern == "@example.org"
    assert _erase(store, Address.parse("nobody@example.com")) == 0
    assert store.lists.remove(SUPPRESS, _pattern("bob@example.org"), customer="rat", **BY_ANN) == 1
    assert _of(store, "rat", BOB.key) == {}


def test_without_secret_keys_nobody_is_erased(url):
    """Entries work; but what stands for an address could be guessed, so it is not kept without it."""
    with open_store(url) as store:
        store.lists.add(SUPPRESS, _pattern("bob@example.org"), **BY_ANN)
        assert _of(store, "", BOB.key) == {BOB.key: "by_hand"}
        assert [one[4] for one in _events(store)] == [{"list": "suppress", "why": "by_hand"}]
        with pytest.raises(InvalidSettings) as refused:
            _erase(store, BOB)
        assert refused.value.where == "application.secret_keys"
        assert store.lists.page()[0].pattern == "bob@example.org"
    with open_store(url, secret_keys=KEYS) as store:
        assert _of(store, "", BOB.key) == {BOB.key: "by_hand"}
        assert _erase(store, BOB) == 1
        assert _of(store, "", BOB.key) == {BOB.key: "by_hand"}
    with open_store(url) as store:
        assert _of(store, "", BOB.key) == {}


def test_secret_keys_can_be_changed(url):
    """Entries of an older key are found, met, and marked anew; an erased one keeps its key."""
    new = (Secret("another-secret-key-of-ours"), *KEYS)
    with open_store(url, secret_keys=KEYS) as store:
        for one in ("bob@example.org", "eve@example.org", "dan@example.org"):
            store.lists.add(SUPPRESS, _pattern(one), **BY_ANN)
        _erase(store, Address.parse("dan@example.org"))
    with open_store(url, secret_keys=new) as store:
        assert store.lists.add(SUPPRESS, _pattern("bob@example.org"), **BY_ANN).times == 2
        assert store.lists.rotate() == 1
        assert store.lists.rotate() == 0
        keys = [BOB.key, "eve@example.org", "dan@example.org"]
        assert set(_of(store, "", *keys)) == set(keys)
    with open_store(url, secret_keys=new[:1]) as store:
        assert set(_of(store, "", *keys)) == {BOB.key, "eve@example.org"}


def test_many_addresses_are_asked_for_at_once(store):
    """A mail to many recipients is no reason to miss one."""
    store.lists.add(SUPPRESS, _pattern("b700@example.org"), **BY_ANN)
    keys = [f"b{number}@example.org" for number in range(1000)]
    assert _of(store, "rat", *keys) == {"b700@example.org": "by_hand"}


def test_two_who_add_the_same_at_once_make_one_entry(url):
    """Of several processes' writers each meets what the other made."""
    with open_store(url, secret_keys=KEYS) as one, open_store(url, secret_keys=KEYS) as two:
        start = threading.Barrier(2)

        def add(store):
            start.wait()
            for _ in range(5):
                store.lists.add(SUPPRESS, _pattern("bob@example.org"), **BY_ANN)

        threads = [threading.Thread(target=add, args=(store,)) for store in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [(entry.pattern, entry.times) for entry in one.lists.page()] == [("bob@example.org", 10)]


@pytest.mark.parametrize("wrong", [{"by": " "}, {"customer": "a\0b"}, {"note": "\ud800"}, {"source": "\0"}])
def test_what_no_database_keeps_is_refused(store, wrong):
    """Nobody's name, and what is no text, are refused before anything is written."""
    with pytest.raises(StoreError):
        store.lists.add(SUPPRESS, _pattern("bob@example.org"), **{**BY_ANN, **wrong})
    assert store.lists.page() == ()
