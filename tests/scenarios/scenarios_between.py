"""Between mails: idle connections, RSET, QUIT, lies about PIPELINING, and several mails in flight."""

from __future__ import annotations

from typing import Any

from scenario import ACCEPTED, BUSY, LOST, SENSELESS, SILENCE, WITHIN, Scenario, one

__all__ = ["BETWEEN"]

_NO_USER = "rejected recipient no_such_user"
_IDLE = 0.25  # seconds: longer than the server waits


def _five(fault: str, *told: str, least: int, **more: Any) -> Scenario:
    """Five mails at once over one connection."""
    return one(f"{fault}, five mails in flight", told, faults=(fault,), mails=5, least=least, **more)


BETWEEN = (
    one("idle-421", pause=_IDLE),
    one("idle-421, the next mail at once"),
    one("idle-close", pause=_IDLE),
    one("idle-close, the next mail at once"),
    one("idle-421-at-once"),
    one("idle-421-at-once, and a pause", pause=_IDLE),
    one("dot-close, and a pause", pause=_IDLE),
    one("ehlo-421-later", f"{ACCEPTED} | {BUSY} | {LOST}", pause=_IDLE),
    one("mail-421-behind", f"{BUSY} | {LOST}"),
    one("rcpt-421-behind", f"{BUSY} | {LOST}"),
    one("data-421-behind", f"{BUSY} | {LOST}"),
    one("rset-421", _NO_USER, faults=("rcpt-550", "rset-421"), pause=_IDLE),
    one("rset-500", _NO_USER, faults=("rcpt-550", "rset-500"), pause=_IDLE),
    one("rset-drop", _NO_USER, faults=("rcpt-550", "rset-drop"), pause=_IDLE),
    one("rset-silent", _NO_USER, faults=("rcpt-550", "rset-silent"), pause=_IDLE),
    one("rset-garbage", _NO_USER, faults=("rcpt-550", "rset-garbage"), pause=_IDLE),
    one("quit-421"),
    one("quit-drop"),
    one("quit-silent"),
    one("quit-endless"),
    one("quit-garbage"),
    # Lies about PIPELINING
    one("group-503"),
    one("group-554"),
    one("group-503-all"),
    one("group-drop"),
    one("group-close"),
    one("group-503, within a mail", pipelining=WITHIN),
    one("group-close, within a mail", pipelining=WITHIN),
    one("group-forgotten", LOST, reads_content=False),
    # Several mails in flight
    Scenario(name="five mails in flight", mails=5, least=5),
    Scenario(name="five mails in flight, within a mail", mails=5, least=5, pipelining=WITHIN),
    _five("mail-421-after-2", ACCEPTED, least=5),
    _five("idle-421-at-once+1", ACCEPTED, least=5),
    _five("dot-close+1", ACCEPTED, least=5),
    _five("mail-421+2:1", ACCEPTED, BUSY, least=4),
    _five("mail-451+2:1", ACCEPTED, "deferred server server_fault", least=4),
    _five("mail-drop+2:1", ACCEPTED, LOST, least=4),
    _five("rcpt-550:2", ACCEPTED, _NO_USER, least=4),
    _five("half-refused", ACCEPTED, _NO_USER, least=5),
    _five("data-451+2:1", ACCEPTED, "deferred server server_fault", least=4),
    _five("drop-before-354+2:1", ACCEPTED, LOST, least=4),
    _five("dot-451+2:1", ACCEPTED, "deferred server server_fault", least=4),
    _five("dot-554+2:1", ACCEPTED, "rejected message content_refused", least=4),
    _five("dot-421+2:1", ACCEPTED, BUSY, least=4),
    _five("drop-after-dot+2:1", ACCEPTED, SILENCE, least=4),
    _five("drop-when-taken+2:1", ACCEPTED, SILENCE, least=4),
    _five("silent-when-taken+2:1", ACCEPTED, SILENCE, least=4),
    _five("garbage-after-dot+2:1", ACCEPTED, SILENCE, least=4),
    _five("dot-250-twice+1:1", ACCEPTED, LOST, SENSELESS, least=3),
    _five("dot-250-and-451+1:1", ACCEPTED, LOST, SENSELESS, "deferred server server_fault", least=3),
    _five("dot-split", ACCEPTED, least=5),
    _five("group-503", ACCEPTED, least=5),
    _five("group-close", ACCEPTED, least=5),
    _five("group-drop", ACCEPTED, least=5),
)
