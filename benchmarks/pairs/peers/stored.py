"""mailsend with a store, by its public names alone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mailsend import AsyncMailer, Mailer
from mailsend.store import upgrade
from pairs.filling import fill, many, number_of, parts
from pairs.meter import Meter, numbers
from pairs.peers import ours
from pairs.peers.django_queues import called_by
from pairs.task import Task

_A_ROUND = 200  # mails that are to be delivered at a time
_A_LOOK, _IDLE = 0.01, 0.5  # seconds between looks at what a worker did; after which its queue is empty


def _stored(task: Task, kind: type[Any] = Mailer) -> Any:
    return kind(ours.settings(task, store=task.database))


@contextmanager
def enqueue(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Mailer.enqueue, by as many threads as the task has callers; in batches enqueue_many."""
    upgrade(task.database)
    make = ours.making(task)
    with _stored(task) as mailer:

        def caller(meter: Meter) -> None:
            while meter.take():
                if task.batch > 1:
                    meter.done(len(mailer.enqueue_many(many(make, task.batch))))
                else:
                    mailer.enqueue(make(next(numbers)))
                    meter.done()

        yield called_by(task.callers, caller)


@contextmanager
def async_enqueue(task: Task) -> Iterator[Callable[[Meter], None]]:
    """AsyncMailer.enqueue, by as many tasks as there are callers."""
    upgrade(task.database)
    make = ours.making(task)
    mailer = _stored(task, AsyncMailer)

    async def caller(meter: Meter) -> None:
        while meter.take():
            await mailer.enqueue(make(next(numbers)))
            meter.done()

    async def work(meter: Meter) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(task.callers):
                group.create_task(caller(meter))

    with asyncio.Runner() as runner:
        yield lambda meter: runner.run(work(meter))
        runner.run(mailer.aclose())


def _fill(task: Task, usual: int) -> None:
    make = ours.making(task)

    def put_in() -> None:
        with _stored(task) as mailer:
            for part in parts(number_of(task, usual)):
                mailer.enqueue_many(many(make, part))

    upgrade(task.database)
    fill(put_in)


@contextmanager
def drain(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Mailer.deliver_due, as a worker calls it."""
    _fill(task, 6000)
    with _stored(task) as mailer:

        def go(meter: Meter) -> None:
            while meter.take():
                done = mailer.deliver_due(limit=_A_ROUND, concurrency=task.concurrency)
                if done.accepted != done.claimed:
                    raise RuntimeError(f"not accepted: {done}")
                if not done.claimed:
                    return
                meter.done(done.accepted)

        yield go


@contextmanager
def worker(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Worker, which runs rounds side by side and does the duties as well."""
    from mailsend.worker import Worker

    _fill(task, 6000)
    with _stored(task) as mailer:

        def go(meter: Meter) -> None:
            works = Worker(mailer, concurrency=task.concurrency, batch=task.most or 100)
            accepted, idle_until = 0, 0.0
            with works:
                while meter.goes_on() and (accepted < task.most or not task.most):
                    time.sleep(_A_LOOK)
                    before, accepted = accepted, works.counts["accepted"]
                    now = time.monotonic()
                    if accepted > before or not accepted:
                        idle_until = now + _IDLE
                    elif now > idle_until:
                        break
            meter.done(works.counts["accepted"])

        yield go


@contextmanager
def mailer(task: Task) -> Iterator[Callable[[Meter], None]]:
    """Mailer.send_many, which notes in the store what was sent."""
    upgrade(task.database)
    with ours.sending(task, _stored(task)) as go:
        yield go


@contextmanager
def async_mailer(task: Task) -> Iterator[Callable[[Meter], None]]:
    """AsyncMailer.send_many, the same."""
    upgrade(task.database)
    with ours.async_sending(task, _stored(task, AsyncMailer)) as go:
        yield go
