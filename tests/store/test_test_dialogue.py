"""Test mode asked about: exactly the mails shown go out for real, once, in time, by a named person (P3, M35)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from kept_mails import rows
from store_samples import KEYS

from mailsend import AsyncMailer, Mailer, Message, Settings, UnknownCustomer
from mailsend.errors import InvalidSettings, StoreError
from mailsend.mailer import clock, test_questions
from mailsend.store import open_store
from mailsend.store.schema.upkeep import confirmation

TEST, BOB, EVE = "test@suite.example", "bob@example.org", "eve@example.org"


def _settings(url, *, keys=KEYS, customers=None, **test_mode):
    return Settings.model_validate(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "smarthosts": ["memory:"],
                "secret_keys": [one.reveal() for one in keys],
                "test_mode": {"recipient": TEST, **test_mode},
                "store": url,
            },
            "customers": {"rat": {"allowed_domains": ["rat.example"]}, **(customers or {})},
        }
    )


@pytest.fixture
def mailer(url):
    with Mailer(_settings(url)) as made:
        made.test_mode.on(by="ann")
        yield made


def _message(to=BOB, **more):
    return Message(to=to, subject="Hello", text="Hello\n", **more)


def _arrived(mailer):
    """Deliver what is due, and give whom everything that was ever sent went to."""
    mailer.deliver_due()
    return sorted(str(who) for one in mailer.captured for who in one.envelope.recipients)


def test_a_question_shows_how_many_to_whom_and_where_they_go_now(mailer):
    """The mails are held under the ids that it names; nobody is reached by asking."""
    question = mailer.test_mode.question([_message([BOB, EVE]), _message(EVE)])
    assert (question.count, [str(one) for one in question.recipients], str(question.goes_to)) == (
        2,
        [BOB, EVE],
        TEST,
    )
    assert {mailer.outbox.get(one).reason for one in question.messages} == {"test_question"}
    assert (_arrived(mailer), question.token in repr(question)) == ([], False)


def test_a_confirmed_question_reaches_exactly_those_once(mailer):
    """A second answer of either kind is refused and says who answered; nothing else is let go."""
    asked, other = (mailer.test_mode.question([_message(one)]) for one in (BOB, EVE))
    answer = mailer.test_mode.confirm(asked.token, by="ann")
    assert (set(answer.sent), answer.refused) == (set(asked.messages), {})
    for again in (mailer.test_mode.confirm, mailer.test_mode.keep_testing):
        with pytest.raises(StoreError, match="was answered by ann"):
            again(asked.token, by="ben")
    assert _arrived(mailer) == [BOB]
    assert [str(mailer.outbox.get(one).state) for one in other.messages] == ["held"]


def test_testing_goes_on_where_that_is_the_answer(mailer):
    """The copies that were kept go to the test address."""
    asked = mailer.test_mode.question([_message([BOB, EVE])])
    assert dict(mailer.test_mode.keep_testing(asked.token, by="ann").sent) == {
        one: one for one in asked.messages
    }
    assert _arrived(mailer) == [TEST]


def test_a_question_is_answered_in_time(mailer, monkeypatch):
    """Behind its time it is not answered, and the mails stay held."""
    asked = mailer.test_mode.question([_message()], valid=60)
    late = clock.utc_now() + timedelta(seconds=61)
    monkeypatch.setattr(test_questions, "utc_now", lambda: late)
    with pytest.raises(StoreError, match="the time to answer this question has passed"):
        mailer.test_mode.confirm(asked.token, by="ann")
    assert (_arrived(mailer), str(mailer.outbox.get(asked.messages[0]).state)) == ([], "held")


@pytest.mark.parametrize("token", ["", ".", "nonsense", "nonce.mark", "ü.ü", "\udcff.mark", "nonce.\udcff"])
def test_what_is_no_token_of_ours_answers_nothing(mailer, token):
    """A guess is refused before the store is asked."""
    with pytest.raises(StoreError, match="no answer to a question"):
        mailer.test_mode.confirm(token, by="ann")


@pytest.mark.parametrize("valid", [float("nan"), float("inf"), 1e300, 0, -1.0])
def test_a_question_that_nobody_could_answer_is_not_asked(mailer, valid):
    """Nor one that could be answered for ever; nothing is kept back for it."""
    with pytest.raises(StoreError, match="a question is open for more than 0 seconds and at most a year"):
        mailer.test_mode.question([_message()], valid=valid)
    assert mailer.outbox.search().mails == ()


def test_a_changed_token_answers_nothing(mailer):
    """Neither half may be another one's."""
    one, two = (mailer.test_mode.question([_message()]).token.split(".") for _ in range(2))
    for token in (f"{one[0]}.{two[1]}", f"{one[0]}x.{one[1]}"):
        with pytest.raises(StoreError, match="no answer to a question"):
            mailer.test_mode.confirm(token, by="ann")
    assert _arrived(mailer) == []


def test_the_token_is_nowhere_in_the_store(url, mailer):
    """Whoever reads the database cannot answer: its digest alone is there."""
    asked = mailer.test_mode.question([_message()])
    with open_store(url, secret_keys=KEYS) as store:
        (row,) = rows(store, confirmation)
        assert asked.token.split(".")[0] not in repr(row)


