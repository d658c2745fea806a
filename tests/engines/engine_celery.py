"""A Celery application with mailsend's tasks, as a worker loads it."""

from __future__ import annotations

import json
import os

from celery import Celery

from mailsend import Mailer, Settings
from mailsend.contrib.celery import add_tasks

EVERY = float(os.environ.get("ENGINE_EVERY", "1"))

mailer = Mailer(Settings.model_validate(json.loads(os.environ["ENGINE_SETTINGS"])))
app = Celery("shop", broker=os.environ["ENGINE_BROKER"])
app.conf.update(
    broker_connection_retry_on_startup=True,
    # What an application may have set for its own tasks, and what mailsend's must not heed.
    task_acks_late=True,
    task_default_rate_limit="1/h",
)
tasks = add_tasks(app, mailer, every=EVERY, care_every=EVERY, limit=20)
