"""What has become of the mails on a connection, until somebody is told."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsend.decide.verdict import Verdict
from mailsend.model.address import Address
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome
from mailsend.transport.smtp.errand import Errand, Phase
from mailsend.transport.smtp.queue_id import queue_id_in
from mailsend.transport.smtp.turn import Turn

__all__ = ["Late", "News"]

Late = tuple[Errand, tuple[Address, ...], Reply | None]


@dataclass(slots=True)
class News:
    """Mails that are settled, those that are as if never tried, and what was learnt late."""

    finished: list[Errand] = field(default_factory=list)
    untried: list[Errand] = field(default_factory=list)
    late: list[Late] = field(default_factory=list)

    def finish(self, errand: Errand) -> None:
        """Take note that a mail is settled."""
        if errand.phase is not Phase.OVER:
            errand.phase = Phase.OVER
            self.finished.append(errand)

    def leave(self, errand: Errand, verdict: Verdict, reply: Reply | None, *, again: bool) -> None:
        """Let a mail begin ``again`` where it may, else tell whom is not settled ``verdict``."""
        if again and errand.go_back():
            self.untried.append(errand)
            return
        errand.settle_rest(verdict, reply)
        self.finish(errand)

    def answer(self, turn: Turn, verdict: Verdict, reply: Reply | None) -> None:
        """Tell those who were taken what became of the mail, or whoever learns it late."""
        errand = turn.errand
        if errand.late:
            self.late.append((errand, tuple(turn.taken), reply))
            return
        errand.settle(turn.taken, verdict, reply)
        if verdict.outcome is Outcome.ACCEPTED and reply is not None:
            errand.queue_id = errand.queue_id or queue_id_in(reply)
