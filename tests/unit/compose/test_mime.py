from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailsend.compose.entity import Entity, boundary_digest
from mailsend.compose.letter import Letter
from mailsend.compose.mime import compose, written
from mailsend.errors import InvalidMessage
from mailsend.model.address import Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation

LOGO = Attachment.from_bytes(b"PNG", filename="logo.png", inline=True, cid="logo@inline")
PDF = Attachment.from_bytes(b"%PDF", filename="invoice.pdf")
ICS = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n"
ICS_LINES = b"QkVHSU46VkNBTEVOREFSDQpNRVRIT0Q6UkVRVUVTVA0KQkVHSU46VkVWRU5UDQpFTkQ6VkVWRU5U\r\nDQpFTkQ6VkNBTEVOREFSDQo=\r\n"


def letter(**more: object) -> Letter:
    return Letter(
        **{
            "from_": Mailbox.parse("Ann Meier <ann@customer.example>"),
            "to": (Mailbox.parse("bob@example.org"),),
            "subject": "Your order",
            "date": datetime(2026, 11, 21, 10, tzinfo=UTC),
            "message_id": "4711@customer.example",
            "boundary_seed": "id1",
            **more,
        }
    )


def body(made: Letter) -> bytes:
    return (
        compose(made)
        .partition(b"MIME-Version: 1.0\r\n")[2]
        .replace(boundary_digest("id1", ()).encode(), b"B")
    )


def attached(attachment: Attachment) -> bytes:
    return body(letter(attachments=(attachment,)))


def test_the_fields_have_one_order() -> None:
    """From who it is to what it holds, further fields before the content's."""
    made = letter(
        cc=(Mailbox.parse("Cy <cy@example.org>"),),
        reply_to=(Mailbox.parse("office@customer.example"),),
        text="Hello",
        headers=(
            ("Auto-Submitted", "auto-generated"),
            ("X-Order", "4711"),
            ("List-Id", "Orders <o.example>"),
        ),
        content_language="de-CH",
    )
    assert compose(made) == (
        b"From: Ann Meier <ann@customer.example>\r\n"
        b"Reply-To: office@customer.example\r\n"
        b"To: bob@example.org\r\n"
        b"Cc: Cy <cy@example.org>\r\n"
        b"Subject: Your order\r\n"
        b"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
        b"Message-ID: <4711@customer.example>\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Auto-Submitted: auto-generated\r\n"
        b"X-Order: 4711\r\n"
        b"List-Id: Orders <o.example>\r\n"
        b"Content-Language: de-CH\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello\r\n"
    )


def test_a_mail_to_hidden_recipients_alone_says_so() -> None:
    """Some receivers mark a mail without To; a Cc is enough."""
    assert b"\r\nTo: undisclosed-recipients:;\r\n" in compose(letter(to=()))
    assert b"undisclosed" not in compose(letter(to=(), cc=(Mailbox.parse("cy@example.org"),)))


def test_a_letter_without_content_is_an_empty_text() -> None:
    """The header ends in a blank line, and nothing follows."""
    assert body(letter()) == (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("more", "types"),
    [
        ({"text": "t"}, ["text/plain"]),
        ({"html": "h"}, ["text/html"]),
        ({"text": "t", "html": "h"}, ["multipart/alternative", "text/plain", "text/html"]),
        ({"html": "h", "related": (LOGO,)}, ["multipart/related", "text/html", "image/png"]),
        ({"text": "t", "related": (LOGO,)}, ["multipart/mixed", "text/plain", "image/png"]),
        ({"attachments": (PDF,)}, ["application/pdf"]),
        ({"text": "t", "attachments": (PDF,)}, ["multipart/mixed", "text/plain", "application/pdf"]),
        ({"calendar": Invitation(ICS)}, ["multipart/mixed", "text/calendar", "application/ics"]),
        (
            {
                "text": "t",
                "html": "h",
                "related": (LOGO,),
                "attachments": (PDF,),
                "calendar": Invitation(ICS),
            },
            ["multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html"]
            + ["image/png", "text/calendar", "application/pdf", "application/ics"],
        ),
    ],
)
def test_a_level_with_one_part_is_left_out(more: dict[str, object], types: list[str]) -> None:
    """mixed(alternative(text, related(html, images), calendar), files)."""
    lines = compose(letter(**more)).split(b"\r\n")
    found = [line.split(b";")[0].partition(b": ")[2] for line in lines if line.startswith(b"Content-Type")]
    assert [one.decode() for one in found] == types


def test_related_parts_are_shown_by_their_content_id() -> None:
    """They have a Content-ID and a file name, and the whole tells its root's type."""
    assert body(letter(html="<img src='cid:logo@inline'>", related=(LOGO,))) == (
        b'Content-Type: multipart/related; type="text/html";\r\n boundary="=_rel_B"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"--=_rel_B\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"<img src='cid:logo@inline'>\r\n"
        b"--=_rel_B\r\n"
        b"Content-Type: image/png\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-ID: <logo@inline>\r\n"
        b"Content-Disposition: inline; filename=logo.png\r\n"
        b"\r\n"
        b"UE5H\r\n"
        b"--=_rel_B--\r\n"
    )


