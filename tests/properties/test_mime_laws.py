"""Laws of the MIME writer; the standard parser is the oracle.

Two of its faults are stepped round. Python 3.11's ``policy.default`` puts a blank between neighbouring
encoded words in a display name (RFC 2047, 6.2 says that it is not shown), so names are read with the
older ``email.header.decode_header``; and it ignores ``filename*`` beside ``filename``, so the file name
is read with ``email.utils.decode_rfc2231``.
"""

from __future__ import annotations

import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header
from email.message import EmailMessage, Message
from email.parser import BytesParser, Parser
from email.utils import decode_rfc2231, getaddresses, parsedate_to_datetime
from urllib.parse import unquote

from hypothesis import given, target
from hypothesis import strategies as st

from mailsend.compose.gate import check
from mailsend.compose.headers import text as text_field
from mailsend.compose.letter import Letter
from mailsend.compose.mime import compose
from mailsend.errors import InvalidMessage, MailsendError
from mailsend.model.address import Address, Domain, Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation
from mailsend.model.message import Message as Asked

ATTACKS = [
    "=?UTF-8?Q?=0A?=",
    "=?utf-8?q?Bcc=3A_x=40evil.example?=",
    '" <x@evil.example>, "',
    "Ann <x@evil.example>, Bob",
    "a, b; c: d (e (f) g)",
    "\\",
    '"',
    "=?",
    "?=",
    "pаypal.example",
    "\u202emoc.elpmaxe",
    "‮",
    "🧑‍🤝‍🧑",
    "é" * 40,
    "x" * 120,
    "(((((((((nested)))))))))",
    "From ",
    ".",
    "..",
    "--=_mix_",
    "a  b",
    "  ",
    " ",
]
UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
writable = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from(' ,;:<>"=?_()@\\'),
    max_size=60,
)
header_texts = st.lists(st.sampled_from(ATTACKS) | writable, max_size=5).map("".join)
bodies = st.lists(
    st.sampled_from(
        [*ATTACKS, "\n", "\r\n", "\r", "\t", "trailing \n", ".\n", "From here\n", "y" * 1100, "plain words "]
    )
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=200),
    max_size=8,
).map("".join)
domains = st.sampled_from(
    ["example.org", "customer.example", "xn--mnchen-3ya.example", "a.very.long." + "d" * 60 + ".example"]
)
locals_ = st.sampled_from(
    [
        "ann",
        "o'neil",
        "a b",
        "x@y",
        'quo"ted',
        "back\\slash",
        "dots..dots",
        "l" * 64,
        "jörg",
        "用户",
        "a,b",
        "<a>",
    ]
) | st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)


@st.composite
def mailboxes(draw: st.DrawFn) -> Mailbox:
    name = draw(header_texts.filter(lambda one: not UNWRITABLE.search(one)))
    return Mailbox(name[:200], Address(draw(locals_), Domain.parse(draw(domains))))


@st.composite
def attachments(draw: st.DrawFn, *, inline: bool = False) -> Attachment:
    name = draw(header_texts) + draw(st.sampled_from(["", ".pdf", ".txt", ".html", ".eml", ".zip"]))
    kind = draw(
        st.sampled_from(
            [
                None,
                "text/plain",
                "application/pdf",
                "message/rfc822",
                "multipart/mixed; boundary=x",
                "text/csv; charset=latin1",
            ]
        )
    )
    data = draw(st.binary(max_size=200) | bodies.map(str.encode))
    return Attachment.from_bytes(data, filename=name, content_type=kind, inline=inline)


