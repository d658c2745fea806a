"""The Public Suffix List: under which names the public registers (https://publicsuffix.org).

This is the only door to ``publicsuffixlist``, which carries the list in its wheel. It is loaded
when the first question is asked (about 40 ms), and asks no network.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from mailsend.model.domain import Domain

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

__all__ = ["is_public_suffix", "organisational_domain"]


def is_public_suffix(domain: Domain) -> bool:
    """Whether the public registers directly under ``domain``: ``com``, ``co.uk``, ``github.io``.

    A name of one label counts as one, known or not; ``localhost`` alone does not.
    """
    return domain.ascii != "localhost" and _registrable(domain.ascii) is None


def organisational_domain(domain: Domain) -> Domain:
    """Give the domain that was registered: ``suite.example`` for ``mail.suite.example``.

    A public suffix is its own organisational domain. Two domains align in DMARC's relaxed sense
    when their organisational domains are equal (RFC 7489, section 3.2).
    """
    return _registrable(domain.ascii) or domain


@lru_cache(maxsize=4096)
def _registrable(domain: str) -> Domain | None:
    found = _list().privatesuffix(domain)
    return None if found is None else Domain(str(found))


@cache
def _list() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