def test_an_invitation_is_a_part_and_a_file_of_the_same_bytes() -> None:
    """The last alternative says the method; the file is for programs that read only files (M31)."""
    assert body(letter(text="Come", calendar=Invitation(ICS, "request"))) == (
        b'Content-Type: multipart/mixed;\r\n boundary="=_mix_B"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n\r\n"
        b"--=_mix_B\r\n"
        b'Content-Type: multipart/alternative;\r\n boundary="=_alt_B"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n\r\n"
        b"--=_alt_B\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n\r\n"
        b"Come\r\n"
        b"--=_alt_B\r\n"
        b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n" + ICS_LINES + b"--=_alt_B--\r\n"
        b"--=_mix_B\r\n"
        b"Content-Type: application/ics\r\n"
        b"Content-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=invite.ics\r\n\r\n" + ICS_LINES + b"--=_mix_B--\r\n"
    )


def test_an_invitation_without_a_method_asks_for_nothing() -> None:
    """In test mode the part has no method parameter."""
    made = compose(letter(calendar=Invitation(ICS.replace("METHOD:REQUEST\n", ""), "")))
    assert b"Content-Type: text/calendar; charset=utf-8\r\n" in made


def test_an_invitation_whose_methods_differ_is_refused() -> None:
    """The error says both."""
    with pytest.raises(InvalidMessage) as caught:
        compose(letter(calendar=Invitation(ICS, "CANCEL")))
    assert str(caught.value) == (
        "calendar: the method is CANCEL, and METHOD in the calendar object is REQUEST"
    )


@pytest.mark.parametrize(
    ("data", "kind", "written"),
    [
        (b"a\r\nb", "text/plain", b"text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64"),
        (b"\xe4", "text/plain", b"text/plain\r\nContent-Transfer-Encoding: base64"),
        (
            b"\xe4",
            "text/plain; charset=latin1",
            b"text/plain; charset=latin1\r\nContent-Transfer-Encoding: base64",
        ),
        (b"A: b\n\nc", "message/rfc822", b"message/rfc822\r\nContent-Transfer-Encoding: 7bit"),
        (b"A: b\r\n\r\nc", "message/rfc822", b"message/rfc822\r\nContent-Transfer-Encoding: 7bit"),
        (b"A: \xe4", "message/rfc822", b"application/octet-stream\r\nContent-Transfer-Encoding: base64"),
        (b"A: b\rc\n", "message/rfc822", b"application/octet-stream\r\nContent-Transfer-Encoding: base64"),
        (b"x" * 999, "message/rfc822", b"application/octet-stream\r\nContent-Transfer-Encoding: base64"),
        (
            b"--b--",
            "multipart/mixed; boundary=b",
            b"application/octet-stream\r\nContent-Transfer-Encoding: base64",
        ),
    ],
)
def test_an_attachment_arrives_unchanged_in_an_encoding_that_its_type_may_have(
    data: bytes, kind: str, written: bytes
) -> None:
    """Attached text is base64; a mail is 7-bit or a mere file, since base64 is not allowed on it (M30)."""
    made = attached(Attachment.from_bytes(data, filename="f", content_type=kind))
    assert made.startswith(b"Content-Type: " + written + b"\r\n")


def test_an_empty_attachment_is_a_part_without_lines() -> None:
    """In a multipart the next boundary follows the blank line."""
    made = body(letter(text="t", attachments=(Attachment.from_bytes(b"", filename="e.bin"),)))
    assert made.endswith(b"filename=e.bin\r\n\r\n\r\n--=_mix_B--\r\n")


def test_a_boundary_that_stands_in_a_part_is_not_taken() -> None:
    """The next one made from the same seed is taken instead."""
    first = boundary_digest("s", ())
    plain = Entity(b"", (b"a", first.encode()), plain=True)
    assert boundary_digest("s", (plain,)) != first
    assert boundary_digest("s", (Entity(b"", (first.encode(),)),)) == first


@pytest.mark.parametrize(
    "name", ["From", "bcc", "Resent-Bcc", "Message-ID", "Content-Type", "content-x", "MIME-Version"]
)
def test_a_field_with_a_value_of_its_own_is_not_taken_as_a_further_one(name: str) -> None:
    """Two of them would make readers disagree."""
    with pytest.raises(InvalidMessage) as caught:
        compose(letter(headers=((name, "x"),)))
    assert caught.value.why == "this field is written from a value of its own"


def test_a_letter_does_not_show_its_content_in_its_repr() -> None:
    """Logs and tracebacks hold no mail."""
    shown = repr(letter(text="secret one", html="secret two", calendar=Invitation("secret three")))
    assert "secret" not in shown


def test_a_large_attachment_is_a_piece_of_its_own() -> None:
    """Small parts are joined; a large one is the attachment's own encoding, and no copy of it."""
    large = Attachment.from_bytes(b"x" * 100_000, filename="large.bin")

    pieces = written(letter(text="Hello", attachments=(PDF, large, PDF)))

    assert b"".join(pieces) == compose(letter(text="Hello", attachments=(PDF, large, PDF)))
    assert len(pieces) == 3
    assert pieces[1] is large.encoded
    assert all(one.endswith(b"\r\n") for one in pieces)
    assert len(written(letter(text="Hello", attachments=(PDF,)))) == 1


def test_a_large_attachment_may_be_all_there_is() -> None:
    """Then it is the last piece; a large text that ends without a line gets its line end."""
    large = Attachment.from_bytes(b"x" * 100_000, filename="large.bin")
    alone = written(letter(attachments=(large,)))
    long = written(letter(text="é" + "long " * 20_000))

    assert alone[1:] == (large.encoded,)
    assert [one.endswith(b"\r\n") for one in long] == [True]
