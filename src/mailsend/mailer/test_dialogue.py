"""``mailer.test_mode``: the switch, and the dialogue that asks whether to send for real (P2, P3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from mailsend.mailer.test_mode import TestModeSwitch
from mailsend.mailer.thinking import ask_rules
from mailsend.model.address import Address
from mailsend.model.rules import Scope, TestMode

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.test_questions import Questions
    from mailsend.mailer.thinking import Thinking
    from mailsend.model.message import Message
    from mailsend.model.test_question import TestAnswer, TestQuestion

__all__ = ["AsyncTestDialogue", "TestDialogue"]

_VALID = 900.0


class _Switch:
    """The switch itself, as both mailers have it; switching waits for the store."""

    __test__ = False  # pytest: this is no test class

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def _switch(self) -> TestModeSwitch:
        return self._core.test_mode

    def status(self, scope: Scope | None = None) -> TestMode:
        """Give the test mode in force for a scope (the application, where none is given)."""
        return self._switch.status(scope)

    def customers(self) -> Mapping[str, Address]:
        """Give the test address of each customer that was switched on by itself."""
        return self._switch.customers()

    def on(
        self,
        recipient: str | Address | None = None,
        *,
        customer: str | None = None,
        by: str = "application",
        reason: str = "by the application",
    ) -> TestMode:
        """Send everything, or all of one customer, to ``recipient`` from now on; with a store in all processes.

        Without a recipient it is the settings' test address. Raises InvalidSettings where neither
        names one, InvalidAddress, StoreError.
        """
        return self._switch.on(recipient, customer=customer, by=by, reason=reason)

    def off(
        self,
        *,
        customer: str | None = None,
        by: str = "application",
        reason: str = "by the application",
    ) -> TestMode:
        """Take back what ``on`` switched; raises InvalidSettings where the settings say it is on."""
        return self._switch.off(customer=customer, by=by, reason=reason)

    def _questions(self) -> Questions:
        store = self._core.store_door.open(
            "a question"
        )  # says what is missing before SQLAlchemy is asked for
        from mailsend.mailer.test_questions import Questions

        return Questions(self._core, store)


def _scope_of(core: Core, customer: str) -> Thinking[Scope]:
    from mailsend.mailer.servers import scoped

    asked = (customer, None)
    rules = core.known_rules(asked) or (yield from ask_rules(asked))
    return scoped(rules, customer)[1]


class TestDialogue(_Switch):
    """Test mode of a Mailer: the switch, and the question whether to send for real.

    Questions need a store and secret keys. All methods raise StoreError, and InvalidSettings without keys.
    """

    def __init__(self, core: Core, think: Callable[[Thinking[Any]], Any]) -> None:
        super().__init__(core)
        self._think = think

    def of(self, customer: str) -> TestMode:
        """Give the test mode in force for a customer's mail; raises UnknownCustomer."""
        return self.status(self._think(_scope_of(self._core, customer)))

    def question(self, messages: Iterable[Message | str], *, valid: float = _VALID) -> TestQuestion:
        """Keep mails back, and give what a dialogue shows of them; it can be answered for ``valid`` seconds.

        ``messages`` are Messages, or ids of mails that are held already.
        """
        questions = self._questions()
        return questions.ask(self._think(questions.prepare(messages)), valid=valid)

    def confirm(self, token: str, *, by: str, reason: str = "sent for real") -> TestAnswer:
        """Send exactly the mails of a question to their real recipients, once; ``by`` names the person.

        Each is prepared afresh, with today's lists and keys.
        """
        questions = self._questions()
        prepared = self._think(questions.for_real(token))
        return questions.answer(token, "confirmed", prepared, by=by, reason=reason)

    def keep_testing(self, token: str, *, by: str, reason: str = "kept testing") -> TestAnswer:
        """Send the mails of a question to the test address, once."""
        questions = self._questions()
        prepared = self._think(questions.for_the_test_address(token))
        return questions.answer(token, "kept_testing", prepared, by=by, reason=reason)


class AsyncTestDialogue(_Switch):
    """Test mode of an AsyncMailer; see ``TestDialogue``."""

    def __init__(self, core: Core, think: Callable[[Thinking[Any]], Awaitable[Any]]) -> None:
        super().__init__(core)
        self._think = think

    async def of(self, customer: str) -> TestMode:
        """Give the test mode in force for a customer's mail; raises UnknownCustomer."""
        return self.status(await self._think(_scope_of(self._core, customer)))

    async def question(self, messages: Iterable[Message | str], *, valid: float = _VALID) -> TestQuestion:
        """Keep mails back, and give what a dialogue shows of them."""
        questions = await asyncio.to_thread(self._questions)
        asking = await self._think(questions.prepare(messages))
        return await asyncio.to_thread(questions.ask, asking, valid=valid)

    async def confirm(self, token: str, *, by: str, reason: str = "sent for real") -> TestAnswer:
        """Send exactly the mails of a question to their real recipients, once."""
        questions = await asyncio.to_thread(self._questions)
        prepared = await self._think(questions.for_real(token))
        return await asyncio.to_thread(questions.answer, token, "confirmed", prepared, by=by, reason=reason)

    async def keep_testing(self, token: str, *, by: str, reason: str = "kept testing") -> TestAnswer:
        """Send the mails of a question to the test address, once."""
        questions = await asyncio.to_thread(self._questions)
        prepared = await self._think(questions.for_the_test_address(token))
        return await asyncio.to_thread(
            questions.answer, token, "kept_testing", prepared, by=by, reason=reason
        )