def test_an_answer_has_a_name(mailer):
    """Nobody is no person; the question stays open."""
    asked = mailer.test_mode.question([_message()])
    with pytest.raises(StoreError, match="needs the name"):
        mailer.test_mode.confirm(asked.token, by=" ")
    assert mailer.test_mode.confirm(asked.token, by="ann").sent


def test_another_process_may_answer(url, mailer):
    """The token is all it needs, with the keys of the store; new keys go on to know the old one's mark."""
    asked = mailer.test_mode.question([_message()])
    newer = (type(KEYS[0])("a-newer-key-than-that-one"), *KEYS)
    with Mailer(_settings(url, keys=newer)) as other:
        assert set(other.test_mode.confirm(asked.token, by="ann").sent) == set(asked.messages)
        assert _arrived(other) == [BOB]


def test_what_may_not_go_out_is_told_before_and_after(mailer):
    """A message that is refused is told by its place; one that may not go out any more, by its id."""
    asked = mailer.test_mode.question([_message(), _message(customer="nobody")])
    assert (len(asked.messages), list(asked.refused)) == (1, [1])
    mailer.lists.block.add(BOB, by="ann")
    answer = mailer.test_mode.confirm(asked.token, by="ann")
    assert (answer.sent, list(answer.refused)) == ({}, list(asked.messages))
    assert (_arrived(mailer), str(mailer.outbox.get(asked.messages[0]).state)) == ([], "held")


def test_a_sensitive_mail_is_asked_about_as_well(mailer):
    """It is prepared afresh from what is kept encrypted."""
    asked = mailer.test_mode.question([_message(sensitive=True)])
    mailer.test_mode.confirm(asked.token, by="ann")
    assert _arrived(mailer) == [BOB]


def test_mails_that_wait_are_asked_about_by_their_ids(url):
    """Put in for real before test mode, they are held when they are due, and sent by an answer."""
    with Mailer(_settings(url)) as mailer:
        waiting = mailer.enqueue(_message())
        mailer.test_mode.on(by="ann")
        assert _arrived(mailer) == []
        asked = mailer.test_mode.question([waiting])
        assert (asked.messages, str(asked.goes_to)) == ((waiting,), TEST)
        mailer.test_mode.confirm(asked.token, by="ann")
        assert _arrived(mailer) == [BOB]
        with pytest.raises(StoreError, match="is no held mail"):
            mailer.test_mode.question([waiting])


@pytest.mark.parametrize("how", ["switch", "rules"])
def test_one_customers_test_mode_is_asked_about_too(url, how):
    """Whether it was switched on or stands in its rules: its mail goes to its test address while it is held."""
    with Mailer(_settings(url)) as before:
        waiting = before.enqueue(_message(customer="rat"))
    rules = {
        "allowed_domains": ["rat.example"],
        "test_mode": {"enabled": True, "recipient": "qa@suite.example"},
    }
    with Mailer(_settings(url, customers={"rat": rules} if how == "rules" else None)) as mailer:
        if how == "switch":
            mailer.test_mode.on("qa@suite.example", customer="rat", by="ann")
        assert str(mailer.test_mode.of("rat").recipient) == "qa@suite.example"
        assert _arrived(mailer) == []
        asked = mailer.test_mode.question([waiting])
        assert str(asked.goes_to) == "qa@suite.example"
        mailer.test_mode.keep_testing(asked.token, by="ann")
        assert _arrived(mailer) == ["qa@suite.example"]


def test_a_test_copy_becomes_real_when_test_mode_is_over(mailer):
    """Where it went while people tested is told from the copy itself."""
    (copy,) = mailer.test_mode.question([_message()]).messages
    mailer.test_mode.off(by="ann")
    asked = mailer.test_mode.question([copy])
    assert str(asked.goes_to) == TEST
    mailer.test_mode.confirm(asked.token, by="ann")
    assert _arrived(mailer) == [BOB]


def test_without_test_mode_there_is_nothing_to_ask(mailer):
    """Neither of a message nor of a mail that is held for another reason."""
    mailer.test_mode.off(by="ann")
    kept = mailer.keep(mailer.preview(_message()))
    for one, what in ((_message(), "test mode is off for this mail"), (kept, "test mode is off")):
        with pytest.raises(StoreError, match=what):
            mailer.test_mode.question([one])


def test_a_customer_nobody_knows_has_no_test_mode(mailer):
    """Asking for it says so, for both mailers."""
    with pytest.raises(UnknownCustomer):
        mailer.test_mode.of("rta")


def test_a_question_needs_keys(url):
    """Its token is marked with one."""
    with Mailer(_settings(url, keys=(), enabled=True)) as mailer, pytest.raises(InvalidSettings):
        mailer.test_mode.question([_message()])


def test_the_async_mailer_asks_and_answers_alike(url):
    """The same names, awaited."""

    async def check():
        async with AsyncMailer(_settings(url)) as mailer:
            mailer.test_mode.on(by="ann")
            assert str((await mailer.test_mode.of("rat")).recipient) == TEST
            asked = await mailer.test_mode.question([_message(), _message(EVE)])
            other = await mailer.test_mode.question([_message()])
            answer = await mailer.test_mode.confirm(asked.token, by="ann")
            assert set(answer.sent) == set(asked.messages)
            await mailer.test_mode.keep_testing(other.token, by="ann")
            await mailer.deliver_due()
            return sorted(str(who) for one in mailer.captured for who in one.envelope.recipients)

    assert asyncio.run(check()) == [BOB, EVE, TEST]
