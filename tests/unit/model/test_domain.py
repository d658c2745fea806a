"""Domains: one spelling for each, and patterns over them."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidAddress
from mailsend.model.address import Domain, DomainPattern

MUNICH = "xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    ("text", "ascii_form"),
    [
        ("customer.example", "customer.example"),
        ("Customer.EXAMPLE.", "customer.example"),
        ("MÜNCHEN.example", MUNICH),
        ("mu\u0308nchen.example", MUNICH),
        (MUNICH.upper(), MUNICH),
        ("münchen\u3002example\uff0e", MUNICH),
        ("\uff43\uff55stomer.example", "customer.example"),
        ("stra\u00dfe.example", "xn--strae-oqa.example"),
        ("münchen.local", "xn--mnchen-3ya.local"),
        ("xn--mnchen-3ya.home.arpa", "xn--mnchen-3ya.home.arpa"),
        ("4711.example", "4711.example"),
        ("a", "a"),
    ],
)
def test_a_domain_has_one_spelling(text: str, ascii_form: str) -> None:
    """However a domain is written, it is the same value, and its text is the A-label form."""
    domain = Domain.parse(text)
    assert domain == Domain(ascii_form)
    assert str(domain) == domain.ascii == ascii_form


@pytest.mark.parametrize(
    ("text", "position", "why"),
    [
        ("", 0, "the domain is missing"),
        (".", 0, "the domain is missing"),
        ("[192.0.2.1]", 0, "a domain literal is not taken; a domain name must stand here"),
        ("192.0.2.1", 0, "a domain does not end in a number (RFC 3696, section 2)"),
        ("\u0661.\u0662", 0, "the domain is not valid by IDNA (RFC 5891, UTS #46)"),
        ("x .example", 1, "' ' cannot stand in a domain (RFC 1123, section 2.1)"),
        ("x\n", 1, "'\\n' cannot stand in a domain (RFC 1123, section 2.1)"),
        ("ö\u00a0.example", 1, "'\\xa0' cannot be seen, and cannot stand in a domain"),
        ("\u00f6" * 60 + ".example", 0, "the domain is not valid by IDNA (RFC 5891, UTS #46)"),
    ],
)
def test_what_is_no_domain_is_told_with_its_place(text: str, position: int, why: str) -> None:
    """Each of these is refused with field, place and rule."""
    with pytest.raises(InvalidAddress) as caught:
        Domain.parse(text, field="allowed_domains[0]")
    error = caught.value
    assert (error.text, error.field, error.position, error.why) == (
        text,
        "allowed_domains[0]",
        position,
        why,
    )
    assert error.advice == "Write a domain, as in 'example.com'."


def test_a_number_written_in_full_width_is_a_number_at_the_end() -> None:
    """Full-width digits do not let an IP address through."""
    with pytest.raises(InvalidAddress):
        Domain.parse("\uff11\uff12\uff17.0.0.\uff11")


@pytest.mark.parametrize("text", ["X.example", "x.example.", "münchen.example", "", "a" * 300])
def test_a_domain_in_another_spelling_cannot_be_made(text: str) -> None:
    """The constructor takes the one spelling alone."""
    with pytest.raises(InvalidAddress):
        Domain(text)


@pytest.mark.parametrize(
    ("text", "readable"),
    [(MUNICH, "münchen.example"), ("x.example", "x.example"), ("xn--bro-hoa.local", "büro.local")],
)
def test_people_read_a_domain_decoded(text: str, readable: str) -> None:
    """The readable form has letters where the A-label has code."""
    assert Domain(text).unicode == readable


@pytest.mark.parametrize(
    ("text", "special"),
    [
        ("local", True),
        ("printer.local", True),
        ("a.b.test", True),
        ("localhost", True),
        ("suite.internal", True),
        ("x.onion", True),
        ("x.invalid", True),
        ("nas.home.arpa", True),
        ("home.arpa", True),
        ("intranet", True),
        ("2.0.192.in-addr.arpa", False),
        ("customer.example", False),
        ("example", False),
        ("example.com", False),
        ("local.example", False),
        ("mylocal.com", False),
    ],
)
def test_special_use_domains_are_known(text: str, special: bool) -> None:
    """Names that no public DNS can know are told from those that it may know (RFC 6761)."""
    assert Domain(text).is_special_use is special


def test_a_domain_lies_within_itself_and_its_parents() -> None:
    """Whole labels count, not letters."""
    mail = Domain("mail.suite.example")
    assert mail.is_within(Domain("suite.example"))
    assert mail.is_within(mail)
    assert not mail.is_within(Domain("ite.example"))
    assert not Domain("suite.example").is_within(mail)


@pytest.mark.parametrize(
    ("text", "matching", "others"),
    [
        ("suite.example", ["suite.example"], ["mail.suite.example", "example"]),
        ("*.suite.example", ["suite.example", "a.b.suite.example"], ["xsuite.example", "example"]),
    ],
)
def test_a_pattern_matches_exactly_or_with_all_below(
    text: str, matching: list[str], others: list[str]
) -> None:
    """Without the star a domain alone is meant; with it all that lies below as well."""
    pattern = DomainPattern.parse(text)
    assert all(pattern.matches(Domain(one)) for one in matching)
    assert not any(pattern.matches(Domain(one)) for one in others)
    assert str(pattern) == text


def test_patterns_are_read_in_any_spelling() -> None:
    """A pattern's domain is normalised like any other."""
    assert DomainPattern.parse("*.MÜNCHEN.example.") == DomainPattern(Domain(MUNICH), subdomains=True)


@pytest.mark.parametrize(
    ("text", "position"), [("*", 0), ("*.", 2), ("*.*.x.example", 2), ("a*.x.example", 1), ("*.x y", 3)]
)
def test_what_is_no_pattern_is_told_with_its_place(text: str, position: int) -> None:
    """A star stands alone, in front, and once."""
    with pytest.raises(InvalidAddress) as caught:
        DomainPattern.parse(text, field="allowed_domains")
    error = caught.value
    assert (error.text, error.field, error.position) == (text, "allowed_domains", position)