@st.composite
def letters(draw: st.DrawFn) -> Letter:
    boxes = st.lists(mailboxes(), max_size=4).map(tuple)
    ics = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:"
        + draw(writable)
        + "\nEND:VEVENT\nEND:VCALENDAR"
    )
    offset = timezone(timedelta(minutes=draw(st.integers(-720, 840))))
    return Letter(
        from_=draw(mailboxes()),
        to=draw(boxes),
        cc=draw(boxes),
        reply_to=draw(boxes),
        subject=draw(header_texts),
        date=draw(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1))).replace(
            microsecond=0, tzinfo=offset
        ),
        message_id=draw(st.from_regex(r"[a-z0-9]{1,40}@[a-z]{1,20}\.example", fullmatch=True)),
        text=draw(st.none() | bodies),
        html=draw(st.none() | bodies),
        related=draw(st.lists(attachments(inline=True), max_size=2).map(tuple)),
        attachments=draw(st.lists(attachments(), max_size=2).map(tuple)),
        calendar=draw(st.sampled_from([None, Invitation(ics, "REQUEST")])),
        headers=draw(
            st.sampled_from(
                [
                    (),
                    (("References", " ".join(f"<{'r' * 40}{n}@x.example>" for n in range(30))),),
                    (("X-Order", "4711"),),
                ]
            )
        )
        + (("X-Note", draw(header_texts)),),
        content_language=draw(st.sampled_from([None, "de-CH"])),
        boundary_seed=draw(st.text(max_size=10)),
    )


def parsed(data: bytes) -> EmailMessage:
    """Read ASCII as bytes, and RFC 6532 as text, since the parser takes raw UTF-8 in bytes for an error."""
    if data.isascii():
        return BytesParser(policy=email.policy.default).parsebytes(data)
    return Parser(policy=email.policy.default).parsestr(data.decode())


def older(data: bytes) -> Message:
    return Parser().parsestr(data.decode())


def unfolded(value: str) -> str:
    return value.replace("\r\n", "").replace("\n", "")


def words(value: str) -> str:
    """Join what decode_header finds: it keeps the white space that counts."""
    return "".join(
        some.decode(charset or "latin-1") if isinstance(some, bytes) else some
        for some, charset in decode_header(unfolded(value))
    )


def named(message: Message, field: str) -> list[tuple[str, str]]:
    values = [unfolded(one) for one in message.get_all(field, [])]
    return [(words(name), spec) for name, spec in getaddresses(values)]


def file_name(part: Message) -> str | None:
    for name, value in part.get_params(header="content-disposition", unquote=True) or []:
        if name == "filename*":
            return unquote(decode_rfc2231(value)[2])
    disposition = unfolded(part["content-disposition"] or "")
    extended = re.search(r"filename\*=([^;]+)", disposition)
    if extended:
        charset, _, octets = decode_rfc2231(extended[1])
        return unquote(octets, encoding=charset or "ascii")
    return part.get_filename()


def leaves(part: Message) -> list[Message]:
    """Give the parts of the mail itself, not those of mails attached to it."""
    if part.get_content_maintype() != "multipart":
        return [part]
    return [leaf for child in part.get_payload() for leaf in leaves(child)]


def lines(text: str | None) -> list[str]:
    """Texts are compared by line; a single part gets a line end at its end."""
    return re.split(r"\r\n|\r|\n", text or "")


def without_last_line_end(text: list[str]) -> list[str]:
    return text[:-1] if text[-1:] == [""] and len(text) > 1 else text


@given(letters())
def test_what_is_parsed_is_what_was_written(letter: Letter) -> None:
    """Subject, mailboxes, texts, files, cids and further fields come back from the standard parser."""
    data = compose(letter)
    new, old = parsed(data), older(data)
    assert words(old["subject"]) == letter.subject
    for field, boxes in (
        ("from", (letter.from_,)),
        ("to", letter.to),
        ("cc", letter.cc),
        ("reply-to", letter.reply_to),
    ):
        if field == "to" and not letter.to and not letter.cc:
            assert new["to"] == "undisclosed-recipients:;"
            continue
        assert named(old, field) == [(box.name, str(box.address)) for box in boxes]
        assert len(new[field].addresses if new[field] else ()) == len(boxes)
    assert parsedate_to_datetime(old["date"]) == letter.date
    assert old["message-id"] == f"<{letter.message_id}>"
    for name, value in letter.headers:
        assert words(old[name]) == value
    assert old["content-language"] == letter.content_language

    parts = leaves(old)
    shown = [part for part in parts if part["content-disposition"] is None]
    for subtype, asked in (("plain", letter.text), ("html", letter.html)):
        found = [
            part.get_payload(decode=True).decode() for part in shown if part.get_content_subtype() == subtype
        ]
        nothing = asked is None and subtype == "plain" and found == [""]
        assert nothing or without_last_line_end(lines("".join(found))) == without_last_line_end(lines(asked))
        assert len(found) == (asked is not None) or nothing
    calendars = [part for part in shown if part.get_content_type() == "text/calendar"]
    files = [part for part in parts if part["content-disposition"] is not None]
    if letter.calendar:
        (calendar,), invite = calendars, files.pop()
        assert calendar.get_param("method") == "REQUEST"
        assert calendar.get_payload(decode=True) == invite.get_payload(decode=True)
        assert invite.get_filename() == "invite.ics"
    asked_files = (*letter.related, *letter.attachments)
    assert [file_name(part) for part in files] == [one.filename for one in asked_files]
    assert [part["content-id"] for part in files] == [
        f"<{one.cid}>" if one.cid else None for one in asked_files
    ]
    for part, asked_file in zip(files, asked_files, strict=True):
        if part.get_content_type() != "message/rfc822":
            assert part.get_payload(decode=True) == asked_file.data
    target(float(len(asked_files)))


