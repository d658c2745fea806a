"""Standing holds in the store: what waits and what comes is held, from the queue as from send (M43)."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept_mails import keep, rows
from store_samples import KEYS, LATER, NOW
from stored_mails import a_mail

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery, StoreError
from mailsend.mailer import standing
from mailsend.model.address import Address
from mailsend.model.query import All, AnyOf, Key, Match, Not, Pattern
from mailsend.model.report import Outcome
from mailsend.model.standing_hold import catches
from mailsend.store.schema.mails import event

BOB, EVE = "bob@example.org", "eve@small.example"
WHY = {"reason": "misprint", "by": "ann"}


@pytest.fixture
def mailer(url):
    with Mailer(_settings(url)) as made:
        yield made


def _settings(url):
    return Settings.model_validate(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:"],
                "secret_keys": [one.reveal() for one in KEYS],
                **({"store": url} if url else {}),
            },
            "customers": {"the rat": {"allowed_domains": ["rat.example"]}},
        }
    )


def _message(to=BOB, **more):
    return Message(to=to, subject="Hello", text="Hello\n", **more)


def _due(mailer):
    """Deliver what is due, and give how many recipients were held and how many accepted."""
    done = mailer.deliver_due()
    return done.held, done.accepted


def test_what_waits_is_held_and_what_comes_as_well(mailer):
    """Both are held for the same reason, with the hold's words; other mail goes."""
    before, other = mailer.enqueue(_message()), mailer.enqueue(_message(EVE))
    hold = mailer.outbox.stand("domain:example.org", **WHY)
    after = mailer.enqueue(_message())
    mailer.deliver_due()

    found = {one: mailer.outbox.get(one) for one in (before, after, other)}
    assert {one: (str(mail.state), mail.reason) for one, mail in found.items()} == {
        before: ("held", "standing_hold"),
        after: ("held", "standing_hold"),
        other: ("done", ""),
    }
    assert {found[before].why, found[after].why} == {f"Kept back by {hold}"}
    assert [one.outcome for one in found[after].recipients] == ["held"]


def test_mail_that_is_sent_at_once_is_held_too(mailer):
    """The report says held, and the mail is in the store to be released."""
    mailer.outbox.stand("rcpt:bob", **WHY)
    report = mailer.send(_message())
    assert [one.outcome for one in report.recipients.values()] == [Outcome.HELD]
    assert (report.queued, mailer.outbox.get(report.id).reason) == (True, "standing_hold")
    preview = mailer.preview(_message())
    assert [*mailer.deliver(preview).held] == [Address.parse(BOB)]
    assert mailer.outbox.get(preview.id).reason == "standing_hold"
    assert [one.complete for one in mailer.send_many([_message(EVE)])] == [True]


def test_what_was_held_goes_after_it_is_lifted_and_released(mailer):
    """While the hold stands, a release sends nothing; lifting alone releases nothing."""
    hold = mailer.outbox.stand("rcpt:bob", **WHY)
    mail = mailer.enqueue(_message())
    assert _due(mailer) == (1, 0)
    assert mailer.outbox.release(mail, **WHY).changed == (mail,)
    assert _due(mailer) == (1, 0)
    mailer.outbox.lift(hold.id, **WHY)
    assert (mailer.outbox.standing(), _due(mailer)) == ((), (0, 0))
    assert mailer.outbox.release(query="reason:standing_hold", **WHY).changed == (mail,)
    assert _due(mailer) == (0, 1)


def test_a_hold_ends_by_itself(mailer, monkeypatch):
    """From ``until`` on it catches nothing more, and is shown no more."""
    now = datetime.now(UTC)
    hold = mailer.outbox.stand("rcpt:bob", until=now + timedelta(hours=2), **WHY)
    assert mailer.outbox.standing() == (hold,)
    mailer.enqueue(_message())
    monkeypatch.setattr(standing, "utc_now", lambda: now + timedelta(hours=3))
    assert _due(mailer) == (0, 1)


