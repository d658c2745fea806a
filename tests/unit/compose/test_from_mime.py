from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Mailbox
from mailsend.model.address_list import read_address_list
from mailsend.model.message import Message
from mailsend.model.mime_fields import decode_octets, read_header, read_parameters
from mailsend.model.original import LoopReason, Original

MAIL = (
    b"From: =?utf-8?q?J=C3=B6rg?= Meier <joerg@customer.example>\n"
    b'To: Bob <bob@example.org>, team: ann@example.org, "x, y" <x@example.org>;\n'
    b"To: last@example.org\n"
    b"Cc: cy@example.org (a comment)\n"
    b"Bcc: hidden@example.org\n"
    b"Reply-To: office@customer.example\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n =?utf-8?q?_aus?= Bern\n"
    b"Date: Sat, 21 Nov 2026 11:00:00 +0100\n"
    b"Message-ID: <1@customer.example>\n"
    b"MIME-Version: 1.0\n"
    b"X-Order:\t4711\n"
    b"References: <a@x.example>\n <b@x.example>\n"
    b"\n"
    b"Hello\n"
)


def original(data: bytes) -> Original:
    found = Message.from_mime(data).original
    assert found is not None
    return found


def with_fields(*fields: bytes, body: bytes = b"Hello\n") -> bytes:
    return b"\n".join([b"From: a@b.example", *fields, b"", body])


def test_a_finished_mail_is_a_message_with_its_content_kept() -> None:
    """Each field goes where a caller would have put it; LF endings are taken (M32)."""
    message = Message.from_mime(MAIL, customer="ratcatcher")
    assert message == Message(
        from_=Mailbox.parse("Jörg Meier <joerg@customer.example>"),
        to=("Bob <bob@example.org>", "ann@example.org", '"x, y" <x@example.org>', "last@example.org"),
        cc="cy@example.org",
        bcc="hidden@example.org",
        reply_to="office@customer.example",
        subject="Grüße aus Bern",
        customer="ratcatcher",
        headers={"X-Order": "4711", "References": "<a@x.example> <b@x.example>"},
        original=Original(
            body=b"Hello\n",
            text="Hello\n",
            date=datetime(2026, 11, 21, 11, tzinfo=timezone(timedelta(hours=1))),
            message_id="1@customer.example",
        ),
    )


def test_what_the_caller_gives_goes_before_what_the_mail_says() -> None:
    """Header fields of both are joined, whatever their case."""
    message = Message.from_mime(MAIL, to="other@example.org", headers={"x-order": "1", "X-Two": "2"})
    assert message.to == (Mailbox.parse("other@example.org"),)
    assert dict(message.headers) == {
        "References": "<a@x.example> <b@x.example>",
        "x-order": "1",
        "X-Two": "2",
    }
    with pytest.raises(InvalidMessage):
        Message.from_mime(MAIL, headers=("X-Two", "2"))


def test_other_buffers_than_bytes_are_read_and_other_kinds_refused() -> None:
    """Text has no bytes to carry over."""
    assert (
        Message.from_mime(bytearray(MAIL)) == Message.from_mime(memoryview(MAIL)) == Message.from_mime(MAIL)
    )
    with pytest.raises(InvalidMessage) as caught:
        Message.from_mime(MAIL.decode())
    assert caught.value.why == "a mail is bytes, not str"


