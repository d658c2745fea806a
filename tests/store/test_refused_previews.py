"""What a preview gave is put in as it is: a finished mail goes in, a refusal is raised."""

from __future__ import annotations

import asyncio

import pytest
from queue_shop import a_mail, rows, settings

from mailsend import AsyncMailer, Mailer, MessageRefused, Settings
from mailsend.store.schema import mails

SHOP = Settings.model_validate(settings(store="memory:"))


@pytest.mark.parametrize("what", ["enqueue", "keep"])
def test_a_preview_that_was_refused_is_raised_as_such(what):
    """As the message itself would be, with the reasons; nothing is put in."""
    with Mailer(SHOP) as mailer:
        refusal = mailer.preview(a_mail(to=()))
        with pytest.raises(MessageRefused) as raised:
            getattr(mailer, what)(refusal)
        assert raised.value.refusal is refusal
        assert rows(mailer, mails.message) == []


@pytest.mark.parametrize("what", ["enqueue", "keep"])
def test_asynchronously_as_well(what):
    """Awaited."""

    async def run():
        async with AsyncMailer(SHOP) as mailer:
            refusal = await mailer.preview(a_mail(to=()))
            with pytest.raises(MessageRefused) as raised:
                await getattr(mailer, what)(refusal)
            return raised.value.refusal is refusal

    assert asyncio.run(run())


def test_one_refusal_among_several_puts_none_in():
    """All or none, whichever of them were previews."""
    with Mailer(SHOP) as mailer:
        good, refusal = mailer.preview(a_mail()), mailer.preview(a_mail(to=()))
        with pytest.raises(MessageRefused):
            mailer.enqueue_many([a_mail(), good, refusal])
        assert rows(mailer, mails.message) == []
