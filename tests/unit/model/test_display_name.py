"""Names that do not pretend to be addresses, domains or somebody else (M2)."""

from __future__ import annotations

import pytest

from mailsend.model.display_name import NameReason, clean_name, is_protected, name_for_rewritten


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ("Ann Meier", "Ann Meier"),
        ("Ann ann@gmail.com Meier", "Ann Meier"),
        ("Ann＠gmail Meier", "Meier"),
        ("paypal.com Support", "Support"),
        ("paypal．com Support", "Support"),
        ("paypal。com Support", "Support"),
        ("shop.xn--p1ai Team", "Team"),
        ("A. B. Meier", "A. B. Meier"),
        ("No.7 Club", "No.7 Club"),
        ("Ann\u202eMeier\u200b", "AnnMeier"),
        ("Ann\u00a0\u2003Meier", "Ann Meier"),
        ("\"Ann\" 'Meier' «x» <y>", "Ann Meier x y"),
        ("Ann Meier via Shop", "Ann Meier"),
        ("Ann Meier VIA Shop via Other", "Ann Meier"),
        ("via Shop", ""),
        ("Olivia Viau", "Olivia Viau"),
        ("x" * 70, "x" * 64),
        ("x" * 63 + " yy", "x" * 63),
        ("Eve evil.भारत", "Eve"),
        ("Eve 192.0.2.1", "Eve"),
        ("A\u034fnn\u3164\ufe0f", "Ann"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_what_reads_as_an_address_or_a_domain_is_taken_out_of_a_name(asked, left):
    """Addresses, domains, quotes, invisible characters and an earlier "via" are taken out."""
    assert clean_name(asked) == left


@pytest.mark.parametrize(
    ("name", "protected", "is_it"),
    [
        ("Great Bank", ["Great Bank"], True),
        ("the GREAT-BANK team", ["Great Bank"], True),
        ("GreatBank", ["Great Bank"], True),
        ("G r e a t B a n k", ["Great Bank"], True),
        ("Greater Bank", ["Great Bank"], False),
        ("Ann", ["", "  ", "!"], False),
        ("Ann", [], False),
    ],
)
def test_a_protected_name_is_found_however_it_is_written(name, protected, is_it):
    """Case, accents, punctuation and spacing hide no protected name; longer words are others."""
    assert is_protected(name, protected) is is_it


def test_a_fallback_without_a_name_stays_without_one():
    """Where the fallback has no name, there is nothing to go via."""
    assert name_for_rewritten("Ann", "", has_actor=True, protected=()) == (
        "",
        NameReason.FALLBACK_ALONE,
    )


def test_a_name_via_a_long_fallback_still_fits():
    """However long both names are, together they fit into a header."""
    name, _ = name_for_rewritten("x" * 900, "y" * 990, has_actor=True, protected=())
    assert name == f"{'x' * 64} via {'y' * 500}"
