"""Asked while test mode is on: go on testing, or send these very mails for real (P3, M35)."""

from __future__ import annotations

import hashlib
import hmac
import secrets  # noqa: TID251 - a token nobody can guess; the mailer may ask chance
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mailsend.errors import NotInStore, StoreError, StoreRefused
from mailsend.mailer.clock import utc_now
from mailsend.mailer.gather import find_scope
from mailsend.mailer.queueing.depositing import Held
from mailsend.mailer.thinking import ask_rules
from mailsend.model.address import Address
from mailsend.model.message import Message
from mailsend.model.queue_reason import QueueReason
from mailsend.model.rules import TestMode
from mailsend.model.submission import Refusal
from mailsend.model.test_question import TestAnswer, TestQuestion
from mailsend.store.confirmed import CONFIRMED, seal_of
from mailsend.store.vault import needed_keys, purpose_key

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.thinking import Thinking
    from mailsend.model.stored_mail import StoredMail
    from mailsend.store import Store
    from mailsend.store.queue import Deposit

__all__ = ["VALID", "Asking", "Questions"]

VALID: Final = 900.0  # seconds in which a question can be answered
_ASKED: Final = Held(
    QueueReason.TEST_QUESTION, "It waits for somebody to say: go on testing, or send for real."
)
_NO_TEST: Final = "Test mode is off by now, and there is no test address: release the mail, or delete it."
_REAL: Final = TestMode(enabled=False)
_YEAR: Final = 366 * 86400.0  # seconds
_PURPOSE: Final = "confirm"


@dataclass(frozen=True, slots=True)
class Asking:
    """A question made ready: the rows to keep, and what a dialogue shows."""

    deposits: Sequence[Deposit]
    known: Sequence[str]
    recipients: tuple[Address, ...]
    goes_to: Address
    refused: dict[int, str]


