"""What both mailers share: thinking on the caller's thread, acting on a loop."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from mailsend.deliver import deliver
from mailsend.errors import InvalidMessage, InvalidSettings, MessageRefused, UnknownCustomer
from mailsend.mailer import diversion
from mailsend.mailer.clock import monotonic, utc_now
from mailsend.mailer.gather import RulesRefused, find_scope, gather
from mailsend.mailer.ids import new_id
from mailsend.mailer.interceptors import After, Before, Check, Interceptors
from mailsend.mailer.lanes import lanes_of_this_process
from mailsend.mailer.looking import Look, look_with
from mailsend.mailer.refused_log_ins import lock_where_refused
from mailsend.mailer.server_states import ServerStates
from mailsend.mailer.store_door import StoreDoor
from mailsend.mailer.test_mode import TestModeSwitch
from mailsend.mailer.thinking import Asked, Thinking, ask_for_seal, ask_rules, ask_servers
from mailsend.mailer.token_sources import check_token_sources
from mailsend.model.message import Message
from mailsend.model.rules import Rules, Scope
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import decide, draft, renew, seal

if TYPE_CHECKING:
    from mailsend.compose.templates import Templates
    from mailsend.mailer.directory import Directory
    from mailsend.mailer.sealing import Sealing
    from mailsend.mailer.transports import Transports
    from mailsend.model.circumstances import Circumstances
    from mailsend.model.decision import Decision
    from mailsend.model.report import Report
    from mailsend.settings import Settings
    from mailsend.transport.capture import Captured

__all__ = ["Core", "Thought"]

STALE_AFTER = timedelta(hours=1)
MOST_VERSIONS = 10_000  # of a directory's rules, remembered as checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What thinking came to, and the rules that it came to it by."""

    answer: Submission | Refusal
    rules: Rules | None = None