@pytest.mark.parametrize(
    ("field", "finding"),
    [
        (b"Sender: x@y.example", "field_dropped:sender"),
        (b"Resent-From: x@y.example", "field_dropped:resent-from"),
        (b"Return-Path: <x@y.example>", "field_dropped:return-path"),
        (b"Received: by x", "field_dropped:received"),
        (b"DKIM-Signature: v=1", "field_dropped:dkim-signature"),
        (b"ARC-Seal: i=1", "field_dropped:arc-seal"),
        (b"Authentication-Results: x", "field_dropped:authentication-results"),
        (b"List-Unsubscribe: <mailto:x@y.example>", "field_dropped:list-unsubscribe"),
        (b"Precedence: bulk", "field_dropped:precedence"),
        (b"X-Auto-Response-Suppress: All", "field_dropped:x-auto-response-suppress"),
        (b"X-Empty:", "field_dropped:x-empty"),
        (b"X-A: 1\nX-A: 2", "field_repeated:x-a"),
        (b"Subject: a\nsubject: b", "field_repeated:subject"),
        (b"Content-Type: text/plain\nContent-Type: text/html", "field_repeated:content-type"),
        (b"Content-Description:", "field_dropped:content-description"),
        (b"Content-Description: " + b"x" * 901, "field_dropped:content-description"),
        (b"Subject: =?utf-8?q?a=0ABcc=3A?=", "field_mended:subject"),
        (b"X-A: a\x01b", "field_mended:x-a"),
        (b"Date: soon", "date_invalid"),
        (b"Date: Sat, 99 Nov 2026 11:00:00 +0100", "date_invalid"),
        (b"Message-ID: <no>", "message_id_invalid"),
        (b"Message-ID: <" + b"a" * 900 + b"@b.example>", "message_id_invalid"),
        (b"no field", "header_ended_early"),
    ],
)
def test_what_is_not_taken_over_is_a_finding(field: bytes, finding: str) -> None:
    """The preview can say what became of each field."""
    assert original(with_fields(field)).findings == (finding,)


def test_repeated_fields_give_their_first_value() -> None:
    """As the signature and most readers would take it."""
    message = Message.from_mime(with_fields(b"X-A: 1", b"x-a: 2", b"Subject: a", b"Subject: b"))
    assert (dict(message.headers), message.subject) == ({"X-A": "1"}, "a")


def test_control_characters_in_decoded_text_become_blanks() -> None:
    """A decoded line break can never begin a field."""
    message = Message.from_mime(with_fields(b"Subject: =?utf-8?q?a=0ABcc=3A_x?="))
    assert message.subject == "a Bcc: x"


@pytest.mark.parametrize(
    ("value", "means"), [(b"auto-generated", True), (b"No; x", False), (b"auto-replied", True)]
)
def test_auto_submitted_becomes_its_own_value(value: bytes, means: bool) -> None:
    """RFC 3834, section 5; without the field nothing is said."""
    assert Message.from_mime(with_fields(b"Auto-Submitted: " + value)).auto_submitted is means
    assert Message.from_mime(with_fields()).auto_submitted is None


def test_a_mail_may_lack_nearly_everything() -> None:
    """Only one header field must be there."""
    message = Message.from_mime(b"X-A: 1")
    assert (message.from_, message.to, message.subject) == (None, (), None)
    assert message.original == Original(text="")


def test_a_date_without_a_zone_is_utc() -> None:
    """-0000 says that the zone is not told."""
    assert original(with_fields(b"Date: Sat, 21 Nov 2026 11:00:00 -0000")).date == datetime(
        2026, 11, 21, 11, tzinfo=UTC
    )


def test_the_line_of_a_mailbox_file_is_passed_over() -> None:
    """mbox puts it before the header (RFC 4155)."""
    assert Message.from_mime(b"From ann Sat Nov 21\n" + MAIL) == Message.from_mime(MAIL)


@pytest.mark.parametrize(
    "data", [b"", b"\n\nbody", b"no header", b" folded: first\n", b"From ann Sat", b"\xff: a"]
)
def test_bytes_that_begin_with_no_field_are_no_mail(data: bytes) -> None:
    """The error says what is missing."""
    with pytest.raises(InvalidMessage) as caught:
        Message.from_mime(data)
    assert caught.value.why == "it begins with no header field"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"From: a@b.example, c@d.example\n\n", "from_"),
        (b"From: a@b.example\nFrom: a@b.example\n\n", "from_"),
        (b"From: a@b.example\nTo: x@y.example, nobody\n\n", "to[1]"),
        (b"From: a@b.example\nCc: a@b.example; c@d.example\n\n", "cc[0]"),
        (b'From: a@b.example\nBcc: "open <x@y.example>\n\n', "bcc[0]"),
        (b"From: a@b.example\nReply-To: x\x01@y.example\n\n", "reply_to[0]"),
    ],
)
def test_an_address_that_is_none_is_refused_with_its_place(data: bytes, field: str) -> None:
    """A second sender is refused as well: nobody could say whose mail it is."""
    with pytest.raises(InvalidAddress) as caught:
        Message.from_mime(data)
    assert caught.value.field == field


