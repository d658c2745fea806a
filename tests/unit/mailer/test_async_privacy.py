"""``privacy`` of an AsyncMailer does what that of a Mailer does, awaited."""

from __future__ import annotations

import asyncio

from mail_strategies import shop

from mailsend import AsyncMailer, Message, Settings
from mailsend.model.address import Address


def test_a_person_is_given_out_and_erased():
    """The store is asked in threads; an address may be text or an Address."""

    async def run():
        settings = shop(store="memory:", secret_keys=["the-first-of-the-secret-keys"])
        async with AsyncMailer(Settings.model_validate(settings)) as mailer:
            await mailer.enqueue(Message(to="bob@example.org", subject="x", text="x"))
            given = await mailer.privacy.export("bob@example.org", by="ann")
            erased = await mailer.privacy.erase(
                Address.parse("bob@example.org"), reason="asked", by="ann", cancel_open=True
            )
            left = await mailer.privacy.export("bob@example.org", by="ann")
            return len(given["mails"]), erased.cancelled, left["mails"]

    assert asyncio.run(run()) == (1, 1, [])
