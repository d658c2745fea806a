"""``mailer.upkeep``: what the duties of care and the workers do with a Mailer's store and rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from mailsend.mailer.gather import RulesRefused, find_scope
from mailsend.mailer.ids import new_id
from mailsend.mailer.own_mail import think_of_our_own
from mailsend.mailer.thinking import AskedOfLists
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import seal

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.thinking import Asked
    from mailsend.model.address import Address
    from mailsend.model.message import Message
    from mailsend.store.duties import DutyBook
    from mailsend.store.loose_ends import LooseEnds
    from mailsend.store.notices import NoticeBook, Waiting
    from mailsend.store.providers import ProviderBook
    from mailsend.store.retention import Retention
    from mailsend.store.upkeep import UpkeepBooks
    from mailsend.store.workers import WorkerBook

__all__ = ["Upkeep"]


class Upkeep:
    """Duties, workers, retention and notices of one Mailer.

    Its methods wait for the store: on an event loop they belong into a thread. All raise StoreError,
    with advice where there is no store.
    """

    def __init__(self, core: Core, rules: Callable[[Asked], Rules | Refusal]) -> None:
        self._core = core
        self._rules = rules

    @property
    def duties(self) -> DutyBook:
        """When each duty ran, when it is due, who is at it now."""
        return self._books.duties

    @property
    def workers(self) -> WorkerBook:
        """Who works on the queue, and how full it is."""
        return self._books.workers

    @property
    def retention(self) -> Retention:
        """What takes out what is kept no longer."""
        return self._books.retention

    @property
    def loose_ends(self) -> LooseEnds:
        """What takes out what belongs to no mail and is kept no longer."""
        return self._books.loose_ends

    @property
    def providers(self) -> ProviderBook:
        """Who receives mail for which domain."""
        return self._books.providers

    @property
    def notices(self) -> NoticeBook:
        """The mails that were given up, and the notices of them."""
        return self._books.notices

    def expire(self, *, now: datetime, alive: Callable[[], bool] = lambda: True) -> int:
        """End held mails whose ``expires_at`` has passed; give how many. It stops where ``alive`` says no."""
        return self._core.store_door.open("a worker").outbox.expire(now=now, alive=alive)

    @property
    def _books(self) -> UpkeepBooks:
        return self._core.store_door.open("a worker").upkeep

    def scope_of(self, customer: str, business_unit: str = "") -> Scope | None:
        """Give the scope that a stored mail belongs to; None where its rules cannot be read now.

        Where its unit, or its customer, is no longer known, it is the customer's, or the application's.
        """
        asked = (customer or None, business_unit or None)
        rules = self._core.known_rules(asked) or self._rules(asked)
        scope = rules if isinstance(rules, Refusal) else find_scope(*asked, rules)
        if isinstance(scope, Scope):
            return scope
        if scope.reason is RulesRefused.UNKNOWN_CUSTOMER:
            return self._core.rules.scope()
        return self.scope_of(customer) if scope.reason is RulesRefused.UNKNOWN_BUSINESS_UNIT else None

    def suppressed(self, customer: str, addresses: Iterable[Address], *, now: datetime) -> Mapping[str, str]:
        """Give for each of these that a list keeps from mail, by its comparison key, the reason."""
        lists = self._core.store_door.open("a list").lists
        found = lists.of(customer, [one.key for one in addresses], now=now)
        return {key: str(one.reason) for key, one in found.items()}

    def post(
        self,
        make: Callable[[str], Message],
        told_of: tuple[Waiting, ...],
        *,
        reason: str,
        to: Address,
        now: datetime,
    ) -> Refusal | bool:
        """Make a notice, put it into the queue, and write down of which mails it tells, all or nothing.

        ``make`` gives it by its own id, ``reason`` says why ``to`` is told. False where somebody else
        told of one of them meanwhile.
        """
        made = new_id()
        message = make(made)
        suppressed = self.suppressed(message.customer or "", (to,), now=now)
        submission = self._prepared(message, made, suppressed)
        if isinstance(submission, Refusal):
            return submission
        deposit = self._core.queue_desk("a notice").deposit(submission, how="notice")
        if len(told_of) == 1:
            deposit = replace(deposit, message={**deposit.message, "linked_to": told_of[0].mail.id})
        posted = self.notices.post(deposit, told_of, reason=reason, now=now)
        self._core.wake()
        return posted

    def when_put_in(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Call ``wake``, on any thread, whenever this Mailer puts a mail into the queue; give what ends that."""
        self._core.wakes.add(wake)
        return lambda: self._core.wakes.discard(wake)

    def _prepared(self, message: Message, id: str, suppressed: Mapping[str, str]) -> Submission | Refusal:
        thinking = think_of_our_own(self._core, message, id=id, suppressed=suppressed)
        try:
            asked = next(thinking)
            while True:
                if isinstance(asked, tuple):
                    asked = thinking.send(self._rules(asked))
                elif isinstance(asked, Scope):
                    asked = thinking.send(self._core.states.own(asked))
                elif isinstance(asked, AskedOfLists):
                    asked = thinking.send(self._core.listed.of(asked))
                else:
                    asked = thinking.send(seal(asked))
        except StopIteration as done:
            answer: Submission | Refusal = done.value
            return answer
