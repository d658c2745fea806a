"""Procrastinate: a queue in PostgreSQL that an application would give its mails to."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pairs import mail
from pairs.filling import fill, many, number_of, parts
from pairs.mail import Finished
from pairs.meter import Meter, numbers
from pairs.stdlib import finished, message
from pairs.task import Task


def _app(task: Task, connections: int) -> Any:
    import procrastinate

    logging.disable(logging.INFO)
    where = task.database.replace("+psycopg", "")
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=where, min_size=connections, max_size=connections)
    )


def _asked(task: Task) -> Callable[[int], dict[str, Any]]:
    content = finished(task)

    def make(number: int) -> dict[str, Any]:
        one = content(number)
        return {"to": mail.recipient(number), "subject": one.subject, "text": one.text, "html": one.html}

    return make


@contextmanager
def enqueue(task: Task) -> Iterator[Callable[[Meter], None]]:
    """defer_async, by as many callers as the task has."""
    app, make = _app(task, min(task.callers, 16)), _asked(task)

    @app.task(name="send")
    async def send(**one: Any) -> None: ...

    async def caller(meter: Meter) -> None:
        while meter.take():
            await send.defer_async(**make(next(numbers)))
            meter.done()

    async def work(meter: Meter) -> None:
        await asyncio.gather(*(caller(meter) for _ in range(task.callers)))

    async def opened() -> None:
        await app.open_async()
        await app.schema_manager.apply_schema_async()

    with asyncio.Runner() as runner:
        runner.run(opened())
        yield lambda meter: runner.run(work(meter))
        runner.run(app.close_async())


@contextmanager
def drain(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Its worker, whose jobs send over aiosmtplib's connections that are kept."""
    import aiosmtplib

    app, make = _app(task, 8), _asked(task)
    free: asyncio.Queue[aiosmtplib.SMTP] = asyncio.Queue()
    current: list[Meter] = []
    full = asyncio.Event()

    @app.task(name="send")
    async def send(to: str, **one: str) -> None:
        data = message(Finished(**one), to, tuned=True).as_bytes()
        client = await free.get()
        await client.sendmail(mail.SENDER, [to], data)
        free.put_nowait(client)
        current[-1].done()
        if not current[-1].take():
            full.set()

    async def opened() -> None:
        await app.open_async()
        for _ in range(task.connections):
            client = aiosmtplib.SMTP(
                hostname=task.host, port=task.port, start_tls=False, use_tls=False, local_hostname="localhost"
            )
            await client.connect()
            free.put_nowait(client)

    async def work(meter: Meter) -> None:
        current.append(meter)
        full.clear()
        # Measured: sixteen at a time drain fastest of 4, 8, 16 and 32.
        worker = asyncio.create_task(app.run_worker_async(concurrency=16, wait=False, delete_jobs="never"))
        ended = asyncio.create_task(full.wait())
        await asyncio.wait({worker, ended}, return_when=asyncio.FIRST_COMPLETED)
        worker.cancel()
        ended.cancel()
        await asyncio.gather(worker, ended, return_exceptions=True)

    async def put_in() -> None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for part in parts(number_of(task, 600)):
                await send.batch_defer_async(*many(make, part))

    fill(lambda: asyncio.run(put_in()))
    with asyncio.Runner() as runner:
        runner.run(opened())
        yield lambda meter: runner.run(work(meter))
        runner.run(app.close_async())
