"""Signing in an event loop: what is brief at once, what takes long in a thread, several together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mailsend.mailer import AsyncMailer, sealing
from mailsend.model.message import Message
from mailsend.model.submission import Submission
from mailsend.prepare import Draft, seal
from mailsend.settings import Settings

Where = list[threading.Thread]


@pytest.fixture(scope="module")
def long_key_text() -> str:
    """Give an RSA-3072 private key as PEM."""
    key = generate_private_key(public_exponent=65537, key_size=3072)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def where(monkeypatch: pytest.MonkeyPatch) -> Where:
    """Give the threads in which drafts are sealed, one after the other."""
    threads: Where = []

    def noted(draft: Draft) -> Submission:
        threads.append(threading.current_thread())
        return seal(draft)

    monkeypatch.setattr(sealing, "seal", noted)
    return threads


def mailer_with(*keys: str) -> AsyncMailer:
    """Give a mailer that signs with these keys."""
    signing = [
        {"domain": "suite.example", "selector": f"s{number}", "key": key, "published": True}
        for number, key in enumerate(keys)
    ]
    application = {
        "name": "Suite",
        "fallback_sender": "Suite <no-reply@suite.example>",
        "allowed_domains": ["suite.example"],
        "admin_address": "postmaster@suite.example",
        "smarthost": "memory:",
        "dkim_keys": signing,
    }
    return AsyncMailer(Settings.model_validate({"application": application}))


def a_message(text: str = "Hello") -> Message:
    return Message(to="bob@example.org", subject="Hello", text=text)


def test_a_key_of_2048_bits_signs_where_the_loop_runs(where: Where, rsa_key_text: str) -> None:
    """A thread would cost the loop more than the signature does."""
    asyncio.run(mailer_with(rsa_key_text).preview(a_message()))
    assert where == [threading.current_thread()]


@pytest.mark.parametrize("text", ["Hello", "Hello, hello\n" * 30_000])
def test_what_takes_long_is_signed_in_a_thread(where: Where, long_key_text: str, text: str) -> None:
    """A longer key keeps no loop waiting, and every signature is of the mail that asked for it."""

    async def three() -> list[object]:
        mailer = mailer_with(long_key_text)
        return await asyncio.gather(*(mailer.preview(a_message(f"{text} {one}")) for one in range(3)))

    made = asyncio.run(three())
    assert [isinstance(one, Submission) and one.data.count(b"DKIM-Signature:") for one in made] == [1, 1, 1]
    assert [one is threading.current_thread() for one in where] == [False, False, False]
    assert len({one.digest for one in made if isinstance(one, Submission)}) == 3


def test_a_large_mail_is_signed_in_a_thread(where: Where, rsa_key_text: str) -> None:
    """Hashing it takes longer than signing the hash."""
    asyncio.run(mailer_with(rsa_key_text).preview(a_message("Hello, hello\n" * 30_000)))
    assert where != [threading.current_thread()]


def test_one_draft_that_cannot_be_signed_fails_alone(
    monkeypatch: pytest.MonkeyPatch, long_key_text: str
) -> None:
    """Those that were signed in the same burst have their signatures, and whoever left is not told."""
    fails = a_failing_one(monkeypatch)

    async def four() -> list[object]:
        mailer = mailer_with(long_key_text)
        tasks = [asyncio.ensure_future(mailer.preview(a_message(f"{one}"))) for one in range(4)]
        await asyncio.sleep(0)
        tasks[2].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    fails("1")
    assert [type(one) for one in asyncio.run(four())] == [
        Submission,
        ValueError,
        asyncio.CancelledError,
        Submission,
    ]


def a_failing_one(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Give what lets the sealing of mails with this text fail."""

    def fail(text: str) -> None:
        def sealed(draft: Draft) -> Submission:
            if draft.message.text == text:
                raise ValueError(text)
            return seal(draft)

        monkeypatch.setattr(sealing, "seal", sealed)

    return fail
