"""DATA, the content, the final dot: where a mail is lost or doubled if anywhere."""

from __future__ import annotations

from scenario import ACCEPTED, BUSY, LOGIN, LOST, OFF, SENSELESS, SILENCE, one

__all__ = ["CONTENT"]

_FAULT = "deferred server server_fault"
_TOO_BIG = "rejected message too_big"
_NO_USER = "rejected recipient no_such_user"
_SLOWLY = ", one command at a time"

CONTENT = (
    one("data-421", BUSY),
    one("data-421" + _SLOWLY, BUSY, pipelining=OFF),
    one("data-451", _FAULT),
    one("data-451" + _SLOWLY, _FAULT, pipelining=OFF),
    one("data-503", "deferred server protocol lasting"),
    one("data-552", _TOO_BIG),
    one("data-554", "deferred server server_policy lasting"),
    one("data-250", SENSELESS),
    one("data-354-and-250", f"{LOST} | {SENSELESS}"),
    one("data-354-and-250" + _SLOWLY, f"{LOST} | {SENSELESS}", pipelining=OFF),
    one("data-354-for-nobody", _NO_USER, faults=("rcpt-550", "data-354-for-nobody")),
    one("data-354-for-nobody-250", _NO_USER, faults=("rcpt-550", "data-354-for-nobody-250")),
    one("stop-after-354", SILENCE, taken=(False,), reads_content=True),
    one("stop-after-354, a big mail", f"{LOST} | {SILENCE}", taken=(False,), content="big"),
    one("drop-in-content", SILENCE, taken=(False,)),
    one("drop-in-content, a big mail", LOST, content="big"),
    one("421-in-content", BUSY),
    one("421-in-content, a big mail", BUSY, content="big"),
    one("250-in-content", ACCEPTED),
    one("250-in-content, a big mail", f"{SENSELESS} | {ACCEPTED}", content="big"),
    one("451-in-content", _FAULT),
    one("451-in-content, a big mail", _FAULT, content="big"),
    one("552-in-content", _TOO_BIG),
    one("552-in-content, a big mail", _TOO_BIG, content="big"),
    one("garbage-in-content", SILENCE, taken=(False,)),
    one("garbage-in-content, a big mail", f"{SENSELESS} | {SILENCE}", taken=(False,), content="big"),
    one("silent-in-content", SILENCE, taken=(False,)),
    one("silent-in-content, a big mail", LOST, content="big"),
    one("drop-when-taken", SILENCE, taken=(True,)),
    one("drop-when-taken" + _SLOWLY, SILENCE, taken=(True,), pipelining=OFF),
    one("silent-when-taken", SILENCE, taken=(True,)),
    one("drip-when-taken", SILENCE, taken=(True,)),
    one("garbage-when-taken", SILENCE, taken=(True,)),
    one("half-250-when-taken", SILENCE, taken=(True,)),
    one("dot-250-close", ACCEPTED),
    one("dot-250-multiline", ACCEPTED),
    one("dot-250-and-451", ACCEPTED),
    one("dot-250-twice", ACCEPTED),
    one("dot-211", SENSELESS),
    one("dot-354", SENSELESS),
    one("dot-421", BUSY),
    one("dot-421" + _SLOWLY, BUSY, pipelining=OFF),
    one("dot-421-rate", "deferred server rate"),
    one("dot-451", _FAULT),
    one("dot-451" + _SLOWLY, _FAULT, pipelining=OFF),
    one("dot-550-user", _NO_USER),
    one("dot-550-dmarc", "deferred sender sender_authentication lasting"),
    one("dot-550-virus", "rejected message message_format"),
    one("dot-552-full", "rejected recipient mailbox_full"),
    one("dot-552-full, logged in", "deferred account sending_mailbox_full lasting", server=LOGIN),
    one("dot-552-size", _TOO_BIG),
    one("dot-554", "rejected message content_refused"),
    one("dot-554" + _SLOWLY, "rejected message content_refused", pipelining=OFF),
    one("dot-554-plain", "rejected message content_refused"),
)
