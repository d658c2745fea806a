"""What notices of mails given up say in English, and to whom they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["NOTICE_WORDS"]

NOTICE_WORDS: Final[Mapping[str, str]] = {
    # who is told
    "notice.reply_to": "{value} is told that it was given up: answers to the mail go there.",
    "notice.customer_admin": "{value} is told that it was given up, the customer's admin.",
    "notice.application_admin": "{value} is told that it was given up, the application's admin.",
    "notice.own_mail": "Nobody is told that it was given up: it was itself mail of our own.",
    "notice.test_copy": "Nobody is told that it was given up: it was a test copy.",
    "notice.nobody_failed": "Nobody is told: no recipient was given up.",
    "notice.nobody_to_tell": "Nobody is told that it was given up: there is no address for that.",
    "notice.passed_over.outside_customer": (
        "{candidate} is not told: the address lies in no domain of this customer."
    ),
    "notice.passed_over.recipient": "{candidate} is not told: it was a recipient of the same mail.",
    "notice.passed_over.bounce_mailbox": "{candidate} is not told: bounces are read there by a program.",
    "notice.passed_over.no_reply": "{candidate} is not told: nobody reads that mailbox.",
    "notice.passed_over.suppressed": "{candidate} is not told: a list holds it.",
    # the notice itself
    "notice.mail.subject": "Not handed over: {subject}",
    "notice.mail.subject_untold": "A mail was not handed over",
    "notice.mail.opening": "This mail could not be handed over to everybody, and nothing more is tried for:",
    "notice.mail.recipient": "{address}: {why}",
    "notice.mail.said": "{server} said: {reply}",
    "notice.mail.open": "It is still being tried for:",
    "notice.mail.unknown": "Whether these have it is not known, since the server fell silent at the end:",
    "notice.mail.about": "The mail",
    "notice.mail.about_subject": "Subject: {subject}",
    "notice.mail.about_arrived": "Queued: {arrived}",
    "notice.mail.about_id": "Number: {id}",
    "notice.mail.closing": (
        "This notice was made by a program. Its header fields follow below; its content is not repeated."
    ),
    "notice.why.expired": "no server took it within the time that was allowed.",
    "notice.why.rejected": "the server refused it.",
    "notice.why.too_big": "the mail is too big for the server.",
    "notice.why.content_refused": "the server refused the content.",
    "notice.why.message_format": "the server cannot carry a part of this mail.",
    "notice.why.needs_smtputf8": "no server on the way carries letters beyond ASCII before the @.",
    "notice.why.no_such_user": "there is no such mailbox.",
    "notice.why.bad_domain": "the domain does not exist or takes no mail.",
    "notice.why.bad_address": "the server does not take this form of address.",
    "notice.why.moved": "the recipient has moved.",
    "notice.why.mailbox_disabled": "the mailbox is disabled.",
    "notice.why.mailbox_full": "the mailbox is full.",
    "notice.why.recipient_policy": "the recipient's side does not take mail from this sender.",
    # several in one
    "notice.digest.subject": "{count} mails were not handed over",
    "notice.digest.opening": (
        "More notices than usual were due within an hour, so these {count} mails are told of in one:"
    ),
    "notice.digest.line": "{arrived}  {subject}  ({id})",
    "notice.digest.untold": "(subject not shown)",
    "notice.digest.more": "… and {count} more; the log has them all.",
    "notice.digest.closing": "This notice was made by a program.",
}
