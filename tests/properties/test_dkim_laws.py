"""Laws of our signatures; dkimpy, which shares no code with us, is the judge."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache

import dkim
import pytest
from dkim.canonicalization import CanonicalizationPolicy
from hypothesis import given
from hypothesis import strategies as st

from mailsend.compose import canonical
from mailsend.compose.canonical import body_hash, relaxed_body, relaxed_header
from mailsend.compose.gate import check
from mailsend.compose.letter import Letter
from mailsend.compose.mime import compose
from mailsend.compose.sign import OVERSIGNED, SIGNED_IF_PRESENT, Signer, sign_all
from mailsend.doctor.dkim_record import new_key, public_record
from mailsend.model.address import Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation

NOW = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
FEW, MANY = 30, 330
PROBE = {
    "from": b"Mallory <mallory@evil.example>",
    "to": b"mallory@evil.example",
    "cc": b"mallory@evil.example",
    "subject": b"Something else",
    "date": b"Wed, 05 Mar 2025 05:06:07 +0000",
    "reply-to": b"mallory@evil.example",
    "message-id": b"<other@evil.example>",
    "mime-version": b"1.0",
    "content-type": b"text/html; charset=utf-8",
    "content-transfer-encoding": b"8bit",
}


# --- the corpus: real-looking mails, the same in every run -----------------------------------------

SUBJECTS = (
    "Your order 2025-104233 is confirmed",
    "Ihre Bestellung ist eingetroffen: Größe, Übermaß, Straße",
    "ההזמנה שלך אושרה",
    "تم تأكيد طلبك رقم ٤٢",
    "ご注文ありがとうございます。発送の準備ができましたらお知らせいたします",
    "Invoice  with  two  spaces\u00a0and one that does not break",
    "🎉 Welcome " + "very " * 40 + "much",
)
NAMES = ("Ann Meier", "Jörg Ä. Müller", "דנה לוי", "محمد", "山田 太郎", 'O\'Neil, "Bob" (Sales)', "")
PARAGRAPHS = (
    "Dear customer,\n\nthank you for your order.  It leaves our house today.\n\n\tAnn\n",
    "Guten Tag\n\nIhre Rechnung über CHF 1'240.50 liegt bei.   Freundliche Grüße\n\n\n\n",
    "שלום,\n\nההזמנה שלך אושרה. \u202bתודה\u202c רבה.\n",
    "مرحبا،\n\nتم تأكيد طلبك.\n",
    "山田様\n\nご注文ありがとうございます。\n",
    "From here on a line begins with From\nFrom nowhere\n.\n..\n-- \nsigned\n",
    "one line of many words " * 120,
    "nobreak" * 400,
    "",
    " \n \n",
)
TABLE = "<table>\n\t<tr>\n\t\t<td  class='a'>{0}</td>\n    <td>{0}</td>  \n\t</tr>\n</table>\n"
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//suite//en\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    "UID:{0}@suite.example\r\nDTSTAMP:20250304T050607Z\r\nDTSTART:20250305T090000Z\r\nSUMMARY:Treffen\r\n"
    "ORGANIZER:mailto:ann@suite.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
HAND_WRITTEN = (
    b"FROM: Ann\t <ann@suite.example>\r\nto:\r\n\tbob@example.org,\r\n\t \tcarl@example.org\r\n",
    b"Subject:\r\nFrom: ann@suite.example \t\r\nSubject: twice  over\r\nTo: a@x.example\r\nTo: b@x.example\r\n",
)
HAND_WRITTEN_BODIES = (
    b"one\ttwo  three \r\n\r\n\r\n",
    b" \r\n\tx \r\n" * 50 + b" \t ",
    b"",
    b"no line end",
    b"\r\n\r\n",
    b"a" * 997 + b"\r\n" + b"  " * 400 + b"x\r\n",
    b"\r\n\r\nx\r\n.\r\n",
)


def _mailbox(chance: random.Random, at: str) -> Mailbox:
    local = chance.choice(("ann", "bob.smith", '"quoted local"', "x+y=z"))
    return Mailbox(chance.choice(NAMES), Mailbox.parse(f"{local}@{at}").address)


def _further_fields(number: int, chance: random.Random) -> tuple[tuple[str, str], ...]:
    fields = [("Auto-Submitted", "auto-generated"), ("X-Priority", "3"), ("Feedback-ID", f"{number}:suite")]
    if number % 3 == 0:
        thread = [f"<{chance.getrandbits(64):x}@mail.example>" for _ in range(chance.randint(1, 25))]
        fields += [("References", " ".join(thread)), ("In-Reply-To", thread[-1])]
    if number % 4 == 0:
        fields += [
            ("List-Id", "News of the suite <news.suite.example>"),
            ("List-Unsubscribe", f"<mailto:u-{number}@suite.example>, <https://suite.example/{'u' * 90}>"),
            ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    return tuple(fields)


def _attachment(chance: random.Random) -> Attachment:
    name, kind = chance.choice(
        (("invoice.pdf", "application/pdf"), ("Größe  Übersicht.csv", "text/csv"), ("חשבון.bin", None))
    )
    return Attachment.from_bytes(chance.randbytes(chance.randint(0, 6000)), filename=name, content_type=kind)


def _composed(number: int, chance: random.Random) -> bytes:
    picture = Attachment.from_bytes(chance.randbytes(300), filename="logo.png", inline=True)
    text = chance.choice(PARAGRAPHS) * chance.randint(1, 3)
    html = f"<p>{text}</p>{TABLE.format(chance.choice(SUBJECTS)) * chance.randint(1, 20)}"
    shown = number % 5 == 0
    return compose(
        Letter(
            from_=_mailbox(chance, "suite.example"),
            to=tuple(_mailbox(chance, f"{one}.example") for one in range(chance.choice((1, 1, 3, 12)))),
            cc=(_mailbox(chance, "bücher.example"),) if number % 4 == 1 else (),
            reply_to=(_mailbox(chance, "customer.example"),) if number % 2 else (),
            subject=chance.choice(SUBJECTS),
            date=NOW - timedelta(seconds=number),
            message_id=f"{number}.{chance.getrandbits(80):x}@suite.example",
            text=None if shown and number % 2 else text,
            html=f"{html}<img src='cid:{picture.cid}'>" if shown else (html if number % 3 else None),
            related=(picture,) if shown else (),
            attachments=tuple(_attachment(chance) for _ in range(chance.choice((0, 0, 1, 2)))),
            calendar=Invitation(ICS.format(number)) if number % 6 == 1 else None,
            headers=_further_fields(number, chance),
            content_language=chance.choice((None, "de-CH", "he")),
            boundary_seed=str(number),
        )
    )


@cache
def mail(number: int) -> bytes:
    """Give the mail of this number; one in eleven is written by hand, with none of our writer's habits."""
    chance = random.Random(number)
    if number % 11 == 10:
        turn = number // 11
        header = HAND_WRITTEN[turn % 2]
        return header + b"\r\n" + HAND_WRITTEN_BODIES[turn % len(HAND_WRITTEN_BODIES)]
    return _composed(number, chance)


