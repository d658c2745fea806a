from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header

import pytest

from mailsend.compose.headers import address_list, date, message_id, structured, text
from mailsend.compose.parameters import filename_parameters, parameterised
from mailsend.errors import InvalidMessage
from mailsend.model.address import Address, Mailbox

ANN = Address.parse("ann@example.org")


def refused(call, *arguments) -> InvalidMessage:
    with pytest.raises(InvalidMessage) as caught:
        call(*arguments)
    return caught.value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Your order", "Subject: Your order\r\n"),
        ("", "Subject:\r\n"),
        ("a  b", "Subject: a  b\r\n"),
        ("a ", "Subject: =?utf-8?q?a_?=\r\n"),
        (" a b", "Subject: =?utf-8?q?_a?= b\r\n"),
        ("  ", "Subject: =?utf-8?q?__?=\r\n"),
        ("Grüße aus Bern", "Subject: =?utf-8?b?R3LDvMOfZQ==?= aus Bern\r\n"),
        ("an  ärger  x", "Subject: an =?utf-8?q?_=C3=A4rger_?= x\r\n"),
        ("=?UTF-8?Q?=0A?=", "Subject: =?utf-8?b?PT9VVEYtOD9RPz0wQT89?=\r\n"),
        ("日本", "Subject: =?utf-8?b?5pel5pys?=\r\n"),
    ],
)
def test_text_is_encoded_no_further_than_it_needs(value: str, written: str) -> None:
    """Plain words stay; what is not ASCII, looks encoded or is a blank at an end goes inside."""
    assert text("Subject", value) == written


def test_text_is_folded_at_its_blanks() -> None:
    """Lines have at most 78 characters, and a fold keeps the blanks that it stands before."""
    assert text("Subject", "word " * 15 + "  end") == "Subject: " + "word " * 13 + "word\r\n word   end\r\n"


def test_encoded_words_fill_lines_of_76_and_never_split_a_character() -> None:
    """Each encoded word decodes for itself (RFC 2047, section 5)."""
    lines = text("Subject", "é" * 50 + " and " + "日" * 50).removesuffix("\r\n").split("\r\n")
    assert [len(line) for line in lines] == [73, 73, 73, 73, 73, 65]
    decoded = [decode_header(line.removeprefix("Subject:").strip()) for line in lines]
    assert (
        "".join([octets.decode(charset) for ((octets, charset),) in decoded])
        == "é" * 50 + " and " + "日" * 50
    )


def test_a_long_word_is_encoded_for_people_only() -> None:
    """Programs that read an X- field seldom decode it."""
    token = "t" * 200
    assert text("X-Token", token, for_people=False) == f"X-Token: {token}\r\n"
    assert text("Subject", token).startswith("Subject: =?utf-8?q?ttt")
    assert text("X-Token", "t" * 1000, for_people=False).startswith("X-Token: =?utf-8?q?ttt")


def test_a_row_of_blanks_is_encoded_where_no_line_could_hold_it() -> None:
    """White space before a fold would end a line."""
    assert text("Subject", "a" + " " * 70 + "b").replace("_", "") == (
        "Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\n"
    )


def test_a_long_name_of_field_leaves_the_encoded_word_to_the_next_line() -> None:
    """A line has room for one encoded word at least."""
    name = "X-" + "n" * 60
    assert text(name, "é") == f"{name}:\r\n =?utf-8?b?w6k=?=\r\n"


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\ud800", "\t"])
def test_control_characters_are_refused_with_their_place(bad: str) -> None:
    """Every writer of text names the field and the character."""
    fault = refused(text, "Subject", f"ab{bad}Bcc: x")
    assert (fault.field, fault.why) == (
        "Subject",
        f"{bad!a} at character 2 cannot stand in a header field",
    )
    assert refused(structured, "References", f"<a@b>{bad}").field == "References"
    assert refused(parameterised, "Content-Disposition", "inline", [("filename", f"a{bad}")]).field == (
        "Content-Disposition"
    )


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nBcc", "Ä", "x" * 77])
def test_a_name_of_field_is_visible_ascii_without_a_colon(name: str) -> None:
    """A wrong name is refused, shown in ASCII."""
    assert refused(text, name, "a").field == ascii(name)
    assert refused(structured, name, "a").field == ascii(name)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("<a@b.example>", "References: <a@b.example>\r\n"),
        ("", "References:\r\n"),
        (" <a@b.example>  ", "References: <a@b.example>\r\n"),
        ("=?utf-8?q?a?=", "References: =?utf-8?q?a?=\r\n"),
        (f"<{'a' * 60}> <{'b' * 60}>", f"References: <{'a' * 60}>\r\n <{'b' * 60}>\r\n"),
        (f"<{'a' * 60}>,<{'b' * 60}>", f"References: <{'a' * 60}>,\r\n <{'b' * 60}>\r\n"),
        ("<" + "a" * 900 + ">", f"References: <{'a' * 900}>\r\n"),
        ("<" + "a" * 990 + ">", f"References:\r\n <{'a' * 990}>\r\n"),
    ],
)
def test_what_programs_read_is_folded_and_never_encoded(value: str, written: str) -> None:
    """Structured fields are broken at blanks and between bracketed items alone."""
    assert structured("References", value) == written


