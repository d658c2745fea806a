"""Content on its way: the dots doubled, the final dot behind it, and nothing large copied."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.transport.smtp.content import BLOCK, blocks, to_the_last

FINAL = b".\r\n"
LINES = st.lists(
    st.sampled_from([b"", b".", b"..", b".x", b"x", b"x.", b"\x80"]), min_size=1, max_size=12
).map(lambda lines: b"\r\n".join([*lines, b""]))


def reference(data):
    """Section 4.5.2 of RFC 5321 line by line."""
    doubled = [b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n")]
    return b"\r\n".join(doubled) + FINAL


@given(LINES)
def test_a_small_content_is_one_block(data):
    """What is small is doubled as the RFC says, and written in one go."""
    assert list(blocks(data)) == [reference(data)]


@given(LINES, st.integers(-12, 12), LINES)
def test_a_large_content_is_the_same_in_blocks(first, off, last):
    """Wherever a block ends, each line that begins with a dot gets one more, and no other does."""
    data = first + b"x" * (BLOCK - len(first) + off) + b"\r\n" + last
    assert b"".join(blocks(data)) == reference(data)


@given(LINES, st.integers(-6, 6), st.sampled_from([b"", b"\r\n.", b"\r\n..\r\n."]))
def test_a_line_longer_than_a_block_is_written_whole(last, off, inside):
    """A line without end is cut where a block is full, but never between CR and LF."""
    data = b"x" * (BLOCK + off) + inside + b"y" * (BLOCK - 3) + b"\r\n" + last
    assert b"".join(blocks(data)) == reference(data)
    assert not any(bytes(one).endswith(b"\r") for one in blocks(data))


@pytest.mark.parametrize("off", range(-4, 5))
def test_a_dot_at_the_boundary_is_doubled_once(off):
    """A line's end that falls on the end of a block leaves its dot doubled, and once."""
    data = b"x" * (BLOCK - 2 + off) + b"\r\n." + b"y" * BLOCK + b"\r\n"
    assert b"".join(blocks(data)) == reference(data)


@pytest.mark.parametrize("size", [BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1])
def test_blocks_are_bounded(size):
    """No block is longer than BLOCK but for the doubled dots and the final dot, and none is empty."""
    data = b"x" * (size - 2) + b"\r\n"
    found = list(blocks(data))
    assert b"".join(found) == data + FINAL
    assert all(0 < len(one) <= BLOCK + len(FINAL) for one in found)


def test_of_a_large_content_nothing_is_copied():
    """Where no line begins with a dot, what is written is a view on the mail itself."""
    data = b"0123456789\r\n" * (BLOCK // 4)
    *views, final = blocks(data)
    assert [view.obj is data for view in views] == [True] * len(views)
    assert len(views) >= 3
    assert (b"".join(views), final) == (data, FINAL)


def test_of_a_large_content_with_dots_one_block_at_a_time_is_made():
    """Each block is made when it is asked for: no second mail stands in memory."""
    data = b".123456789\r\n" * (BLOCK // 4)
    first = next(blocks(data))
    assert isinstance(first, bytes)
    assert len(first) <= BLOCK * 13 // 12
    assert re.sub(rb"(?m)^\.\.", b".", first) == data[: len(first) * 12 // 13]


@pytest.mark.parametrize("size", [1, BLOCK - 2, BLOCK, 3 * BLOCK])
def test_the_block_with_the_final_dot_is_known_as_the_last(size):
    """Of all blocks one is the last, and it ends in the final dot."""
    data = b"x" * size + b"\r\n"
    given_out = list(to_the_last(data))
    assert [block for block, _ in given_out] == list(blocks(data))
    assert [last for _, last in given_out] == [*([False] * (len(given_out) - 1)), True]
    assert bytes(given_out[-1][0]).endswith(FINAL)
