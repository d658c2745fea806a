"""Whoever looks at a person or a content, or switches test mode, is named, or it is not done."""

from __future__ import annotations

import asyncio
import inspect

import pytest
from mail_strategies import shop

from mailsend import AsyncMailer, Mailer, Message, Settings, StoreError

BLANK = ["", " \t\n"]
MAIL = Message(to="bob@example.org", subject="x", text="x")


def _settings(**more):
    known = {"store": "memory:", "secret_keys": ["the-first-of-the-secret-keys"]}
    return Settings.model_validate(shop(**known, **more))


def _calls(mailer, id, by):
    """Give what needs a name, each under what it is called."""
    return {
        "export": lambda: mailer.privacy.export("bob@example.org", by=by),
        "erase": lambda: mailer.privacy.erase("bob@example.org", reason="x", by=by),
        "outbox content": lambda: mailer.outbox.content(id, by=by),
        "journal content": lambda: mailer.journal.content(id, by=by),
        "resend": lambda: mailer.journal.resend(id, to="eve@example.org", by=by),
        "hold": lambda: mailer.outbox.hold(id, by=by),
        "stand": lambda: mailer.outbox.stand("template:x", by=by),
        "lift": lambda: mailer.outbox.lift(1, by=by),
        "on": lambda: mailer.test_mode.on("test@example.org", by=by),
        "off": lambda: mailer.test_mode.off(by=by),
    }


async def _awaited(call):
    found = call()
    return await found if inspect.isawaitable(found) else found


NAMES = [*_calls(None, "", "")]


@pytest.mark.parametrize("by", BLANK, ids=["empty", "white space"])
@pytest.mark.parametrize("name", NAMES)
def test_a_blank_name_is_refused(name, by):
    """Nothing is done, shown or written down."""
    with Mailer(_settings()) as mailer:
        id = mailer.enqueue(MAIL)
        with pytest.raises(StoreError, match="name of who"):
            _calls(mailer, id, by)[name]()
        assert mailer.outbox.get(id).events == ()
        assert not mailer.test_mode.status().enabled


@pytest.mark.parametrize("name", NAMES)
def test_a_blank_name_is_refused_by_an_async_mailer_too(name):
    """The same, awaited."""

    async def run():
        async with AsyncMailer(_settings()) as mailer:
            id = await mailer.enqueue(MAIL)
            with pytest.raises(StoreError, match="name of who"):
                await _awaited(_calls(mailer, id, " ")[name])
            assert (await mailer.outbox.get(id)).events == ()
            assert not mailer.test_mode.status().enabled

    asyncio.run(run())


def test_a_question_is_not_answered_by_nobody():
    """It stays open for somebody who says who it is."""
    with Mailer(_settings(test_mode={"enabled": True, "recipient": "test@example.org"})) as mailer:
        asked = mailer.test_mode.question([MAIL])
        for answer in (mailer.test_mode.confirm, mailer.test_mode.keep_testing):
            with pytest.raises(StoreError, match="name of who"):
                answer(asked.token, by=" ")
        assert len(mailer.test_mode.confirm(asked.token, by="ann").sent) == 1


@pytest.mark.parametrize("by", BLANK, ids=["empty", "white space"])
def test_without_a_store_test_mode_is_not_switched_by_nobody_either(by):
    """What is refused with a store is refused without one."""
    with Mailer(Settings.model_validate(shop())) as mailer:
        for switch in (
            lambda: mailer.test_mode.on("test@example.org", by=by),
            lambda: mailer.test_mode.off(by=by),
        ):
            with pytest.raises(StoreError, match="name of who"):
                switch()
        assert not mailer.test_mode.status().enabled
        assert mailer.test_mode.on("test@example.org").enabled


def test_whoever_says_nothing_is_the_application():
    """The name need not be given where it has a usual one."""
    with Mailer(_settings()) as mailer:
        id = mailer.enqueue(MAIL)
        mailer.journal.content(id)
        mailer.outbox.content(id)
        assert [one.by for one in mailer.outbox.get(id).events] == ["application", "application"]