@given(letters())
def test_no_field_is_there_that_was_not_asked_for(letter: Letter) -> None:
    """However hostile the values, the fields are those of the letter, each once."""
    old = older(compose(letter))
    expected = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "Content-Transfer-Encoding",
    ]
    expected += ["Reply-To"] * bool(letter.reply_to) + ["Cc"] * bool(letter.cc)
    expected += ["Content-Language"] * bool(letter.content_language) + [name for name, _ in letter.headers]
    if letter.cc and not letter.to:
        expected.remove("To")
    if not letter.text and not letter.html and not letter.calendar and old["Content-Disposition"]:
        expected.append("Content-Disposition")
        expected += ["Content-ID"] * bool(old["Content-ID"])
    assert sorted(old.keys()) == sorted(expected)


@given(letters())
def test_every_letter_passes_the_gate(letter: Letter) -> None:
    """What the writer writes, the gate lets through."""
    assert check(compose(letter)) is None


@given(letters())
def test_lines_are_short_and_end_in_no_blank(letter: Letter) -> None:
    """No line ends in white space; header lines pass 78 characters only where they cannot be broken."""
    data = compose(letter)
    head, _, _ = data.partition(b"\r\n\r\n")
    foreign = any(one.media_type.startswith("message/") for one in (*letter.related, *letter.attachments))
    for line in (head if foreign else data).split(b"\r\n"):
        assert line == line.rstrip(b" \t")
    for line in head.decode().split("\r\n"):
        quotes = re.sub(r'"(?:[^"\\]|\\.)*"', "q", line)
        unbroken = re.sub(r"^([!-9;-~]+:)? ", "", quotes)
        assert len(line) <= 78 or " " not in unbroken


@given(letters())
def test_equal_letters_give_equal_bytes(letter: Letter) -> None:
    """The same letter gives the same bytes."""
    assert compose(letter) == compose(letter)


@given(letters(), letters())
def test_boundaries_never_stand_in_the_parts(letter: Letter, other: Letter) -> None:
    """A mail with a whole mail of the same seed in it as an attachment still has all its parts."""
    inner = compose(letter)
    outer = compose(
        Letter(
            from_=other.from_,
            subject="",
            date=other.date,
            message_id=other.message_id,
            text=inner.decode(),
            attachments=(Attachment.from_bytes(inner, filename="a.eml", content_type="message/rfc822"),),
            boundary_seed=letter.boundary_seed,
        )
    )
    message = older(outer)
    assert [part.get_content_type() for part in message.get_payload()] in (
        ["text/plain", "message/rfc822"],
        ["text/plain", "application/octet-stream"],
    )


