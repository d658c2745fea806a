"""Django's queues of mail, django-post-office and django-mailer, each in its best configuration, durable."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pairs import mail
from pairs.filling import fill, many, number_of, parts
from pairs.meter import Meter, numbers
from pairs.stdlib import finished
from pairs.task import Task

# As durable as ours: each commit waits for the disk. WAL is faster for them as well, and IMMEDIATE
# lets threads queue up where they would fail with "database is locked".
_DURABLE = {
    "timeout": 60,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
}


def _opened(task: Task, app: str) -> None:
    import django
    from django.conf import settings
    from django.core.management import call_command

    logging.disable(logging.INFO)  # both say a line for each mail
    file = Path(task.database.removeprefix("sqlite:///"))
    settings.configure(
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file), "OPTIONS": _DURABLE}
        },
        INSTALLED_APPS=["django.contrib.contenttypes", app],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        EMAIL_HOST=task.host,
        EMAIL_PORT=task.port,
        DEFAULT_CHARSET="utf-8",
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        USE_TZ=True,
        POST_OFFICE={
            "BATCH_SIZE": task.batch if task.batch > 1 else 100,
            "THREADS_PER_PROCESS": task.threads,
            "MESSAGE_ID_ENABLED": True,
        },
        MAILER_USE_FILE_LOCK=False,
        SECRET_KEY="benchmark",
    )
    django.setup()
    call_command("migrate", verbosity=0)


def _asked(task: Task) -> Callable[[int], dict[str, Any]]:
    content = finished(task)

    def make(number: int) -> dict[str, Any]:
        one = content(number)
        return {
            "recipients": mail.recipient(number),
            "sender": mail.FROM,
            "subject": one.subject,
            "message": one.text,
            "html_message": one.html,
        }

    return make


@contextmanager
def post_office_enqueue(task: Task) -> Iterator[Callable[[Meter], None]]:
    """post_office.mail.send, by as many threads as the task has callers; in batches send_many."""
    _opened(task, "post_office")
    from post_office.mail import send, send_many

    make = _asked(task)

    def caller(meter: Meter) -> None:
        from django.db import connection

        while meter.take():
            if task.batch > 1:
                send_many(many(make, task.batch))
            else:
                send(**make(next(numbers)))
            meter.done(task.batch)
        connection.close()

    yield called_by(task.callers, caller)


def called_by(callers: int, caller: Callable[[Meter], None]) -> Callable[[Meter], None]:
    """Let this many threads work until the meter is full; one is the thread itself."""

    def go(meter: Meter) -> None:
        if callers == 1:
            caller(meter)
            return
        threads = [threading.Thread(target=caller, args=(meter,)) for _ in range(callers)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    return go


@contextmanager
def post_office_drain(task: Task) -> Iterator[Callable[[Meter], None]]:
    """post_office.mail.send_queued."""
    _opened(task, "post_office")
    from post_office.mail import send_many, send_queued

    make = _asked(task)
    count = number_of(task, 1500)
    _filled(lambda: [send_many(many(make, part)) for part in parts(count)])

    def go(meter: Meter) -> None:
        while meter.take():
            sent, failed, requeued = send_queued(processes=1 if task.most else task.processes)
            if failed or requeued:
                raise RuntimeError(f"not accepted: {failed} and {requeued}")
            if not sent:
                return
            meter.done(sent)

    yield go


def _filled(put_in: Callable[[], object]) -> None:
    from django.db import connections

    connections.close_all()
    fill(put_in)


@contextmanager
def django_mailer_drain(task: Task) -> Iterator[Callable[[Meter], None]]:
    """mailer.engine.send_all: one mail after another, each in a transaction."""
    _opened(task, "mailer")
    from django.db import transaction
    from mailer import send_html_mail
    from mailer.engine import prioritize, send_all
    from mailer.models import Message

    content = finished(task)

    def put_in() -> None:
        with transaction.atomic():
            for _ in range(number_of(task, 1000)):
                number = next(numbers)
                one = content(number)
                send_html_mail(one.subject, one.text, one.html, mail.FROM, [mail.recipient(number)])

    _filled(put_in)

    def go(meter: Meter) -> None:
        while meter.take():
            waiting = list(prioritize().values_list("pk", flat=True)[:100])
            if not waiting:
                return
            send_all(Message.objects.filter(pk__in=waiting))
            meter.done(len(waiting) - Message.objects.filter(pk__in=waiting).count())

    yield go
