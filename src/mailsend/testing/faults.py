"""Misbehaviour of SMTP servers by name, as data: what strikes, where, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from mailsend.errors import InvalidSettings

__all__ = ["FAULTS", "Act", "Place", "ScriptedFault", "fault_named"]


class Place(StrEnum):
    """Where in the dialogue a fault strikes: in place of the server's answer to this."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    DOT = "dot"
    TAKEN = "taken"
    RSET = "rset"
    QUIT = "quit"


class Act(StrEnum):
    """What the server does there."""

    REPLY = "reply"
    REPLY_AND_CLOSE = "reply and close"
    DROP = "drop"
    SILENCE = "silence"
    DRIP = "drip"
    ADD = "add"
    STRIP = "strip"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedFault:
    """One way to misbehave.

    ``reply`` is sent as it stands, CRLF added. DRIP sends it again and again, an octet at a time; ADD
    behind the server's own answer; for STRIP it names the extension that EHLO leaves out. TAKEN is the
    final dot when the mail is taken already.
    ``times`` is how often it strikes, ``None`` always. At RCPT it strikes only behind the first
    ``after`` recipients of a transaction, and only every ``every``-th.
    """

    name: str
    at: Place
    does: Act
    reply: str = ""
    times: int | None = None
    after: int = 0
    every: int = 1


def _fault(
    name: str, at: Place, does: Act, reply: str = "", *, after: int = 0, every: int = 1
) -> ScriptedFault:
    return ScriptedFault(name=name, at=at, does=does, reply=reply, after=after, every=every)


