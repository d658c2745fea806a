"""The worker: the queue, and the duties of care on their clock, in a loop until it is stopped."""

from mailsend.worker.health import Health
from mailsend.worker.worker import Worker

__all__ = ["Health", "Worker"]
