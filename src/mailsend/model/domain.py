"""Domains: one spelling for each, so that comparing them is comparing text (RFC 5890, RFC 1123)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from mailsend.errors import InvalidAddress
from mailsend.model.international import domain_forms, unsafe_at

__all__ = ["PLAIN_DOMAIN", "SPECIAL_USE", "Domain", "DomainPattern"]

_LABEL = r"(?!..--)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# ASCII alone, no label with -- in third place (A-labels need IDNA's judgement), and no number at the
# end, which would be read as an IP address (RFC 3696, section 2).
PLAIN_DOMAIN: Final = rf"(?=[A-Za-z0-9.-]{{1,253}}\Z)(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}"
_PLAIN = re.compile(PLAIN_DOMAIN + r"\Z")
_NUMBER_AT_THE_END = re.compile(r"(?:.*\.)?[0-9]+\Z")
_NEVER_IN_A_DOMAIN = re.compile(r"[^A-Za-z0-9.\-\u0080-\U0010ffff]")
_DOTS = ".\u3002\uff0e\uff61"
_LONGEST = 253

_ADVICE = "Write a domain, as in 'example.com'."

# Names that the public DNS resolves for nobody, each with the document that reserves it; IANA's
# registry of special-use domain names collects them. Left out are the reverse zones, and example,
# which applications should not treat as special (RFC 6761, section 6.5). ICANN's board reserved
# .internal for private use (resolution of 29 July 2024).
SPECIAL_USE: Final = {
    "6tisch.arpa": "RFC 9031",
    "alt": "RFC 9476",
    "eap-noob.arpa": "RFC 9140",
    "home.arpa": "RFC 8375",
    "internal": "ICANN, 2024-07-29",
    "invalid": "RFC 6761",
    "ipv4only.arpa": "RFC 8880",
    "local": "RFC 6762",
    "localhost": "RFC 6761",
    "onion": "RFC 7686",
    "resolver.arpa": "RFC 9462",
    "service.arpa": "RFC 9665",
    "test": "RFC 6761",
}
_LAST_OF_TWO = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE if "." in name)


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain in its one spelling: A-labels, lower case, no dot at the end (RFC 5890, 2.3.2.1).

    Made by ``Domain.parse``. The constructor takes that spelling alone and raises InvalidAddress
    for any other.
    """

    ascii: str

    def __post_init__(self) -> None:
        if _spelling(self.ascii) != self.ascii:
            raise InvalidAddress(
                self.ascii, "this is no domain in lower-case A-labels", position=0, advice=_ADVICE
            )

    @classmethod
    def parse(cls, text: str, *, field: str = "") -> Domain:
        """Read a domain written in any way: Unicode or A-labels, any case, a dot at the end or none.

        Raises InvalidAddress with ``field`` and position for what is no domain, and for domain
        literals (``[192.0.2.1]``).
        """
        try:
            return _read(text)
        except InvalidAddress as fault:
            raise fault.at(field) from None

    @property
    def unicode(self) -> str:
        """The domain as people read it, its A-labels decoded."""
        if "xn--" not in self.ascii:
            return self.ascii
        forms = domain_forms(self.ascii)
        assert forms is not None
        return forms[1]

    @property
    def is_special_use(self) -> bool:
        """Whether no public DNS can know it: special-use names (RFC 6761), and names without a dot.

        ``example`` and its subdomains are ordinary domains here.
        """
        _, _, last = self.ascii.rpartition(".")
        if len(last) == len(self.ascii):
            return last != "example"
        return last in SPECIAL_USE or (
            last in _LAST_OF_TWO and ".".join(self.ascii.split(".")[-2:]) in SPECIAL_USE
        )

    def __hash__(self) -> int:
        return hash(self.ascii)  # as a text knows it already

    def is_within(self, other: Domain) -> bool:
        """Whether this is ``other`` or lies under it."""
        return self.ascii == other.ascii or self.ascii.endswith("." + other.ascii)

    def __str__(self) -> str:
        return self.ascii


@dataclass(frozen=True, slots=True)
class DomainPattern:
    """A domain, or a domain with all that lies under it (``*.suite.example``)."""

    domain: Domain
    subdomains: bool = False

    @classmethod
    def parse(cls, text: str, *, field: str = "") -> DomainPattern:
        """Read ``suite.example`` or ``*.suite.example``; raises InvalidAddress."""
        if not text.startswith("*."):
            return cls(Domain.parse(text, field=field))
        try:
            return cls(_read(text[2:]), subdomains=True)
        except InvalidAddress as fault:
            at = None if fault.position is None else fault.position + 2
            raise InvalidAddress(text, fault.why, field=field, position=at, advice=fault.advice) from None

    def matches(self, domain: Domain) -> bool:
        """Whether ``domain`` is meant: the domain itself, and with ``*.`` all below it as well."""
        return domain.is_within(self.domain) if self.subdomains else domain.ascii == self.domain.ascii

    def __str__(self) -> str:
        return f"*.{self.domain}" if self.subdomains else str(self.domain)


@lru_cache(maxsize=4096)
def _read(text: str) -> Domain:
    if _PLAIN.match(text):
        return Domain(text.lower())
    bare = text[:-1] if text[-1:] in tuple(_DOTS) else text
    if not bare:
        raise InvalidAddress(text, "the domain is missing", position=0, advice=_ADVICE)
    if bare.startswith("["):
        why = "a domain literal is not taken; a domain name must stand here"
        raise InvalidAddress(text, why, position=0, advice=_ADVICE)
    wrong = _NEVER_IN_A_DOMAIN.search(bare)
    if wrong:
        why = f"{wrong.group()!a} cannot stand in a domain (RFC 1123, section 2.1)"
        raise InvalidAddress(text, why, position=wrong.start(), advice=_ADVICE)
    if len(bare) > _LONGEST:
        why = f"the domain is longer than {_LONGEST} octets (RFC 1035, section 2.3.4)"
        raise InvalidAddress(text, why, position=_LONGEST, advice=_ADVICE)
    spelling = _spelling(bare)
    if spelling is None:
        unsafe = unsafe_at(bare)
        if unsafe is not None:
            why = f"{bare[unsafe]!a} cannot be seen, and cannot stand in a domain"
            raise InvalidAddress(text, why, position=unsafe, advice=_ADVICE)
        raise InvalidAddress(text, _why_not(bare), position=0, advice=_ADVICE)
    return Domain(spelling)


def _spelling(text: str) -> str | None:
    """Give the one spelling of a domain without a dot at the end, or None where it is none."""
    if _PLAIN.match(text):
        return text.lower()
    forms = domain_forms(text) if len(text) <= _LONGEST else None
    if forms is None or _NUMBER_AT_THE_END.match(forms[0]):
        return None
    return forms[0]


def _why_not(text: str) -> str:
    if _NUMBER_AT_THE_END.match(text):
        return "a domain does not end in a number (RFC 3696, section 2)"
    if any(len(label) > 63 for label in text.split(".")):
        return "a label of the domain is longer than 63 octets (RFC 1035, section 2.3.4)"
    if text.isascii() and "xn--" not in text.lower():
        return "a label is empty, begins or ends with '-', or has '--' in third place (RFC 5890, 2.3.1)"
    return "the domain is not valid by IDNA (RFC 5891, UTS #46)"
