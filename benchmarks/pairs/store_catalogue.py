"""Who may take part where the store is measured."""

from __future__ import annotations

from pairs.catalogue import Contender, one

_DJANGO = ("django", "post_office")
_PROCRASTINATE = ("procrastinate", "psycopg")
_POST_OFFICE = "django-post-office"

STORE_CONTENDERS = (
    one("enqueue", "mailsend Mailer.enqueue", "stored:enqueue"),
    one("async-enqueue", "mailsend AsyncMailer.enqueue", "stored:async_enqueue"),
    one("drain", "mailsend Mailer.deliver_due", "stored:drain"),
    one("worker", "mailsend Worker", "stored:worker"),
    one("mailer-stored", "mailsend Mailer.send_many, with a store", "stored:mailer"),
    one("async-mailer-stored", "mailsend AsyncMailer.send_many, with a store", "stored:async_mailer"),
    Contender(
        name="drain-all",
        title="mailsend Mailer.deliver_due, 100,000 mails",
        where="stored:drain",
        options={"queued": 100_000},
    ),
    Contender(
        name="drain-tenth",
        title="mailsend Mailer.deliver_due, 10,000 mails",
        where="stored:drain",
        options={"queued": 10_000},
    ),
    one("post-office-enqueue", _POST_OFFICE, "django_queues:post_office_enqueue", *_DJANGO),
    Contender(
        name="post-office-alone",
        title="django-post-office, one caller, one mail",
        where="django_queues:post_office_enqueue",
        needs=_DJANGO,
        options={"callers": 1, "batch": 1},
    ),
    one("post-office-drain", "django-post-office as it comes", "django_queues:post_office_drain", *_DJANGO),
    Contender(
        name="post-office-tuned",
        title="the same, two processes, 8 threads, batches of 500",
        where="django_queues:post_office_drain",
        needs=_DJANGO,
        options={"processes": 2, "threads": 8, "batch": 500},  # measured: the fastest of what can be set
    ),
    one("django-mailer-drain", "django-mailer", "django_queues:django_mailer_drain", "django", "mailer"),
    one(
        "procrastinate-enqueue",
        "Procrastinate, defer_async",
        "procrastinate_queue:enqueue",
        *_PROCRASTINATE,
    ),
    one(
        "procrastinate-drain",
        "Procrastinate's worker, aiosmtplib",
        "procrastinate_queue:drain",
        "aiosmtplib",
        *_PROCRASTINATE,
    ),
)