def test_another_process_hears_of_it(url, mailer, monkeypatch):
    """What one Mailer holds, another one of the same store holds when it looks again."""
    monkeypatch.setattr(standing, "_FRESH", 0.0)
    with Mailer(_settings(url)) as other:
        assert other.send(_message()).complete
        hold = mailer.outbox.stand("rcpt:bob", **WHY)
        assert other.send(_message()).held
        mailer.outbox.lift(hold.id, **WHY)
        assert other.send(_message()).complete


def test_one_customers_hold_is_for_its_mail_alone(mailer):
    """A name of two words, too; what waits of others is left alone."""
    mails = [mailer.enqueue(_message(customer=one)) for one in ("the rat", None)]
    hold = mailer.outbox.stand("rcpt:bob", customer="the rat", **WHY)
    assert [str(mailer.outbox.get(one).state) for one in mails] == ["held", "queued"]
    assert mailer.send(_message(customer="the rat")).held
    assert mailer.send(_message()).complete
    assert mailer.outbox.standing() == (hold,)


def test_the_longest_query_holds_what_waits(mailer):
    """A query as long and as deep as may be can stand, and finds the mail that waits."""
    mail = mailer.enqueue(_message())
    deep = "(" * 20 + "rcpt:bob" + ")" * 20
    assert mailer.outbox.stand(deep, **WHY).query == parse("rcpt:bob")
    mailer.outbox.release(mail, **WHY)
    long = f"rcpt:bob{' ' * 1992}"
    mailer.outbox.stand(long, **WHY)
    assert mailer.outbox.get(mail).reason == "standing_hold"


@pytest.mark.parametrize(
    ("query", "more", "what"),
    [
        ("state:held", {}, "cannot ask for state:held"),
        ("hello", {}, "cannot ask for hello"),
        ("", {}, "hold every mail"),
        ("tag:x", {"until": datetime.now(UTC) - timedelta(1)}, "in the past"),
        ("tag:x", {"reason": " "}, "needs a reason"),
        ("tag:x", {"by": ""}, "needs a name"),
    ],
)
def test_what_cannot_stand_is_refused(mailer, query, more, what):
    """With advice, and nothing is held."""
    mail = mailer.enqueue(_message(tags=("x",)))
    with pytest.raises((InvalidQuery, StoreError), match=what):
        mailer.outbox.stand(query, **{**WHY, **more})
    assert (mailer.outbox.standing(), str(mailer.outbox.get(mail).state)) == ((), "queued")


def test_a_query_that_is_none_is_refused(mailer):
    """As everywhere, with its place."""
    with pytest.raises(InvalidQuery):
        mailer.outbox.stand("tag:(", **WHY)


def test_lifting_needs_a_hold_and_a_reason(mailer):
    """A hold is lifted once, by somebody, for a reason."""
    hold = mailer.outbox.stand("tag:x", **WHY)
    for more, what in (({"reason": ""}, "a reason"), ({"by": " "}, "a name")):
        with pytest.raises(StoreError, match=what):
            mailer.outbox.lift(hold.id, **{**WHY, **more})
    mailer.outbox.lift(hold.id, **WHY)
    with pytest.raises(StoreError, match=f"no standing hold {hold.id}"):
        mailer.outbox.lift(hold.id, **WHY)


def test_both_are_written_down(store):
    """Who made it and who lifted it, when, and why; it is read again as it was made."""
    made = store.standing.add(
        parse("tag:x OR rcpt:bob"), customer="rat", until=LATER, reason="misprint", by="ann", now=NOW
    )
    assert store.standing.active(now=NOW) == (made,)
    assert store.standing.active(now=LATER) == ()
    store.standing.lift(made.id, reason="printed anew", by="ben", now=NOW)
    assert store.standing.active(now=NOW) == ()
    assert [(one.act, one.customer, one.by, one.reason) for one in rows(store, event)] == [
        ("standing_hold", "rat", "ann", "misprint"),
        ("standing_hold_lifted", "", "ben", "printed anew"),
    ]


def test_the_async_mailer_has_them_too(url):
    """The same names, awaited."""

    async def check():
        async with AsyncMailer(_settings(url)) as mailer:
            hold = await mailer.outbox.stand("rcpt:bob", **WHY)
            assert await mailer.outbox.standing() == (hold,)
            assert (await mailer.send(_message())).held
            await mailer.outbox.lift(hold.id, **WHY)
            assert (await mailer.send(_message())).complete

    asyncio.run(check())


