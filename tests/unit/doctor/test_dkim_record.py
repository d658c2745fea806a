from __future__ import annotations

import dkim
import pytest

from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import (
    DkimRecord,
    RecordType,
    alias_record,
    new_key,
    public_record,
    request_text,
)
from mailsend.errors import InvalidAddress
from mailsend.model.address import Domain

TARGET = DkimRecord(
    fqdn="default._domainkey.suite.example", type=RecordType.TXT, value="v=DKIM1; k=rsa; p=QUJD"
)
LONG = DkimRecord(fqdn=TARGET.fqdn, type=RecordType.TXT, value="a" * 255 + "b" * 255 + "c")


def _signer(key: str | bytes, selector: str = "default") -> Signer:
    return Signer(domain="suite.example", selector=selector, key=key)


def test_a_new_key_signs() -> None:
    """A new key is RSA with 2048 bits in PKCS #8, and each one is another."""
    first, second = new_key(), new_key()
    signer = _signer(first)

    assert (signer.algorithm, signer.bits, signer.warning) == ("rsa-sha256", 2048, "")
    assert first.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    assert first != second


def test_a_new_key_may_be_longer() -> None:
    """The size is an argument."""
    assert _signer(new_key(3072)).bits == 3072


@pytest.mark.parametrize("bits", [0, 1024, 2047, 4097, 65536])
def test_a_new_key_is_neither_weak_nor_unverifiable(bits: int) -> None:
    """A size that receivers refuse, or need not verify, is refused."""
    with pytest.raises(ValueError, match=f"a DKIM key has 2048 to 4096 bits, not {bits}"):
        new_key(bits)


def test_the_record_of_an_rsa_key(rsa_key_text: str) -> None:
    """The record's name comes from selector and domain, and its value holds the public half."""
    signer = _signer(rsa_key_text)

    assert public_record(signer) == DkimRecord(
        fqdn="default._domainkey.suite.example",
        type=RecordType.TXT,
        value=f"v=DKIM1; k=rsa; p={signer.public_key}",
    )


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_verifier_reads_the_record(kind: str, rsa_key_text: str, ed25519_key_text: str) -> None:
    """dkimpy reads kind and size of the key from the record."""
    signer = _signer({"rsa": rsa_key_text, "ed25519": ed25519_key_text}[kind])
    record = public_record(signer)

    _, size, read_kind, _ = dkim.evaluate_pk(record.fqdn, record.value)

    assert (size, read_kind) == (signer.bits, kind.encode())


def test_a_long_value_is_split(rsa_key_text: str) -> None:
    """No string of a TXT record has more than 255 octets, and together they are the value."""
    record = public_record(_signer(rsa_key_text))

    assert [len(one) for one in LONG.strings] == [255, 255, 1]
    assert len(record.strings) == 2
    assert "".join(record.strings) == record.value


def test_a_zone_file_understands_the_record() -> None:
    """The line for a zone file names fqdn, TTL, type and strings (RFC 1035, section 5.1)."""
    assert LONG.zone(ttl=60) == (
        f'default._domainkey.suite.example. 60 IN TXT ( "{"a" * 255}" "{"b" * 255}" "c" )'
    )
    assert TARGET.zone() == ('default._domainkey.suite.example. 3600 IN TXT ( "v=DKIM1; k=rsa; p=QUJD" )')


def test_a_dns_library_reads_the_zone_line(rsa_key_text: str) -> None:
    """dnspython's zone reader finds the value again, whole."""
    import dns.zone

    record = public_record(_signer(rsa_key_text))
    alias = alias_record(record, "customer.example")
    zone = dns.zone.from_text(
        f"{record.zone()}\n{alias.zone()}\n", origin=".", relativize=False, check_origin=False
    )

    (text,) = zone.find_rdataset(f"{record.fqdn}.", "TXT")
    (target,) = zone.find_rdataset(f"{alias.fqdn}.", "CNAME")
    assert b"".join(text.strings).decode() == record.value
    assert target.target.to_text() == f"{record.fqdn}."


