"""Four workers of three kinds on one PostgreSQL: each mail once, and no limit exceeded."""

from __future__ import annotations

import time

import pytest
from celery import Celery
from engine_starting import (
    CELERY,
    CELERY_IS_READY,
    PROCRASTINATE,
    PROCRASTINATE_IS_READY,
    defer_here,
    jobs_of,
    make_jobs,
)
from sqlalchemy import create_engine, select

from mailsend import Mailer, Message, Settings
from mailsend.contrib import celery, procrastinate
from mailsend.store.schema.mails import attempt
from mailsend.worker import Worker

pytestmark = pytest.mark.engines

A_MINUTE = 120  # mails, that the server takes
SLACK = 3.0  # seconds between a claim and the mail's coming


def _mails(count):
    return [Message(to=f"ann-{number}@one.example", subject="Hello", text="Hello") for number in range(count)]


@pytest.fixture
def three(programs, database, broker):
    """Give what starts two workers of Celery and one of Procrastinate."""

    def start(everywhere):
        make_jobs(database)
        for name, beat in (("one@here", ("-B",)), ("two@here", ())):
            programs.start(
                *CELERY, *beat, "-n", name, settings=everywhere, ready=CELERY_IS_READY, ENGINE_BROKER=broker
            )
        jobs = jobs_of(database)
        programs.start(*PROCRASTINATE, settings=everywhere, ready=PROCRASTINATE_IS_READY, ENGINE_JOBS=jobs)

    return start


def test_each_mail_goes_out_once_by_four_workers(settings, database, broker, sink, three):
    """An embedded worker, two Celery processes and one of Procrastinate share the queue, and no mail goes twice."""
    everywhere = settings("&max_connections=2")
    three(everywhere)
    with Mailer(Settings.model_validate(everywhere)) as mailer, Worker(mailer, batch=5, rounds=1):
        celery.add_tasks(Celery("shop", broker=broker), mailer)
        tasks = procrastinate.add_tasks(defer_here(), mailer, conninfo=jobs_of(database))
        for _ in range(100):
            mailer.enqueue_many(_mails(10))
            time.sleep(0.03)
        sink.waits_for(1000, 300)
        time.sleep(2)  # whatever would come twice
        tasks.wake.close()

        assert (len(sink.times), set(sink.times.values())) == (1000, {1})
    assert len(_workers(database)) >= 4


def test_a_limit_holds_for_all_of_them_together(settings, sink, three):
    """A server that takes so many a minute gets no more, however many workers there are, and all in the end."""
    everywhere = settings(f"&max_per_minute={A_MINUTE}")
    three(everywhere)
    with Mailer(Settings.model_validate(everywhere)) as mailer, Worker(mailer, batch=20):
        mailer.enqueue_many(_mails(A_MINUTE + 40))
        sink.waits_for(A_MINUTE + 40, 300)

    assert (len(sink.times), set(sink.times.values())) == (A_MINUTE + 40, {1})
    assert sink.most_within(60 - SLACK) == A_MINUTE


def _workers(database):
    """Give which processes have tried mails of this store."""
    engine = create_engine(database)
    with engine.connect() as connection:
        found = set(connection.scalars(select(attempt.c.worker)))
    engine.dispose()
    return found
