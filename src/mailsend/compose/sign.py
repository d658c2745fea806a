"""DKIM: one header field that says who vouches for a mail (RFC 6376; Ed25519 by RFC 8463)."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, final

from mailsend.compose.canonical import body_hash, relaxed_header, split_mail
from mailsend.compose.keys import KeyFault, as_secret, read_key
from mailsend.errors import InvalidAddress, SigningError
from mailsend.model.address import Domain
from mailsend.model.circumstances import SigningKey
from mailsend.model.frozen import by_slots
from mailsend.model.secret import Secret

__all__ = ["OVERSIGNED", "SIGNED_IF_PRESENT", "Signer", "sign_all"]

OVERSIGNED: Final = (
    "from",
    "to",
    "cc",
    "subject",
    "date",
    "reply-to",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
)
"""Fields listed once more than the mail holds them, so that none can be added (M26)."""

SIGNED_IF_PRESENT: Final = ("in-reply-to", "references", "auto-submitted")
"""Fields listed as often as the mail holds them; all of ``List-`` are beside them (M26)."""

_OVERSIGNED = tuple(one.encode() for one in OVERSIGNED)
_IF_PRESENT = frozenset(one.encode() for one in SIGNED_IF_PRESENT)
_NAME = b"DKIM-Signature:"
_AFTER_NAME = len(_NAME) + 1
_COLUMNS = 76
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_SELECTOR = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_LONGEST_NAME = 253
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAIL_ADVICE = "Sign what compose gave, byte for byte, and never leave out From."


@final
class Signer:
    """A key that signs for one domain under one selector.

    ``key`` is PEM text of an RSA or Ed25519 private key, ``password`` its password where it is
    encrypted. ``domain`` is kept in A-labels. Raises SigningError, which never holds a part of the
    key, where one of them cannot be used (RFC 6376, section 3.1).
    """

    __slots__ = ("_domain", "_key", "_prefix", "_selector")

    def __init__(
        self,
        *,
        domain: str | Domain,
        selector: str,
        key: str | bytes | Secret,
        password: str | bytes | Secret | None = None,
    ) -> None:
        # Bound to the same names, so that no frame of a traceback holds the text; and named first, so
        # that such a frame can be shown.
        key = as_secret(key)
        password = None if password is None else as_secret(password)
        self._domain, self._selector = _shown(str(domain)), _shown(selector)
        self._domain = _checked_domain(domain, selector)
        self._selector = _checked_selector(self._domain, selector)
        read = read_key(key, password)
        if isinstance(read, KeyFault):
            raise SigningError(self._domain, selector, read.why, advice=read.advice)
        self._key = read
        tags = (
            "v=1;",
            f"a={read.algorithm};",
            "c=relaxed/relaxed;",
            f"d={self._domain};",
            f"s={selector};",
        )
        self._prefix = _filled(_NAME, [one.encode() for one in tags], b" ")

    @property
    def domain(self) -> str:
        """The signing domain (``d=``) in A-labels."""
        return self._domain

    @property
    def selector(self) -> str:
        """The selector (``s=``)."""
        return self._selector

    @property
    def algorithm(self) -> str:
        """``rsa-sha256`` or ``ed25519-sha256``."""
        return self._key.algorithm

    @property
    def bits(self) -> int:
        """The size of the key in bits."""
        return self._key.bits

    @property
    def warning(self) -> str:
        """What is weak about the key, in a sentence; empty where nothing is."""
        return self._key.warning

    @property
    def public_key(self) -> str:
        """The public half in base64, as the DNS record's ``p=`` holds it (RFC 6376, section 3.6.1)."""
        return self._key.public

    def sign(self, data: bytes, now: datetime, *, leave_out: Collection[str] = ()) -> bytes:
        """Give the DKIM-Signature field for a finished mail, CRLF at its end; it goes on top.

        ``data`` has CRLF line ends, ``now`` is aware, and ``leave_out`` names fields that a server
        on the way replaces (M8). Lines have at most 76 columns, unless the domain alone is longer.
        Raises SigningError for a mail without From, a broken header, or From in ``leave_out``.
        """
        return sign_all(data, (self,), now, leave_out=leave_out)[0]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Signer):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self._identity())

    def __repr__(self) -> str:
        return f"<Signer {self._selector}._domainkey.{self._domain}>"

    def _identity(self) -> tuple[str, str, str]:
        return self._domain, self._selector, self._key.public

    def _field(self, mail: _Reading) -> bytes:
        unsigned = _filled(self._prefix, (mail.time,), b" ") + mail.covered
        # Its relaxed spelling: its only white space is one blank or one fold at a time.
        own = b"dkim-signature:" + unsigned[_AFTER_NAME:].replace(b"\r\n", b"")
        signature = b2a_base64(self._key.sign(mail.signed + own), newline=False)
        first = _COLUMNS - len(" b=")
        rest = [signature[at : at + _COLUMNS - 1] for at in range(first, len(signature), _COLUMNS - 1)]
        return unsigned + b"\r\n ".join((signature[:first], *rest)) + b"\r\n"


