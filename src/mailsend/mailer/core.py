"""What both mailers share: thinking on the caller's thread, acting on a loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailsend.errors import InvalidMessage, InvalidSettings
from mailsend.mailer import diversion
from mailsend.mailer.acting import Acting
from mailsend.mailer.answers import finished, given_rules, judged, refused_rules
from mailsend.mailer.clock import utc_now
from mailsend.mailer.gather import NOBODY_LISTED, find_scope, gather
from mailsend.mailer.ids import new_id
from mailsend.mailer.interceptors import After, Before, Check, Interceptors
from mailsend.mailer.listed import Listed
from mailsend.mailer.server_states import ServerStates
from mailsend.mailer.shared_log_ins import StoreLogIns
from mailsend.mailer.standing import Standing
from mailsend.mailer.store_door import StoreDoor
from mailsend.mailer.test_mode import TestModeSwitch
from mailsend.mailer.thinking import Asked, Thinking, ask_for_seal, ask_rules, ask_servers
from mailsend.mailer.token_sources import check_token_sources
from mailsend.model.message import Message
from mailsend.model.rules import Rules, TestMode
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import decide, draft, seal

if TYPE_CHECKING:
    from mailsend.compose.templates import Templates
    from mailsend.mailer.directory import Directory
    from mailsend.mailer.looking import Look
    from mailsend.mailer.queueing.desk import QueueDesk
    from mailsend.mailer.queueing.rounds import Rounds
    from mailsend.mailer.sealing import Sealing
    from mailsend.mailer.transports import Transports
    from mailsend.model.circumstances import Circumstances
    from mailsend.model.decision import Decision
    from mailsend.model.report import Report
    from mailsend.settings import Settings
    from mailsend.store import Vault
    from mailsend.transport.base import BeforeContent
    from mailsend.transport.capture import Captured

__all__ = ["Core", "Thought"]

MOST_VERSIONS = 10_000  # of a directory's rules, remembered as checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What thinking came to, and the rules that it came to it by."""

    answer: Submission | Refusal
    rules: Rules | None = None


class Core(Acting):
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
        self.store_door = StoreDoor(self.rules.application)
        self.directory = directory = self._directory(directory)
        self.interceptors = Interceptors.of(dict(self.rules.application.interceptors), before, check, after)
        check_token_sources(self.rules)
        self.test_mode = TestModeSwitch(self.rules.application, self.store_door)
        self.states = ServerStates(self.store_door, directory)
        self.listed = Listed(self.store_door)
        self.standing = Standing(self.store_door)
        self.log_ins = StoreLogIns(self.store_door) if self.store_door.is_there else None
        self._transports: Transports | None = None
        self._sealing: Sealing | None = None
        self._rounds: Rounds | None = None
        self.wakes: set[Callable[[], object]] = set()  # of workers in this process
        self._checked: set[str] = set()

    def _directory(self, given: Directory | None) -> Directory | None:
        """Give where customers' rules come from; None for the settings. Raises InvalidSettings for two places."""
        if given is not None and self.rules.customers:
            raise InvalidSettings(
                "customers",
                "customers come from the directory",
                advice="Take [customers] out of the settings, or leave directory= out.",
            )
        if self.rules.application.directory is None:
            return given
        if given is not None:
            raise InvalidSettings(
                "application.directory",
                "the settings name another place for customers than directory=",
                advice="Take application.directory out of the settings, or leave directory= out.",
            )
        from mailsend.mailer.store_directory import StoreDirectory

        return StoreDirectory(self.rules, self.store_door)

    @property
    def transports(self) -> Transports:
        """What is open; made when first needed, since the wire is heavy to import."""
        if self._transports is None:
            from mailsend.mailer.transports import Transports

            self._transports = Transports(log_ins=self.log_ins)
        return self._transports

    @property
    def sealing(self) -> Sealing:
        """Where drafts are signed beside an event loop."""
        if self._sealing is None:
            from mailsend.mailer.sealing import Sealing

            self._sealing = Sealing()
        return self._sealing

    @property
    def rounds(self) -> Rounds:
        """What brings stored mail on its way."""
        if self._rounds is None:
            from mailsend.mailer.queueing.rounds import Rounds

            self._rounds = Rounds(self)
        return self._rounds

    def queue_desk(self, what: str) -> QueueDesk:
        """Give the desk of the store's queue; raises StoreError where there is none for ``what``."""
        # First, as everywhere: it says what is missing, and threads that enter SQLAlchemy by two doors at
        # once get halves of it.
        store = self.store_door.open(what)
        from mailsend.mailer.queueing.desk import QueueDesk

        return QueueDesk(self, store)

    def wake(self) -> None:
        """Wake the workers of this process: something has been put into the queue."""
        for one in tuple(self.wakes):
            one()

    @property
    def content_vault(self) -> Vault | None:
        """What encrypts the content of sensitive mail (M37); None without secret keys."""
        keys = self.rules.application.secret_keys
        if not keys:
            return None
        from mailsend.store import Vault
        from mailsend.store.mails.contents import VAULT_PURPOSE

        return Vault(keys, purpose=VAULT_PURPOSE)

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

    def think(self, message: Message, *, test_mode: TestMode | None = None) -> Thinking[Thought]:
        """Prepare a message, from interceptors to the finished mail.

        ``test_mode`` is that of the switch, unless a person has confirmed another one.
        """
        found = yield from self._gather(message, test_mode)
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

    def _gather(
        self, message: Message, test_mode: TestMode | None = None
    ) -> Thinking[tuple[Message, Circumstances] | Refusal]:
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
        test_mode = self.test_mode.status(scope) if test_mode is None else test_mode
        suppressed: Mapping[str, str] = NOBODY_LISTED
        if self.listed.asks:
            suppressed = yield from self.listed.for_message(changed, scope, rules)
        return changed, gather(
            changed,
            scope,
            rules,
            now=utc_now(),
            id=new_id(),
            test_mode=test_mode,
            own=own,
            suppressed=suppressed,
        )

    async def send(
        self,
        submission: Submission,
        look: Look,
        deadline: float | None,
        *,
        how: str,
        again: bool = True,
        index: int = 0,
    ) -> Report:
        """Bring a finished mail to a server, and write down what became of it where there is a store."""
        if not self.store_door.is_there or diversion.current():
            return await self.deliver(submission, look, deadline, again=again, index=index)
        from mailsend.mailer.queueing.sending import send_with_store

        async def bring(mark: BeforeContent | None) -> Report:
            return await self.deliver(submission, look, deadline, again=again, index=index, mark=mark)

        return await send_with_store(self, submission, bring, how=how, queue_rest=again)

    def templates(self) -> Templates:
        """Give the templates of the application's own scope."""
        from mailsend.mailer.looks import templates_for

        return templates_for(self.rules.scope())

    def captured(self) -> tuple[Captured, ...]:
        """Give what the ``memory:`` servers took, server by server, each in order of time."""
        return self._transports.captured() if self._transports else ()

    refused_rules = staticmethod(refused_rules)
    finished = staticmethod(finished)
    given_rules = staticmethod(given_rules)
    judged = staticmethod(judged)
