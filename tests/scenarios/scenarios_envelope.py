"""The envelope: what MAIL and RCPT are answered, also to half of the recipients."""

from __future__ import annotations

from scenario import ACCEPTED, BUSY, LOST, OFF, SENSELESS, Scenario, one

__all__ = ["ENVELOPE"]

_NO_USER = "rejected recipient no_such_user"
_FIVE = tuple(f"{name}@example.org" for name in "abcde")

ENVELOPE = (
    one("mail-421", BUSY),
    one("mail-421, one command at a time", BUSY, pipelining=OFF),
    one("mail-450-rate", "deferred server rate"),
    one("mail-451", "deferred server server_fault"),
    one("mail-451-and-on", "deferred server server_fault"),
    one(
        "mail-451-and-on, one command at a time",
        "deferred server server_fault",
        pipelining=OFF,
        afterwards=f"{ACCEPTED} | deferred server protocol lasting",
    ),
    one("mail-452", "deferred server server_fault"),
    one("mail-501", "deferred server protocol lasting"),
    one("mail-503", "deferred server protocol lasting"),
    one("mail-530", "deferred account auth_required lasting"),
    one("mail-530-starttls", "deferred server tls_demanded lasting"),
    one("mail-550-sender", "deferred sender sender_not_allowed lasting"),
    one("mail-550-domain", "deferred sender sender_refused lasting"),
    one("mail-552", "rejected message too_big"),
    one("mail-552-full", "deferred account sending_mailbox_full lasting"),
    one("mail-553", "deferred sender sender_refused lasting"),
    one("mail-555", "deferred server protocol lasting"),
    one("rcpt-421", BUSY),
    one("rcpt-421, one command at a time", BUSY, pipelining=OFF),
    one("rcpt-421-second", BUSY),
    one("rcpt-421-second, one command at a time", BUSY, pipelining=OFF),
    one("rcpt-450", "deferred recipient greylisted"),
    one("rcpt-451-network", "deferred server network"),
    one("rcpt-452-full", "deferred recipient mailbox_full"),
    one("rcpt-550", _NO_USER),
    one("rcpt-550, one command at a time", _NO_USER, pipelining=OFF),
    one("rcpt-550-plain", _NO_USER),
    one("rcpt-550-domain", "rejected recipient bad_domain"),
    one("rcpt-550-blocked", "deferred server block_listed lasting"),
    one("rcpt-550-disabled", "rejected recipient mailbox_disabled"),
    one("rcpt-551", _NO_USER),
    one("rcpt-553", "rejected recipient bad_address"),
    one("rcpt-554-policy", "rejected recipient recipient_policy"),
    one(
        "rcpt-554-policy, two domains",
        "deferred server server_policy lasting",
        recipients=("a@one.example", "b@two.example"),
    ),
    one("rcpt-554-relay", "deferred server relaying_denied lasting"),
    one("rcpt-latin-1", _NO_USER),
    one("rcpt-multiline", _NO_USER),
    one("rcpt-251"),
    one("rcpt-double", f"{LOST} | {SENSELESS}"),
    one("rcpt-double, one command at a time", f"{LOST} | {SENSELESS}", pipelining=OFF),
    one("rcpt-250-close", LOST),
    one("half-refused", (ACCEPTED, _NO_USER)),
    one("half-refused, one command at a time", (ACCEPTED, _NO_USER), pipelining=OFF),
    one("half-deferred", (ACCEPTED, "deferred recipient recipient_refused")),
    one("half-greylisted", (ACCEPTED, "deferred recipient greylisted")),
    one(
        "half-refused, and 554 after the dot",
        ("rejected message content_refused", _NO_USER),
        faults=("half-refused", "dot-554"),
        reads_content=True,
    ),
    one(
        "half-refused, and silence after the dot",
        ("unknown server silence_after_dot", _NO_USER),
        faults=("half-refused", "silent-when-taken"),
        taken=(True, False),
        reads_content=True,
    ),
    one(
        "half-refused, and 421 to DATA",
        (BUSY, _NO_USER),
        faults=("half-refused", "data-421"),
    ),
    one("too-many-452", recipients=_FIVE),
    one("too-many-452, one command at a time", recipients=_FIVE, pipelining=OFF),
    one("too-many-552", recipients=_FIVE),
    one("too-many-503", recipients=_FIVE),
    Scenario(
        name="more recipients than we give to one transaction",
        client={"max_recipients": 2},
        recipients=_FIVE,
    ),
)
