"""Action, as both mailers share it: the last look, the way to a server, and what is written down."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailsend.deliver import deliver
from mailsend.mailer import diversion
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.gather import find_scope, gather
from mailsend.mailer.lanes import lanes_of_this_process
from mailsend.mailer.looking import Look, look_with
from mailsend.mailer.refused_log_ins import lock_where_refused
from mailsend.mailer.thinking import Thinking, ask_servers
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import renew

if TYPE_CHECKING:
    from collections.abc import Collection

    from mailsend.deliver.lane import Lanes
    from mailsend.mailer.interceptors import Interceptors
    from mailsend.mailer.listed import Listed
    from mailsend.mailer.server_states import ServerStates
    from mailsend.mailer.shared_lanes import SharedLanes
    from mailsend.mailer.standing import Standing
    from mailsend.mailer.store_door import StoreDoor
    from mailsend.mailer.test_mode import TestModeSwitch
    from mailsend.mailer.transports import Transports
    from mailsend.model.consignment import Deliverable
    from mailsend.model.report import Report
    from mailsend.transport.base import BeforeContent

__all__ = ["Acting"]

STALE_AFTER: Final = timedelta(hours=1)


class Acting(ABC):
    """From a finished mail to its report."""

    test_mode: TestModeSwitch
    store_door: StoreDoor
    states: ServerStates
    interceptors: Interceptors
    listed: Listed
    standing: Standing
    _shared_lanes: SharedLanes | None = None

    @property
    @abstractmethod
    def transports(self) -> Transports:
        """What is open."""

    def fresh(self, submission: Submission, rules: Rules | Refusal) -> Submission:
        """Give the mail with Date and signatures made anew where that is due (M34).

        It is where the mail waited for more than an hour, or a selector is no longer active.
        """
        if isinstance(rules, Refusal):
            return submission
        now = utc_now()
        due = submission.message.send_at or submission.prepared
        late = now - max(due, submission.prepared) > STALE_AFTER
        if not late and rules.version == submission.rules_version:
            return submission
        message = submission.message
        scope = find_scope(message.customer, message.business_unit, rules)
        if isinstance(scope, Refusal):
            return submission
        circumstances = gather(
            message,
            scope,
            rules,
            now=now,
            id=submission.id,
            test_mode=self.test_mode.status(scope),
            also=(submission.sender.mailbox.address.domain,),
        )
        active = {(one.domain, one.selector) for one in circumstances.signers}
        signed = {(one.domain, one.selector) for one in submission.signatures.signatures}
        return renew(submission, circumstances) if late or not signed <= active else submission

    def look_with(
        self, submission: Deliverable, rules: Rules | Refusal, *parts: Deliverable
    ) -> Thinking[Look]:
        """Give the last look for a mail, by these rules and by what is known of its customer's servers.

        ``parts`` are what else of it goes out now.
        """
        if isinstance(rules, Refusal):
            return look_with(rules, rules, None, self.test_mode)
        scope = find_scope(submission.message.customer, submission.message.business_unit, rules)
        own = None
        if isinstance(scope, Scope) and self.states.asks(scope):
            own = yield from ask_servers(scope)
        suppressed: Collection[str] = ()
        if self.listed.asks:
            suppressed = yield from self.listed.for_mail(submission, *parts)
        return look_with(rules, scope, own, self.test_mode, suppressed, self.standing.now)

    async def deliver(
        self,
        submission: Deliverable,
        look: Look,
        deadline: float | None,
        *,
        again: bool = True,
        index: int = 0,
        mark: BeforeContent | None = None,
        lanes: Lanes | None = None,
    ) -> Report:
        """Bring a finished mail to a server; never raises for what a server does."""
        diverted = diversion.current()
        report = await deliver(
            submission,
            transport_for=diverted.transport_for if diverted else self.transports.for_server,
            look=look,
            clock=monotonic,
            deadline=deadline,
            again=again,
            lanes=None if diverted else lanes or self.lanes,
            index=index,
            cancelled=self.interceptors.tell_after,
            mark=mark,
        )
        try:
            if diverted:
                diverted.tell(submission, report)
            else:
                await lock_where_refused(submission, report, self.states)
        finally:  # whoever cancels this cancels no mail: it is out
            self.interceptors.tell_after(report)
        return report

    @property
    def lanes(self) -> Lanes:
        """What is known of the servers; with a store their limits are counted there, for all processes."""
        if not self.store_door.is_there:
            return lanes_of_this_process()
        return self.shared_lanes

    @property
    def shared_lanes(self) -> SharedLanes:
        """The lanes whose limits the store counts."""
        if self._shared_lanes is None:
            from mailsend.mailer.shared_lanes import SharedLanes

            self._shared_lanes = SharedLanes(self.store_door)
        return self._shared_lanes
