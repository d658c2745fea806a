"""Faults in the envelope: MAIL and RCPT."""

from __future__ import annotations

from typing import Final

from mailsend.testing.faults.terms import Act, Place, fault

__all__ = ["ENVELOPE"]

_CLOSING: Final = "421 4.3.2 Service shutting down"

ENVELOPE: Final = (
    fault("mail-421", Place.MAIL, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("mail-421-after-2", Place.MAIL, Act.REPLY_AND_CLOSE, "421 4.4.5 Two mails are enough", after=2),
    fault("mail-450-rate", Place.MAIL, Act.REPLY, "450 4.7.1 Rate limit exceeded"),
    fault("mail-451", Place.MAIL, Act.REPLY, "451 4.3.0 Temporary server error"),
    fault("mail-451-and-on", Place.MAIL, Act.REWORD, "451 4.3.0 Temporary server error"),
    fault("mail-452", Place.MAIL, Act.REPLY, "452 4.3.1 Insufficient system storage"),
    fault("mail-501", Place.MAIL, Act.REPLY, "501 5.5.4 Syntax error in parameters"),
    fault("mail-503", Place.MAIL, Act.REPLY, "503 5.5.1 Bad sequence of commands"),
    fault("mail-530", Place.MAIL, Act.REPLY, "530 5.7.0 Authentication required"),
    fault("mail-530-starttls", Place.MAIL, Act.REPLY, "530 5.7.0 Must issue a STARTTLS command first"),
    fault(
        "mail-550-sender",
        Place.MAIL,
        Act.REPLY,
        "550 5.7.60 Client does not have permissions to send as this sender",
    ),
    fault("mail-550-domain", Place.MAIL, Act.REPLY, "550 5.1.8 Sender domain does not exist"),
    fault("mail-552", Place.MAIL, Act.REPLY, "552 5.3.4 Message size exceeds fixed limit"),
    fault("mail-552-full", Place.MAIL, Act.REPLY, "552 5.2.2 The sending mailbox is full"),
    fault("mail-553", Place.MAIL, Act.REPLY, "553 5.1.7 Sender address rejected"),
    fault("mail-555", Place.MAIL, Act.REPLY, "555 5.5.4 Unsupported option"),
    fault("rcpt-421", Place.RCPT, Act.REPLY_AND_CLOSE, "421 4.4.2 Timeout"),
    fault("rcpt-421-second", Place.RCPT, Act.REPLY_AND_CLOSE, _CLOSING, after=1),
    fault("rcpt-450", Place.RCPT, Act.REPLY, "450 4.7.1 Greylisted, please come back later"),
    fault("rcpt-451-network", Place.RCPT, Act.REPLY, "451 4.4.3 Directory server failure"),
    fault("rcpt-452-full", Place.RCPT, Act.REPLY, "452 4.2.2 Mailbox full"),
    fault("rcpt-550", Place.RCPT, Act.REPLY, "550 5.1.1 User unknown"),
    fault("rcpt-550-plain", Place.RCPT, Act.REPLY, "550 No such user here"),
    fault("rcpt-550-domain", Place.RCPT, Act.REPLY, "550 5.1.2 Bad destination system"),
    fault("rcpt-550-blocked", Place.RCPT, Act.REPLY, "550 5.7.1 Client host blocked using a block list"),
    fault("rcpt-550-disabled", Place.RCPT, Act.REPLY, "550 5.2.1 Mailbox disabled"),
    fault("rcpt-551", Place.RCPT, Act.REPLY, "551 5.1.6 User not local; please try elsewhere"),
    fault("rcpt-553", Place.RCPT, Act.REPLY, "553 5.1.3 Mailbox syntax not allowed"),
    fault("rcpt-554-policy", Place.RCPT, Act.REPLY, "554 5.7.1 Refused by policy"),
    fault("rcpt-554-relay", Place.RCPT, Act.REPLY, "554 5.7.1 Relay access denied"),
    fault("rcpt-latin-1", Place.RCPT, Act.REPLY, "550 5.1.1 Empf\udce4nger unbekannt"),
    fault("rcpt-251", Place.RCPT, Act.REWORD, "251 2.1.5 User not local; will forward"),
    fault("rcpt-multiline", Place.RCPT, Act.REPLY, "550-5.1.1 User unknown\r\n550-5.1.1 See\r\n550 5.1.1 us"),
    fault("rcpt-double", Place.RCPT, Act.REPLY, "250 2.1.5 OK\r\n250 2.1.5 OK again"),
    fault("rcpt-250-close", Place.RCPT, Act.REPLY_AND_CLOSE, "250 2.1.5 OK"),
    fault("half-refused", Place.RCPT, Act.REPLY, "550 5.1.1 User unknown", every=2),
    fault("half-deferred", Place.RCPT, Act.REPLY, "450 4.2.1 Mailbox busy", every=2),
    fault("half-greylisted", Place.RCPT, Act.REPLY, "451 4.7.1 Greylisted", every=2),
    fault("too-many-452", Place.RCPT, Act.REPLY, "452 4.5.3 Too many recipients", after=2),
    fault("too-many-552", Place.RCPT, Act.REPLY, "552 Too many recipients", after=2),
    fault("too-many-503", Place.RCPT, Act.REPLY, "550 5.5.3 Too many recipients", after=2),
)