def test_a_mail_that_goes_round_is_marked_and_not_raised() -> None:
    """More than 30 Received fields, or an id of ours (M32)."""
    received = [b"Received: by x"]
    assert original(with_fields(*received * 30)).loop == ""
    assert original(with_fields(*received * 31)).loop == LoopReason.TOO_MANY_RECEIVED
    assert original(with_fields(b"X-Mailsend-Id: 1")).loop == LoopReason.OWN_MAIL


MULTIPART = b"""Content-Type: multipart/mixed; boundary="b c"

preamble
--b c
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe

--b
Content-Type: text/html; charset=x-unknown
Content-Transfer-Encoding: base64

PGI+w7w8L2I+
--b--
--b c
Content-Type: application/pdf; name="=?utf-8?q?M=C3=A4rz=2Epdf?="

x
--b c\t
Content-Disposition: attachment

y
--b c--
epilogue
"""


def test_text_html_and_files_are_seen_without_being_changed() -> None:
    """The first text of each kind that is no file, and the names of the files."""
    seen = original(b"From: a@b.example\n" + MULTIPART)
    assert (seen.text, seen.html) == ("Grüße\n", "<b>ü</b>")
    assert seen.attachments == ("März.pdf", "attachment")
    assert seen.content_fields == (("Content-Type", 'multipart/mixed; boundary="b c"'),)
    assert seen.findings == ()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"Content-Type: text\n\nx", "x"),
        (b"Content-Type: multipart/mixed\n\nx", None),
        (b"Content-Type: multipart/mixed; boundary=\xc3\xa4\n\nx", None),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--bc\n--b-\nx --b\n", None),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b--\n\nx\n", None),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx", "x"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\rX: y\r\rx\r--b", "x"),
        (b"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b--", ""),
        (b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nx\n--b--", None),
        (b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\nA", "A"),
    ],
)
def test_broken_structures_are_read_as_far_as_they_go(data: bytes, text: str | None) -> None:
    """Nothing in them is an error; what is no multipart is one part."""
    assert original(b"From: a@b.example\n" + data).text == text


def nested(depth: int) -> bytes:
    head = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%03d\n\n--b%03d\n" % (n, n) for n in range(depth)
    )
    return b"From: a@b.example\n" + head + b"\nx\n"


def test_hostile_structures_are_refused_in_words() -> None:
    """Depth, number of parts, length of a header: each has a limit."""
    assert original(nested(30)).text == "x\n"
    head = b"From: a@b.example\nContent-Type: multipart/mixed; boundary=b\n\n"
    many = head + b"--b\n\n\n" * 1000
    for data, why in (
        (nested(31), "its parts are nested deeper than 30"),
        (many, "it has more than 1000 parts"),
        (head + b"--b" * 10_001, "its boundaries stand in its text too often"),
        (b"X-A: " + b"x" * 262_144, "a header is longer than 262144 octets"),
        (
            b"Content-Type: text/" + b"x" * 901 + b"\n\n",
            "its Content-Type holds a stretch that no line can hold",
        ),
    ):
        with pytest.raises(InvalidMessage) as caught:
            Message.from_mime(data)
        assert (caught.value.field, caught.value.why) == ("data", why)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (b"Hello\n", ()),
        (b"Gr\xc3\xbc\xc3\x9fe\n", ("content_reencoded",)),
        (b"x" * 999, ("content_reencoded",)),
        (b"Content-Type: multipart/signed\n\xff", ("signed_content_reencoded",)),
    ],
)
def test_content_that_cannot_travel_as_it_is_is_a_finding(body: bytes, finding: tuple[str, ...]) -> None:
    """A signature within (RFC 1847) would not survive that."""
    assert original(with_fields(body=body)).findings == finding


@pytest.mark.parametrize(
    ("value", "main", "parameters"),
    [
        ("Text/Plain", "text/plain", {}),
        ('a; b=c ; D = "e;\\"f" ;g', "a", {"b": "c", "d": 'e;"f'}),
        ('a; b="open', "a", {"b": "open"}),
        ("a; b=1; b=2", "a", {"b": "1"}),
        ("a; f=x; f*=utf-8''%C3%A4", "a", {"f": "ä"}),
        ("a; f*1=b.pdf; f*0*=utf-8''%C3%A4%20", "a", {"f": "ä b.pdf"}),
        ("a; f*=plain", "a", {"f": "plain"}),
        ("a; f*0=x'y'z", "a", {"f": "x'y'z"}),
        ("a; *=x; f**=y", "a", {"*": "x", "f**": "y"}),
    ],
)
def test_parameters_are_read_in_both_forms(value: str, main: str, parameters: dict[str, str]) -> None:
    """RFC 2231's form goes before the plain one."""
    assert read_parameters(value) == (main, parameters)


