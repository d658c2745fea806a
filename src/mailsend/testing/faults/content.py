"""Faults around the content: DATA, the content itself, the final dot."""

from __future__ import annotations

from typing import Final

from mailsend.testing.faults.terms import Act, Place, fault

__all__ = ["CONTENT"]

_CLOSING: Final = "421 4.3.2 Service shutting down"

CONTENT: Final = (
    fault("data-421", Place.DATA, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("data-451", Place.DATA, Act.REPLY, "451 4.3.0 Queue not writable"),
    fault("data-503", Place.DATA, Act.REPLY, "503 5.5.1 Bad sequence of commands"),
    fault("data-552", Place.DATA, Act.REPLY, "552 5.3.4 Message too big"),
    fault("data-554", Place.DATA, Act.REPLY, "554 5.7.1 Refused by policy"),
    fault("data-250", Place.DATA, Act.REPLY, "250 2.0.0 What do you mean"),
    fault("data-354-and-250", Place.DATA, Act.REPLY, "354 Go ahead\r\n250 2.0.0 OK: queued as EARLY"),
    fault("data-354-for-nobody", Place.DATA, Act.CONTENT_ANYWAY, "554 5.5.1 No valid recipients"),
    fault("data-354-for-nobody-250", Place.DATA, Act.CONTENT_ANYWAY, "250 2.0.0 OK: queued for nobody"),
    fault("stop-after-354", Place.DATA, Act.REPLY_AND_STOP, "354 Go ahead"),
    fault("drop-in-content", Place.CONTENT, Act.DROP),
    fault("421-in-content", Place.CONTENT, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("250-in-content", Place.CONTENT, Act.REPLY, "250 2.0.0 OK: queued as EARLY"),
    fault("451-in-content", Place.CONTENT, Act.REPLY, "451 4.3.0 Queue not writable"),
    fault("552-in-content", Place.CONTENT, Act.REPLY_AND_CLOSE, "552 5.3.4 Message too big"),
    fault("garbage-in-content", Place.CONTENT, Act.REPLY, "Thank you"),
    fault("silent-in-content", Place.CONTENT, Act.SILENCE),
    fault("drop-when-taken", Place.TAKEN, Act.DROP),
    fault("silent-when-taken", Place.TAKEN, Act.SILENCE),
    fault("drip-when-taken", Place.TAKEN, Act.DRIP, "250-2.0.0 queued"),
    fault("garbage-when-taken", Place.TAKEN, Act.REPLY, "Thank you"),
    fault("half-250-when-taken", Place.TAKEN, Act.CUT),
    fault("dot-250-close", Place.DOT, Act.REPLY_AND_CLOSE, "250 2.0.0 OK: queued as LAST"),
    fault("dot-250-multiline", Place.DOT, Act.REPLY, "250-2.0.0 OK\r\n250-2.0.0 as ever\r\n250 2.0.0 queued"),
    fault("dot-250-and-451", Place.DOT, Act.REPLY, "250 2.0.0 OK: queued\r\n451 4.3.0 No, after all"),
    fault("dot-250-twice", Place.DOT, Act.REPLY, "250 2.0.0 OK: queued\r\n250 2.0.0 OK: queued again"),
    fault("dot-211", Place.DOT, Act.REPLY, "211 System status"),
    fault("dot-354", Place.DOT, Act.REPLY, "354 Go ahead"),
    fault("dot-421", Place.DOT, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("dot-421-rate", Place.DOT, Act.REPLY_AND_CLOSE, "421 4.7.0 Sending too fast"),
    fault("dot-451", Place.DOT, Act.REPLY, "451 4.3.0 Queue not writable"),
    fault("dot-550-user", Place.DOT, Act.REPLY, "550 5.1.1 User unknown"),
    fault("dot-550-dmarc", Place.DOT, Act.REPLY, "550 5.7.26 This mail is unauthenticated"),
    fault("dot-550-virus", Place.DOT, Act.REPLY, "550 5.6.0 A virus was found"),
    fault("dot-552-full", Place.DOT, Act.REPLY, "552 5.2.2 Mailbox full"),
    fault("dot-552-size", Place.DOT, Act.REPLY, "552 5.3.4 Message too big"),
    fault("dot-554", Place.DOT, Act.REPLY, "554 5.7.1 Message refused as spam"),
    fault("dot-554-plain", Place.DOT, Act.REPLY, "554 Transaction failed"),
)
