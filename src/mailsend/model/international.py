"""The sole door of ``email_validator``: what plain ASCII rules cannot judge (RFC 5891, 6531, UTS #46)."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["domain_forms", "is_valid_local_part", "unsafe_at"]

# The library refuses special-use domains (RFC 6761) by a list of its own that no option lifts; under
# a suffix that it takes, the same domain is judged by grammar alone.
_NEUTRAL_SUFFIX = ".example"


@lru_cache(maxsize=4096)
def domain_forms(domain: str) -> tuple[str, str] | None:
    """Give the A-label and the readable form of ``domain``, or None where it is no domain.

    Normalised as UTS #46 does (case, width, the four dots), valid by IDNA 2008; no DNS is asked.
    """
    found = _forms(domain)
    if found is not None:
        return found
    suffixed = _forms(domain + _NEUTRAL_SUFFIX)
    if suffixed is None:
        return None
    return suffixed[0].removesuffix(_NEUTRAL_SUFFIX), suffixed[1].removesuffix(_NEUTRAL_SUFFIX)


def _forms(domain: str) -> tuple[str, str] | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(f"x@{domain}", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return found.ascii_domain, found.domain


def is_valid_local_part(written: str) -> bool:
    """Whether a local part, quoted where it needs that, is valid and safe to show (RFC 6531, 3.3)."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(
            f"{written}@x.example",
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=True,
        )
    except EmailNotValidError:
        return False
    return True


def unsafe_at(text: str) -> int | None:
    """Give the place of the first invisible, turning or unassigned character, or None.

    Zero-width and bidirectional ones are among them, and every white space but the ordinary one.
    """
    from unicodedata import category

    return next((n for n, char in enumerate(text) if char != " " and category(char)[0] in "CZ"), None)