@pytest.mark.parametrize(
    ("octets", "charset", "text"),
    [
        (b"\xc3\xa4", "", "ä"),
        (b"\xe4", "", "ä"),
        (b"\xe4", "iso-8859-1", "ä"),
        (b"\xe4", "UTF-8", "\ufffd"),
        (b"a", "iso-8859-99", "a"),
        (b"\xe4", "idna", "ä"),
        (b"\xe4", "us-ascii", "ä"),
    ],
)
def test_octets_become_text_in_any_case(octets: bytes, charset: str, text: str) -> None:
    """By a character set of mail, else as UTF-8, else as Latin-1."""
    assert decode_octets(octets, charset) == text


def test_a_header_is_read_to_its_blank_line() -> None:
    """Fields, where the body begins, and whether a blank line parted them."""
    data = b"A: 1\r\n 2\r\nB:3\r\n\r\nbody"
    fields, body, parted = read_header(data, 0, len(data))
    assert [(one.name, one.value, one.raw) for one in fields] == [
        ("A", "1 2", b"A: 1\r\n 2\r\n"),
        ("B", "3", b"B:3\r\n"),
    ]
    assert (data[body:], parted) == (b"body", True)


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", []),
        (",, ,", []),
        ("undisclosed-recipients:;", []),
        ("a@b.example,,c@d.example,", [("", "a"), ("", "c")]),
        (";", None),
        ("A B: a@b.example, c@d.example; e@f.example", [("", "a"), ("", "c"), ("", "e")]),
        ("A B: a@b.example, c@d.example;, e@f.example", [("", "a"), ("", "c"), ("", "e")]),
        ("a@b.example (x, (y:) \\) z), c@d.example", [("", "a"), ("", "c")]),
        ('"a\\", <b>: (c" <a@b.example>', [('a", <b>: (c', "a")]),
        ("=?utf-8?q?x=2C_y_=3Cz=40q=2Eexample=3E?= <a@b.example>", [("x, y <z@q.example>", "a")]),
        ('a@b.example (it\'s "so" <x> ; : )', [("", "a")]),
        ("<@x.example:a@b.example>", None),
        ("a@b.example)", None),
        ("g: a@b.example: c@d.example;", None),
        ("a\\,b@c.example", None),
    ],
)
def test_a_list_is_divided_before_its_names_are_decoded(
    value: str, names: list[tuple[str, str]] | None
) -> None:
    """Commas in quotes, comments and encoded words divide nothing; what is no list is refused."""
    if names is None:
        with pytest.raises(InvalidAddress):
            read_address_list(value, field="to")
    else:
        boxes = read_address_list(value, field="to")
        assert [(box.name, box.address.local_part) for box in boxes] == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (
            b"Content-Type: text/plain; name=evil.exe\nContent-Disposition: attachment; filename=ok.txt",
            ("ok.txt", "evil.exe"),
        ),
        (
            b"Content-Disposition: attachment; filename=evil.exe; filename*=utf-8''ok.txt",
            ("ok.txt", "evil.exe"),
        ),
        (
            b'Content-Disposition: attachment; filename=ok.txt; FileName = "ev\\il.exe"',
            ("ok.txt", "evil.exe"),
        ),
        (
            b"Content-Disposition: attachment; filename=ok.txt\nContent-Disposition: inline; filename=evil.exe",
            ("ok.txt", "evil.exe"),
        ),
        (b"Content-Type: text/plain; name=a.txt\nContent-Disposition: inline; filename=a.txt", ("a.txt",)),
        (b'Content-Type: text/plain; name=""', ()),
    ],
)
def test_a_file_has_every_name_that_it_is_given(fields: bytes, names: tuple[str, ...]) -> None:
    """Programs differ in which name they take, so each is told once."""
    part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" + fields + b"\n\nx\n--b--\n"
    assert original(b"From: a@b.example\n" + part).attachments == names
