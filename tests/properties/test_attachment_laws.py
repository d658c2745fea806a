"""Laws of attachments."""

from __future__ import annotations

import base64
import pickle
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from mailsend.model.attachment import Attachment, safe_filename

names = st.one_of(
    st.text(max_size=40),
    st.text("ab./\\: \u202e\u200b\r\n\0é", max_size=40),
    st.text("aé. 日", min_size=200, max_size=400),
)


@given(names)
@example("x" * 300 + ". . .pdf")
def test_a_safe_file_name_is_safe(name: str) -> None:
    """It is one name, not empty, without what turns, hides or controls, and safe again is the same."""
    safe = safe_filename(name)
    assert safe
    assert safe not in (".", "..")
    assert not set(safe) & set("/\\:")
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in safe)
    assert not any(unicodedata.bidirectional(char) in BIDI_CONTROLS for char in safe)
    assert len(safe.encode()) <= 255
    assert safe_filename(safe) == safe


BIDI_CONTROLS = {"LRE", "LRO", "RLE", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.binary(max_size=400))
@example(b"")
@example(b"x" * 57)
@example(b"x" * 58)
def test_what_is_encoded_is_decoded_again(data: bytes) -> None:
    """Base64 gives the bytes back, its lines are short, and its size was known before."""
    made = Attachment.from_bytes(data, filename="a.bin")
    assert base64.b64decode(made.encoded) == data
    assert made.encoded_size == len(made.encoded)
    assert made.encoded == base64.encodebytes(data).replace(b"\n", b"\r\n")


@given(st.binary(max_size=20), names, st.booleans())
def test_equal_input_gives_equal_attachments(data: bytes, name: str, inline: bool) -> None:
    """Nothing but the arguments counts, and a copy is the same value."""
    one = Attachment.from_bytes(data, filename=name, inline=inline)
    two = Attachment.from_bytes(bytearray(data), filename=name, inline=inline)
    assert one == two
    assert pickle.loads(pickle.dumps(one)) == one
    assert bool(one.cid) is inline
