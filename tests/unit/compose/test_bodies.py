from __future__ import annotations

import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.compose.bodies import base64_lines, encode_octets, encode_text, is_utf8, quoted_printable
from mailsend.errors import InvalidMessage
from mailsend.model.lines import (
    bare_line_end_at,
    crlf,
    has_whole_lines,
    is_seven_bit,
    long_line_at,
)


@pytest.mark.parametrize(
    ("text", "encoding", "written"),
    [
        ("", "7bit", b""),
        ("Hello\nAnn", "7bit", b"Hello\r\nAnn"),
        ("a\rb\r\nc\n", "7bit", b"a\r\nb\r\nc\r\n"),
        ("x" * 76, "7bit", b"x" * 76),
        ("x" * 77, "quoted-printable", b"x" * 75 + b"=\r\nxx"),
        ("trailing \nend of the line", "quoted-printable", b"trailing=20\r\nend of the line"),
        ("the last blank is kept ", "quoted-printable", b"the last blank is kept=20"),
        (".dot and more of it", "quoted-printable", b"=2Edot and more of it"),
        ("From here to there it is", "quoted-printable", b"=46rom here to there it is"),
        ("a line\nFrom here to there", "quoted-printable", b"a line\r\n=46rom here to there"),
        ("tab\tinside, and much more of it", "quoted-printable", b"tab\tinside, and much more of it"),
        (
            "Grüße, alles Gute und bis bald in Bern!",
            "quoted-printable",
            b"Gr=C3=BC=C3=9Fe, alles Gute und bis bald in Bern!",
        ),
        ("日本語", "base64", b"5pel5pys6Kqe"),
        ("\0", "base64", b"AA=="),
    ],
)
def test_the_encoding_of_a_text_is_the_plainest_that_arrives_unchanged(
    text: str, encoding: str, written: bytes
) -> None:
    """7bit where nothing can happen to it, else the smaller of quoted-printable and base64."""
    assert encode_text("text", text) == (encoding, written)


@pytest.mark.parametrize(
    "line",
    [
        ".",
        "." * 300,
        "." + "x" * 74,
        "From " * 60,
        "x" * 75 + "." + "y" * 80,
        "x" * 75 + "From " + "y" * 80,
        ".é" + "=" * 60 + "xx=é" * 9,
        "." + "x" * 71 + "=" * 5,
        "." + "x" * 72 + "=" * 5,
        "." + "x" * 73 + "=" * 5,
    ],
)
def test_quoted_printable_lines_never_grow_over_76_and_never_begin_with_a_dot(line: str) -> None:
    """What a relay would change is quoted also where a soft break has put it at a line's start."""
    octets = f"{line}\r\nplain\r\n".encode()
    written = quoted_printable(octets)
    assert binascii.a2b_qp(written) == octets
    for one in written.split(b"\r\n"):
        assert len(one) <= 76
        assert not one.startswith((b".", b"From "))
        assert one == one.rstrip(b" \t")


