"""Reasons in English."""

from __future__ import annotations

from collections.abc import Mapping

from mailsend.model.words.en_notices import NOTICE_WORDS
from mailsend.model.words.en_servers import SERVER_WORDS

__all__ = ["WORDS"]

WORDS: Mapping[str, str] = {
    # sources of candidates
    "source.requested": "the requested sender",
    "source.business_unit": "the business unit",
    "source.customer": "the customer",
    "source.application": "the application",
    "source.caller": "the message",
    "source.requested_sender": "the requested sender",
    # sender
    "sender.requested": "From is {value}: it was asked for, and its domain is allowed.",
    "sender.alias": "From is {value}: {requested} was asked for, and its domain is an alias.",
    "sender.alias_kept": "From is {value}: it was asked for, and its domain is an alias that may be kept.",
    "sender.business_unit": "From is {value}: the fallback sender of the business unit {business_unit}.",
    "sender.customer": "From is {value}: the fallback sender of the customer {customer}.",
    "sender.application": "From is {value}: the fallback sender of the application.",
    "sender.passed_over.domain_not_allowed": (
        "{candidate} was passed over: {domain} is not an allowed domain (allowed: {allowed})."
    ),
    "sender.passed_over.alias_not_proved": (
        "{candidate} was passed over: SPF and DKIM of the alias {domain} are not both active."
    ),
    "sender.passed_over.not_set": "Of {source} nothing was used: it states no fallback sender.",
    "sender.name.as_asked": "",
    "sender.name.fallback_alone": "",
    "sender.name.with_via": "The name tells for whom it is sent.",
    "sender.name.no_actor": "The name asked for was left out: no actor is given.",
    "sender.name.protected": "The name asked for was left out: it is protected.",
    "sender.name.nothing_left": "The name asked for was left out: nothing of it could stay.",
    "sender.name.same": "The name asked for is the fallback's own.",
    # reply_to
    "reply_to.caller": "Answers go to {value}, as the message asks.",
    "reply_to.requested_sender": "Answers go to {value}, the sender that was asked for.",
    "reply_to.business_unit": "Answers go to {value}, as the business unit says.",
    "reply_to.customer": "Answers go to {value}, as the customer says.",
    "reply_to.application": "Answers go to {value}, as the application says.",
    "reply_to.effective_sender": "Answers go to {value}, the sender itself.",
    "reply_to.test_mode": "Answers go to {value}, the test address.",
    "reply_to.passed_over.no_reply": "{candidate} was passed over: nobody reads a no-reply address.",
    "reply_to.passed_over.suppressed": "{candidate} was passed over: the address is suppressed.",
    "reply_to.passed_over.bounce_mailbox": "{candidate} was passed over: it is the bounce mailbox.",
    "reply_to.passed_over.test_mode": "{candidate} was passed over: test mode is on.",
    "reply_to.finding.foreign_freemail": (
        "Look at it: Reply-To is a free-mail address that nobody has vouched for."
    ),
    # recipients
    "recipients.as_requested": "It goes to {value}.",
    "recipients.test_mode": "Test mode is on: it goes to {value} alone.",
    "recipients.no_recipients": "Refused: the message has no recipient.",
    "recipients.nobody_left": "Refused: no recipient is left ({left_out}).",
    "recipients.bounce_mailbox": "Refused: {address} is the bounce mailbox.",
    "recipients.passed_over.duplicate": "{candidate} is named twice and gets one copy.",
    "recipients.passed_over.suppressed": "{candidate} was left out: the address is suppressed.",
    "recipients.passed_over.rejected_characters": (
        "{candidate} was left out: its local part holds a character that this customer rejects."
    ),
    # routes
    "routes.sender_address": "It leaves through {value}, the server for this sender's address.",
    "routes.sender_domain": "It leaves through {value}, the server for this sender's domain.",
    "routes.customer": "It leaves through {value}, the customer's own server.",
    "routes.smarthost": "It leaves through {value}, the application's smarthost.",
    "routes.no_route": "Refused: no server may carry this mail.",
    "routes.passed_over.not_released": "{candidate} was passed over: it is {state}, not released.",
    "routes.passed_over.sender_outside_customer": (
        "{candidate} was passed over: the sender {sender} is not in this customer's domains."
    ),
    "routes.passed_over.other_senders": "{candidate} was passed over: it does not carry the sender {sender}.",
    "routes.passed_over.own_server_instead": (
        "{candidate} was passed over: the customer has a server of its own."
    ),
    "routes.passed_over.not_proved": (
        "{candidate} was passed over: {domain} is not proved for the smarthosts."
    ),
    "routes.passed_over.tls_not_required": (
        "{candidate} was passed over: the message requires verified TLS, and it does not."
    ),
    "routes.passed_over.internal_recipient": (
        "{candidate} was passed over: {domain} is a special-use domain that it does not carry."
    ),
    # second_look
    "second_look.as_decided": "The servers are tried as decided: {value}.",
    "second_look.by_health": "The servers are tried in this order now: {value}.",
    "second_look.passed_over.slowed": "{candidate} comes later: it has asked for a pause.",
    "second_look.passed_over.suspect": "{candidate} comes later: the last attempt at it failed ({why}).",
    "second_look.passed_over.down": "{candidate} comes later: several attempts at it failed ({why}).",
    # return_path
    "return_path.login": "Bounces go to {value}: the account that the server insists on.",
    "return_path.bounce_to": "Bounces go to {value}, as the message asks.",
    "return_path.customer_bounce_address": "Bounces go to {value}, the customer's bounce address.",
    "return_path.application_bounce_address": "Bounces go to {value}, the application's bounce address.",
    "return_path.reply_to": "Bounces go to {value}, where answers go.",
    "return_path.customer_admin": "Bounces go to {value}, the customer's admin.",
    "return_path.application_admin": "Bounces go to {value}, the application's admin.",
    "return_path.effective_sender": "Bounces go to {value}, the sender itself.",
    "return_path.fallback_sender": "Bounces go to {value}, a fallback sender.",
    "return_path.null": "Nothing comes back: a delivery status notice has a null reverse-path.",
    "return_path.passed_over.outside_customer": (
        "{candidate} was passed over: the customer's server carries only the customer's domains."
    ),
    "return_path.passed_over.not_proved": (
        "{candidate} was passed over: {domain} is not proved for the smarthosts."
    ),
    "return_path.passed_over.not_aligned": (
        "{candidate} was passed over: no key of ours is published for From, so an address that aligns goes first."
    ),
    "return_path.passed_over.original_recipient": (
        "{candidate} was passed over: test mode is on, and it is a real recipient."
    ),
    "return_path.aligned.True": "SPF is asked about {spf_domain}, which aligns with From.",
    "return_path.aligned.False": "SPF is asked about {spf_domain}, which does not align with From.",
    "return_path.finding.sender_not_proved": "Look at it: {spf_domain} is not proved for this server.",
    # content
    "content.template": "The content comes from the template {value} in {locale}.",
    "content.given": "The content was written by the application.",
    "content.original": "The content is a finished mail, carried over.",
    "content.kind": "Refused: only transactional mail goes out here, not {kind!r}.",
    "content.expired": "Refused: the message has expired ({expires_at}).",
    "content.never_due": "Refused: it may not go out before {send_at}, and expires at {expires_at}.",
    "content.two_sources": "Refused: the content is given twice.",
    "content.no_content": "Refused: the message has no content.",
    "content.loop": "Refused: the mail goes in a circle ({why}).",
    "content.too_many_visible": (
        "Refused: {count} recipients would see each other's addresses, {most} are allowed."
    ),
    "content.blocked_extension": "Refused: the attachment {filename} has the blocked extension .{extension}.",
    "content.too_large": "Refused: the mail has {size} bytes as encoded, {most} are allowed.",
    "content.subject_control_characters": "Refused: the subject holds a line break or a control character.",
    "content.not_text": "Refused: the {field} holds characters that no mail can carry.",
    "content.calendar_method": "Refused: the calendar's method does not fit ({why}).",
    "content.header_name": "Refused: {name!r} is no name for a header field.",
    "content.header_reserved": "Refused: the header field {name} is not set by hand; use instead: {instead}.",
    "content.header_unknown": "Refused: the header field {name} is not among those that may be set.",
    "content.header_control_characters": (
        "Refused: the header field {name} holds a line break or a control character."
    ),
    "content.header_syntax": "Refused: the header field {name} has a value against its own syntax.",
    "content.finding.no_subject": "Look at it: there is no subject.",
    "content.finding.no_text": "Look at it: there is no text part beside the HTML.",
    "content.finding.clipped": "Look at it: Gmail clips HTML beyond 102 kB.",
    "content.finding.organizer_sent_by": (
        "The invitation's organizer is {detail}; SENT-BY names the sender in From."
    ),
    "content.finding.no_test_banner": "Look at it: a finished mail carries no test banner inside.",
    "content.finding.field_dropped": "Of the finished mail, the field {detail} was left out.",
    "content.finding.field_repeated": "In the finished mail, the field {detail} stood more than once.",
    "content.finding.field_mended": "In the finished mail, the field {detail} was mended.",
    "content.finding.date_invalid": "The finished mail's Date was none, and is made anew.",
    "content.finding.message_id_invalid": "The finished mail's Message-ID was none, and is made anew.",
    "content.finding.header_ended_early": "The finished mail's header ended in a line that is no field.",
    "content.finding.content_reencoded": "Parts of the finished mail were encoded anew, since they were not 7-bit.",
    "content.finding.signed_content_reencoded": (
        "Look at it: a signed part of the finished mail was encoded anew, which breaks its signature."
    ),
    # signatures
    "signatures.from_domain": "It is signed by {value}, which aligns with From.",
    "signatures.from_domain_and_application": (
        "It is signed by {value}: the key of From's domain, and ours, since that one is not known to be published."
    ),
    "signatures.application": "It is signed by {value}: the application's key, which does not align with From.",
    "signatures.application_aligned": (
        "It is signed by {value}: the application's key, which aligns with From."
    ),
    "signatures.unsigned": "It is not signed: there is no DKIM key for From's domain.",
    # refusals of other steps
    "address.invalid": "Refused: {field}: {text!r} is not a valid address: {why}.",
    "address.invalid_field": "Refused: {field}: {why}.",
    "rules.unknown_customer": "Refused: there is no customer {customer!r}.",
    "rules.unknown_business_unit": "Refused: the customer {customer!r} has no business unit {business_unit!r}.",
    "rules.business_unit_alone": "Refused: the business unit {business_unit!r} is named without a customer.",
    "rules.invalid": "Refused: the rules of this customer are not valid: {why}.",
    "template.template": "Refused: the template {template!r} gave no content: {why}{place}.",
    "template.missing_value": "Refused: the template {template!r} gave no content: {why}{place}.",
    "bytes.unwritable": "Refused: {field} cannot be written into a mail: {why}.",
    "bytes.bytes": "Refused: the finished bytes are not a mail: {fault} {where}.",
    "interceptor.refused": "Refused by the application: {why}.",
    # steps of a customer's server
    "server.locked": "The server is locked.",
    "server.not_verified": "The server is not verified.",
    "server.not_locked": "The server is not locked.",
    # why a mail, or one of its recipients, waits
    "held.interceptor": "An interceptor of the application keeps it back.",
    "held.test_mode": "Test mode is on, and it would go to its real recipients.",
    "held.sender_no_longer_allowed": "Its sender is no longer allowed: prepare the mail anew.",
    "held.unknown_customer": "Its customer is no longer known.",
    "held.server_not_released": "A server of the customer that it would go by is not released.",
    "held.standing_hold": "A standing hold keeps it back.",
    "held.not_yet": "It may not go out before its send_at.",
    "held.kept": "It was kept as it was shown, until somebody releases it.",
    "held.test_question": "It waits for somebody to say: go on testing, or send for real.",
    "held.route_gone": "Its server is no longer among the rules: put it back, or prepare the mail anew.",
    "held.unreadable": "What is stored of it cannot be read: look why, and force it; or delete it.",
    "held.not_ready": "It could not be made ready just now, and is tried again.",
    # why something cannot be done to a mail
    "mail.queued": "The mail is in the queue.",
    "mail.sending": "The mail is being sent right now.",
    "mail.held": "The mail is held.",
    "mail.done": "The mail is done: nobody is left to try.",
    "mail.cancelled": "The mail was cancelled.",
    "mail.expired": "The mail has expired.",
    "mail.frozen": "The mail is frozen.",
    "mail.not_frozen": "The mail is not frozen.",
    **NOTICE_WORDS,
    **SERVER_WORDS,
}
