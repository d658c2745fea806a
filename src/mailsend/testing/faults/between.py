"""Faults between mails, at the end, and of servers that offer PIPELINING and do not mean it."""

from __future__ import annotations

from typing import Final

from mailsend.testing.faults.terms import Act, Place, fault

__all__ = ["BETWEEN"]

_CLOSING: Final = "421 4.3.2 Service shutting down"
_IDLE: Final = "421 4.4.2 Idle for too long"

BETWEEN: Final = (
    fault("idle-421", Place.DOT, Act.ADD_LATER, _IDLE),
    fault("idle-close", Place.DOT, Act.ADD_LATER),
    fault("idle-421-at-once", Place.DOT, Act.ADD_AND_CLOSE, _IDLE),
    fault("ehlo-421-later", Place.EHLO, Act.ADD_LATER, _CLOSING),
    fault("mail-421-behind", Place.MAIL, Act.ADD_AND_CLOSE, _CLOSING),
    fault("rcpt-421-behind", Place.RCPT, Act.ADD_AND_CLOSE, _CLOSING),
    fault("data-421-behind", Place.DATA, Act.ADD_AND_CLOSE, _CLOSING),
    fault("rset-421", Place.RSET, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("rset-500", Place.RSET, Act.REPLY, "500 5.5.1 Command not recognized"),
    fault("rset-drop", Place.RSET, Act.DROP),
    fault("rset-silent", Place.RSET, Act.SILENCE),
    fault("rset-garbage", Place.RSET, Act.REPLY, "Thank you"),
    fault("quit-421", Place.QUIT, Act.REPLY_AND_CLOSE, _CLOSING),
    fault("quit-drop", Place.QUIT, Act.DROP),
    fault("quit-silent", Place.QUIT, Act.SILENCE),
    fault("quit-endless", Place.QUIT, Act.ENDLESS, "221-2.0.0 Bye"),
    fault("quit-garbage", Place.QUIT, Act.REPLY, "Thank you"),
    fault("group-503", Place.AHEAD, Act.REPLY, "503 5.5.1 Wait for the reply before you go on"),
    fault("group-554", Place.AHEAD, Act.REPLY, "554 5.5.0 Improper use of SMTP command pipelining"),
    fault("group-503-all", Place.GROUP, Act.REPLY, "503 5.5.1 One command at a time"),
    fault("group-drop", Place.GROUP, Act.DROP),
    fault("group-close", Place.GROUP, Act.CLOSE),
    fault("group-forgotten", Place.GROUP, Act.FORGET),
)
