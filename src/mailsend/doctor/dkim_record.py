"""DKIM records: a new key, what to publish for it, and how to ask the one who can (RFC 6376, 3.6).

The second door of cryptography: making a key needs chance, which ``compose.keys`` must not have.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailsend.compose.sign import Signer
from mailsend.model.address import Domain

__all__ = ["DkimRecord", "RecordType", "alias_record", "new_key", "public_record", "request_text"]

_LEAST_BITS = 2048
_MOST_BITS = 4096
_LONGEST_STRING = 255


class RecordType(StrEnum):
    """The type of a DNS record (RFC 1035, section 3.2.2)."""

    TXT = "TXT"
    CNAME = "CNAME"


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimRecord:
    """A record to publish: ``fqdn`` and, for a CNAME, ``value`` are names without a dot at the end."""

    fqdn: str
    type: RecordType
    value: str

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in pieces of at most 255 octets, as DNS keeps text (RFC 6376, section 3.6.2.2)."""
        pieces = range(0, len(self.value), _LONGEST_STRING)
        return tuple(self.value[at : at + _LONGEST_STRING] for at in pieces)

    @property
    def relative_name(self) -> str:
        """The name as DNS services ask for it that add the domain themselves."""
        return self.fqdn[: self.fqdn.index("._domainkey.")] + "._domainkey"

    def zone(self, ttl: int = 3600) -> str:
        """Give the record as one line of a zone file; ``ttl`` in seconds (RFC 1035, section 5.1)."""
        if self.type is RecordType.CNAME:
            return f"{self.fqdn}. {ttl} IN CNAME {self.value}."
        return f"{self.fqdn}. {ttl} IN TXT ( {_quoted(self.strings)} )"


def new_key(bits: int = 2048) -> bytes:
    """Make an RSA private key and give it as PEM, PKCS #8, not encrypted: keep it from others.

    Raises ValueError for other sizes than 2048 to 4096 bits, which is what receivers verify (RFC
    8301, section 3.2).
    """
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if not _LEAST_BITS <= bits <= _MOST_BITS:
        raise ValueError(f"a DKIM key has 2048 to 4096 bits, not {bits}")
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_record(signer: Signer) -> DkimRecord:
    """Give the TXT record that publishes the public half of a signer's key (RFC 6376, section 3.6.1)."""
    kind = signer.algorithm.removesuffix("-sha256")
    return DkimRecord(
        fqdn=f"{signer.selector}._domainkey.{signer.domain}",
        type=RecordType.TXT,
        value=f"v=DKIM1; k={kind}; p={signer.public_key}",
    )


def alias_record(target: DkimRecord, domain: str | Domain) -> DkimRecord:
    """Give the CNAME under which ``domain`` uses the key that ``target`` publishes.

    The selector stays the same, and a new key there needs no change here. Raises InvalidAddress for
    what is no domain, and ValueError for the target's own domain.
    """
    fqdn = f"{target.relative_name}.{Domain.parse(str(domain))}"
    if fqdn == target.fqdn:
        raise ValueError(f"{fqdn} cannot be an alias of itself")
    return DkimRecord(fqdn=fqdn, type=RecordType.CNAME, value=target.fqdn)


def request_text(record: DkimRecord, language: str = "en") -> str:
    """Give the text that asks a customer to publish a record, in plain words.

    ``language`` is a language tag; German where it is ``de`` or ``de-…``, English for all others.
    """
    words = _WORDS["de" if language.lower().replace("_", "-").split("-")[0] == "de" else "en"]
    domain = record.fqdn.removeprefix(f"{record.relative_name}.")
    paragraphs = [
        words["intro"].format(domain=domain),
        words["record"].format(name=record.fqdn, type=record.type, value=record.value),
        words["name"].format(name=record.relative_name, domain=domain),
        words[record.type.lower()],
    ]
    if len(record.strings) > 1:
        paragraphs.append(words["strings"].format(strings=_quoted(record.strings)))
    paragraphs.append(words["outro"])
    return "\n\n".join(paragraphs) + "\n"


def _quoted(strings: tuple[str, ...]) -> str:
    return " ".join(f'"{one}"' for one in strings)


_WORDS = {
    "en": {
        "intro": (
            "Mail that we send in the name of {domain} carries a digital signature (DKIM). Receivers can\n"
            "check it once this record stands in the DNS of {domain}. Please enter it there:"
        ),
        "record": "Name:  {name}\nType:  {type}\nValue: {value}",
        "name": (
            'Some DNS services add the domain themselves; there, enter only "{name}" as the name. If the\n'
            "name has a record already, replace that one instead of adding a second."
        ),
        "txt": "The value is one line, without line breaks and without quotation marks.",
        "cname": (
            "Beside a CNAME record the same name can have no other record. The value is the full name;\n"
            "some DNS services want a dot at its end."
        ),
        "strings": (
            "Should your DNS service take no more than 255 characters at a time, enter the value in these\n"
            "parts:\n\n{strings}"
        ),
        "outro": "Please tell us when it is done. It can take a day until the record is seen everywhere.",
    },
    "de": {
        "intro": (
            "Mails, die wir im Namen von {domain} versenden, tragen eine digitale Signatur (DKIM).\n"
            "Empfänger können sie prüfen, sobald dieser Eintrag im DNS von {domain} steht. Bitte tragen Sie\n"
            "ihn dort ein:"
        ),
        "record": "Name: {name}\nTyp:  {type}\nWert: {value}",
        "name": (
            "Manche DNS-Dienste ergänzen die Domain selbst; dort gehört in das Feld für den Namen nur\n"
            "«{name}». Gibt es unter dem Namen schon einen Eintrag, ersetzen Sie ihn bitte, statt einen\n"
            "zweiten anzulegen."
        ),
        "txt": "Der Wert ist eine einzige Zeile, ohne Zeilenumbrüche und ohne Anführungszeichen.",
        "cname": (
            "Neben einem CNAME-Eintrag darf unter demselben Namen kein anderer stehen. Der Wert ist der\n"
            "volle Name; manche DNS-Dienste verlangen einen Punkt an seinem Ende."
        ),
        "strings": (
            "Falls Ihr DNS-Dienst höchstens 255 Zeichen auf einmal annimmt, geben Sie den Wert in diesen\n"
            "Teilen ein:\n\n{strings}"
        ),
        "outro": (
            "Bitte sagen Sie uns, wenn es erledigt ist. Bis der Eintrag überall sichtbar ist, kann ein Tag\n"
            "vergehen."
        ),
    },
}
