"""Addresses and mailboxes: checked where they are made, written in one way (RFC 5322, section 3.4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from mailsend.errors import InvalidAddress
from mailsend.model.address_grammar import LONGEST_TEXT, UNSHOWABLE, MailboxText, read_mailbox_text
from mailsend.model.domain import PLAIN_DOMAIN, Domain
from mailsend.model.frozen import by_slots
from mailsend.model.international import is_valid_local_part, unsafe_at

__all__ = ["Address", "Mailbox"]

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~\-"
_DOT_ATOM = rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*"
_PLAIN_LOCAL_PART = re.compile(rf"(?=.{{1,64}}\Z){_DOT_ATOM}\Z")
_PLAIN_ADDRESS = re.compile(rf"(?=[^@]{{1,64}}@)(?=.{{1,254}}\Z)({_DOT_ATOM})@({PLAIN_DOMAIN})\Z")
# RFC 6532, section 3.2, without control characters, separators of lines and halves of surrogate pairs.
_WIDE_ATOM = rf"[{_ATEXT}\u00a0-\u2027\u202a-\ud7ff\ue000-\U0010ffff]+"
_WIDE_DOT_ATOM = re.compile(rf"{_WIDE_ATOM}(?:\.{_WIDE_ATOM})*\Z")
_PLAIN_NAME = re.compile(rf"(?!.*=\?){_WIDE_ATOM}(?: {_WIDE_ATOM})*\Z")
_TO_ESCAPE = re.compile(r'(["\\])')
_LONGEST_LOCAL_PART = 64
_LONGEST_ADDRESS = 254


@by_slots
@dataclass(frozen=True, slots=True)
class Address:
    """An addr-spec (RFC 5322, section 3.4.1).

    ``local_part`` is kept without quotes and with its case; ``str()`` quotes it where it needs that
    and gives the domain in A-labels. Two addresses are equal when local part and domain are. Raises
    InvalidAddress for a local part that is empty, unsafe or longer than 64 octets.
    """

    local_part: str
    domain: Domain
    _text: str = field(init=False, repr=False, compare=False)
    _key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        local_part = self.local_part
        if _PLAIN_LOCAL_PART.match(local_part):
            self._spell(local_part, local_part.lower())
        else:
            if not local_part.isascii():
                import unicodedata

                # RFC 6532, section 3.1: one spelling for what looks the same.
                local_part = unicodedata.normalize("NFC", local_part)
                object.__setattr__(self, "local_part", local_part)
            self._spell(_written(local_part), _written(local_part.casefold()))
            fault = _local_part_fault(local_part)
            if fault:
                raise InvalidAddress(str(self), fault[1], position=fault[0])
        # A local part of 64 octets leaves room for a domain of 189.
        if len(self.domain.ascii) > 189 and len(str(self).encode()) > _LONGEST_ADDRESS:
            why = f"it is longer than {_LONGEST_ADDRESS} octets (RFC 5321, section 4.5.3.1.3)"
            raise InvalidAddress(str(self), why, position=_LONGEST_ADDRESS)

    def _spell(self, written: str, folded: str) -> None:
        domain = self.domain.ascii
        _put_text(self, f"{written}@{domain}")
        _put_key(self, f"{folded}@{domain}")

    @classmethod
    def parse(cls, text: str, *, field: str = "") -> Address:
        """Read an addr-spec, bare or in angle brackets; comments are dropped.

        Raises InvalidAddress with ``field`` and position for everything else, a name included. Asks
        no DNS; special-use domains are valid.
        """
        plain = _PLAIN_ADDRESS.match(text)
        if plain:
            return _found(plain)
        try:
            return _bare_address(text)
        except InvalidAddress as fault:
            raise fault.at(field) from None

    @property
    def key(self) -> str:
        """What lists compare: the addr-spec with its local part case-folded (M17)."""
        return self._key

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the local part is not ASCII, so that only SMTPUTF8 carries it (RFC 6531)."""
        return not self.local_part.isascii()

    @property
    def unicode(self) -> str:
        """The address as people read it, its domain decoded."""
        return f"{_written(self.local_part)}@{self.domain.unicode}"

    def __hash__(self) -> int:
        return hash(self._text)  # equal where both parts are, and known to the text already

    def __str__(self) -> str:
        return self._text