class Questions:
    """Makes questions and answers them; whoever knows a token may answer, once, in time."""

    def __init__(self, core: Core, store: Store) -> None:
        self._core = core
        self._store = store
        self._keys = needed_keys(core.rules.application.secret_keys)

    def prepare(self, which: Iterable[Message | str]) -> Thinking[Asking]:
        """Prepare each message for the test address, and hold it; ids are of mails that are held already."""
        desk = self._core.queue_desk("a question")
        deposits, known, refused = [], [], {}
        recipients: dict[Address, None] = {}
        goes_to = _address(self._core.test_mode.status())
        for place, one in enumerate(which):
            if isinstance(one, str):
                mail = self._store.mail(one)
                if mail is None or mail.state != "held":
                    raise NotInStore(
                        f"{one} is no held mail", advice="Look for it: mailsend queue list state:held."
                    )
                known.append(one)
                goes_to = goes_to or (yield from self._goes_to(mail))
                asked = [Address.parse(who.address) for who in mail.recipients if who.field != "archive"]
            else:
                answer = (yield from self._core.think(one)).answer
                if isinstance(answer, Refusal):
                    refused[place] = answer.explain()
                    continue
                if not answer.in_test_mode:
                    raise StoreRefused(
                        "test mode is off for this mail", advice="There is nothing to ask: send it."
                    )
                goes_to = goes_to or answer.envelopes[0].recipients[0]
                asked = list(answer.recipients)
                deposits.append(desk.deposit(answer, how="question", held=_ASKED))
            recipients.update(dict.fromkeys(asked))
        if goes_to is None:
            raise StoreRefused("test mode is off", advice="There is nothing to ask: release the mails.")
        return Asking(deposits, known, tuple(recipients), goes_to, refused)

    def _goes_to(self, mail: StoredMail) -> Thinking[Address | None]:
        """Give where a held mail goes while people test: it is a test copy, or its customer is in test mode."""
        if mail.in_test_mode:
            return Address.parse(mail.recipients[0].envelope_address)
        asked = (mail.customer, mail.business_unit)
        rules = self._core.known_rules(asked) or (yield from ask_rules(asked))
        scope = rules if isinstance(rules, Refusal) else find_scope(*asked, rules)
        return None if isinstance(scope, Refusal) else _address(self._core.test_mode.status(scope))

    def ask(self, asking: Asking, *, valid: float) -> TestQuestion:
        """Keep the mails and the question; raises StoreError, also for what is no time to answer in."""
        if not 0 < valid <= _YEAR:
            raise StoreRefused(
                f"a question is open for more than 0 seconds and at most a year, not for {valid}",
                advice="Give valid in seconds, as in valid=900.",
            )
        now = utc_now()
        until = now + timedelta(seconds=valid)
        token = self._new_token()
        ids = self._store.test_mode.ask(_digest(token), asking.deposits, asking.known, until=until, now=now)
        return TestQuestion(
            token=token,
            messages=ids,
            recipients=asking.recipients,
            goes_to=asking.goes_to,
            until=until,
            refused=asking.refused,
        )

    def for_real(self, token: str) -> Thinking[tuple[dict[str, Deposit | None], dict[str, str]]]:
        """Prepare each mail of a question afresh, for its real recipients, with today's lists and keys."""
        return (yield from self._afresh(token, _REAL, how=CONFIRMED))

    def for_the_test_address(self, token: str) -> Thinking[tuple[dict[str, Deposit | None], dict[str, str]]]:
        """Give what goes to the test address: the copies that are kept, and afresh what has none."""
        return (yield from self._afresh(token, None, how="enqueue"))

    def answer(
        self,
        token: str,
        answer: str,
        prepared: tuple[dict[str, Deposit | None], dict[str, str]],
        *,
        by: str,
        reason: str,
    ) -> TestAnswer:
        """Answer the question, once; raises StoreError where it was answered meanwhile."""
        instead, refused = prepared
        sent, not_sent = self._store.test_mode.answer(
            _digest(token), answer, instead, by=_named(by), reason=reason, now=utc_now()
        )
        self._core.wake()
        return TestAnswer(sent=sent, refused={**refused, **not_sent})

    def _afresh(
        self, token: str, mode: TestMode | None, *, how: str
    ) -> Thinking[tuple[dict[str, Deposit | None], dict[str, str]]]:
        desk = self._core.queue_desk("an answer")
        asked = self._store.test_mode.asked(self._checked(token), now=utc_now())
        instead: dict[str, Deposit | None] = {}
        refused: dict[str, str] = {}
        for one in asked.messages:
            mail = self._store.mail(one)
            if mode is None and mail is not None and mail.in_test_mode:
                instead[one] = None
                continue
            message = self._store.asked(one, vault=self._core.content_vault)
            answer = (yield from self._core.think(message, test_mode=mode)).answer
            if isinstance(answer, Refusal):
                refused[one] = answer.explain()
            elif mode is None and not answer.in_test_mode:
                refused[one] = _NO_TEST
            else:
                deposit = desk.deposit(answer, how=how, linked_to=one)
                instead[one] = self._sealed(deposit) if how == CONFIRMED else deposit
        return instead, refused

    def _sealed(self, deposit: Deposit) -> Deposit:
        """Give the rows with the seal that no row can give itself."""
        row = deposit.message
        return replace(deposit, message={**row, "seal": seal_of(row, self._keys)})

    def _new_token(self) -> str:
        nonce = secrets.token_urlsafe(18)
        return f"{nonce}.{self._marks(nonce)[0]}"

    def _checked(self, token: str) -> str:
        """Give the digest of a token of ours; raises StoreError for any other."""
        nonce, _, mark = token.partition(".")
        known = [hmac.compare_digest(_octets(mark), one.encode()) for one in self._marks(nonce)]
        if sum(known) == 0:
            raise StoreRefused(
                "this is no answer to a question asked here", advice="Give the question's token."
            )
        return _digest(token)

    def _marks(self, nonce: str) -> list[str]:
        return [
            hmac.digest(purpose_key(one, _PURPOSE), _octets(nonce), "sha256").hex()[:40] for one in self._keys
        ]


def _address(mode: TestMode) -> Address | None:
    return mode.recipient if mode.enabled else None


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # JSON may have brought anything


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _named(by: str) -> str:
    if not by.strip():
        raise StoreError("an answer needs the name of whoever gives it", advice="Name a person: by=…")
    return by
