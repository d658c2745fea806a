"""A mail on its way: what is known of it, also where somebody interrupts."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Final

from mailsend.model.address import ByAddress
from mailsend.model.report import Outcome, RecipientResult, Report
from mailsend.model.submission import Submission

__all__ = ["OnItsWay"]

_PATIENCE: Final = 2.0  # seconds that an interrupted command waits for an answer that may be coming
_INTERRUPTED: Final = "interrupted"


class OnItsWay:
    """Keeps the report of one mail, which its ``tell``, an ``after`` interceptor, is given."""

    def __init__(self) -> None:
        self._report: Report | None = None
        self._told = threading.Event()

    def tell(self, report: Report) -> None:
        """Keep the report."""
        self._report = report
        self._told.set()

    def known(self, mail: Submission) -> Report:
        """Give the report if it comes within two seconds; else whoever was to get the mail is unknown."""
        with suppress(KeyboardInterrupt):  # once more means now
            self._told.wait(_PATIENCE)
        return self._report or _without_answer(mail)


def _without_answer(mail: Submission) -> Report:
    return Report(
        id=mail.id,
        message_id=mail.message_id,
        digest=mail.digest,
        recipients=ByAddress(
            {
                who: RecipientResult(
                    outcome=one.outcome if one.envelope_address is None else Outcome.UNKNOWN,
                    envelope_address=one.envelope_address,
                    reason=one.reason if one.envelope_address is None else _INTERRUPTED,
                )
                for who, one in mail.recipients.items()
            }
        ),
    )
