"""Faults before the mail: connecting, greeting, EHLO, STARTTLS, logging in."""

from __future__ import annotations

from typing import Final

from mailsend.testing.faults.terms import Act, Place, fault

__all__ = ["OPENING"]

_CLOSING: Final = "421 4.3.2 Service shutting down"

OPENING: Final = (
    fault("connect-drop", Place.CONNECT, Act.DROP),
    fault("greet-421", Place.GREETING, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("greet-421-rate", Place.GREETING, Act.REPLY_AND_CLOSE, "421 4.7.0 Too many connections, slow down"),
    fault(
        "greet-554", Place.GREETING, Act.REPLY_AND_CLOSE, "554 5.7.1 Client host blocked using a block list"
    ),
    fault("greet-554-no-service", Place.GREETING, Act.REPLY_AND_CLOSE, "554 No SMTP service here"),
    fault("greet-garbage", Place.GREETING, Act.REPLY, "SSH-2.0-OpenSSH_9.6"),
    fault("ehlo-421", Place.EHLO, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("ehlo-502", Place.EHLO, Act.REPLY, "502 5.5.1 Command not implemented"),
    fault("ehlo-550", Place.EHLO, Act.REPLY, "550 5.7.1 Helo name refused"),
    fault("starttls-stripped", Place.EHLO, Act.STRIP, "STARTTLS"),
    fault("starttls-421", Place.STARTTLS, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("starttls-454", Place.STARTTLS, Act.REPLY, "454 4.7.0 TLS not available"),
    fault("starttls-501", Place.STARTTLS, Act.REPLY, "501 5.5.2 Syntax error"),
    fault("starttls-garbage", Place.STARTTLS, Act.REPLY, "220 Go ahead\r\nthis is not a handshake"),
    fault("starttls-stop", Place.STARTTLS, Act.REPLY_AND_STOP, "220 Go ahead"),
    fault(
        "starttls-injected",
        Place.STARTTLS,
        Act.ADD,
        "250-localhost\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN CRAM-MD5",
    ),
    fault("auth-stripped", Place.EHLO, Act.STRIP, "AUTH"),
    fault("auth-421", Place.AUTH, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("auth-421-rate", Place.AUTH, Act.REPLY_AND_CLOSE, "421 4.7.0 Too many log-ins, slow down"),
    fault("auth-432", Place.AUTH, Act.REPLY, "432 4.7.12 A password transition is needed"),
    fault("auth-454", Place.AUTH, Act.REPLY, "454 4.7.0 Temporary authentication failure"),
    fault("auth-504", Place.AUTH, Act.REPLY, "504 5.5.4 Unrecognized authentication type"),
    fault("auth-534", Place.AUTH, Act.REPLY, "534 5.7.9 Authentication mechanism is too weak"),
    fault("auth-535", Place.AUTH, Act.REPLY, "535 5.7.8 Authentication credentials invalid"),
    fault(
        "auth-535-basic",
        Place.AUTH,
        Act.REPLY,
        "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
    ),
    fault("auth-334", Place.AUTH, Act.REPLY, "334 bm90aGluZw=="),
    fault("challenge-drop", Place.CHALLENGE, Act.DROP),
    fault("challenge-421", Place.CHALLENGE, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("challenge-454", Place.CHALLENGE, Act.REPLY, "454 4.7.0 Temporary authentication failure"),
    fault("challenge-535", Place.CHALLENGE, Act.REPLY, "535 5.7.8 Authentication credentials invalid"),
    fault("challenge-334", Place.CHALLENGE, Act.REPLY, "334 bm90aGluZw=="),
    fault("challenge-silent", Place.CHALLENGE, Act.SILENCE),
    fault("smtputf8-stripped", Place.EHLO, Act.STRIP, "SMTPUTF8"),
    fault("8bitmime-stripped", Place.EHLO, Act.STRIP, "8BITMIME"),
    fault("size-stripped", Place.EHLO, Act.STRIP, "SIZE"),
    fault("dsn-stripped", Place.EHLO, Act.STRIP, "DSN"),
    fault("requiretls-stripped", Place.EHLO, Act.STRIP, "REQUIRETLS"),
    fault("pipelining-stripped", Place.EHLO, Act.STRIP, "PIPELINING"),
)
