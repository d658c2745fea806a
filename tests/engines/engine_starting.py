"""How the engines' workers are started, and how the tests stand beside them."""

from __future__ import annotations

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

__all__ = [
    "CELERY",
    "CELERY_IS_READY",
    "PROCRASTINATE",
    "PROCRASTINATE_IS_READY",
    "defer_here",
    "jobs_of",
    "make_jobs",
]

CELERY = (
    "celery", "-A", "engine_celery", "worker", "-c", "2", "-l", "info", "--without-gossip", "--without-mingle",
)  # fmt: skip
PROCRASTINATE = (
    "procrastinate", "-v", "--app", "engine_procrastinate.app", "worker", "--concurrency", "2",
    "--delete-jobs", "successful", "--shutdown-graceful-timeout", "20",
)  # fmt: skip
CELERY_IS_READY, PROCRASTINATE_IS_READY = "ready.", "Starting worker"


def jobs_of(database: str) -> str:
    """Give the same database as Procrastinate takes it."""
    return database.replace("+psycopg", "")


def make_jobs(database: str) -> None:
    """Make Procrastinate's tables beside the store's."""
    app = App(connector=SyncPsycopgConnector(conninfo=jobs_of(database)))
    with app.open():
        app.schema_manager.apply_schema()


def defer_here() -> App:
    """Give an application that is never opened, as in a process that only puts mails in."""
    return App(connector=PsycopgConnector())
