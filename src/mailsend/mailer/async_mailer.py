"""The Mailer for asyncio: the same names, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Iterable
from typing import TYPE_CHECKING, Self, TypeVar

from mailsend.errors import InvalidSettings
from mailsend.mailer.common import CommonMailer
from mailsend.mailer.queued_async import AsyncQueuedMail
from mailsend.mailer.rooms_async import AsyncRooms

# What a mail is made of is imported where it is used, so that importing a Mailer costs little.
if TYPE_CHECKING:
    from mailsend.mailer.thinking import Answer, Asked, Question, Thinking
    from mailsend.model.decision import Decision
    from mailsend.model.message import Message
    from mailsend.model.report import Report
    from mailsend.model.rules import Rules
    from mailsend.model.submission import Refusal, Submission

__all__ = ["AsyncMailer"]

T = TypeVar("T")


class AsyncMailer(AsyncQueuedMail, AsyncRooms, CommonMailer):
    """Sends mail from a running event loop; see Mailer for what the arguments mean.

    It may be used on several loops, each with connections of its own, and is an asynchronous
    context manager. Raises InvalidSettings.
    """

    async def preview(self, message: Message) -> Submission | Refusal:
        """Give the finished mail as it would be sent, or why it may not be; opens no socket."""
        return (await self._think(self._core.think(message))).answer

    async def explain(self, message: Message) -> tuple[Decision | Refusal, ...]:
        """Give the decisions that can be made for a message, as ``Mailer.explain`` does."""
        return await self._think(self._core.consider(message))

    async def send(
        self,
        message: Message,
        *,
        deadline: float | None = 60.0,
        strict: bool = False,
        retry: bool = True,
    ) -> Report:
        """Send one mail and give what became of it; raises as ``Mailer.send`` does."""
        thought = await self._think(self._core.think(message))
        report = await self._act(
            self._core.finished(thought.answer), deadline, how="send", rules=thought.rules, again=retry
        )
        return self._core.judged(report, strict=strict)

    async def deliver(
        self, submission: Submission | Refusal, *, deadline: float | None = 60.0, strict: bool = False
    ) -> Report:
        """Send exactly the bytes of a preview; raises as ``send`` does, but not for a held mail.

        More than an hour after it was prepared, Date and signatures alone are made anew (M34);
        ``report.digest`` tells.
        """
        report = await self._act(self._core.finished(submission), deadline, how="deliver")
        return self._core.judged(report, strict=strict, may_be_held=True)

    def send_many(
        self,
        messages: Iterable[Message | Submission] | AsyncIterable[Message | Submission],
        *,
        concurrency: int = 16,
        deadline: float | None = None,
    ) -> AsyncIterator[Report]:
        """Send as many as there are, ``concurrency`` at a time, and give reports as they complete.

        ``messages`` is read lazily; ``report.index`` is the place in it. Nothing is raised for a
        message; where ``messages`` itself raises, what is on its way is reported first. Whoever stops
        reading gets no further mail sent, and what is on its way is finished. Raises ValueError for
        a concurrency below 1.
        """
        from mailsend.mailer.many import checked_concurrency
        from mailsend.mailer.many_async import run_many
        from mailsend.model.report import Report
        from mailsend.model.submission import Refusal, Submission

        async def start(index: int, message: Message | Submission) -> Report:
            try:
                if isinstance(message, Submission):
                    return await self._act(message, deadline, how="deliver", index=index)
                thought = await self._think(self._core.think(message))
                answer, rules = thought.answer, thought.rules
                if isinstance(answer, Refusal):
                    return Report(index=index, refusal=answer)
                return await self._act(answer, deadline, how="send", rules=rules, index=index)
            except Exception as problem:  # noqa: BLE001 - one message's failure is that message's report
                return Report(index=index, error=problem)

        return run_many(start, messages, concurrency=checked_concurrency(concurrency))

    async def aclose(self) -> None:
        """Close the connections of the running loop, and the store; may be called again.

        Whoever uses the Mailer afterwards, here or on another loop, has it open anew what it needs; a store
        in memory begins empty.
        """
        if self._core._transports is not None:  # noqa: SLF001 - nothing is opened just to be closed
            await self._core.transports.aclose()
        if self._core.store_door.is_open:
            import asyncio

            await asyncio.to_thread(self._core.store_door.close)

    close = aclose

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def _rules(self, asked: Asked) -> Rules | Refusal:
        known = self._core.known_rules(asked)
        if known is not None:
            return known
        customer, business_unit = asked
        assert self._core.directory is not None and customer is not None  # known_rules said so
        try:
            directory = self._core.directory
            # One that waits for a database has a way that keeps no loop waiting.
            ask = getattr(directory, "rules_for_async", directory.rules_for)
            given = ask(customer, business_unit)
            return self._core.checked(
                self._core.given_rules(await given if isinstance(given, Awaitable) else given)
            )
        except InvalidSettings as problem:
            return self._core.refused_rules(problem, asked)

    async def _think(self, thinking: Thinking[T]) -> T:
        try:
            asked = next(thinking)
            while True:
                asked = thinking.send(await self._answer(asked))
        except StopIteration as done:
            answer: T = done.value
            return answer

    async def _answer(self, asked: Question) -> Answer:
        from mailsend.prepare import Draft

        if isinstance(asked, Draft):  # what nearly every mail asks for
            return await self._core.sealing.seal(asked)
        if isinstance(asked, tuple):
            return await self._rules(asked)
        from mailsend.model.rules import Scope

        if isinstance(asked, Scope):
            return await self._core.states.own_async(asked)
        return await self._core.listed.of_async(asked)

    async def _act(
        self,
        submission: Submission,
        deadline: float | None,
        *,
        how: str,
        rules: Rules | Refusal | None = None,
        again: bool = True,
        index: int = 0,
    ) -> Report:
        message = submission.message
        if rules is None:
            rules = await self._rules((message.customer, message.business_unit))
        fresh = self._core.fresh(submission, rules)
        look = await self._think(self._core.look_with(fresh, rules))
        return await self._core.send(fresh, look, deadline, how=how, again=again, index=index)
