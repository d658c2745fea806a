"""The Mailer's queue: put in, kept for later, delivered when due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mailsend.mailer import diversion

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from mailsend.mailer.core import Core
    from mailsend.mailer.queueing.ready import Ground
    from mailsend.mailer.queueing.stopping import Stopping
    from mailsend.mailer.thinking import Asked, Thinking
    from mailsend.model.done import Done
    from mailsend.model.message import Message
    from mailsend.model.submission import Refusal, Submission

__all__ = ["QueuedMail"]


class QueuedMail:
    """What a Mailer with a store does besides sending at once; without one each raises StoreError."""

    _core: Core
    _think: Callable[[Thinking[Any]], Any]
    _know_of: Callable[[Future[Any]], None]

    def enqueue(self, message: Message | Submission | Refusal, connection: Any = None) -> str:
        """Put a mail into the queue and give its id; it is durable then.

        With a Session or Connection of SQLAlchemy it is part of that transaction, commits and rolls back
        with it, and this commits nothing. A mail with an idempotency key that is known is not put in
        again: the id is that of the first one. Raises MessageRefused, IdempotencyConflict, StoreError.
        """
        return self.enqueue_many((message,), connection)[0]

    def enqueue_many(
        self, messages: Iterable[Message | Submission | Refusal], connection: Any = None
    ) -> list[str]:
        """Put mails into the queue with one commit, all or none; give their ids in order.

        Raises as ``enqueue`` does.
        """
        from mailsend.model.message import Message

        desk = self._core.queue_desk("enqueue")
        if diversion.current() is not None:
            return [diversion.tell_queued(self._finished(one)) for one in messages]
        deposits = [
            desk.deposit(self._finished(one), how="enqueue", is_new=isinstance(one, Message))
            for one in messages
        ]
        if connection is not None:
            return desk.put_by(connection, deposits)
        placed = desk.put_at_once(deposits)
        self._core.wake()
        return [one.id for one in placed]

    def keep(self, submission: Submission | Refusal) -> str:
        """Keep a preview for a later request, and give its id: ``outbox.release(id)`` sends those bytes.

        Raises MessageRefused for a refusal, StoreError.
        """
        desk = self._core.queue_desk("keep")
        deposit = desk.kept(self._core.finished(submission))
        return desk.put_at_once([deposit])[0].id

    def deliver_due(
        self, limit: int = 100, *, concurrency: int = 16, stopping: Stopping | None = None
    ) -> Done:
        """Bring at most ``limit`` mails of the queue that are due on their way, and tell what became of them.

        Several workers, threads and processes may call it at once: a mail is in one's hands alone.
        Another thread may end it early by ``stopping``. Raises StoreError, and ValueError where ``limit`` is
        below 0 or ``concurrency`` below 1.
        """
        from mailsend.mailer.loop_thread import loop_thread

        desk = self._core.queue_desk("deliver_due")
        from mailsend.mailer.queueing.consigning import asked_of

        if diversion.current() is not None:
            from mailsend.model.done import Done

            return Done()
        claim, claiming = desk.claim(limit, concurrency=concurrency)
        claimed = claiming.result()
        if not claimed:
            return desk.nothing_due()
        self._core.test_mode.look_anew()
        grounds = {whose: self._ground(whose) for whose in {asked_of(one.row) for one in claimed}}
        bringing = loop_thread().submit(
            self._core.rounds.bring(claim, claimed, grounds, concurrency=concurrency, stopping=stopping)
        )
        self._know_of(bringing)
        return desk.with_next_due(bringing.result())

    def _ground(self, whose: Asked) -> Ground | Exception:
        from mailsend.mailer.queueing.ready import find_ground

        try:
            ground: Ground = self._think(find_ground(self._core, whose))
        except Exception as problem:  # noqa: BLE001 - a directory that is away stops no other customer's mail
            return problem
        return ground

    def _finished(self, message: Message | Submission | Refusal) -> Submission:
        from mailsend.model.submission import Refusal, Submission

        if isinstance(message, Submission | Refusal):
            return self._core.finished(message)
        return self._core.finished(self._think(self._core.think(message)).answer)
