"""aiosmtplib with connections that are kept, and what an application puts in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pairs import mail
from pairs.meter import Meter, numbers
from pairs.stdlib import building, numbered
from pairs.task import Task

Build = Callable[[int], tuple[str, bytes]]


@contextmanager
def stack(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Jinja2 with the CSS inlined beforehand, EmailMessage as documented, dkimpy, aiosmtplib."""
    with _sending(task, building(task)) as go:
        yield go


@contextmanager
def stack_tuned(task: Task) -> Iterator[Callable[[Meter], None]]:
    """The same with what makes EmailMessage fastest: base64 asked for, addresses parsed beforehand."""
    with _sending(task, building(task, tuned=True)) as go:
        yield go


@contextmanager
def stack_premailer(task: Task) -> Iterator[Callable[[Meter], None]]:
    """The same as tutorials show it: premailer is asked for every mail."""
    with _sending(task, building(task, premailer=True)) as go:
        yield go


@contextmanager
def prebuilt(task: Task) -> Iterator[Callable[[Meter], None]]:
    """aiosmtplib alone, with finished bytes."""
    with _sending(task, numbered(mail.mails(task.place))) as go:
        yield go


@contextmanager
def _sending(task: Task, build: Build) -> Iterator[Callable[[Meter], None]]:
    import aiosmtplib

    async def opened() -> list[aiosmtplib.SMTP]:
        clients = [
            aiosmtplib.SMTP(
                hostname=task.host,
                port=task.port,
                start_tls=False,
                use_tls=False,
                local_hostname="localhost",  # saves the search for one
            )
            for _ in range(task.connections)
        ]
        await asyncio.gather(*(one.connect() for one in clients))
        return clients

    async def worker(client: aiosmtplib.SMTP, meter: Meter) -> None:
        while meter.take():
            recipient, data = build(next(numbers))
            await client.sendmail(mail.SENDER, [recipient], data)
            meter.done()

    with asyncio.Runner() as runner:
        clients = runner.run(opened())

        async def work(meter: Meter) -> None:
            await asyncio.gather(*(worker(one, meter) for one in clients))

        async def closed() -> None:
            await asyncio.gather(*(one.quit() for one in clients))

        yield lambda meter: runner.run(work(meter))
        runner.run(closed())
