"""The end of an attempt before its time, with the verdict that ended it."""

from __future__ import annotations

from mailsend.decide.verdict import Reason, Step, Verdict, conclude, judge
from mailsend.model.reply import Reply
from mailsend.transport.smtp.wire import Silent

__all__ = ["Stopped", "stopped_by"]


class Stopped(Exception):
    """Whoever is not settled yet gets this ``verdict``; ``reply`` is what the server said, if it did."""

    def __init__(self, verdict: Verdict, reply: Reply | None = None) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict
        self.reply = reply


def stopped_by(silence: Silent, step: Step) -> Stopped:
    """Give the end that silence at ``step`` means; our own deadline is no fault of the server."""
    return Stopped(conclude(Reason.DEADLINE) if silence.deadline else judge(step, None))