_TABLE: Final = (
    # Before the mail.
    _fault("connect-drop", Place.CONNECT, Act.DROP),
    _fault("greet-421", Place.GREETING, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault(
        "greet-421-rate", Place.GREETING, Act.REPLY_AND_CLOSE, "421 4.7.0 Too many connections, slow down"
    ),
    _fault(
        "greet-554", Place.GREETING, Act.REPLY_AND_CLOSE, "554 5.7.1 Client host blocked using a block list"
    ),
    _fault("greet-silent", Place.GREETING, Act.SILENCE),
    _fault("greet-garbage", Place.GREETING, Act.REPLY, "SSH-2.0-OpenSSH_9.6"),
    _fault("greet-endless", Place.GREETING, Act.REPLY, "220-" + "x" * 40_000),
    _fault("greet-drop", Place.GREETING, Act.DROP),
    _fault("greet-drip", Place.GREETING, Act.DRIP, "220-wait"),
    _fault("ehlo-421", Place.EHLO, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("ehlo-drop", Place.EHLO, Act.DROP),
    _fault("ehlo-502", Place.EHLO, Act.REPLY, "502 5.5.1 Command not implemented"),
    _fault("ehlo-550", Place.EHLO, Act.REPLY, "550 5.7.1 Helo name refused"),
    _fault("starttls-stripped", Place.EHLO, Act.STRIP, "STARTTLS"),
    _fault("starttls-421", Place.STARTTLS, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("starttls-454", Place.STARTTLS, Act.REPLY, "454 4.7.0 TLS not available"),
    _fault("starttls-drop", Place.STARTTLS, Act.DROP),
    _fault("starttls-garbage", Place.STARTTLS, Act.REPLY, "220 Go ahead\r\nthis is not a handshake"),
    _fault(
        "starttls-injected",
        Place.STARTTLS,
        Act.ADD,
        "250-localhost\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN CRAM-MD5",
    ),
    _fault("auth-stripped", Place.EHLO, Act.STRIP, "AUTH"),
    _fault("auth-421", Place.AUTH, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("auth-454", Place.AUTH, Act.REPLY, "454 4.7.0 Temporary authentication failure"),
    _fault("auth-535", Place.AUTH, Act.REPLY, "535 5.7.8 Authentication credentials invalid"),
    _fault(
        "auth-535-basic",
        Place.AUTH,
        Act.REPLY,
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
    ),
    _fault("auth-drop", Place.AUTH, Act.DROP),
    # The envelope.
    _fault("mail-421", Place.MAIL, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("mail-drip", Place.MAIL, Act.DRIP, "250-2.1.0 wait"),
    _fault("mail-451", Place.MAIL, Act.REPLY, "451 4.3.0 Temporary server error"),
    _fault("mail-530", Place.MAIL, Act.REPLY, "530 5.7.0 Authentication required"),
    _fault(
        "mail-550-sender",
        Place.MAIL,
        Act.REPLY,
        "550 5.7.60 Client does not have permissions to send as this sender",
    ),
    _fault("mail-552", Place.MAIL, Act.REPLY, "552 5.3.4 Message size exceeds fixed limit"),
    _fault("mail-drop", Place.MAIL, Act.DROP),
    _fault("rcpt-450", Place.RCPT, Act.REPLY, "450 4.7.1 Greylisted, please come back later"),
    _fault("rcpt-550", Place.RCPT, Act.REPLY, "550 5.1.1 User unknown"),
    _fault("rcpt-554-policy", Place.RCPT, Act.REPLY, "554 5.7.1 Refused by policy"),
    _fault("rcpt-554-relay", Place.RCPT, Act.REPLY, "554 5.7.1 Relay access denied"),
    _fault("rcpt-latin-1", Place.RCPT, Act.REPLY, "550 5.1.1 Empf\udce4nger unbekannt"),
    _fault("rcpt-long-line", Place.RCPT, Act.REPLY, "250 " + "x" * 9000),
    _fault("rcpt-endless", Place.RCPT, Act.REPLY, "250-x\r\n" * 6000),
    _fault("rcpt-drop", Place.RCPT, Act.DROP),
    _fault("rcpt-421", Place.RCPT, Act.REPLY_AND_CLOSE, "421 4.4.2 Timeout"),
    _fault("rcpt-double", Place.RCPT, Act.REPLY, "250 2.1.5 OK\r\n250 2.1.5 OK again"),
    _fault("rcpt-250-close", Place.RCPT, Act.REPLY_AND_CLOSE, "250 2.1.5 OK"),
    _fault("half-refused", Place.RCPT, Act.REPLY, "550 5.1.1 User unknown", every=2),
    _fault("half-deferred", Place.RCPT, Act.REPLY, "450 4.2.1 Mailbox busy", every=2),
    _fault("too-many-452", Place.RCPT, Act.REPLY, "452 4.5.3 Too many recipients", after=2),
    _fault("too-many-552", Place.RCPT, Act.REPLY, "552 Too many recipients", after=2),
    # The content.
    _fault("data-421", Place.DATA, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("data-451", Place.DATA, Act.REPLY, "451 4.3.0 Queue not writable"),
    _fault("data-250", Place.DATA, Act.REPLY, "250 2.0.0 What do you mean"),
    _fault("data-354-and-250", Place.DATA, Act.REPLY, "354 Go ahead\r\n250 2.0.0 OK: queued as EARLY"),
    _fault("drop-before-354", Place.DATA, Act.DROP),
    _fault("silent-before-354", Place.DATA, Act.SILENCE),
    _fault("drop-in-content", Place.CONTENT, Act.DROP),
    _fault("421-in-content", Place.CONTENT, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("250-in-content", Place.CONTENT, Act.REPLY, "250 2.0.0 OK: queued as EARLY"),
    _fault("552-in-content", Place.CONTENT, Act.REPLY_AND_CLOSE, "552 5.3.4 Message too big"),
    _fault("silent-in-content", Place.CONTENT, Act.SILENCE),
    _fault("drop-after-dot", Place.DOT, Act.DROP),
    _fault("drop-when-taken", Place.TAKEN, Act.DROP),
    _fault("silent-after-dot", Place.DOT, Act.SILENCE),
    _fault("drip-after-dot", Place.DOT, Act.DRIP, "250-2.0.0 wait"),
    _fault("garbage-after-dot", Place.DOT, Act.REPLY, "Thank you"),
    _fault("dot-250-close", Place.DOT, Act.REPLY_AND_CLOSE, "250 2.0.0 OK: queued as LAST"),
    _fault("dot-211", Place.DOT, Act.REPLY, "211 System status"),
    _fault("dot-421", Place.DOT, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("dot-451", Place.DOT, Act.REPLY, "451 4.3.0 Queue not writable"),
    _fault("dot-552-full", Place.DOT, Act.REPLY, "552 5.2.2 Mailbox full"),
    _fault("dot-554", Place.DOT, Act.REPLY, "554 5.7.1 Message refused as spam"),
    _fault("rset-421", Place.RSET, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("rset-drop", Place.RSET, Act.DROP),
    _fault("quit-421", Place.QUIT, Act.REPLY_AND_CLOSE, "421 4.3.2 Service shutting down"),
    _fault("quit-drop", Place.QUIT, Act.DROP),
    _fault("quit-silent", Place.QUIT, Act.SILENCE),
)

FAULTS: Final[Mapping[str, ScriptedFault]] = MappingProxyType({one.name: one for one in _TABLE})


def fault_named(text: str) -> ScriptedFault:
    """Give the fault called ``text``; ``"greet-421:2"`` strikes twice and then never again.

    Raises InvalidSettings that names the faults there are.
    """
    name, _, times = text.partition(":")
    if name not in FAULTS or (times and not times.isdecimal()):
        raise InvalidSettings(
            "faults", f"there is no fault called {text!r}", advice=f"Known are: {', '.join(FAULTS)}."
        )
    return replace(FAULTS[name], times=int(times)) if times else FAULTS[name]