def test_without_a_store_nothing_stands():
    """Mail goes, and a hold cannot be made."""
    with Mailer(_settings(None)) as mailer:
        assert mailer.send(_message()).complete
        with pytest.raises(StoreError, match="needs a store"):
            mailer.outbox.stand("tag:x", **WHY)


_NUMBERS = itertools.count()
_WORDS = ["", "a", "A", "an", "Rat", "rat", "an%", "a_b", "a\\", 'r"t', "中", "rat an"]
_LOCAL = st.sampled_from(["ann", "Ann", "an_n", "rat", "a%"])
_DOMAIN = st.sampled_from(["a.example", "rat.example", "an.a.example"])
_PARTS = st.lists(
    st.sampled_from(["", "a", "A", "n", "an", "Rat", "rat", "_", "%", "\\", "@", ".example", '"', "中"]),
    min_size=1,
    max_size=3,
)
_KEYS = [
    "from",
    "requested",
    "sender",
    "to",
    "cc",
    "bcc",
    "rcpt",
    "domain",
    "customer",
    "unit",
    "template",
    "tag",
]
_LEAVES = st.builds(
    lambda key, parts: parse(str(Match(Key(key), Pattern(tuple(parts))))), st.sampled_from(_KEYS), _PARTS
)
_QUERIES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=4,
)
_ADDRESSES = st.lists(st.builds("{}@{}".format, _LOCAL, _DOMAIN), max_size=2)


@st.composite
def _mails(draw):
    """Give a finished mail of any customer, unit, template, with any tags, senders and recipients."""
    mail = a_mail(
        to=["first@a.example", *draw(_ADDRESSES)], cc=draw(_ADDRESSES), bcc=draw(_ADDRESSES),
        tags=tuple(one for one in draw(st.lists(st.sampled_from(_WORDS), max_size=2)) if one),
    )  # fmt: skip
    asked, effective = draw(_LOCAL), draw(_LOCAL)
    mailbox = replace(mail.sender.mailbox, address=Address.parse(f"{effective}@{draw(_DOMAIN)}"))
    changed = Message(
        from_=f"{asked}@{draw(_DOMAIN)}" if draw(st.booleans()) else None,
        to=mail.message.to, cc=mail.message.cc, bcc=mail.message.bcc, tags=mail.message.tags,
        customer=draw(st.sampled_from(_WORDS)) or None, business_unit=draw(st.sampled_from(_WORDS)) or None,
        subject="Hello", text="Hello",
    )  # fmt: skip
    return replace(
        mail,
        message=changed,
        sender=replace(mail.sender, mailbox=mailbox),
        content=replace(mail.content, template=draw(st.sampled_from(_WORDS)) or None),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_caught_is_what_a_search_finds(store, data):
    """For any mail and any query that can stand: caught before it goes, found once it is stored."""
    mail = replace(data.draw(_mails(), label="mail"), id=f"mail{next(_NUMBERS)}")
    query = data.draw(_QUERIES, label="query")
    keep(store, mail)
    one = parse(f"id:{mail.id}")
    found = store.outbox.search(All((query, one)), now=NOW).mails
    assert ([one.id for one in found] == [mail.id]) is catches(query, mail.facts)


def test_a_query_that_grows_too_long_is_no_standing_hold(mailer):
    """Addresses are compared in a longer spelling: what could not be read again would stop all mail."""
    with pytest.raises(InvalidQuery, match="longer than 2000 characters"):
        mailer.outbox.stand(f"rcpt:{'ﬃ' * 1900}@example.org", **WHY)
    assert mailer.outbox.standing() == ()
    assert mailer.send(_message()).complete


def test_a_standing_hold_is_kept_by_whatever_name(mailer):
    """What no database takes as text stands there as U+FFFD."""
    made = mailer.outbox.stand("tag:invoice", reason="a\0b", by="ann\udcff")
    (kept,) = mailer.outbox.standing()
    assert (kept.reason, kept.by, made.reason, made.by) == ("a\ufffdb", "ann\ufffd", "a\ufffdb", "ann\ufffd")
    mailer.outbox.lift(made.id, reason="\0", by="\udcff")
    assert mailer.outbox.standing() == ()