def sign_all(
    data: bytes,
    signers: Iterable[SigningKey],
    now: datetime,
    *,
    leave_out: Collection[str] = (),
    more: Sequence[bytes] = (),
) -> tuple[bytes, ...]:
    """Give one DKIM-Signature field for each Signer, in their order; the mail is read and hashed once.

    Joined and put on top of ``data`` they sign it. ``more`` are further pieces of its body, where it
    lies in several; each piece ends with a line. Raises TypeError for what is no Signer; for the rest
    see ``Signer.sign``.
    """
    ready = tuple([_as_signer(one) for one in signers])
    if not ready:
        return ()
    mail = _read(data, more, now, frozenset([one.lower() for one in leave_out]), ready[0])
    return tuple([one._field(mail) for one in ready])  # noqa: SLF001 - the two share a module


@by_slots
@dataclass(frozen=True, slots=True)
class _Reading:
    """What all signatures of one mail have in common: ``t=``, tags from ``h=`` on, signed fields."""

    time: bytes
    covered: bytes
    signed: bytes


def _read(
    data: bytes, more: Sequence[bytes], now: datetime, leave_out: frozenset[str], first: Signer
) -> _Reading:
    """Read a mail; what cannot be signed is told of the ``first`` key."""
    if now.utcoffset() is None or now < _EPOCH:
        raise ValueError("now must be aware, and later than 1970")
    section, body = split_mail(data)
    try:
        header = relaxed_header(section)
    except ValueError as fault:
        raise SigningError(first.domain, first.selector, str(fault), advice=_MAIL_ADVICE) from None
    names = tuple([name for name, _ in header])
    if b"from" not in names or "from" in leave_out:
        raise SigningError(
            first.domain,
            first.selector,
            "a signature covers From, which is missing or left out (RFC 6376, section 5.4)",
            advice=_MAIL_ADVICE,
        )
    listed, places = _covered(names, leave_out)
    hashed = b2a_base64(body_hash(data, body, more), newline=False)
    return _Reading(
        time=b"t=%d;" % now.timestamp(),
        covered=b"%s\r\n bh=%s;\r\n b=" % (listed, hashed),
        signed=b"\r\n".join([*[header[place][1] for place in places], b""]),
    )


@lru_cache(maxsize=256)
def _covered(names: tuple[bytes, ...], leave_out: frozenset[str]) -> tuple[bytes, tuple[int, ...]]:
    """Give the lines of ``h=`` and the places of the fields signed, by the names that a header holds.

    Most mails of a process have the same.
    """
    fields: dict[bytes, list[int]] = {}
    for place, name in enumerate(names):
        fields.setdefault(name, []).append(place)
    listed: list[bytes] = []
    places: list[int] = []
    for name, beyond in _covered_names(fields):
        if name.decode() not in leave_out:
            found = fields.get(name, [])
            listed += [name] * (len(found) + beyond)
            places += reversed(found)  # a name listed again means the field above (section 5.4.2)
    words = [b"%s:" % name for name in listed[:-1]]
    return _filled(b"\r\n h=", [*words, b"%s;" % listed[-1]], b""), tuple(places)


def _covered_names(fields: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Give the names to sign, each with how often it is listed beyond what the mail holds (M26)."""
    for name in _OVERSIGNED:
        yield name, 1
    for name in fields:
        # A name of other characters could not stand in h= (section 3.5).
        if name in _IF_PRESENT or (name.startswith(b"list-") and name.replace(b"-", b"").isalnum()):
            yield name, 0


def _filled(first: bytes, tokens: Iterable[bytes], between: bytes) -> bytes:
    """Put the tokens behind ``first`` into lines of at most 76 columns."""
    chunks = [first]
    column = len(first) - first.rfind(b"\n") - 1
    for token in tokens:
        column += len(between) + len(token)
        if column > _COLUMNS:
            chunks += (b"\r\n ", token)
            column = 1 + len(token)
        else:
            chunks += (between, token)
    return b"".join(chunks)


def _as_signer(key: SigningKey) -> Signer:
    if not isinstance(key, Signer):
        raise TypeError(f"{type(key).__name__} is no Signer, which alone shares the reading of a mail")
    return key


def _checked_domain(domain: str | Domain, selector: str) -> str:
    try:
        return Domain.parse(str(domain)).ascii
    except InvalidAddress as fault:
        why = f"the domain is not valid: {fault.why}"
    raise SigningError(_shown(str(domain)), _shown(selector), why, advice="Write it as in 'example.com'.")


def _checked_selector(domain: str, selector: str) -> str:
    name = f"{selector}._domainkey.{domain}"
    if _SELECTOR.match(selector) and len(name) <= _LONGEST_NAME:
        return selector
    raise SigningError(
        domain,
        _shown(selector),
        "the selector is not valid (RFC 6376, section 3.1), or makes too long a name",
        advice="Use ASCII letters, digits and hyphens, as in 's2026'; dots part its labels.",
    )


def _shown(text: str) -> str:
    return ascii(text[:64])[1:-1]