def _shapes(number: int, data: bytes) -> list[str]:
    tests = {
        "non-ASCII": b"=?utf-8?" in data,
        "several recipients": data.split(b"\r\n\r\n")[0].count(b"@") > 6,
        "right-to-left": b"charset=utf-8" in data and number % 11 != 10 and _holds_hebrew(data),
        "attachment": b"Content-Disposition: attachment" in data,
        "cid": b"Content-ID: <" in data,
        "calendar": b"text/calendar" in data,
        "tabs or runs of spaces": any(one in data for one in (b"\t", b"  ")),
        "thread": b"\r\nIn-Reply-To:" in data,
        "list": b"\r\nList-Id:" in data,
    }
    return [name for name, true in tests.items() if true]


def _holds_hebrew(data: bytes) -> bool:
    import email
    import email.policy

    parsed = email.message_from_bytes(data, policy=email.policy.default)
    return any("\u0590" <= char <= "\u06ff" for char in f"{parsed['subject']}{parsed['from']}")


RINGS = [FEW, pytest.param(MANY, marks=pytest.mark.rings)]


# --- keys and the judge ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def keys() -> tuple[Signer, Signer]:
    """Give an RSA and an Ed25519 signer of the same domain."""
    from cryptography.hazmat.primitives.asymmetric import ed25519
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    young = ed25519.Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    return (
        Signer(domain="suite.example", selector="r2025", key=new_key()),
        Signer(domain="suite.example", selector="e2025", key=young),
    )


@pytest.fixture(params=[1, 2], ids=["RSA", "RSA and Ed25519"])
def signers(request: pytest.FixtureRequest, keys: tuple[Signer, Signer]) -> tuple[Signer, ...]:
    """Give RSA alone, then RSA with Ed25519 below it."""
    return keys[: request.param]


