"""A mail sent again: a new one, made from what was asked for then and linked to the first (M43)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mailsend.errors import NotInStore, StoreRefused
from mailsend.mailer import diversion
from mailsend.mailer.clock import utc_now
from mailsend.model.address import Address, Mailbox
from mailsend.model.mail_state import MailState

if TYPE_CHECKING:
    from mailsend.mailer.core import Core
    from mailsend.mailer.thinking import Thinking
    from mailsend.model.message import Message
    from mailsend.model.submission import Submission

__all__ = ["RESEND", "Again", "Resending"]

RESEND: Final = "resend"
_OPEN: Final = (MailState.QUEUED, MailState.SENDING, MailState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Which mail is sent again, to whom instead, and on whose word."""

    id: str
    to: str | Address | None
    reason: str
    by: str


class Resending:
    """Prepares one mail anew and puts it into the queue."""

    def __init__(self, core: Core, again: Again) -> None:
        self._core = core
        self._again = again
        self._store = core.store_door.open("sending again")
        found = self._store.mail(again.id)
        if found is None:
            raise NotInStore(f"the log has no mail {again.id}", advice="Look for it: mailsend log search.")
        if found.sensitive:
            raise StoreRefused(
                f"{again.id} is sensitive mail: it is not sent again",
                advice="Let the application send a new one.",
            )
        if found.in_test_mode and again.to is None:
            raise StoreRefused(
                f"{again.id} is a copy of test mode: its real recipients have not been written to",
                advice="Let the application send it for real, or name one recipient.",
            )
        if found.state in _OPEN and again.to is None:
            raise StoreRefused(
                f"{again.id} is {found.state}: it may still go out",
                advice=f"Look at it: mailsend queue show {again.id}. With another recipient it is sent again.",
            )
        self._mail = found

    def thinking(self, message: Message) -> Thinking[Submission]:
        """Prepare the mail afresh; raises MessageRefused."""
        thought = yield from self._core.think(message)
        return self._core.finished(thought.answer)

    def put(self, submission: Submission) -> str:
        """Put the new mail into the queue, and write down who did it; give its id."""
        if diversion.current() is not None:
            return diversion.tell_queued(submission)
        again = self._again
        deposit = self._core.queue_desk("sending again").deposit(
            submission, how=RESEND, linked_to=self._mail.id
        )
        made = self._store.journal.resend(
            deposit, self._mail, by=again.by, reason=again.reason, now=utc_now()
        )
        self._core.wake()
        return made

    def message(self) -> Message:
        """Give what was asked for then, as it is asked for now; raises StoreError, InvalidAddress."""
        message = self._store.asked(self._mail.id, vault=self._core.content_vault)
        # It is another mail: it has no key, and the times of the first one have passed.
        changed = replace(message, idempotency_key=None, send_at=None, expires_at=None)
        to = self._again.to
        if to is None:
            return changed
        address = to if isinstance(to, Address) else Address.parse(to, field="to")
        return replace(changed, to=(Mailbox("", address),), cc=(), bcc=())
