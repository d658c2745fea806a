"""The Mailer for ordinary code: thinks on the caller's thread, acts on the process's loop thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mailsend.errors import InvalidSettings
from mailsend.mailer.common import CommonMailer
from mailsend.mailer.queued import QueuedMail
from mailsend.mailer.rooms import Rooms

# What a mail is made of is imported where it is used, so that importing a Mailer costs little.
if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Future

    from mailsend.mailer.directory import Directory
    from mailsend.mailer.interceptors import After, Before, Check
    from mailsend.mailer.many import Told, Work
    from mailsend.mailer.thinking import Answer, Asked, Question, Thinking
    from mailsend.model.decision import Decision
    from mailsend.model.message import Message
    from mailsend.model.report import Report
    from mailsend.model.rules import Rules
    from mailsend.model.submission import Refusal, Submission
    from mailsend.settings import Settings

__all__ = ["Mailer"]

T = TypeVar("T")


class Mailer(QueuedMail, Rooms, CommonMailer):
    """Sends mail: decides, shows, delivers.

    ``settings`` come from ``Settings()`` where none are given; ``directory`` gives the rules of
    customers; ``before``, ``check`` and ``after`` are interceptors. A Mailer may be used by several
    threads at once and is a context manager. Raises InvalidSettings.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        directory: Directory | None = None,
        before: Sequence[Before] = (),
        check: Sequence[Check] = (),
        after: Sequence[After] = (),
    ) -> None:
        super().__init__(settings, directory=directory, before=before, check=check, after=after)
        self._begin()

    def _begin(self) -> None:
        """Know of no mail on its way, as a new Mailer and as one in a forked child does."""
        self._running: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def _notice_fork(self) -> None:
        if os.getpid() != self._process:
            self._begin()

    def preview(self, message: Message) -> Submission | Refusal:
        """Give the finished mail as it would be sent, or why it may not be; opens no socket."""
        return self._think(self._core.think(message)).answer

    def explain(self, message: Message) -> tuple[Decision | Refusal, ...]:
        """Give the decisions that can be made for a message, in their order; needs no content.

        Without recipients that decision is left out; a Refusal can only be the last. Opens no socket.
        """
        return self._think(self._core.consider(message))

    def send(
        self,
        message: Message,
        *,
        deadline: float | None = 60.0,
        strict: bool = False,
        retry: bool = True,
    ) -> Report:
        """Send one mail and give what became of it, recipient by recipient.

        ``deadline`` is in seconds; None leaves it to the steps' own limits. With ``retry=False`` each
        route is tried once. Raises MessageRefused, SubmissionRejected where
        all were rejected, SubmissionDeferred where none was accepted and some may be later,
        SubmissionUnknown where the server fell silent; with ``strict`` where not all were accepted.
        """
        thought = self._think(self._core.think(message))
        acting = self._act(
            self._core.finished(thought.answer), deadline, how="send", rules=thought.rules, again=retry
        )
        return self._core.judged(acting.result(), strict=strict)

    def deliver(
        self, submission: Submission | Refusal, *, deadline: float | None = 60.0, strict: bool = False
    ) -> Report:
        """Send exactly the bytes of a preview; raises as ``send`` does, but not for a held mail.

        More than an hour after it was prepared, Date and signatures alone are made anew (M34);
        ``report.digest`` tells.
        """
        acting = self._act(self._core.finished(submission), deadline, how="deliver")
        return self._core.judged(acting.result(), strict=strict, may_be_held=True)

    def send_many(
        self,
        messages: Iterable[Message | Submission],
        *,
        concurrency: int = 16,
        deadline: float | None = None,
    ) -> Iterator[Report]:
        """Send as many as there are, ``concurrency`` at a time, and give reports as they complete.

        ``messages`` is read lazily, on this thread; ``report.index`` is the place in it. Nothing is
        raised for a message: look at ``report.refusal``, ``report.error`` and the outcomes. Where
        ``messages`` itself raises, what is on its way is reported first.
        """
        from mailsend.mailer.many import run_many
        from mailsend.model.report import Report
        from mailsend.model.submission import Refusal, Submission

        def ready(index: int, message: Message | Submission) -> Work | Report:
            try:
                if isinstance(message, Submission):
                    return self._delivery(message, deadline, how="deliver", index=index)
                thought = self._think(self._core.think(message))
                answer, rules = thought.answer, thought.rules
                if isinstance(answer, Refusal):
                    return Report(index=index, refusal=answer)
                return self._delivery(answer, deadline, how="send", rules=rules, index=index)
            except Exception as problem:  # noqa: BLE001 - one message's failure is that message's report
                return Report(index=index, error=problem)

        return run_many(ready, self._hand, messages, concurrency=concurrency)

    def close(self) -> None:
        """Wait for mails on their way, then close connections and store; may be called again.

        Whoever uses the Mailer afterwards has it open anew what it needs; a store in memory begins empty.
        """
        from concurrent.futures import wait

        self._notice_fork()
        with self._lock:
            running = tuple(self._running)
        wait(running)
        if self._core._transports is not None:  # noqa: SLF001 - nothing is opened just to be closed
            from mailsend.mailer.loop_thread import loop_thread

            loop_thread().run(self._core.transports.aclose())
        self._core.store_door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rules(self, asked: Asked) -> Rules | Refusal:
        known = self._core.known_rules(asked)
        if known is not None:
            return known
        customer, business_unit = asked
        assert self._core.directory is not None and customer is not None  # known_rules said so
        try:
            given = self._core.directory.rules_for(customer, business_unit)
            return self._core.checked(self._core.given_rules(given))
        except InvalidSettings as problem:
            return self._core.refused_rules(problem, asked)

    def _think(self, thinking: Thinking[T]) -> T:
        try:
            asked = next(thinking)
            while True:
                asked = thinking.send(self._answer(asked))
        except StopIteration as done:
            answer: T = done.value
            return answer

    def _answer(self, asked: Question) -> Answer:
        from mailsend.prepare import Draft, seal

        if isinstance(asked, Draft):  # what nearly every mail asks for
            return seal(asked)
        if isinstance(asked, tuple):
            return self._rules(asked)
        from mailsend.model.rules import Scope

        return self._core.states.own(asked) if isinstance(asked, Scope) else self._core.listed.of(asked)

    def _act(
        self,
        submission: Submission,
        deadline: float | None,
        *,
        how: str,
        rules: Rules | Refusal | None = None,
        again: bool = True,
    ) -> Future[Report]:
        from mailsend.mailer.loop_thread import loop_thread

        self._notice_fork()
        future = loop_thread().submit(self._delivery(submission, deadline, how=how, rules=rules, again=again))
        self._know_of(future)
        return future

    def _delivery(
        self,
        submission: Submission,
        deadline: float | None,
        *,
        how: str,
        rules: Rules | Refusal | None = None,
        again: bool = True,
        index: int = 0,
    ) -> Work:
        """Give what brings a finished mail to a server, once it is started on a loop."""
        message = submission.message
        if rules is None:
            rules = self._rules((message.customer, message.business_unit))
        fresh = self._core.fresh(submission, rules)
        look = self._think(self._core.look_with(fresh, rules))
        return self._core.send(fresh, look, deadline, how=how, again=again, index=index)

    def _know_of(self, future: Future[Any]) -> None:
        with self._lock:
            self._running.add(future)
        future.add_done_callback(self._finish)

    def _finish(self, future: Future[Any]) -> None:
        with self._lock:
            self._running.discard(future)

    def _hand(
        self, works: Sequence[tuple[Work, Told]], *, again: Callable[[], object], seconds: float
    ) -> None:
        """Start mails on the loop, and know of them until all are told."""
        from concurrent.futures import Future

        from mailsend.mailer.loop_thread import loop_thread

        self._notice_fork()
        chunk: Future[None] = Future()
        left = len(works)

        def counted(told: Told) -> Told:
            def tell(task: asyncio.Task[Report]) -> None:
                nonlocal left
                told(task)
                left -= 1
                if not left:
                    chunk.set_result(None)

            return tell

        self._know_of(chunk)
        try:
            counting = [(work, counted(told)) for work, told in works]
            loop_thread().start(counting, again=again, seconds=seconds)
        except RuntimeError:
            chunk.set_result(None)
            raise