class Core:
    """Settings, directory, interceptors and transports of one Mailer.

    Thinking is a generator: it asks for the rules of a customer and unit, and is given them. So the
    synchronous and the asynchronous mailer share every line of it.
    """

    def __init__(
        self,
        settings: Settings | None,
        directory: Directory | None,
        before: Sequence[Before],
        check: Sequence[Check],
        after: Sequence[After],
    ) -> None:
        from mailsend.settings import Settings

        settings = Settings() if settings is None else settings
        if not isinstance(settings, Settings):
            raise InvalidSettings(
                "",
                f"Settings are expected, not {type(settings).__name__}",
                advice="Use Settings.load('mailsend.toml') or Settings.model_validate({…}).",
            )
        self.rules: Rules = settings.rules
        self.directory = directory
        if directory is not None and self.rules.customers:
            raise InvalidSettings(
                "customers",
                "customers come from the directory",
                advice="Take [customers] out of the settings, or leave directory= out.",
            )
        self.interceptors = Interceptors.of(dict(self.rules.application.interceptors), before, check, after)
        check_token_sources(self.rules)
        self.test_mode = TestModeSwitch(self.rules.application)
        self.store_door = StoreDoor(self.rules.application)
        self.states = ServerStates(self.store_door, directory)
        self._transports: Transports | None = None
        self._sealing: Sealing | None = None
        self._checked: set[str] = set()

    @property
    def transports(self) -> Transports:
        """What is open; made when first needed, since the wire is heavy to import."""
        if self._transports is None:
            from mailsend.mailer.transports import Transports

            self._transports = Transports()
        return self._transports

    @property
    def sealing(self) -> Sealing:
        """Where drafts are signed beside an event loop."""
        if self._sealing is None:
            from mailsend.mailer.sealing import Sealing

            self._sealing = Sealing()
        return self._sealing

    def checked(self, rules: Rules) -> Rules:
        """Give a directory's rules when their DKIM keys can be used; raises InvalidSettings."""
        from mailsend.settings import check_keys

        if rules.version not in self._checked:
            check_keys(rules)
            if len(self._checked) >= MOST_VERSIONS:
                self._checked.clear()
            self._checked.add(rules.version)
        return rules

    def known_rules(self, asked: Asked) -> Rules | None:
        """Give the settings' rules, or None where the directory has to be asked."""
        return self.rules if self.directory is None or asked[0] is None else None

    def think(self, message: Message) -> Thinking[Thought]:
        """Prepare a message, from interceptors to the finished mail."""
        found = yield from self._gather(message)
        if isinstance(found, Refusal):
            return Thought(answer=found)
        changed, circumstances = found
        drafted = draft(changed, circumstances)
        if isinstance(drafted, Refusal):
            return Thought(answer=drafted, rules=circumstances.rules)
        sealed = (yield from ask_for_seal(drafted)) if drafted.keys else seal(drafted)
        return Thought(answer=self.interceptors.ask_check(sealed), rules=circumstances.rules)

    def consider(self, message: Message) -> Thinking[tuple[Decision | Refusal, ...]]:
        """Make the decisions that need no content, and no recipients where there are none."""
        found = yield from self._gather(message)
        return (found,) if isinstance(found, Refusal) else decide(*found)

    def _gather(self, message: Message) -> Thinking[tuple[Message, Circumstances] | Refusal]:
        if not isinstance(message, Message):
            raise InvalidMessage(
                "message",
                f"a Message is expected, not {type(message).__name__}",
                advice="A finished Submission goes out by deliver.",
            )
        asked = (message.customer, message.business_unit)
        rules = self.known_rules(asked) or (yield from ask_rules(asked))
        if isinstance(rules, Refusal):
            return rules
        changed = self.interceptors.ask_before(message, rules)
        if isinstance(changed, Refusal):
            return changed
        if (changed.customer, changed.business_unit) != asked:
            rules = yield from ask_rules((changed.customer, changed.business_unit))
            if isinstance(rules, Refusal):
                return rules
        scope = find_scope(changed.customer, changed.business_unit, rules)
        if isinstance(scope, Refusal):
            return scope
        own = (yield from ask_servers(scope)) if self.states.asks(scope) else None
        test_mode = self.test_mode.status(scope)
        return changed, gather(
            changed, scope, rules, now=utc_now(), id=new_id(), test_mode=test_mode, own=own
        )

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

    def look_with(self, submission: Submission, rules: Rules | Refusal) -> Thinking[Look]:
        """Give the last look for a mail, by these rules and by what is known of its customer's servers."""
        if isinstance(rules, Refusal):
            return look_with(rules, rules, None, self.test_mode)
        scope = find_scope(submission.message.customer, submission.message.business_unit, rules)
        own = None
        if isinstance(scope, Scope) and self.states.asks(scope):
            own = yield from ask_servers(scope)
        return look_with(rules, scope, own, self.test_mode)

    async def deliver(
        self,
        submission: Submission,
        look: Look,
        deadline: float | None,
        *,
        again: bool = True,
        index: int = 0,
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
            lanes=None if diverted else lanes_of_this_process(),
            index=index,
            cancelled=self.interceptors.tell_after,
        )
        try:
            if diverted:
                diverted.tell(submission, report)
            else:
                await lock_where_refused(submission, report, self.states)
        finally:  # whoever cancels this cancels no mail: it is out
            self.interceptors.tell_after(report)
        return report

    def templates(self) -> Templates:
        """Give the templates of the application's own scope."""
        from mailsend.mailer.looks import templates_for

        return templates_for(self.rules.scope())

    def captured(self) -> tuple[Captured, ...]:
        """Give what the ``memory:`` servers took, server by server, each in order of time."""
        return self._transports.captured() if self._transports else ()

    @staticmethod
    def refused_rules(problem: InvalidSettings, asked: Asked) -> Refusal:
        """Give the refusal for a directory that has no rules, or wrong ones, for a message."""
        unknown = isinstance(problem, UnknownCustomer)
        return Refusal(
            step="rules",
            reason=RulesRefused.UNKNOWN_CUSTOMER if unknown else RulesRefused.INVALID,
            facts={"customer": asked[0], "business_unit": asked[1], "why": str(problem)},
            advice=problem.advice,
        )

    @staticmethod
    def finished(prepared: Submission | Refusal) -> Submission:
        """Give the submission; raises MessageRefused for a refusal, InvalidMessage for what is neither."""
        if isinstance(prepared, Refusal):
            raise MessageRefused(prepared)
        if isinstance(prepared, Submission):
            return prepared
        raise InvalidMessage(
            "submission",
            f"a Submission is expected, not {type(prepared).__name__}",
            advice="A Message goes out by send, or by preview and deliver.",
        )

    @staticmethod
    def given_rules(given: object) -> Rules:
        """Give what a directory gave when it is Rules; raises TypeError that says what is expected."""
        if isinstance(given, Rules):
            return given
        if isinstance(given, Coroutine):
            given.close()  # so that Python does not warn of what was never awaited
            raise TypeError("an async directory goes with AsyncMailer")
        raise TypeError(f"the directory gave {type(given).__name__}; Rules are expected")

    @staticmethod
    def judged(report: Report, *, strict: bool, may_be_held: bool = False) -> Report:
        """Give the report, or raise what it amounts to; with ``may_be_held`` a held mail is no failure."""
        from mailsend.model.outcome_errors import failure

        if strict:
            report.raise_for_incomplete()
        problem = failure(report, may_be_held=may_be_held)
        if problem is not None:
            raise problem
        return report
