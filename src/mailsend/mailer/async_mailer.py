"""The Mailer for asyncio: the same names, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Self, TypeVar

from mailsend.errors import InvalidSettings
from mailsend.mailer.core import Asked, Core, Thinking, finished, judged, refused_rules
from mailsend.mailer.without_store import WithoutStore
from mailsend.model.decision import Decision
from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.model.rules import Rules
from mailsend.model.submission import Refusal, Submission

if TYPE_CHECKING:
    from mailsend.mailer.directory import Directory
    from mailsend.mailer.interceptors import After, Before, Check
    from mailsend.mailer.test_mode import TestModeSwitch
    from mailsend.settings import Settings
    from mailsend.transport.capture import Captured

__all__ = ["AsyncMailer"]

T = TypeVar("T")


class AsyncMailer(WithoutStore):
    """Sends mail from a running event loop; see Mailer for what the arguments mean.

    It may be used on several loops, each with connections of its own, and is an asynchronous
    context manager. Raises InvalidSettings.
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
        self._core = Core(settings, directory, before, check, after)

    @property
    def rules(self) -> Rules:
        """The rules from the settings."""
        return self._core.rules

    @property
    def test_mode(self) -> TestModeSwitch:
        """The switch that sends everything to the test address."""
        return self._core.test_mode

    @property
    def captured(self) -> tuple[Captured, ...]:
        """What the ``memory:`` servers took: each with ``.envelope`` and ``.data``."""
        return self._core.captured()

    async def preview(self, message: Message) -> Submission | Refusal:
        """Give the finished mail as it would be sent, or why it may not be; opens no socket."""
        return await self._think(self._core.think(message))

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
        submission = finished(await self.preview(message))
        return judged(await self._act(submission, deadline, again=retry), strict=strict)

    async def deliver(
        self, submission: Submission | Refusal, *, deadline: float | None = 60.0, strict: bool = False
    ) -> Report:
        """Send exactly the bytes of a preview; raises as ``send`` does.

        More than an hour after it was prepared, Date and signatures alone are made anew (M34);
        ``report.digest`` tells.
        """
        return judged(await self._act(finished(submission), deadline), strict=strict)

    async def send_many(
        self,
        messages: Iterable[Message | Submission] | AsyncIterable[Message | Submission],
        *,
        concurrency: int = 16,
        deadline: float | None = None,
    ) -> AsyncIterator[Report]:
        """Send as many as there are, ``concurrency`` at a time, and give reports as they complete.

        ``messages`` is read lazily; ``report.index`` is the place in it. Nothing is raised for a
        message. Whoever stops reading gets no further mail sent, and what is on its way is finished.
        """
        if concurrency < 1:
            raise ValueError("concurrency: at least 1 is needed")
        running: set[asyncio.Task[Report]] = set()
        index = 0
        try:
            async for message in _each(messages):
                running.add(asyncio.create_task(self._one(index, message, deadline)))
                index += 1
                if len(running) >= concurrency:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for one in done:
                        yield one.result()
            while running:
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        finally:
            if running:
                await asyncio.wait(running)

    async def aclose(self) -> None:
        """Close the connections of the running loop; may be called again."""
        if self._core._transports is not None:  # noqa: SLF001 - nothing is opened just to be closed
            await self._core.transports.aclose()

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
            given = self._core.directory.rules_for(customer, business_unit)
            return self._core.checked(given if isinstance(given, Rules) else await given)
        except InvalidSettings as problem:
            return refused_rules(problem, asked)

    async def _think(self, thinking: Thinking[T]) -> T:
        try:
            asked = next(thinking)
            while True:
                asked = thinking.send(await self._rules(asked))
        except StopIteration as done:
            answer: T = done.value
            return answer

    async def _act(self, submission: Submission, deadline: float | None, *, again: bool = True) -> Report:
        message = submission.message
        rules = await self._rules((message.customer, message.business_unit))
        fresh = self._core.fresh(submission, rules)
        return await self._core.deliver(fresh, self._core.look_with(rules), deadline, again=again)

    async def _one(self, index: int, message: Message | Submission, deadline: float | None) -> Report:
        try:
            prepared = message if isinstance(message, Submission) else await self.preview(message)
            if isinstance(prepared, Refusal):
                return Report(index=index, refusal=prepared)
            return replace(await self._act(prepared, deadline), index=index)
        except Exception as problem:  # noqa: BLE001 - one message's failure is that message's report
            return Report(index=index, error=problem)


async def _each(
    messages: Iterable[Message | Submission] | AsyncIterable[Message | Submission],
) -> AsyncIterator[Message | Submission]:
    if isinstance(messages, AsyncIterable):
        async for one in messages:
            yield one
    else:
        for one in messages:
            yield one
