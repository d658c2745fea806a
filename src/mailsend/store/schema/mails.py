"""Mails: what the queue and the log know of each, apart from its content."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy import text as sql

from mailsend.store.schema.base import NUMBER, flag, metadata, number, only_on, text, time, word

__all__ = ["attempt", "blob", "content", "content_blob", "event", "idempotency", "message", "recipient"]

_QUEUED: Final = sql("state = 'queued' AND frozen = 0")
_SENDING: Final = sql("state = 'sending'")
_HELD: Final = sql("state = 'held'")
_FROZEN: Final = sql("frozen = 1")
_REWRITTEN: Final = sql("requested != sender AND requested != ''")
_LINKED: Final = sql("linked_to <> ''")
_REASONED: Final = sql("reason != ''")
_NOT_ACCEPTED: Final = sql("outcome != 'accepted'")
# What a word is looked for in, newest first, without a look at the mails themselves; PostgreSQL takes no
# row of an index over 2,704 octets, and a subject may be longer.
_LOG: Final = ("queued_at", "id", "subject", "sender", "requested", "message_id", "template", "actor", "tags")
_TROUBLE: Final = ("outcome", "reason", "code", "enhanced", "message")
_UNTOLD: Final = sql("act = 'gave_up' AND reason = ''")  # whose author was not told yet

message: Final = Table(
    "mailsend_message",
    metadata,
    Column("id", String(32), primary_key=True),  # our own id, the Submission's; sorts by time
    text("customer"),  # empty: the application itself
    text("business_unit"),
    word("state"),  # queued sending held done cancelled expired
    flag("frozen"),
    word("reason"),  # why it is held, or how it ended
    text("why"),
    word("how"),  # send, deliver, enqueue, keep, resend, …: how it came here
    word("kind"),
    flag("in_test_mode"),
    # The clock.
    time("due_at"),
    time("rank"),  # due_at, less a minute for each step of priority: the order of the queue
    number("priority"),
    time("send_at"),
    time("expires_at"),
    time("gives_up_at"),  # the end of its retry window
    time("lease_until"),
    number("fence"),  # counts the claims: who finishes with another number is too late
    text("worker"),
    number("attempts"),  # those that count
    time("queued_at", nullable=False),
    time("prepared_at", nullable=False),
    time("tried_at"),
    time("done_at"),
    # What was decided, for reading and for searching.
    text("message_id"),
    text("subject"),
    text(
        "requested"
    ),  # the requested sender's address, as addresses are compared; empty where none was asked for
    text("sender"),  # the effective sender's address, likewise
    text("sender_mailbox"),
    text("reply_to"),
    text("reverse_path"),
    text("template"),
    text("actor"),
    text("locale"),
    text("tags"),  # JSON: a list
    text("metadata"),  # JSON: a mapping
    number("size"),  # bytes
    flag("sensitive"),
    flag("essential"),
    flag("require_tls"),
    Column("digest", String(64), nullable=False),
    Column("first_digest", String(64), nullable=False),  # another one where Date and signatures were renewed
    Column("rules_version", String(64), nullable=False),
    text("decisions"),  # JSON: records by house rule 13
    text("routes"),  # JSON: [[owner, name, mark of its account], …] in order
    text("lane"),  # the limit that its first server has; empty for none
    text("envelopes"),  # JSON: [[reverse-path, [address, …]], …]
    # What became of it last.
    text("server"),
    text("queue_id"),
    text("idempotency_key"),
    Column("request_digest", String(64), nullable=False),
    text("linked_to"),  # the mail that this one was made from
    text("seal", server_default=""),  # of what a person let out in spite of test mode
    Index("ix_mailsend_message_due", "rank", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("ix_mailsend_message_later", "due_at", sqlite_where=_QUEUED, postgresql_where=_QUEUED),
    Index("ix_mailsend_message_lease", "lease_until", sqlite_where=_SENDING, postgresql_where=_SENDING),
    Index("ix_mailsend_message_held", "queued_at", sqlite_where=_HELD, postgresql_where=_HELD),
    only_on("sqlite", Index("ix_mailsend_message_log", *_LOG)),
    only_on("postgresql", Index("ix_mailsend_message_newest", "queued_at", "id")),
    Index(None, "customer", "queued_at"),
    Index(None, "message_id"),
    Index(None, "sender", "queued_at"),
    Index(
        "ix_mailsend_message_requested",
        "requested",
        "queued_at",
        sqlite_where=_REWRITTEN,
        postgresql_where=_REWRITTEN,
    ),
    Index(
        "ix_mailsend_message_reason",
        "reason",
        "queued_at",
        sqlite_where=_REASONED,
        postgresql_where=_REASONED,
    ),
    Index("ix_mailsend_message_linked", "linked_to", sqlite_where=_LINKED, postgresql_where=_LINKED),
    Index("ix_mailsend_message_frozen", "queued_at", sqlite_where=_FROZEN, postgresql_where=_FROZEN),
)

recipient: Final = Table(
    "mailsend_recipient",
    metadata,
    Column("message", String(32), primary_key=True),
    Column("position", Integer, primary_key=True),
    word("field"),  # to cc bcc archive
    text("address"),  # as requested
    text("name"),
    text("key"),  # what addresses are compared by
    text("domain"),
    text("envelope_address"),  # who stands in RCPT TO; empty for nobody
    number("envelope"),  # which of the envelopes
    word("outcome"),
    word("reason"),
    word("fault"),
    flag("lasting"),
    number("attempts"),
    number("resends"),  # how often an unknown outcome was sent again
    time("due_at"),  # when it is tried next; none where it is settled
    number("marked"),  # the claim under which content may have gone out to this one; 0 for none
    text("pinned"),  # the only server that it may be tried at (after silence, M20)
    Column("code", Integer),
    word("enhanced"),
    text("reply"),
    text("server"),
    text("queue_id"),
    time("updated_at", nullable=False),
    Index(None, "key", "message"),
    Index(None, "domain", "message"),
    Index(
        "ix_mailsend_recipient_trouble", *_TROUBLE, sqlite_where=_NOT_ACCEPTED, postgresql_where=_NOT_ACCEPTED
    ),
)

attempt: Final = Table(
    "mailsend_attempt",
    metadata,
    Column("id", NUMBER, primary_key=True),
    Column("message", String(32), nullable=False),
    number("fence"),
    time("started_at", nullable=False),
    time("ended_at", nullable=False),
    text("server"),
    word("outcome"),
    word("fault"),
    word("reason"),
    Column("code", Integer),
    word("enhanced"),
    text("reply"),
    text("queue_id"),
    text("source_ip"),
    text("worker"),
    text("recipients"),  # JSON: [[address, outcome, reason, code, enhanced, text], …]
    text("conversation"),  # JSON: [[seconds, who, line], …], without secrets and content (H5)
    Index(None, "message"),
    Index(None, "queue_id"),
)

event: Final = Table(
    "mailsend_event",
    metadata,
    Column("id", NUMBER, primary_key=True),
    time("at", nullable=False),
    text("by"),
    word("act"),
    Column("message", String(32), nullable=False),  # empty: it concerns no single mail
    text("customer"),
    text("reason"),
    text("facts"),  # JSON: a mapping
    Index(None, "message"),
    Index(None, "at"),
    Index("ix_mailsend_event_untold", "id", sqlite_where=_UNTOLD, postgresql_where=_UNTOLD),
)

# Apart from what the log keeps: it is cleaned earlier, and seeing it is a permission of its own.
content: Final = Table(
    "mailsend_content",
    metadata,
    Column("message", String(32), primary_key=True),
    Column("data", LargeBinary, nullable=False),  # the frozen bytes, without what stands in `cuts`
    text("cuts"),  # JSON: [[place in data, digest of the blob that stands there in base64], …]
    Column("asked", LargeBinary, nullable=False),  # JSON: the stored Message, for a later prepare
    flag("sealed"),  # both encrypted (M37)
    time("queued_at", nullable=False),
)

# Large contents, each once, by the SHA-256 of the bytes as they were attached.
blob: Final = Table(
    "mailsend_blob",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("data", LargeBinary, nullable=False),
    number("size"),
)
content_blob: Final = Table(
    "mailsend_content_blob",
    metadata,
    Column("message", String(32), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Index(None, "digest"),
)

idempotency: Final = Table(
    "mailsend_idempotency",
    metadata,
    Column("customer", Text, primary_key=True),
    Column("in_test_mode", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("message", String(32), nullable=False),
    Column("request_digest", String(64), nullable=False),
    Column("kept_until", BigInteger, nullable=False),
    Index(None, "message"),
)
