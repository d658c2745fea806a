from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime

import pytest

from mailsend.compose.carry import disarmed
from mailsend.compose.gate import check
from mailsend.compose.letter import Letter
from mailsend.compose.mime import compose
from mailsend.errors import InvalidMessage
from mailsend.model.address import Mailbox
from mailsend.model.message import Message
from mailsend.model.original import Original


def original(content: bytes) -> Original:
    found = Message.from_mime(b"From: a@b.example\r\n" + content).original
    assert found is not None
    return found


def carried(kept: Original) -> bytes:
    data = compose(
        Letter(
            from_=Mailbox.parse("a@b.example"),
            subject="s",
            date=datetime(2026, 11, 21, 10, tzinfo=UTC),
            message_id="1@b.example",
            text="not written",
            content_language="de",
            boundary_seed="1",
            original=kept,
        )
    )
    assert check(data) is None
    return data.partition(b"MIME-Version: 1.0\r\n")[2]


def mended(content: bytes) -> bytes:
    return carried(original(content))


def lines(*several: bytes) -> bytes:
    return b"\r\n".join(several)


WHOLE = lines(
    b"Content-Language: fr",
    b'Content-Type: multipart/mixed; boundary="b"',
    b"",
    b"preamble  ",
    b"--b  ",
    b"content-TYPE:text/plain;",
    b"\tcharset=us-ascii",
    b"X-Odd: kept",
    b"",
    b"trailing blanks stay  ",
    b"--b",
    b"",
    b"no fields",
    b"--b--",
    b"epilogue",
)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_seven_bit_content_is_carried_byte_for_byte(end: bytes) -> None:
    """Whatever its line endings were, they become CRLF, and nothing else is touched."""
    assert mended(WHOLE.replace(b"\r\n", end)) == WHOLE + b"\r\n"


def test_content_without_fields_is_plain_ascii_text() -> None:
    """What was meant by saying nothing is said (RFC 2045, 5.2); an empty body stays empty."""
    said = b"Content-Language: de\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
    assert mended(b"\r\nHello") == said + b"Hello\r\n"
    assert mended(b"\r\n") == said