def verdicts(data: bytes, signers: tuple[Signer, ...]) -> list[bool | str]:
    """Let dkimpy judge each signature by its index: true, false, or that the body is another."""
    records = {f"{one.fqdn}.".encode(): one.value.encode() for one in map(public_record, signers)}
    found: list[bool | str] = []
    for index in range(len(signers)):
        try:
            found.append(dkim.DKIM(data).verify(idx=index, dnsfunc=lambda name, timeout: records[name]))
        except dkim.ValidationError as fault:
            found.append("another body" if str(fault).startswith("body hash mismatch") else str(fault))
    return found


def signed(number: int, signers: tuple[Signer, ...]) -> bytes:
    """Give a signed mail of the corpus as a receiver gets it: its last line has an end (RFC 5321, 2.3.8)."""
    data = b"".join((*sign_all(mail(number), signers, NOW), mail(number)))
    return data if data.endswith(b"\r\n") else data + b"\r\n"


# --- the laws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", RINGS)
def test_the_corpus_has_mails_of_all_shapes(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each shape is that of a tenth of the mails or more, and no mail is like another."""
    mails = [mail(number) for number in range(count)]
    shares = Counter(shape for number, data in enumerate(mails) for shape in _shapes(number, data))

    with capsys.disabled():
        print("\nmails signed:", count, dict(shares))
    assert len(shares) == 9
    assert {shape: times for shape, times in shares.items() if times < count / 10} == {}
    assert [number for number in range(count) if number % 11 != 10 and check(mails[number])] == []
    assert len({data for number, data in enumerate(mails) if number % 11 != 10}) == sum(
        number % 11 != 10 for number in range(count)
    )


@pytest.mark.parametrize("count", RINGS)
def test_every_signature_verifies_by_its_index(count: int, signers: tuple[Signer, ...]) -> None:
    """dkimpy verifies each signature of each mail, the one below as well as the one on top."""
    wrong = [number for number in range(count) if set(verdicts(signed(number, signers), signers)) != {True}]

    assert wrong == []


@pytest.mark.parametrize("count", RINGS)
@pytest.mark.parametrize("name", OVERSIGNED)
def test_a_field_put_on_top_breaks_every_signature(
    name: str, count: int, signers: tuple[Signer, ...]
) -> None:
    """Each oversigned field, present in the mail or absent, cannot be added (M26)."""
    added = name.title().encode() + b": " + PROBE[name] + b"\r\n"
    wrong = [
        number
        for number in range(count)
        if set(verdicts(added + signed(number, signers), signers)) != {False}
    ]

    assert wrong == []


@pytest.mark.parametrize("count", RINGS)
def test_a_signed_field_that_changes_breaks_every_signature(count: int, signers: tuple[Signer, ...]) -> None:
    """What is signed where present, List- included, can be neither changed nor taken away."""
    wrong, tried = [], 0
    names = [*(one.encode() for one in OVERSIGNED + SIGNED_IF_PRESENT), b"list-id", b"list-unsubscribe"]
    for number in range(count):
        data = signed(number, signers)
        start = data.index(mail(number))
        for name, _ in relaxed_header(canonical.split_mail(mail(number))[0]):
            if name not in names:
                continue
            tried += 1
            at = start + (b"\r\n" + mail(number).lower()).index(b"\r\n" + name + b":")
            changed = data[: at + len(name) + 1] + b"x" + data[at + len(name) + 1 :]
            gone = data[:at] + b"X-" + data[at:]
            if [*verdicts(changed, signers), *verdicts(gone, signers)] != [False] * 2 * len(signers):
                wrong.append((number, name))

    assert wrong == []
    assert tried > 5 * count


@pytest.mark.parametrize("count", RINGS)
def test_one_changed_octet_of_the_body_breaks_every_signature(
    count: int, signers: tuple[Signer, ...]
) -> None:
    """One octet changed, or one added at the end, gives another body."""
    wrong = []
    for number in range(count):
        data = signed(number, signers)
        body = data.index(b"\r\n\r\n") + 4
        ink = [at for at in range(body, len(data)) if data[at : at + 1].isalnum()]
        at = random.Random(number).choice(ink) if ink else len(data)
        changed = data[:at] + (b"a" if data[at : at + 1] != b"a" else b"b") + data[at + 1 :]
        for other in (changed, data + b"."):
            if set(verdicts(other, signers)) != {"another body"}:
                wrong.append(number)

    assert wrong == []


def _doubled(text: bytes) -> bytes:
    return text.replace(b" ", b"  ")


def _halved(text: bytes) -> bytes:
    return text.replace(b"  ", b" ")


def _tabbed(text: bytes) -> bytes:
    return text.replace(b"\r\n ", b"\r\n\t").replace(b"; ", b";\t")


def _padded(text: bytes) -> bytes:
    return text.replace(b"\r\n", b" \r\n")


@pytest.mark.parametrize("count", RINGS)
@pytest.mark.parametrize("change", [_doubled, _halved, _tabbed])
def test_two_spaces_made_one_break_no_signature(change, count: int, signers: tuple[Signer, ...]) -> None:
    """Blanks that a relay doubles, halves or swaps, in header or body, break nothing (M24)."""
    wrong, changed = [], 0
    for number in range(count):
        data = signed(number, signers)
        end = data.index(b"\r\n\r\n") + 2
        for other in (change(data[:end]) + data[end:], data[:end] + change(data[end:])):
            changed += other != data
            if set(verdicts(other, signers)) != {True}:
                wrong.append(number)

    assert wrong == []
    assert changed > count / 10


@pytest.mark.parametrize("count", RINGS)
def test_blanks_at_the_ends_of_lines_break_no_signature(count: int, signers: tuple[Signer, ...]) -> None:
    """Blanks put before line ends of the body, and empty lines put behind it, break nothing."""
    wrong = []
    for number in range(count):
        data = signed(number, signers)
        end = data.index(b"\r\n\r\n") + 2
        for other in (data[:end] + b"\r\n" + _padded(data[end + 2 :]), data + b"\r\n \t\r\n"):
            if set(verdicts(other, signers)) != {True}:
                wrong.append(number)

    assert wrong == []


ink = st.sampled_from(
    [b"a", b"b:", b" ", b"  ", b"\t", b"\r\n", b"\r\n\r\n", b" \r\n", b"\r\n ", b"=20", b"\xc3"]
)
octets = st.lists(ink, max_size=40).map(b"".join)
judge = CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")


@given(body=octets, piece=st.integers(0, 9), window=st.integers(1, 9), before=octets)
def test_the_relaxed_body_is_dkimpys(body: bytes, piece: int, window: int, before: bytes) -> None:
    """Any body with CRLF line ends has dkimpy's relaxed spelling, in however many pieces it is made."""
    as_received = body if body.endswith(b"\r\n") or not body else body + b"\r\n"
    expected = judge.canonicalize_body(as_received)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_PIECE", piece)
        patch.setattr(canonical, "_WINDOW", window)
        assert b"".join(relaxed_body(before + body, len(before))) == expected
    assert b"".join(relaxed_body(body)) == expected
    assert body_hash(before + body, len(before)) == hashlib.sha256(expected).digest()


@given(lines=st.lists(st.lists(ink, max_size=5).map(b"".join), max_size=8), start=st.integers(0, 3))
def test_a_body_in_pieces_is_the_same_body(lines: list[bytes], start: int) -> None:
    """Where a mail lies in pieces of whole lines, its relaxed spelling is that of the whole."""
    pieces = [b"x" * start, *(line + b"\r\n" for line in lines)]
    whole = b"".join(pieces)

    assert b"".join(relaxed_body(pieces[0], start, pieces[1:])) == b"".join(relaxed_body(whole, start))
    assert body_hash(pieces[0], start, pieces[1:]) == body_hash(whole, start)


blanks = st.text(" \t", max_size=3).map(str.encode)
word = st.sampled_from([b"x", b"Y;z", b"=?utf-8?q?=C3?=", b"<a@b.example>", b"\xc3\xa9", b":"])
value = st.lists(st.one_of(word, blanks, st.just(b"\r\n "), st.just(b"\r\n\t")), max_size=12).map(b"".join)
name = st.sampled_from([b"From", b"to", b"X-Thing", b"SUBJECT", b"List-Id"])


@given(fields=st.lists(st.tuples(name, blanks, value), max_size=6))
def test_the_relaxed_header_is_dkimpys(fields: list[tuple[bytes, bytes, bytes]]) -> None:
    """Any header fields have dkimpy's relaxed spelling, in their order."""
    section = b"\r\n".join(name + gap + b":" + value for name, gap, value in fields)
    expected = judge.canonicalize_headers([(name + gap, value + b"\r\n") for name, gap, value in fields])

    found = relaxed_header(section)

    assert [(name, line + b"\r\n") for name, line in found] == [
        (name, name + b":" + value) for name, value in expected
    ]
