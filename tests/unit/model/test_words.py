"""Decisions in words, read from their records."""

from __future__ import annotations

import pytest

from mailsend.model.words import catalogue, explain


def _record(**other):
    return {
        "v": 1,
        "step": "sender",
        "reason": "requested",
        "value": "a@b.example",
        "passed_over": [],
        "facts": {},
        **other,
    }


@pytest.mark.parametrize(
    ("locale", "begins"),
    [
        ("en", "From is"),
        ("de", "Absender ist"),
        ("de-CH", "Absender ist"),
        ("DE_ch", "Absender ist"),
        ("fr", "From is"),
    ],
)
def test_a_locale_gets_its_language_or_english(locale, begins):
    """German words for German locales, English for all others."""
    assert explain(_record(), locale).startswith(begins)
    assert catalogue(locale)["sender.requested"].startswith(begins)


def test_facts_are_told_as_people_write_them():
    """Lists are joined, mappings shown with their values, nothing is shown as nothing."""
    nobody = _record(
        step="recipients",
        reason="nobody_left",
        value=None,
        facts={"left_out": {"a@b.example": "suppressed", "c@d.example": None}},
    )
    assert explain(nobody) == ("Refused: no recipient is left (a@b.example (suppressed), c@d.example ()).")
    several = _record(step="reply_to", reason="caller", value=["a@b.example", "c@d.example"])
    assert explain(several) == "Answers go to a@b.example, c@d.example, as the message asks."


def test_a_fact_that_a_record_lacks_is_a_question_mark():
    """An old record with fewer facts is told all the same."""
    assert explain(_record(reason="alias")) == (
        "From is a@b.example: ? was asked for, and its domain is an alias."
    )


def test_name_alignment_and_findings_follow_the_reason():
    """What became of the name, what SPF is asked, and findings are told in sentences of their own."""
    told = explain(_record(reason="customer", facts={"customer": "x", "name": "no_actor"}))
    assert told == (
        "From is a@b.example: the fallback sender of the customer x. "
        "The name asked for was left out: no actor is given."
    )
    path = _record(
        step="return_path",
        reason="reply_to",
        facts={"aligned": False, "spf_domain": "b.example", "findings": ["sender_not_proved"]},
    )
    assert explain(path) == (
        "Bounces go to a@b.example, where answers go. "
        "SPF is asked about b.example, which does not align with From. "
        "Look at it: b.example is not proved for this server."
    )


def test_candidates_that_were_passed_over_name_their_source():
    """A scope without a fallback sender is named in words."""
    over = {"candidate": "", "source": "business_unit", "reason": "not_set", "facts": {}}
    assert explain(_record(passed_over=[over])) == (
        "From is a@b.example: it was asked for, and its domain is allowed. "
        "Of the business unit nothing was used: it states no fallback sender."
    )
