"""What a large mail costs, from the file to the final dot, and what many cost: bounded, and counted."""

from __future__ import annotations

import asyncio
import gc
import os
import tracemalloc
from collections.abc import Iterator

import pytest
from sink import sink

from mailsend.doctor.dkim_record import new_key
from mailsend.mailer import AsyncMailer, Mailer
from mailsend.model.attachment import Attachment
from mailsend.model.message import Message
from mailsend.settings import Settings

MIB = 1024 * 1024


def settings(port: int) -> Settings:
    return Settings.model_validate(
        {
            "application": {
                "fallback_sender": "no-reply@suite.example",
                "allowed_domains": ["suite.example"],
                "max_message_size": 0,
                "smarthosts": [f"smtp://127.0.0.1:{port}?tls=none"],
                "dkim_keys": [{"domain": "suite.example", "selector": "s", "key": new_key().decode()}],
            }
        }
    )


def one(**more: object) -> Message:
    return Message(to="bob@elsewhere.example", subject="Hello", text="Hello\n", **more)


@pytest.fixture
def port() -> Iterator[int]:
    with sink() as found:
        yield found


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_a_large_attachment_costs_three_times_its_encoded_size_at_most(tmp_path, port, traced):
    """From the file on the disk to the final dot, 25 MB cost no more than three encoded copies at the peak."""
    file = tmp_path / "plan.bin"
    file.write_bytes(os.urandom(25 * MIB))
    encoded = 25 * MIB * 78 // 57
    with Mailer(settings(port)) as mailer:
        mailer.send(one())
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        reports = list(mailer.send_many(one(attachments=(Attachment.from_path(file),)) for _ in range(1)))
        peak = tracemalloc.get_traced_memory()[1] - before
    assert [one.complete for one in reports] == [True]
    assert 1.0 < peak / encoded <= 3.0


@pytest.mark.parametrize("mails", [500, pytest.param(6_000, marks=pytest.mark.rings)])
def test_many_mails_leave_nothing_behind(port, traced, mails):
    """Once everything that is kept is there, further mails through either mailer add nothing."""

    async def send(mailer: AsyncMailer) -> int:
        async with mailer:
            return sum([1 async for report in mailer.send_many(messages(mails)) if report.complete])

    def messages(count: int) -> Iterator[Message]:
        return (one() for _ in range(count))

    with Mailer(settings(port)) as mailer:
        assert sum(one.complete for one in mailer.send_many(messages(600))) == 600
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        assert sum(one.complete for one in mailer.send_many(messages(mails))) == mails
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 300_000
    asyncio.run(send(AsyncMailer(settings(port))))
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    assert asyncio.run(send(AsyncMailer(settings(port)))) == mails
    gc.collect()
    assert tracemalloc.get_traced_memory()[0] - before < 300_000