@pytest.mark.parametrize("others", [bytes(range(0x80, 0x90)), bytes(range(0x80, 0xC0))])
@pytest.mark.parametrize("blank", [b" ", b"\t"])
def test_a_line_with_a_blank_at_its_end_stays_within_76_columns(others: bytes, blank: bytes) -> None:
    """The quoted blank counts, however many different octets are to be quoted beside it."""
    octets = b"a" + b"y" * 72 + blank + b"\r\n" + others
    written = quoted_printable(octets)
    assert binascii.a2b_qp(written) == octets
    assert written.startswith(b"a" + b"y" * 72 + b"=%02X\r\n" % ord(blank))
    assert max(map(len, written.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    ("line", "written"),
    [
        (b"x" * 75 + b".y", b"x" * 74 + b"=\r\nx.y"),
        (b"x" * 73 + b"..." + b"y", b"x" * 72 + b"=\r\nx...y"),
        (b"x" * 75 + b"From y", b"x" * 74 + b"=\r\nxFrom y"),
        (b"x" * 76, b"x" * 76),
        (b"." + b"x" * 76, b"=2E" + b"x" * 72 + b"=\r\nxxxx"),
        (b"x" * 70 + b"." * 16 + b"y", b"x" * 70 + b"=\r\n=2E" + b"." * 15 + b"y"),
    ],
)
def test_a_soft_break_stands_where_it_makes_no_line_that_relays_change(line: bytes, written: bytes) -> None:
    """It goes some columns to the left, so that neither a dot nor ``From`` begins the next line."""
    assert quoted_printable(line) == written


def test_the_smaller_encoding_is_taken() -> None:
    """Few quoted octets make quoted-printable, many make base64."""
    assert encode_octets(b"a=" * 2 + b"b" * 40)[0] == "quoted-printable"
    assert encode_octets(b"a=" * 20)[0] == "base64"


def test_base64_has_lines_of_76() -> None:
    """The last line ends without CRLF."""
    assert base64_lines(b"\0" * 60) == b"A" * 76 + b"\r\n" + b"AAAA"


def test_half_of_a_surrogate_pair_is_refused() -> None:
    """The error names the part and the character."""
    with pytest.raises(InvalidMessage) as caught:
        encode_text("html", "ab\ud800")
    assert (caught.value.field, caught.value.why) == (
        "html",
        "half of a surrogate pair stands at character 2",
    )


@pytest.mark.parametrize(
    ("octets", "lines", "at"),
    [
        (b"", b"", -1),
        (b"a\r\nb\r\n", b"a\r\nb\r\n", -1),
        (b"a\nb\n", b"a\r\nb\r\n", 1),
        (b"a\rb\r\n\n", b"a\r\nb\r\n\r\n", 5),
        (b"a\r\rb\r\n", b"a\r\n\r\nb\r\n", 1),
    ],
)
def test_every_line_end_becomes_crlf(octets: bytes, lines: bytes, at: int) -> None:
    """CR, LF and CRLF all end a line, and a bare one is found."""
    assert crlf(octets) == lines
    assert bare_line_end_at(octets) == at
    assert bare_line_end_at(lines) == -1


@pytest.mark.parametrize(
    ("octets", "at"),
    [
        (b"x" * 998, -1),
        (b"x" * 999, 0),
        (b"x" * 998 + b"\r\n" + b"y" * 998 + b"\r\n", -1),
        (b"a\r\n" * 1000 + b"y" * 999 + b"\r\n", 3000),
        (b"x" * 999 + b"\r\n", 0),
    ],
)
def test_a_line_has_at_most_998_octets(octets: bytes, at: int) -> None:
    """The CRLF is not counted, and the place of a longer line is told."""
    assert long_line_at(octets) == at
    assert is_seven_bit(octets) == (at < 0)


def test_seven_bit_is_ascii_without_nul() -> None:
    """Both would need another transport."""
    assert [is_seven_bit(one) for one in (b"a\r\n", b"\xe4", b"\0")] == [True, False, False]


@pytest.mark.parametrize(
    ("octets", "is_so"),
    [
        (b"", True),
        (b"plain", True),
        ("ä".encode() * 70_000, True),
        (b"x" + "ä".encode() * 70_000, True),
        (b"x" + "ä".encode() * 70_000 + b"\xff", False),
        ("ä".encode()[:1], False),
    ],
)
def test_utf8_is_told_however_much_it_is(octets: bytes, is_so: bool) -> None:
    """A character may lie across the places where the text is cut to be read."""
    assert is_utf8(octets) is is_so


texts = st.lists(
    st.sampled_from(
        [
            *(b"a", b"=", b" ", b"\t", b"\r\n", b".", b"word ", b"From ", b"\x7f", b"\xc3\xbc"),
            *(b"x" * 30, b"y" * 73, b"z" * 75, b"." * 9, "Пётр".encode()),
            *(bytes(range(0x80, 0x90)), bytes(range(0x80, 0xC0))),
        ]
    ),
    max_size=25,
).map(b"".join)


@given(texts)
def test_quoted_printable_is_read_back_as_it_was(octets: bytes) -> None:
    """However few octets are to be quoted, or many: the same text, in lines that no relay changes."""
    written = quoted_printable(octets)
    assert binascii.a2b_qp(written) == octets
    for line in written.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert line == line.rstrip(b" \t")


@given(st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"x" * 998, b"\x85", b"\x0b"])).map(b"".join))
def test_whole_lines_are_those_in_which_no_fault_is_found(octets: bytes) -> None:
    """The quick look says what the slow ones say, which tell the place."""
    faultless = bare_line_end_at(octets) < 0 and long_line_at(octets) < 0
    assert has_whole_lines(octets) == (octets.endswith(b"\r\n") and faultless)


@pytest.mark.parametrize(
    ("octets", "written"),
    [
        (b"a ", b"a=20"),
        (b"a\t", b"a=09"),
        (b"a  ", b"a =20"),
        (b"x" * 73 + b" ", b"x" * 73 + b"=20"),
        (b"x" * 74 + b" ", b"x" * 74 + b"=\r\n=20"),
        (b"x" * 76 + b" ", b"x" * 75 + b"=\r\nx=20"),
    ],
)
def test_a_blank_at_the_very_end_is_quoted_within_76_columns(octets: bytes, written: bytes) -> None:
    """The last line is no longer than any other, whatever has to be quoted at its end."""
    assert quoted_printable(octets) == written