def test_a_structured_field_refuses_what_it_cannot_hold() -> None:
    """Text outside ASCII, and a stretch that no line can hold."""
    assert refused(structured, "List-Id", "Müller <a.example>").why == "this field takes ASCII only"
    assert refused(structured, "X-Priority", "a" * 998).why == (
        "it holds 998 characters that cannot be broken into lines of 998"
    )


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", "ann@example.org"),
        ("Ann Meier", "Ann Meier <ann@example.org>"),
        ("Meier, Ann", '"Meier, Ann" <ann@example.org>'),
        ('a "b" \\', '"a \\"b\\" \\\\" <ann@example.org>'),
        ("Ann <x@evil.example>, Bob", '"Ann <x@evil.example>, Bob" <ann@example.org>'),
        ("a.  b", "=?utf-8?q?a=2E__b?= <ann@example.org>"),
        ("Jörg", "=?utf-8?b?SsO2cmc=?= <ann@example.org>"),
        ("=?utf-8?q?x?=", "=?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <ann@example.org>"),
    ],
)
def test_a_display_name_is_a_phrase_quoted_or_encoded(name: str, written: str) -> None:
    """Nothing in a name can be read as an address."""
    assert address_list("To", (Mailbox(name, ANN),)) == f"To: {written}\r\n"


@pytest.mark.parametrize("name", ["x" * 90, "(Bob) <x@evil.example>, " * 5 + "z"])
def test_a_long_display_name_is_encoded_and_loses_no_quotes(name: str) -> None:
    """Folding a quoted name would lose its quotes with some readers (CVE-2025-1795)."""
    written = address_list("To", (Mailbox(name, ANN),))
    assert written.startswith("To: =?utf-8?")
    assert "evil.example" not in written
    assert written.count("@") == 1
    assert written.endswith(" <ann@example.org>\r\n")


def test_mailboxes_are_folded_between_names_and_addresses() -> None:
    """A comma stays with what is before it."""
    boxes = (Mailbox("Ann Meier", ANN),) * 3
    assert address_list("To", boxes) == (
        "To: Ann Meier <ann@example.org>, Ann Meier <ann@example.org>, Ann Meier\r\n <ann@example.org>\r\n"
    )


def test_raw_utf8_stands_only_in_an_address_that_needs_it() -> None:
    """The name beside it is encoded all the same (RFC 6532)."""
    box = Mailbox("Jörg", Address.parse("jörg@münchen.example"))
    assert address_list("To", (box,)) == "To: =?utf-8?b?SsO2cmc=?= <jörg@xn--mnchen-3ya.example>\r\n"


@pytest.mark.parametrize(
    ("when", "written"),
    [
        (datetime(2026, 11, 21, 10, 0, 5, tzinfo=UTC), "Sat, 21 Nov 2026 10:00:05 +0000"),
        (
            datetime(2026, 2, 1, 9, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
            "Sun, 01 Feb 2026 09:00:00 -0330",
        ),
        (
            datetime(1890, 1, 1, 12, tzinfo=timezone(timedelta(seconds=1501))),
            "Wed, 01 Jan 1890 11:34:59 +0000",
        ),
    ],
)
def test_a_date_is_written_in_english_with_its_zone(when: datetime, written: str) -> None:
    """A zone of odd seconds becomes UTC, since RFC 5322 cannot say it."""
    assert date("Date", when) == f"Date: {written}\r\n"


def test_a_date_without_a_zone_is_refused() -> None:
    """Nobody could say when it was."""
    assert refused(date, "Date", datetime(2026, 1, 1)).why == "a time without a time zone"


@pytest.mark.parametrize("value", ["", "a", "a b@c", "<a@b>", "a@b@c", "ä@b", "a@b\r\n"])
def test_a_message_id_is_one_msg_id(value: str) -> None:
    """It comes without angle brackets and leaves with them."""
    assert refused(message_id, "Message-ID", value).field == "Message-ID"
    assert message_id("Message-ID", "1@b.example") == "Message-ID: <1@b.example>\r\n"


@pytest.mark.parametrize(
    ("filename", "written"),
    [
        ("invoice.pdf", "filename=invoice.pdf"),
        ("my invoice.pdf", 'filename="my invoice.pdf"'),
        ('a"b.pdf', "filename=a_b.pdf; filename*=utf-8''a%22b.pdf"),
        (
            "Rechnung März.pdf",
            "filename=\"Rechnung Marz.pdf\";\r\n filename*=utf-8''Rechnung%20M%C3%A4rz.pdf",
        ),
        ("請求書.pdf", "filename=attachment.pdf;\r\n filename*=utf-8''%E8%AB%8B%E6%B1%82%E6%9B%B8.pdf"),
        ("日本", "filename=attachment; filename*=utf-8''%E6%97%A5%E6%9C%AC"),
    ],
)
def test_a_file_name_outside_ascii_has_an_ascii_one_before_it(filename: str, written: str) -> None:
    """The extended form stands in one piece after a name of the same extension (M30)."""
    field = parameterised("Content-Disposition", "attachment", filename_parameters(filename))
    expected = f"Content-Disposition: attachment; {written}\r\n"
    assert field.replace("\r\n ", " ") == expected.replace("\r\n ", " ")
    assert max(map(len, field.split("\r\n"))) <= 78
