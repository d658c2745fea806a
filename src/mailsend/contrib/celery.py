"""Celery runs the workers: tasks that deliver what is due and do the duties of care, woken after commit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailsend.care import run_due
from mailsend.contrib.rounds import Terms, deliver
from mailsend.contrib.waking import Waker

if TYPE_CHECKING:
    from celery import Celery, Task

    from mailsend.mailer import Mailer

__all__ = ["Tasks", "add_tasks"]

# Celery's own retries, rate limits and late acknowledgement stay off, whatever the application's defaults
# say: when a mail is tried again stands in its row, and so does whose turn it is.
_PLAIN: Final[dict[str, Any]] = {
    "ignore_result": True,
    "acks_late": False,
    "max_retries": 0,
    "rate_limit": 0,  # None would take the default of the application
    "serializer": "json",
    "shared": False,  # with every other Celery application of the process: that has a Mailer of its own
}


@dataclass(frozen=True, slots=True)
class Tasks:
    """The tasks of mailsend in a Celery application; ``wake()`` lets a worker look into the queue."""

    deliver_due: Task
    care: Task
    wake: Waker


def add_tasks(
    app: Celery,
    mailer: Mailer,
    *,
    every: float = 5.0,
    care_every: float = 30.0,
    limit: int = 100,
    concurrency: int = 16,
    seconds: float = 20.0,
    queue: str | None = None,
) -> Tasks:
    """Give ``app`` the tasks ``mailsend.deliver_due`` and ``mailsend.care``, and beat their times.

    Where ``mailer`` puts a mail in, a worker is woken after the commit; every so many seconds one looks
    anyway (``every``), and at the duties (``care_every``). A run takes at most ``limit`` mails at a
    time, ``concurrency`` of them at once, and makes room for other tasks after ``seconds``. Without
    ``queue`` the tasks go where the application's do.
    """
    terms = Terms(limit=limit, concurrency=concurrency, seconds=seconds)
    routing: dict[str, Any] = {} if queue is None else {"queue": queue}

    def deliver_due() -> None:
        if deliver(mailer, terms):
            wake()

    def care() -> None:
        run_due(mailer, worker="celery")

    delivering = app.task(deliver_due, name="mailsend.deliver_due", **_PLAIN, **routing)
    caring = app.task(care, name="mailsend.care", **_PLAIN, **routing)
    # What nobody has begun by then is worth nothing: the periodic task comes anyway.
    wake = Waker(lambda: delivering.apply_async(expires=every, retry=False))

    def beat(**_: Any) -> None:
        app.add_periodic_task(every, delivering.s(), name="mailsend.deliver_due", expires=every)
        app.add_periodic_task(care_every, caring.s(), name="mailsend.care", expires=care_every)

    if app.finalized:
        beat()
    else:
        app.on_after_finalize.connect(beat, weak=False)
    mailer.upkeep.when_put_in(wake)
    return Tasks(delivering, caring, wake)
