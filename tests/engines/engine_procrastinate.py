"""A Procrastinate application with mailsend's tasks, as a worker loads it."""

from __future__ import annotations

import json
import os

from procrastinate import App, PsycopgConnector

from mailsend import Mailer, Settings
from mailsend.contrib.procrastinate import add_tasks

CRON = os.environ.get("ENGINE_CRON", "* * * * * *")
JOBS = os.environ["ENGINE_JOBS"]

mailer = Mailer(Settings.model_validate(json.loads(os.environ["ENGINE_SETTINGS"])))
app = App(connector=PsycopgConnector(conninfo=JOBS))
tasks = add_tasks(app, mailer, conninfo=JOBS, cron=CRON, care_cron=CRON, limit=20)