@by_slots
@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, which may be empty, and an address (RFC 5322, section 3.4).

    ``name`` is plain text as people read it, neither quoted nor encoded. Raises InvalidAddress for
    a name that holds control characters or is longer than 1000 characters.
    """

    name: str
    address: Address

    def __post_init__(self) -> None:
        if not self.name:
            return
        object.__setattr__(self, "name", self.name.strip(" "))
        wrong = UNSHOWABLE.search(self.name)
        if wrong:
            why = "a control character cannot stand in a name"
            raise InvalidAddress(self.name, why, position=wrong.start(), advice=_NAME_ADVICE)
        if len(self.name) > LONGEST_TEXT:
            why = f"the name has more than {LONGEST_TEXT} characters"
            raise InvalidAddress(self.name, why, position=LONGEST_TEXT, advice=_NAME_ADVICE)

    @classmethod
    def parse(cls, text: str, *, field: str = "") -> Mailbox:
        """Read ``ann@example.com`` or ``Ann Meier <ann@example.com>``; comments are dropped.

        Encoded words in an unquoted name are decoded (RFC 2047). Raises InvalidAddress with
        ``field`` and position for everything that is not exactly one mailbox.
        """
        plain = _PLAIN_ADDRESS.match(text)
        if plain:
            return cls("", _found(plain))
        name, _, angled = text.rpartition(" <")
        plain = _PLAIN_ADDRESS.match(angled[:-1])
        if plain and angled[-1] == ">" and len(text) <= LONGEST_TEXT and _PLAIN_NAME.match(name):
            return cls(name, _found(plain))
        try:
            parts = read_mailbox_text(text)
            return cls(parts.name, _address(text, parts))
        except InvalidAddress as fault:
            raise fault.at(field) from None

    def __hash__(self) -> int:
        return hash(self.address)  # few have several names

    def __str__(self) -> str:
        if not self.name:
            return str(self.address)
        if _PLAIN_NAME.match(self.name):
            return f"{self.name} <{self.address}>"
        return f"{_quoted(self.name)} <{self.address}>"


_put_local_part, _put_domain, _put_text, _put_key = (
    getattr(Address, name).__set__ for name in ("local_part", "domain", "_text", "_key")
)
_NAME_ADVICE = "Give the name as plain text in one line."


def _found(plain: re.Match[str]) -> Address:
    """Give the address that the expression for plain ones has found, and so has checked."""
    local_part, domain = plain.groups()
    address = object.__new__(Address)
    _put_local_part(address, local_part)
    _put_domain(address, Domain.parse(domain))
    address._spell(local_part, local_part.lower())
    return address


def _bare_address(text: str) -> Address:
    parts = read_mailbox_text(text)
    if parts.name:
        why = "a name stands before the address, and an address alone is asked for"
        raise InvalidAddress(text, why, position=0)
    return _address(text, parts)


def _address(text: str, parts: MailboxText) -> Address:
    """Check the two halves, telling positions within ``text``."""
    try:
        domain = Domain.parse(parts.domain)
    except InvalidAddress as fault:
        at = parts.domain_at + (fault.position or 0)
        raise InvalidAddress(text, fault.why, position=at) from None
    try:
        return Address(parts.local_part, domain)
    except InvalidAddress as fault:
        at = parts.local_part_at + (fault.position or 0)
        raise InvalidAddress(text, fault.why, position=at) from None


def _local_part_fault(local_part: str) -> tuple[int, str] | None:
    """Say where and why a local part cannot be used, or None."""
    if not local_part:
        return 0, "there is nothing before the @"
    wrong = UNSHOWABLE.search(local_part)
    if wrong:
        return wrong.start(), "a control character cannot stand in an address"
    written = _written(local_part)
    if len(written.encode()) > _LONGEST_LOCAL_PART:
        return 0, f"the local part is longer than {_LONGEST_LOCAL_PART} octets (RFC 5321, 4.5.3.1.1)"
    unsafe = unsafe_at(local_part)
    if unsafe is not None:
        return unsafe, f"{local_part[unsafe]!a} cannot be seen, and cannot stand in an address"
    if not is_valid_local_part(written):
        return 0, "the part before the @ is not valid (RFC 6531, section 3.3)"
    return None


def _written(local_part: str) -> str:
    return local_part if _WIDE_DOT_ATOM.match(local_part) else _quoted(local_part)


def _quoted(text: str) -> str:
    escaped = _TO_ESCAPE.sub(r"\\\1", text)
    return f'"{escaped}"'