@pytest.mark.parametrize("domain", ["customer.example", "Customer.Example.", Domain("customer.example")])
def test_another_domain_uses_the_key_by_an_alias(domain: str | Domain) -> None:
    """The alternative to a TXT record is a CNAME under the same selector."""
    alias = alias_record(TARGET, domain)

    assert alias == DkimRecord(
        fqdn="default._domainkey.customer.example",
        type=RecordType.CNAME,
        value="default._domainkey.suite.example",
    )
    assert alias.zone() == (
        "default._domainkey.customer.example. 3600 IN CNAME default._domainkey.suite.example."
    )


def test_an_alias_of_itself_is_refused() -> None:
    """A CNAME that points to its own name would be a loop."""
    with pytest.raises(ValueError, match=r"default\._domainkey\.suite\.example cannot be an alias of itself"):
        alias_record(TARGET, "suite.example")


def test_an_alias_needs_a_domain() -> None:
    """What is no domain cannot have an alias."""
    with pytest.raises(InvalidAddress):
        alias_record(TARGET, "no domain")


def test_the_request_in_english() -> None:
    """The customer is told name, type and value, and what DNS services do with them."""
    assert request_text(TARGET) == (
        "Mail that we send in the name of suite.example carries a digital signature (DKIM). Receivers can\n"
        "check it once this record stands in the DNS of suite.example. Please enter it there:\n"
        "\n"
        "Name:  default._domainkey.suite.example\n"
        "Type:  TXT\n"
        "Value: v=DKIM1; k=rsa; p=QUJD\n"
        "\n"
        'Some DNS services add the domain themselves; there, enter only "default._domainkey" as the name. '
        "If the\n"
        "name has a record already, replace that one instead of adding a second.\n"
        "\n"
        "The value is one line, without line breaks and without quotation marks.\n"
        "\n"
        "Please tell us when it is done. It can take a day until the record is seen everywhere.\n"
    )


def test_the_request_in_german() -> None:
    """The same in German, here for an alias."""
    assert request_text(alias_record(TARGET, "kunde.example"), "de-CH") == (
        "Mails, die wir im Namen von kunde.example versenden, tragen eine digitale Signatur (DKIM).\n"
        "Empfänger können sie prüfen, sobald dieser Eintrag im DNS von kunde.example steht. Bitte tragen "
        "Sie\n"
        "ihn dort ein:\n"
        "\n"
        "Name: default._domainkey.kunde.example\n"
        "Typ:  CNAME\n"
        "Wert: default._domainkey.suite.example\n"
        "\n"
        "Manche DNS-Dienste ergänzen die Domain selbst; dort gehört in das Feld für den Namen nur\n"
        "«default._domainkey». Gibt es unter dem Namen schon einen Eintrag, ersetzen Sie ihn bitte, statt "
        "einen\n"
        "zweiten anzulegen.\n"
        "\n"
        "Neben einem CNAME-Eintrag darf unter demselben Namen kein anderer stehen. Der Wert ist der\n"
        "volle Name; manche DNS-Dienste verlangen einen Punkt an seinem Ende.\n"
        "\n"
        "Bitte sagen Sie uns, wenn es erledigt ist. Bis der Eintrag überall sichtbar ist, kann ein Tag\n"
        "vergehen.\n"
    )


@pytest.mark.parametrize(
    ("language", "word"),
    [("de", "Wert"), ("DE_ch", "Wert"), ("en-GB", "Value"), ("fr", "Value"), ("", "Value")],
)
def test_which_language_the_request_has(language: str, word: str) -> None:
    """German for every kind of German, English for all others."""
    assert f"{word}: v=DKIM1" in request_text(TARGET, language)


@pytest.mark.parametrize(
    ("language", "words"), [("en", "in these\nparts:"), ("de", "in diesen\nTeilen ein:")]
)
def test_a_long_value_is_offered_in_parts(language: str, words: str) -> None:
    """A value over 255 characters is told in one piece, and in parts as well."""
    text = request_text(LONG, language)

    assert LONG.value in text
    assert f'{words}\n\n"{"a" * 255}" "{"b" * 255}" "c"\n' in text