@given(
    st.text(st.characters(), max_size=40),
    st.sampled_from(["subject", "name", "header", "header name", "message id"]),
)
def test_control_characters_never_pass(some: str, place: str) -> None:
    """A value with a control character or a lone surrogate is refused, wherever it is to stand."""
    hostile = f"a{some}\r\nBcc: x@evil.example"
    base = {
        "from_": Mailbox("", Address("ann", Domain("customer.example"))),
        "subject": "s",
        "date": datetime(2026, 11, 21, 10, tzinfo=UTC),
        "message_id": "1@customer.example",
        "text": "t",
        "boundary_seed": "1",
    }
    try:
        if place == "subject":
            base["subject"] = hostile
        elif place == "name":
            base["to"] = (Mailbox(hostile, base["from_"].address),)
        elif place == "header":
            base["headers"] = (("X-A", hostile),)
        elif place == "header name":
            base["headers"] = ((hostile, "a"),)
        else:
            base["message_id"] = hostile
        compose(Letter(**base))
    except MailsendError as refused:
        assert "\n" not in str(refused)
    else:
        raise AssertionError("it was written")


@given(header_texts)
def test_free_text_survives_any_name_of_field(value: str) -> None:
    """Unfolded and decoded, a text field holds the text, blanks at its ends and in rows included."""
    for name in ("Subject", "X-" + "n" * 60, "X-Y"):
        for for_people in (True, False):
            field = text_field(name, value, for_people=for_people)
            assert field.endswith("\r\n")
            assert words(field[len(name) + 1 : -2].removeprefix("\r\n").removeprefix(" ")) == value


@given(letters())
def test_a_written_letter_is_read_back_as_a_message(letter: Letter) -> None:
    """Message.from_mime finds the mailboxes, the subject and the content, and carries it unchanged."""
    data = compose(letter)
    message = Asked.from_mime(data)
    assert message.from_ == letter.from_
    assert [(m.name, m.address) for m in message.to] == [(m.name, m.address) for m in letter.to]
    assert (message.cc, message.reply_to, message.subject) == (letter.cc, letter.reply_to, letter.subject)
    assert message.original is not None
    assert message.original.date == letter.date
    assert message.original.message_id == letter.message_id
    again = compose(
        Letter(
            from_=message.from_,
            to=message.to,
            cc=message.cc,
            reply_to=message.reply_to,
            subject=message.subject or "",
            date=message.original.date,
            message_id=message.original.message_id,
            headers=letter.headers,
            boundary_seed="another",
            original=message.original,
        )
    )
    assert again.partition(b"\r\n\r\n")[2] == data.partition(b"\r\n\r\n")[2]
    assert check(again) is None


@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            [
                b"From: a@b.example\n",
                b"To: x@y.example\r\n",
                b"\r\n",
                b"\n",
                b"--b",
                b"--b--",
                b"\r",
                b"\xff\xfe",
                b"Content-Type: multipart/mixed; boundary=b\n",
                b"Content-Type: multipart/mixed; boundary=c\n",
                b"--c\n",
                b"--c--\n",
                b"Content-Type: text/plain; charset=utf-8\n",
                b"Content-Transfer-Encoding: 8bit\n",
                b"Content-Transfer-Encoding: base64\n",
                b"Content-Transfer-Encoding: quoted-printable\n",
                b"Content-Transfer-Encoding: binary\n",
                b"Content-Type: message/rfc822\n",
                b'Content-Disposition: attachment; filename="\xc3\xa4.pdf"\n',
                b"x" * 1200,
                b"\0",
                b"=2D=2Db\n",
                b" folded\n",
            ]
        ),
        max_size=25,
    )
    .map(b"".join)
    .map(lambda more: b"From: a@b.example\n" + more)
)
def test_whatever_is_handed_over_is_refused_or_leaves_clean(data: bytes) -> None:
    """Any bytes are either refused with an error of ours or become a mail that passes the gate."""
    try:
        message = Asked.from_mime(data)
    except (InvalidMessage, ValueError) as refused:
        assert isinstance(refused, MailsendError)
        return
    written = compose(
        Letter(
            from_=message.from_ or Mailbox("", Address("ann", Domain("customer.example"))),
            to=message.to,
            subject=message.subject or "",
            date=datetime(2026, 11, 21, 10, tzinfo=UTC),
            message_id="1@customer.example",
            boundary_seed="1",
            original=message.original,
        )
    )
    assert check(written) is None
