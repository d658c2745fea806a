"""From octets to replies: whole ones, bounded, whatever a server sends and however it is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.model.reply import Reply
from mailsend.transport.smtp.masking import Mask, printable
from mailsend.transport.smtp.replies import MALFORMED, Heard, ReplyReader

SAID = (
    b"250-2.1.0 First\r\n250 2.1.0 Second\r\n354\r\n550 5.1.1 Nobody\n"
    b"250-queue\r\n250-of\r\n250 many words that make the line longer than what is said over and over, so that it is not kept\r\n"
)
HEARD = [
    Heard(Reply(250, "First\nSecond", "2.1.0"), ("250-2.1.0 First", "250 2.1.0 Second")),
    Heard(Reply(354), ("354",)),
    Heard(Reply(550, "Nobody", "5.1.1"), ("550 5.1.1 Nobody",)),
    Heard(
        Reply(
            250,
            "queue\nof\nmany words that make the line longer than what is said over and over, so that it is not kept",
        ),
        (
            "250-queue",
            "250-of",
            "250 many words that make the line longer than what is said over and over, so that it is not kept",
        ),
    ),
]


def reading(*segments, mask=None):
    reader = ReplyReader(mask or Mask())
    return [heard for segment in segments for heard in reader.feed(segment)], reader


@given(st.lists(st.integers(0, len(SAID)), max_size=12).map(sorted))
def test_replies_do_not_depend_on_how_they_are_cut(cuts):
    """However TCP cuts what a server says, the same replies are read."""
    edges = [0, *cuts, len(SAID)]
    heard, reader = reading(*(SAID[start:end] for start, end in itertools.pairwise(edges)))
    assert heard == HEARD
    assert (reader.broken, reader.holds_unread) == (False, False)


@pytest.mark.parametrize("begun", [b"2", b"250", b"250 Ok", b"250-Ok\r\n", b"250-Ok\r\n250 Ok\r"])
def test_the_beginning_of_a_reply_is_unread(begun):
    """Octets that are no whole reply yet give none, and are known to be there."""
    heard, reader = reading(begun)
    assert (heard, reader.holds_unread, reader.broken) == ([], True, False)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\r\n",
        b"25\r\n",
        b"25x Ok\r\n",
        b"2500 Ok\r\n",
        b"250_Ok\r\n",
        b" 250 Ok\r\n",
        b"250-First\r\n251 Second\r\n",
        b"250-First\r\nSecond\r\n",
        "２５０ Ok\r\n".encode(),
        b"\xff\xfe\x00\r\n",
    ],
)
def test_what_is_no_reply_ends_the_reading(said):
    """A line that is no reply gives one with the code 0, and nothing behind it is read."""
    heard, reader = reading(b"250 Before\r\n" + said + b"250 Behind\r\n", b"250 Later\r\n")
    assert [one.reply.code for one in heard] == [250, MALFORMED]
    assert (reader.broken, reader.holds_unread) == (True, False)


def test_a_line_may_be_8192_octets_long():
    """The longest line is read; one octet more is no reply, whether its end has come or not."""
    longest = b"250 " + b"x" * 8188
    assert [one.reply.code for one in reading(longest + b"\n")[0]] == [250]
    assert [one.reply.code for one in reading(longest + b"x\n")[0]] == [MALFORMED]
    assert reading(longest)[0] == []
    assert [one.reply.code for one in reading(longest + b"x")[0]] == [MALFORMED]


def test_a_reply_of_many_lines_is_bounded():
    """A server that goes on and on is heard for 32 KiB."""
    line = b"250-" + b"x" * 1019 + b"\n"  # 1,023 octets before its LF
    heard, reader = reading(*(line for _ in range(32)))
    assert (heard, reader.broken) == ([], False)
    heard, reader = reading(*(line for _ in range(33)))
    assert ([one.reply.code for one in heard], reader.broken) == ([MALFORMED], True)


def test_many_replies_are_no_long_reply():
    """The bound is that of one reply: a thousand short ones are read."""
    assert len(reading(b"250 Ok\r\n" * 10_000)[0]) == 10_000


def test_what_is_kept_of_a_long_reply_is_bounded():
    """Of a reply 4,096 characters are kept, and of its record no more."""
    (heard,), _ = reading(b"250-" + b"x" * 3000 + b"\r\n250 " + b"y" * 3000 + b"\r\n")
    assert len(heard.reply.text) == 4096
    assert sum(map(len, heard.lines)) == 4096 - 1 + 2 * len("250-")


def test_secrets_are_left_out_of_replies():
    """What a server repeats of a password is masked, in short and in long replies and in what is none."""
    mask = Mask()
    said = (b"250 You said hunter2", b"250-hunter2\r\n250 and hunter2", b"hunter2")
    assert any("hunter2" in line for one in reading(*(f + b"\r\n" for f in said))[0] for line in one.lines)
    mask.hide("hunter2")
    heard, _ = reading(*(one + b"\r\n" for one in said), mask=mask)
    assert [one.lines for one in heard] == [
        ("250 You said ***",),
        ("250-***", "250 and ***"),
        ("000 ***",),
    ]


def test_a_short_secret_does_not_hide_the_enhanced_code():
    """A password 5.1.1 masks what is said, not what a verdict is made from."""
    mask = Mask()
    mask.hide("5.1.1", "5.1.1 and more")
    (heard,), _ = reading(b"550 5.1.1 not 5.1.1 and more\r\n", mask=mask)
    assert heard == Heard(Reply(550, "not ***", "5.1.1"), ("550 5.1.1 not ***",))


@given(st.binary(max_size=200))
def test_nothing_in_a_record_moves_a_cursor(octets):
    """Whatever a server says, its record is printable text."""
    assert printable(octets).isprintable()
    for heard in reading(b"250 " + octets + b"\r\n")[0]:
        assert all(line.isprintable() for line in heard.lines)


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_any_octets_are_read_without_an_error(segments):
    """Noise gives replies or none, never more than one that is broken."""
    heard, reader = reading(*segments)
    assert reader.broken is (b"".join(segments) != b"" and bool(heard) and heard[-1].reply.code == MALFORMED)
    assert not reader.broken or reader.feed(b"250 Ok\r\n") == []