@pytest.mark.parametrize(
    ("content", "written"),
    [
        pytest.param(
            lines(
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: 8bit",
                b"",
                b"Gr\xc3\xbc\xc3\x9fe, alles Gute und bis bald",
                b"",
            ),
            lines(
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: quoted-printable",
                b"",
                b"Gr=C3=BC=C3=9Fe, alles Gute und bis bald",
                b"",
            ),
            id="text becomes quoted-printable",
        ),
        pytest.param(
            lines(b"", b"Gr\xc3\xbc\xc3\x9fe"),
            lines(
                b"Content-Type: text/plain; charset=utf-8",
                b"Content-Transfer-Encoding: base64",
                b"",
                b"R3LDvMOfZQ==",
                b"",
            ),
            id="text without a type is UTF-8",
        ),
        pytest.param(
            lines(b"", b"Gr\xfc\xdfe"),
            lines(
                b"Content-Type: text/plain; charset=windows-1252",
                b"Content-Transfer-Encoding: base64",
                b"",
                b"R3L832U=",
                b"",
            ),
            id="or Windows' western set",
        ),
        pytest.param(
            lines(b"Content-Type: image/png", b"Content-Transfer-Encoding: binary", b"", b"\x89P\nN\rG"),
            lines(b"Content-Type: image/png", b"Content-Transfer-Encoding: base64", b"", b"iVAKTg1H", b""),
            id="binary data keep their line ends",
        ),
        pytest.param(
            lines(b"Content-Type: text/plain", b"Content-Transfer-Encoding: binary", b"", b"a\nb"),
            lines(b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64", b"", b"YQpi", b""),
            id="so does a text that says so",
        ),
        pytest.param(
            lines(b"Content-Type: text/plain", b"", b"a binary\nword"),
            lines(b"Content-Type: text/plain", b"", b"a binary", b"word", b""),
            id="the mere word means nothing",
        ),
        pytest.param(
            lines(b"Content-Type: text/plain", b"", b"x\0y"),
            lines(b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64", b"", b"eAB5", b""),
            id="NUL",
        ),
        pytest.param(
            lines(b"Content-Type: text/plain", b"Content-Transfer-Encoding: base64", b"", b"QUJD" * 250),
            lines(
                b"Content-Type: text/plain",
                b"Content-Transfer-Encoding: quoted-printable",
                b"",
                *[b"ABC" * 25 + b"="] * 9,
                b"ABC" * 25,
                b"",
            ),
            id="base64 in one long line",
        ),
        pytest.param(
            lines(b"Content-Type: application/x", b"Content-Transfer-Encoding: base64", b"", b"A\xff"),
            lines(b"Content-Type: application/x", b"Content-Transfer-Encoding: base64", b"", b"Qf8=", b""),
            id="base64 that is none",
        ),
        pytest.param(
            lines(
                b"Content-Type: text/x",
                b"Content-Transfer-Encoding: quoted-printable",
                b"",
                b"=41 and a long line\xff",
            ),
            lines(
                b"Content-Type: text/x",
                b"Content-Transfer-Encoding: quoted-printable",
                b"",
                b"A and a long line=FF",
                b"",
            ),
            id="quoted-printable that is none",
        ),
        pytest.param(
            lines(b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: 8bit", b"", b"Subject: \xff"),
            lines(
                b"Content-Type: application/octet-stream",
                b"Content-Transfer-Encoding: base64",
                b"",
                b"U3ViamVjdDog/w==",
                b"",
            ),
            id="an attached mail becomes a file",
        ),
        pytest.param(
            lines(b"Content-Type: multipart/mixed; boundary=b", b"", b"\xff"),
            lines(
                b"Content-Type: application/octet-stream",
                b"Content-Transfer-Encoding: base64",
                b"",
                b"/w==",
                b"",
            ),
            id="a multipart without its boundary too",
        ),
        pytest.param(
            lines(
                b"Content-Type: text/plain; name=\xc3\xa4.txt", b"Content-Description: \xc3\xa4", b"", b"x"
            ),
            lines(
                b"Content-Type: text/plain; name*=utf-8''%C3%A4.txt",
                b"Content-Description: =?utf-8?b?w6Q=?=",
                b"",
                b"x",
                b"",
            ),
            id="fields outside ASCII",
        ),
    ],
)
def test_what_cannot_travel_is_encoded_and_says_so(content: bytes, written: bytes) -> None:
    """The content stays the same, the transfer encoding changes."""
    assert mended(content) == b"Content-Language: de\r\n" + written


def test_only_the_part_in_need_is_changed() -> None:
    """Its neighbours stay as they were, the nesting too; what stands between parts goes if it is not 7-bit."""
    assert mended(
        lines(
            b"Content-Type: multipart/mixed; boundary=b",
            b"Content-Transfer-Encoding: 8bit",
            b"",
            b"preamble",
            b"--b",
            b"content-TYPE: multipart/alternative; boundary=c",
            b"",
            b"before",
            b"--c",
            b"Content-type: text/plain",
            b"",
            b"as it was  ",
            b"--c--",
            b"--b",
            b"Content-Type: multipart/digest; boundary=d",
            b"",
            b"\xff",
            b"--d",
            b"",
            b"Subject: \xff",
            b"--d--",
            b"\xff",
            b"--b",
            b"X-\xff: y",
            b"--b",
            b"X-A: \xff",
            b"Content-Type: text/plain; charset=utf-8",
            b"Content-ID: <" + b"x" * 1000 + b">",
            b'Content-Disposition: attachment; filename="\xc3\xa4"; x\xc3\xa4=y',
            b"",
            b"--e \xc3\xa4\xc3\xb6\xc3\xbc",
            b"--b--",
            b"epilogue",
            b"",
        )
    ) == lines(
        b"Content-Language: de",
        b"Content-Type: multipart/mixed; boundary=b",
        b"Content-Transfer-Encoding: 7bit",
        b"",
        b"preamble",
        b"--b",
        b"content-TYPE: multipart/alternative; boundary=c",
        b"",
        b"before",
        b"--c",
        b"Content-type: text/plain",
        b"",
        b"as it was  ",
        b"--c--",
        b"--b",
        b"Content-Type: multipart/digest; boundary=d",
        b"",
        b"--d",
        b"Content-Type: application/octet-stream",
        b"Content-Transfer-Encoding: base64",
        b"",
        b"U3ViamVjdDog/w==",
        b"--d--",
        b"",
        b"--b",
        b"Content-Type: text/plain; charset=windows-1252",
        b"Content-Transfer-Encoding: base64",
        b"",
        b"WC3/OiB5",
        b"--b",
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Disposition: attachment; filename*=utf-8''%C3%A4",
        b"Content-Transfer-Encoding: base64",
        b"",
        b"LS1lIMOkw7bDvA==",
        b"--b--",
        b"epilogue",
        b"",
    )


def test_a_decoded_line_never_becomes_a_boundary() -> None:
    """Encoded anew, it is base64, in which no boundary can stand."""
    hidden = lines(
        b"Content-Type: multipart/mixed; boundary=b",
        b"",
        b"--b",
        b"Content-Type: text/plain",
        b"Content-Transfer-Encoding: quoted-printable",
        b"",
        b"=2D-b--",
        b"long \xff" * 3,
        b"--b--",
        b"",
    )
    assert b"\r\n--b--\r\n" in mended(hidden)
    assert mended(hidden).count(b"--b--") == 1


def test_a_field_that_no_line_can_hold_is_refused() -> None:
    """An Original made by hand is checked as well."""
    with pytest.raises(InvalidMessage):
        carried(Original(content_fields=(("Content-Type", "x" * 1000),), body=b"x"))


ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def test_a_disarmed_mail_asks_for_nothing() -> None:
    """In test mode calendar parts lose METHOD, other parts stay (M35)."""
    kept = disarmed(
        original(
            lines(
                b"Content-Type: multipart/mixed; boundary=b",
                b"",
                b"--b",
                b"",
                b"text",
                b"--b",
                b"Content-Type: text/calendar; method=REQUEST; name=a.ics",
                b"",
                ICS + b"--b",
                b"Content-Type: application/ics",
                b"Content-Disposition: attachment",
                b"",
                ICS + b"--b--",
                b"",
            )
        )
    )
    bare = b"QkVHSU46VkNBTEVOREFSDQpFTkQ6VkNBTEVOREFSDQo="
    assert carried(kept) == lines(
        b"Content-Language: de",
        b"Content-Type: multipart/mixed; boundary=b",
        b"",
        b"--b",
        b"",
        b"text",
        b"--b",
        b"Content-Type: text/calendar; charset=utf-8; name=a.ics",
        b"Content-Transfer-Encoding: base64",
        b"",
        bare,
        b"--b",
        b"Content-Type: application/ics; charset=utf-8",
        b"Content-Disposition: attachment",
        b"Content-Transfer-Encoding: base64",
        b"",
        bare,
        b"--b--",
        b"",
    )


def test_a_mail_that_is_a_calendar_object_is_disarmed_too() -> None:
    """Its own fields change with it."""
    kept = disarmed(original(lines(b"Content-Type: text/calendar; method=REQUEST", b"", ICS)))
    assert kept.content_fields == (
        ("Content-Type", "text/calendar; charset=utf-8"),
        ("Content-Transfer-Encoding", "base64"),
    )
    assert kept.body == b"QkVHSU46VkNBTEVOREFSDQpFTkQ6VkNBTEVOREFSDQo="


@pytest.mark.parametrize(
    "fields",
    [
        (b"Content-Type: application/octet-stream; name=invite.ics",),
        (b"Content-Type: application/octet-stream", b"Content-Disposition: attachment; filename=Invite.ICS"),
        (b"Content-Type: text/plain; name=a.txt", b"Content-Disposition: attachment; filename=a.vcs"),
        (b"Content-Type: text/x-vcalendar; method=REQUEST",),
    ],
)
def test_a_calendar_object_is_known_by_any_type_and_name(fields: tuple[bytes, ...]) -> None:
    """Programs go by the name as well as by the type."""
    kept = disarmed(original(lines(*fields, b"", b"\xef\xbb\xbfEND:X\r\n" + ICS)))
    assert "REQUEST" not in repr(kept.content_fields)
    assert b64decode(kept.body) == b"\xef\xbb\xbfEND:X\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


def test_a_mail_attached_to_a_test_copy_is_a_mere_file() -> None:
    """An invitation may stand in it, in any encoding."""
    inner = b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + ICS
    kept = disarmed(original(lines(b"Content-Type: message/rfc822", b"", inner)))
    assert kept.content_fields == (
        ("Content-Type", "application/octet-stream"),
        ("Content-Transfer-Encoding", "base64"),
    )
    assert b64decode(kept.body) == inner
