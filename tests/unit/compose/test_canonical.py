from __future__ import annotations

import hashlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.compose.canonical import body_hash, relaxed_body, relaxed_header, split_mail


def _body(text: bytes) -> bytes:
    return b"".join(relaxed_body(text))


def test_the_example_of_the_rfc() -> None:
    """RFC 6376, section 3.4.5 gives a mail and its relaxed spelling, and ours is that."""
    data = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"
    section, body = split_mail(data)

    assert relaxed_header(section) == [(b"a", b"a:X"), (b"b", b"b:Y Z")]
    assert b"".join(relaxed_body(data, body)) == b" C\r\nD E\r\n"


@pytest.mark.parametrize("body", [b"", b"\r\n", b"\r\n\r\n", b" \t\r\n", b"\r\n \r\n\t", b" " * 9000])
def test_a_body_of_blanks_is_empty(body: bytes) -> None:
    """A body of blanks and line ends alone is no octet long (RFC 6376, section 3.4.4)."""
    assert _body(body) == b""
    assert body_hash(body) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"a", b"a\r\n"),
        (b"a \t", b"a\r\n"),
        (b"a\r\n", b"a\r\n"),
        (b"a\r\n\r\n\r\n", b"a\r\n"),
        (b"a\r\n \r\nb  \r\n", b"a\r\n\r\nb\r\n"),
        (b"\r\n\r\na\t\tb \t c\r\n", b"\r\n\r\na b c\r\n"),
        (b"  a\r\n", b" a\r\n"),
    ],
)
def test_each_rule_of_the_relaxed_body(body: bytes, relaxed: bytes) -> None:
    """Runs of blanks become one space, blanks before a line end and empty lines at the end go."""
    assert _body(body) == relaxed


def test_a_body_that_is_relaxed_already_is_not_copied() -> None:
    """Where nothing must change, the octets are hashed where they lie, a large mail without a copy."""
    data = b"A: b\r\n\r\n" + b"x y\r\n" * 1_000_000

    tracemalloc.start()
    digest = body_hash(data, 8)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert digest == hashlib.sha256(data[8:]).digest()
    assert peak < 100_000


def test_a_body_that_must_change_is_rewritten_piece_by_piece() -> None:
    """A large body with tabs and runs of spaces is never held a second time."""
    line = b"x\ty  z \r\n"
    data = line * 500_000

    tracemalloc.start()
    digest = body_hash(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert digest == hashlib.sha256(b"x y z\r\n" * 500_000).digest()
    assert peak < len(data) / 2


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"A: b\r\nC: d\r\n\r\nbody\r\n\r\n", (b"A: b\r\nC: d", 14)),
        (b"A: b\r\n", (b"A: b", 6)),
        (b"A: b", (b"A: b", 4)),
        (b"\r\nA: b\r\n\r\n", (b"", 2)),
        (b"", (b"", 0)),
    ],
)
def test_where_the_header_ends(data: bytes, parts: tuple[bytes, int]) -> None:
    """The first empty line parts header and body; a mail may have no header, or no body."""
    assert split_mail(data) == parts


def test_a_mail_without_header_has_no_fields() -> None:
    """An empty header section has no field."""
    assert relaxed_header(b"") == []


@pytest.mark.parametrize(
    "section", [b"no colon", b": value", b" : value", b" A: b", b"A b: c", b"A: b\r\n\r\n"]
)
def test_a_line_that_is_no_field_is_refused(section: bytes) -> None:
    """A header line without a name, or with a blank in it, cannot be signed."""
    with pytest.raises(ValueError, match="is no field"):
        relaxed_header(section)


@given(
    st.lists(st.sampled_from([b"a", b"b b", b" ", b"  ", b"\t", b"\r\n", b"line\r\n"]), max_size=20).map(
        b"".join
    )
)
def test_only_the_lines_between_the_first_and_the_last_needless_blank_are_rewritten(body: bytes) -> None:
    """Wherever blanks stand, the body is what rewriting each of its lines gives."""
    lines = [b" ".join(line.replace(b"\t", b" ").split(b" ")).rstrip(b" ") for line in body.split(b"\r\n")]
    slowly = []
    for line in lines:
        while b"  " in line:
            line = line.replace(b"  ", b" ")  # noqa: PLW2901 - until nothing changes
        slowly.append(line)
    while slowly and not slowly[-1]:
        slowly.pop()
    assert _body(body) == b"".join(one + b"\r\n" for one in slowly)
