"""The codes that logs, tests and metrics read: stable, written out once (house, rule 13)."""

from __future__ import annotations

from enum import StrEnum
from importlib import import_module

STEPS = "content last_look notice_to recipients reply_to return_path route sender signing".split()

CODES = {
    "ContentReason": "template given original",
    "ContentFinding": "no_subject no_text clipped no_test_banner organizer_sent_by",
    "ContentRefused": (
        "kind expired never_due two_sources no_content loop too_many_visible blocked_extension too_large "
        "subject_control_characters not_text calendar_method"
    ),
    "HoldReason": "interceptor test_mode sender_no_longer_allowed unknown_customer server_not_released standing_hold not_yet",
    "DropReason": "expired suppressed",
    "Field": "to cc bcc",
    "NoticeReason": (
        "reply_to customer_admin application_admin own_mail test_copy nobody_failed nobody_to_tell"
    ),
    "NoticePassedOver": "outside_customer recipient bounce_mailbox no_reply suppressed",
    "RecipientReason": "as_requested test_mode suppressed rejected_characters",
    "RecipientsReason": "as_requested test_mode",
    "RecipientsPassedOver": "duplicate suppressed rejected_characters",
    "RecipientsRefused": "no_recipients nobody_left bounce_mailbox",
    "ReplyToReason": (
        "caller requested_sender business_unit customer application effective_sender test_mode"
    ),
    "ReplyToPassedOver": "no_reply suppressed bounce_mailbox test_mode",
    "ReplyToFinding": "foreign_freemail",
    "ReturnPathReason": (
        "login bounce_to customer_bounce_address application_bounce_address reply_to customer_admin "
        "application_admin effective_sender fallback_sender null"
    ),
    "ReturnPathPassedOver": "outside_customer not_proved not_aligned original_recipient",
    "ReturnPathFinding": "sender_not_proved",
    "RoutesReason": "sender_address sender_domain customer smarthost",
    "RoutePassedOver": (
        "not_released sender_outside_customer other_senders own_server_instead not_proved "
        "tls_not_required internal_recipient"
    ),
    "RoutesRefused": "no_route",
    "SecondLookReason": "as_decided by_health",
    "SecondLookPassedOver": "slowed suspect down",
    "SenderReason": "requested alias alias_kept business_unit customer application",
    "SenderPassedOver": "domain_not_allowed alias_not_proved not_set",
    "SigningReason": "from_domain from_domain_and_application application application_aligned unsigned",
}


def test_the_codes_of_the_decisions_are_these():
    """Every enum of every step, with its codes in order; a changed code breaks somebody's reader."""
    found = {
        name: " ".join(kind)
        for step in STEPS
        for name, kind in vars(import_module(f"mailsend.decide.{step}")).items()
        if isinstance(kind, type)
        and issubclass(kind, StrEnum)
        and kind.__module__ == f"mailsend.decide.{step}"
    }
    assert found == CODES
