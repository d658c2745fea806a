"""An engine is woken after the commit, does the duties too, and keeps its own ideas of retries to itself."""

from __future__ import annotations

import logging
import time

import procrastinate as engine
import pytest
from celery import Celery
from engine_starting import CELERY, CELERY_IS_READY, PROCRASTINATE, PROCRASTINATE_IS_READY, jobs_of, make_jobs
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from mailsend import AsyncMailer, Mailer, Message, Settings
from mailsend.contrib import celery, procrastinate
from mailsend.store.schema.upkeep import duty

pytestmark = pytest.mark.engines

NEVER = {"ENGINE_EVERY": "3600", "ENGINE_CRON": "0 0 29 2 *"}
HELLO = Message(to="ann@one.example", subject="Hello", text="Hello")


@pytest.fixture
def mailer(settings):
    """Give the Mailer of a process that puts mails in."""
    with Mailer(Settings.model_validate(settings())) as one:
        yield one


@pytest.fixture(params=["celery", "procrastinate"])
def run_by(request, programs, database, settings):
    """Give what starts one worker of an engine, and gives what wakes it from a Mailer here."""

    def start(mailer, **environment):
        if request.param == "celery":
            broker = request.getfixturevalue("broker")
            programs.start(
                *CELERY, "-B", settings=settings(), ready=CELERY_IS_READY, ENGINE_BROKER=broker, **environment
            )
            return celery.add_tasks(Celery("shop", broker=broker), mailer)
        jobs = jobs_of(database)
        make_jobs(database)
        programs.start(
            *PROCRASTINATE,
            settings=settings(),
            ready=PROCRASTINATE_IS_READY,
            ENGINE_JOBS=jobs,
            **environment,
        )
        app = engine.App(connector=engine.PsycopgConnector())
        tasks = procrastinate.add_tasks(app, mailer, conninfo=jobs)
        request.addfinalizer(tasks.wake.close)
        return tasks

    return start


def test_a_commit_wakes_a_worker(run_by, mailer, database, sink):
    """Where no worker would look by itself, what was put in goes out: by our commit, and by the caller's."""
    run_by(mailer, **NEVER)
    mailer.enqueue(HELLO)
    sink.waits_for(1, 120)
    assert len(sink.came) == 1

    business = create_engine(database, poolclass=NullPool)
    with Session(business) as session:
        mailer.enqueue(HELLO, connection=session)
        session.rollback()
        mailer.enqueue(HELLO, connection=session)
        session.commit()
    sink.waits_for(2, 120)
    time.sleep(0.5)
    assert len(sink.came) == 2


def test_a_worker_looks_by_itself(run_by, mailer, sink):
    """A mail whose wake-up was lost goes out as well."""
    mailer.enqueue(HELLO)
    run_by(mailer)
    sink.waits_for(1, 120)
    assert len(sink.came) == 1


def test_an_engine_does_the_duties(run_by, mailer, database):
    """The duties of care are done by the engine's worker, on their clock."""
    run_by(mailer)
    store = create_engine(database, poolclass=NullPool)
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        with store.connect() as connection:
            ran = connection.execute(select(duty.c.name, duty.c.ran_at)).all()
        if len(ran) >= 2 and all(ended for _, ended in ran):
            break
        time.sleep(0.1)
    assert {"notices", "retention"} <= {name for name, ended in ran if ended}


def test_many_mails_make_few_wake_ups(mailer, database):
    """Twenty mails put in at once leave one job behind that waits, and a transaction undone leaves none."""
    make_jobs(database)
    app = engine.App(connector=engine.PsycopgConnector())
    tasks = procrastinate.add_tasks(app, mailer, conninfo=jobs_of(database))
    business = create_engine(database, poolclass=NullPool)
    with Session(business) as session:
        mailer.enqueue(HELLO, connection=session)
        session.rollback()
    tasks.wake.flush()
    assert _jobs(business) == []

    for _ in range(20):
        mailer.enqueue(HELLO)
    tasks.wake.close(20)
    assert _jobs(business) == [("mailsend.deliver_due", "mailsend", "todo", None)]


def test_an_engine_that_is_away_harms_nobody(mailer, caplog):
    """A broker that does not answer costs a line in the log; the mail is in the store."""
    app = Celery("shop", broker="redis://127.0.0.1:1/0")
    tasks = celery.add_tasks(app, mailer)
    with caplog.at_level(logging.WARNING, "mailsend.contrib"):
        row_id = mailer.enqueue(HELLO)
        tasks.wake.flush(20)

    assert mailer.outbox.get(row_id).state == "queued"
    assert [
        one.getMessage().partition(" (")[0] for one in caplog.records if one.name == "mailsend.contrib"
    ] == ["no worker could be woken"]


def test_no_engine_retries_locks_or_limits(mailer):
    """Whatever an application's defaults are: when a mail is tried again, and whose turn it is, its row says."""
    app = Celery("shop", broker="memory://")
    app.conf.update(task_acks_late=True, task_default_rate_limit="1/h", task_reject_on_worker_lost=True)
    ours = celery.add_tasks(app, mailer)
    app.finalize()
    for one in (ours.deliver_due, ours.care):
        assert (one.max_retries, one.rate_limit, one.acks_late, one.ignore_result) == (0, 0, False, True)

    theirs = procrastinate.add_tasks(
        engine.App(connector=engine.PsycopgConnector()), mailer, conninfo="postgresql://127.0.0.1:1/nowhere"
    )
    for one in (theirs.deliver_due, theirs.care):
        assert (one.retry_strategy, one.lock) == (None, None)


def test_procrastinate_takes_an_async_mailer(settings, database, sink):
    """Its jobs run on the worker's own loop, and so does an AsyncMailer."""
    import asyncio

    make_jobs(database)
    jobs = jobs_of(database)

    async def main():
        app = engine.App(connector=engine.PsycopgConnector(conninfo=jobs))
        async with AsyncMailer(Settings.model_validate(settings())) as mailer, app.open_async():
            tasks = procrastinate.add_tasks(app, mailer, conninfo=jobs)
            await mailer.enqueue(HELLO)
            await asyncio.to_thread(tasks.wake.close, 20)
            await app.run_worker_async(wait=False)

    asyncio.run(main())
    assert len(sink.came) == 1


def _jobs(business):
    with business.connect() as connection:
        asked = "SELECT task_name, queue_name, status, lock FROM procrastinate_jobs"
        return [tuple(one) for one in connection.execute(text(asked))]
